/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The user interface of the mock IOMMU: one more call on /dev/iommu, IOMMU_TEST_CMD, with which a test makes mock
 * devices, looks into their page tables, and plays a kernel driver that accesses an IOAS. Only a system that tests
 * iommufd itself loads mock_iommu.ko.
 *
 * Numbers, names and layouts are those of Linux 7.3, with what only 6.12's has (MOCK_FLAGS_DEVICE_HUGE_IOVA), so that the
 * selftests of both kernels compile against this header. Where they want different things of the mock, its parameter
 * generation decides: 7.3 is the default, 6.12 the other. Slices are ours: fields that are 0 in those selftests, and
 * operations from 1 << 16 on.
 *
 * A slice is a part of a mock device whose DMA carries one PASID, its default PASID. Where an operation takes a PASID,
 * 0 is the slice's default one, and without PASID for any other device.
 *
 * Rules: as in <linux/iommufd.h>; `size` may be anything from the end of the last field on. An unknown op is EOPNOTSUPP.
 */
#ifndef _UAPI_IOMMUFD_TEST_H
#define _UAPI_IOMMUFD_TEST_H

#ifndef IOMMUFD_CXX_KERNEL
#include <linux/iommufd.h>
#include <linux/types.h>
#endif

enum {
	IOMMU_TEST_OP_ADD_RESERVED = 1,		/* id: IOAS */
	IOMMU_TEST_OP_MOCK_DOMAIN = 2,		/* id: IOAS or HWPT; a mock device is made and attached to it */
	IOMMU_TEST_OP_MD_CHECK_MAP = 3,		/* id: paging HWPT; is it the memory at uptr that is mapped? */
	IOMMU_TEST_OP_MD_CHECK_REFS = 4,	/* how often is the memory at uptr pinned? */
	IOMMU_TEST_OP_CREATE_ACCESS = 5,	/* id: IOAS */
	IOMMU_TEST_OP_DESTROY_ACCESS_PAGES = 6,	/* id: access fd */
	IOMMU_TEST_OP_ACCESS_PAGES = 7,		/* id: access fd */
	IOMMU_TEST_OP_ACCESS_RW = 8,		/* id: access fd */
	IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT = 9,
	IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE = 10,	/* id: mock device (out_stdev_id) */
	IOMMU_TEST_OP_ACCESS_REPLACE_IOAS = 11,	/* id: access fd */
	IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS = 12,	/* as MOCK_DOMAIN, with MOCK_FLAGS_DEVICE_* */
	IOMMU_TEST_OP_DIRTY = 13,		/* id: paging HWPT; play a device that writes */
	IOMMU_TEST_OP_MD_CHECK_IOTLB = 14,	/* id: nested HWPT */
	IOMMU_TEST_OP_TRIGGER_IOPF = 15,	/* play a device that asks for a page */
	IOMMU_TEST_OP_DEV_CHECK_CACHE = 16,	/* id: device (out_idev_id) */
	IOMMU_TEST_OP_TRIGGER_VEVENT = 17,	/* the guest is told of an event of a device */
	IOMMU_TEST_OP_PASID_ATTACH = 18,	/* id: mock device; one more PASID of it */
	IOMMU_TEST_OP_PASID_REPLACE = 19,	/* id: mock device */
	IOMMU_TEST_OP_PASID_DETACH = 20,	/* id: mock device; nothing attached is fine, too */
	IOMMU_TEST_OP_PASID_CHECK_HWPT = 21,	/* id: mock device; is that what the PASID is attached to? */
	IOMMU_TEST_OP_DMABUF_GET = 22,		/* the result is the descriptor of a new dma-buf */
	IOMMU_TEST_OP_DMABUF_REVOKE = 23,	/* of such a dma-buf */
	IOMMU_TEST_OP_DEVICE_NUMBER = 1 << 16,	/* id: mock device; how other descriptors call the device behind it */
	IOMMU_TEST_OP_TRANSLATE = (1 << 16) + 1, /* id: mock device; play DMA, many times: where does it go? */
};

/* The page tables of a paging domain, struct iommu_hwpt_selftest (generation=7.3) */
enum {
	MOCK_IOMMUPT_DEFAULT = 0,	/* pages of any size from 2 KiB on */
	MOCK_IOMMUPT_HUGE = 1,		/* pages of 1 MiB, and of PAGE_SIZE; translates 56 bits */
};

/* The IOVAs that a mock domain translates, and its pages: of all but MOCK_IOMMUPT_HUGE */
enum {
	MOCK_APERTURE_START = 1UL << 24,
	MOCK_APERTURE_LAST = (1UL << 31) - 1,
	MOCK_PAGE_SIZE = 2048,
	MOCK_HUGE_PAGE_SIZE = 512 * MOCK_PAGE_SIZE,
};

/* What mock devices have reserved, if the module's parameter reserved_region is set */
enum {
	MOCK_RESERVED_START = 1UL << 28,
	MOCK_RESERVED_LENGTH = 1UL << 20,
};

enum {
	MOCK_FLAGS_ACCESS_WRITE = 1 << 0,
	MOCK_FLAGS_ACCESS_SYZ = 1 << 16,	/* iova is (offset << 32 | n): in the n-th mapping of the IOAS */
};

enum {
	MOCK_ACCESS_RW_WRITE = 1 << 0,
	MOCK_ACCESS_RW_SLOW_PATH = 1 << 2,
};

enum {
	MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES = 1 << 0,
};

enum {
	MOCK_FLAGS_DEVICE_NO_DIRTY = 1 << 0,	/* cannot track dirty pages */
	MOCK_FLAGS_DEVICE_HUGE_IOVA = 1 << 1,	/* its domains have 1 MiB pages too; generation=6.12 alone */
	MOCK_FLAGS_DEVICE_PASID = 1 << 2,	/* has PASIDs of MOCK_PASID_WIDTH bits */
};

enum {
	MOCK_PASID_WIDTH = 20,
	/*
	 * The mock IOMMU's answers to this PASID: each second time that it is attached or replaced, without a detach in
	 * between, ENOMEM.
	 */
	IOMMU_TEST_PASID_RESERVED = 1024,
};

/* parent: not the id of a mock device (stdev), but its number; may belong to another descriptor */
#define MOCK_PARENT_NUMBER (1U << 31)

enum {
	MOCK_IOPF_NOT_LAST = 1 << 0, /* more requests of the group are to follow */
};

enum {
	MOCK_TRANSLATE_MAX = 1 << 14,
};

enum {
	MOCK_NESTED_DOMAIN_IOTLB_ID_MAX = 3,
	MOCK_NESTED_DOMAIN_IOTLB_NUM = 4,
};

/* What a vIOMMU's invalidations empty: a cache of a device or slice */
enum {
	MOCK_DEV_CACHE_ID_MAX = 3,
	MOCK_DEV_CACHE_NUM = 4,
};

struct iommu_test_cmd {
	__u32 size;
	__u32 op;
	__u32 id;
	__u32 __reserved;
	union {
		struct {
			__aligned_u64 start;
			__aligned_u64 length;
		} add_reserved;
		struct {
			__u32 out_stdev_id;
			__u32 out_hwpt_id;
			__u32 out_idev_id;
			__u32 pasid;	/* not 0, or parent not 0: a slice with this default PASID */
			__u32 parent;	/* of which device, or 0: a new one that has PASIDs */
		} mock_domain;
		struct {
			__u32 out_stdev_id;
			__u32 out_hwpt_id;
			__u32 out_idev_id;
			__u32 dev_flags;
			__u32 parent;	/* not 0: no new device, but that one, as a whole; no dev_flags */
		} mock_domain_flags;
		struct {
			__u32 pt_id;
		} mock_domain_replace;
		struct {
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
		} check_map;
		struct {
			__aligned_u64 length;
			__aligned_u64 uptr;
			__u32 refs;
		} check_refs;
		struct {
			__u32 out_access_fd;
			__u32 flags;
		} create_access;
		struct {
			__u32 access_pages_id;
		} destroy_access_pages;
		struct {
			__u32 flags;
			__u32 out_access_pages_id;
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
		} access_pages;
		struct {
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
			__u32 flags;
		} access_rw;
		struct {
			__u32 limit;
		} memory_limit;
		struct {
			__u32 ioas_id;
		} access_replace_ioas;
		struct {
			__u32 flags;
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 page_size;
			__aligned_u64 uptr;
			__aligned_u64 out_nr_dirty;
		} dirty;
		struct {
			__u32 id;
			__u32 iotlb;
		} check_iotlb;
		struct {
			__u32 dev_id;
			__u32 pasid;
			__u32 grpid;
			__u32 perm;
			__u64 addr;
			__u32 flags;	/* MOCK_IOPF_* */
		} trigger_iopf;
		struct {
			__u32 id;	/* up to MOCK_DEV_CACHE_ID_MAX */
			__u32 cache;	/* what is expected there */
		} check_dev_cache;
		struct {
			__u32 dev_id;
		} trigger_vevent;
		struct {
			__u32 pasid;
			__u32 pt_id;	/* in: IOAS or HWPT, out: HWPT */
		} pasid_attach;
		struct {
			__u32 pasid;
			__u32 pt_id;	/* as above */
		} pasid_replace;
		struct {
			__u32 pasid;
		} pasid_detach;
		struct {
			__u32 pasid;
			__u32 hwpt_id;	/* 0: none */
		} pasid_check;
		struct {
			__u32 length;	/* bytes, rounded up to whole pages: 1 to 512 */
			__u32 open_flags;
		} dmabuf_get;
		struct {
			__s32 dmabuf_fd;
			__u32 revoked;	/* 0: may be mapped again. What was mapped stays unmapped. */
		} dmabuf_revoke;
		struct {
			__u32 out_number;
		} device_number;
		/* Of count DMAs to iova, how many got to the first page of memory at uptr, how many to the second? */
		struct {
			__u32 pasid;
			__u32 count;	/* up to MOCK_TRANSLATE_MAX */
			__aligned_u64 iova;
			__aligned_u64 uptr;
			__u32 out_first;
			__u32 out_second;
		} translate;
	};
	__u32 last;
};
#define IOMMU_TEST_CMD _IO(IOMMUFD_TYPE, IOMMUFD_CMD_BASE + 32)

/* GET_HW_INFO of a mock device */
#define IOMMU_HW_INFO_TYPE_SELFTEST   0xfeedbeef
#define IOMMU_HW_INFO_SELFTEST_REGVAL 0xdeadbeef

struct iommu_test_hw_info {
	__u32 flags;
	__u32 test_reg;
};

/*
 * HWPT_ALLOC on a mock device: what the four IOTLB entries of a nested HWPT hold at first, or the page table of a paging
 * HWPT. As of iotlb alone it may be shorter.
 */
#define IOMMU_HWPT_DATA_SELFTEST 0xdead
#define IOMMU_TEST_IOTLB_DEFAULT 0xbadbeef

struct iommu_hwpt_selftest {
	__u32 iotlb;
	__u32 pagetable_type;	/* MOCK_IOMMUPT_* */
};

/* HWPT_INVALIDATE of a nested HWPT: clears one IOTLB entry, or all */
#define IOMMU_HWPT_INVALIDATE_DATA_SELFTEST	    0xdeadbeef
#define IOMMU_HWPT_INVALIDATE_DATA_SELFTEST_INVALID 0xdadbeef
#define IOMMU_TEST_INVALIDATE_FLAG_ALL		    (1 << 0)

struct iommu_hwpt_invalidate_selftest {
	__u32 flags;
	__u32 iotlb_id;
};

/* VIOMMU_ALLOC: a vIOMMU; without data there is nothing to mmap() */
#define IOMMU_VIOMMU_TYPE_SELFTEST 0xdeadbeef

struct iommu_viommu_selftest {
	__u32 in_data;	/* the first word of what is mapped */
	__u32 out_data;	/* the same again */
	__aligned_u64 out_mmap_offset;
	__aligned_u64 out_mmap_length;
};

/* HWPT_INVALIDATE of a vIOMMU: clears one cache entry of a vDEVICE, or all */
#define IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST	      0xdeadbeef
#define IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST_INVALID 0xdadbeef
#define IOMMU_TEST_DEV_CACHE_DEFAULT		      0xbaddad

struct iommu_viommu_invalidate_selftest {
	__u32 flags;	/* IOMMU_TEST_INVALIDATE_FLAG_ALL */
	__u32 vdev_id;
	__u32 cache_id;
};

/* VEVENTQ_ALLOC: the events of OP_TRIGGER_VEVENT */
#define IOMMU_VEVENTQ_TYPE_SELFTEST 0xbeefbeef

struct iommu_viommu_event_selftest {
	__u32 virt_id;
};

/* HW_QUEUE_ALLOC: each but the first needs the one before it */
#define IOMMU_HW_QUEUE_TYPE_SELFTEST 0xdeadbeef
#define IOMMU_TEST_HW_QUEUE_MAX	     2

#endif /* _UAPI_IOMMUFD_TEST_H */
