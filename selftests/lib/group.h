/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way to a device that is older than its cdev: a container
 * (/dev/vfio/vfio), its group (/dev/vfio/N), and the device out of the group;
 * mappings are made by the container. All functions return 0 (or what they
 * say) or a negative errno.
 */
#ifndef SELFTESTS_LIB_GROUP_H
#define SELFTESTS_LIB_GROUP_H

#include <linux/types.h>

/* descriptors; the group is that of a PCI device, or of the device in sysfs */
int container_open(void);
int group_open(const char *bdf);
int group_open_at(const char *sysfs);
int group_get_device(int group, const char *name);

int group_set_container(int group, int container);
int group_unset_container(int group);
/* VFIO_GROUP_FLAGS_... */
int group_status(int group, __u32 *flags);

int container_set_iommu(int container, unsigned long type);
/* 1, 0 or a negative errno */
int container_has(int container, unsigned long extension);

/* flags: VFIO_DMA_MAP_FLAG_... */
int dma_map(int container, const void *va, __u64 size, __u64 iova, __u32 flags);
/* unmapped (bytes) may be NULL; it is set for failures too */
int dma_unmap(int container, __u64 iova, __u64 size, __u64 *unmapped);
int dma_unmap_all(int container, __u64 *unmapped);

#endif /* SELFTESTS_LIB_GROUP_H */
