// SPDX-License-Identifier: GPL-2.0-only
// Pinning ranges of pages for kernel drivers (the software side of iommufd: mdevs, emulated devices).
#include "iommufd/page_reader.hpp"
#include "iommufd/pinned_range.hpp"

namespace iommufd {

namespace {

// Lets go of `count` pages that were read into `range` and are in nobody's tree on its behalf.
void release(Pages &pages, const PinnedRange &range, u64 count)
{
	RunList runs(count);
	u64 unpinned = 0;
	for (u64 i = 0; i < count; i += runs.total()) {
		runs.clear();
		while (i + runs.total() < count && runs.append(range.pfns[i + runs.total()], 1)) {
		}
		unpinned += pages.unpin_unneeded(range.first + i, runs);
	}
	pages.uncharge(unpinned);
}

Status read_into(Pages &pages, PinnedRange &to, IndexRange range)
{
	PageReader reader(pages, range, PageReader::Purpose::kKeep);
	u64 done = 0;
	Status status;

	while (!reader.done() && (status = reader.next())) {
		for (const Run &run : reader.runs())
			for (u64 i = 0; i < run.count; i++)
				to.pfns[done++] = run.first + i;
		reader.keep();
	}
	if (!status)
		release(pages, to, done);
	return status;
}

} // namespace

Status Pages::pin(IndexRange range, page **out)
{
	lock_.assert_held();
	if (!is_pinned_)
		return fail(Errno::kInval, "a device's memory cannot be pinned");
	PinnedRange *found = find_exact(range);
	if (found) {
		found->users++;
	} else {
		TRY_LET(fresh, kern::make<PinnedRange>());
		fresh->pfns = kern::Array<base::Pfn>(range.count());
		fresh->first = range.start;
		if (!fresh->pfns)
			return fail(Errno::kNoMem, "out of memory for the list of pinned pages");
		TRY(read_into(*this, *fresh, range));
		found = fresh.release();
		pinned_ranges_.insert(*found, range);
	}
	for (u64 i = 0; i < range.count(); i++)
		out[i] = kern::page_of(found->pfns[i]);
	return {};
}

void Pages::unpin(IndexRange range)
{
	lock_.assert_held();
	PinnedRange *found = find_exact(range);
	if (WARN_ON(!found) || --found->users)
		return;
	pinned_ranges_.remove(*found);
	kern::Box<PinnedRange> last(found);
	release(*this, *last, range.count());
}

} // namespace iommufd
