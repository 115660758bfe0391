// SPDX-License-Identifier: GPL-2.0-only
// What IOMMU drivers call for their vIOMMUs, as include/linux/iommufd_driver.h documents it.
#include "kern/log.hpp"
#include "vdevice/hw_queue.hpp"
#include "vdevice/vdevice.hpp"

using namespace iommufd;
using vdevice::HwQueue;
using vdevice::Vdevice;
using vdevice::Viommu;

device *iommufd_viommu_find_dev(iommufd_viommu *viommu, unsigned long long virt_id, unsigned *pasid)
{
	const Vdevice *found = Viommu::of(viommu).find(virt_id);
	if (!found)
		return nullptr;
	if (pasid)
		*pasid = found->driver_part()->pasid;
	return found->driver_part()->dev;
}

int iommufd_viommu_get_vdev_id(iommufd_viommu *viommu, device *dev, unsigned pasid, unsigned long long *virt_id)
{
	Result<u64> number = Viommu::of(viommu).number_of(dev, base::Pasid(pasid));
	if (!number)
		return number.error().to_errno();
	*virt_id = *number;
	return 0;
}

int iommufd_viommu_report_event(iommufd_viommu *viommu, unsigned type, const void *data, unsigned long length)
{
	// No line in the log: this may be an interrupt.
	Status status = Viommu::of(viommu).report_event(type, data, length);
	return status ? 0 : status.error().to_errno();
}

int iommufd_viommu_alloc_mmap(iommufd_viommu *viommu, unsigned long long pa, unsigned long length, bool device_memory,
			      unsigned long *offset)
{
	using Kind = MmapRegions::Kind;
	Result<u64> at =
		Viommu::of(viommu).add_region(base::Pa(pa), length, device_memory ? Kind::kDevice : Kind::kMemory);
	if (!at)
		return kern::reject("mmap region", at.error());
	*offset = *at;
	return 0;
}

void iommufd_viommu_destroy_mmap(iommufd_viommu *viommu, unsigned long offset)
{
	Viommu::of(viommu).remove_region(offset);
}

int iommufd_hw_queue_depend(iommufd_hw_queue *queue, iommufd_hw_queue *other)
{
	return kern::to_errno("HW queue dependency", HwQueue::of(queue).depend(HwQueue::of(other)));
}

void iommufd_hw_queue_undepend(iommufd_hw_queue *queue, iommufd_hw_queue *other)
{
	HwQueue::of(queue).undepend(HwQueue::of(other));
}
