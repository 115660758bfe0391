/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One function per iommufd ioctl about a guest's IOMMU. All return 0 or a negative errno.
 */
#ifndef SELFTESTS_LIB_VIOMMU_H
#define SELFTESTS_LIB_VIOMMU_H

#include <linux/iommufd.h>

/* parent: a HWPT allocated as a nest parent; data (may be NULL): as the type defines */
int viommu_alloc(int fd, __u32 dev, __u32 parent, __u32 type, void *data, __u32 length, __u32 *viommu);
int vdevice_alloc(int fd, __u32 viommu, __u32 dev, __u64 virt_id, __u32 *vdevice);
/* queue: the descriptor to read and poll */
int veventq_alloc(int fd, __u32 viommu, __u32 type, __u32 depth, __u32 *id, int *queue);
/* base, length: in the guest's memory, bytes */
int hw_queue_alloc(int fd, __u32 viommu, __u32 type, __u32 index, __u64 base, __u64 length, __u32 *id);

/* pt: a nest parent or a vIOMMU, or for flags and data of its own any other that HWPT_ALLOC takes */
int hwpt_alloc_typed(int fd, __u32 dev, __u32 pt, __u32 flags, __u32 type, const void *data, __u32 length, __u32 *hwpt);
/* target: a nested HWPT or a vIOMMU; *count: entries in the array, then entries that were done */
int invalidate(int fd, __u32 target, __u32 type, const void *entries, __u32 length, __u32 *count);

#endif /* SELFTESTS_LIB_VIOMMU_H */
