// SPDX-License-Identifier: GPL-2.0-only
// Pages: one stretch of memory that IO page tables map and kernel drivers access. Where the memory comes from is the
// Memory's business (user memory of a process, ...), who pays for its pins the Payer's.
//
// Several areas, of several IOASes (IOAS_COPY), may share one Pages; each physical page is then pinned and charged
// once. A page is pinned while its index is inside
//   - an area that some domain is filled with (by_domain_), or
//   - a range that a kernel driver has pinned (pinned_ranges_),
// and not longer. Where its physical address is kept follows from that: for the first the domain's own page table is
// the only store, for the second the PinnedRange has an array. PageReader reads from whichever there is. Memory that is
// not pinned (MemoryTraits::pinned) has none of that but by_domain_, and may be revoked.
//
// Pages are counted from the start of the stretch (PageIndex), which is rounded down to a page boundary.
//
// Locks: lock() guards the two trees, Area::storage_ and Area::pins_ of every area in it, and the sum
// "pages pinned == pages charged". It is taken under an IoPageTable's locks, and the owner's mmap lock under it.
#pragma once
#include "base/in_place.hpp"
#include "base/interval_tree.hpp"
#include "base/refcount.hpp"
#include "iommufd/memory.hpp"
#include "iommufd/payer.hpp"
#include "kern/iommu.hpp"

namespace iommufd {

class Area;
struct PinnedRange;
struct ByIova;  // Area's place in its IoPageTable
struct ByIndex; // a place in a Pages

class Pages : public base::Counted {
public:
	// How many pages the bytes `start`..`start + length` of a Memory touch. EINVAL for length 0, EOVERFLOW when it
	// wraps.
	static Result<u64> count_pages(u64 start, u64 length);
	// `count` pages whose Memory is a Source(args...). The current process pays. ENOMEM. Pins nothing.
	template <typename Source, typename... Args>
	static Result<base::Ref<Pages>> make(u64 count, bool writable, AccountMode mode, Args &&...args)
	{
		TRY_LET(pages, kern::make<Pages>(std::in_place_type<Source>, count, writable, mode,
						 std::forward<Args>(args)...));
		return base::Ref<Pages>(pages.release());
	}
	~Pages();

	kern::Mutex &lock() { return lock_; }
	bool writable() const { return writable_; }
	u64 count() const { return count_; }
	const Memory &memory() const { return memory_.get(); }
	// Are its pages pinned while they are needed, and charged?
	bool is_pinned() const { return is_pinned_; }
	// May another process pay for it?
	bool outlives_process() const { return outlives_process_; }
	// Is the lock one under which nothing may wait for memory?
	bool in_notifier() const { return in_notifier_; }

	// --- all below under lock() ---

	// Memory that is not pinned goes: it is taken out of every domain, and no domain gets it any more. The areas
	// stay where they are, and what they are filled with is nothing. Context: may sleep, but not wait for memory.
	void revoke();
	bool revoked() const { return revoked_; }

	// Charges `pages` pins to who pays, ENOMEM over the limit; and takes the charge back.
	Status charge(u64 pages);
	void uncharge(u64 pages);
	// What is charged and to whom, for somebody who changes that.
	Payer &payer();
	// For a walk over areas that is to meet each Pages once: false when the mark is as wanted already.
	bool set_visited(bool visited);

	// Unpins those pages of the runs (the first one has index `first`) that neither a filled area nor a pinned
	// range needs. Returns how many.
	u64 unpin_unneeded(PageIndex first, RunList &runs);

	// The area is filled, its storage domain knows its pages; and no more.
	void add_filled(Area &area);
	void remove_filled(Area &area);
	Area *filled_at(PageIndex index) const;

	// Pins a range for a kernel driver and writes one page pointer for each page to `out`. EFAULT, ENOMEM; EINVAL
	// for memory that is not pinned.
	Status pin(IndexRange range, page **out);
	// Undoes one pin() of the very same range.
	void unpin(IndexRange range);
	const PinnedRange *pinned_at(PageIndex index) const;

	// The longest stretch from range.start on, within `range`, that nobody needs. range.start is not needed.
	IndexRange unneeded_from(IndexRange range) const;

private:
	template <typename T, typename... Args> friend Result<kern::Box<T>> kern::make(Args &&...);
	template <typename Source, typename... Args>
	Pages(std::in_place_type_t<Source> source, u64 count, bool writable, AccountMode mode, Args &&...args)
		: writable_(writable), is_pinned_(Source::kTraits.pinned),
		  outlives_process_(Source::kTraits.outlives_process), in_notifier_(Source::kTraits.in_notifier),
		  lock_(Source::kTraits.lock_class), payer_(mode), count_(count),
		  memory_(source, std::forward<Args>(args)...)
	{
	}

	PinnedRange *find_exact(IndexRange range) const;
	u64 unpin_unneeded(PageIndex first, const Run &run);

	static const std::size_t kMemorySize = 24; // bytes

	const bool writable_ : 1, is_pinned_ : 1, outlives_process_ : 1, in_notifier_ : 1;
	bool revoked_ = false;
	bool visited_ = false;
	kern::Mutex lock_;
	Payer payer_;
	const u64 count_; // pages
	base::IntervalSet<PinnedRange, ByIndex, PageIndex> pinned_ranges_;
	base::IntervalSet<Area, ByIndex, PageIndex> by_domain_;
	base::InPlace<Memory, kMemorySize> memory_; // last, so that it goes first: it may call until then
};

// One for each mapping: the allocator's next size behind 128 is 192.
static_assert(sizeof(Pages) - sizeof(kern::Mutex) <= 128 - 32);

// Copies `length` bytes between `data` and the pages, `start_byte` bytes from their start, without pinning them for
// longer. `write`: into the pages. EPERM on read-only pages, EFAULT. `in_kthread`: the caller has no mm of its own
// and may borrow the owner's. Context: may sleep, holds no lock of the pages. See pages_rw.cpp.
Status copy_pages(Pages &pages, u64 start_byte, void *data, u64 length, bool write, bool in_kthread);
// The same through PageReader, for memory that is pinned: it finds the pages that anybody has pinned already.
Status copy_by_reader(Pages &pages, const CopyRequest &request);

} // namespace iommufd
