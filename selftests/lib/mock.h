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

/*
 * Loads mock_iommu.ko as it is by default, or for the selftests of this Linux release ("6.12", "7.3"); it is loaded anew
 * if it is there for another, which nobody may be using. False: there is none, so the operations are those of the
 * kernel's own iommufd.
 */
bool mock_load(void);
bool mock_load_as(const char *generation);
/* A number that mock_iommu.ko counts, by the name of its module parameter; -1 on the kernel's own iommufd. */
long mock_counter(const char *name);
/* Switches such a parameter; -ENOENT on the kernel's own iommufd. */
int mock_switch(const char *name, bool on);
int mock_set(const char *name, int value);

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

/*
 * The rest of the group is ours, not the kernel's. parent: NULL, or whose device the new one is to be of; its fd is the
 * first. A slice without a parent gets a new one.
 */
int mock_slice(int fd, __u32 pt, __u32 pasid, const struct mock_dev *parent, struct mock_dev *dev);
/* The same by parent, an id or MOCK_PARENT_NUMBER and the number of any descriptor's device; 0: none */
int mock_slice_of(int fd, __u32 pt, __u32 pasid, __u32 parent, struct mock_dev *dev);
/* All of that device */
int mock_whole(int fd, __u32 pt, __u32 parent, struct mock_dev *dev);
/* For the above: MOCK_PARENT_NUMBER and the number of dev, 0 when it has none */
__u32 mock_parent(int fd, const struct mock_dev *dev);
/* hwpt: where the PASID is then; may be NULL */
int mock_pasid_attach(int fd, const struct mock_dev *dev, __u32 pasid, __u32 pt, __u32 *hwpt);
int mock_pasid_replace(int fd, const struct mock_dev *dev, __u32 pasid, __u32 pt, __u32 *hwpt);
int mock_pasid_detach(int fd, const struct mock_dev *dev, __u32 pasid);
/* hwpt: 0 for none; pasid: 0 for the default one */
int mock_pasid_is_at(int fd, const struct mock_dev *dev, __u32 pasid, __u32 hwpt);
int mock_pasid_request(int fd, const struct mock_dev *dev, __u32 pasid, __u32 group, __u64 addr, bool last);
/* count DMAs to iova: how many get to the first and to the second page at memory */
int mock_dma(int fd, const struct mock_dev *dev, __u32 pasid, __u32 count, __u64 iova, const void *memory,
	     __u32 hits[2]);

/* The descriptor of a dma-buf that tells where its memory is; it can be mapped with mmap() to compare. */
int mock_dmabuf(int fd, __u32 length);
/* Takes the memory away, or gives it back to new mappings. */
int mock_dmabuf_revoke(int fd, int dmabuf, bool revoked);

/* A page table of that MOCK_IOMMUPT_* for an IOAS */
int mock_hwpt_alloc(int fd, __u32 idev, __u32 ioas, __u32 flags, __u32 table, __u32 *hwpt);
/* Is that what one of MOCK_DEV_CACHE_NUM slots of a device's or slice's cache holds? */
int mock_check_cache(int fd, __u32 idev, __u32 slot, __u32 value);
/* An event of a device or slice, for its guest */
int mock_event(int fd, __u32 idev);
/* A nested HWPT on `parent`, or on a vIOMMU; queue: 0, or the id of its fault queue */
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
int access_rw(int fd, __u32 access, __u64 iova, __u64 length, void *va, __u32 flags);

#endif /* SELFTESTS_LIB_MOCK_H */
