// SPDX-License-Identifier: GPL-2.0-only
// Mapping and unmapping; see io_pagetable.hpp for the model and the locks.
#include "iommufd/io_pagetable.hpp"

#include "iommufd/file_memory.hpp"
#include "iommufd/user_memory.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass domains_class("iommufd IoPageTable::domains_lock");
constinit kern::LockClass iova_class("iommufd IoPageTable::iova_lock");

// How often an unmap asks kernel drivers to let go of one area.
constexpr unsigned kMaxNotifications = 100;

} // namespace

IoPageTable::IoPageTable() : domains_lock_(domains_class), iova_lock_(iova_class) {}

IoPageTable::~IoPageTable()
{
	WARN_ON(!unmap(base::kAllIova));
	WARN_ON(!areas_.empty());
	unreserve(nullptr);
	WARN_ON(!reserved_.empty());
	WARN_ON(!domains_.empty());
	WARN_ON(!listeners_.empty());
}

SliceList::~SliceList()
{
	while (!empty()) {
		Slice &s = front();
		remove(s);
		delete &s;
	}
}

Status SliceList::append(base::Ref<Pages> pages, u64 start_byte, u64 length)
{
	TRY_LET(slice, kern::make<Slice>());
	slice->pages = std::move(pages);
	slice->start_byte = start_byte;
	slice->length = length;
	push_back(*slice.release());
	return {};
}

Status SliceList::append_memory(UserVa va, u64 length, bool writable, AccountMode mode)
{
	TRY_LET(pages, make_user_pages(va, length, writable, mode));
	return append(std::move(pages), va.raw() % base::kPageSize, length);
}

Status SliceList::append_file(int fd, u64 start, u64 length, bool writable, AccountMode mode)
{
	TRY_LET(pages, make_file_pages(fd, start, length, writable, mode));
	return append(std::move(pages), start % base::kPageSize, length);
}

// The areas of one mapping until they are all in the table, or until they are given up.
class AreaBatch {
public:
	explicit AreaBatch(u32 count) : areas_(count), count_(count) {}
	~AreaBatch()
	{
		for (Area *area : *this)
			delete area;
	}
	explicit operator bool() const { return static_cast<bool>(areas_); }

	Area *&operator[](u32 i) { return areas_[i]; }
	Area **begin() { return areas_.get(); }
	Area **end() { return areas_.get() + (areas_ ? count_ : 0); }
	// The table owns them now.
	void release() { count_ = 0; }

private:
	kern::Array<Area *> areas_;
	u32 count_;
};

Status IoPageTable::fits(const Area &area) const
{
	if (area.prot().writable() && !area.pages().writable())
		return fail(Errno::kPerm, "the source was mapped read-only");
	// Of several pieces each counts, not the whole alone.
	if (!base::is_aligned(area.iova().start.raw() | area.length() | area.page_offset(), alignment_))
		return fail(Errno::kInval, "the memory is not aligned as the IOAS demands");
	return {};
}

// Finds a place and takes it: on success all areas are in the table, kFilling; on failure none is.
Result<Iova> IoPageTable::insert_areas(SliceList &slices, u64 length, Placement where, kern::Prot prot,
				       AreaBatch &areas)
{
	kern::Guard guard(iova_lock_);
	if (!length || !base::is_aligned(length, alignment_))
		return fail(Errno::kInval, "length is 0 or not aligned as the IOAS demands");

	Iova at = where.iova;
	if (where.fixed) {
		TRY_LET(range, base::checked_range(at, length));
		TRY(check_fixed(range));
	} else {
		const Slice &first = slices.front();
		TRY_LET(found, find_free(first.pages->memory().origin() + first.start_byte, length));
		at = found;
	}

	Iova next = at;
	u32 i = 0;
	for (Slice &slice : slices) {
		IovaRange range{next, next + (slice.length - 1)};
		TRY_LET(area, kern::make<Area>(slice.pages, range, slice.start_byte, prot));
		TRY(fits(*area));
		areas[i++] = area.release();
		next = next + slice.length;
	}
	for (Area *area : areas)
		areas_.insert(*area, area->iova());
	return at;
}

// Under domains_lock, shared. All or nothing.
Status IoPageTable::fill_areas(AreaBatch &areas)
{
	domains_lock_.assert_held();
	if (domains_.empty())
		return {};
	for (Area *area : areas)
		TRY(with_memory(*area, [&]() -> Status {
			TRY(area->fill(domains_, sizes_));
			area->set_storage(&domains_.front());
			return {};
		}));
	return {};
}

Result<Iova> IoPageTable::map(SliceList &slices, u64 length, Placement where, kern::Prot prot)
{
	AreaBatch areas(slices.count());
	if (!areas)
		return fail(Errno::kNoMem, "out of memory for the list of areas");
	kern::SharedGuard domains(domains_lock_);
	TRY_LET(at, insert_areas(slices, length, where, prot, areas));
	Status status = fill_areas(areas);
	if (!status)
		for (Area *area : areas)
			drain_area(*area);

	kern::Guard guard(iova_lock_);
	for (Area *area : areas) {
		if (status)
			area->state_ = AreaState::kMapped;
		else
			areas_.remove(*area);
	}
	TRY(status);
	areas.release();
	return at;
}

// Takes an area out of all domains, if it is in any. Under domains_lock, shared.
void IoPageTable::drain_area(Area &area)
{
	domains_lock_.assert_held();
	kern::Guard guard(area.pages().lock());
	DomainEntry *storage = area.storage();
	if (!storage)
		return;
	for (DomainEntry &entry : domains_)
		if (&entry != storage)
			area.unmap(entry, area.indexes());
	area.set_storage(nullptr);
	area.drain(*storage, area.indexes());
}

void IoPageTable::remove_area(Area &area)
{
	{
		kern::Guard guard(iova_lock_);
		areas_.remove(area);
	}
	delete &area;
}

// The first area from `from` on: claimed for draining, or why it is not.
Result<IoPageTable::Step> IoPageTable::claim_for_unmap(IovaRange range, Iova from)
{
	kern::Guard guard(iova_lock_);
	Area *area = areas_.first({from, range.last});
	if (!area)
		return Step{Found::kNothing};
	if (area->state_ != AreaState::kMapped)
		return Step{Found::kMoving};
	if (area->locks_)
		return fail(Errno::kBusy, "hardware uses memory of the area without translation");
	// In the whole range: what others have mapped across `from` meanwhile is inside.
	if (!range.contains(area->iova()))
		return fail(Errno::kNoEnt, "an area is only partly inside the range");
	if (area->pins_) {
		area->closing_ = true;
		return Step{Found::kPinned, area->iova()};
	}
	area->state_ = AreaState::kDraining;
	return Step{Found::kMapped, area->iova(), area};
}

// Under domains_lock. Unmaps the first area of the range from `from` on, if it can be unmapped now.
Result<IoPageTable::Step> IoPageTable::unmap_first_locked(IovaRange range, Iova from)
{
	TRY_LET(step, claim_for_unmap(range, from));
	if (Area *area = std::exchange(step.area, nullptr)) {
		drain_area(*area);
		remove_area(*area);
	}
	return step;
}

Result<IoPageTable::Step> IoPageTable::unmap_first(IovaRange range, Iova from)
{
	{
		kern::SharedGuard domains(domains_lock_);
		TRY_LET(step, unmap_first_locked(range, from));
		if (step.found != Found::kMoving)
			return step;
	}
	// Areas move under domains_lock, shared: whoever has it alone has waited for all of them.
	kern::Guard domains(domains_lock_);
	TRY_LET(step, unmap_first_locked(range, from));
	WARN_ON(step.found == Found::kMoving);
	return step;
}

Result<u64> IoPageTable::unmap(IovaRange range)
{
	u64 bytes = 0;
	TRY(unmap_counting(range, bytes));
	return bytes;
}

Status IoPageTable::unmap_counting(IovaRange range, u64 &bytes)
{
	bytes = 0;
	unsigned notified = 0;
	Iova from = range.start;

	for (;;) {
		TRY_LET(step, unmap_first(range, from));
		if (step.found == Found::kPinned) {
			if (WARN_ON(notified++ == kMaxNotifications))
				return fail(Errno::kDeadlock, "a kernel driver does not let go of its pins");
			notify_listeners(step.at);
			continue;
		}
		if (step.found != Found::kMapped)
			return {};
		bytes += step.at.count();
		if (step.at.last == range.last)
			return {};
		// What others map behind us from now on is not ours.
		from = step.at.last + 1;
		notified = 0;
	}
}

// Tells every listener that holds pins to let go of a range. Takes iova_lock in between, and calls without it.
void IoPageTable::notify_listeners(IovaRange range)
{
	u64 after = 0;
	for (;;) {
		UnmapListener *found = nullptr;
		{
			kern::SharedGuard guard(iova_lock_);
			for (UnmapListener &listener : listeners_) {
				if (listener.order_ <= after)
					continue;
				after = listener.order_;
				if (listener.enter()) {
					found = &listener;
					break;
				}
			}
		}
		if (!found)
			return;
		found->unmapped(range);
		found->leave();
	}
}

Status IoPageTable::slices(IovaRange range, SliceList &out)
{
	Iova done;
	return for_each_area(range, done, [&](Area &area, IovaRange part) {
		return out.append(area.share_pages(), area.byte_at(part.start), part.count());
	});
}

// Neither domains nor pins notice: the two parts share the pages, and nothing moves.
Status IoPageTable::cut_behind(Iova last)
{
	kern::Guard domains(domains_lock_); // alone: no area is on its way in or out
	kern::Guard guard(iova_lock_);
	Area *area = areas_.at(last);
	if (!area || last == area->iova().last || last == area->iova().start)
		return {};
	const Iova next = last + 1;
	if (!base::is_aligned(next.raw() | area->byte_at(next), alignment_))
		return fail(Errno::kInval, "the cut is not aligned as the IOAS demands");

	TRY_LET(left, kern::make<Area>(area->share_pages(), IovaRange{area->iova().start, last},
				       area->byte_at(area->iova().start), area->prot()));
	TRY_LET(right, kern::make<Area>(area->share_pages(), IovaRange{next, area->iova().last}, area->byte_at(next),
					area->prot()));
	{
		kern::Guard pages(area->pages().lock());
		if (area->locks_)
			return fail(Errno::kBusy, "hardware uses memory of the area without translation");
		if (area->pins_)
			return fail(Errno::kInval, "a kernel driver has pinned part of the area");
		DomainEntry *storage = area->storage();
		if (storage && sizes_ == PageSizes::kAll)
			return fail(Errno::kInval, "the area may be mapped with large pages");
		area->set_storage(nullptr);
		for (Area *part : {left.get(), right.get()}) {
			part->set_storage(storage);
			part->state_ = AreaState::kMapped;
			part->closing_ = area->closing_;
		}
	}
	areas_.remove(*area);
	for (Area *part : {left.release(), right.release()})
		areas_.insert(*part, part->iova());
	delete area;
	return {};
}

} // namespace iommufd
