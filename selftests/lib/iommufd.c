// SPDX-License-Identifier: GPL-2.0-only
/* One function per iommufd ioctl: fill the structure, call, hand back. */
#include "iommufd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>

int iommufd_open(void)
{
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int iommufd_call(int fd, unsigned long cmd, void *arg) { return ioctl(fd, cmd, arg) ? -errno : 0; }

int object_destroy(int fd, __u32 id)
{
	struct iommu_destroy cmd = {.size = sizeof(cmd), .id = id};

	return iommufd_call(fd, IOMMU_DESTROY, &cmd);
}

int ioas_alloc(int fd, __u32 *id)
{
	struct iommu_ioas_alloc cmd = {.size = sizeof(cmd)};
	int rc = iommufd_call(fd, IOMMU_IOAS_ALLOC, &cmd);

	if (!rc)
		*id = cmd.out_ioas_id;
	return rc;
}

int ioas_iova_ranges(int fd, __u32 ioas, struct iommu_iova_range *ranges, __u32 *num, __u64 *align)
{
	struct iommu_ioas_iova_ranges cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.num_iovas = *num,
		.allowed_iovas = (uintptr_t)ranges,
	};
	int rc = iommufd_call(fd, IOMMU_IOAS_IOVA_RANGES, &cmd);

	*num = cmd.num_iovas;
	if (align)
		*align = cmd.out_iova_alignment;
	return rc;
}

int ioas_allow_iovas(int fd, __u32 ioas, const struct iommu_iova_range *ranges, __u32 num)
{
	struct iommu_ioas_allow_iovas cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.num_iovas = num,
		.allowed_iovas = (uintptr_t)ranges,
	};

	return iommufd_call(fd, IOMMU_IOAS_ALLOW_IOVAS, &cmd);
}

static int do_map(int fd, __u32 ioas, const void *va, __u64 length, __u64 *iova, __u32 flags)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.ioas_id = ioas,
		.user_va = (uintptr_t)va,
		.length = length,
		.iova = *iova,
	};
	int rc = iommufd_call(fd, IOMMU_IOAS_MAP, &cmd);

	if (!rc)
		*iova = cmd.iova;
	return rc;
}

int ioas_map_fixed(int fd, __u32 ioas, const void *va, __u64 length, __u64 iova, __u32 access)
{
	return do_map(fd, ioas, va, length, &iova, access | IOMMU_IOAS_MAP_FIXED_IOVA);
}

int ioas_map_auto(int fd, __u32 ioas, const void *va, __u64 length, __u64 *iova, __u32 access)
{
	*iova = 0;
	return do_map(fd, ioas, va, length, iova, access);
}

static int do_map_file(int fd, __u32 ioas, int file, __u64 start, __u64 length, __u64 *iova, __u32 flags)
{
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.ioas_id = ioas,
		.fd = file,
		.start = start,
		.length = length,
		.iova = *iova,
	};
	int rc = iommufd_call(fd, IOMMU_IOAS_MAP_FILE, &cmd);

	if (!rc)
		*iova = cmd.iova;
	return rc;
}

int ioas_map_file_fixed(int fd, __u32 ioas, int file, __u64 start, __u64 length, __u64 iova, __u32 access)
{
	return do_map_file(fd, ioas, file, start, length, &iova, access | IOMMU_IOAS_MAP_FIXED_IOVA);
}

int ioas_map_file_auto(int fd, __u32 ioas, int file, __u64 start, __u64 length, __u64 *iova, __u32 access)
{
	*iova = 0;
	return do_map_file(fd, ioas, file, start, length, iova, access);
}

int change_process(int fd)
{
	struct iommu_ioas_change_process cmd = {.size = sizeof(cmd)};

	return iommufd_call(fd, IOMMU_IOAS_CHANGE_PROCESS, &cmd);
}

static int do_copy(int fd, __u32 dst, __u64 *dst_iova, __u32 src, __u64 src_iova, __u64 length, __u32 flags)
{
	struct iommu_ioas_copy cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dst_ioas_id = dst,
		.src_ioas_id = src,
		.length = length,
		.dst_iova = *dst_iova,
		.src_iova = src_iova,
	};
	int rc = iommufd_call(fd, IOMMU_IOAS_COPY, &cmd);

	if (!rc)
		*dst_iova = cmd.dst_iova;
	return rc;
}

int ioas_copy_fixed(int fd, __u32 dst, __u64 dst_iova, __u32 src, __u64 src_iova, __u64 length, __u32 access)
{
	return do_copy(fd, dst, &dst_iova, src, src_iova, length, access | IOMMU_IOAS_MAP_FIXED_IOVA);
}

int ioas_copy_auto(int fd, __u32 dst, __u64 *dst_iova, __u32 src, __u64 src_iova, __u64 length, __u32 access)
{
	*dst_iova = 0;
	return do_copy(fd, dst, dst_iova, src, src_iova, length, access);
}

int ioas_unmap(int fd, __u32 ioas, __u64 iova, __u64 length, __u64 *unmapped)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.iova = iova,
		.length = length,
	};
	int rc = iommufd_call(fd, IOMMU_IOAS_UNMAP, &cmd);

	if (!rc && unmapped)
		*unmapped = cmd.length;
	return rc;
}

int ioas_unmap_all(int fd, __u32 ioas, __u64 *unmapped) { return ioas_unmap(fd, ioas, 0, UINT64_MAX, unmapped); }

int option_set(int fd, __u32 option, __u32 object, __u64 value)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd),
		.option_id = option,
		.op = IOMMU_OPTION_OP_SET,
		.object_id = object,
		.val64 = value,
	};

	return iommufd_call(fd, IOMMU_OPTION, &cmd);
}

int option_get(int fd, __u32 option, __u32 object, __u64 *value)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd),
		.option_id = option,
		.op = IOMMU_OPTION_OP_GET,
		.object_id = object,
	};
	int rc = iommufd_call(fd, IOMMU_OPTION, &cmd);

	if (!rc)
		*value = cmd.val64;
	return rc;
}

static int do_vfio_ioas(int fd, __u32 *ioas, __u16 op)
{
	struct iommu_vfio_ioas cmd = {
		.size = sizeof(cmd),
		.ioas_id = *ioas,
		.op = op,
	};
	int rc = iommufd_call(fd, IOMMU_VFIO_IOAS, &cmd);

	if (!rc)
		*ioas = cmd.ioas_id;
	return rc;
}

int vfio_ioas_get(int fd, __u32 *ioas)
{
	*ioas = 0;
	return do_vfio_ioas(fd, ioas, IOMMU_VFIO_IOAS_GET);
}

int vfio_ioas_set(int fd, __u32 ioas) { return do_vfio_ioas(fd, &ioas, IOMMU_VFIO_IOAS_SET); }

int vfio_ioas_clear(int fd)
{
	__u32 none = 0;

	return do_vfio_ioas(fd, &none, IOMMU_VFIO_IOAS_CLEAR);
}

int hwpt_alloc(int fd, __u32 dev, __u32 pt, __u32 flags, __u32 *hwpt)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = dev,
		.pt_id = pt,
		.data_type = IOMMU_HWPT_DATA_NONE,
	};
	int rc = iommufd_call(fd, IOMMU_HWPT_ALLOC, &cmd);

	if (!rc)
		*hwpt = cmd.out_hwpt_id;
	return rc;
}

int hwpt_alloc_with_queue(int fd, __u32 dev, __u32 pt, __u32 queue, __u32 *hwpt)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_HWPT_FAULT_ID_VALID,
		.dev_id = dev,
		.pt_id = pt,
		.data_type = IOMMU_HWPT_DATA_NONE,
		.fault_id = queue,
	};
	int rc = iommufd_call(fd, IOMMU_HWPT_ALLOC, &cmd);

	if (!rc)
		*hwpt = cmd.out_hwpt_id;
	return rc;
}

int get_hw_info(int fd, __u32 dev, void *buf, __u32 len, struct iommu_hw_info *out)
{
	*out = (struct iommu_hw_info){
		.size = sizeof(*out),
		.dev_id = dev,
		.data_len = len,
		.data_uptr = (uintptr_t)buf,
	};
	return iommufd_call(fd, IOMMU_GET_HW_INFO, out);
}

int fault_queue_alloc(int fd, __u32 *id, int *queue)
{
	struct iommu_fault_alloc cmd = {.size = sizeof(cmd)};
	int rc = iommufd_call(fd, IOMMU_FAULT_QUEUE_ALLOC, &cmd);

	if (rc)
		return rc;
	*id = cmd.out_fault_id;
	*queue = (int)cmd.out_fault_fd;
	return 0;
}

int dirty_tracking_set(int fd, __u32 hwpt, bool on)
{
	struct iommu_hwpt_set_dirty_tracking cmd = {
		.size = sizeof(cmd),
		.flags = on ? IOMMU_HWPT_DIRTY_TRACKING_ENABLE : 0,
		.hwpt_id = hwpt,
	};

	return iommufd_call(fd, IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd);
}

int dirty_bitmap_get(int fd, __u32 hwpt, __u32 flags, __u64 iova, __u64 length, __u64 page_size, void *bits)
{
	struct iommu_hwpt_get_dirty_bitmap cmd = {
		.size = sizeof(cmd),
		.hwpt_id = hwpt,
		.flags = flags,
		.iova = iova,
		.length = length,
		.page_size = page_size,
		.data = (uintptr_t)bits,
	};

	return iommufd_call(fd, IOMMU_HWPT_GET_DIRTY_BITMAP, &cmd);
}
