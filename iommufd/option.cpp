// SPDX-License-Identifier: GPL-2.0-only
// OPTION: settings of the fd and of an IOAS.
#include "iommufd/context.hpp"
#include "iommufd/ioas.hpp"
#include "iommufd/ioctl.hpp"

namespace iommufd {

namespace {

Status rlimit_mode(Context &context, iommu_option &cmd)
{
	if (cmd.object_id)
		return fail(Errno::kOpNotSupp, "the accounting mode belongs to the fd, not to an object");
	if (cmd.op == IOMMU_OPTION_OP_GET) {
		cmd.val64 = context.account_mode() == AccountMode::kMm;
		return {};
	}
	if (cmd.op != IOMMU_OPTION_OP_SET)
		return fail(Errno::kOpNotSupp, "unknown operation");
	if (!kx_capable_sys_resource())
		return fail(Errno::kPerm, "changing the accounting mode needs CAP_SYS_RESOURCE");
	return context.set_account_mode(cmd.val64);
}

Status huge_pages(Context &context, iommu_option &cmd)
{
	TRY_LET(ioas, context.objects().get<Ioas>(ObjectId(cmd.object_id)));
	if (cmd.op == IOMMU_OPTION_OP_GET) {
		cmd.val64 = ioas->table().large_pages();
		return {};
	}
	if (cmd.op != IOMMU_OPTION_OP_SET)
		return fail(Errno::kOpNotSupp, "unknown operation");
	if (cmd.val64 > 1)
		return fail(Errno::kInval, "the value is neither 0 nor 1");
	return ioas->table().set_large_pages(cmd.val64);
}

} // namespace

Status option(UserCall &call, iommu_option &cmd)
{
	if (cmd.__reserved)
		return fail(Errno::kOpNotSupp, "the reserved field is not 0");
	switch (cmd.option_id) {
	case IOMMU_OPTION_RLIMIT_MODE:
		TRY(rlimit_mode(call.context(), cmd));
		break;
	case IOMMU_OPTION_HUGE_PAGES:
		TRY(huge_pages(call.context(), cmd));
		break;
	default:
		return fail(Errno::kOpNotSupp, "unknown option");
	}
	return kern::copy_to_user(call.at() + offsetof(iommu_option, val64), &cmd.val64, sizeof(cmd.val64));
}

} // namespace iommufd
