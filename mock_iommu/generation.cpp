// SPDX-License-Identifier: GPL-2.0-only
// The generations that exist.
#include "mock_iommu/generation.hpp"

#include "base/result.hpp"
#include "mock_iommu/abi.hpp"
#include "mock_iommu/glue.h"
#include "mock_iommu/page_table.hpp"

namespace mock {
namespace {

constexpr Generation kGenerations[] = {
	{
		.name = "6.12",
		.device_flags = MOCK_FLAGS_DEVICE_NO_DIRTY | MOCK_FLAGS_DEVICE_HUGE_IOVA | MOCK_FLAGS_DEVICE_PASID,
		.granule = PageTable::kGranule,
		.huge_page = PageTable::kLarge,
	},
};

const Generation *chosen = kGenerations;

bool equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

} // namespace

const Generation &generation() { return *chosen; }

} // namespace mock

int mock_choose_generation(const char *name)
{
	for (const mock::Generation &g : mock::kGenerations)
		if (mock::equal(g.name, name)) {
			mock::chosen = &g;
			return 0;
		}
	return base::Error(base::Errno::kInval, "unknown generation").to_errno();
}
