/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * A part of a VFIO device's memory as a dma-buf, which IOMMU_IOAS_MAP_FILE makes a DMA target of other devices. Numbers
 * and layout are those of Linux 7.3's <linux/vfio.h>; 6.12's does not have them. Of the devices here, slices that show
 * their page for mapping (docs/siov.md) have it.
 */
#ifndef _UAPI_VFIO_DMA_BUF_H
#define _UAPI_VFIO_DMA_BUF_H

#include <linux/types.h>

#ifndef VFIO_DEVICE_FEATURE_DMA_BUF
/*
 * VFIO_DEVICE_FEATURE with VFIO_DEVICE_FEATURE_GET: what the ioctl returns is a new descriptor. open_flags: O_CLOEXEC and
 * the like; flags: 0. The ranges are in bytes, multiples of the page size, within the region; here there is one.
 *
 * The dma-buf can be mapped while the device's memory is enabled (the bit in PCI's command register). A reset, disabled
 * memory and the end of the device unmap it wherever it is mapped, for good; after the first two it can be mapped anew.
 *
 * EINVAL: flags, the number of ranges, a range; ENODEV: not a BAR, or the device is gone; ENOTTY: no such feature.
 */
#define VFIO_DEVICE_FEATURE_DMA_BUF 11

struct vfio_region_dma_range {
	__u64 offset;
	__u64 length;
};

struct vfio_device_feature_dma_buf {
	__u32 region_index;
	__u32 open_flags;
	__u32 flags;
	__u32 nr_ranges;
	struct vfio_region_dma_range dma_ranges[];
};
#endif

#endif /* _UAPI_VFIO_DMA_BUF_H */
