/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every structure, field and number of <linux/iommufd.h> in Linux 6.12, as
 * X-macro lists: layout_asserts.c checks them at compile time in C and C++.
 * What is younger is compared with a newer kernel's header (dump.py).
 */
#ifndef SELFTESTS_UAPI_LAYOUT_H
#define SELFTESTS_UAPI_LAYOUT_H

/* clang-format off */

/* S(structure, size), then F(structure, field, offset) for each field */
#define UAPI_STRUCTS(S, F)                                                     \
	S(iommu_destroy, 8)                                                    \
	F(iommu_destroy, size, 0) F(iommu_destroy, id, 4)                      \
	S(iommu_ioas_alloc, 12)                                                \
	F(iommu_ioas_alloc, size, 0) F(iommu_ioas_alloc, flags, 4)             \
	F(iommu_ioas_alloc, out_ioas_id, 8)                                    \
	S(iommu_iova_range, 16)                                                \
	F(iommu_iova_range, start, 0) F(iommu_iova_range, last, 8)             \
	S(iommu_ioas_iova_ranges, 32)                                          \
	F(iommu_ioas_iova_ranges, size, 0)                                     \
	F(iommu_ioas_iova_ranges, ioas_id, 4)                                  \
	F(iommu_ioas_iova_ranges, num_iovas, 8)                                \
	F(iommu_ioas_iova_ranges, __reserved, 12)                              \
	F(iommu_ioas_iova_ranges, allowed_iovas, 16)                           \
	F(iommu_ioas_iova_ranges, out_iova_alignment, 24)                      \
	S(iommu_ioas_allow_iovas, 24)                                          \
	F(iommu_ioas_allow_iovas, size, 0)                                     \
	F(iommu_ioas_allow_iovas, ioas_id, 4)                                  \
	F(iommu_ioas_allow_iovas, num_iovas, 8)                                \
	F(iommu_ioas_allow_iovas, __reserved, 12)                              \
	F(iommu_ioas_allow_iovas, allowed_iovas, 16)                           \
	S(iommu_ioas_map, 40)                                                  \
	F(iommu_ioas_map, size, 0) F(iommu_ioas_map, flags, 4)                 \
	F(iommu_ioas_map, ioas_id, 8) F(iommu_ioas_map, __reserved, 12)        \
	F(iommu_ioas_map, user_va, 16) F(iommu_ioas_map, length, 24)           \
	F(iommu_ioas_map, iova, 32)                                            \
	S(iommu_ioas_copy, 40)                                                 \
	F(iommu_ioas_copy, size, 0) F(iommu_ioas_copy, flags, 4)               \
	F(iommu_ioas_copy, dst_ioas_id, 8) F(iommu_ioas_copy, src_ioas_id, 12) \
	F(iommu_ioas_copy, length, 16) F(iommu_ioas_copy, dst_iova, 24)        \
	F(iommu_ioas_copy, src_iova, 32)                                       \
	S(iommu_ioas_unmap, 24)                                                \
	F(iommu_ioas_unmap, size, 0) F(iommu_ioas_unmap, ioas_id, 4)           \
	F(iommu_ioas_unmap, iova, 8) F(iommu_ioas_unmap, length, 16)           \
	S(iommu_option, 24)                                                    \
	F(iommu_option, size, 0) F(iommu_option, option_id, 4)                 \
	F(iommu_option, op, 8) F(iommu_option, __reserved, 10)                 \
	F(iommu_option, object_id, 12) F(iommu_option, val64, 16)              \
	S(iommu_vfio_ioas, 12)                                                 \
	F(iommu_vfio_ioas, size, 0) F(iommu_vfio_ioas, ioas_id, 4)             \
	F(iommu_vfio_ioas, op, 8) F(iommu_vfio_ioas, __reserved, 10)           \
	S(iommu_hwpt_vtd_s1, 24)                                               \
	F(iommu_hwpt_vtd_s1, flags, 0) F(iommu_hwpt_vtd_s1, pgtbl_addr, 8)     \
	F(iommu_hwpt_vtd_s1, addr_width, 16)                                   \
	F(iommu_hwpt_vtd_s1, __reserved, 20)                                   \
	S(iommu_hwpt_alloc, 48)                                                \
	F(iommu_hwpt_alloc, size, 0) F(iommu_hwpt_alloc, flags, 4)             \
	F(iommu_hwpt_alloc, dev_id, 8) F(iommu_hwpt_alloc, pt_id, 12)          \
	F(iommu_hwpt_alloc, out_hwpt_id, 16)                                   \
	F(iommu_hwpt_alloc, __reserved, 20)                                    \
	F(iommu_hwpt_alloc, data_type, 24) F(iommu_hwpt_alloc, data_len, 28)   \
	F(iommu_hwpt_alloc, data_uptr, 32) F(iommu_hwpt_alloc, fault_id, 40)   \
	F(iommu_hwpt_alloc, __reserved2, 44)                                   \
	S(iommu_hw_info_vtd, 24)                                               \
	F(iommu_hw_info_vtd, flags, 0) F(iommu_hw_info_vtd, __reserved, 4)     \
	F(iommu_hw_info_vtd, cap_reg, 8) F(iommu_hw_info_vtd, ecap_reg, 16)    \
	S(iommu_hw_info, 40)                                                   \
	F(iommu_hw_info, size, 0) F(iommu_hw_info, flags, 4)                   \
	F(iommu_hw_info, dev_id, 8) F(iommu_hw_info, data_len, 12)             \
	F(iommu_hw_info, data_uptr, 16) F(iommu_hw_info, out_data_type, 24)    \
	F(iommu_hw_info, out_max_pasid_log2, 28)                               \
	F(iommu_hw_info, __reserved, 29)                                       \
	F(iommu_hw_info, out_capabilities, 32)                                 \
	S(iommu_hwpt_set_dirty_tracking, 16)                                   \
	F(iommu_hwpt_set_dirty_tracking, size, 0)                              \
	F(iommu_hwpt_set_dirty_tracking, flags, 4)                             \
	F(iommu_hwpt_set_dirty_tracking, hwpt_id, 8)                           \
	F(iommu_hwpt_set_dirty_tracking, __reserved, 12)                       \
	S(iommu_hwpt_get_dirty_bitmap, 48)                                     \
	F(iommu_hwpt_get_dirty_bitmap, size, 0)                                \
	F(iommu_hwpt_get_dirty_bitmap, hwpt_id, 4)                             \
	F(iommu_hwpt_get_dirty_bitmap, flags, 8)                               \
	F(iommu_hwpt_get_dirty_bitmap, __reserved, 12)                         \
	F(iommu_hwpt_get_dirty_bitmap, iova, 16)                               \
	F(iommu_hwpt_get_dirty_bitmap, length, 24)                             \
	F(iommu_hwpt_get_dirty_bitmap, page_size, 32)                          \
	F(iommu_hwpt_get_dirty_bitmap, data, 40)                               \
	S(iommu_hwpt_vtd_s1_invalidate, 24)                                    \
	F(iommu_hwpt_vtd_s1_invalidate, addr, 0)                               \
	F(iommu_hwpt_vtd_s1_invalidate, npages, 8)                             \
	F(iommu_hwpt_vtd_s1_invalidate, flags, 16)                             \
	F(iommu_hwpt_vtd_s1_invalidate, __reserved, 20)                        \
	S(iommu_hwpt_invalidate, 32)                                           \
	F(iommu_hwpt_invalidate, size, 0) F(iommu_hwpt_invalidate, hwpt_id, 4) \
	F(iommu_hwpt_invalidate, data_uptr, 8)                                 \
	F(iommu_hwpt_invalidate, data_type, 16)                                \
	F(iommu_hwpt_invalidate, entry_len, 20)                                \
	F(iommu_hwpt_invalidate, entry_num, 24)                                \
	F(iommu_hwpt_invalidate, __reserved, 28)                               \
	S(iommu_hwpt_pgfault, 40)                                              \
	F(iommu_hwpt_pgfault, flags, 0) F(iommu_hwpt_pgfault, dev_id, 4)       \
	F(iommu_hwpt_pgfault, pasid, 8) F(iommu_hwpt_pgfault, grpid, 12)       \
	F(iommu_hwpt_pgfault, perm, 16) F(iommu_hwpt_pgfault, __reserved, 20)  \
	F(iommu_hwpt_pgfault, addr, 24) F(iommu_hwpt_pgfault, length, 32)      \
	F(iommu_hwpt_pgfault, cookie, 36)                                      \
	S(iommu_hwpt_page_response, 8)                                         \
	F(iommu_hwpt_page_response, cookie, 0)                                 \
	F(iommu_hwpt_page_response, code, 4)                                   \
	S(iommu_fault_alloc, 16)                                               \
	F(iommu_fault_alloc, size, 0) F(iommu_fault_alloc, flags, 4)           \
	F(iommu_fault_alloc, out_fault_id, 8)                                  \
	F(iommu_fault_alloc, out_fault_fd, 12)

/* V(name, value): ioctl numbers and enum values */
#define UAPI_VALUES(V)                                                         \
	V(IOMMU_DESTROY, 0x3b80)                                               \
	V(IOMMU_IOAS_ALLOC, 0x3b81)                                            \
	V(IOMMU_IOAS_ALLOW_IOVAS, 0x3b82)                                      \
	V(IOMMU_IOAS_COPY, 0x3b83)                                             \
	V(IOMMU_IOAS_IOVA_RANGES, 0x3b84)                                      \
	V(IOMMU_IOAS_MAP, 0x3b85)                                              \
	V(IOMMU_IOAS_UNMAP, 0x3b86)                                            \
	V(IOMMU_OPTION, 0x3b87)                                                \
	V(IOMMU_VFIO_IOAS, 0x3b88)                                             \
	V(IOMMU_HWPT_ALLOC, 0x3b89)                                            \
	V(IOMMU_GET_HW_INFO, 0x3b8a)                                           \
	V(IOMMU_HWPT_SET_DIRTY_TRACKING, 0x3b8b)                               \
	V(IOMMU_HWPT_GET_DIRTY_BITMAP, 0x3b8c)                                 \
	V(IOMMU_HWPT_INVALIDATE, 0x3b8d)                                       \
	V(IOMMU_FAULT_QUEUE_ALLOC, 0x3b8e)                                     \
	V(IOMMUFD_TYPE, 0x3b)                                                  \
	V(IOMMUFD_CMD_BASE, 0x80)                                              \
	V(IOMMU_IOAS_MAP_FIXED_IOVA, 1)                                        \
	V(IOMMU_IOAS_MAP_WRITEABLE, 2)                                         \
	V(IOMMU_IOAS_MAP_READABLE, 4)                                          \
	V(IOMMU_OPTION_RLIMIT_MODE, 0)                                         \
	V(IOMMU_OPTION_HUGE_PAGES, 1)                                          \
	V(IOMMU_OPTION_OP_SET, 0)                                              \
	V(IOMMU_OPTION_OP_GET, 1)                                              \
	V(IOMMU_VFIO_IOAS_GET, 0)                                              \
	V(IOMMU_VFIO_IOAS_SET, 1)                                              \
	V(IOMMU_VFIO_IOAS_CLEAR, 2)                                            \
	V(IOMMU_HWPT_ALLOC_NEST_PARENT, 1)                                     \
	V(IOMMU_HWPT_ALLOC_DIRTY_TRACKING, 2)                                  \
	V(IOMMU_HWPT_FAULT_ID_VALID, 4)                                        \
	V(IOMMU_VTD_S1_SRE, 1)                                                 \
	V(IOMMU_VTD_S1_EAFE, 2)                                                \
	V(IOMMU_VTD_S1_WPE, 4)                                                 \
	V(IOMMU_HWPT_DATA_NONE, 0)                                             \
	V(IOMMU_HWPT_DATA_VTD_S1, 1)                                           \
	V(IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17, 1)                            \
	V(IOMMU_HW_INFO_TYPE_NONE, 0)                                          \
	V(IOMMU_HW_INFO_TYPE_INTEL_VTD, 1)                                     \
	V(IOMMU_HW_CAP_DIRTY_TRACKING, 1)                                      \
	V(IOMMU_HW_CAP_PCI_PASID_EXEC, 2)                                      \
	V(IOMMU_HW_CAP_PCI_PASID_PRIV, 4)                                      \
	V(IOMMU_HWPT_DIRTY_TRACKING_ENABLE, 1)                                 \
	V(IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR, 1)                             \
	V(IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, 0)                                \
	V(IOMMU_VTD_INV_FLAGS_LEAF, 1)                                         \
	V(IOMMU_PGFAULT_FLAGS_PASID_VALID, 1)                                  \
	V(IOMMU_PGFAULT_FLAGS_LAST_PAGE, 2)                                    \
	V(IOMMU_PGFAULT_PERM_READ, 1)                                          \
	V(IOMMU_PGFAULT_PERM_WRITE, 2)                                         \
	V(IOMMU_PGFAULT_PERM_EXEC, 4)                                          \
	V(IOMMU_PGFAULT_PERM_PRIV, 8)                                          \
	V(IOMMUFD_PAGE_RESP_SUCCESS, 0)                                        \
	V(IOMMUFD_PAGE_RESP_INVALID, 1)

#endif /* SELFTESTS_UAPI_LAYOUT_H */
