/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

struct iommu_device;
struct iommufd_driver;
struct iommufd_viommu;

KX_DECLS_BEGIN
/* The physical IOMMU in front of a device; to be compared. */
struct iommu_device *kx_device_iommu(struct device *dev);

/* data_len 0: the user has given no data */
int kx_viommu_init(const struct iommufd_driver *driver, struct iommufd_viommu *viommu, unsigned int data_type,
		   unsigned long data, unsigned long data_len);
/* dev: whose driver the domain will be one of */
int kx_viommu_alloc_nested(struct iommufd_viommu *viommu, struct device *dev, unsigned int flags,
			   unsigned int data_type, unsigned long data, unsigned long data_len,
			   struct iommu_domain **domain);
int kx_viommu_invalidate(struct iommufd_viommu *viommu, unsigned int data_type, unsigned long data,
			 unsigned long entry_len, unsigned int *entry_num);
KX_DECLS_END
