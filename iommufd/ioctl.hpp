// SPDX-License-Identifier: GPL-2.0-only
// One ioctl on /dev/iommu on its way: the user's structure has been copied in, extended with zeros or checked for
// zeros beyond what we know, and the call's handler gets it.
//
// Handlers check reserved fields and flags first, then numbers, then look up objects; respond() copies the structure
// back. Context: the calling task, may sleep.
#pragma once
#include "iommufd/object.hpp"
#include "kern/mm.hpp"
#include "kern/uaccess.hpp"
#include "kern/uapi.hpp"

namespace iommufd {

class Context;

class UserCall {
public:
	UserCall(Context &context, base::UserVa at, u32 size) : context_(context), at_(at), size_(size) {}

	Context &context() const { return context_; }
	base::UserVa at() const { return at_; }
	// Copies back as much as the user's structure has room for. EFAULT.
	template <typename T> Status respond(const T &cmd) const
	{
		return kern::copy_to_user(at_, &cmd, base::min<u64>(size_, sizeof(cmd)));
	}

private:
	Context &context_;
	const base::UserVa at_;
	const u32 size_; // bytes, of the user's structure
};

// The calls; their rules are in include/uapi/linux/iommufd.h.
Status destroy(UserCall &call, iommu_destroy &cmd);
Status ioas_alloc(UserCall &call, iommu_ioas_alloc &cmd);
Status ioas_allow_iovas(UserCall &call, iommu_ioas_allow_iovas &cmd);
Status ioas_copy(UserCall &call, iommu_ioas_copy &cmd);
Status ioas_iova_ranges(UserCall &call, iommu_ioas_iova_ranges &cmd);
Status ioas_map(UserCall &call, iommu_ioas_map &cmd);
Status ioas_unmap(UserCall &call, iommu_ioas_unmap &cmd);
Status option(UserCall &call, iommu_option &cmd);
Status vfio_ioas(UserCall &call, iommu_vfio_ioas &cmd);
Status hwpt_alloc(UserCall &call, iommu_hwpt_alloc &cmd);
Status get_hw_info(UserCall &call, iommu_hw_info &cmd);
Status hwpt_set_dirty_tracking(UserCall &call, iommu_hwpt_set_dirty_tracking &cmd);
Status hwpt_get_dirty_bitmap(UserCall &call, iommu_hwpt_get_dirty_bitmap &cmd);
Status hwpt_invalidate(UserCall &call, iommu_hwpt_invalidate &cmd);
Status fault_queue_alloc(UserCall &call, iommu_fault_alloc &cmd);
Status ioas_map_file(UserCall &call, iommu_ioas_map_file &cmd);
Status ioas_change_process(UserCall &call, iommu_ioas_change_process &cmd);
Status ioas_noiommu_get_pa(UserCall &call, iommu_ioas_noiommu_get_pa &cmd);
// In vdevice/, which is built on what is here
Status viommu_alloc(UserCall &call, iommu_viommu_alloc &cmd);
Status vdevice_alloc(UserCall &call, iommu_vdevice_alloc &cmd);
Status veventq_alloc(UserCall &call, iommu_veventq_alloc &cmd);
Status hw_queue_alloc(UserCall &call, iommu_hw_queue_alloc &cmd);

// Finds the handler for `cmd` and runs it. 0 or a negative errno.
long dispatch(Context &context, unsigned cmd, base::UserVa arg);
// The same for VFIO's container calls, which may also return a positive number.
long dispatch_container(Context &context, unsigned cmd, unsigned long arg);

} // namespace iommufd
