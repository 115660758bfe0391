// SPDX-License-Identifier: GPL-2.0-only
// bridge/pasid.h: PASIDs of the fake IOMMU's devices; rules as in iommu.hpp.
#include "bridge/pasid.h"

#include "fake/fault.hpp"
#include "fake/iommu.hpp"
#include "fake/sync.hpp"

using namespace fake;

namespace {

Lock registry{"registry", false, false, 0};

bool attached(const iommu_group &group, unsigned pasid, const iommu_domain *domain)
{
	auto it = group.pasids.find(pasid);
	return it != group.pasids.end() && it->second.domain == domain;
}

void check_handle(const iommu_group &group, unsigned pasid)
{
	if (*group.pasids.at(pasid).handle != &group)
		problem("the handle of a PASID did not outlive its attachment");
}

} // namespace

int kx_pasid_attach(device *dev, unsigned pasid, iommu_domain *domain, iommu_attach_handle *handle)
{
	might_sleep("attaching a PASID");
	iommu_group &group = *dev->group;
	if (!pasid || pasid >= dev->max_pasids || dev->driver != domain->driver)
		return -22;
	if (step(Fault::kAttach) || step(Fault::kAlloc))
		return -12;
	if (group.pasids.contains(pasid))
		return -16;
	if (dev->suits)
		if (int rc = dev->suits(*domain))
			return rc;
	group.pasid_attaches++;
	domain->attached++;
	group.pasids[pasid] = {domain, reinterpret_cast<void **>(handle)};
	*group.pasids[pasid].handle = &group;
	return 0;
}

void kx_pasid_detach(device *dev, unsigned pasid, iommu_domain *domain)
{
	might_sleep("detaching a PASID");
	iommu_group &group = *dev->group;
	if (!attached(group, pasid, domain)) {
		problem("detach of PASID %u from a domain that it is not attached to", pasid);
		return;
	}
	check_handle(group, pasid);
	group.pasid_detaches++;
	domain->attached--;
	group.pasids.erase(pasid);
}

void fake::move_pasid(device &dev, unsigned pasid, iommu_domain *from, iommu_domain *to)
{
	iommu_group &group = *dev.group;
	if (!attached(group, pasid, from)) {
		problem("move of PASID %u from a domain that it is not attached to", pasid);
		return;
	}
	check_handle(group, pasid);
	group.pasids[pasid].domain = to;
	from->attached--;
	to->attached++;
}

void kx_handle_set_domain(iommu_attach_handle *, iommu_domain *) {}

int kx_group_for_each_device(iommu_group *group, int (*fn)(device *dev, void *context), void *context)
{
	might_sleep("a group's mutex");
	for (device *dev : devices())
		if (dev->group == group)
			if (int rc = fn(dev, context))
				return rc;
	return 0;
}

// Each driver of the fake has its number; that address will do.
const iommu_ops *kx_device_iommu_ops(device *dev) { return driver_ops(dev->driver); }

const iommu_ops *fake::driver_ops(int driver)
{
	static const char numbers[8]{};
	return reinterpret_cast<const iommu_ops *>(&numbers[driver]);
}

kx_dma_user kx_device_dma_user(device *dev) { return dev->dma_user; }
bool kx_group_is_claimed(iommu_group *group) { return group->claims; }

void kx_registry_lock() { take_lock(registry, false); }
void kx_registry_unlock() { drop_lock(registry, false); }
void kx_registry_assert_held() { assert_held(registry); }
