/* SPDX-License-Identifier: GPL-2.0-only */
/* The in-kernel API of iommufd as 6.12's <linux/iommufd.h> declares it. That header is not included: without
 * CONFIG_IOMMUFD it holds inline stubs of the same names. Parameters, results and errnos are documented with
 * the definitions in iommufd/kapi.cpp.
 */
#pragma once
#include "bridge/bridge.h"

struct iommufd_access;
struct iommufd_ctx;
struct iommufd_device;

struct iommufd_access_ops {
	unsigned char needs_pin_pages : 1;
	void (*unmap)(void *data, unsigned long iova, unsigned long length);
};

KX_DECLS_BEGIN
void iommufd_ctx_get(struct iommufd_ctx *ictx);
void iommufd_ctx_put(struct iommufd_ctx *ictx);
struct iommufd_ctx *iommufd_ctx_from_file(struct file *file);
struct iommufd_ctx *iommufd_ctx_from_fd(int fd);
bool iommufd_ctx_has_group(struct iommufd_ctx *ictx, struct iommu_group *group);

struct iommufd_device *iommufd_device_bind(struct iommufd_ctx *ictx, struct device *dev, unsigned int *id);
void iommufd_device_unbind(struct iommufd_device *idev);
int iommufd_device_attach(struct iommufd_device *idev, unsigned int *pt_id);
int iommufd_device_replace(struct iommufd_device *idev, unsigned int *pt_id);
void iommufd_device_detach(struct iommufd_device *idev);
struct iommufd_ctx *iommufd_device_to_ictx(struct iommufd_device *idev);
unsigned int iommufd_device_to_id(struct iommufd_device *idev);

struct iommufd_access *iommufd_access_create(struct iommufd_ctx *ictx, const struct iommufd_access_ops *ops, void *data,
					     unsigned int *id);
void iommufd_access_destroy(struct iommufd_access *access);
int iommufd_access_attach(struct iommufd_access *access, unsigned int ioas_id);
int iommufd_access_replace(struct iommufd_access *access, unsigned int ioas_id);
void iommufd_access_detach(struct iommufd_access *access);
int iommufd_access_pin_pages(struct iommufd_access *access, unsigned long iova, unsigned long length,
			     struct page **out_pages, unsigned int flags);
void iommufd_access_unpin_pages(struct iommufd_access *access, unsigned long iova, unsigned long length);
int iommufd_access_rw(struct iommufd_access *access, unsigned long iova, void *data, unsigned long length,
		      unsigned int flags);

int iommufd_vfio_compat_ioas_get_id(struct iommufd_ctx *ictx, unsigned int *out_ioas_id);
int iommufd_vfio_compat_ioas_create(struct iommufd_ctx *ictx);
int iommufd_vfio_compat_set_no_iommu(struct iommufd_ctx *ictx);
KX_DECLS_END
