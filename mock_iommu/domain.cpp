// SPDX-License-Identifier: GPL-2.0-only
// What the kernel calls on a paging domain, but for dirty tracking (dirty.cpp).
#include "mock_iommu/domain.hpp"

#include "kern/alloc.hpp"
#include "kern/log.hpp"
#include "mock_iommu/abi.hpp"
#include "mock_iommu/device.hpp"
#include "mock_iommu/generation.hpp"

namespace mock {

Domain::Domain(bool large, bool dirty) : large_(large), dirty_(dirty)
{
	const Generation &g = generation();
	mx_paging_domain_init(domain_.get(), g.granule | (large ? g.huge_page : 0), MOCK_APERTURE_START,
			      MOCK_APERTURE_LAST, dirty);
}

namespace {

base::Result<iommu_domain *> alloc_paging(Device &device, u32 flags)
{
	const bool dirty = flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING;

	if (flags & ~u32{IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING | IOMMU_HWPT_ALLOC_PASID})
		return base::fail(base::Errno::kOpNotSupp, "unknown flag");
	if (dirty && !device.tracks_dirty())
		return base::fail(base::Errno::kOpNotSupp, "the device cannot track dirty pages");
	TRY_LET(domain, kern::make<Domain>(device.has(MOCK_FLAGS_DEVICE_HUGE_IOVA), dirty));
	return domain.release()->kernel();
}

} // namespace
} // namespace mock

using mock::Domain;

int mock_paging_alloc(device *dev, unsigned flags, iommu_domain **out)
{
	auto made = mock::alloc_paging(mock::Device::of(dev), flags);
	if (!made)
		return kern::reject("domain alloc", made.error());
	*out = *made;
	return 0;
}

void mock_paging_free(iommu_domain *domain) { delete &Domain::of(domain); }

int mock_paging_attach(iommu_domain *domain, device *dev)
{
	mock::Device &device = mock::Device::of(dev);
	base::Status status = device.check(domain);
	if (status)
		device.table().set_rid(domain);
	return kern::to_errno("attach", status);
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
	// The core cuts a run where the page size changes, so with large pages an unmap may begin in the middle of one.
	return d.table().unmap(iova, size, !d.large());
}

unsigned long long mock_iova_to_phys(iommu_domain *domain, unsigned long long iova)
{
	const auto leaf = Domain::of(domain).table().find(iova);
	return leaf.entry ? leaf.pa_of(iova) : 0;
}
