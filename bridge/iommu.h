/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

/* What a reserved region asks for; the values are ours, bridge/iommu.c translates. */
enum kx_resv_kind { KX_RESV_PLAIN, KX_RESV_RELAXABLE, KX_RESV_HW_MSI, KX_RESV_SW_MSI };

typedef int (*kx_resv_fn)(void *context, unsigned long long start, unsigned long long length, enum kx_resv_kind kind);

KX_DECLS_BEGIN
int kx_domain_alloc(struct device *dev, struct iommu_domain **domain);
/* For C alone. made: what dev's driver returned, a domain or an ERR_PTR(); it keeps the driver until it is freed */
int kx_domain_take(struct iommu_domain *made, struct device *dev, struct iommu_domain **domain);
/* parent: null, or what the new domain is nested on */
int kx_domain_alloc_user(struct device *dev, unsigned int flags, struct iommu_domain *parent, unsigned int data_type,
			 unsigned long data, unsigned long data_len, struct iommu_domain **domain);
bool kx_domain_same_driver(const struct iommu_domain *domain, struct device *dev);
bool kx_domain_is_nested(const struct iommu_domain *domain);
int kx_domain_invalidate(struct iommu_domain *domain, unsigned int data_type, unsigned long data,
			 unsigned long entry_len, unsigned int *entry_num);
bool kx_domain_can_alloc_user(struct device *dev);
void kx_domain_free(struct iommu_domain *domain);
int kx_domain_map_nowait(struct iommu_domain *domain, unsigned long iova, unsigned long long pa, unsigned long size,
			 int prot);
int kx_domain_map(struct iommu_domain *domain, unsigned long iova, unsigned long long pa, unsigned long size, int prot);
unsigned long kx_domain_unmap(struct iommu_domain *domain, unsigned long iova, unsigned long size);
unsigned long long kx_domain_iova_to_phys(struct iommu_domain *domain, unsigned long long iova);
unsigned long kx_domain_page_sizes(const struct iommu_domain *domain);
unsigned long long kx_domain_aperture_start(const struct iommu_domain *domain);
unsigned long long kx_domain_aperture_last(const struct iommu_domain *domain);
bool kx_domain_enforce_coherency(struct iommu_domain *domain);
int kx_domain_set_msi_window(struct iommu_domain *domain, unsigned long long base);

bool kx_device_coherent(struct device *dev);
bool kx_device_can_enforce_coherency(struct device *dev);
bool kx_device_can_track_dirty(struct device *dev);
/* *data on failure and where there is none: null, of no length */
int kx_device_hw_info(struct device *dev, unsigned int *type, unsigned int *length, void **data);
/* the same of a registered driver's function, which is told the wanted *type */
int kx_driver_hw_info(void *(*ask)(struct device *dev, unsigned int *length, unsigned int *type), struct device *dev,
		      unsigned int *type, unsigned int *length, void **data);
unsigned int kx_device_max_pasids(struct device *dev);
bool kx_iommu_has_pasids(struct device *dev);
bool kx_device_ats_supported(struct device *dev);
bool kx_device_pasid_exec(struct device *dev);
bool kx_device_pasid_priv(struct device *dev);
int kx_device_for_each_resv(struct device *dev, kx_resv_fn fn, void *context);
int kx_device_claim_dma(struct device *dev, void *owner);
void kx_device_release_dma(struct device *dev);

struct iommu_group *kx_group_get(struct device *dev);
void kx_group_put(struct iommu_group *group);
bool kx_group_isolates_msi(struct iommu_group *group);
int kx_group_attach(struct iommu_group *group, struct iommu_domain *domain, struct iommu_attach_handle *handle);
int kx_group_replace(struct iommu_group *group, struct iommu_domain *domain, struct iommu_attach_handle *handle);
void kx_group_detach(struct iommu_group *group, struct iommu_domain *domain);

bool kx_unsafe_interrupts_allowed(void);
KX_DECLS_END
