// SPDX-License-Identifier: GPL-2.0-only
// The generations that exist.
#include "mock_iommu/generation.hpp"

#include "base/math.hpp"
#include "mock_iommu/abi.hpp"
#include "mock_iommu/glue.h"
#include "mock_iommu/page_table.hpp"

namespace mock {
namespace {

constexpr u64 kGranule = PageTable::kGranule, kLarge = PageTable::kLarge;

// The tables of 6.12's mock have an entry for each granule, so that each is dirty by itself.
constexpr Format granules(u64 large)
{
	return {
		.page_sizes = kGranule | large,
		.first = MOCK_APERTURE_START,
		.last = MOCK_APERTURE_LAST,
		.levels = 3,
	};
}

// Those of 7.3's have pages of every size that the table can express,
constexpr Format any_size = {
	.page_sizes = (u64{1} << PageTable::bits(3)) - kGranule,
	.first = MOCK_APERTURE_START,
	.last = MOCK_APERTURE_LAST,
	.levels = 3,
};

// or large ones; and small ones only because iommufd takes no domain without.
constexpr Format large = {
	.page_sizes = kLarge | base::kPageSize,
	.first = 0,
	.last = (u64{1} << PageTable::bits(PageTable::kMaxLevels)) - 1,
	.levels = PageTable::kMaxLevels,
};

constexpr Generation kGenerations[] = {
	{
		.name = "6.12",
		.device_flags = MOCK_FLAGS_DEVICE_NO_DIRTY | MOCK_FLAGS_DEVICE_HUGE_IOVA | MOCK_FLAGS_DEVICE_PASID,
		.alloc_flags = 0,
		.user_chooses = false,
		.formats = {[MOCK_IOMMUPT_DEFAULT] = granules(0), [MOCK_IOMMUPT_HUGE] = granules(kLarge)},
		.counts_holes = false,
	},
	{
		.name = "7.3",
		.device_flags = MOCK_FLAGS_DEVICE_NO_DIRTY | MOCK_FLAGS_DEVICE_PASID,
		.alloc_flags = IOMMU_HWPT_ALLOC_PASID,
		.user_chooses = true,
		.formats = {[MOCK_IOMMUPT_DEFAULT] = any_size, [MOCK_IOMMUPT_HUGE] = large},
		.counts_holes = true,
	},
};

const Generation *chosen = &kGenerations[1];

bool equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

} // namespace

const Generation &generation() { return *chosen; }

} // namespace mock

bool mock_is_6_12() { return mock::chosen == &mock::kGenerations[0]; }

int mock_choose_generation(const char *name)
{
	for (const mock::Generation &g : mock::kGenerations)
		if (mock::equal(g.name, name)) {
			mock::chosen = &g;
			return 0;
		}
	return base::Error(base::Errno::kInval, "unknown generation").to_errno();
}
