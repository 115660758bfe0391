// SPDX-License-Identifier: GPL-2.0-only
// What devices report. Page requests: a test plays a device that asks for one page. Whether somebody handles it is not
// the device's business. Events for the guest. And a look into a device's cache.
#include "mock_iommu/ops.hpp"
#include "mock_iommu/test_device.hpp"

namespace mock {

base::Status trigger_fault(Call &call, iommu_test_cmd &cmd)
{
	const auto &in = cmd.trigger_iopf;

	if (in.flags & ~u32{MOCK_IOPF_NOT_LAST})
		return base::fail(base::Errno::kOpNotSupp, "unknown flag");
	TRY_LET(user, KeptUser::find(call.ictx(), in.dev_id));
	user->ask_for_page(in.pasid, in.grpid, in.perm, in.addr, !(in.flags & MOCK_IOPF_NOT_LAST));
	return {};
}

base::Status trigger_event(Call &call, iommu_test_cmd &cmd)
{
	TRY_LET(user, KeptUser::find(call.ictx(), cmd.trigger_vevent.dev_id));
	return user->report_event();
}

base::Status check_cache(Call &call, iommu_test_cmd &cmd)
{
	TRY_LET(user, KeptUser::find(call.ictx(), cmd.id));
	return user->cache().expect(cmd.check_dev_cache.id, cmd.check_dev_cache.cache);
}

} // namespace mock
