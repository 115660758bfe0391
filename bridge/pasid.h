/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

KX_DECLS_BEGIN
/* Attaching {device, PASID}; the handle outlives the attachment. */
int kx_pasid_attach(struct device *dev, unsigned int pasid, struct iommu_domain *domain,
		    struct iommu_attach_handle *handle);
void kx_pasid_detach(struct device *dev, unsigned int pasid, struct iommu_domain *domain);
/* For a replace in one step, which the IOMMU core of 6.12 does not know. */
void kx_handle_set_domain(struct iommu_attach_handle *handle, struct iommu_domain *domain);
int kx_group_for_each_device(struct iommu_group *group, int (*fn)(struct device *dev, void *context), void *context);
const struct iommu_ops *kx_device_iommu_ops(struct device *dev);

/* Who makes the device do DMA: its driver (then nobody can claim its group), whoever its driver gives it to, or nobody.
 */
enum kx_dma_user { KX_DMA_DRIVER, KX_DMA_USER_SPACE, KX_DMA_NOBODY };
enum kx_dma_user kx_device_dma_user(struct device *dev);
bool kx_group_is_claimed(struct iommu_group *group);

/* The one lock of what all contexts have to agree on (iommufd/registry_lock.hpp). */
void kx_registry_lock(void);
void kx_registry_unlock(void);
void kx_registry_assert_held(void);
KX_DECLS_END
