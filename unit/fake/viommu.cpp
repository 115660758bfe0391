// SPDX-License-Identifier: GPL-2.0-only
// bridge/viommu.h; see viommu.hpp. The driver is the test's.
#include "fake/viommu.hpp"

#include <cstdint>

#include "bridge/viommu.h"
#include "fake/iommu.hpp"
#include "fake/sync.hpp"
#include "iommufd/driver_api.hpp"

namespace {

const void *address(unsigned long user) { return reinterpret_cast<const void *>(user); }

} // namespace

// Eight IOMMUs for each driver; their addresses will do.
iommu_device *kx_device_iommu(device *dev)
{
	static char numbers[64];
	return reinterpret_cast<iommu_device *>(&numbers[dev->driver * 8 + dev->iommu]);
}

int kx_viommu_init(const iommufd_driver *driver, iommufd_viommu *viommu, unsigned data_type, unsigned long data,
		   unsigned long data_len)
{
	const iommu_user_data user{data_type, address(data), data_len};

	fake::might_sleep("making a vIOMMU");
	return driver->viommu_init(viommu, data_len ? &user : nullptr);
}

int kx_viommu_alloc_nested(iommufd_viommu *viommu, device *dev, unsigned flags, unsigned data_type, unsigned long data,
			   unsigned long data_len, iommu_domain **domain)
{
	const iommu_user_data user{data_type, address(data), data_len};

	fake::might_sleep("making a nested domain");
	iommu_domain *made = viommu->ops->alloc_domain_nested(viommu, flags, &user);
	const auto value = reinterpret_cast<std::intptr_t>(made);
	if (value < 0 && value >= -4095)
		return static_cast<int>(value);
	made->driver = dev->driver;
	*domain = made;
	return 0;
}

int kx_viommu_invalidate(iommufd_viommu *viommu, unsigned data_type, unsigned long data, unsigned long entry_len,
			 unsigned *entry_num)
{
	iommu_user_data_array entries{data_type, address(data), entry_len, *entry_num};

	fake::might_sleep("invalidating");
	int rc = viommu->ops->cache_invalidate(viommu, &entries);
	*entry_num = entries.entry_num;
	return rc;
}
