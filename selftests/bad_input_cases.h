/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For each ioctl: how a call that works is filled in, how its effect is undone,
 * and a table of single mistakes with the errno each must give. Included by
 * bad_input_test.c alone.
 */
#ifndef SELFTESTS_BAD_INPUT_CASES_H
#define SELFTESTS_BAD_INPUT_CASES_H

#define NO_ID      0x7ffffff0
#define MAPPED     0x1000000UL  /* two pages, there during the whole test */
#define FREE       0x2000000UL  /* nothing there */
#define MSI_WINDOW 0xfee00000UL /* reserved on x86 */

struct world {
	int fd;
	struct edu edu; /* bound, attached to ioas */
	__u32 ioas, other, hwpt;
	char *mem;      /* two pages, mapped at MAPPED */
	char *readonly; /* a page without write permission */
	char *nothing;  /* a page without any permission */
	int memfd;      /* three pages and 100 bytes */
	int memfd_ro;   /* the same, not open for writing */
	int text;       /* a file of /proc */
	struct iommu_iova_range ranges[8];
	struct iommu_hw_info_vtd *info; /* behind it is no memory */
	__u32 spare;                    /* an IOAS to destroy */
	/* On an IOMMU that has vIOMMUs, which this machine's need not: mock devices, attached to other */
	struct guest {
		struct mock_dev dev, taken;
		__u32 parent;         /* a nest parent */
		__u32 viommu, in_use; /* the second one has a vDEVICE (taken), an event queue and a HW queue */
		__u32 vdevice, veventq, hw_queue;
		int events;
	} guest;
};

/* What only the running test knows */
enum when {
	LITERAL,
	IOAS_ID,
	HWPT_ID,
	DEVICE_ID,
	NOTHING_VA,
	READONLY_VA,
	ODD_VA,
	BAR_VA,
	IOMMUFD,
	MEMFD_READ_ONLY,
	PROC_FILE,
	MOCK_HWPT_ID,
	TAKEN_DEVICE_ID,
	VIOMMU_ID,
	VIOMMU_IN_USE_ID,
};

struct change {
	size_t offset, size;
	__u64 value;
	enum when when;
};

struct mistake {
	const char *what;
	struct change change[2]; /* the second one may be absent */
	int want;
};

struct ioctl_case {
	const char *name;
	unsigned long nr;
	size_t size, min;
	bool answers; /* writes its structure back */
	void (*fill)(struct world *w, void *cmd);
	void (*undo)(struct world *w, void *cmd); /* may be NULL */
	const struct mistake *mistakes;
	/* The answer to a call without a mistake, where it cannot be 0: the
	 * HWPT has no dirty tracking, and it is not a nested one. */
	int good;
	bool (*left_well)(const void *cmd); /* after a mistake; may be NULL */
	bool for_guests;                    /* needs world.guest */
};

/* clang-format off */

#define SET(type, field, value) \
	{ offsetof(struct type, field), sizeof(((struct type *)0)->field), \
	  value, LITERAL }
#define SET_TO(type, field, when) \
	{ offsetof(struct type, field), sizeof(((struct type *)0)->field), \
	  0, when }

#define U(p) ((uintptr_t)(p))

/* DESTROY */
static void fill_destroy(struct world *w, void *cmd)
{
	struct iommu_destroy *c = cmd;

	if (w->spare)
		object_destroy(w->fd, w->spare);
	ioas_alloc(w->fd, &w->spare);
	c->id = w->spare;
}

static const struct mistake destroy_mistakes[] = {
	{ "id 0", { SET(iommu_destroy, id, 0) }, -ENOENT },
	{ "unknown id", { SET(iommu_destroy, id, NO_ID) }, -ENOENT },
	{ "id of 32 bits", { SET(iommu_destroy, id, 0xffffffff) }, -ENOENT },
	{ "bound device", { SET_TO(iommu_destroy, id, DEVICE_ID) }, -EBUSY },
	{ "attached HWPT", { SET_TO(iommu_destroy, id, HWPT_ID) }, -EBUSY },
	{ "IOAS with a HWPT", { SET_TO(iommu_destroy, id, IOAS_ID) }, -EBUSY },
	{ 0 }
};

/* IOAS_ALLOC */
static void fill_ioas_alloc(struct world *w, void *cmd)
{
	(void)w;
	(void)cmd;
}

static void undo_ioas_alloc(struct world *w, void *cmd)
{
	object_destroy(w->fd, ((struct iommu_ioas_alloc *)cmd)->out_ioas_id);
}

static const struct mistake ioas_alloc_mistakes[] = {
	{ "flag 0", { SET(iommu_ioas_alloc, flags, 1) }, -EOPNOTSUPP },
	{ "flag 31", { SET(iommu_ioas_alloc, flags, 1u << 31) }, -EOPNOTSUPP },
	{ 0 }
};

/* IOAS_ALLOW_IOVAS */
static void fill_allow(struct world *w, void *cmd)
{
	struct iommu_ioas_allow_iovas *c = cmd;

	w->ranges[0] = (struct iommu_iova_range){ 0, 1 << 20 };
	c->ioas_id = w->ioas;
	c->num_iovas = 1;
	c->allowed_iovas = U(w->ranges);
}

static void undo_allow(struct world *w, void *cmd)
{
	(void)cmd;
	ioas_allow_iovas(w->fd, w->ioas, NULL, 0);
}

static const struct mistake allow_mistakes[] = {
	{ "reserved", { SET(iommu_ioas_allow_iovas, __reserved, 1) }, -EOPNOTSUPP },
	{ "id 0", { SET(iommu_ioas_allow_iovas, ioas_id, 0) }, -ENOENT },
	{ "unknown id", { SET(iommu_ioas_allow_iovas, ioas_id, NO_ID) }, -ENOENT },
	{ "HWPT as IOAS", { SET_TO(iommu_ioas_allow_iovas, ioas_id, HWPT_ID) }, -ENOENT },
	{ "device as IOAS", { SET_TO(iommu_ioas_allow_iovas, ioas_id, DEVICE_ID) }, -ENOENT },
	{ "NULL array", { SET(iommu_ioas_allow_iovas, allowed_iovas, 0) }, -EFAULT },
	{ "unreadable array",
	  { SET_TO(iommu_ioas_allow_iovas, allowed_iovas, NOTHING_VA) }, -EFAULT },
	/* a page of zeros: start 0, last 0 */
	{ "empty range", { SET_TO(iommu_ioas_allow_iovas, allowed_iovas, READONLY_VA) }, -EINVAL },
	{ 0 }
};

/* IOAS_IOVA_RANGES */
static void fill_iova_ranges(struct world *w, void *cmd)
{
	struct iommu_ioas_iova_ranges *c = cmd;

	c->ioas_id = w->ioas;
	c->num_iovas = 8;
	c->allowed_iovas = U(w->ranges);
}

static const struct mistake iova_ranges_mistakes[] = {
	{ "reserved", { SET(iommu_ioas_iova_ranges, __reserved, 1) }, -EOPNOTSUPP },
	{ "id 0", { SET(iommu_ioas_iova_ranges, ioas_id, 0) }, -ENOENT },
	{ "unknown id", { SET(iommu_ioas_iova_ranges, ioas_id, NO_ID) }, -ENOENT },
	{ "HWPT as IOAS", { SET_TO(iommu_ioas_iova_ranges, ioas_id, HWPT_ID) }, -ENOENT },
	{ "device as IOAS", { SET_TO(iommu_ioas_iova_ranges, ioas_id, DEVICE_ID) }, -ENOENT },
	{ "array too short", { SET(iommu_ioas_iova_ranges, num_iovas, 1) }, -EMSGSIZE },
	{ "NULL array", { SET(iommu_ioas_iova_ranges, allowed_iovas, 0) }, -EFAULT },
	{ "unwritable array",
	  { SET_TO(iommu_ioas_iova_ranges, allowed_iovas, READONLY_VA) }, -EFAULT },
	{ 0 }
};

/* IOAS_MAP */
static void fill_map(struct world *w, void *cmd)
{
	struct iommu_ioas_map *c = cmd;

	c->flags = IOMMU_IOAS_MAP_FIXED_IOVA | MAP_RW;
	c->ioas_id = w->ioas;
	c->user_va = U(w->mem);
	c->length = PAGE;
	c->iova = FREE;
}

static void undo_map(struct world *w, void *cmd)
{
	struct iommu_ioas_map *c = cmd;

	ioas_unmap(w->fd, w->ioas, c->iova, c->length, NULL);
}

static const struct mistake map_mistakes[] = {
	{ "flag 3", { SET(iommu_ioas_map, flags, 7 | 1 << 3) }, -EOPNOTSUPP },
	{ "flag 31", { SET(iommu_ioas_map, flags, 7 | 1u << 31) }, -EOPNOTSUPP },
	{ "no access", { SET(iommu_ioas_map, flags, 1) }, -EINVAL },
	{ "reserved", { SET(iommu_ioas_map, __reserved, 1) }, -EOPNOTSUPP },
	{ "id 0", { SET(iommu_ioas_map, ioas_id, 0) }, -ENOENT },
	{ "unknown id", { SET(iommu_ioas_map, ioas_id, NO_ID) }, -ENOENT },
	{ "HWPT as IOAS", { SET_TO(iommu_ioas_map, ioas_id, HWPT_ID) }, -ENOENT },
	{ "device as IOAS", { SET_TO(iommu_ioas_map, ioas_id, DEVICE_ID) }, -ENOENT },
	{ "length 0", { SET(iommu_ioas_map, length, 0) }, -EINVAL },
	{ "length not aligned", { SET(iommu_ioas_map, length, PAGE - 1) }, -EINVAL },
	{ "length U64_MAX", { SET(iommu_ioas_map, length, UINT64_MAX) }, -EOVERFLOW },
	{ "length below U64_MAX", { SET(iommu_ioas_map, length, UINT64_MAX - 1) }, -EINVAL },
	{ "iova not aligned", { SET(iommu_ioas_map, iova, FREE + 1) }, -EINVAL },
	{ "iova in use", { SET(iommu_ioas_map, iova, MAPPED) }, -EEXIST },
	{ "iova reserved", { SET(iommu_ioas_map, iova, MSI_WINDOW) }, -EINVAL },
	{ "iova beyond the IOMMU", { SET(iommu_ioas_map, iova, 1ULL << 60) }, -EINVAL },
	{ "iova U64_MAX", { SET(iommu_ioas_map, iova, UINT64_MAX) }, -EOVERFLOW },
	{ "iova + length wraps",
	  { SET(iommu_ioas_map, iova, UINT64_MAX - PAGE + 1),
	    SET(iommu_ioas_map, length, 2 * PAGE) }, -EOVERFLOW },
	{ "user_va not aligned", { SET_TO(iommu_ioas_map, user_va, ODD_VA) }, -EINVAL },
	{ "user_va wraps", { SET(iommu_ioas_map, user_va, UINT64_MAX - PAGE + 1) }, -EOVERFLOW },
	{ "user_va NULL", { SET(iommu_ioas_map, user_va, 0) }, -EFAULT },
	{ "user_va in the kernel", { SET(iommu_ioas_map, user_va, 1ULL << 63) }, -EFAULT },
	{ "memory without access", { SET_TO(iommu_ioas_map, user_va, NOTHING_VA) }, -EFAULT },
	{ "writing read-only memory", { SET_TO(iommu_ioas_map, user_va, READONLY_VA) }, -EFAULT },
	{ "device memory (PFN map)", { SET_TO(iommu_ioas_map, user_va, BAR_VA) }, -EFAULT },
	{ 0 }
};

/* IOAS_MAP_FILE */
static void fill_map_file(struct world *w, void *cmd)
{
	struct iommu_ioas_map_file *c = cmd;

	c->flags = IOMMU_IOAS_MAP_FIXED_IOVA | MAP_RW;
	c->ioas_id = w->ioas;
	c->fd = w->memfd;
	c->start = PAGE;
	c->length = PAGE;
	c->iova = FREE;
}

static void undo_map_file(struct world *w, void *cmd)
{
	struct iommu_ioas_map_file *c = cmd;

	ioas_unmap(w->fd, w->ioas, c->iova, c->length, NULL);
}

static const struct mistake map_file_mistakes[] = {
	{ "flag 3", { SET(iommu_ioas_map_file, flags, 7 | 1 << 3) }, -EOPNOTSUPP },
	{ "flag 31", { SET(iommu_ioas_map_file, flags, 7 | 1u << 31) }, -EOPNOTSUPP },
	{ "no access", { SET(iommu_ioas_map_file, flags, 1) }, -EINVAL },
	{ "id 0", { SET(iommu_ioas_map_file, ioas_id, 0) }, -ENOENT },
	{ "unknown id", { SET(iommu_ioas_map_file, ioas_id, NO_ID) }, -ENOENT },
	{ "HWPT as IOAS", { SET_TO(iommu_ioas_map_file, ioas_id, HWPT_ID) }, -ENOENT },
	{ "device as IOAS", { SET_TO(iommu_ioas_map_file, ioas_id, DEVICE_ID) }, -ENOENT },
	{ "fd -1", { SET(iommu_ioas_map_file, fd, -1) }, -EBADF },
	{ "fd that is not open", { SET(iommu_ioas_map_file, fd, 0x7ffffff0) }, -EBADF },
	{ "iommufd as file", { SET_TO(iommu_ioas_map_file, fd, IOMMUFD) }, -EINVAL },
	{ "file of /proc", { SET_TO(iommu_ioas_map_file, fd, PROC_FILE) }, -EINVAL },
	{ "writing a file open to be read", { SET_TO(iommu_ioas_map_file, fd, MEMFD_READ_ONLY) }, -EACCES },
	{ "length 0", { SET(iommu_ioas_map_file, length, 0) }, -EINVAL },
	{ "length not aligned", { SET(iommu_ioas_map_file, length, PAGE - 1) }, -EINVAL },
	{ "length U64_MAX", { SET(iommu_ioas_map_file, length, UINT64_MAX) }, -EOVERFLOW },
	{ "length below U64_MAX", { SET(iommu_ioas_map_file, length, UINT64_MAX - 1) }, -EINVAL },
	{ "start not aligned", { SET(iommu_ioas_map_file, start, 1) }, -EINVAL },
	{ "start + length wraps", { SET(iommu_ioas_map_file, start, UINT64_MAX - 5) }, -EOVERFLOW },
	{ "start behind the end", { SET(iommu_ioas_map_file, start, 4 * PAGE) }, -EINVAL },
	{ "start at 2^63", { SET(iommu_ioas_map_file, start, 1ULL << 63) }, -EINVAL },
	{ "the end inside of a page", { SET(iommu_ioas_map_file, start, 3 * PAGE) }, -EINVAL },
	{ "iova not aligned", { SET(iommu_ioas_map_file, iova, FREE + 1) }, -EINVAL },
	{ "iova in use", { SET(iommu_ioas_map_file, iova, MAPPED) }, -EEXIST },
	{ "iova reserved", { SET(iommu_ioas_map_file, iova, MSI_WINDOW) }, -EINVAL },
	{ "iova beyond the IOMMU", { SET(iommu_ioas_map_file, iova, 1ULL << 60) }, -EINVAL },
	{ "iova U64_MAX", { SET(iommu_ioas_map_file, iova, UINT64_MAX) }, -EOVERFLOW },
	{ "iova + length wraps",
	  { SET(iommu_ioas_map_file, iova, UINT64_MAX - PAGE + 1),
	    SET(iommu_ioas_map_file, length, 2 * PAGE) }, -EOVERFLOW },
	{ 0 }
};

/* IOAS_CHANGE_PROCESS: there is user memory, so that it is always refused */
static void fill_change_process(struct world *w, void *cmd)
{
	(void)w;
	(void)cmd;
}

static const struct mistake change_process_mistakes[] = {
	{ "reserved", { SET(iommu_ioas_change_process, __reserved, 1) }, -EOPNOTSUPP },
	{ 0 }
};

/* IOAS_COPY */
static void fill_copy(struct world *w, void *cmd)
{
	struct iommu_ioas_copy *c = cmd;

	c->flags = IOMMU_IOAS_MAP_FIXED_IOVA | MAP_RW;
	c->dst_ioas_id = w->ioas;
	c->src_ioas_id = w->other;
	c->length = PAGE;
	c->dst_iova = FREE;
	c->src_iova = MAPPED;
}

static void undo_copy(struct world *w, void *cmd)
{
	struct iommu_ioas_copy *c = cmd;

	ioas_unmap(w->fd, w->ioas, c->dst_iova, c->length, NULL);
}

static const struct mistake copy_mistakes[] = {
	{ "flag 3", { SET(iommu_ioas_copy, flags, 7 | 1 << 3) }, -EOPNOTSUPP },
	{ "flag 31", { SET(iommu_ioas_copy, flags, 7 | 1u << 31) }, -EOPNOTSUPP },
	{ "no access", { SET(iommu_ioas_copy, flags, 1) }, -EINVAL },
	{ "unknown source", { SET(iommu_ioas_copy, src_ioas_id, NO_ID) }, -ENOENT },
	{ "unknown destination", { SET(iommu_ioas_copy, dst_ioas_id, NO_ID) }, -ENOENT },
	{ "HWPT as source", { SET_TO(iommu_ioas_copy, src_ioas_id, HWPT_ID) }, -ENOENT },
	{ "device as destination", { SET_TO(iommu_ioas_copy, dst_ioas_id, DEVICE_ID) }, -ENOENT },
	{ "length 0", { SET(iommu_ioas_copy, length, 0) }, -EINVAL },
	{ "length not aligned", { SET(iommu_ioas_copy, length, PAGE - 1) }, -EINVAL },
	{ "length U64_MAX", { SET(iommu_ioas_copy, length, UINT64_MAX) }, -EOVERFLOW },
	{ "src_iova U64_MAX", { SET(iommu_ioas_copy, src_iova, UINT64_MAX) }, -EOVERFLOW },
	{ "dst_iova U64_MAX", { SET(iommu_ioas_copy, dst_iova, UINT64_MAX) }, -EOVERFLOW },
	{ "source wraps", { SET(iommu_ioas_copy, src_iova, UINT64_MAX - 1) }, -EOVERFLOW },
	{ "destination wraps",
	  { SET(iommu_ioas_copy, dst_iova, UINT64_MAX - PAGE + 1),
	    SET(iommu_ioas_copy, length, 2 * PAGE) }, -EOVERFLOW },
	{ "source not mapped", { SET(iommu_ioas_copy, src_iova, FREE) }, -ENOENT },
	{ "source runs out", { SET(iommu_ioas_copy, length, 3 * PAGE) }, -ENOENT },
	{ "source not aligned", { SET(iommu_ioas_copy, src_iova, MAPPED + 1) }, -EINVAL },
	{ "destination not aligned", { SET(iommu_ioas_copy, dst_iova, FREE + 1) }, -EINVAL },
	{ "destination in use", { SET(iommu_ioas_copy, dst_iova, MAPPED) }, -EEXIST },
	{ "destination reserved", { SET(iommu_ioas_copy, dst_iova, MSI_WINDOW) }, -EINVAL },
	{ 0 }
};

/* IOAS_UNMAP */
static void fill_unmap(struct world *w, void *cmd)
{
	struct iommu_ioas_unmap *c = cmd;

	c->ioas_id = w->ioas;
	c->iova = MAPPED;
	c->length = 2 * PAGE;
}

static void undo_unmap(struct world *w, void *cmd)
{
	(void)cmd;
	ioas_map_fixed(w->fd, w->ioas, w->mem, 2 * PAGE, MAPPED, MAP_RW);
}

static const struct mistake unmap_mistakes[] = {
	{ "id 0", { SET(iommu_ioas_unmap, ioas_id, 0) }, -ENOENT },
	{ "unknown id", { SET(iommu_ioas_unmap, ioas_id, NO_ID) }, -ENOENT },
	{ "HWPT as IOAS", { SET_TO(iommu_ioas_unmap, ioas_id, HWPT_ID) }, -ENOENT },
	{ "device as IOAS", { SET_TO(iommu_ioas_unmap, ioas_id, DEVICE_ID) }, -ENOENT },
	{ "length 0", { SET(iommu_ioas_unmap, length, 0) }, -EINVAL },
	{ "length U64_MAX", { SET(iommu_ioas_unmap, length, UINT64_MAX) }, -EOVERFLOW },
	{ "iova U64_MAX", { SET(iommu_ioas_unmap, iova, UINT64_MAX) }, -EOVERFLOW },
	{ "iova + length wraps", { SET(iommu_ioas_unmap, iova, UINT64_MAX - PAGE) }, -EOVERFLOW },
	{ "nothing there", { SET(iommu_ioas_unmap, iova, FREE) }, -ENOENT },
	{ "first half", { SET(iommu_ioas_unmap, length, PAGE) }, -ENOENT },
	{ "second half", { SET(iommu_ioas_unmap, iova, MAPPED + PAGE) }, -ENOENT },
	{ "a byte too short", { SET(iommu_ioas_unmap, length, 2 * PAGE - 1) }, -ENOENT },
	{ 0 }
};

/* OPTION */
static void fill_option(struct world *w, void *cmd)
{
	struct iommu_option *c = cmd;

	c->option_id = IOMMU_OPTION_HUGE_PAGES;
	c->op = IOMMU_OPTION_OP_SET;
	c->object_id = w->ioas;
	c->val64 = 1;
}

static const struct mistake option_mistakes[] = {
	{ "unknown option", { SET(iommu_option, option_id, 2) }, -EOPNOTSUPP },
	{ "unknown operation", { SET(iommu_option, op, 2) }, -EOPNOTSUPP },
	{ "reserved", { SET(iommu_option, __reserved, 1) }, -EOPNOTSUPP },
	{ "id 0", { SET(iommu_option, object_id, 0) }, -ENOENT },
	{ "unknown id", { SET(iommu_option, object_id, NO_ID) }, -ENOENT },
	{ "HWPT as IOAS", { SET_TO(iommu_option, object_id, HWPT_ID) }, -ENOENT },
	{ "device as IOAS", { SET_TO(iommu_option, object_id, DEVICE_ID) }, -ENOENT },
	{ "value 2", { SET(iommu_option, val64, 2) }, -EINVAL },
	{ "off while mapped", { SET(iommu_option, val64, 0) }, -EINVAL },
	{ "RLIMIT_MODE of an object", { SET(iommu_option, option_id, 0) }, -EOPNOTSUPP },
	{ "RLIMIT_MODE while in use",
	  { SET(iommu_option, option_id, 0), SET(iommu_option, object_id, 0) }, -EBUSY },
	{ 0 }
};

/* VFIO_IOAS */
static void fill_vfio_ioas(struct world *w, void *cmd)
{
	struct iommu_vfio_ioas *c = cmd;

	vfio_ioas_set(w->fd, w->ioas);
	c->op = IOMMU_VFIO_IOAS_GET;
}

static void undo_vfio_ioas(struct world *w, void *cmd)
{
	(void)cmd;
	vfio_ioas_clear(w->fd);
}

static const struct mistake vfio_ioas_mistakes[] = {
	{ "unknown operation", { SET(iommu_vfio_ioas, op, 3) }, -EOPNOTSUPP },
	{ "reserved", { SET(iommu_vfio_ioas, __reserved, 1) }, -EOPNOTSUPP },
	{ "set id 0", { SET(iommu_vfio_ioas, op, 1) }, -ENOENT },
	{ "set unknown id",
	  { SET(iommu_vfio_ioas, op, 1), SET(iommu_vfio_ioas, ioas_id, NO_ID) }, -ENOENT },
	{ "set a device",
	  { SET(iommu_vfio_ioas, op, 1), SET_TO(iommu_vfio_ioas, ioas_id, DEVICE_ID) }, -ENOENT },
	{ 0 }
};

/* HWPT_ALLOC */
static void fill_hwpt_alloc(struct world *w, void *cmd)
{
	struct iommu_hwpt_alloc *c = cmd;

	c->dev_id = w->edu.vfio.dev_id;
	c->pt_id = w->ioas;
}

static void undo_hwpt_alloc(struct world *w, void *cmd)
{
	object_destroy(w->fd, ((struct iommu_hwpt_alloc *)cmd)->out_hwpt_id);
}

static const struct mistake hwpt_alloc_mistakes[] = {
	{ "flag 3", { SET(iommu_hwpt_alloc, flags, 1 << 3) }, -EOPNOTSUPP },
	{ "flag 31", { SET(iommu_hwpt_alloc, flags, 1u << 31) }, -EOPNOTSUPP },
	{ "faults of a nest parent", { SET(iommu_hwpt_alloc, flags, 1 | 4) }, -EOPNOTSUPP },
	{ "reserved", { SET(iommu_hwpt_alloc, __reserved, 1) }, -EOPNOTSUPP },
	{ "device id 0", { SET(iommu_hwpt_alloc, dev_id, 0) }, -ENOENT },
	{ "unknown device", { SET(iommu_hwpt_alloc, dev_id, NO_ID) }, -ENOENT },
	{ "IOAS as device", { SET_TO(iommu_hwpt_alloc, dev_id, IOAS_ID) }, -ENOENT },
	{ "unknown pt_id", { SET(iommu_hwpt_alloc, pt_id, NO_ID) }, -EINVAL },
	{ "device as pt_id", { SET_TO(iommu_hwpt_alloc, pt_id, DEVICE_ID) }, -EINVAL },
	{ "data without a type", { SET(iommu_hwpt_alloc, data_len, 8) }, -EINVAL },
	{ "type without data", { SET(iommu_hwpt_alloc, data_type, 1) }, -EINVAL },
	{ "typed data with an IOAS",
	  { SET(iommu_hwpt_alloc, data_type, 1), SET(iommu_hwpt_alloc, data_len, 24) }, -EOPNOTSUPP },
	{ 0 }
};

/* GET_HW_INFO */
static void fill_hw_info(struct world *w, void *cmd)
{
	struct iommu_hw_info *c = cmd;

	c->dev_id = w->edu.vfio.dev_id;
	c->data_len = sizeof(*w->info);
	c->data_uptr = U(w->info);
}

static const struct mistake hw_info_mistakes[] = {
	/* flag 0 is known to our kernel module, not to that of 6.12 */
	{ "flag 1", { SET(iommu_hw_info, flags, 2) }, -EOPNOTSUPP },
	{ "flag 31", { SET(iommu_hw_info, flags, 1u << 31) }, -EOPNOTSUPP },
	{ "first reserved byte", { SET(iommu_hw_info, __reserved[0], 1) }, -EOPNOTSUPP },
	{ "last reserved byte", { SET(iommu_hw_info, __reserved[2], 1) }, -EOPNOTSUPP },
	{ "device id 0", { SET(iommu_hw_info, dev_id, 0) }, -ENOENT },
	{ "unknown device", { SET(iommu_hw_info, dev_id, NO_ID) }, -ENOENT },
	{ "IOAS as device", { SET_TO(iommu_hw_info, dev_id, IOAS_ID) }, -ENOENT },
	{ "HWPT as device", { SET_TO(iommu_hw_info, dev_id, HWPT_ID) }, -ENOENT },
	{ "NULL buffer", { SET(iommu_hw_info, data_uptr, 0) }, -EFAULT },
	{ "unwritable buffer", { SET_TO(iommu_hw_info, data_uptr, READONLY_VA) }, -EFAULT },
	/* the info is short, so this is the zero padding */
	{ "buffer that ends early", { SET(iommu_hw_info, data_len, 0xffffffff) }, -EFAULT },
	{ 0 }
};

/* HWPT_SET_DIRTY_TRACKING */
static void fill_set_dirty(struct world *w, void *cmd)
{
	struct iommu_hwpt_set_dirty_tracking *c = cmd;

	c->flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE;
	c->hwpt_id = w->hwpt;
}

static const struct mistake set_dirty_mistakes[] = {
	/* with a second mistake, as the good call has the same answer */
	{ "flag 1", { SET(iommu_hwpt_set_dirty_tracking, flags, 2),
		      SET(iommu_hwpt_set_dirty_tracking, hwpt_id, NO_ID) }, -EOPNOTSUPP },
	{ "flag 31", { SET(iommu_hwpt_set_dirty_tracking, flags, 1u << 31),
		       SET(iommu_hwpt_set_dirty_tracking, hwpt_id, NO_ID) }, -EOPNOTSUPP },
	{ "id 0", { SET(iommu_hwpt_set_dirty_tracking, hwpt_id, 0) }, -ENOENT },
	{ "unknown id", { SET(iommu_hwpt_set_dirty_tracking, hwpt_id, NO_ID) }, -ENOENT },
	{ "IOAS as HWPT", { SET_TO(iommu_hwpt_set_dirty_tracking, hwpt_id, IOAS_ID) }, -ENOENT },
	{ "device as HWPT", { SET_TO(iommu_hwpt_set_dirty_tracking, hwpt_id, DEVICE_ID) }, -ENOENT },
	{ 0 }
};

/* HWPT_GET_DIRTY_BITMAP */
static void fill_get_dirty(struct world *w, void *cmd)
{
	struct iommu_hwpt_get_dirty_bitmap *c = cmd;

	c->hwpt_id = w->hwpt;
	c->iova = MAPPED;
	c->length = 2 * PAGE;
	c->page_size = PAGE;
	c->data = U(w->mem);
}

static const struct mistake get_dirty_mistakes[] = {
	{ "flag 1", { SET(iommu_hwpt_get_dirty_bitmap, flags, 2),
		      SET(iommu_hwpt_get_dirty_bitmap, hwpt_id, NO_ID) }, -EOPNOTSUPP },
	{ "flag 31", { SET(iommu_hwpt_get_dirty_bitmap, flags, 1u << 31),
		       SET(iommu_hwpt_get_dirty_bitmap, hwpt_id, NO_ID) }, -EOPNOTSUPP },
	{ "reserved", { SET(iommu_hwpt_get_dirty_bitmap, __reserved, 1),
			SET(iommu_hwpt_get_dirty_bitmap, hwpt_id, NO_ID) }, -EOPNOTSUPP },
	{ "id 0", { SET(iommu_hwpt_get_dirty_bitmap, hwpt_id, 0) }, -ENOENT },
	{ "unknown id", { SET(iommu_hwpt_get_dirty_bitmap, hwpt_id, NO_ID) }, -ENOENT },
	{ "IOAS as HWPT", { SET_TO(iommu_hwpt_get_dirty_bitmap, hwpt_id, IOAS_ID) }, -ENOENT },
	{ "device as HWPT", { SET_TO(iommu_hwpt_get_dirty_bitmap, hwpt_id, DEVICE_ID) }, -ENOENT },
	{ "length 0", { SET(iommu_hwpt_get_dirty_bitmap, length, 0) }, -EINVAL },
	{ "length not aligned", { SET(iommu_hwpt_get_dirty_bitmap, length, PAGE - 1) }, -EINVAL },
	{ "iova not aligned", { SET(iommu_hwpt_get_dirty_bitmap, iova, MAPPED + 1) }, -EINVAL },
	{ "iova + length wraps",
	  { SET(iommu_hwpt_get_dirty_bitmap, iova, UINT64_MAX - PAGE + 1) }, -EOVERFLOW },
	{ "length U64_MAX", { SET(iommu_hwpt_get_dirty_bitmap, length, UINT64_MAX) }, -EOVERFLOW },
	{ "the whole space but one byte",
	  { SET(iommu_hwpt_get_dirty_bitmap, iova, 0),
	    SET(iommu_hwpt_get_dirty_bitmap, length, UINT64_MAX) }, -EINVAL },
	{ "page size 0", { SET(iommu_hwpt_get_dirty_bitmap, page_size, 0) }, -EINVAL },
	{ "iova not a multiple of the page size",
	  { SET(iommu_hwpt_get_dirty_bitmap, page_size, 2 * MAPPED) }, -EINVAL },
	{ "length not a multiple of the page size",
	  { SET(iommu_hwpt_get_dirty_bitmap, page_size, 4 * PAGE) }, -EINVAL },
	{ "page size 1 << 63", { SET(iommu_hwpt_get_dirty_bitmap, page_size, 1ULL << 63) }, -EINVAL },
	{ 0 }
};

/* HWPT_INVALIDATE */
/* This machine has nothing to invalidate: no mistake but the object's id. */
static void fill_invalidate(struct world *w, void *cmd)
{
	struct iommu_hwpt_invalidate *c = cmd;

	c->hwpt_id = NO_ID;
	c->data_uptr = U(w->mem);
	c->entry_len = 16;
	c->entry_num = 1;
}

/* entry_num is always written back: how many were done */
static bool none_invalidated(const void *cmd)
{
	return !((const struct iommu_hwpt_invalidate *)cmd)->entry_num;
}

static const struct mistake invalidate_mistakes[] = {
	{ "reserved", { SET(iommu_hwpt_invalidate, __reserved, 1) }, -EOPNOTSUPP },
	{ "NULL entries", { SET(iommu_hwpt_invalidate, data_uptr, 0) }, -EINVAL },
	{ "empty entries", { SET(iommu_hwpt_invalidate, entry_len, 0) }, -EINVAL },
	{ "long entries", { SET(iommu_hwpt_invalidate, entry_len, PAGE + 1) }, -EINVAL },
	{ "too many entries", { SET(iommu_hwpt_invalidate, entry_num, (1 << 19) + 1) }, -EINVAL },
	{ "2^32 - 1 entries", { SET(iommu_hwpt_invalidate, entry_num, 0xffffffff) }, -EINVAL },
	/* no entry and nothing to complain about but the id */
	{ "no entries", { SET(iommu_hwpt_invalidate, entry_num, 0) }, -ENOENT },
	{ "paging HWPT", { SET_TO(iommu_hwpt_invalidate, hwpt_id, HWPT_ID) }, -EINVAL },
	{ "IOAS as HWPT", { SET_TO(iommu_hwpt_invalidate, hwpt_id, IOAS_ID) }, -EINVAL },
	{ 0 }
};

/* FAULT_QUEUE_ALLOC */
static void fill_fault_queue(struct world *w, void *cmd)
{
	(void)w;
	(void)cmd;
}

static void undo_fault_queue(struct world *w, void *cmd)
{
	struct iommu_fault_alloc *c = cmd;

	close((int)c->out_fault_fd);
	object_destroy(w->fd, c->out_fault_id);
}

static const struct mistake fault_queue_mistakes[] = {
	{ "flag 0", { SET(iommu_fault_alloc, flags, 1) }, -EOPNOTSUPP },
	{ "flag 31", { SET(iommu_fault_alloc, flags, 1u << 31) }, -EOPNOTSUPP },
	{ 0 }
};

/* VIOMMU_ALLOC */
#define NUMBER_IN_USE 7

static void fill_viommu(struct world *w, void *cmd)
{
	struct iommu_viommu_alloc *c = cmd;

	c->type = IOMMU_VIOMMU_TYPE_SELFTEST;
	c->dev_id = w->guest.dev.idev;
	c->hwpt_id = w->guest.parent;
}

static void undo_viommu(struct world *w, void *cmd)
{
	object_destroy(w->fd, ((struct iommu_viommu_alloc *)cmd)->out_viommu_id);
}

static const struct mistake viommu_mistakes[] = {
	{ "flag 0", { SET(iommu_viommu_alloc, flags, 1) }, -EOPNOTSUPP },
	{ "flag 31", { SET(iommu_viommu_alloc, flags, 1u << 31) }, -EOPNOTSUPP },
	{ "reserved", { SET(iommu_viommu_alloc, __reserved, 1) }, -EOPNOTSUPP },
	{ "type 0", { SET(iommu_viommu_alloc, type, 0) }, -EOPNOTSUPP },
	{ "type of another IOMMU", { SET(iommu_viommu_alloc, type, IOMMU_VIOMMU_TYPE_ARM_SMMUV3) }, -EOPNOTSUPP },
	{ "device behind another IOMMU", { SET_TO(iommu_viommu_alloc, dev_id, DEVICE_ID) }, -EOPNOTSUPP },
	{ "device id 0", { SET(iommu_viommu_alloc, dev_id, 0) }, -ENOENT },
	{ "unknown device", { SET(iommu_viommu_alloc, dev_id, NO_ID) }, -ENOENT },
	{ "IOAS as device", { SET_TO(iommu_viommu_alloc, dev_id, IOAS_ID) }, -ENOENT },
	{ "vIOMMU as device", { SET_TO(iommu_viommu_alloc, dev_id, VIOMMU_ID) }, -ENOENT },
	{ "HWPT id 0", { SET(iommu_viommu_alloc, hwpt_id, 0) }, -ENOENT },
	{ "unknown HWPT", { SET(iommu_viommu_alloc, hwpt_id, NO_ID) }, -ENOENT },
	{ "IOAS as HWPT", { SET_TO(iommu_viommu_alloc, hwpt_id, IOAS_ID) }, -ENOENT },
	{ "vIOMMU as HWPT", { SET_TO(iommu_viommu_alloc, hwpt_id, VIOMMU_ID) }, -ENOENT },
	{ "HWPT that is no nest parent", { SET_TO(iommu_viommu_alloc, hwpt_id, MOCK_HWPT_ID) }, -EINVAL },
	{ "HWPT of another IOMMU", { SET_TO(iommu_viommu_alloc, hwpt_id, HWPT_ID) }, -EINVAL },
	{ "data that is not there", { SET(iommu_viommu_alloc, data_len, 24) }, -EFAULT },
	{ "data without access",
	  { SET(iommu_viommu_alloc, data_len, 24), SET_TO(iommu_viommu_alloc, data_uptr, NOTHING_VA) }, -EFAULT },
	{ "results that cannot be written",
	  { SET(iommu_viommu_alloc, data_len, 24), SET_TO(iommu_viommu_alloc, data_uptr, READONLY_VA) }, -EFAULT },
	{ "data too short",
	  { SET(iommu_viommu_alloc, data_len, 7), SET_TO(iommu_viommu_alloc, data_uptr, READONLY_VA) }, -EINVAL },
	{ "data too long",
	  { SET(iommu_viommu_alloc, data_len, 25), SET_TO(iommu_viommu_alloc, data_uptr, READONLY_VA) }, -EINVAL },
	{ 0 }
};

/* VDEVICE_ALLOC */
static void fill_vdevice(struct world *w, void *cmd)
{
	struct iommu_vdevice_alloc *c = cmd;

	c->viommu_id = w->guest.viommu;
	c->dev_id = w->guest.dev.idev;
	c->virt_id = NUMBER_IN_USE;
}

static void undo_vdevice(struct world *w, void *cmd)
{
	object_destroy(w->fd, ((struct iommu_vdevice_alloc *)cmd)->out_vdevice_id);
}

static const struct mistake vdevice_mistakes[] = {
	{ "vIOMMU id 0", { SET(iommu_vdevice_alloc, viommu_id, 0) }, -ENOENT },
	{ "unknown vIOMMU", { SET(iommu_vdevice_alloc, viommu_id, NO_ID) }, -ENOENT },
	{ "IOAS as vIOMMU", { SET_TO(iommu_vdevice_alloc, viommu_id, IOAS_ID) }, -ENOENT },
	{ "HWPT as vIOMMU", { SET_TO(iommu_vdevice_alloc, viommu_id, MOCK_HWPT_ID) }, -ENOENT },
	{ "device as vIOMMU", { SET_TO(iommu_vdevice_alloc, viommu_id, DEVICE_ID) }, -ENOENT },
	{ "device id 0", { SET(iommu_vdevice_alloc, dev_id, 0) }, -ENOENT },
	{ "unknown device", { SET(iommu_vdevice_alloc, dev_id, NO_ID) }, -ENOENT },
	{ "IOAS as device", { SET_TO(iommu_vdevice_alloc, dev_id, IOAS_ID) }, -ENOENT },
	{ "vIOMMU as device", { SET_TO(iommu_vdevice_alloc, dev_id, VIOMMU_ID) }, -ENOENT },
	{ "device behind another IOMMU", { SET_TO(iommu_vdevice_alloc, dev_id, DEVICE_ID) }, -EINVAL },
	{ "device that has one", { SET_TO(iommu_vdevice_alloc, dev_id, TAKEN_DEVICE_ID) }, -EEXIST },
	{ "number in use", { SET_TO(iommu_vdevice_alloc, viommu_id, VIOMMU_IN_USE_ID) }, -EEXIST },
	{ 0 }
};

/* VEVENTQ_ALLOC */
static void fill_veventq(struct world *w, void *cmd)
{
	struct iommu_veventq_alloc *c = cmd;

	c->viommu_id = w->guest.viommu;
	c->type = IOMMU_VEVENTQ_TYPE_SELFTEST;
	c->veventq_depth = 1;
}

static void undo_veventq(struct world *w, void *cmd)
{
	struct iommu_veventq_alloc *c = cmd;

	close((int)c->out_veventq_fd);
	object_destroy(w->fd, c->out_veventq_id);
}

static const struct mistake veventq_mistakes[] = {
	{ "flag 0", { SET(iommu_veventq_alloc, flags, 1) }, -EOPNOTSUPP },
	{ "flag 31", { SET(iommu_veventq_alloc, flags, 1u << 31) }, -EOPNOTSUPP },
	{ "reserved", { SET(iommu_veventq_alloc, __reserved, 1) }, -EOPNOTSUPP },
	{ "type 0", { SET(iommu_veventq_alloc, type, 0) }, -EOPNOTSUPP },
	{ "depth 0", { SET(iommu_veventq_alloc, veventq_depth, 0) }, -EINVAL },
	{ "depth 2^19 + 1", { SET(iommu_veventq_alloc, veventq_depth, (1 << 19) + 1) }, -EINVAL },
	{ "depth 2^32 - 1", { SET(iommu_veventq_alloc, veventq_depth, 0xffffffff) }, -EINVAL },
	{ "vIOMMU id 0", { SET(iommu_veventq_alloc, viommu_id, 0) }, -ENOENT },
	{ "unknown vIOMMU", { SET(iommu_veventq_alloc, viommu_id, NO_ID) }, -ENOENT },
	{ "IOAS as vIOMMU", { SET_TO(iommu_veventq_alloc, viommu_id, IOAS_ID) }, -ENOENT },
	{ "HWPT as vIOMMU", { SET_TO(iommu_veventq_alloc, viommu_id, MOCK_HWPT_ID) }, -ENOENT },
	{ "device as vIOMMU", { SET_TO(iommu_veventq_alloc, viommu_id, DEVICE_ID) }, -ENOENT },
	{ "second one of a type", { SET_TO(iommu_veventq_alloc, viommu_id, VIOMMU_IN_USE_ID) }, -EEXIST },
	{ 0 }
};

/* HW_QUEUE_ALLOC */
static void fill_hw_queue(struct world *w, void *cmd)
{
	struct iommu_hw_queue_alloc *c = cmd;

	c->viommu_id = w->guest.viommu;
	c->type = IOMMU_HW_QUEUE_TYPE_SELFTEST;
	c->nesting_parent_iova = MAPPED;
	c->length = PAGE;
}

static void undo_hw_queue(struct world *w, void *cmd)
{
	object_destroy(w->fd, ((struct iommu_hw_queue_alloc *)cmd)->out_hw_queue_id);
}

static const struct mistake hw_queue_mistakes[] = {
	{ "flag 0", { SET(iommu_hw_queue_alloc, flags, 1) }, -EOPNOTSUPP },
	{ "flag 31", { SET(iommu_hw_queue_alloc, flags, 1u << 31) }, -EOPNOTSUPP },
	{ "type 0", { SET(iommu_hw_queue_alloc, type, 0) }, -EOPNOTSUPP },
	{ "type of another IOMMU",
	  { SET(iommu_hw_queue_alloc, type, IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV) }, -EOPNOTSUPP },
	{ "vIOMMU id 0", { SET(iommu_hw_queue_alloc, viommu_id, 0) }, -ENOENT },
	{ "unknown vIOMMU", { SET(iommu_hw_queue_alloc, viommu_id, NO_ID) }, -ENOENT },
	{ "IOAS as vIOMMU", { SET_TO(iommu_hw_queue_alloc, viommu_id, IOAS_ID) }, -ENOENT },
	{ "HWPT as vIOMMU", { SET_TO(iommu_hw_queue_alloc, viommu_id, MOCK_HWPT_ID) }, -ENOENT },
	{ "device as vIOMMU", { SET_TO(iommu_hw_queue_alloc, viommu_id, DEVICE_ID) }, -ENOENT },
	{ "length 0", { SET(iommu_hw_queue_alloc, length, 0) }, -EINVAL },
	{ "length U64_MAX", { SET(iommu_hw_queue_alloc, length, UINT64_MAX) }, -EOVERFLOW },
	{ "iova + length wraps",
	  { SET(iommu_hw_queue_alloc, nesting_parent_iova, UINT64_MAX - PAGE + 2) }, -EOVERFLOW },
	{ "not mapped", { SET(iommu_hw_queue_alloc, nesting_parent_iova, FREE) }, -ENOENT },
	{ "the mapping begins too late", { SET(iommu_hw_queue_alloc, nesting_parent_iova, MAPPED - 1) }, -ENOENT },
	{ "the mapping ends too early",
	  { SET(iommu_hw_queue_alloc, nesting_parent_iova, MAPPED + PAGE + 1) }, -ENOENT },
	{ "index beyond the last", { SET(iommu_hw_queue_alloc, index, IOMMU_TEST_HW_QUEUE_MAX) }, -EINVAL },
	{ "index 2^32 - 1", { SET(iommu_hw_queue_alloc, index, 0xffffffff) }, -EINVAL },
	{ "index 1 before index 0", { SET(iommu_hw_queue_alloc, index, 1) }, -EIO },
	{ "index in use", { SET_TO(iommu_hw_queue_alloc, viommu_id, VIOMMU_IN_USE_ID) }, -EEXIST },
	{ 0 }
};

#define CASE(ioctl, type, last, does_answer, filler, undoer, list, ...)       \
	{ .name = #ioctl, .nr = ioctl, .size = sizeof(struct type),            \
	  .min = offsetof(struct type, last) + sizeof(((struct type *)0)->last), \
	  .answers = does_answer, .fill = filler, .undo = undoer,              \
	  .mistakes = list, ##__VA_ARGS__ }

/* last: the last field that every version of the call has */
static const struct ioctl_case cases[] = {
	CASE(IOMMU_DESTROY, iommu_destroy, id, false, fill_destroy, NULL,
	     destroy_mistakes),
	CASE(IOMMU_IOAS_ALLOC, iommu_ioas_alloc, out_ioas_id, true,
	     fill_ioas_alloc, undo_ioas_alloc, ioas_alloc_mistakes),
	CASE(IOMMU_IOAS_ALLOW_IOVAS, iommu_ioas_allow_iovas, allowed_iovas,
	     false, fill_allow, undo_allow, allow_mistakes),
	CASE(IOMMU_IOAS_IOVA_RANGES, iommu_ioas_iova_ranges, out_iova_alignment,
	     true, fill_iova_ranges, NULL, iova_ranges_mistakes),
	CASE(IOMMU_IOAS_MAP, iommu_ioas_map, iova, true, fill_map, undo_map,
	     map_mistakes),
	CASE(IOMMU_IOAS_MAP_FILE, iommu_ioas_map_file, iova, true, fill_map_file,
	     undo_map_file, map_file_mistakes),
	CASE(IOMMU_IOAS_CHANGE_PROCESS, iommu_ioas_change_process, __reserved, false,
	     fill_change_process, NULL, change_process_mistakes, .good = -EINVAL),
	CASE(IOMMU_IOAS_COPY, iommu_ioas_copy, src_iova, true, fill_copy,
	     undo_copy, copy_mistakes),
	CASE(IOMMU_IOAS_UNMAP, iommu_ioas_unmap, length, true, fill_unmap,
	     undo_unmap, unmap_mistakes),
	CASE(IOMMU_OPTION, iommu_option, val64, true, fill_option, NULL,
	     option_mistakes),
	CASE(IOMMU_VFIO_IOAS, iommu_vfio_ioas, __reserved, true, fill_vfio_ioas,
	     undo_vfio_ioas, vfio_ioas_mistakes),
	CASE(IOMMU_HWPT_ALLOC, iommu_hwpt_alloc, __reserved, true,
	     fill_hwpt_alloc, undo_hwpt_alloc, hwpt_alloc_mistakes),
	CASE(IOMMU_GET_HW_INFO, iommu_hw_info, __reserved, true, fill_hw_info,
	     NULL, hw_info_mistakes),
	CASE(IOMMU_HWPT_SET_DIRTY_TRACKING, iommu_hwpt_set_dirty_tracking,
	     __reserved, false, fill_set_dirty, NULL, set_dirty_mistakes,
	     .good = -EOPNOTSUPP),
	CASE(IOMMU_HWPT_GET_DIRTY_BITMAP, iommu_hwpt_get_dirty_bitmap, data,
	     false, fill_get_dirty, NULL, get_dirty_mistakes,
	     .good = -EOPNOTSUPP),
	CASE(IOMMU_HWPT_INVALIDATE, iommu_hwpt_invalidate, __reserved, true,
	     fill_invalidate, NULL, invalidate_mistakes,
	     .good = -ENOENT, .left_well = none_invalidated),
	CASE(IOMMU_FAULT_QUEUE_ALLOC, iommu_fault_alloc, out_fault_fd, true,
	     fill_fault_queue, undo_fault_queue, fault_queue_mistakes),
	CASE(IOMMU_VIOMMU_ALLOC, iommu_viommu_alloc, out_viommu_id, true,
	     fill_viommu, undo_viommu, viommu_mistakes, .for_guests = true),
	CASE(IOMMU_VDEVICE_ALLOC, iommu_vdevice_alloc, virt_id, true,
	     fill_vdevice, undo_vdevice, vdevice_mistakes, .for_guests = true),
	CASE(IOMMU_VEVENTQ_ALLOC, iommu_veventq_alloc, out_veventq_fd, true,
	     fill_veventq, undo_veventq, veventq_mistakes, .for_guests = true),
	CASE(IOMMU_HW_QUEUE_ALLOC, iommu_hw_queue_alloc, length, true,
	     fill_hw_queue, undo_hw_queue, hw_queue_mistakes, .for_guests = true),
};

#endif /* SELFTESTS_BAD_INPUT_CASES_H */
