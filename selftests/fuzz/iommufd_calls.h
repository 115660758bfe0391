/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls of <linux/iommufd.h>. The values that come first are those that most often make sense. */
#include <linux/iommufd.h>

#include "describe.h"

#define SELFTEST_TYPE	 0xdeadbeefULL
#define SELFTEST_DATA	 0xdeadULL
#define SELFTEST_VEVENTQ 0xbeefbeefULL

DESC(destroy, FD, S_SIZE,
     {.name = "id", .kind = IN, .where = STRUCT, AT(iommu_destroy, id), .regs = {R_HWPT + 1, R_IOAS + 1, R_STDEV + 1}});
IOCTL(destroy, IOMMU_DESTROY, iommu_destroy, 0, 8);

DESC(destroy_vdev, FD, S_SIZE, S_IN3(iommu_destroy, id, R_VDEVICE, R_VIOMMU, R_HWQUEUE));
IOCTL(destroy_vdev, IOMMU_DESTROY, iommu_destroy, 0, 6);

DESC(destroy_queue, FD, S_SIZE, S_IN3(iommu_destroy, id, R_FAULT, R_VEVENTQ, R_DEV));
IOCTL(destroy_queue, IOMMU_DESTROY, iommu_destroy, 0, 3);

DESC(ioas_alloc, FD, S_SIZE, S_FLAGS(iommu_ioas_alloc, flags, 0, 1), S_OUT(iommu_ioas_alloc, out_ioas_id, R_IOAS));
IOCTL(ioas_alloc, IOMMU_IOAS_ALLOC, iommu_ioas_alloc, 0, 4);

DESC(ioas_allow_iovas, FD, S_SIZE, S_IN(iommu_ioas_allow_iovas, ioas_id, R_IOAS),
     S_INT(iommu_ioas_allow_iovas, num_iovas, 1, 0, 2, 3, 4, 16, 0x10000000),
     S_INT(iommu_ioas_allow_iovas, __reserved, 0), S_KIND(iommu_ioas_allow_iovas, allowed_iovas, DATA),
     X_KIND("start0", IOVA, 0, 8), X_KIND("last0", IOVA, 8, 8), X_KIND("start1", IOVA, 16, 8), X_KIND("last1", IOVA, 24, 8));
IOCTL(ioas_allow_iovas, IOMMU_IOAS_ALLOW_IOVAS, iommu_ioas_allow_iovas, 64, 4);

DESC(ioas_iova_ranges, FD, S_SIZE, S_IN(iommu_ioas_iova_ranges, ioas_id, R_IOAS),
     S_INT(iommu_ioas_iova_ranges, num_iovas, 8, 0, 1, 2, 16, 0x10000000),
     S_INT(iommu_ioas_iova_ranges, __reserved, 0), S_KIND(iommu_ioas_iova_ranges, allowed_iovas, DATA));
IOCTL(ioas_iova_ranges, IOMMU_IOAS_IOVA_RANGES, iommu_ioas_iova_ranges, 256, 2);

DESC(ioas_map, FD, S_SIZE, S_FLAGS(iommu_ioas_map, flags, 7, 6, 4, 2, 1, 8), S_IN(iommu_ioas_map, ioas_id, R_IOAS),
     S_INT(iommu_ioas_map, __reserved, 0), S_KIND(iommu_ioas_map, user_va, VA), S_KIND(iommu_ioas_map, length, LENGTH),
     S_KIND(iommu_ioas_map, iova, IOVA),
     {.name = "to", .kind = OUT, .where = STRUCT, AT(iommu_ioas_map, iova), .regs = {R_IOVA + 1}});
IOCTL(ioas_map, IOMMU_IOAS_MAP, iommu_ioas_map, 0, 10);

DESC(ioas_map_file, FD, S_SIZE, S_FLAGS(iommu_ioas_map_file, flags, 7, 6, 4, 2, 1, 8),
     S_IN(iommu_ioas_map_file, ioas_id, R_IOAS), S_IN2(iommu_ioas_map_file, fd, R_MEMFD, R_DMABUF),
     S_KIND(iommu_ioas_map_file, start, LENGTH), S_KIND(iommu_ioas_map_file, length, LENGTH),
     S_KIND(iommu_ioas_map_file, iova, IOVA),
     {.name = "to", .kind = OUT, .where = STRUCT, AT(iommu_ioas_map_file, iova), .regs = {R_IOVA + 1}});
IOCTL(ioas_map_file, IOMMU_IOAS_MAP_FILE, iommu_ioas_map_file, 0, 8);

DESC(ioas_copy, FD, S_SIZE, S_FLAGS(iommu_ioas_copy, flags, 7, 6, 4, 2, 1, 8), S_IN(iommu_ioas_copy, dst_ioas_id, R_IOAS),
     S_IN(iommu_ioas_copy, src_ioas_id, R_IOAS), S_KIND(iommu_ioas_copy, length, LENGTH),
     S_KIND(iommu_ioas_copy, dst_iova, IOVA), S_KIND(iommu_ioas_copy, src_iova, IOVA),
     {.name = "to", .kind = OUT, .where = STRUCT, AT(iommu_ioas_copy, dst_iova), .regs = {R_IOVA + 1}});
IOCTL(ioas_copy, IOMMU_IOAS_COPY, iommu_ioas_copy, 0, 6);

DESC(ioas_unmap, FD, S_SIZE, S_IN(iommu_ioas_unmap, ioas_id, R_IOAS), S_KIND(iommu_ioas_unmap, iova, IOVA),
     S_KIND(iommu_ioas_unmap, length, LENGTH));
IOCTL(ioas_unmap, IOMMU_IOAS_UNMAP, iommu_ioas_unmap, 0, 8);

DESC(ioas_unmap_all, FD, S_SIZE, S_IN(iommu_ioas_unmap, ioas_id, R_IOAS), S_INT(iommu_ioas_unmap, iova, 0),
     S_INT(iommu_ioas_unmap, length, ~0ULL));
IOCTL(ioas_unmap_all, IOMMU_IOAS_UNMAP, iommu_ioas_unmap, 0, 2);

DESC(option, FD, S_SIZE, S_INT(iommu_option, option_id, 1, 0, 2), S_INT(iommu_option, op, 0, 1, 2),
     S_INT(iommu_option, __reserved, 0), S_IN(iommu_option, object_id, R_IOAS), S_INT(iommu_option, val64, 0, 1, 2));
IOCTL(option, IOMMU_OPTION, iommu_option, 0, 4);

DESC(vfio_ioas, FD, S_SIZE, S_IN(iommu_vfio_ioas, ioas_id, R_IOAS), S_INT(iommu_vfio_ioas, op, 1, 0, 2, 3),
     S_INT(iommu_vfio_ioas, __reserved, 0),
     {.name = "to", .kind = OUT, .where = STRUCT, AT(iommu_vfio_ioas, ioas_id), .regs = {R_IOAS + 1}});
IOCTL(vfio_ioas, IOMMU_VFIO_IOAS, iommu_vfio_ioas, 0, 3);

DESC(hwpt_alloc, FD, S_SIZE, S_FLAGS(iommu_hwpt_alloc, flags, 0, 1, 2, 8, 16), S_IN(iommu_hwpt_alloc, dev_id, R_DEV),
     S_IN(iommu_hwpt_alloc, pt_id, R_IOAS), S_OUT(iommu_hwpt_alloc, out_hwpt_id, R_HWPT),
     S_INT(iommu_hwpt_alloc, __reserved, 0), S_INT(iommu_hwpt_alloc, data_type, 0, SELFTEST_DATA, 1),
     S_INT(iommu_hwpt_alloc, data_len, 0, 4, 8, 16), S_KIND(iommu_hwpt_alloc, data_uptr, DATA),
     S_IN(iommu_hwpt_alloc, fault_id, R_FAULT), S_INT(iommu_hwpt_alloc, __reserved2, 0), X_INT("iotlb", 0, 4, 0),
     X_INT("pagetable_type", 4, 4, 0, 1, 2));
IOCTL(hwpt_alloc, IOMMU_HWPT_ALLOC, iommu_hwpt_alloc, 64, 8);

DESC(hwpt_alloc_nested, FD, S_SIZE, S_FLAGS(iommu_hwpt_alloc, flags, 0, 4, 8, 1), S_IN(iommu_hwpt_alloc, dev_id, R_DEV),
     S_IN3(iommu_hwpt_alloc, pt_id, R_HWPT, R_VIOMMU, R_IOAS), S_OUT(iommu_hwpt_alloc, out_hwpt_id, R_HWPT),
     S_INT(iommu_hwpt_alloc, __reserved, 0), S_INT(iommu_hwpt_alloc, data_type, SELFTEST_DATA, 0, 1, 2),
     S_INT(iommu_hwpt_alloc, data_len, 4, 8, 0, 24), S_KIND(iommu_hwpt_alloc, data_uptr, DATA),
     S_IN(iommu_hwpt_alloc, fault_id, R_FAULT), S_INT(iommu_hwpt_alloc, __reserved2, 0), X_INT("iotlb", 0, 4, 0xbadbeef),
     X_INT("pagetable_type", 4, 4, 0, 1));
IOCTL(hwpt_alloc_nested, IOMMU_HWPT_ALLOC, iommu_hwpt_alloc, 64, 8);

DESC(get_hw_info, FD, S_SIZE, S_FLAGS(iommu_hw_info, flags, 0, 1, 2), S_IN(iommu_hw_info, dev_id, R_DEV),
     S_INT(iommu_hw_info, data_len, 8, 0, 4, 64, 0x10000), S_KIND(iommu_hw_info, data_uptr, DATA),
     S_INT(iommu_hw_info, in_data_type, 0, 0xfeedbeef, 1, 2), S_INT(iommu_hw_info, __reserved, 0));
IOCTL(get_hw_info, IOMMU_GET_HW_INFO, iommu_hw_info, 64, 3);

DESC(set_dirty_tracking, FD, S_SIZE, S_INT(iommu_hwpt_set_dirty_tracking, flags, 1, 0, 2),
     S_IN(iommu_hwpt_set_dirty_tracking, hwpt_id, R_HWPT), S_INT(iommu_hwpt_set_dirty_tracking, __reserved, 0));
IOCTL(set_dirty_tracking, IOMMU_HWPT_SET_DIRTY_TRACKING, iommu_hwpt_set_dirty_tracking, 0, 4);

DESC(get_dirty_bitmap, FD, S_SIZE, S_IN(iommu_hwpt_get_dirty_bitmap, hwpt_id, R_HWPT),
     S_INT(iommu_hwpt_get_dirty_bitmap, flags, 0, 1, 2), S_INT(iommu_hwpt_get_dirty_bitmap, __reserved, 0),
     S_KIND(iommu_hwpt_get_dirty_bitmap, iova, IOVA), S_KIND(iommu_hwpt_get_dirty_bitmap, length, LENGTH),
     S_INT(iommu_hwpt_get_dirty_bitmap, page_size, 4096, 2048, 1, 0, 1 << 20, 1ULL << 63, 8192),
     S_KIND(iommu_hwpt_get_dirty_bitmap, data, VA));
IOCTL(get_dirty_bitmap, IOMMU_HWPT_GET_DIRTY_BITMAP, iommu_hwpt_get_dirty_bitmap, 0, 4);

/* Two entries: of a nested HWPT {flags, iotlb_id}, of a vIOMMU {flags, vdev_id, cache_id} */
DESC(invalidate, FD, S_SIZE, S_IN(iommu_hwpt_invalidate, hwpt_id, R_HWPT), S_KIND(iommu_hwpt_invalidate, data_uptr, DATA),
     S_INT(iommu_hwpt_invalidate, data_type, SELFTEST_TYPE, 0xdadbeef, 0, 1),
     S_INT(iommu_hwpt_invalidate, entry_len, 8, 12, 0, 4, 4096, 4097),
     S_INT(iommu_hwpt_invalidate, entry_num, 1, 2, 0, 3, 8, 1 << 19, (1 << 19) + 1),
     S_INT(iommu_hwpt_invalidate, __reserved, 0), X_INT("flags0", 0, 4, 0, 1, 2), X_INT("iotlb0", 4, 4, 0, 1, 3, 4),
     X_INT("flags1", 8, 4, 0, 1, 2), X_INT("iotlb1", 12, 4, 0, 1, 3, 4));
IOCTL(invalidate, IOMMU_HWPT_INVALIDATE, iommu_hwpt_invalidate, 128, 4);

DESC(invalidate_viommu, FD, S_SIZE, S_IN(iommu_hwpt_invalidate, hwpt_id, R_VIOMMU),
     S_KIND(iommu_hwpt_invalidate, data_uptr, DATA), S_INT(iommu_hwpt_invalidate, data_type, SELFTEST_TYPE, 0xdadbeef, 0, 1),
     S_INT(iommu_hwpt_invalidate, entry_len, 12, 8, 16, 0), S_INT(iommu_hwpt_invalidate, entry_num, 1, 2, 0, 3),
     S_INT(iommu_hwpt_invalidate, __reserved, 0), X_INT("flags0", 0, 4, 0, 1, 2), X_INT("vdev0", 4, 4, 0x99, 0x9a, 0, 1),
     X_INT("cache0", 8, 4, 0, 1, 3, 4), X_INT("flags1", 12, 4, 0, 1, 2), X_INT("vdev1", 16, 4, 0x99, 0x9a, 0),
     X_INT("cache1", 20, 4, 1, 0, 3, 4));
IOCTL(invalidate_viommu, IOMMU_HWPT_INVALIDATE, iommu_hwpt_invalidate, 128, 5);

DESC(fault_alloc, FD, S_SIZE, S_FLAGS(iommu_fault_alloc, flags, 0, 1), S_OUT(iommu_fault_alloc, out_fault_id, R_FAULT),
     S_OUT(iommu_fault_alloc, out_fault_fd, R_FAULTFD));
IOCTL(fault_alloc, IOMMU_FAULT_QUEUE_ALLOC, iommu_fault_alloc, 0, 4);

/* {in_data, out_data, out_mmap_offset, out_mmap_length}: the mock's */
DESC(viommu_alloc, FD, S_SIZE, S_FLAGS(iommu_viommu_alloc, flags, 0, 1),
     S_INT(iommu_viommu_alloc, type, SELFTEST_TYPE, 0x80000001, 0, 1, 2, 0x80000002),
     S_IN(iommu_viommu_alloc, dev_id, R_DEV), S_IN2(iommu_viommu_alloc, hwpt_id, R_HWPT, R_IOAS),
     S_OUT(iommu_viommu_alloc, out_viommu_id, R_VIOMMU), S_INT(iommu_viommu_alloc, data_len, 0, 24, 8, 4, 32),
     S_INT(iommu_viommu_alloc, __reserved, 0), S_KIND(iommu_viommu_alloc, data_uptr, DATA), X_INT("in_data", 0, 4, 0x1234),
     X_OUT("region", 8, 8, R_REGION));
IOCTL(viommu_alloc, IOMMU_VIOMMU_ALLOC, iommu_viommu_alloc, 64, 7);

DESC(vdevice_alloc, FD, S_SIZE, S_IN(iommu_vdevice_alloc, viommu_id, R_VIOMMU), S_IN(iommu_vdevice_alloc, dev_id, R_DEV),
     S_OUT(iommu_vdevice_alloc, out_vdevice_id, R_VDEVICE),
     S_INT(iommu_vdevice_alloc, virt_id, 0x99, 0x9a, 0, 1, 0xffffffff, 0x100000000, ~0ULL));
IOCTL(vdevice_alloc, IOMMU_VDEVICE_ALLOC, iommu_vdevice_alloc, 0, 7);

DESC(change_process, FD, S_SIZE, S_INT(iommu_ioas_change_process, __reserved, 0));
IOCTL(change_process, IOMMU_IOAS_CHANGE_PROCESS, iommu_ioas_change_process, 0, 4);

DESC(veventq_alloc, FD, S_SIZE, S_FLAGS(iommu_veventq_alloc, flags, 0, 1), S_IN(iommu_veventq_alloc, viommu_id, R_VIOMMU),
     S_INT(iommu_veventq_alloc, type, SELFTEST_VEVENTQ, 0, 1, 2),
     S_INT(iommu_veventq_alloc, veventq_depth, 2, 1, 0, 16, 1 << 19, (1 << 19) + 1, 0xffffffff),
     S_OUT(iommu_veventq_alloc, out_veventq_id, R_VEVENTQ), S_OUT(iommu_veventq_alloc, out_veventq_fd, R_VEVENTFD),
     S_INT(iommu_veventq_alloc, __reserved, 0));
IOCTL(veventq_alloc, IOMMU_VEVENTQ_ALLOC, iommu_veventq_alloc, 0, 6);

DESC(hw_queue_alloc, FD, S_SIZE, S_FLAGS(iommu_hw_queue_alloc, flags, 0, 1), S_IN(iommu_hw_queue_alloc, viommu_id, R_VIOMMU),
     S_INT(iommu_hw_queue_alloc, type, SELFTEST_TYPE, 0, 1), S_INT(iommu_hw_queue_alloc, index, 0, 1, 2),
     S_OUT(iommu_hw_queue_alloc, out_hw_queue_id, R_HWQUEUE), S_KIND(iommu_hw_queue_alloc, nesting_parent_iova, IOVA),
     S_KIND(iommu_hw_queue_alloc, length, LENGTH));
IOCTL(hw_queue_alloc, IOMMU_HW_QUEUE_ALLOC, iommu_hw_queue_alloc, 0, 6);

DESC(noiommu_get_pa, FD, S_SIZE, S_INT(iommu_ioas_noiommu_get_pa, flags, 0, 1),
     S_IN(iommu_ioas_noiommu_get_pa, ioas_id, R_IOAS), S_KIND(iommu_ioas_noiommu_get_pa, iova, IOVA),
     S_KIND(iommu_ioas_noiommu_get_pa, length, LENGTH));
IOCTL(noiommu_get_pa, IOMMU_IOAS_NOIOMMU_GET_PA, iommu_ioas_noiommu_get_pa, 0, 1);

/* Any number with any structure */
struct raw {
	__u32 size, a, b, c, d, e;
};
DESC(raw_ioctl, FD, P_INT("nr", 0x3b96, 0x3b7f, 0x3b9f, 0x3ba0, 0x3ba1, 0x3b80, 0x3c85, 0x40043b81), S_SIZE,
     S_INT(raw, a, 0, 1), S_INT(raw, b, 0, 1), S_INT(raw, c, 0, 1));
static const struct desc raw_ioctl = {"raw_ioctl", 1, sizeof(struct raw), 0, 1, FIELDS(raw_ioctl), NULL};
