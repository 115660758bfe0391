// SPDX-License-Identifier: GPL-2.0-only
// Dirty tracking: whether a page was written is one bit of its entry, so a large page is dirty as a whole.
#include "base/math.hpp"
#include "kern/alloc.hpp"
#include "kern/log.hpp"
#include "kern/uaccess.hpp"
#include "mock_iommu/domain.hpp"
#include "mock_iommu/generation.hpp"
#include "mock_iommu/ops.hpp"

using base::Errno;
using base::fail;

int mock_set_tracking(iommu_domain *domain, bool on)
{
	auto &d = mock::Domain::of(domain);
	if (on && !d.can_track())
		return kern::reject("dirty tracking", {Errno::kInval, "not a domain for that"});
	d.set_tracking(on);
	return 0;
}

int mock_read_dirty(iommu_domain *domain, unsigned long iova, unsigned long size, bool clear, iommu_dirty_bitmap *dirty)
{
	auto &d = mock::Domain::of(domain);
	const u64 end = iova + size;

	// Without a bitmap it is about forgetting what was dirty before tracking begins.
	if (!d.tracking() && mx_dirty_wanted(dirty))
		return kern::reject("dirty tracking", {Errno::kInval, "it is off"});
	for (u64 at = iova; at < end;) {
		auto leaf = d.table().find(at);
		const u64 next = base::min(leaf.start + leaf.size, end);
		if (leaf.entry && leaf.test_dirty(clear))
			mx_dirty_record(dirty, at, next - at);
		at = next;
	}
	return 0;
}

namespace mock {
namespace {

constexpr u64 kMaxBits = u64{16} << 23; // a bitmap of 16 MiB

base::Status check(const iommu_test_cmd &cmd)
{
	const auto &in = cmd.dirty;

	if (!in.page_size || !in.length || !in.uptr || in.iova % in.page_size || in.length % in.page_size)
		return fail(Errno::kInval, "empty or unaligned range, or no bitmap");
	if (in.length / in.page_size > kMaxBits)
		return fail(Errno::kOverflow, "bitmap above 16 MiB");
	return {};
}

} // namespace

// Plays a device that writes to each page whose bit is set.
base::Status set_dirty(Call &call, iommu_test_cmd &cmd)
{
	TRY(check(cmd));
	TRY_LET(kept, call.paging_domain(cmd.id));
	Domain &domain = Domain::of(kept.domain());
	if (!domain.tracking())
		return fail(Errno::kInval, "dirty tracking is off");

	const u64 bits = cmd.dirty.length / cmd.dirty.page_size, bytes = (bits + 7) / 8;
	kern::Array<u8> bitmap(bytes);
	if (!bitmap)
		return fail(Errno::kNoMem, "out of memory");
	if (!kx_copy_from_user(bitmap.get(), cmd.dirty.uptr, bytes))
		return fail(Errno::kFault, "bitmap not readable");

	cmd.dirty.out_nr_dirty = 0;
	for (u64 i = 0; i < bits; i++) {
		if (!(bitmap[i / 8] & (1 << i % 8)))
			continue;
		auto leaf = domain.table().find(cmd.dirty.iova + i * cmd.dirty.page_size);
		const bool written = leaf.entry && leaf.set_dirty();
		cmd.dirty.out_nr_dirty += written || generation().counts_holes;
	}
	return call.respond(cmd);
}

} // namespace mock
