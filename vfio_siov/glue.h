/* SPDX-License-Identifier: GPL-2.0-only */
/* Where C and C++ of vfio_siov.ko meet: sx_* is C for C++ to call, siov_* is C++ behind the exported functions. */
#pragma once
#include "bridge/bridge.h"
#include "include/linux/vfio_siov.h"

struct iommufd_device;

KX_DECLS_BEGIN
/* The parent, as the driver core, PCI and the IOMMU know it */
bool sx_parent_has_driver(struct device *parent);
bool sx_parent_dma_is_users(struct device *parent);
unsigned int sx_parent_max_pasids(struct device *parent);
bool sx_parent_pasids_enabled(struct device *parent);
void sx_parent_refused(struct device *parent, const char *why);

/* Fields of the slice, which C++ does not know the layout of. iommufd_device and attached: VFIO's device set lock */
struct device *sx_parent(const struct vfio_siov_device *slice);
unsigned int sx_pasid(const struct vfio_siov_device *slice);
bool sx_has_our_ops(const struct vfio_siov_device *slice);
bool sx_cdev_opened(const struct vfio_siov_device *slice);
struct iommufd_device *sx_idev(const struct vfio_siov_device *slice);
void sx_set_idev(struct vfio_siov_device *slice, struct iommufd_device *idev);
bool sx_attached(const struct vfio_siov_device *slice);
void sx_set_attached(struct vfio_siov_device *slice, bool attached);
const struct iommufd_pause_ops *sx_pause_ops(const struct vfio_siov_device *slice);
void *sx_pause_data(const struct vfio_siov_device *slice);
struct vfio_siov_pause *sx_last_pause(struct vfio_siov_device *slice);

int sx_bind_pasid(struct iommufd_ctx *ictx, struct device *parent, unsigned int pasid, struct iommufd_device **idev,
		  unsigned int *id);
int sx_register(struct vfio_siov_device *slice);
unsigned long long sx_now_ns(void);
void sx_log_pause(struct vfio_siov_device *slice, unsigned int us);

/* glue_exports.c: the lock of the list of dma-bufs */
void sx_exports_lock(void);
void sx_exports_unlock(void);

/* C++ */
int siov_check_parent(struct device *parent);
int siov_register(struct vfio_siov_device *slice);
int siov_bind(struct vfio_siov_device *slice, struct iommufd_ctx *ictx, unsigned int *id);
void siov_unbind(struct vfio_siov_device *slice);
int siov_attach(struct vfio_siov_device *slice, unsigned int *pt_id);
void siov_detach(struct vfio_siov_device *slice);
int siov_open(struct vfio_siov_device *slice);
int siov_export(struct vfio_siov_device *slice, unsigned long long pa, unsigned long length, unsigned int open_flags,
		bool usable);
void siov_allow_exports(struct vfio_siov_device *slice, bool usable);
void siov_end_exports(struct vfio_siov_device *slice);
void siov_export_released(void *data);
int siov_export_range(void *data, unsigned long long *pa, unsigned long long *length);

/* Slices without PASID, glue_emulated.c and emulated.cpp */
bool sx_emulated_has_our_ops(const struct vfio_device *vdev);
bool sx_emulated_cdev_opened(const struct vfio_device *vdev);
bool sx_emulated_bound(const struct vfio_device *vdev);
int sx_emulated_register(struct vfio_device *vdev);
int sx_emulated_attach(struct vfio_device *vdev, unsigned int *ioas);
int siov_emulated_register(struct vfio_device *vdev);
int siov_emulated_attach(struct vfio_device *vdev, unsigned int *ioas);
int siov_emulated_open(struct vfio_device *vdev);
KX_DECLS_END
