// SPDX-License-Identifier: GPL-2.0-only
// Page requests: a test plays a device that asks for one page. Whether somebody handles it is not the device's
// business.
#include "base/guard.hpp"
#include "mock_iommu/device.hpp"
#include "mock_iommu/ops.hpp"
#include "mock_iommu/test_device.hpp"

namespace mock {

base::Status trigger_fault(Call &call, iommu_test_cmd &cmd)
{
	const auto &in = cmd.trigger_iopf;
	device *dev;
	void *keep;

	if (in.flags & ~u32{MOCK_IOPF_NOT_LAST})
		return base::fail(base::Errno::kOpNotSupp, "unknown flag");
	TRY(base::check(iommufd_test_device(call.ictx(), in.dev_id, &dev, &keep), "no such device"));
	base::Undo put([&] { iommufd_test_put(call.ictx(), keep); });
	if (!mx_is_mock(dev))
		return base::fail(base::Errno::kInval, "not a mock device");
	// A device that is on its way in or out makes no requests.
	if (TestDevice *user = Device::of(dev).user(call.ictx(), in.dev_id))
		user->ask_for_page(in.pasid, in.grpid, in.perm, in.addr, !(in.flags & MOCK_IOPF_NOT_LAST));
	return {};
}

} // namespace mock
