// SPDX-License-Identifier: GPL-2.0-only
/* <linux/iommu.h>, with the PASID status and the ATS capability of <linux/pci-ats.h> */
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "bridge/iommu.h"

/* drivers/iommu/iommu-priv.h is in no headers package, so these prototypes are spelt here. */
int iommu_attach_group_handle(struct iommu_domain *domain, struct iommu_group *group,
			      struct iommu_attach_handle *handle);
void iommu_detach_group_handle(struct iommu_domain *domain, struct iommu_group *group);
int iommu_replace_group_handle(struct iommu_group *group, struct iommu_domain *domain,
			       struct iommu_attach_handle *handle);

static bool allow_unsafe_interrupts;
module_param(allow_unsafe_interrupts, bool, 0644);
MODULE_PARM_DESC(allow_unsafe_interrupts,
		 "Bind devices even where the platform cannot isolate their MSIs: a DMA can then raise any interrupt");

static const struct iommu_ops *driver_of(struct device *dev)
{
	return dev->iommu->iommu_dev->ops;
}

/*
 * Only the kernel's own functions for allocating domains note whose they are. And it is the devices that keep a driver's
 * module, while a domain may outlive them all: so each domain keeps it, too, until it is freed.
 */
int kx_domain_take(struct iommu_domain *made, struct device *dev, struct iommu_domain **domain)
{
	if (IS_ERR(made))
		return PTR_ERR(made);
	made->owner = driver_of(dev);
	__module_get(made->owner->owner);
	*domain = made;
	return 0;
}

int kx_domain_alloc(struct device *dev, struct iommu_domain **domain)
{
	return kx_domain_take(iommu_paging_domain_alloc(dev), dev, domain);
}

int kx_domain_alloc_user(struct device *dev, unsigned int flags, struct iommu_domain *parent, unsigned int data_type,
			 unsigned long data, unsigned long data_len, struct iommu_domain **domain)
{
	const struct iommu_user_data user = { .type = data_type, .uptr = (void __user *)data, .len = data_len };

	return kx_domain_take(driver_of(dev)->domain_alloc_user(dev, flags, parent, data_len ? &user : NULL), dev,
			      domain);
}

bool kx_domain_same_driver(const struct iommu_domain *domain, struct device *dev)
{
	return domain->owner == driver_of(dev);
}

bool kx_domain_is_nested(const struct iommu_domain *domain)
{
	return domain->type == IOMMU_DOMAIN_NESTED;
}

int kx_domain_invalidate(struct iommu_domain *domain, unsigned int data_type, unsigned long data,
			 unsigned long entry_len, unsigned int *entry_num)
{
	struct iommu_user_data_array entries = {
		.type = data_type, .uptr = (void __user *)data, .entry_len = entry_len, .entry_num = *entry_num
	};
	int rc = -EOPNOTSUPP;

	*entry_num = 0;
	if (!domain->ops->cache_invalidate_user)
		return rc;
	rc = domain->ops->cache_invalidate_user(domain, &entries);
	*entry_num = entries.entry_num;
	return rc;
}

bool kx_domain_can_alloc_user(struct device *dev)
{
	return driver_of(dev)->domain_alloc_user;
}

void kx_domain_free(struct iommu_domain *domain)
{
	struct module *driver = domain->owner->owner;

	iommu_domain_free(domain);
	module_put(driver);
}

int kx_domain_map(struct iommu_domain *domain, unsigned long iova, unsigned long long pa, unsigned long size, int prot)
{
	return iommu_map(domain, iova, pa, size, prot, GFP_KERNEL_ACCOUNT);
}

int kx_domain_map_nowait(struct iommu_domain *domain, unsigned long iova, unsigned long long pa, unsigned long size,
			 int prot)
{
	return iommu_map(domain, iova, pa, size, prot, GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN);
}

unsigned long kx_domain_unmap(struct iommu_domain *domain, unsigned long iova, unsigned long size)
{
	return iommu_unmap(domain, iova, size);
}

unsigned long long kx_domain_iova_to_phys(struct iommu_domain *domain, unsigned long long iova)
{
	return iommu_iova_to_phys(domain, iova);
}

unsigned long kx_domain_page_sizes(const struct iommu_domain *domain)
{
	return domain->pgsize_bitmap;
}

unsigned long long kx_domain_aperture_start(const struct iommu_domain *domain)
{
	return domain->geometry.aperture_start;
}

unsigned long long kx_domain_aperture_last(const struct iommu_domain *domain)
{
	return domain->geometry.aperture_end;
}

bool kx_domain_enforce_coherency(struct iommu_domain *domain)
{
	return domain->ops->enforce_cache_coherency && domain->ops->enforce_cache_coherency(domain);
}

int kx_domain_set_msi_window(struct iommu_domain *domain, unsigned long long base)
{
	return iommu_get_msi_cookie(domain, base);
}

bool kx_device_coherent(struct device *dev)
{
	return device_iommu_capable(dev, IOMMU_CAP_CACHE_COHERENCY);
}

bool kx_device_can_enforce_coherency(struct device *dev)
{
	return device_iommu_capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
}

bool kx_device_can_track_dirty(struct device *dev)
{
	return device_iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING);
}

int kx_driver_hw_info(void *(*ask)(struct device *dev, unsigned int *length, unsigned int *type), struct device *dev,
		      unsigned int *type, unsigned int *length, void **data)
{
	void *made = ask(dev, length, type);

	*data = IS_ERR(made) ? NULL : made;
	return PTR_ERR_OR_ZERO(made);
}

/* A driver without the op has no information to give: type 0, no data. */
int kx_device_hw_info(struct device *dev, unsigned int *type, unsigned int *length, void **data)
{
	const struct iommu_ops *ops = driver_of(dev);

	*type = 0;
	*length = 0;
	*data = NULL;
	return ops->hw_info ? kx_driver_hw_info(ops->hw_info, dev, type, length, data) : 0;
}

unsigned int kx_device_max_pasids(struct device *dev)
{
	return dev->iommu->max_pasids;
}

/* That a device before it has none is another matter. PASID 0 alone is none. */
bool kx_iommu_has_pasids(struct device *dev)
{
	return dev->iommu->iommu_dev->max_pasids > 1;
}

/* The device's side: it can, and may. What the IOMMU can, drivers of 6.12 keep to themselves. */
bool kx_device_ats_supported(struct device *dev)
{
	return dev_is_pci(dev) && pci_ats_supported(to_pci_dev(dev));
}

static bool pasid_control(struct device *dev, int bit)
{
	int status = dev_is_pci(dev) ? pci_pasid_status(to_pci_dev(dev)) : 0;

	return status > 0 && (status & bit);
}

bool kx_device_pasid_exec(struct device *dev)
{
	return pasid_control(dev, PCI_PASID_CTRL_EXEC);
}

bool kx_device_pasid_priv(struct device *dev)
{
	return pasid_control(dev, PCI_PASID_CTRL_PRIV);
}

static enum kx_resv_kind resv_kind(enum iommu_resv_type type)
{
	switch (type) {
	case IOMMU_RESV_DIRECT_RELAXABLE:
		return KX_RESV_RELAXABLE;
	case IOMMU_RESV_MSI:
		return KX_RESV_HW_MSI;
	case IOMMU_RESV_SW_MSI:
		return KX_RESV_SW_MSI;
	default:
		return KX_RESV_PLAIN;
	}
}

/* Calls fn for each region until it returns non-zero, which is then the result. */
int kx_device_for_each_resv(struct device *dev, kx_resv_fn fn, void *context)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);
	int rc = 0;

	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry (region, &regions, list) {
		rc = fn(context, region->start, region->length, resv_kind(region->type));
		if (rc)
			break;
	}
	iommu_put_resv_regions(dev, &regions);
	return rc;
}

int kx_device_claim_dma(struct device *dev, void *owner)
{
	return iommu_device_claim_dma_owner(dev, owner);
}

void kx_device_release_dma(struct device *dev)
{
	iommu_device_release_dma_owner(dev);
}

struct iommu_group *kx_group_get(struct device *dev)
{
	return iommu_group_get(dev);
}

void kx_group_put(struct iommu_group *group)
{
	iommu_group_put(group);
}

bool kx_group_isolates_msi(struct iommu_group *group)
{
	return iommu_group_has_isolated_msi(group);
}

int kx_group_attach(struct iommu_group *group, struct iommu_domain *domain, struct iommu_attach_handle *handle)
{
	return iommu_attach_group_handle(domain, group, handle);
}

int kx_group_replace(struct iommu_group *group, struct iommu_domain *domain, struct iommu_attach_handle *handle)
{
	return iommu_replace_group_handle(group, domain, handle);
}

void kx_group_detach(struct iommu_group *group, struct iommu_domain *domain)
{
	iommu_detach_group_handle(domain, group);
}

bool kx_unsafe_interrupts_allowed(void)
{
	return allow_unsafe_interrupts;
}
