/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI device behind VFIO: found by its ids, handed to vfio-pci, opened
 * through its own character device (/dev/vfio/devices/vfioN). All functions
 * return 0 (or what they say) or a negative errno.
 */
#ifndef SELFTESTS_LIB_VFIO_H
#define SELFTESTS_LIB_VFIO_H

#include <linux/types.h>
#include <stddef.h>

struct vfio_dev {
	int fd;
	__u32 dev_id;  /* object id in the iommufd, after vfio_bind() */
	char bdf[16];  /* 0000:00:10.0 */
	char path[64]; /* /dev/vfio/devices/vfio0 */
};

/* The index-th device with these ids, in address order; -ENODEV if none. */
int vfio_find(unsigned int vendor, unsigned int device, int index, char bdf[16]);

/* Makes vfio-pci the driver of the device; nothing to do when it already is. */
int vfio_take(const char *bdf);

/* The number of the IOMMU group that the device is in, or a negative errno. */
int iommu_group_of(const char *bdf);

/* modprobe */
int module_load(const char *name);
/* Writes text into a file of /sys. */
int attr_write(const char *path, const char *text);

int vfio_open(struct vfio_dev *dev, const char *bdf);
/* any device that VFIO has, by its folder in /sys */
int vfio_open_at(struct vfio_dev *dev, const char *sysfs);
void vfio_close(struct vfio_dev *dev);

int vfio_bind(struct vfio_dev *dev, int iommufd);
/* pt: an IOAS or a HWPT; hwpt (may be NULL): the one that is used. A second
 * attach replaces the first. */
int vfio_attach(struct vfio_dev *dev, __u32 pt, __u32 *hwpt);
int vfio_detach(struct vfio_dev *dev);

/* Lets the device start transactions (bus master); needs a bound device. */
int vfio_enable_dma(struct vfio_dev *dev);

/* A descriptor that turns readable when the kernel wants the device back. */
int vfio_request_eventfd(struct vfio_dev *dev);

/* Maps a BAR; NULL with errno set when that fails. The mapping keeps the
 * device open: munmap it as well. */
void *vfio_map_bar(struct vfio_dev *dev, unsigned int bar, size_t *size);
/* The same for a part of it, in whole pages. */
void *vfio_map_bar_part(struct vfio_dev *dev, unsigned int bar, size_t offset, size_t size);

/* MSI-X vector i signals eventfds[i]. */
int vfio_msix_enable(struct vfio_dev *dev, const int *eventfds, unsigned int num);

#endif /* SELFTESTS_LIB_VFIO_H */
