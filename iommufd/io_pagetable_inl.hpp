// SPDX-License-Identifier: GPL-2.0-only
// The walks of an IoPageTable that take a function. Included by io_pagetable.hpp.
#pragma once
#include "base/spans.hpp"

namespace iommufd {

// Runs `fill` under the area's pages' lock. Where it must not wait for memory there, it is tried again after a wait
// without the lock.
template <typename Fill> Status IoPageTable::with_memory(Area &area, Fill fill)
{
	constexpr unsigned kMaxTries = 32;
	for (unsigned i = 0;; i++) {
		Status status;
		{
			kern::Guard guard(area.pages().lock());
			status = fill();
		}
		const bool short_of_memory = !status && status.error().is(Errno::kNoMem) && area.pages().in_notifier();
		if (!short_of_memory || i == kMaxTries || !kx_wait_for_memory())
			return status;
	}
}

template <typename Fn> Status IoPageTable::for_each_usable(Fn &&fn)
{
	kern::SharedGuard guard(iova_lock_);
	base::Spans<1> spans({&reserved_.tree()}, 0, base::kU64Max);
	for (; !spans.done(); spans.next())
		if (spans->is_hole)
			TRY(fn(IovaRange{Iova(spans->start), Iova(spans->last)}));
	return {};
}

template <typename Fn> Status IoPageTable::for_each_area_locked(IovaRange range, Iova &done, Fn &&fn) const
{
	iova_lock_.assert_held();
	done = range.start;
	for (Area *area = areas_.at(range.start);; area = areas_.at(done)) {
		if (!area || area->state_ != AreaState::kMapped)
			return fail(Errno::kNoEnt, "nothing is mapped in part of the range");
		IovaRange part{done, base::min(range.last, area->iova().last)};
		TRY(fn(*area, part));
		if (part.last == range.last)
			return {};
		done = part.last + 1;
	}
}

template <typename Fn> Status IoPageTable::for_each_stopped_area(Fn &&fn)
{
	domains_lock_.assert_held_exclusive();
	for (Area *area = areas_.first(); area; area = areas_.next(*area))
		TRY(fn(*area));
	return {};
}

template <typename Fn> Status IoPageTable::for_each_area(IovaRange range, Iova &done, Fn &&fn)
{
	kern::SharedGuard guard(iova_lock_);
	return for_each_area_locked(range, done, fn);
}

} // namespace iommufd
