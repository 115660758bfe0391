// SPDX-License-Identifier: GPL-2.0-only
// Moving an area's pages into domains and out again.
//
// Two rules hold everywhere here. A page is unmapped, and the IOTLB flushed, before it is unpinned. And an unmap never
// cuts a physically contiguous run in two: the driver may have mapped it with one large entry.
#include "iommufd/area.hpp"

#include "iommufd/page_reader.hpp"

namespace iommufd {

namespace {

base::Pa pa_of(base::Pfn pfn) { return base::Pa(pfn.raw() * base::kPageSize); }
base::Pfn pfn_of(base::Pa pa) { return base::Pfn(pa.raw() / base::kPageSize); }

} // namespace

IovaRange Area::iova_of(IndexRange r) const
{
	// The first and the last page may belong to the area in part only.
	u64 first_byte = base::max(r.start.raw() * base::kPageSize, start_byte_);
	u64 last_byte = base::min(r.last.raw() * base::kPageSize + (base::kPageSize - 1), byte_at(iova_.last));
	return {iova_.start + (first_byte - start_byte_), iova_.start + (last_byte - start_byte_)};
}

// One physically contiguous piece. Without large pages each page is mapped for itself.
Status Area::map_run(kern::Domain &domain, IovaRange at, base::Pa pa, PageSizes sizes) const
{
	if (sizes == PageSizes::kAll)
		return domain.map(at.start, pa, at.count(), prot_);
	for (u64 done = 0; done < at.count(); done += base::kPageSize) {
		u64 size = base::min(base::kPageSize, at.count() - done);
		Status status = domain.map(at.start + done, pa + done, size, prot_);
		if (!status) {
			if (done)
				domain.unmap(at.start, done);
			return status;
		}
	}
	return {};
}

Status Area::map(DomainEntry &entry, PageIndex first, RunList &runs, PageSizes sizes) const
{
	PageIndex at = first;
	for (const Run &run : runs) {
		IovaRange piece = iova_of({at, at + (run.count - 1)});
		u64 offset = byte_at(piece.start) % base::kPageSize;
		Status status = map_run(entry.domain, piece, pa_of(run.first) + offset, sizes);
		if (!status) {
			if (at != first)
				unmap(entry, {first, at - 1});
			return status;
		}
		at = at + run.count;
	}
	return {};
}

void Area::unmap(DomainEntry &entry, IndexRange r) const
{
	IovaRange at = iova_of(r);
	entry.domain.unmap(at.start, at.count());
}

bool Area::read_back(const DomainEntry &entry, IndexRange r, RunList &runs) const
{
	for (PageIndex at = r.start; at <= r.last; at = at + 1)
		if (!runs.append(pfn_of(entry.domain.iova_to_pa(iova_of({at, at}).start)), 1))
			return false;
	return true;
}

void Area::drain(DomainEntry &entry, IndexRange r) const
{
	RunList runs(r.last - r.start + 1);
	u64 unpinned = 0;

	for (PageIndex at = r.start; at <= r.last;) {
		runs.clear();
		read_back(entry, {at, r.last}, runs);
		unmap(entry, {at, at + (runs.total() - 1)});
		for (const Run &run : runs) {
			unpinned += pages().unpin_unneeded(at, run.first, run.count);
			at = at + run.count;
		}
	}
	pages().uncharge(unpinned);
}

// Takes the pages below `end` out again after a failure: out of every domain, the last one with the pins.
void Area::unwind(DomainList &domains, PageIndex end) const
{
	const PageIndex first = indexes().start;
	if (end == first)
		return;
	DomainEntry *storage = &domains.front();
	for (DomainEntry &entry : domains)
		if (&entry != storage)
			unmap(entry, {first, end - 1});
	drain(*storage, {first, end - 1});
}

Status Area::fill(DomainList &domains, PageSizes sizes)
{
	PageReader reader(pages(), indexes(), PageReader::Purpose::kKeep);
	PageIndex filled_end = indexes().start;
	Status status;

	while (status && !reader.done()) {
		status = reader.next();
		for (auto it = domains.begin(); status && it != domains.end(); ++it) {
			status = map(*it, reader.start(), reader.runs(), sizes);
			if (status)
				continue;
			for (auto undo = domains.begin(); undo != it; ++undo)
				unmap(*undo, {reader.start(), reader.end() - 1});
		}
		if (!status)
			break;
		reader.keep();
		filled_end = reader.end();
	}
	if (!status)
		unwind(domains, filled_end);
	return status;
}

Status Area::fill_one(DomainEntry &entry, PageSizes sizes)
{
	PageReader reader(pages(), indexes(), PageReader::Purpose::kKeep);
	const PageIndex first = indexes().start;
	Status status;

	while (status && !reader.done()) {
		status = reader.next();
		if (status)
			status = map(entry, reader.start(), reader.runs(), sizes);
		if (status) {
			reader.keep();
			continue;
		}
		if (reader.start() != first)
			drain(entry, {first, reader.start() - 1});
	}
	return status;
}

void Area::set_storage(DomainEntry *entry)
{
	pages().lock().assert_held();
	if (!storage_ && entry)
		pages().add_filled(*this);
	else if (storage_ && !entry)
		pages().remove_filled(*this);
	storage_ = entry;
}

} // namespace iommufd
