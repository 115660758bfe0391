/* SPDX-License-Identifier: GPL-2.0-only */
/* ROW(errno, call: what it is about, expression of `w`), of abi_rows.h; included more than once. */
/* clang-format off */

/* Rules for every call */
ROW(-ENOTTY, "a number between the calls and the test call", BARE(_IO(';', 0x96)))
ROW(-ENOTTY, "a number below, which VFIO has not", BARE(_IO(';', 0x7f)))
ROW(-ENOTTY, "a number above", BARE(_IO(';', 0xf0)))
ROW(-ENOTTY, "another type", BARE(_IO('<', 0x81)))
ROW(-ENOTTY, "a size in the number", BARE(_IOWR(';', 0x81, struct iommu_ioas_alloc)))
ROW(0, "VFIO's calls go to the compatibility layer", IS(ioctl(w->fd, _IO(';', 100)) == 0))
ROW(0, "ids start at 1", ELSEWHERE(({ __u32 id; ioas_alloc(w->fd, &id) THEN IS(id == 1); })))
ROW(-ENOENT, "ids are one descriptor's", ELSEWHERE(MAP()))

ROW(-ENOENT, "0x80 DESTROY: unknown id", object_destroy(w->fd, NO_ID))
ROW(-ENOENT, "0x80 DESTROY: id 0", object_destroy(w->fd, 0))
ROW(-ENOENT, "0x80 DESTROY: twice", object_destroy(w->fd, w->other) THEN object_destroy(w->fd, w->other))
ROW(-EBUSY, "0x80 DESTROY: used by another object", object_destroy(w->fd, w->ioas))
ROW(-EBUSY, "0x80 DESTROY: attached", object_destroy(w->fd, w->parent))
ROW(-EBUSY, "0x80 DESTROY: a device", object_destroy(w->fd, w->dev.idev))

ROW(-EOPNOTSUPP, "0x81 IOAS_ALLOC: flags", IOAS_ALLOC(.flags = 1))

ROW(0, "0x82 IOAS_ALLOW_IOVAS: a list", (RANGE(0, FREE, FREE + PAGE), ALLOW()))
ROW(0, "0x82 IOAS_ALLOW_IOVAS: an empty one", ALLOW(.num_iovas = 0))
ROW(-EINVAL, "0x82 IOAS_ALLOW_IOVAS: start after last", (RANGE(0, 8 * PAGE, PAGE), ALLOW()))
ROW(-EINVAL, "0x82 IOAS_ALLOW_IOVAS: start is last", (RANGE(0, PAGE, PAGE), ALLOW()))
ROW(-EINVAL, "0x82 IOAS_ALLOW_IOVAS: overlap", (RANGE(0, 0, 2 * PAGE), RANGE(1, PAGE, 3 * PAGE), ALLOW(.num_iovas = 2)))
ROW(-EADDRINUSE, "0x82 IOAS_ALLOW_IOVAS: reserved",
    (RANGE(0, 0, FREE), mock_reserve(w->fd, w->other, PAGE, PAGE) THEN ALLOW()))
ROW(-ENOSPC, "0x82 IOAS_ALLOW_IOVAS: only these are given out",
    (RANGE(0, FREE, FREE + PAGE - 1), ALLOW() THEN MAP(.ioas_id = w->other, .flags = RW, .length = 2 * PAGE)))
ROW(0, "0x82 IOAS_ALLOW_IOVAS: what fails changes nothing",
    (RANGE(0, FREE, FREE + PAGE - 1), ALLOW() THEN (RANGE(1, FREE, FREE + 1), IS(ALLOW(.num_iovas = 2) == -EINVAL)) THEN
     MAP_AND(cmd_.iova == FREE, .ioas_id = w->other, .flags = RW)))
ROW(-EOPNOTSUPP, "0x82 IOAS_ALLOW_IOVAS: reserved field", ALLOW(.__reserved = 1))
ROW(-ENOENT, "0x82 IOAS_ALLOW_IOVAS: not an IOAS", ALLOW(.ioas_id = w->parent))
ROW(-EFAULT, "0x82 IOAS_ALLOW_IOVAS: bad array", ALLOW(.allowed_iovas = U(NOTHING(w))))

ROW(0, "0x83 IOAS_COPY: works", COPY())
ROW(0, "0x83 IOAS_COPY: shares the pins", COPY(.dst_ioas_id = w->ioas) THEN mock_check_refs(w->fd, w->memory, PAGE, 1))
ROW(-EOPNOTSUPP, "0x83 IOAS_COPY: unknown flag", COPY(.flags = FIXED | 8))
ROW(-EINVAL, "0x83 IOAS_COPY: no access", COPY(.flags = IOMMU_IOAS_MAP_FIXED_IOVA))
ROW(-ENOENT, "0x83 IOAS_COPY: source not mapped", COPY(.src_iova = FREE))
ROW(-ENOENT, "0x83 IOAS_COPY: source mapped in part", COPY(.length = 3 * PAGE))
ROW(-EPERM, "0x83 IOAS_COPY: writable, of what is not",
    MAP(.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE, .user_va = U(READ_ONLY(w))) THEN COPY(.src_iova = FREE))
ROW(-EOVERFLOW, "0x83 IOAS_COPY: wraps", COPY(.src_iova = ~0ULL - PAGE + 1, .length = 2 * PAGE))
ROW(-EEXIST, "0x83 IOAS_COPY: destination in use", COPY(.dst_ioas_id = w->ioas, .dst_iova = MAPPED))
ROW(-ENOENT, "0x83 IOAS_COPY: source is no IOAS", COPY(.src_ioas_id = w->parent))
ROW(-ENOENT, "0x83 IOAS_COPY: destination is no IOAS", COPY(.dst_ioas_id = NO_ID))

ROW(0, "0x84 IOAS_IOVA_RANGES: both ends are in it",
    RANGES(cmd_.num_iovas == 1 && w->ranges[0].start == MOCK_APERTURE_START && w->ranges[0].last == MOCK_APERTURE_LAST))
ROW(0, "0x84 IOAS_IOVA_RANGES: alignment", RANGES(cmd_.out_iova_alignment >= 1 && cmd_.out_iova_alignment <= PAGE))
ROW(0, "0x84 IOAS_IOVA_RANGES: all, without a device",
    RANGES(cmd_.num_iovas == 1 && !w->ranges[0].start && w->ranges[0].last == ~0ULL && cmd_.out_iova_alignment == 1,
	   .ioas_id = w->other))
ROW(-EMSGSIZE, "0x84 IOAS_IOVA_RANGES: array too small", RANGES(cmd_.num_iovas == 1, .num_iovas = 0))
ROW(-EOPNOTSUPP, "0x84 IOAS_IOVA_RANGES: reserved field", RANGES(true, .__reserved = 1))
ROW(-ENOENT, "0x84 IOAS_IOVA_RANGES: unknown IOAS", RANGES(true, .ioas_id = NO_ID))
ROW(-EFAULT, "0x84 IOAS_IOVA_RANGES: bad array", RANGES(true, .allowed_iovas = U(NOTHING(w))))

ROW(0, "0x85 IOAS_MAP: works", MAP())
ROW(0, "0x85 IOAS_MAP: read-only memory, to read",
    MAP(.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE, .user_va = U(READ_ONLY(w))))
ROW(-EFAULT, "0x85 IOAS_MAP: read-only memory, to write", MAP(.user_va = U(READ_ONLY(w))))
ROW(0, "0x85 IOAS_MAP: automatic IOVA is not 0, and keeps the offset",
    MAP_AND(cmd_.iova && cmd_.iova % PAGE == 0, .flags = RW, .ioas_id = w->other, .iova = 0))
ROW(-EOPNOTSUPP, "0x85 IOAS_MAP: unknown flag", MAP(.flags = FIXED | 8))
ROW(-EOPNOTSUPP, "0x85 IOAS_MAP: reserved field", MAP(.__reserved = 1))
ROW(-EINVAL, "0x85 IOAS_MAP: no access", MAP(.flags = IOMMU_IOAS_MAP_FIXED_IOVA))
ROW(-EINVAL, "0x85 IOAS_MAP: length 0", MAP(.length = 0))
ROW(-EINVAL, "0x85 IOAS_MAP: not aligned", MAP(.iova = FREE + 1, .user_va = U(w->memory)))
ROW(-EEXIST, "0x85 IOAS_MAP: IOVA in use", MAP(.iova = MAPPED))
ROW(-EINVAL, "0x85 IOAS_MAP: reserved IOVA", MAP(.iova = PAGE))
ROW(-ENOSPC, "0x85 IOAS_MAP: no room", MAP(.flags = RW, .length = MOCK_APERTURE_LAST + 1ULL))
ROW(-EFAULT, "0x85 IOAS_MAP: nothing there", MAP(.user_va = U(NOTHING(w))))
ROW(-ENOMEM, "0x85 IOAS_MAP: RLIMIT_MEMLOCK", UNPRIVILEGED(MAP()))
ROW(-EOVERFLOW, "0x85 IOAS_MAP: address wraps", MAP(.ioas_id = w->other, .user_va = ~0ULL - PAGE + 1, .length = 2 * PAGE))
ROW(-EOVERFLOW, "0x85 IOAS_MAP: IOVA wraps", MAP(.ioas_id = w->other, .iova = ~0ULL - PAGE + 1, .length = 2 * PAGE))
ROW(-ENOENT, "0x85 IOAS_MAP: not an IOAS", MAP(.ioas_id = w->dev.idev))

ROW(0, "0x86 IOAS_UNMAP: whole areas", UNMAP(cmd_.length == 2 * PAGE))
ROW(-ENOENT, "0x86 IOAS_UNMAP: part of an area", UNMAP(true, .length = PAGE))
ROW(-ENOENT, "0x86 IOAS_UNMAP: nothing there", UNMAP(true, .iova = FREE))
ROW(0, "0x86 IOAS_UNMAP: everything", UNMAP(cmd_.length == 2 * PAGE, .iova = 0, .length = ~0ULL))
ROW(0, "0x86 IOAS_UNMAP: everything, of an empty IOAS", UNMAP(!cmd_.length, .iova = 0, .length = ~0ULL, .ioas_id = w->other))
ROW(-EOVERFLOW, "0x86 IOAS_UNMAP: wraps", UNMAP(true, .iova = ~0ULL - PAGE, .length = 2 * PAGE))
ROW(-EBUSY, "0x86 IOAS_UNMAP: pinned by a HW queue", ({ __u32 q; new_hw_queue(w, 0, &q) THEN UNMAP(true); }))
ROW(-ENOENT, "0x86 IOAS_UNMAP: not an IOAS", UNMAP(true, .ioas_id = w->parent))

ROW(0, "0x87 OPTION: read", OPTION(cmd_.val64 == 1))
ROW(-EOPNOTSUPP, "0x87 OPTION: unknown option", OPTION(true, .option_id = 2))
ROW(-EOPNOTSUPP, "0x87 OPTION: unknown operation", OPTION(true, .op = 2))
ROW(-EOPNOTSUPP, "0x87 OPTION: reserved field", OPTION(true, .__reserved = 1))
ROW(-ENOENT, "0x87 OPTION HUGE_PAGES: not an IOAS", OPTION(true, .object_id = w->parent))
ROW(-EINVAL, "0x87 OPTION HUGE_PAGES: neither 0 nor 1", OPTION(true, .op = IOMMU_OPTION_OP_SET, .val64 = 2))
ROW(-EINVAL, "0x87 OPTION HUGE_PAGES: something is mapped", OPTION(true, .op = IOMMU_OPTION_OP_SET, .val64 = 0))
ROW(0, "0x87 OPTION HUGE_PAGES: nothing is", OPTION(true, .op = IOMMU_OPTION_OP_SET, .val64 = 0, .object_id = w->other))
ROW(-EADDRINUSE, "0x87 OPTION HUGE_PAGES: not aligned", ({
	const __u32 half = PAGE / 2;
	MAP(.ioas_id = w->other, .user_va = U(w->memory) + half, .length = half, .iova = FREE + half)
	THEN OPTION(true, .op = IOMMU_OPTION_OP_SET, .val64 = 0, .object_id = w->other); }))
ROW(-EOPNOTSUPP, "0x87 OPTION RLIMIT_MODE: object id", RLIMIT(.object_id = w->ioas))
ROW(-EBUSY, "0x87 OPTION RLIMIT_MODE: there are objects", RLIMIT())
ROW(0, "0x87 OPTION RLIMIT_MODE: there are none", ELSEWHERE(RLIMIT()))
ROW(-EINVAL, "0x87 OPTION RLIMIT_MODE: neither 0 nor 1", ELSEWHERE(RLIMIT(.val64 = 2)))
ROW(-EPERM, "0x87 OPTION RLIMIT_MODE: without CAP_SYS_RESOURCE", UNPRIVILEGED(RLIMIT()))

ROW(-ENODEV, "0x88 VFIO_IOAS: there is none", VFIO_IOAS(.op = IOMMU_VFIO_IOAS_GET))
ROW(0, "0x88 VFIO_IOAS: set and read",
    VFIO_IOAS() THEN CALL_AND(IOMMU_VFIO_IOAS, iommu_vfio_ioas, cmd_.ioas_id == w->ioas, .op = IOMMU_VFIO_IOAS_GET))
ROW(-ENODEV, "0x88 VFIO_IOAS: cleared", VFIO_IOAS() THEN VFIO_IOAS(.op = IOMMU_VFIO_IOAS_CLEAR) THEN VFIO_IOAS(.op = IOMMU_VFIO_IOAS_GET))
ROW(-EOPNOTSUPP, "0x88 VFIO_IOAS: unknown operation", VFIO_IOAS(.op = 3))
ROW(-EOPNOTSUPP, "0x88 VFIO_IOAS: reserved field", VFIO_IOAS(.__reserved = 1))
ROW(-ENOENT, "0x88 VFIO_IOAS: not an IOAS", VFIO_IOAS(.ioas_id = w->parent))

ROW(0, "0x89 HWPT_ALLOC: works", HWPT())
ROW(0, "0x89 HWPT_ALLOC: NEST_PARENT", HWPT(.flags = IOMMU_HWPT_ALLOC_NEST_PARENT))
ROW(0, "0x89 HWPT_ALLOC: DIRTY_TRACKING", HWPT(.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING))
ROW(-EOPNOTSUPP, "0x89 HWPT_ALLOC: DIRTY_TRACKING of a device without", HWPT(.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING, .dev_id = w->no_dirty.idev))
ROW(0, "0x89 HWPT_ALLOC: PASID", HWPT(.flags = IOMMU_HWPT_ALLOC_PASID))
ROW(0, "0x89 HWPT_ALLOC: PASID, NEST_PARENT and DIRTY_TRACKING", HWPT(.flags = 11))
ROW(-EOPNOTSUPP, "0x89 HWPT_ALLOC: unknown flag", HWPT(.flags = 16))
ROW(0, "0x89 HWPT_ALLOC: fault queue", with_faults(w))
ROW(-EOPNOTSUPP, "0x89 HWPT_ALLOC: fault queue of a NEST_PARENT",
    with_faults(w) THEN HWPT(.flags = IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_NEST_PARENT, .fault_id = w->queue))
ROW(0, "0x89 HWPT_ALLOC: fault queue and PASID",
    with_faults(w) THEN HWPT(.flags = IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID, .fault_id = w->queue))
ROW(0, "0x89 HWPT_ALLOC: fault queue of a nested one", with_faults(w) THEN NESTED(.flags = IOMMU_HWPT_FAULT_ID_VALID, .fault_id = w->queue))
ROW(-ENOENT, "0x89 HWPT_ALLOC: no such fault queue", HWPT(.flags = IOMMU_HWPT_FAULT_ID_VALID, .fault_id = w->ioas))
ROW(-EOPNOTSUPP, "0x89 HWPT_ALLOC: reserved field", HWPT(.__reserved = 1))
ROW(-ENOENT, "0x89 HWPT_ALLOC: not a device", HWPT(.dev_id = w->ioas))
ROW(-EINVAL, "0x89 HWPT_ALLOC: unknown pt_id", HWPT(.pt_id = NO_ID))
ROW(-EINVAL, "0x89 HWPT_ALLOC: pt_id is a device", HWPT(.pt_id = w->dev.idev))
ROW(-EINVAL, "0x89 HWPT_ALLOC: data without a type", HWPT(.data_len = 8, .data_uptr = U(w->bits)))
ROW(-EINVAL, "0x89 HWPT_ALLOC: a type without data", HWPT(.data_type = IOMMU_HWPT_DATA_VTD_S1))
ROW(0, "0x89 HWPT_ALLOC nested: works", NESTED())
ROW(0, "0x89 HWPT_ALLOC nested: PASID", NESTED(.flags = IOMMU_HWPT_ALLOC_PASID))
ROW(-EOPNOTSUPP, "0x89 HWPT_ALLOC nested: another flag", NESTED(.flags = IOMMU_HWPT_ALLOC_NEST_PARENT))
ROW(-EOPNOTSUPP, "0x89 HWPT_ALLOC nested: no data", HWPT(.pt_id = w->parent))
ROW(-EOPNOTSUPP, "0x89 HWPT_ALLOC nested: unknown type of data", NESTED(.data_type = 0x7777))
ROW(-EINVAL, "0x89 HWPT_ALLOC nested: parent without NEST_PARENT", NESTED(.pt_id = new_hwpt(w, 0)))
ROW(-EINVAL, "0x89 HWPT_ALLOC nested: parent is automatic", NESTED(.pt_id = w->no_dirty.hwpt))
ROW(-EINVAL, "0x89 HWPT_ALLOC nested: parent is nested", NESTED(.pt_id = w->nested))
ROW(-EFAULT, "0x89 HWPT_ALLOC nested: bad pointer", NESTED(.data_uptr = U(NOTHING(w))))
ROW(0, "0x89 HWPT_ALLOC on a vIOMMU: works", NESTED(.pt_id = viommu(w)))
ROW(0, "0x89 HWPT_ALLOC on a vIOMMU: PASID", NESTED(.pt_id = viommu(w), .flags = IOMMU_HWPT_ALLOC_PASID))
ROW(-EOPNOTSUPP, "0x89 HWPT_ALLOC on a vIOMMU: another flag", NESTED(.pt_id = viommu(w), .flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING))
ROW(-EOPNOTSUPP, "0x89 HWPT_ALLOC on a vIOMMU: no data", HWPT(.pt_id = viommu(w)))

/* With ALLOC_PASID, what a device and its PASIDs are attached to agrees. */
#define MARK(hwpt) ((hwpt) = new_hwpt(w, IOMMU_HWPT_ALLOC_PASID))
#define TO_PASID(pt) mock_pasid_attach(w->fd, &w->dev, 7, pt, NULL)
ROW(0, "ALLOC_PASID: device and PASID", (MARK(w->marked), mock_replace(w->fd, &w->dev, w->marked) THEN TO_PASID(w->marked)))
ROW(-EINVAL, "ALLOC_PASID: not of the PASID's HWPT", (MARK(w->marked), mock_replace(w->fd, &w->dev, w->marked) THEN TO_PASID(w->parent)))
ROW(-EINVAL, "ALLOC_PASID: not of the device's HWPT", (MARK(w->marked), TO_PASID(w->marked)))
ROW(-EINVAL, "ALLOC_PASID: an IOAS for a PASID", (MARK(w->marked), mock_replace(w->fd, &w->dev, w->marked) THEN TO_PASID(w->ioas)))
ROW(-EINVAL, "ALLOC_PASID: a device without the flag, beside a PASID",
    (MARK(w->marked), mock_replace(w->fd, &w->dev, w->marked) THEN TO_PASID(w->marked) THEN mock_replace(w->fd, &w->dev, w->parent)))

ROW(0, "0x8a GET_HW_INFO: works", HW_INFO(cmd_.data_len == 8 && cmd_.out_data_type == IOMMU_HW_INFO_TYPE_SELFTEST))
ROW(-EOPNOTSUPP, "0x8a GET_HW_INFO: unknown flag", HW_INFO(true, .flags = 2))
ROW(-EOPNOTSUPP, "0x8a GET_HW_INFO: first reserved byte", HW_INFO(true, .__reserved[0] = 1))
ROW(-EOPNOTSUPP, "0x8a GET_HW_INFO: second reserved byte", HW_INFO(true, .__reserved[1] = 1))
ROW(-EOPNOTSUPP, "0x8a GET_HW_INFO: third reserved byte", HW_INFO(true, .__reserved[2] = 1))
ROW(0, "0x8a GET_HW_INFO: any type wanted", HW_INFO(cmd_.out_data_type == IOMMU_HW_INFO_TYPE_SELFTEST, .flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE))
ROW(0, "0x8a GET_HW_INFO: that type wanted",
    HW_INFO(cmd_.out_data_type == IOMMU_HW_INFO_TYPE_SELFTEST, .flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE, .in_data_type = IOMMU_HW_INFO_TYPE_SELFTEST))
ROW(-EOPNOTSUPP, "0x8a GET_HW_INFO: another type wanted",
    HW_INFO(true, .flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE, .in_data_type = IOMMU_HW_INFO_TYPE_INTEL_VTD))
ROW(0, "0x8a GET_HW_INFO: without the flag the type does not count", HW_INFO(true, .in_data_type = 0x7777))
ROW(0, "0x8a GET_HW_INFO: a larger buffer is filled up with zeros",
    (memset(w->bits, 0xcc, sizeof(w->bits)), HW_INFO(cmd_.data_len == 8 && !w->bits[1] && !w->bits[7], .data_len = sizeof(w->bits))))
ROW(0, "0x8a GET_HW_INFO: a smaller buffer, and the whole length",
    (memset(w->bits, 0xcc, sizeof(w->bits)), HW_INFO(cmd_.data_len == 8 && w->bits[0] >> 32 == 0xcccccccc, .data_len = 4)))
ROW(-EFAULT, "0x8a GET_HW_INFO: bad buffer", HW_INFO(true, .data_uptr = U(NOTHING(w))))
ROW(-ENOENT, "0x8a GET_HW_INFO: not a device", HW_INFO(true, .dev_id = w->ioas))
ROW(0, "0x8a GET_HW_INFO: width of PASIDs", HW_INFO(cmd_.out_max_pasid_log2 == MOCK_PASID_WIDTH))
ROW(0, "0x8a GET_HW_INFO: no PASIDs", HW_INFO(!cmd_.out_max_pasid_log2, .dev_id = w->no_dirty.idev))
ROW(0, "0x8a GET_HW_INFO: dirty tracking, and no ATS",
    HW_INFO(cmd_.out_capabilities == (IOMMU_HW_CAP_DIRTY_TRACKING | IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED)))
ROW(0, "0x8a GET_HW_INFO: no dirty tracking", HW_INFO(!(cmd_.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING), .dev_id = w->no_dirty.idev))

ROW(0, "0x8b HWPT_SET_DIRTY_TRACKING: on and off", (tracking(w), SET_DIRTY(.flags = 0)))
ROW(-EOPNOTSUPP, "0x8b HWPT_SET_DIRTY_TRACKING: unknown flag", (tracking(w), SET_DIRTY(.flags = 2)))
ROW(0, "0x8b HWPT_SET_DIRTY_TRACKING: the reserved field is not looked at", (tracking(w), SET_DIRTY(.__reserved = 1)))
ROW(-EOPNOTSUPP, "0x8b HWPT_SET_DIRTY_TRACKING: HWPT without it", SET_DIRTY(.hwpt_id = w->parent))
ROW(-ENOENT, "0x8b HWPT_SET_DIRTY_TRACKING: nested HWPT", SET_DIRTY(.hwpt_id = w->nested))
ROW(0, "0x8b HWPT_SET_DIRTY_TRACKING: clears old bits", ({
	__u64 all = 3;
	tracking(w);
	mock_make_dirty(w->fd, w->dirty, MAPPED, 2 * PAGE, PAGE, &all, NULL) THEN SET_DIRTY(.flags = 0) THEN SET_DIRTY()
	THEN GET_DIRTY() THEN IS(!w->bits[0]); }))

ROW(0, "0x8c HWPT_GET_DIRTY_BITMAP: bits, once", ({
	__u64 all = 3; /* two pages that may have one entry, and be dirty together */
	tracking(w);
	mock_make_dirty(w->fd, w->dirty, MAPPED, 2 * PAGE, PAGE, &all, NULL)
	THEN GET_DIRTY(.flags = IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR) THEN IS(w->bits[0] == 3) THEN (w->bits[0] = 0, GET_DIRTY())
	THEN IS(w->bits[0] == 3) THEN (w->bits[0] = 0, GET_DIRTY()) THEN IS(!w->bits[0]); }))
ROW(-EOPNOTSUPP, "0x8c HWPT_GET_DIRTY_BITMAP: unknown flag", GET_DIRTY(.flags = 2))
ROW(-EOPNOTSUPP, "0x8c HWPT_GET_DIRTY_BITMAP: reserved field", GET_DIRTY(.__reserved = 1))
ROW(-EINVAL, "0x8c HWPT_GET_DIRTY_BITMAP: length 0", GET_DIRTY(.length = 0))
ROW(-EINVAL, "0x8c HWPT_GET_DIRTY_BITMAP: page size 0", GET_DIRTY(.page_size = 0))
ROW(-EINVAL, "0x8c HWPT_GET_DIRTY_BITMAP: not aligned", GET_DIRTY(.iova = MAPPED + 1))
ROW(-EOVERFLOW, "0x8c HWPT_GET_DIRTY_BITMAP: wraps", GET_DIRTY(.iova = ~0ULL - PAGE + 1, .length = 2 * PAGE))
ROW(-EINVAL, "0x8c HWPT_GET_DIRTY_BITMAP: a hole", GET_DIRTY(.length = 4 * PAGE))
ROW(-ENOENT, "0x8c HWPT_GET_DIRTY_BITMAP: not a HWPT", GET_DIRTY(.hwpt_id = w->ioas))

ROW(0, "0x8d HWPT_INVALIDATE: works", INVALIDATE(cmd_.entry_num == 2))
ROW(0, "0x8d HWPT_INVALIDATE: is the type known", INVALIDATE(NONE_DONE, .entry_num = 0))
ROW(-EINVAL, "0x8d HWPT_INVALIDATE: it is not", INVALIDATE(NONE_DONE, .entry_num = 0, .data_type = 0x7777))
ROW(-EINVAL, "0x8d HWPT_INVALIDATE: null pointer", INVALIDATE(NONE_DONE, .data_uptr = 0))
ROW(-EINVAL, "0x8d HWPT_INVALIDATE: length 0", INVALIDATE(NONE_DONE, .entry_len = 0))
ROW(-EINVAL, "0x8d HWPT_INVALIDATE: length above a page", INVALIDATE(NONE_DONE, .entry_len = PAGE + 1))
ROW(-EINVAL, "0x8d HWPT_INVALIDATE: more than 1 << 19", INVALIDATE(NONE_DONE, .entry_num = (1 << 19) + 1))
ROW(-EOPNOTSUPP, "0x8d HWPT_INVALIDATE: reserved field", INVALIDATE(NONE_DONE, .__reserved = 1))
ROW(-EINVAL, "0x8d HWPT_INVALIDATE: another object", INVALIDATE(NONE_DONE, .hwpt_id = w->parent))
ROW(-ENOENT, "0x8d HWPT_INVALIDATE: no object", INVALIDATE(NONE_DONE, .hwpt_id = NO_ID))
ROW(-EINVAL, "0x8d HWPT_INVALIDATE: what was done before an error",
    (w->entries[1].iotlb_id = MOCK_NESTED_DOMAIN_IOTLB_NUM, INVALIDATE(cmd_.entry_num == 1)))
ROW(0, "0x8d HWPT_INVALIDATE of a vIOMMU: is the type known", INVALIDATE(NONE_DONE, .hwpt_id = viommu(w), .data_type = SELFTEST, .entry_num = 0))
ROW(-EINVAL, "0x8d HWPT_INVALIDATE of a vIOMMU: it is not", INVALIDATE(NONE_DONE, .hwpt_id = viommu(w), .data_type = 0x7777, .entry_num = 0))
ROW(-EINVAL, "0x8d HWPT_INVALIDATE of a vIOMMU: no such device", ({
	__u32 entry[3] = { 0, VIRT_ID, 0 };
	INVALIDATE(NONE_DONE, .hwpt_id = viommu(w), .data_type = SELFTEST, .data_uptr = U(entry), .entry_len = 12, .entry_num = 1); }))
ROW(0, "0x8d HWPT_INVALIDATE of a vIOMMU: its device", ({
	__u32 entry[3] = { 0, VIRT_ID, 0 }, vdevice;
	new_vdevice(w, w->dev.idev, VIRT_ID, &vdevice) THEN
	INVALIDATE(cmd_.entry_num == 1, .hwpt_id = viommu(w), .data_type = SELFTEST, .data_uptr = U(entry), .entry_len = 12, .entry_num = 1); }))

ROW(-EOPNOTSUPP, "0x8e FAULT_QUEUE_ALLOC: flags", FAULT_QUEUE(.flags = 1))
ROW(0, "0x8e fault queue: nothing to read", with_faults(w) THEN get(w->queue_fd, w->bits, 40))
ROW(-ESPIPE, "0x8e fault queue: read of no multiple of 40", with_faults(w) THEN fault(w, 1, true) THEN get(w->queue_fd, w->memory, 41))
ROW(40, "0x8e fault queue: a request", with_faults(w) THEN fault(w, 1, true) THEN get(w->queue_fd, w->memory, 80))
ROW(80, "0x8e fault queue: a group of two", with_faults(w) THEN fault(w, 1, false) THEN fault(w, 1, true) THEN get(w->queue_fd, w->memory, 80))
ROW(-EINVAL, "0x8e fault queue: a group larger than the buffer",
    with_faults(w) THEN fault(w, 1, false) THEN fault(w, 1, true) THEN get(w->queue_fd, w->memory, 40))
ROW(-ESPIPE, "0x8e fault queue: write of no multiple of 8", with_faults(w) THEN put(w->queue_fd, w->bits, 9))
ROW(-EINVAL, "0x8e fault queue: unknown cookie", with_faults(w) THEN put(w->queue_fd, w->bits, 8))
ROW(-EINVAL, "0x8e fault queue: unknown code", ({
	struct iommu_hwpt_pgfault got;
	struct iommu_hwpt_page_response answer = { .code = 2 };
	with_faults(w) THEN fault(w, 1, true) THEN IS(get(w->queue_fd, &got, 40) == 40)
	THEN (answer.cookie = got.cookie, put(w->queue_fd, &answer, 8)); }))
ROW(8, "0x8e fault queue: an answer", ({
	struct iommu_hwpt_pgfault got;
	struct iommu_hwpt_page_response answer = { .code = IOMMUFD_PAGE_RESP_INVALID };
	with_faults(w) THEN fault(w, 1, true) THEN IS(get(w->queue_fd, &got, 40) == 40 && got.dev_id == w->dev.idev && got.addr == MAPPED)
	THEN (answer.cookie = got.cookie, put(w->queue_fd, &answer, 8)); }))
ROW(POLLOUT, "0x8e fault queue: poll, empty", with_faults(w) THEN ready(w->queue_fd))
ROW(POLLIN | POLLOUT, "0x8e fault queue: poll, a request", with_faults(w) THEN fault(w, 1, true) THEN ready(w->queue_fd))

ROW(0, "0x8f IOAS_MAP_FILE: works", IOAS_FILE())
ROW(0, "0x8f IOAS_MAP_FILE: at an offset", IOAS_FILE(.start = PAGE, .length = 2 * PAGE))
ROW(-EBADF, "0x8f IOAS_MAP_FILE: not open", IOAS_FILE(.fd = 1000))
ROW(-EBADF, "0x8f IOAS_MAP_FILE: below 0", IOAS_FILE(.fd = -1))
ROW(-EINVAL, "0x8f IOAS_MAP_FILE: another kind of file", IOAS_FILE(.fd = w->fd))
ROW(-EINVAL, "0x8f IOAS_MAP_FILE: beyond the end", IOAS_FILE(.length = 5 * PAGE))
ROW(-EINVAL, "0x8f IOAS_MAP_FILE: begins beyond the end", IOAS_FILE(.start = 16 * PAGE))
ROW(-EINVAL, "0x8f IOAS_MAP_FILE: length 0", IOAS_FILE(.length = 0))
ROW(-EINVAL, "0x8f IOAS_MAP_FILE: no access", IOAS_FILE(.flags = IOMMU_IOAS_MAP_FIXED_IOVA))
ROW(-EOPNOTSUPP, "0x8f IOAS_MAP_FILE: unknown flag", IOAS_FILE(.flags = FIXED | 8))
ROW(-EEXIST, "0x8f IOAS_MAP_FILE: IOVA in use", IOAS_FILE(.iova = MAPPED))
ROW(-EOVERFLOW, "0x8f IOAS_MAP_FILE: wraps", IOAS_FILE(.start = ~0ULL - PAGE + 1, .length = 2 * PAGE))
ROW(-ENOENT, "0x8f IOAS_MAP_FILE: not an IOAS", IOAS_FILE(.ioas_id = w->parent))
ROW(0, "0x8f IOAS_MAP_FILE: dma-buf", ({
	int fd = dmabuf(w, PAGE);
	fd < 0 ? fd : IOAS_FILE(.fd = fd); }))
ROW(-ENODEV, "0x8f IOAS_MAP_FILE: dma-buf, revoked", ({
	int fd = dmabuf(w, PAGE);
	fd < 0 ? fd : take_back(w, fd) THEN IOAS_FILE(.fd = fd); }))
ROW(0, "0x8f IOAS_MAP_FILE: dma-buf, revoked later, is unmapped", ({
	int fd = dmabuf(w, PAGE);
	fd < 0 ? fd : IOAS_FILE(.fd = fd) THEN take_back(w, fd) THEN IS(mock_check_map(w->fd, w->parent, FREE, PAGE, w->memory) == -EINVAL); }))

ROW(0, "0x90 VIOMMU_ALLOC: works", VIOMMU())
ROW(-EOPNOTSUPP, "0x90 VIOMMU_ALLOC: flags", VIOMMU(.flags = 1))
ROW(-EOPNOTSUPP, "0x90 VIOMMU_ALLOC: type 0", VIOMMU(.type = IOMMU_VIOMMU_TYPE_DEFAULT))
ROW(-EOPNOTSUPP, "0x90 VIOMMU_ALLOC: unknown type", VIOMMU(.type = 0x7777))
ROW(-ENOENT, "0x90 VIOMMU_ALLOC: not a device", VIOMMU(.dev_id = w->ioas))
ROW(-ENOENT, "0x90 VIOMMU_ALLOC: not a HWPT", VIOMMU(.hwpt_id = w->ioas))
ROW(-ENOENT, "0x90 VIOMMU_ALLOC: nested HWPT", VIOMMU(.hwpt_id = w->nested))
ROW(-EINVAL, "0x90 VIOMMU_ALLOC: not a NEST_PARENT", VIOMMU(.hwpt_id = new_hwpt(w, 0)))
ROW(-EBUSY, "0x90 VIOMMU_ALLOC: uses the HWPT", (mock_replace(w->fd, &w->dev, w->ioas) THEN object_destroy(w->fd, w->nested) THEN
	(viommu(w), object_destroy(w->fd, w->parent))))
ROW(0, "0x90 VIOMMU_ALLOC: data in and out", (w->viommu_data.in_data = 77, new_viommu(w, &w->viommu_data), IS(w->viommu_data.out_data == 77)))

ROW(0, "0x91 VDEVICE_ALLOC: works", VDEVICE())
ROW(0, "0x91 VDEVICE_ALLOC: the largest number", VDEVICE(.virt_id = ~0ULL))
ROW(-ENOENT, "0x91 VDEVICE_ALLOC: not a vIOMMU", VDEVICE(.viommu_id = w->parent))
ROW(-ENOENT, "0x91 VDEVICE_ALLOC: not a device", VDEVICE(.dev_id = w->ioas))
ROW(-EEXIST, "0x91 VDEVICE_ALLOC: the device has one", VDEVICE() THEN VDEVICE(.virt_id = 1))
ROW(-EEXIST, "0x91 VDEVICE_ALLOC: the number is taken", VDEVICE() THEN VDEVICE(.dev_id = w->no_dirty.idev))
ROW(-ENOENT, "0x91 VDEVICE_ALLOC: goes with its device, and the id stays dead", ({
	__u32 vdevice;
	new_vdevice(w, w->no_dirty.idev, VIRT_ID, &vdevice) THEN object_destroy(w->fd, w->no_dirty.stdev) THEN object_destroy(w->fd, vdevice); }))
ROW(0, "0x91 VDEVICE_ALLOC: destroyed, and made anew", ({
	__u32 vdevice;
	new_vdevice(w, w->dev.idev, VIRT_ID, &vdevice) THEN object_destroy(w->fd, vdevice) THEN VDEVICE(); }))

ROW(0, "0x92 IOAS_CHANGE_PROCESS: nothing mapped", ioas_unmap_all(w->fd, w->ioas, NULL) THEN CHANGE_PROCESS())
ROW(0, "0x92 IOAS_CHANGE_PROCESS: files", ioas_unmap_all(w->fd, w->ioas, NULL) THEN IOAS_FILE() THEN CHANGE_PROCESS())
ROW(-EINVAL, "0x92 IOAS_CHANGE_PROCESS: other memory", CHANGE_PROCESS())
ROW(-EOPNOTSUPP, "0x92 IOAS_CHANGE_PROCESS: reserved field", CHANGE_PROCESS(.__reserved = 1))

ROW(0, "0x93 VEVENTQ_ALLOC: works", VEVENTQ())
ROW(-EOPNOTSUPP, "0x93 VEVENTQ_ALLOC: flags", VEVENTQ(.flags = 1))
ROW(-EOPNOTSUPP, "0x93 VEVENTQ_ALLOC: reserved field", VEVENTQ(.__reserved = 1))
ROW(-EOPNOTSUPP, "0x93 VEVENTQ_ALLOC: type 0", VEVENTQ(.type = IOMMU_VEVENTQ_TYPE_DEFAULT))
ROW(-EINVAL, "0x93 VEVENTQ_ALLOC: depth 0", VEVENTQ(.veventq_depth = 0))
ROW(0, "0x93 VEVENTQ_ALLOC: depth 1 << 19", VEVENTQ(.veventq_depth = 1 << 19))
ROW(-EINVAL, "0x93 VEVENTQ_ALLOC: depth above it", VEVENTQ(.veventq_depth = (1 << 19) + 1))
ROW(-EEXIST, "0x93 VEVENTQ_ALLOC: a second one of the type", VEVENTQ() THEN VEVENTQ())
ROW(-ENOENT, "0x93 VEVENTQ_ALLOC: not a vIOMMU", VEVENTQ(.viommu_id = w->parent))
ROW(-EINVAL, "0x93 vEVENTQ: read of less than a header", event_queue(w, EVENTS, 4) THEN get(w->queue_fd, w->bits, 7))
ROW(0, "0x93 vEVENTQ: nothing to read", event_queue(w, EVENTS, 4) THEN get(w->queue_fd, w->bits, 64))
ROW(0, "0x93 vEVENTQ: header and event, counted from 0", ({
	__u32 got[6] = { 0 };
	guest_with_events(w, 4) THEN event(w) THEN event(w) THEN IS(get(w->queue_fd, got, sizeof(got)) == 24)
	THEN IS(!got[0] && !got[1] && got[2] == VIRT_ID && !got[3] && got[4] == 1 && got[5] == VIRT_ID); }))
ROW(0, "0x93 vEVENTQ: events are lost", ({
	__u32 got[8] = { 0 };
	guest_with_events(w, 1) THEN event(w) THEN event(w) THEN IS(get(w->queue_fd, got, sizeof(got)) == 20)
	THEN IS(!got[0] && !got[1] && got[2] == VIRT_ID && got[3] == IOMMU_VEVENTQ_FLAG_LOST_EVENTS); }))
ROW(POLLIN, "0x93 vEVENTQ: poll, an event", guest_with_events(w, 4) THEN event(w) THEN (ready(w->queue_fd) & POLLIN))
ROW(0, "0x93 vEVENTQ: poll, empty", guest_with_events(w, 4) THEN (ready(w->queue_fd) & POLLIN))

ROW(0, "0x94 HW_QUEUE_ALLOC: works", HW_QUEUE())
ROW(-EOPNOTSUPP, "0x94 HW_QUEUE_ALLOC: flags", HW_QUEUE(.flags = 1))
ROW(-EOPNOTSUPP, "0x94 HW_QUEUE_ALLOC: type 0", HW_QUEUE(.type = IOMMU_HW_QUEUE_TYPE_DEFAULT))
ROW(-EOPNOTSUPP, "0x94 HW_QUEUE_ALLOC: unknown type", HW_QUEUE(.type = 0x7777))
ROW(-EINVAL, "0x94 HW_QUEUE_ALLOC: length 0", HW_QUEUE(.length = 0))
ROW(-EOVERFLOW, "0x94 HW_QUEUE_ALLOC: wraps", HW_QUEUE(.nesting_parent_iova = ~0ULL - PAGE + 1, .length = 2 * PAGE))
ROW(-ENOENT, "0x94 HW_QUEUE_ALLOC: not mapped", HW_QUEUE(.nesting_parent_iova = FREE))
ROW(-ENOENT, "0x94 HW_QUEUE_ALLOC: not a vIOMMU", HW_QUEUE(.viommu_id = w->parent))
ROW(-EFAULT, "0x94 HW_QUEUE_ALLOC: not contiguous",
    MAP(.user_va = U(w->memory)) THEN MAP(.user_va = U(w->memory), .iova = FREE + PAGE) THEN
    HW_QUEUE(.nesting_parent_iova = FREE, .length = 2 * PAGE))
ROW(0, "0x94 HW_QUEUE_ALLOC: destroyed, the memory may be unmapped", ({
	__u32 q;
	new_hw_queue(w, 0, &q) THEN object_destroy(w->fd, q) THEN UNMAP(true); }))
ROW(-EBUSY, "0x94 HW_QUEUE_ALLOC: another one depends on it", ({
	__u32 first, second;
	new_hw_queue(w, 0, &first) THEN new_hw_queue(w, 1, &second) THEN object_destroy(w->fd, first); }))

ROW(-EOPNOTSUPP, "0x95 IOAS_NOIOMMU_GET_PA: not there", GET_PA())
ROW(-EOPNOTSUPP, "0x95 IOAS_NOIOMMU_GET_PA: not there, whatever it is asked", GET_PA(.length = 0, .ioas_id = NO_ID))

/* What the mock lets be mapped is two pages, at what its vIOMMU says. */
#define REGION (w->viommu_data.in_data = 1, new_viommu(w, &w->viommu_data), w->viommu_data.out_mmap_offset)
#define REGION_SIZE w->viommu_data.out_mmap_length
ROW(-ENXIO, "mmap: nobody's region", map_region(w, 64 * PAGE, PAGE, PROT_READ, MAP_SHARED))
ROW(-EINVAL, "mmap: not shared", map_region(w, 64 * PAGE, PAGE, PROT_READ, MAP_PRIVATE))
ROW(-EPERM, "mmap: to execute", map_region(w, 64 * PAGE, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED))
ROW(0, "mmap: a region", ({ __u64 at = REGION; map_region(w, at, REGION_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED); }))
ROW(-ENXIO, "mmap: part of a region", ({ __u64 at = REGION; map_region(w, at, REGION_SIZE / 2, PROT_READ, MAP_SHARED); }))
ROW(-ENXIO, "mmap: within a region", ({ __u64 at = REGION; map_region(w, at + PAGE, REGION_SIZE / 2, PROT_READ, MAP_SHARED); }))
ROW(-ENXIO, "mmap: more than a region", ({ __u64 at = REGION; map_region(w, at, 2 * REGION_SIZE, PROT_READ, MAP_SHARED); }))
ROW(-EBUSY, "mmap: keeps the vIOMMU", ({
	__u64 at = REGION;
	void *p = mmap(NULL, REGION_SIZE, PROT_READ, MAP_SHARED, w->fd, (off_t)at);
	int rc = p == MAP_FAILED ? -errno : object_destroy(w->fd, w->viommu);
	p == MAP_FAILED ? rc : (munmap(p, REGION_SIZE), rc); }))
#undef MARK
#undef TO_PASID
#undef REGION
#undef REGION_SIZE
