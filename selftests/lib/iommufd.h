/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One function per iommufd ioctl. All return 0 or a negative errno, so a test
 * can say EXPECT_EQ(-ENOENT, ioas_unmap(...)).
 */
#ifndef SELFTESTS_LIB_IOMMUFD_H
#define SELFTESTS_LIB_IOMMUFD_H

#include <linux/iommufd.h>
#include <stdbool.h>

#define MAP_READ  IOMMU_IOAS_MAP_READABLE
#define MAP_WRITE IOMMU_IOAS_MAP_WRITEABLE
#define MAP_RW    (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)

/* the descriptor, or a negative errno */
int iommufd_open(void);

/* any ioctl, for calls that are wrong on purpose */
int iommufd_call(int fd, unsigned long cmd, void *arg);

int object_destroy(int fd, __u32 id);

int ioas_alloc(int fd, __u32 *id);
/* *num: entries in the array, then entries there are; align may be NULL */
int ioas_iova_ranges(int fd, __u32 ioas, struct iommu_iova_range *ranges, __u32 *num, __u64 *align);
int ioas_allow_iovas(int fd, __u32 ioas, const struct iommu_iova_range *ranges, __u32 num);

/* access: MAP_READ, MAP_WRITE or both */
int ioas_map_fixed(int fd, __u32 ioas, const void *va, __u64 length, __u64 iova, __u32 access);
int ioas_map_auto(int fd, __u32 ioas, const void *va, __u64 length, __u64 *iova, __u32 access);
/* start: in the file behind the descriptor */
int ioas_map_file_fixed(int fd, __u32 ioas, int file, __u64 start, __u64 length, __u64 iova, __u32 access);
int ioas_map_file_auto(int fd, __u32 ioas, int file, __u64 start, __u64 length, __u64 *iova, __u32 access);
int change_process(int fd);
int ioas_copy_fixed(int fd, __u32 dst, __u64 dst_iova, __u32 src, __u64 src_iova, __u64 length, __u32 access);
int ioas_copy_auto(int fd, __u32 dst, __u64 *dst_iova, __u32 src, __u64 src_iova, __u64 length, __u32 access);
/* unmapped (bytes) may be NULL */
int ioas_unmap(int fd, __u32 ioas, __u64 iova, __u64 length, __u64 *unmapped);
int ioas_unmap_all(int fd, __u32 ioas, __u64 *unmapped);

int option_set(int fd, __u32 option, __u32 object, __u64 value);
int option_get(int fd, __u32 option, __u32 object, __u64 *value);

int vfio_ioas_get(int fd, __u32 *ioas);
int vfio_ioas_set(int fd, __u32 ioas);
int vfio_ioas_clear(int fd);

int hwpt_alloc(int fd, __u32 dev, __u32 pt, __u32 flags, __u32 *hwpt);
/* the same, with a fault queue for the page requests of what is attached to it */
int hwpt_alloc_with_queue(int fd, __u32 dev, __u32 pt, __u32 queue, __u32 *hwpt);
/* fills out; the typed data goes to buf */
int get_hw_info(int fd, __u32 dev, void *buf, __u32 len, struct iommu_hw_info *out);

/* queue: the descriptor to read, write and poll */
int fault_queue_alloc(int fd, __u32 *id, int *queue);

int dirty_tracking_set(int fd, __u32 hwpt, bool on);
/* bits: one for each page_size bytes, only ever set by the call */
int dirty_bitmap_get(int fd, __u32 hwpt, __u32 flags, __u64 iova, __u64 length, __u64 page_size, void *bits);

#endif /* SELFTESTS_LIB_IOMMUFD_H */
