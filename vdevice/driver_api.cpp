// SPDX-License-Identifier: GPL-2.0-only
// What IOMMU drivers call for their vIOMMUs, as include/linux/iommufd_driver.h documents it.
#include "kern/log.hpp"
#include "vdevice/vdevice.hpp"

using namespace iommufd;
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
