// SPDX-License-Identifier: GPL-2.0-only
/* The operations of <linux/iommufd_driver.h> that take 6.12's structures for user data */
#include <linux/iommu.h>

#include "bridge/iommu.h"
#include "bridge/viommu.h"
#include "include/linux/iommufd_driver.h"

struct iommu_device *kx_device_iommu(struct device *dev)
{
	return dev->iommu->iommu_dev;
}

int kx_viommu_init(const struct iommufd_driver *driver, struct iommufd_viommu *viommu, unsigned int data_type,
		   unsigned long data, unsigned long data_len)
{
	const struct iommu_user_data user = { .type = data_type, .uptr = (void __user *)data, .len = data_len };

	return driver->viommu_init(viommu, data_len ? &user : NULL);
}

int kx_viommu_alloc_nested(struct iommufd_viommu *viommu, struct device *dev, unsigned int flags,
			   unsigned int data_type, unsigned long data, unsigned long data_len,
			   struct iommu_domain **domain)
{
	const struct iommu_user_data user = { .type = data_type, .uptr = (void __user *)data, .len = data_len };

	return kx_domain_take(viommu->ops->alloc_domain_nested(viommu, flags, &user), dev, domain);
}

int kx_viommu_invalidate(struct iommufd_viommu *viommu, unsigned int data_type, unsigned long data,
			 unsigned long entry_len, unsigned int *entry_num)
{
	struct iommu_user_data_array entries = {
		.type = data_type, .uptr = (void __user *)data, .entry_len = entry_len, .entry_num = *entry_num
	};
	int rc = viommu->ops->cache_invalidate(viommu, &entries);

	*entry_num = entries.entry_num;
	return rc;
}
