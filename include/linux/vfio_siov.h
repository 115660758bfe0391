/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vfio_siov.ko offers to parent drivers: those that carve slices out of their PCI function, whose DMA all carries
 * one PASID, and give them to user space as VFIO devices. docs/siov.md tells how to write one. All functions are
 * exported in the namespace IOMMUFD; they may sleep, and return 0 or a negative errno unless it says otherwise.
 *
 * A slice is used by its character device and an iommufd alone: 6.12's VFIO makes a group for it, too (unless it is
 * built without groups), and the library refuses both ways through that with EPERM.
 */
#ifndef _LINUX_VFIO_SIOV_H
#define _LINUX_VFIO_SIOV_H

#ifndef __cplusplus
#include <linux/types.h>
#include <linux/vfio.h>
#else
#include "bridge/bridge.h"
#endif

struct device;
struct iommufd_ctx;
struct iommufd_pause_ops;
struct vfio_device;

#ifdef __cplusplus
extern "C" {
#endif

/* How long DMA was held by the last replace of a slice. The library's. */
struct vfio_siov_pause {
	unsigned long long started_ns;
	unsigned int last_us;
};

#ifndef __cplusplus
/* First in the parent driver's own structure, for vfio_alloc_device(). */
struct vfio_siov_device {
	struct vfio_device vdev;

	/* Set by the parent driver before it registers the slice, and constant until it has unregistered it: */
	struct device *parent; /* whose driver the caller is */
	unsigned int pasid;    /* that all DMA of the slice carries; nobody else's, and never shown to user space */
	const struct iommufd_pause_ops *pause; /* <linux/iommufd_pasid.h>; may be NULL */
	void *pause_data;

	struct vfio_siov_pause last; /* the library's */
};
#else
struct vfio_siov_device;
#endif

/*
 * Can this device be a parent? To be asked in the parent driver's probe. An error comes with one line in the log.
 *   EINVAL  the device has no driver, or one that leaves its DMA to user space (driver_managed_dma)
 *   ENODEV  no IOMMU in front of it, or one without PASIDs, or PASIDs are not enabled in the device
 */
int vfio_siov_check_parent(struct device *parent);

/*
 * Makes the slice a VFIO device. Its vfio_device_ops have the library's bind_iommufd, unbind_iommufd, attach_ioas and
 * detach_ioas, and an open_device that begins with vfio_siov_open_device(). Errors: those of vfio_siov_check_parent(),
 * and
 *   EINVAL  other operations than these; PASID 0
 *   what vfio_register_emulated_iommu_dev() returned
 */
int vfio_register_pasid_iommu_dev(struct vfio_siov_device *slice);
/* Waits until the slice is closed; calls the request operation now and every 10 s. */
void vfio_unregister_pasid_iommu_dev(struct vfio_siov_device *slice);

/* For the slice's vfio_device_ops. A second attach replaces the first. */
int vfio_siov_bind_iommufd(struct vfio_device *vdev, struct iommufd_ctx *ictx, unsigned int *id);
void vfio_siov_unbind_iommufd(struct vfio_device *vdev);
int vfio_siov_attach_ioas(struct vfio_device *vdev, unsigned int *pt_id);
void vfio_siov_detach_ioas(struct vfio_device *vdev);

/* EPERM: the opener has no iommufd (a legacy container of VFIO's) */
int vfio_siov_open_device(struct vfio_device *vdev);

/* How many microseconds DMA was held by the last replace, 0: it never was. Any context. */
unsigned int vfio_siov_last_pause_us(const struct vfio_siov_device *slice);

/*
 * The slice's memory, or a part of it, as a dma-buf that an owner of other devices can make a DMA target of
 * (<linux/iommufd_dmabuf.h>, and <uapi/linux/vfio_dma_buf.h> for user space). pa: physical address; length: bytes; both
 * multiples of the page size. Returns a new descriptor. usable: can it be mapped now? ENOTTY: the kernel has no dma-bufs.
 *
 * The parent driver keeps, by a lock of its own, these calls for one slice apart. vfio_siov_allow_exports() is for all
 * the slice's dma-bufs: whether they can be mapped from now on. What is mapped is unmapped first in any case: when it
 * returns no IOMMU translates to the memory. vfio_siov_end_exports() is for close_device, and for a slice that is taken
 * back: the same, and the dma-bufs are no longer the slice's.
 */
int vfio_siov_export(struct vfio_siov_device *slice, unsigned long long pa, unsigned long length,
		     unsigned int open_flags, bool usable);
void vfio_siov_allow_exports(struct vfio_siov_device *slice, bool usable);
void vfio_siov_end_exports(struct vfio_siov_device *slice);

/*
 * Slices that are emulated in software: no hardware does DMA for them, so they have no PASID and no parent at an IOMMU.
 * Their driver moves the owner's memory itself, by vfio_dma_rw() and vfio_pin_pages(), which end in an access object of
 * the iommufd that the owner has bound: it reaches what is mapped in the IOAS that the slice is attached to, and nothing
 * else. A driver that pins has a dma_unmap operation and has unpinned the range when that returns. To the owner there is no
 * difference: cdev and iommufd only, attach, replace, detach; EPERM by group and container.
 *
 * The vfio_device_ops have the five operations below, open_device beginning with vfio_siov_emulated_open_device().
 *   EINVAL  other operations than these
 *   what vfio_register_emulated_iommu_dev() returned
 */
int vfio_register_emulated_slice(struct vfio_device *vdev);
/* As vfio_unregister_pasid_iommu_dev() */
void vfio_unregister_emulated_slice(struct vfio_device *vdev);

int vfio_siov_emulated_bind_iommufd(struct vfio_device *vdev, struct iommufd_ctx *ictx, unsigned int *id);
void vfio_siov_emulated_unbind_iommufd(struct vfio_device *vdev);
/* An IOAS: there is no HWPT of such a slice. */
int vfio_siov_emulated_attach_ioas(struct vfio_device *vdev, unsigned int *ioas);
void vfio_siov_emulated_detach_ioas(struct vfio_device *vdev);
/* EPERM: the opener has no iommufd (a legacy container of VFIO's) */
int vfio_siov_emulated_open_device(struct vfio_device *vdev);

#ifdef __cplusplus
}
#endif

#endif /* _LINUX_VFIO_SIOV_H */
