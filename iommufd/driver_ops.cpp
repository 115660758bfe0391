// SPDX-License-Identifier: GPL-2.0-only
// The list of registered IOMMU drivers; see driver_ops.hpp. There are one or two.
#include "iommufd/driver_ops.hpp"

#include "base/guard.hpp"
#include "bridge/pasid.h"
#include "kern/log.hpp"
#include "iommufd/registry_lock.hpp"

using namespace iommufd;

namespace {

iommufd_driver *drivers;

// Where the driver of these ops is on the list, or its end.
iommufd_driver **find_locked(const iommu_ops *ops)
{
	iommufd_driver **at = &drivers;

	kx_registry_assert_held();
	while (*at && (*at)->ops != ops)
		at = &(*at)->next;
	return at;
}

} // namespace

const iommufd_driver *iommufd::registered_driver(device *dev)
{
	RegistryGuard guard;
	return *find_locked(kx_device_iommu_ops(dev));
}

int iommufd_driver_register(iommufd_driver *driver)
{
	RegistryGuard guard;
	iommufd_driver **end = find_locked(driver->ops);
	if (*end)
		return kern::reject("driver register", {base::Errno::kBusy, "there is a driver with these ops"});
	driver->next = nullptr;
	*end = driver;
	return 0;
}

void iommufd_driver_unregister(iommufd_driver *driver)
{
	RegistryGuard guard;
	iommufd_driver **at = find_locked(driver->ops);
	if (!WARN_ON(*at != driver))
		*at = driver->next;
}
