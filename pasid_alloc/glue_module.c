// SPDX-License-Identifier: GPL-2.0-only
/* The module and its exports; the functions are C++ (api.cpp), the records have to come from C. */
#include <linux/module.h>

#include "include/linux/iommu_pasid_alloc.h"
#include "pasid_alloc/glue.h"

EXPORT_SYMBOL_NS_GPL(iommu_pasid_init, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommu_pasid_exit, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommu_pasid_alloc, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommu_pasid_free, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommu_pasid_find, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommu_pasid_for_each, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommu_pasid_backend_register, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommu_pasid_backend_unregister, IOMMUFD);

static int __init pasid_alloc_init(void) { return pasid_module_init(); }

static void __exit pasid_alloc_exit(void) { pasid_module_exit(); }

module_init(pasid_alloc_init);
module_exit(pasid_alloc_exit);

MODULE_DESCRIPTION("iommufd-cxx: PASIDs for drivers that tell parts of their device apart by them");
MODULE_LICENSE("GPL");
