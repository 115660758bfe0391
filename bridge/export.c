// SPDX-License-Identifier: GPL-2.0-only
/* The in-kernel API, with the names, signatures and namespaces of the in-tree iommufd of 6.12, so that vfio.ko
 * links against either. Defined in C++ (iommufd/kapi.cpp); the records have to come from C.
 */
#include <linux/export.h>

#include "bridge/api.h"
#define IOMMUFD_CXX_KERNEL
#include "include/linux/iommufd_dmabuf.h"
#include "include/linux/iommufd_driver.h"
#include "include/linux/iommufd_pasid.h"

EXPORT_SYMBOL_NS_GPL(iommufd_ctx_get, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_put, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_from_file, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_from_fd, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_has_group, IOMMUFD);

EXPORT_SYMBOL_NS_GPL(iommufd_device_bind, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_device_unbind, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_device_attach, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_device_replace, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_device_detach, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_device_to_ictx, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_device_to_id, IOMMUFD);

EXPORT_SYMBOL_NS_GPL(iommufd_device_bind_pasid, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_device_set_pause, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_device_attach_pasid, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_device_replace_pasid, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_device_detach_pasid, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_driver_register, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_driver_unregister, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_dmabuf_register, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_dmabuf_unregister, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_find_dev, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_get_vdev_id, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_report_event, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_alloc_mmap, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_viommu_destroy_mmap, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_hw_queue_depend, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_hw_queue_undepend, IOMMUFD);

EXPORT_SYMBOL_NS_GPL(iommufd_access_create, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_access_destroy, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_access_attach, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_access_replace, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_access_detach, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_access_pin_pages, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_access_unpin_pages, IOMMUFD);
EXPORT_SYMBOL_NS_GPL(iommufd_access_rw, IOMMUFD);

EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_ioas_get_id, IOMMUFD_VFIO);
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_ioas_create, IOMMUFD_VFIO);
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_set_no_iommu, IOMMUFD_VFIO);
