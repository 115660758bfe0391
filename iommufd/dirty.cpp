// SPDX-License-Identifier: GPL-2.0-only
// Dirty tracking: which pages devices have written through a domain, as the IOMMU notes it in its page table.
//
// Locks: with iova_lock shared an area that is mapped stays mapped, so that the IOMMU driver may walk the entries. Not
// those of a device's memory: whoever takes that away takes no such lock (Pages::revoke()), and page tables may be freed
// under the walk. So its entries are not looked at: nothing of it is ever dirty.
#include "bridge/dirty.h"
#include "iommufd/context.hpp"
#include "iommufd/ioctl.hpp"

namespace iommufd {

namespace {

Status check_range(const iommu_hwpt_get_dirty_bitmap &cmd, u64 alignment)
{
	TRY_LET(range, base::checked_range(Iova(cmd.iova), cmd.length));
	const u64 ends = range.start.raw() | (range.last.raw() + 1);
	if (!base::is_aligned(ends, alignment))
		return fail(Errno::kInval, "the range is not aligned as the IOAS demands");
	if (!base::is_power_of_two(cmd.page_size) || !base::is_aligned(ends, cmd.page_size))
		return fail(Errno::kInval, "page_size is no power of two, or the range is no multiple of it");
	return {};
}

} // namespace

Status IoPageTable::set_dirty_tracking(kern::Domain &domain, bool on)
{
	struct Clear {
		IoPageTable &table;

		static int every_area(void *self, kx_dirty_read *read, unsigned long, unsigned long)
		{
			const AreaSet &areas = static_cast<Clear *>(self)->table.areas_;
			for (const Area *area = areas.first(); area; area = areas.next(*area)) {
				if (area->state_ != AreaState::kMapped || !area->pages().is_pinned())
					continue;
				if (int rc = kx_dirty_read_range(read, area->iova().start.raw(), area->length()))
					return rc;
			}
			return 0;
		}
	};

	if (!kx_domain_tracks_dirty(domain.get()))
		return fail(Errno::kOpNotSupp, "the HWPT was not allocated for dirty tracking");
	kern::SharedGuard guard(iova_lock_);
	if (on) {
		Clear clear{*this};
		TRY(base::check(kx_domain_clear_dirty(domain.get(), Clear::every_area, &clear),
				"the IOMMU driver cannot clear its dirty bits"));
	}
	return base::check(kx_domain_set_dirty_tracking(domain.get(), on),
			   "the IOMMU driver cannot switch dirty tracking");
}

Status IoPageTable::read_dirty(kern::Domain &domain, IovaRange range, u64 page_size, UserVa bitmap, bool clear)
{
	struct Read {
		const IoPageTable &table;
		Status status{};

		static int mapped_parts(void *self, kx_dirty_read *read, unsigned long iova, unsigned long length)
		{
			Read &r = *static_cast<Read *>(self);
			Iova done;
			auto part = [&](Area &area, IovaRange at) -> Status {
				if (!area.pages().is_pinned())
					return {};
				return base::check(kx_dirty_read_range(read, at.start.raw(), at.count()),
						   "the IOMMU driver cannot read its dirty bits");
			};
			r.status = r.table.for_each_area_locked({Iova(iova), Iova(iova + (length - 1))}, done, part);
			return r.status ? 0 : r.status.error().to_errno();
		}
	};

	if (!kx_domain_tracks_dirty(domain.get()))
		return fail(Errno::kOpNotSupp, "the HWPT was not allocated for dirty tracking");
	kern::SharedGuard guard(iova_lock_);
	Read read{*this};
	int rc = kx_domain_read_dirty(domain.get(), range.start.raw(), range.count(), page_size, bitmap.raw(), clear,
				      Read::mapped_parts, &read);
	if (!read.status && read.status.error().is(Errno::kNoEnt))
		return fail(Errno::kInval, "part of the range is not mapped");
	TRY(read.status);
	return base::check(rc, "the bitmap is not accessible");
}

Status hwpt_set_dirty_tracking(UserCall &call, iommu_hwpt_set_dirty_tracking &cmd)
{
	if (cmd.flags & ~IOMMU_HWPT_DIRTY_TRACKING_ENABLE)
		return fail(Errno::kOpNotSupp, "unknown flag");
	TRY_LET(hwpt, call.context().objects().get<HwptPaging>(ObjectId(cmd.hwpt_id)));
	return hwpt->ioas().table().set_dirty_tracking(hwpt->domain(), cmd.flags & IOMMU_HWPT_DIRTY_TRACKING_ENABLE);
}

Status hwpt_get_dirty_bitmap(UserCall &call, iommu_hwpt_get_dirty_bitmap &cmd)
{
	if (cmd.flags & ~IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR)
		return fail(Errno::kOpNotSupp, "unknown flag");
	if (cmd.__reserved)
		return fail(Errno::kOpNotSupp, "the reserved field is not 0");
	TRY_LET(hwpt, call.context().objects().get<HwptPaging>(ObjectId(cmd.hwpt_id)));
	IoPageTable &table = hwpt->ioas().table();
	TRY(check_range(cmd, table.alignment()));
	const Iova start(cmd.iova);
	return table.read_dirty(hwpt->domain(), {start, start + (cmd.length - 1)}, cmd.page_size,
				base::UserVa(cmd.data), !(cmd.flags & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR));
}

} // namespace iommufd
