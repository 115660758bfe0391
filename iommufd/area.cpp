// SPDX-License-Identifier: GPL-2.0-only
// Moving an area's pages into domains and out again.
//
// Two rules hold everywhere here. A page is unmapped, and the IOTLB flushed, before it is unpinned. And an unmap never
// cuts a physically contiguous run in two: the driver may have mapped it with one large entry.
#include "iommufd/area.hpp"

#include <span>

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

// One physically contiguous piece, as the kind of memory demands.
Status Area::map_piece(kern::Domain &domain, Iova at, base::Pa pa, u64 bytes) const
{
	const kern::Prot prot = pages().is_pinned() ? prot_ : prot_.of_device_memory();
	return pages().in_notifier() ? domain.map_nowait(at, pa, bytes, prot) : domain.map(at, pa, bytes, prot);
}

// One physically contiguous piece, each page for itself.
Status Area::map_single_pages(kern::Domain &domain, Iova at, base::Pa pa, u64 bytes) const
{
	for (u64 done = 0; done < bytes; done += base::kPageSize) {
		u64 size = base::min(base::kPageSize, bytes - done);
		Status status = map_piece(domain, at + done, pa + done, size);
		if (!status) {
			if (done)
				domain.unmap(at, done);
			return status;
		}
	}
	return {};
}

Status Area::map(DomainEntry &entry, PageIndex first, RunList &runs, PageSizes sizes) const
{
	const Iova start = iova_of({first, first}).start;
	u64 skip = byte_at(start) % base::kPageSize; // of the first page, not the area's
	Iova at = start;

	for (const Run &run : runs) {
		const u64 size = base::min(run.count * base::kPageSize - skip, iova_.last - at + 1);
		const base::Pa pa = pa_of(run.first) + skip;
		Status status = sizes == PageSizes::kAll ? map_piece(entry.domain, at, pa, size)
							 : map_single_pages(entry.domain, at, pa, size);
		if (!status) [[unlikely]] {
			if (at != start)
				entry.domain.unmap(start, at - start);
			return status;
		}
		at = at + size;
		skip = 0;
	}
	return {};
}

void Area::unmap(DomainEntry &entry, IndexRange r) const
{
	if (pages().revoked())
		return;
	IovaRange at = iova_of(r);
	entry.domain.unmap(at.start, at.count());
}

bool Area::read_back(const DomainEntry &entry, IndexRange r, RunList &runs) const
{
	Iova iova = iova_of({r.start, r.start}).start;
	u64 left = r.count();

	for (PageIndex at = r.start; left;) {
		const bool is_long = left >= LongRuns::kPages && long_runs_.begins_at(at);
		const u64 count = is_long ? LongRuns::kPages : 1;
		if (!runs.append(pfn_of(entry.domain.iova_to_pa(iova)), count))
			return false;
		at = at + count;
		left -= count;
		// Only the area's first IOVA can be inside a page of memory.
		iova = iova + (count * base::kPageSize - byte_at(iova) % base::kPageSize);
	}
	return true;
}

void Area::drain(DomainEntry &entry, IndexRange r) const
{
	if (!pages().is_pinned())
		return unmap(entry, r);
	RunList runs(r.count());
	u64 unpinned = 0;

	for (PageIndex at = r.start; at <= r.last; at = at + runs.total()) {
		runs.clear();
		read_back(entry, {at, r.last}, runs);
		unmap(entry, {at, at + (runs.total() - 1)});
		unpinned += pages().unpin_unneeded(at, runs);
	}
	pages().uncharge(unpinned);
}

void Area::begin_fill()
{
	if (!storage_)
		long_runs_.reset(indexes(), pages().memory().origin() / base::kPageSize);
}

void Area::remember(PageIndex first, RunList &runs)
{
	for (const Run &run : runs) {
		long_runs_.note(first, run.count);
		first = first + run.count;
	}
}

// Takes the pages below `end` out again after a failure: out of every domain, the first one with the pins.
template <typename Domains> void Area::unwind(Domains &domains, PageIndex end) const
{
	const PageIndex first = indexes().start;
	if (end == first)
		return;
	DomainEntry *storage = &*domains.begin();
	for (DomainEntry &entry : domains)
		if (&entry != storage)
			unmap(entry, {first, end - 1});
	drain(*storage, {first, end - 1});
}

// Maps what the reader has just read into every domain, or into none.
template <typename Domains> Status Area::map_batch(Domains &domains, PageReader &reader, PageSizes sizes) const
{
	for (auto it = domains.begin(); it != domains.end(); ++it) {
		Status status = map(*it, reader.start(), reader.runs(), sizes);
		if (status)
			continue;
		for (auto undo = domains.begin(); undo != it; ++undo)
			unmap(*undo, {reader.start(), reader.end() - 1});
		return status;
	}
	return {};
}

template <typename Domains> Status Area::fill_each(Domains &domains, PageSizes sizes)
{
	if (pages().revoked())
		return {};
	PageReader reader(pages(), indexes(), PageReader::Purpose::kKeep);

	begin_fill();
	while (!reader.done()) {
		const PageIndex filled_end = reader.end();
		Status status = reader.next();
		if (status)
			status = map_batch(domains, reader, sizes);
		if (!status) {
			unwind(domains, filled_end);
			return status;
		}
		reader.keep();
		if (pages().is_pinned())
			remember(reader.start(), reader.runs());
	}
	return {};
}

Status Area::fill(DomainList &domains, PageSizes sizes) { return fill_each(domains, sizes); }

Status Area::fill_one(DomainEntry &entry, PageSizes sizes)
{
	std::span<DomainEntry> one(&entry, 1);
	return fill_each(one, sizes);
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
