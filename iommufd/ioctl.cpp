// SPDX-License-Identifier: GPL-2.0-only
// The table of calls, and the gate where a Result becomes the errno that user space sees.
#include "iommufd/ioctl.hpp"

#include "iommufd/context.hpp"
#include "iommufd/test_hook.hpp"

namespace iommufd {

namespace {

// Large enough for the structure of every call.
union Buffer {
	iommu_destroy destroy;
	iommu_ioas_alloc ioas_alloc;
	iommu_ioas_allow_iovas allow_iovas;
	iommu_ioas_copy copy;
	iommu_ioas_iova_ranges iova_ranges;
	iommu_ioas_map map;
	iommu_ioas_unmap unmap;
	iommu_option option;
	iommu_vfio_ioas vfio_ioas;
	iommu_hwpt_alloc hwpt_alloc;
	iommu_hw_info hw_info;
	iommu_hwpt_set_dirty_tracking set_dirty_tracking;
	iommu_hwpt_get_dirty_bitmap get_dirty_bitmap;
	iommu_hwpt_invalidate invalidate;
	iommu_fault_alloc fault_alloc;
	iommu_ioas_map_file map_file;
	iommu_viommu_alloc viommu_alloc;
	iommu_vdevice_alloc vdevice_alloc;
	iommu_ioas_change_process change_process;
	iommu_veventq_alloc veventq_alloc;
	iommu_hw_queue_alloc hw_queue_alloc;
	iommu_ioas_noiommu_get_pa noiommu_get_pa;
};

struct Call {
	const char *name;
	unsigned cmd;
	u32 size, min_size; // bytes
	Status (*run)(UserCall &call, void *cmd);
};

template <typename T, Status (*Handler)(UserCall &, T &)> Status run(UserCall &call, void *cmd)
{
	return Handler(call, *static_cast<T *>(cmd));
}

template <typename T, Status (*Handler)(UserCall &, T &)>
constexpr Call entry(const char *name, unsigned cmd, std::size_t min_size)
{
	static_assert(sizeof(T) <= sizeof(Buffer));
	return {name, cmd, sizeof(T), static_cast<u32>(min_size), run<T, Handler>};
}

// The part of a structure that its first version had ends behind `member`.
#define UP_TO(type, member)           (offsetof(type, member) + sizeof(type::member))
#define CALL(nr, type, handler, last) entry<type, handler>(#nr, IOMMU_##nr, UP_TO(type, last))

constexpr Call kCalls[] = {
	CALL(DESTROY, iommu_destroy, destroy, id),
	CALL(IOAS_ALLOC, iommu_ioas_alloc, ioas_alloc, out_ioas_id),
	CALL(IOAS_ALLOW_IOVAS, iommu_ioas_allow_iovas, ioas_allow_iovas, allowed_iovas),
	CALL(IOAS_COPY, iommu_ioas_copy, ioas_copy, src_iova),
	CALL(IOAS_IOVA_RANGES, iommu_ioas_iova_ranges, ioas_iova_ranges, out_iova_alignment),
	CALL(IOAS_MAP, iommu_ioas_map, ioas_map, iova),
	CALL(IOAS_UNMAP, iommu_ioas_unmap, ioas_unmap, length),
	CALL(OPTION, iommu_option, option, val64),
	CALL(VFIO_IOAS, iommu_vfio_ioas, vfio_ioas, __reserved),
	CALL(HWPT_ALLOC, iommu_hwpt_alloc, hwpt_alloc, __reserved),
	CALL(GET_HW_INFO, iommu_hw_info, get_hw_info, __reserved),
	CALL(HWPT_SET_DIRTY_TRACKING, iommu_hwpt_set_dirty_tracking, hwpt_set_dirty_tracking, __reserved),
	CALL(HWPT_GET_DIRTY_BITMAP, iommu_hwpt_get_dirty_bitmap, hwpt_get_dirty_bitmap, data),
	CALL(HWPT_INVALIDATE, iommu_hwpt_invalidate, hwpt_invalidate, __reserved),
	CALL(FAULT_QUEUE_ALLOC, iommu_fault_alloc, fault_queue_alloc, out_fault_fd),
	CALL(IOAS_MAP_FILE, iommu_ioas_map_file, ioas_map_file, iova),
	CALL(VIOMMU_ALLOC, iommu_viommu_alloc, viommu_alloc, out_viommu_id),
	CALL(VDEVICE_ALLOC, iommu_vdevice_alloc, vdevice_alloc, virt_id),
	CALL(IOAS_CHANGE_PROCESS, iommu_ioas_change_process, ioas_change_process, __reserved),
	CALL(VEVENTQ_ALLOC, iommu_veventq_alloc, veventq_alloc, out_veventq_fd),
	CALL(HW_QUEUE_ALLOC, iommu_hw_queue_alloc, hw_queue_alloc, length),
	CALL(IOAS_NOIOMMU_GET_PA, iommu_ioas_noiommu_get_pa, ioas_noiommu_get_pa, out_phys),
};

// The table has the calls in the order of their numbers, from the first one on.
constexpr bool in_order()
{
	for (unsigned i = 0; i < std::size(kCalls); i++)
		if (kCalls[i].cmd != unsigned(_IO(IOMMUFD_TYPE, IOMMUFD_CMD_BASE + i)))
			return false;
	return true;
}
static_assert(in_order());

// IOMMU_TEST_CMD, the last of our numbers: the structure is the test module's business.
constexpr unsigned kTestCmd = _IO(IOMMUFD_TYPE, IOMMUFD_CMD_BASE + 32);

constexpr unsigned number_of(unsigned cmd) { return cmd & 0xff; }

bool has_our_number(unsigned cmd)
{
	return number_of(cmd) >= IOMMUFD_CMD_BASE && number_of(cmd) <= number_of(kTestCmd);
}

const Call *find(unsigned cmd)
{
	const unsigned nr = number_of(cmd) - IOMMUFD_CMD_BASE;
	return nr < std::size(kCalls) && kCalls[nr].cmd == cmd ? &kCalls[nr] : nullptr;
}

Status execute(const Call &call, Context &context, base::UserVa arg)
{
	u32 size;
	alignas(8) Buffer buffer;

	TRY(kern::copy_from_user(size, arg));
	if (size < call.min_size)
		return fail(Errno::kInval, "size is smaller than the structure");
	TRY(base::check(kx_copy_struct_from_user(&buffer, call.size, arg.raw(), size),
			"the structure cannot be read, or has unknown bytes that are not 0"));
	UserCall user(context, arg, size);
	return call.run(user, &buffer);
}

} // namespace

static long run_test(Context &context, base::UserVa arg)
{
	u32 size;
	if (Status status = kern::copy_from_user(size, arg); !status)
		return kern::to_errno("TEST_CMD", status);
	return run_test_ioctl(context, arg, size).value_or(base::Error(Errno::kNoTty, "no such call").to_errno());
}

long dispatch(Context &context, unsigned cmd, base::UserVa arg)
{
	if (!has_our_number(cmd))
		return dispatch_container(context, cmd, arg.raw());
	if (cmd == kTestCmd)
		return run_test(context, arg);
	const Call *call = find(cmd);
	if (!call) {
		// A pointer that cannot be read goes before a number that is not in use.
		u32 size;
		Status readable = kern::copy_from_user(size, arg);
		return kern::reject("ioctl", readable ? base::Error(Errno::kNoTty, "no such call") : readable.error());
	}
	return kern::to_errno(call->name, execute(*call, context, arg));
}

} // namespace iommufd
