// SPDX-License-Identifier: GPL-2.0-only
// Memory that hardware uses by its physical address, past any IO page table: it stays mapped and pinned until the lock
// on it is given back. An area with a lock is not unmapped (IoPageTable::claim_for_unmap); another area with the same
// pages (IOAS_COPY) may be, as the pins are the lock's own.
#include "iommufd/io_pagetable.hpp"

namespace iommufd {

namespace {

// Pages that are pinned at a time: what is not contiguous costs no more than that.
constexpr u64 kStep = 512;

IndexRange step_at(PageIndex start, IndexRange all) { return {start, base::min(start + (kStep - 1), all.last)}; }

// Undoes the steps below `end`.
void unpin_steps(Pages &pages, IndexRange all, PageIndex end)
{
	for (PageIndex at = all.start; at < end; at = at + kStep)
		pages.unpin(step_at(at, all));
}

// Pins pages that lie one after the other, and tells the first one.
Result<page *> pin_in_one_piece(Pages &pages, IndexRange all)
{
	const kern::Array<page *> step(base::min(kStep, all.count()));
	if (!step)
		return fail(Errno::kNoMem, "out of memory for a list of pages");
	page *first = nullptr, *before = nullptr;

	for (PageIndex at = all.start; at <= all.last; at = at + kStep) {
		const IndexRange range = step_at(at, all);
		Status status = pages.pin(range, step.get());
		for (u64 i = 0; status && i < range.count(); before = step[i++])
			if (before && !kern::is_next_page(before, step[i])) {
				pages.unpin(range);
				status = fail(Errno::kFault, "the memory is not physically contiguous");
			}
		if (!status) {
			unpin_steps(pages, all, at);
			return fail(status.error());
		}
		first = first ?: step[0];
	}
	return first;
}

Result<base::Pa> lock_part(Area &area, IovaRange part)
{
	if (area.closing_)
		return fail(Errno::kNoEnt, "the area is being unmapped");
	if (!area.prot().writable())
		return fail(Errno::kPerm, "the memory is mapped read-only");
	// Under its lock there may be no allocation (MemoryTraits::in_notifier).
	if (!area.pages().is_pinned())
		return fail(Errno::kInval, "a device's memory cannot be pinned");
	kern::Guard guard(area.pages().lock());
	TRY_LET(first, pin_in_one_piece(area.pages(), area.indexes(part)));
	area.locks_++;
	return base::Pa(kern::pfn_of(first).raw() * base::kPageSize + area.byte_at(part.start) % base::kPageSize);
}

void unlock_part(Area &area, IovaRange part)
{
	kern::Guard guard(area.pages().lock());
	if (WARN_ON(!area.locks_))
		return;
	area.locks_--;
	const IndexRange all = area.indexes(part);
	unpin_steps(area.pages(), all, all.last + 1);
}

} // namespace

Result<base::Pa> IoPageTable::lock_memory(IovaRange range)
{
	Iova done;
	// Before anything is pinned.
	TRY(for_each_area(range, done, [](Area &, IovaRange) { return Status(); }));

	std::optional<base::Pa> start;
	Status status = for_each_area(range, done, [&](Area &area, IovaRange part) -> Status {
		TRY_LET(at, lock_part(area, part));
		start = start.value_or(at);
		if (at - *start == part.start - range.start)
			return {};
		unlock_part(area, part);
		return fail(Errno::kFault, "the memory is not physically contiguous");
	});
	if (status)
		return *start;
	// Areas with locks stay, so the same ones are found again.
	if (done != range.start)
		unlock_memory({range.start, done - 1});
	return fail(status.error());
}

void IoPageTable::unlock_memory(IovaRange range)
{
	Iova done;
	Status status = for_each_area(range, done, [](Area &area, IovaRange part) -> Status {
		unlock_part(area, part);
		return {};
	});
	WARN_ON(!status);
}

} // namespace iommufd
