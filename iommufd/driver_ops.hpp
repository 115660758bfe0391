// SPDX-License-Identifier: GPL-2.0-only
// What IOMMU drivers have registered with us, beside their struct iommu_ops (include/linux/iommufd_driver.h).
//
// Lock: kx_registry_lock() guards the list. What is found stays: a driver unregisters after its last device is gone.
#pragma once
#include "bridge/bridge.h"
#include "iommufd/driver_api.hpp"

namespace iommufd {

// Of the driver in front of `dev`; null when it has registered nothing. Context: may sleep.
const iommufd_driver *registered_driver(device *dev);

} // namespace iommufd
