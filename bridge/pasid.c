// SPDX-License-Identifier: GPL-2.0-only
/* The PASID side of <linux/iommu.h>, and to whom a device's DMA belongs */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/platform_device.h>

#include "bridge/pasid.h"

int kx_pasid_attach(struct device *dev, unsigned int pasid, struct iommu_domain *domain,
		    struct iommu_attach_handle *handle)
{
	return iommu_attach_device_pasid(domain, dev, pasid, handle);
}

void kx_pasid_detach(struct device *dev, unsigned int pasid, struct iommu_domain *domain)
{
	iommu_detach_device_pasid(domain, dev, pasid);
}

void kx_handle_set_domain(struct iommu_attach_handle *handle, struct iommu_domain *domain)
{
	WRITE_ONCE(handle->domain, domain);
}

int kx_group_for_each_device(struct iommu_group *group, int (*fn)(struct device *dev, void *context), void *context)
{
	return iommu_group_for_each_dev(group, context, fn);
}

const struct iommu_ops *kx_device_iommu_ops(struct device *dev)
{
	return dev->iommu->iommu_dev->ops;
}

/* driver_managed_dma is each bus' own. On the other buses, nobody vouches for the driver. */
static bool does_own_dma(struct device *dev)
{
	if (dev_is_pci(dev))
		return !to_pci_driver(dev->driver)->driver_managed_dma;
	if (dev_is_platform(dev))
		return !to_platform_driver(dev->driver)->driver_managed_dma;
	return false;
}

enum kx_dma_user kx_device_dma_user(struct device *dev)
{
	if (!dev->driver)
		return KX_DMA_NOBODY;
	return does_own_dma(dev) ? KX_DMA_DRIVER : KX_DMA_USER_SPACE;
}

bool kx_group_is_claimed(struct iommu_group *group)
{
	return iommu_group_dma_owner_claimed(group);
}

static DEFINE_MUTEX(registry_mutex);

void kx_registry_lock(void)
{
	mutex_lock(&registry_mutex);
}

void kx_registry_unlock(void)
{
	mutex_unlock(&registry_mutex);
}

void kx_registry_assert_held(void)
{
	lockdep_assert_held(&registry_mutex);
}
