// SPDX-License-Identifier: GPL-2.0-only
// HWPT_ALLOC and HWPT_INVALIDATE.
#include "iommufd/context.hpp"
#include "iommufd/device.hpp"
#include "iommufd/ioctl.hpp"
#include "iommufd/planted.hpp"
#include "iommufd/test_hook.hpp"
#include "iommufd/virtual_iommu.hpp"

namespace iommufd {

namespace {

// Where the HWPT's page requests go, if the caller says so.
Status connect_faults(UserCall &call, const iommu_hwpt_alloc &cmd, Hwpt &hwpt)
{
	if (!(cmd.flags & IOMMU_HWPT_FAULT_ID_VALID))
		return {};
	TRY_LET(queue, call.context().objects().get<FaultQueue>(ObjectId(cmd.fault_id)));
	hwpt.send_faults_to(*queue);
	return {};
}

// The driver does not hear of fault queues.
HwptSpec spec_of(const iommu_hwpt_alloc &cmd)
{
	return {cmd.flags & ~IOMMU_HWPT_FAULT_ID_VALID, {cmd.data_type, base::UserVa(cmd.data_uptr), cmd.data_len}};
}

Status alloc_paging(UserCall &call, iommu_hwpt_alloc &cmd, Device &device, Ioas &ioas)
{
	const u32 faulting_parent = IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_NEST_PARENT;
	if ((cmd.flags & faulting_parent) == faulting_parent)
		return fail(Errno::kOpNotSupp, "page requests of a nested HWPT go to its own queue, not its parent's");
	if ((cmd.flags & IOMMU_HWPT_FAULT_ID_VALID) && !kx_domain_can_alloc_user(device.dev()))
		return fail(Errno::kOpNotSupp, "the IOMMU driver takes no flags");

	kern::Guard guard(ioas.lock());
	TRY_LET(hwpt, HwptPaging::create(call.context(), ioas, device, spec_of(cmd), nullptr));
	Status connected = connect_faults(call, cmd, *hwpt);
	if (!connected && planted(PlantedBug::kHoldStays))
		(void)ioas.try_hold();
	TRY(connected);
	cmd.out_hwpt_id = hwpt->id().raw();
	TRY(call.respond(cmd));
	hwpt->enlist(false);
	hwpt.publish();
	return {};
}

// parent: a HWPT or a vIOMMU
template <typename Parent> Status alloc_nested(UserCall &call, iommu_hwpt_alloc &cmd, Device &device, Parent &parent)
{
	TRY_LET(hwpt, HwptNested::create(call.context(), parent, device, spec_of(cmd)));
	TRY(connect_faults(call, cmd, *hwpt));
	cmd.out_hwpt_id = hwpt->id().raw();
	TRY(call.respond(cmd));
	hwpt.publish();
	return {};
}

} // namespace

Status hwpt_alloc(UserCall &call, iommu_hwpt_alloc &cmd)
{
	ObjectTable &objects = call.context().objects();

	if (cmd.__reserved)
		return fail(Errno::kOpNotSupp, "the reserved field is not 0");
	if ((cmd.data_type == IOMMU_HWPT_DATA_NONE) != !cmd.data_len)
		return fail(Errno::kInval, "a data type without data, or data without a type");
	TRY_LET(device, objects.get<Device>(ObjectId(cmd.dev_id)));
	auto parent = objects.get_any(ObjectId(cmd.pt_id));
	if (!parent)
		return fail(Errno::kInval, "pt_id is no object");
	switch ((*parent)->type()) {
	case ObjectType::kIoas:
		return alloc_paging(call, cmd, *device, static_cast<Ioas &>(**parent));
	case ObjectType::kHwptPaging:
		return alloc_nested(call, cmd, *device, static_cast<HwptPaging &>(**parent));
	case ObjectType::kViommu:
		return alloc_nested(call, cmd, *device, static_cast<VirtualIommu &>(**parent));
	default:
		return fail(Errno::kInval, "pt_id is neither an IOAS nor a HWPT nor a vIOMMU");
	}
}

namespace {

// One call may keep a CPU busy only so long.
constexpr u32 kMaxEntries = 1 << 19;

Status invalidate_first_stage(HwptNested &hwpt, Invalidations &what)
{
	return base::check(kx_domain_invalidate(hwpt.domain().get(), what.type, what.entries.raw(), what.entry_length,
						&what.count),
			   "the IOMMU driver refused an entry");
}

Status invalidate(UserCall &call, const iommu_hwpt_invalidate &cmd, u32 &done)
{
	if (cmd.__reserved)
		return fail(Errno::kOpNotSupp, "the reserved field is not 0");
	if (cmd.entry_num) {
		if (!cmd.data_uptr || !cmd.entry_len)
			return fail(Errno::kInval, "entries without a place or a length");
		if (cmd.entry_len > base::kPageSize || cmd.entry_num > kMaxEntries)
			return fail(Errno::kInval, "entries too long or too many");
	}
	TRY_LET(target, call.context().objects().get_any(ObjectId(cmd.hwpt_id)));
	Invalidations what{cmd.data_type, base::UserVa(cmd.data_uptr), cmd.entry_len, cmd.entry_num};
	Status status;
	switch (target->type()) {
	case ObjectType::kHwptNested:
		status = invalidate_first_stage(static_cast<HwptNested &>(*target), what);
		break;
	case ObjectType::kViommu:
		status = static_cast<VirtualIommu &>(*target).invalidate(what);
		break;
	default:
		return fail(answers_as_6_12() ? Errno::kNoEnt : Errno::kInval, "neither a nested HWPT nor a vIOMMU");
	}
	done = what.count;
	return status;
}

} // namespace

// The number of entries that were done is told in any case.
Status hwpt_invalidate(UserCall &call, iommu_hwpt_invalidate &cmd)
{
	u32 done = 0;
	Status status = invalidate(call, cmd, done);
	cmd.entry_num = done;
	TRY(call.respond(cmd));
	return status;
}

} // namespace iommufd
