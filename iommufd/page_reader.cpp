// SPDX-License-Identifier: GPL-2.0-only
// Reading physical pages; see page_reader.hpp.
#include "iommufd/page_reader.hpp"

#include "iommufd/area.hpp"
#include "iommufd/pinned_range.hpp"
#include "iommufd/test_hook.hpp"

namespace iommufd {

namespace {

// How much there is to be kept. Of memory that is not pinned nothing, and there may be no allocation.
u64 scratch(const Pages &pages, IndexRange range) { return pages.is_pinned() ? range.count() : 1; }

} // namespace

PageReader::PageReader(Pages &pages, IndexRange range, Purpose purpose)
	: pages_(pages), range_(range), purpose_(purpose), batch_start_(range.start.raw()), batch_end_(batch_start_),
	  runs_(scratch(pages, range)), ahead_(scratch(pages, range)), charged_end_(batch_start_)
{
}

PageReader::~PageReader()
{
	drop_batch();
	u64 unpinned = 0;
	for (; ahead_.used < ahead_.count; ahead_.used++, unpinned++)
		kern::unpin_run(kern::pfn_of(ahead_.pages[ahead_.used]), 1, false);
	// What was charged in advance and then not pinned.
	u64 pinned_end = batch_end_ + unpinned;
	settle(unpinned + (charged_end_ > pinned_end ? charged_end_ - pinned_end : 0));
}

void PageReader::drop_batch()
{
	if (kept_)
		return;
	settle(pages_.unpin_unneeded(start(), runs_));
	kept_ = true;
}

Status PageReader::next()
{
	drop_batch();
	runs_.clear();
	batch_start_ = batch_end_;
	kept_ = false;

	Status status;
	while (!done() && load_once(status)) {
	}
	return status;
}

// Goes on at batch_end_ from one source. False when the batch is full or there was an error.
bool PageReader::load_once(Status &status)
{
	if (ahead_.used < ahead_.count)
		return take_ahead();

	PageIndex at(batch_end_);
	if (!pages_.is_pinned())
		return load_memory({at, range_.last}, status);
	if (const PinnedRange *pinned = pages_.pinned_at(at))
		return load_pinned(*pinned);
	if (const Area *area = pages_.filled_at(at))
		return load_filled(*area);
	return load_memory(pages_.unneeded_from({at, range_.last}), status);
}

bool PageReader::load_pinned(const PinnedRange &from)
{
	u64 last = base::min(base::IntervalSet<PinnedRange, ByIndex, PageIndex>::range(from).last, range_.last).raw();
	while (batch_end_ <= last) {
		if (!runs_.append(from.pfn(PageIndex(batch_end_)), 1))
			return false;
		batch_end_++;
	}
	return true;
}

bool PageReader::load_filled(const Area &from)
{
	PageIndex last = base::min(from.indexes().last, range_.last);
	u64 before = runs_.total();
	bool room = from.read_back(*from.storage(), {PageIndex(batch_end_), last}, runs_);
	batch_end_ += runs_.total() - before;
	return room;
}

bool PageReader::load_memory(IndexRange hole, Status &status)
{
	if (!runs_.room())
		return false;
	status = charge_hole(hole);
	if (status && injected_failure())
		status = fail(Errno::kFault, "injected failure");
	if (!status)
		return false;
	const u64 before = runs_.total();
	status = pages_.memory().load(hole, pages_.writable(), ahead_, runs_);
	batch_end_ += runs_.total() - before;
	return status && take_ahead();
}

// Moves pages that are pinned already into the batch.
bool PageReader::take_ahead()
{
	page **const ahead = ahead_.pages.data();
	const std::size_t count = ahead_.count;
	std::size_t used = ahead_.used;
	bool room = true;

	while (room && used < count) {
		std::size_t next = used + 1;
		while (next < count && kern::is_next_page(ahead[next - 1], ahead[next]))
			next++;
		room = runs_.append(ahead_.vmemmap.pfn_of(ahead[used]), next - used);
		if (room)
			used = next;
	}
	batch_end_ += used - ahead_.used;
	ahead_.used = used;
	return room;
}

// Charges a whole hole at once, before the first of its pages is pinned: who is over the limit pins nothing.
Status PageReader::charge_hole(IndexRange hole)
{
	if (purpose_ == Purpose::kLook || hole.start.raw() < charged_end_ || !pages_.is_pinned())
		return {};
	TRY(pages_.charge(hole.count()));
	charged_end_ = hole.last.raw() + 1;
	return {};
}

} // namespace iommufd
