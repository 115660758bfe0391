// SPDX-License-Identifier: GPL-2.0-only
/* Exports for mock_iommu.ko, declared in <linux/iommufd_cxx_test.h> and defined in iommufd/test_hook.cpp. */
#include <linux/module.h>

#include "include/linux/iommufd_cxx_test.h"

EXPORT_SYMBOL_NS_GPL(iommufd_test_register, IOMMUFD_CXX_TEST);
EXPORT_SYMBOL_NS_GPL(iommufd_test_unregister, IOMMUFD_CXX_TEST);
EXPORT_SYMBOL_NS_GPL(iommufd_test_object_alloc, IOMMUFD_CXX_TEST);
EXPORT_SYMBOL_NS_GPL(iommufd_test_object_publish, IOMMUFD_CXX_TEST);
EXPORT_SYMBOL_NS_GPL(iommufd_test_object_abort, IOMMUFD_CXX_TEST);
EXPORT_SYMBOL_NS_GPL(iommufd_test_object_get, IOMMUFD_CXX_TEST);
EXPORT_SYMBOL_NS_GPL(iommufd_test_object_put, IOMMUFD_CXX_TEST);
EXPORT_SYMBOL_NS_GPL(iommufd_test_hwpt_domain, IOMMUFD_CXX_TEST);
EXPORT_SYMBOL_NS_GPL(iommufd_test_device, IOMMUFD_CXX_TEST);
EXPORT_SYMBOL_NS_GPL(iommufd_test_put, IOMMUFD_CXX_TEST);
EXPORT_SYMBOL_NS_GPL(iommufd_test_add_reserved, IOMMUFD_CXX_TEST);
EXPORT_SYMBOL_NS_GPL(iommufd_test_syz_iova, IOMMUFD_CXX_TEST);
EXPORT_SYMBOL_NS_GPL(iommufd_test_set_memory_limit, IOMMUFD_CXX_TEST);
