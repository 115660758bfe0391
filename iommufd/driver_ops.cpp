// SPDX-License-Identifier: GPL-2.0-only
// The list of registered IOMMU drivers; see driver_ops.hpp.
#include "iommufd/driver_ops.hpp"

#include "iommufd/registered.hpp"

using namespace iommufd;

namespace {

constinit Registered<iommufd_driver> drivers;

} // namespace

const iommufd_driver *iommufd::registered_driver(device *dev) { return drivers.find(kx_device_iommu_ops(dev)); }

int iommufd_driver_register(iommufd_driver *driver) { return kern::to_errno("driver register", drivers.add(*driver)); }

void iommufd_driver_unregister(iommufd_driver *driver) { drivers.remove(*driver); }
