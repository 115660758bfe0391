// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls about a guest's IOMMU: fill the structure, call, hand back. */
#include "viommu.h"

#include <stdint.h>

#include "iommufd.h"

int viommu_alloc(int fd, __u32 dev, __u32 parent, __u32 type, void *data, __u32 length, __u32 *viommu)
{
	struct iommu_viommu_alloc cmd = {
		.size = sizeof(cmd),
		.type = type,
		.dev_id = dev,
		.hwpt_id = parent,
		.data_len = length,
		.data_uptr = (uintptr_t)data,
	};
	int rc = iommufd_call(fd, IOMMU_VIOMMU_ALLOC, &cmd);

	*viommu = cmd.out_viommu_id;
	return rc;
}

int vdevice_alloc(int fd, __u32 viommu, __u32 dev, __u64 virt_id, __u32 *vdevice)
{
	struct iommu_vdevice_alloc cmd = {
		.size = sizeof(cmd),
		.viommu_id = viommu,
		.dev_id = dev,
		.virt_id = virt_id,
	};
	int rc = iommufd_call(fd, IOMMU_VDEVICE_ALLOC, &cmd);

	*vdevice = cmd.out_vdevice_id;
	return rc;
}

int veventq_alloc(int fd, __u32 viommu, __u32 type, __u32 depth, __u32 *id, int *queue)
{
	struct iommu_veventq_alloc cmd = {
		.size = sizeof(cmd),
		.viommu_id = viommu,
		.type = type,
		.veventq_depth = depth,
	};
	int rc = iommufd_call(fd, IOMMU_VEVENTQ_ALLOC, &cmd);

	*id = cmd.out_veventq_id;
	*queue = (int)cmd.out_veventq_fd;
	return rc;
}

int hw_queue_alloc(int fd, __u32 viommu, __u32 type, __u32 index, __u64 base, __u64 length, __u32 *id)
{
	struct iommu_hw_queue_alloc cmd = {
		.size = sizeof(cmd),
		.viommu_id = viommu,
		.type = type,
		.index = index,
		.nesting_parent_iova = base,
		.length = length,
	};
	int rc = iommufd_call(fd, IOMMU_HW_QUEUE_ALLOC, &cmd);

	*id = cmd.out_hw_queue_id;
	return rc;
}

int hwpt_alloc_typed(int fd, __u32 dev, __u32 pt, __u32 flags, __u32 type, const void *data, __u32 length, __u32 *hwpt)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = dev,
		.pt_id = pt,
		.data_type = type,
		.data_len = length,
		.data_uptr = (uintptr_t)data,
	};
	int rc = iommufd_call(fd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt = cmd.out_hwpt_id;
	return rc;
}

int invalidate(int fd, __u32 target, __u32 type, const void *entries, __u32 length, __u32 *count)
{
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd),
		.hwpt_id = target,
		.data_uptr = (uintptr_t)entries,
		.data_type = type,
		.entry_len = length,
		.entry_num = *count,
	};
	int rc = iommufd_call(fd, IOMMU_HWPT_INVALIDATE, &cmd);

	*count = cmd.entry_num;
	return rc;
}
