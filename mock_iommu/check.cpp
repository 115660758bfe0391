// SPDX-License-Identifier: GPL-2.0-only
// Checks of what iommufd has done to the caller's memory: where it is mapped, and how often it is pinned.
#include "base/math.hpp"
#include "mock_iommu/domain.hpp"
#include "mock_iommu/ops.hpp"

using base::Errno;
using base::fail;

namespace mock {
namespace {

base::Status check_aligned(u64 values, u64 align)
{
	if (!base::is_aligned(values, align))
		return fail(Errno::kInval, "not aligned");
	return {};
}

// Length 0 is fine: nothing to check.
base::Status check_no_wrap(u64 start, u64 length)
{
	u64 end;
	if (__builtin_add_overflow(start, length, &end))
		return fail(Errno::kInval, "start + length wraps");
	return {};
}

} // namespace

base::Status check_map(Call &call, iommu_test_cmd &cmd)
{
	const auto &in = cmd.check_map;

	TRY_LET(kept, call.paging_domain(cmd.id));
	Domain &domain = Domain::of(kept.domain());
	PageTable &table = domain.table();
	TRY(check_aligned(in.iova | in.length | in.uptr, domain.smallest_page()));
	TRY(check_no_wrap(in.uptr, in.length));
	TRY(check_no_wrap(in.iova, in.length));
	for (u64 at = 0; at < in.length; at += domain.smallest_page()) {
		unsigned long pfn;
		unsigned pins;
		TRY(base::check(mx_user_page(in.uptr + at, &pfn, &pins), "no page in user memory"));
		const auto leaf = table.find(in.iova + at);
		const u64 pa = (u64{pfn} << base::kPageShift) + (in.uptr + at) % base::kPageSize;
		if (!leaf.entry || leaf.pa_of(in.iova + at) != pa)
			return fail(Errno::kInval, "not mapped there");
	}
	return {};
}

base::Status check_refs(Call &, iommu_test_cmd &cmd)
{
	const auto &in = cmd.check_refs;

	TRY(check_aligned(in.length | in.uptr, base::kPageSize));
	TRY(check_no_wrap(in.uptr, in.length));
	for (u64 at = 0; at < in.length; at += base::kPageSize) {
		unsigned long pfn;
		unsigned pins;
		TRY(base::check(mx_user_page(in.uptr + at, &pfn, &pins), "no page in user memory"));
		if (pins != UINT32_MAX && pins != in.refs)
			return fail(Errno::kIo, "another number of pins");
	}
	return {};
}

} // namespace mock
