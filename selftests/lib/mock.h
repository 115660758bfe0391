/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One function per operation of IOMMU_TEST_CMD: mock devices, and kernel drivers that access an IOAS. All return 0 or a
 * negative errno. They work on our mock_iommu.ko and on the kernel's own iommufd with IOMMUFD_TEST; the latter needs a
 * machine without an IOMMU (./vm run --in-tree --append 'intel_iommu=off intremap=off').
 */
#ifndef SELFTESTS_LIB_MOCK_H
#define SELFTESTS_LIB_MOCK_H

#include <stdbool.h>

#include "../../include/uapi/linux/iommufd_test.h"

/* Loads mock_iommu.ko. False: there is none, so the operations are those of the kernel's own iommufd. */
bool mock_load(void);
/* A number that mock_iommu.ko counts, by the name of its module parameter; -1 on the kernel's own iommufd. */
long mock_counter(const char *name);
/* Switches such a parameter; -ENOENT on the kernel's own iommufd. */
int mock_switch(const char *name, bool on);

int mock_cmd(int fd, struct iommu_test_cmd *cmd, __u32 op, __u32 id);

struct mock_dev {
	__u32 stdev; /* for mock_replace() and object_destroy() */
	__u32 idev;  /* the device */
	__u32 hwpt;  /* what it is attached to, at first */
};

/* A new device, attached to pt. flags: MOCK_FLAGS_DEVICE_* */
int mock_device(int fd, __u32 pt, __u32 flags, struct mock_dev *dev);
int mock_replace(int fd, const struct mock_dev *dev, __u32 pt);
/* The device asks for a page. */
int mock_page_request(int fd, const struct mock_dev *dev, __u32 group, __u64 addr);

/* A nested HWPT on `parent`; queue: 0, or the id of its fault queue */
int mock_nested_alloc(int fd, __u32 idev, __u32 parent, __u32 queue, __u32 *hwpt);

/* Are the pages at va what iova leads to? And are they pinned that often? */
int mock_check_map(int fd, __u32 hwpt, __u64 iova, __u64 length, const void *va);
int mock_check_refs(int fd, const void *va, __u64 length, __u32 refs);
int mock_reserve(int fd, __u32 ioas, __u64 start, __u64 length);
/* A device writes the pages whose bit is set; count (may be NULL): of those that are mapped */
int mock_make_dirty(int fd, __u32 hwpt, __u64 iova, __u64 length, __u64 page_size, const void *bits, __u64 *count);

/* access: a descriptor */
int access_create(int fd, __u32 ioas, __u32 flags, __u32 *access);
int access_replace(int fd, __u32 access, __u32 ioas);
/* va: may be NULL, else the pages have to be these; id: for access_unpin() */
int access_pin(int fd, __u32 access, __u64 iova, __u64 length, const void *va, __u32 flags, __u32 *id);
int access_unpin(int fd, __u32 access, __u32 id);
/* flags: MOCK_ACCESS_RW_* */
int access_rw(int fd, __u32 access, __u64 iova, __u64 length, const void *va, __u32 flags);

#endif /* SELFTESTS_LIB_MOCK_H */
