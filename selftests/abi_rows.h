/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of abi_test.c, by sections: general rules and sizes (a row for each call and rule), values, calls. Included by
 * abi_test.c alone. The calls' rows are the header included once more, for their functions first.
 *
 * No rows: waits of 60 s and EDEADLOCK of IOAS_UNMAP, for which a kernel driver has to keep what it should let go (unit
 * tests), and races, which have programs of their own.
 */
#ifndef SELFTESTS_ABI_ROWS_H
#define SELFTESTS_ABI_ROWS_H

/* clang-format off */
#pragma GCC diagnostic ignored "-Woverride-init"

/* --- sizes: what is tried with each call. EXACT, LEAST and LARGER answer what the call does. */

#define SIZE_RULES(X) \
	X(NUMBER, "number", 0) \
	X(SIZE, "size of the structure", 0) \
	X(EXACT, "that size", 0) \
	X(LEAST, "the smallest size", 0) \
	X(LARGER, "larger, and zeros", 0) \
	X(TOO_SMALL, "too small", -EINVAL) \
	X(NO_SIZE, "size 0", -EINVAL) \
	X(TAIL, "larger, and not zeros", -E2BIG) \
	X(NO_POINTER, "null pointer", -EFAULT) \
	X(NOT_THERE, "bad pointer", -EFAULT)
#define RULE(name, text, errno) name,
#define NAME_OF_RULE(name, text, errno) text,
#define ERRNO_OF_RULE(name, text, errno) errno,
enum size_rule { SIZE_RULES(RULE) };

struct abi_call {
	const char *name;
	unsigned int nr;
	unsigned long number;
	__u32 size, expected_size, min; /* bytes */
	int (*fill)(struct world *w, void *cmd); /* a call that works, or says `good` */
	int good;
};

/* Fills in `type` at cmd. */
#define FILL(function, type, ...) \
	static int function(struct world *w, void *cmd) \
	{ \
		(void)w; \
		*(struct type *)cmd = (struct type){ __VA_ARGS__ }; \
		return 0; \
	}

#define RW (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define FIXED (IOMMU_IOAS_MAP_FIXED_IOVA | RW)

FILL(fill_destroy, iommu_destroy, .id = new_hwpt(w, 0))
FILL(fill_ioas_alloc, iommu_ioas_alloc, .flags = 0)
FILL(fill_allow, iommu_ioas_allow_iovas, .ioas_id = w->ioas)
FILL(fill_copy, iommu_ioas_copy, .flags = FIXED, .dst_ioas_id = w->other, .src_ioas_id = w->ioas,
     .length = PAGE, .dst_iova = FREE, .src_iova = MAPPED)
FILL(fill_iova_ranges, iommu_ioas_iova_ranges, .ioas_id = w->ioas, .num_iovas = 4, .allowed_iovas = U(w->ranges))
FILL(fill_map, iommu_ioas_map, .flags = FIXED, .ioas_id = w->ioas, .user_va = U(w->memory), .length = PAGE, .iova = FREE)
FILL(fill_unmap, iommu_ioas_unmap, .ioas_id = w->ioas, .iova = MAPPED, .length = 2 * PAGE)
FILL(fill_option, iommu_option, .option_id = IOMMU_OPTION_HUGE_PAGES, .op = IOMMU_OPTION_OP_GET, .object_id = w->ioas)
FILL(fill_vfio_ioas, iommu_vfio_ioas, .op = IOMMU_VFIO_IOAS_SET, .ioas_id = w->ioas)
FILL(fill_hwpt_alloc, iommu_hwpt_alloc, .dev_id = w->dev.idev, .pt_id = w->ioas)
FILL(fill_hw_info, iommu_hw_info, .dev_id = w->dev.idev, .data_len = 8, .data_uptr = U(w->bits))
FILL(fill_set_dirty, iommu_hwpt_set_dirty_tracking, .hwpt_id = new_hwpt(w, IOMMU_HWPT_ALLOC_DIRTY_TRACKING))
FILL(fill_get_dirty, iommu_hwpt_get_dirty_bitmap, .hwpt_id = tracking(w), .iova = MAPPED, .length = 2 * PAGE,
     .page_size = PAGE, .data = U(w->bits))
FILL(fill_invalidate, iommu_hwpt_invalidate, .hwpt_id = w->nested, .data_uptr = U(w->entries),
     .data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST, .entry_len = sizeof(w->entries[0]), .entry_num = 2)
FILL(fill_fault, iommu_fault_alloc, .flags = 0)
FILL(fill_map_file, iommu_ioas_map_file, .flags = FIXED, .ioas_id = w->ioas, .fd = w->memfd, .length = PAGE, .iova = FREE)
FILL(fill_viommu, iommu_viommu_alloc, .type = SELFTEST, .dev_id = w->dev.idev, .hwpt_id = w->parent)
FILL(fill_vdevice, iommu_vdevice_alloc, .viommu_id = viommu(w), .dev_id = w->dev.idev, .virt_id = VIRT_ID)
FILL(fill_veventq, iommu_veventq_alloc, .viommu_id = viommu(w), .type = EVENTS, .veventq_depth = 4)
FILL(fill_hw_queue, iommu_hw_queue_alloc, .viommu_id = viommu(w), .type = SELFTEST, .nesting_parent_iova = MAPPED,
     .length = PAGE)
FILL(fill_get_pa, iommu_ioas_noiommu_get_pa, .ioas_id = w->ioas, .iova = MAPPED, .length = PAGE)

static int fill_change_process(struct world *w, void *cmd)
{
	*(struct iommu_ioas_change_process *)cmd = (struct iommu_ioas_change_process){ 0 };
	return ioas_unmap_all(w->fd, w->ioas, NULL);
}

#define SIZED(nr, name, type, size, min, fill, good) \
	{ #name, nr, IOMMU_##name, sizeof(struct type), size, min, fill, good }
static const struct abi_call calls[] = {
	SIZED(0x80, DESTROY, iommu_destroy, 8, 8, fill_destroy, 0),
	SIZED(0x81, IOAS_ALLOC, iommu_ioas_alloc, 12, 12, fill_ioas_alloc, 0),
	SIZED(0x82, IOAS_ALLOW_IOVAS, iommu_ioas_allow_iovas, 24, 24, fill_allow, 0),
	SIZED(0x83, IOAS_COPY, iommu_ioas_copy, 40, 40, fill_copy, 0),
	SIZED(0x84, IOAS_IOVA_RANGES, iommu_ioas_iova_ranges, 32, 32, fill_iova_ranges, 0),
	SIZED(0x85, IOAS_MAP, iommu_ioas_map, 40, 40, fill_map, 0),
	SIZED(0x86, IOAS_UNMAP, iommu_ioas_unmap, 24, 24, fill_unmap, 0),
	SIZED(0x87, OPTION, iommu_option, 24, 24, fill_option, 0),
	SIZED(0x88, VFIO_IOAS, iommu_vfio_ioas, 12, 12, fill_vfio_ioas, 0),
	SIZED(0x89, HWPT_ALLOC, iommu_hwpt_alloc, 48, 24, fill_hwpt_alloc, 0),
	SIZED(0x8a, GET_HW_INFO, iommu_hw_info, 40, 32, fill_hw_info, 0),
	SIZED(0x8b, HWPT_SET_DIRTY_TRACKING, iommu_hwpt_set_dirty_tracking, 16, 16, fill_set_dirty, 0),
	SIZED(0x8c, HWPT_GET_DIRTY_BITMAP, iommu_hwpt_get_dirty_bitmap, 48, 48, fill_get_dirty, 0),
	SIZED(0x8d, HWPT_INVALIDATE, iommu_hwpt_invalidate, 32, 32, fill_invalidate, 0),
	SIZED(0x8e, FAULT_QUEUE_ALLOC, iommu_fault_alloc, 16, 16, fill_fault, 0),
	SIZED(0x8f, IOAS_MAP_FILE, iommu_ioas_map_file, 40, 40, fill_map_file, 0),
	SIZED(0x90, VIOMMU_ALLOC, iommu_viommu_alloc, 40, 24, fill_viommu, 0),
	SIZED(0x91, VDEVICE_ALLOC, iommu_vdevice_alloc, 24, 24, fill_vdevice, 0),
	SIZED(0x92, IOAS_CHANGE_PROCESS, iommu_ioas_change_process, 8, 8, fill_change_process, 0),
	SIZED(0x93, VEVENTQ_ALLOC, iommu_veventq_alloc, 32, 28, fill_veventq, 0),
	SIZED(0x94, HW_QUEUE_ALLOC, iommu_hw_queue_alloc, 40, 40, fill_hw_queue, 0),
	SIZED(0x95, IOAS_NOIOMMU_GET_PA, iommu_ioas_noiommu_get_pa, 40, 40, fill_get_pa, -EOPNOTSUPP),
};

/* --- values, and the structures that data pointers lead to */

static const struct { const char *name; unsigned long long is, want; } values[] = {
#define VALUE(name, value) { #name, (unsigned long long)(name), value }
#define BYTES(type, value) { "sizeof " #type, sizeof(struct type), value }
	VALUE(IOMMUFD_TYPE, 0x3b),
	VALUE(IOMMU_IOAS_MAP_FIXED_IOVA, 1), VALUE(IOMMU_IOAS_MAP_WRITEABLE, 2), VALUE(IOMMU_IOAS_MAP_READABLE, 4),
	VALUE(IOMMU_OPTION_RLIMIT_MODE, 0), VALUE(IOMMU_OPTION_HUGE_PAGES, 1),
	VALUE(IOMMU_OPTION_OP_SET, 0), VALUE(IOMMU_OPTION_OP_GET, 1),
	VALUE(IOMMU_VFIO_IOAS_GET, 0), VALUE(IOMMU_VFIO_IOAS_SET, 1), VALUE(IOMMU_VFIO_IOAS_CLEAR, 2),
	VALUE(IOMMU_HWPT_ALLOC_NEST_PARENT, 1), VALUE(IOMMU_HWPT_ALLOC_DIRTY_TRACKING, 2),
	VALUE(IOMMU_HWPT_FAULT_ID_VALID, 4), VALUE(IOMMU_HWPT_ALLOC_PASID, 8),
	VALUE(IOMMU_HWPT_DATA_NONE, 0), VALUE(IOMMU_HWPT_DATA_VTD_S1, 1), VALUE(IOMMU_HWPT_DATA_ARM_SMMUV3, 2),
	VALUE(IOMMU_HWPT_DATA_AMD_GUEST, 3),
	VALUE(IOMMU_VTD_S1_SRE, 1), VALUE(IOMMU_VTD_S1_EAFE, 2), VALUE(IOMMU_VTD_S1_WPE, 4),
	BYTES(iommu_hwpt_vtd_s1, 24), BYTES(iommu_hwpt_arm_smmuv3, 16), BYTES(iommu_hwpt_amd_guest, 32),
	VALUE(IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, 0), VALUE(IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3, 1),
	VALUE(IOMMU_VTD_INV_FLAGS_LEAF, 1),
	BYTES(iommu_hwpt_vtd_s1_invalidate, 24), BYTES(iommu_viommu_arm_smmuv3_invalidate, 16),
	VALUE(IOMMU_HW_INFO_TYPE_NONE, 0), VALUE(IOMMU_HW_INFO_TYPE_DEFAULT, 0), VALUE(IOMMU_HW_INFO_TYPE_INTEL_VTD, 1),
	VALUE(IOMMU_HW_INFO_TYPE_ARM_SMMUV3, 2), VALUE(IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV, 3),
	VALUE(IOMMU_HW_INFO_TYPE_AMD, 4), VALUE(IOMMU_HW_INFO_FLAG_INPUT_TYPE, 1),
	VALUE(IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17, 1),
	BYTES(iommu_hw_info_vtd, 24), BYTES(iommu_hw_info_arm_smmuv3, 40), BYTES(iommu_hw_info_tegra241_cmdqv, 8),
	BYTES(iommu_hw_info_amd, 16),
	{ "offset of out_max_pasid_log2", offsetof(struct iommu_hw_info, out_max_pasid_log2), 28 },
	{ "offset of out_capabilities", offsetof(struct iommu_hw_info, out_capabilities), 32 },
	VALUE(IOMMU_HW_CAP_DIRTY_TRACKING, 1), VALUE(IOMMU_HW_CAP_PCI_PASID_EXEC, 2),
	VALUE(IOMMU_HW_CAP_PCI_PASID_PRIV, 4), VALUE(IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED, 8),
	VALUE(IOMMU_HWPT_DIRTY_TRACKING_ENABLE, 1), VALUE(IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR, 1),
	VALUE(IOMMU_PGFAULT_FLAGS_PASID_VALID, 1), VALUE(IOMMU_PGFAULT_FLAGS_LAST_PAGE, 2),
	VALUE(IOMMU_PGFAULT_PERM_READ, 1), VALUE(IOMMU_PGFAULT_PERM_WRITE, 2), VALUE(IOMMU_PGFAULT_PERM_EXEC, 4),
	VALUE(IOMMU_PGFAULT_PERM_PRIV, 8), VALUE(IOMMUFD_PAGE_RESP_SUCCESS, 0), VALUE(IOMMUFD_PAGE_RESP_INVALID, 1),
	BYTES(iommu_hwpt_pgfault, 40), BYTES(iommu_hwpt_page_response, 8), BYTES(iommu_iova_range, 16),
	VALUE(IOMMU_VIOMMU_TYPE_DEFAULT, 0), VALUE(IOMMU_VIOMMU_TYPE_ARM_SMMUV3, 1),
	VALUE(IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV, 2), BYTES(iommu_viommu_tegra241_cmdqv, 16),
	VALUE(IOMMU_VEVENTQ_TYPE_DEFAULT, 0), VALUE(IOMMU_VEVENTQ_TYPE_ARM_SMMUV3, 1),
	VALUE(IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV, 2), VALUE(IOMMU_VEVENTQ_FLAG_LOST_EVENTS, 1),
	BYTES(iommufd_vevent_header, 8), BYTES(iommu_vevent_arm_smmuv3, 32), BYTES(iommu_vevent_tegra241_cmdqv, 16),
	VALUE(IOMMU_HW_QUEUE_TYPE_DEFAULT, 0), VALUE(IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV, 1),
};

/* --- calls. Each macro is one that works, and what is different about it. */

#define CALL(nr, type, ...) ({ struct type cmd_ = { .size = sizeof(cmd_), __VA_ARGS__ }; iommufd_call(w->fd, nr, &cmd_); })
/* the same, and what has to be true of `cmd_` afterwards */
#define CALL_AND(nr, type, check, ...) \
	({ struct type cmd_ = { .size = sizeof(cmd_), __VA_ARGS__ }; int rc_ = iommufd_call(w->fd, nr, &cmd_); \
	   (check) ? rc_ : WRONG; })

#define IOAS_ALLOC(...) CALL(IOMMU_IOAS_ALLOC, iommu_ioas_alloc, __VA_ARGS__)
#define ALLOW(...) CALL(IOMMU_IOAS_ALLOW_IOVAS, iommu_ioas_allow_iovas, .ioas_id = w->other, .num_iovas = 1, \
			.allowed_iovas = U(w->ranges), __VA_ARGS__)
#define RANGE(i, from, to) (w->ranges[i] = (struct iommu_iova_range){ from, to })
#define COPY(...) CALL(IOMMU_IOAS_COPY, iommu_ioas_copy, .flags = FIXED, .dst_ioas_id = w->other, \
		       .src_ioas_id = w->ioas, .length = PAGE, .dst_iova = FREE, .src_iova = MAPPED, __VA_ARGS__)
#define RANGES(check, ...) CALL_AND(IOMMU_IOAS_IOVA_RANGES, iommu_ioas_iova_ranges, check, .ioas_id = w->ioas, \
				    .num_iovas = 4, .allowed_iovas = U(w->ranges), __VA_ARGS__)
#define MAP_AND(check, ...) CALL_AND(IOMMU_IOAS_MAP, iommu_ioas_map, check, .flags = FIXED, .ioas_id = w->ioas, \
				     .user_va = U(w->memory), .length = PAGE, .iova = FREE, __VA_ARGS__)
#define MAP(...) MAP_AND(true, __VA_ARGS__)
#define UNMAP(check, ...) CALL_AND(IOMMU_IOAS_UNMAP, iommu_ioas_unmap, check, .ioas_id = w->ioas, .iova = MAPPED, \
				   .length = 2 * PAGE, __VA_ARGS__)
#define OPTION(check, ...) CALL_AND(IOMMU_OPTION, iommu_option, check, .option_id = IOMMU_OPTION_HUGE_PAGES, \
				    .op = IOMMU_OPTION_OP_GET, .object_id = w->ioas, __VA_ARGS__)
#define RLIMIT(...) CALL(IOMMU_OPTION, iommu_option, .option_id = IOMMU_OPTION_RLIMIT_MODE, \
			 .op = IOMMU_OPTION_OP_SET, .val64 = 1, __VA_ARGS__)
#define VFIO_IOAS(...) CALL(IOMMU_VFIO_IOAS, iommu_vfio_ioas, .op = IOMMU_VFIO_IOAS_SET, .ioas_id = w->ioas, __VA_ARGS__)
#define HWPT(...) CALL(IOMMU_HWPT_ALLOC, iommu_hwpt_alloc, .dev_id = w->dev.idev, .pt_id = w->ioas, __VA_ARGS__)
#define NESTED(...) \
	({ struct iommu_hwpt_selftest data_ = { .iotlb = 1 }; \
	   HWPT(.pt_id = w->parent, .data_type = IOMMU_HWPT_DATA_SELFTEST, .data_len = sizeof(data_), \
		.data_uptr = U(&data_), __VA_ARGS__); })
#define HW_INFO(check, ...) CALL_AND(IOMMU_GET_HW_INFO, iommu_hw_info, check, .dev_id = w->dev.idev, .data_len = 8, \
				     .data_uptr = U(w->bits), __VA_ARGS__)
#define SET_DIRTY(...) CALL(IOMMU_HWPT_SET_DIRTY_TRACKING, iommu_hwpt_set_dirty_tracking, \
			    .flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE, .hwpt_id = w->dirty, __VA_ARGS__)
#define GET_DIRTY(...) \
	({ __u32 hwpt_ = tracking(w); \
	   CALL(IOMMU_HWPT_GET_DIRTY_BITMAP, iommu_hwpt_get_dirty_bitmap, .hwpt_id = hwpt_, .iova = MAPPED, \
		.length = 2 * PAGE, .page_size = PAGE, .data = U(w->bits), __VA_ARGS__); })
#define INVALIDATE(check, ...) \
	CALL_AND(IOMMU_HWPT_INVALIDATE, iommu_hwpt_invalidate, check, .hwpt_id = w->nested, .data_uptr = U(w->entries), \
		 .data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST, .entry_len = sizeof(w->entries[0]), .entry_num = 2, \
		 __VA_ARGS__)
#define NONE_DONE (cmd_.entry_num == 0)
#define FAULT_QUEUE(...) CALL(IOMMU_FAULT_QUEUE_ALLOC, iommu_fault_alloc, __VA_ARGS__)
#define IOAS_FILE(...) CALL(IOMMU_IOAS_MAP_FILE, iommu_ioas_map_file, .flags = FIXED, .ioas_id = w->ioas, \
			    .fd = w->memfd, .length = PAGE, .iova = FREE, __VA_ARGS__)
#define VIOMMU(...) CALL(IOMMU_VIOMMU_ALLOC, iommu_viommu_alloc, .type = SELFTEST, .dev_id = w->dev.idev, \
			 .hwpt_id = w->parent, __VA_ARGS__)
/* on the mock's vIOMMU */
#define ON_VIOMMU(nr, type, ...) ({ __u32 viommu_ = viommu(w); CALL(nr, type, .viommu_id = viommu_, __VA_ARGS__); })
#define VDEVICE(...) ON_VIOMMU(IOMMU_VDEVICE_ALLOC, iommu_vdevice_alloc, .dev_id = w->dev.idev, .virt_id = VIRT_ID, \
			       __VA_ARGS__)
#define CHANGE_PROCESS(...) CALL(IOMMU_IOAS_CHANGE_PROCESS, iommu_ioas_change_process, __VA_ARGS__)
#define VEVENTQ(...) ON_VIOMMU(IOMMU_VEVENTQ_ALLOC, iommu_veventq_alloc, .type = EVENTS, .veventq_depth = 4, __VA_ARGS__)
#define HW_QUEUE(...) ON_VIOMMU(IOMMU_HW_QUEUE_ALLOC, iommu_hw_queue_alloc, .type = SELFTEST, \
				.nesting_parent_iova = MAPPED, .length = PAGE, __VA_ARGS__)
#define GET_PA(...) CALL(IOMMU_IOAS_NOIOMMU_GET_PA, iommu_ioas_noiommu_get_pa, .ioas_id = w->ioas, .iova = MAPPED, \
			 .length = PAGE, __VA_ARGS__)
#define BARE(nr) ({ __u32 cmd_[16] = { sizeof(cmd_) }; iommufd_call(w->fd, nr, cmd_); })

/* In another descriptor, in which there is nothing */
#define ELSEWHERE(expression) \
	({ struct world fresh_ = *w; int rc_; fresh_.fd = iommufd_open(); \
	   { struct world *w = &fresh_; rc_ = (expression); } close(fresh_.fd); rc_; })
/* In a process without privileges, which may pin nothing */
#define UNPRIVILEGED(expression) \
	({ int pid_ = fork(); \
	   if (!pid_) _exit(set_memlock(0) ?: become_user(4711) ? 255 : -(expression) & 0x7f); \
	   pid_ < 0 ? -errno : -child_status(pid_); })

/* Several steps, of which the first that fails is the answer */
#define THEN ?:
/* 0 if it is true */
#define IS(condition) ((condition) ? 0 : WRONG)

#define ROW(want, rule, ...) static int CONCAT(row_, __LINE__)(struct world *w) { (void)w; return (__VA_ARGS__); }
#define CONCAT(a, b) CONCAT_(a, b)
#define CONCAT_(a, b) a##b
#include "abi_table.h"
#undef ROW

static const struct { const char *rule; int want; int (*call)(struct world *w); } rows[] = {
#define ROW(want, rule, ...) { rule, want, CONCAT(row_, __LINE__) },
#include "abi_table.h"
#undef ROW
};

#endif /* SELFTESTS_ABI_ROWS_H */
