// SPDX-License-Identifier: GPL-2.0-only
// The operations on PASIDs of a mock device: attachments of further ones, and looks at what the hardware would do.
#include "base/math.hpp"
#include "mock_iommu/abi.hpp"
#include "mock_iommu/ops.hpp"
#include "mock_iommu/test_device.hpp"

using base::Errno;
using base::fail;

namespace mock {

base::Status pasid_attach(Call &call, iommu_test_cmd &cmd)
{
	TRY_LET(device, KeptDevice::find(call.ictx(), cmd.id));
	TRY(device->attach_pasid(cmd.pasid_attach.pasid, cmd.pasid_attach.pt_id));
	return call.respond(cmd);
}

base::Status pasid_replace(Call &call, iommu_test_cmd &cmd)
{
	TRY_LET(device, KeptDevice::find(call.ictx(), cmd.id));
	TRY(device->replace_pasid(cmd.pasid_replace.pasid, cmd.pasid_replace.pt_id));
	return call.respond(cmd);
}

base::Status pasid_detach(Call &call, iommu_test_cmd &cmd)
{
	TRY_LET(device, KeptDevice::find(call.ictx(), cmd.id));
	device->detach_pasid(cmd.pasid_detach.pasid);
	return {};
}

// EINVAL: something else, or not a HWPT of the mock.
base::Status pasid_check(Call &call, iommu_test_cmd &cmd)
{
	const auto &in = cmd.pasid_check;

	TRY_LET(device, KeptDevice::find(call.ictx(), cmd.id));
	iommu_domain *domain = device->device().table().domain_of(device->on_bus(in.pasid));
	if (!in.hwpt_id) {
		if (domain)
			return fail(Errno::kInval, "the PASID is attached");
		return {};
	}
	auto paging = call.paging_domain(in.hwpt_id), nested = call.nested_domain(in.hwpt_id);
	if (!domain || ((!paging || paging->domain() != domain) && (!nested || nested->domain() != domain)))
		return fail(Errno::kInval, "the PASID is not attached to this HWPT");
	return {};
}

// The memory at uptr is the caller's, pinned by the mappings that are to be found.
base::Status translate(Call &call, iommu_test_cmd &cmd)
{
	auto &in = cmd.translate;
	unsigned long pfns[2];
	u32 hits[2] = {};

	if (in.count > MOCK_TRANSLATE_MAX)
		return fail(Errno::kInval, "too many at once");
	TRY_LET(device, KeptDevice::find(call.ictx(), cmd.id));
	for (unsigned i = 0; i < 2; i++) {
		unsigned pins;
		TRY(base::check(mx_user_page(in.uptr + i * base::kPageSize, &pfns[i], &pins),
				"no page in user memory"));
	}
	for (u32 n = 0; n < in.count; n++) {
		const std::optional<u64> pa = device->translate(in.pasid, in.iova);
		for (unsigned i = 0; i < 2; i++)
			hits[i] += pa && *pa >> base::kPageShift == pfns[i];
	}
	in.out_first = hits[0];
	in.out_second = hits[1];
	return call.respond(cmd);
}

} // namespace mock
