/* SPDX-License-Identifier: GPL-2.0-only */
/* VFIO's container calls on /dev/iommu, and what is no ioctl: the functions are in system_calls.c. */
#include <linux/vfio.h>

#include "describe.h"
#include "system_calls.h"

#define SYSTEM(id, f, w) static const struct desc id = {#id, 0, 0, 0, w, FIELDS(id), f}

DESC(vfio_api_version, FD);
SYSTEM(vfio_api_version, sys_vfio_api_version, 1);
DESC(vfio_check_extension, FD, P_INT("extension", 1, 3, 4, 8, 9, 6, 0, 99));
SYSTEM(vfio_check_extension, sys_vfio_check_extension, 1);
DESC(vfio_set_iommu, FD, P_INT("type", 3, 1, 8, 0, 99));
SYSTEM(vfio_set_iommu, sys_vfio_set_iommu, 3);

DESC(vfio_get_info, FD, S_SIZE, S_INT(vfio_iommu_type1_info, flags, 0, 1));
static const struct desc vfio_get_info = {
	"vfio_get_info", VFIO_IOMMU_GET_INFO, sizeof(struct vfio_iommu_type1_info), 0, 2, FIELDS(vfio_get_info), NULL};

DESC(vfio_map_dma, FD, S_SIZE, S_FLAGS(vfio_iommu_type1_dma_map, flags, 3, 1, 2, 4, 8),
     S_KIND(vfio_iommu_type1_dma_map, vaddr, VA), S_KIND(vfio_iommu_type1_dma_map, iova, IOVA),
     S_KIND(vfio_iommu_type1_dma_map, size, LENGTH));
static const struct desc vfio_map_dma = {
	"vfio_map_dma", VFIO_IOMMU_MAP_DMA, sizeof(struct vfio_iommu_type1_dma_map), 0, 4, FIELDS(vfio_map_dma), NULL};

DESC(vfio_unmap_dma, FD, S_SIZE, S_FLAGS(vfio_iommu_type1_dma_unmap, flags, 0, 2, 1, 4),
     S_KIND(vfio_iommu_type1_dma_unmap, iova, IOVA), S_KIND(vfio_iommu_type1_dma_unmap, size, LENGTH));
static const struct desc vfio_unmap_dma = {"vfio_unmap_dma", VFIO_IOMMU_UNMAP_DMA,
					   sizeof(struct vfio_iommu_type1_dma_unmap), 0, 3, FIELDS(vfio_unmap_dma), NULL};

/* /dev/iommu, /dev/vfio/vfio */
DESC(open_iommu, P_INT("node", 0, 1), P_OUT("iommu", R_IOMMU));
SYSTEM(open_iommu, sys_open_iommu, 3);
DESC(close_iommu, FD);
SYSTEM(close_iommu, sys_close, 2);
DESC(close_queue, P_IN2("fd", R_FAULTFD, R_VEVENTFD));
SYSTEM(close_queue, sys_close, 3);
DESC(close_access, P_IN2("fd", R_ACCESS, R_DMABUF));
SYSTEM(close_access, sys_close, 3);

DESC(read_faults, P_IN("fd", R_FAULTFD), P_INT("length", 40, 80, 0, 39, 400), P_OUT("cookie", R_COOKIE));
SYSTEM(read_faults, sys_read_faults, 5);
DESC(write_responses, P_IN("fd", R_FAULTFD), P_IN("cookie", R_COOKIE), P_INT("code", 0, 1, 2, 0xffffffff),
     P_INT("length", 8, 16, 0, 7));
SYSTEM(write_responses, sys_write_responses, 4);
DESC(read_events, P_IN("fd", R_VEVENTFD), P_INT("length", 64, 8, 12, 7, 0, 11, 24));
SYSTEM(read_events, sys_read_events, 5);
DESC(poll_queue, P_IN2("fd", R_FAULTFD, R_VEVENTFD));
SYSTEM(poll_queue, sys_poll, 3);

/* prot and flags: read and write, shared; 1: private, 2: executable, 4: fixed on top of another one */
DESC(mmap_region, FD, P_IN("offset", R_REGION), P_INT("length", 0x2000, 0x1000, 0, 0x3000, 0x1001), P_INT("how", 0, 1, 2),
     P_OUT("mapped", R_MAPPED));
SYSTEM(mmap_region, sys_mmap_region, 4);
DESC(munmap_region, P_IN("mapped", R_MAPPED), P_INT("length", 0x2000, 0x1000));
SYSTEM(munmap_region, sys_munmap_region, 3);
DESC(touch_region, P_IN("mapped", R_MAPPED), P_INT("offset", 0, 0x1000));
SYSTEM(touch_region, sys_touch_region, 2);

DESC(munmap, P_KIND("va", VA), P_KIND("length", LENGTH));
SYSTEM(munmap, sys_munmap, 3);
/* private, shared memory, read-only */
DESC(mmap, P_KIND("va", VA), P_KIND("length", LENGTH), P_INT("how", 0, 1, 2));
SYSTEM(mmap, sys_mmap, 3);
DESC(madvise, P_KIND("va", VA), P_KIND("length", LENGTH), P_INT("advice", 4, 8, 14, 15, 21, 9));
SYSTEM(madvise, sys_madvise, 3);
DESC(mprotect, P_KIND("va", VA), P_KIND("length", LENGTH), P_INT("prot", 1, 0, 3));
SYSTEM(mprotect, sys_mprotect, 2);
DESC(memlock, P_INT("limit", 0x10000, 0, 0x1000, 0x400000));
SYSTEM(memlock, sys_memlock, 1);
/* A child that has all descriptors and memory, for a while */
DESC(fork_child, P_INT("milliseconds", 1, 0, 5, 20));
SYSTEM(fork_child, sys_fork_child, 2);
DESC(nap, P_INT("microseconds", 100, 1000, 3000));
SYSTEM(nap, sys_nap, 1);

DESC(memfd, P_INT("pages", 16, 1, 0, 64), P_INT("huge", 0, 1), P_OUT("memfd", R_MEMFD));
SYSTEM(memfd, sys_memfd, 4);
DESC(ftruncate, P_IN("fd", R_MEMFD), P_KIND("length", LENGTH));
SYSTEM(ftruncate, sys_ftruncate, 1);
DESC(punch_hole, P_IN("fd", R_MEMFD), P_KIND("offset", LENGTH), P_KIND("length", LENGTH));
SYSTEM(punch_hole, sys_punch_hole, 2);
/* A dma-buf that does not give its addresses */
DESC(udmabuf, P_IN("fd", R_MEMFD), P_OUT("dmabuf", R_DMABUF));
SYSTEM(udmabuf, sys_udmabuf, 1);
