// SPDX-License-Identifier: GPL-2.0-only
// What the kernel calls on a paging domain, but for dirty tracking (dirty.cpp).
#include "mock_iommu/domain.hpp"

#include "kern/alloc.hpp"
#include "kern/log.hpp"
#include "mock_iommu/abi.hpp"
#include "mock_iommu/device.hpp"
#include "mock_iommu/generation.hpp"

namespace mock {

Domain::Domain(const Format &format, bool dirty) : format_(format), table_(format.levels), dirty_(dirty)
{
	mx_paging_domain_init(domain_.get(), format.page_sizes, format.first, format.last, dirty);
}

namespace {

using base::Errno;
using base::fail;

// MOCK_IOMMUPT_*, as the user's data or else the device has it
base::Result<u32> wanted_format(const Device &device, const iommu_user_data *data)
{
	iommu_hwpt_selftest config;

	if (!data)
		return device.has(MOCK_FLAGS_DEVICE_HUGE_IOVA) ? MOCK_IOMMUPT_HUGE : MOCK_IOMMUPT_DEFAULT;
	const u32 type = mx_data_type(data);
	if (!generation().user_chooses || (type != IOMMU_HWPT_DATA_NONE && type != IOMMU_HWPT_DATA_SELFTEST))
		return fail(Errno::kOpNotSupp, "no data of this type");
	TRY(base::check(mx_hwpt_config(data, &config), "bad data"));
	if (config.pagetable_type > MOCK_IOMMUPT_HUGE)
		return fail(Errno::kOpNotSupp, "no page table of this type");
	return config.pagetable_type;
}

base::Result<iommu_domain *> alloc_paging(const Device &device, u32 flags, const iommu_user_data *data)
{
	const bool dirty = flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	const u32 known = IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING | generation().alloc_flags;

	if (flags & ~known)
		return fail(Errno::kOpNotSupp, "unknown flag");
	if (dirty && !device.tracks_dirty())
		return fail(Errno::kOpNotSupp, "the device cannot track dirty pages");
	TRY_LET(format, wanted_format(device, data));
	TRY_LET(domain, kern::make<Domain>(generation().formats[format], dirty));
	return domain.release()->kernel();
}

} // namespace
} // namespace mock

using mock::Domain;

int mock_paging_alloc(device *dev, unsigned flags, const iommu_user_data *data, iommu_domain **out)
{
	auto made = mock::alloc_paging(mock::Device::of(dev), flags, data);
	if (!made)
		return kern::reject("domain alloc", made.error());
	*out = *made;
	return 0;
}

void mock_paging_free(iommu_domain *domain) { delete &Domain::of(domain); }

int mock_attach(iommu_domain *domain, device *dev)
{
	return kern::to_errno("attach", mock::Device::of(dev).set_rid(domain));
}

int mock_map(iommu_domain *domain, unsigned long iova, unsigned long long pa, unsigned long page_size,
	     unsigned long count)
{
	Domain &d = Domain::of(domain);
	if (d.map_should_fail())
		return kern::reject("map", {base::Errno::kNoEnt, "injected failure"});
	return kern::to_errno("map", d.table().map(iova, pa, page_size, count));
}

unsigned long mock_unmap(iommu_domain *domain, unsigned long iova, unsigned long size)
{
	Domain &d = Domain::of(domain);
	// The core cuts a run where the page size changes, so with several an unmap may begin in the middle of one.
	return d.table().unmap(iova, size, d.one_page_size());
}

unsigned long long mock_iova_to_phys(iommu_domain *domain, unsigned long long iova)
{
	const auto leaf = Domain::of(domain).table().find(iova);
	return leaf.entry ? leaf.pa_of(iova) : 0;
}
