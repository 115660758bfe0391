// SPDX-License-Identifier: GPL-2.0-only
// Devices and groups of the fake IOMMU; see iommu.hpp.
#include "fake/iommu.hpp"

#include <cstring>
#include <deque>

#include "bridge/alloc.h"
#include "fake/fault.hpp"
#include "fake/sync.hpp"

using namespace fake;

namespace {

std::deque<iommu_group> all_groups;
std::vector<iommu_group *> group_list;
std::deque<device> all_devices;
std::vector<device *> device_list;
bool unsafe_allowed;

// 0 when every device of the group can use the domain.
int suits(const iommu_group &group, const iommu_domain &domain)
{
	for (const device &dev : all_devices)
		if (dev.group == &group && dev.suits)
			if (int rc = dev.suits(domain))
				return rc;
	return 0;
}

void set_domain(iommu_group &group, iommu_domain *domain, void **handle)
{
	if (group.domain)
		group.domain->attached--;
	group.domain = domain;
	if (domain)
		domain->attached++;
	if (handle)
		*handle = &group; // the handle is the core's from here on
	group.handle = handle;
}

// The handle's memory must still be there, and nobody else may have written to it.
void check_handle(const iommu_group &group)
{
	if (group.handle && *group.handle != &group)
		problem("the attach handle did not outlive its attachment");
}

} // namespace

iommu_group &fake::new_group()
{
	group_list.push_back(&all_groups.emplace_back());
	return all_groups.back();
}

device &fake::new_device(iommu_group &group)
{
	device &dev = all_devices.emplace_back();
	dev.group = &group;
	device_list.push_back(&dev);
	return dev;
}

bool &fake::unsafe_interrupts() { return unsafe_allowed; }
const std::vector<iommu_group *> &fake::groups() { return group_list; }
const std::vector<device *> &fake::devices() { return device_list; }

void fake::reset_iommu()
{
	group_list.clear();
	device_list.clear();
	all_devices.clear();
	all_groups.clear();
	unsafe_allowed = false;
}

bool kx_device_coherent(device *dev) { return dev->coherent; }
bool kx_device_can_enforce_coherency(device *dev) { return dev->can_enforce; }
bool kx_device_can_track_dirty(device *dev) { return dev->tracks_dirty; }
unsigned kx_device_max_pasids(device *dev) { return dev->max_pasids; }
bool kx_iommu_has_pasids(device *dev) { return dev->iommu_has_pasids; }
bool kx_device_ats_supported(device *dev) { return dev->ats; }
bool kx_device_pasid_exec(device *dev) { return dev->pasid_exec; }
bool kx_device_pasid_priv(device *dev) { return dev->pasid_priv; }

int kx_device_hw_info(device *dev, unsigned *type, unsigned *length, void **data)
{
	*type = *length = 0;
	*data = nullptr;
	if (dev->hw_info_error)
		return dev->hw_info_error;
	if (dev->hw_info.empty())
		return 0;
	void *copy = kx_alloc(dev->hw_info.size());
	if (!copy)
		return -12;
	memcpy(copy, dev->hw_info.data(), dev->hw_info.size());
	*type = dev->hw_info_type;
	*length = dev->hw_info.size();
	*data = copy;
	return 0;
}

int kx_driver_hw_info(void *(*ask)(device *, unsigned *, unsigned *), device *dev, unsigned *type, unsigned *length,
		      void **data)
{
	void *made = ask(dev, length, type);
	const auto value = reinterpret_cast<std::intptr_t>(made);
	const bool failed = value < 0 && value >= -4095;

	*data = failed ? nullptr : made;
	return failed ? static_cast<int>(value) : 0;
}

int kx_device_for_each_resv(device *dev, kx_resv_fn fn, void *context)
{
	for (const device::Resv &r : dev->resv)
		if (int rc = fn(context, r.start, r.length, r.kind))
			return rc;
	return 0;
}

int kx_device_claim_dma(device *dev, void *owner)
{
	might_sleep("claiming DMA");
	if (dev->group->claims && dev->group->owner != owner)
		return -1;
	dev->group->owner = owner;
	dev->group->claims++;
	return 0;
}

void kx_device_release_dma(device *dev)
{
	might_sleep("releasing DMA");
	if (--dev->group->claims < 0)
		problem("DMA released once too often");
	if (!dev->group->claims && dev->group->domain)
		problem("DMA released while the group is attached");
}

iommu_group *kx_group_get(device *dev)
{
	if (dev->group)
		dev->group->refs++;
	return dev->group;
}

void kx_group_put(iommu_group *group)
{
	if (--group->refs < 0)
		problem("group put once too often");
}

bool kx_group_isolates_msi(iommu_group *group) { return group->isolated; }

int kx_group_attach(iommu_group *group, iommu_domain *domain, iommu_attach_handle *handle)
{
	might_sleep("attaching");
	if (!group->claims)
		problem("attach without ownership");
	if (step(Fault::kAttach) || step(Fault::kAlloc))
		return -12;
	if (group->domain)
		return -16;
	if (int rc = suits(*group, *domain))
		return rc;
	group->attaches++;
	set_domain(*group, domain, reinterpret_cast<void **>(handle));
	return 0;
}

int kx_group_replace(iommu_group *group, iommu_domain *domain, iommu_attach_handle *handle)
{
	might_sleep("replacing");
	check_handle(*group);
	if (!group->domain)
		problem("replace of nothing");
	if (step(Fault::kAttach) || step(Fault::kAlloc))
		return -12;
	if (int rc = suits(*group, *domain))
		return rc;
	group->replaces++;
	set_domain(*group, domain, reinterpret_cast<void **>(handle));
	return 0;
}

void kx_group_detach(iommu_group *group, iommu_domain *domain)
{
	might_sleep("detaching");
	check_handle(*group);
	if (group->domain != domain)
		problem("detach from a domain that the group is not attached to");
	group->detaches++;
	set_domain(*group, nullptr, nullptr);
}

bool kx_unsafe_interrupts_allowed() { return unsafe_allowed; }
