// SPDX-License-Identifier: GPL-2.0-only
// HWPT_ALLOC.
#include "iommufd/context.hpp"
#include "iommufd/device.hpp"
#include "iommufd/ioctl.hpp"

namespace iommufd {

namespace {

Status alloc_paging(UserCall &call, iommu_hwpt_alloc &cmd, Device &device, Ioas &ioas)
{
	const HwptSpec spec{cmd.flags, {cmd.data_type, base::UserVa(cmd.data_uptr), cmd.data_len}};

	kern::Guard guard(ioas.lock());
	TRY_LET(hwpt, HwptPaging::create(call.context(), ioas, device, spec, false));
	cmd.out_hwpt_id = hwpt->id().raw();
	TRY(call.respond(cmd));
	hwpt->enlist(false);
	hwpt.publish();
	return {};
}

// The rules that a parent and its child must keep; the child itself is still to come.
Status alloc_nested(const iommu_hwpt_alloc &cmd, Device &device, const HwptPaging &parent)
{
	if ((cmd.flags & ~IOMMU_HWPT_FAULT_ID_VALID) || !cmd.data_len || !kx_domain_can_alloc_user(device.dev()))
		return fail(Errno::kOpNotSupp, "unknown flag, no data, or a driver without nesting");
	if (parent.automatic() || !parent.nest_parent())
		return fail(Errno::kInval, "the parent was not allocated as one");
	return fail(Errno::kOpNotSupp, "nested HWPTs are not supported yet");
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
		return alloc_nested(cmd, *device, static_cast<HwptPaging &>(**parent));
	default:
		return fail(Errno::kInval, "pt_id is neither an IOAS nor a HWPT");
	}
}

} // namespace iommufd
