// SPDX-License-Identifier: GPL-2.0-only
/* <linux/iommu.h>, <linux/module.h>, <linux/printk.h>: the kernel's global PASIDs, owners of backends, the log */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "pasid_alloc/glue.h"

/* iommu_alloc_global_pasid() is for devices that an IOMMU looks after: it does not look whether one does. */
unsigned int px_max_pasids(struct device *dev) { return dev && dev->iommu ? dev->iommu->max_pasids : 0; }

bool px_lease(struct device *dev, unsigned int *pasid)
{
	*pasid = iommu_alloc_global_pasid(dev);
	return *pasid != IOMMU_PASID_INVALID;
}

void px_return(unsigned int pasid) { iommu_free_global_pasid(pasid); }

bool px_module_get(struct module *module) { return try_module_get(module); }

void px_module_put(struct module *module) { module_put(module); }

void px_log_private(const char *consumer)
{
	pr_info("%s: no device with PASIDs: they come from a private space\n", consumer);
}

void px_log_refused(const char *consumer, const char *backend, const char *why)
{
	pr_err_ratelimited("%s: refused a PASID from backend %s: %s\n", consumer, backend, why);
}

void px_log_leaks(const char *consumer, unsigned int count)
{
	pr_warn("%s: ends with %u PASIDs that nobody freed\n", consumer, count);
}

/* The number is for whoever has switched dynamic debug on: a slice's default PASID is not for everybody who reads logs.
 */
void px_log_leak(const char *consumer, const char *owner, unsigned int pasid)
{
	pr_warn("%s: not freed by %s\n", consumer, owner);
	pr_debug("%s: that is PASID %u\n", consumer, pasid);
}
