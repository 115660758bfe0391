// SPDX-License-Identifier: GPL-2.0-only
// The Pages object: what is charged, and when a page may be unpinned.
#include "iommufd/pages.hpp"

#include "base/spans.hpp"
#include "iommufd/area.hpp"
#include "iommufd/pinned_range.hpp"

namespace iommufd {

Result<u64> Pages::count_pages(u64 start, u64 length)
{
	if (!length || length > base::kU64Max - base::kPageSize)
		return fail(Errno::kInval, "length is 0 or absurd");
	u64 end;
	if (__builtin_add_overflow(start, length, &end))
		return fail(Errno::kOverflow, "start of the memory + length wraps");
	return (end - 1) / base::kPageSize - start / base::kPageSize + 1;
}

Pages::~Pages()
{
	WARN_ON(payer_.charged());
	WARN_ON(!pinned_ranges_.empty());
	WARN_ON(!by_domain_.empty());
}

Status Pages::charge(u64 pages)
{
	lock_.assert_held();
	return payer_.charge(pages);
}

void Pages::uncharge(u64 pages)
{
	lock_.assert_held();
	payer_.uncharge(pages);
}

Payer &Pages::payer()
{
	lock_.assert_held();
	return payer_;
}

bool Pages::set_visited(bool visited)
{
	lock_.assert_held();
	return std::exchange(visited_, visited) != visited;
}

u64 Pages::unpin_unneeded(PageIndex first, RunList &runs)
{
	lock_.assert_held();
	if (!runs.total() || !is_pinned_)
		return 0;
	const IndexRange all{first, first + (runs.total() - 1)};
	const bool none_needed = !pinned_ranges_.first(all) && !by_domain_.first(all);
	u64 unpinned = 0;

	for (const Run &run : runs) {
		if (none_needed) {
			kern::unpin_run(run.first, run.count, writable_);
			unpinned += run.count;
		} else {
			unpinned += unpin_unneeded(first, run);
		}
		first = first + run.count;
	}
	return unpinned;
}

u64 Pages::unpin_unneeded(PageIndex first, const Run &run)
{
	const u64 start = first.raw();
	u64 unpinned = 0;

	base::Spans<2> spans({&pinned_ranges_.tree(), &by_domain_.tree()}, start, start + run.count - 1);
	for (; !spans.done(); spans.next()) {
		if (!spans->is_hole)
			continue;
		u64 pages = spans->last - spans->start + 1;
		kern::unpin_run(run.first + (spans->start - start), pages, writable_);
		unpinned += pages;
	}
	return unpinned;
}

void Pages::revoke()
{
	lock_.assert_held();
	WARN_ON(is_pinned_);
	if (revoked_)
		return;
	for (Area *area = by_domain_.first(); area; area = by_domain_.next(*area))
		area->storage()->reach_->forget(*area);
	revoked_ = true;
}

void Pages::add_filled(Area &area)
{
	lock_.assert_held();
	by_domain_.insert(area, area.indexes());
}

void Pages::remove_filled(Area &area)
{
	lock_.assert_held();
	by_domain_.remove(area);
}

Area *Pages::filled_at(PageIndex index) const { return by_domain_.at(index); }

const PinnedRange *Pages::pinned_at(PageIndex index) const { return pinned_ranges_.at(index); }

IndexRange Pages::unneeded_from(IndexRange range) const
{
	const base::Spans<2> spans({&pinned_ranges_.tree(), &by_domain_.tree()}, range.start.raw(), range.last.raw());
	return {PageIndex(spans->start), PageIndex(spans->last)};
}

PinnedRange *Pages::find_exact(IndexRange range) const
{
	for (PinnedRange *p = pinned_ranges_.first(range); p; p = pinned_ranges_.next(*p, range))
		if (pinned_ranges_.range(*p) == range)
			return p;
	return nullptr;
}

} // namespace iommufd
