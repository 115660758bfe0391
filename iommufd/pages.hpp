// SPDX-License-Identifier: GPL-2.0-only
// Pages: one stretch of a process's memory that IO page tables map and kernel drivers access.
//
// Several areas, of several IOASes (IOAS_COPY), may share one Pages; each physical page is then pinned and charged
// once. A page is pinned while its index is inside
//   - an area that some domain is filled with (by_domain_), or
//   - a range that a kernel driver has pinned (pinned_ranges_),
// and not longer. Where its physical address is kept follows from that: for the first the domain's own page table is
// the only store, for the second the PinnedRange has an array. PageReader reads from whichever there is.
//
// Pages are counted from the start of the stretch (PageIndex), which is rounded down to a page boundary.
//
// Locks: lock() guards the two trees, Area::storage_ and Area::pins_ of every area in it, and the sum
// "pages pinned == pages charged". It is taken under an IoPageTable's locks, and the owner's mmap lock under it.
#pragma once
#include "base/interval_tree.hpp"
#include "base/refcount.hpp"
#include "iommufd/runs.hpp"
#include "kern/iommu.hpp"
#include "kern/mm.hpp"
#include "kern/sync.hpp"

namespace iommufd {

using base::Errno;
using base::fail;
using base::IndexRange;
using base::PageIndex;
using base::Result;
using base::Status;
using base::UserVa;

class Area;
struct PinnedRange;
struct ByIova;  // Area's place in its IoPageTable
struct ByIndex; // a place in a Pages

// Whose limit pins count against.
enum class AccountMode : u8 {
	kNone, // nobody's: CAP_IPC_LOCK
	kUser, // the user's, all processes together
	kMm,   // the process's VmLck, as VFIO always did
};

class Pages : public base::Counted {
public:
	// `start`..`start + length` of the current process, byte granular. EINVAL for length 0, EOVERFLOW when it
	// wraps, ENOMEM. Pins nothing.
	static Result<base::Ref<Pages>> create(UserVa start, u64 length, bool writable, AccountMode mode);
	~Pages();

	kern::Mutex &lock() { return lock_; }
	bool writable() const { return writable_; }
	u64 count() const { return count_; }
	mm_struct *owner() const { return mm_.get(); }
	UserVa va(PageIndex index) const { return start_ + index.raw() * base::kPageSize; }
	UserVa va_of_byte(u64 byte) const { return start_ + byte; }

	// --- all below under lock() ---

	// Charges `pages` pins to the owner, ENOMEM over the limit; and takes the charge back.
	Status charge(u64 pages);
	void uncharge(u64 pages);

	// Unpins those pages of the runs (the first one has index `first`) that neither a filled area nor a pinned
	// range needs. Returns how many.
	u64 unpin_unneeded(PageIndex first, RunList &runs);

	// The area is filled, its storage domain knows its pages; and no more.
	void add_filled(Area &area);
	void remove_filled(Area &area);
	Area *filled_at(PageIndex index) const;

	// Pins a range for a kernel driver and writes one page pointer for each page to `out`. EFAULT, ENOMEM.
	Status pin(IndexRange range, page **out);
	// Undoes one pin() of the very same range.
	void unpin(IndexRange range);
	const PinnedRange *pinned_at(PageIndex index) const;

	// The longest stretch from range.start on, within `range`, that nobody needs. range.start is not needed.
	IndexRange unneeded_from(IndexRange range) const;

private:
	template <typename T, typename... Args> friend Result<kern::Box<T>> kern::make(Args &&...);
	Pages(UserVa start, u64 count, bool writable, AccountMode mode);

	PinnedRange *find_exact(IndexRange range) const;
	u64 unpin_unneeded(PageIndex first, const Run &run);
	Status charge_user(u64 pages);
	Status charge_mm(u64 pages);

	kern::Mutex lock_;
	kern::MmRef mm_;
	kern::TaskRef task_;
	kern::UserRef user_;
	const UserVa start_; // page aligned
	const u64 count_;    // pages
	u64 charged_ = 0;    // pages
	base::IntervalSet<PinnedRange, ByIndex, PageIndex> pinned_ranges_;
	base::IntervalSet<Area, ByIndex, PageIndex> by_domain_;
	const AccountMode mode_;
	const bool writable_;
};

// Copies `length` bytes between `data` and the pages, `start_byte` bytes from their start, without pinning them for
// longer. `write`: into the pages. EPERM on read-only pages, EFAULT. `in_kthread`: the caller has no mm of its own
// and may borrow the owner's. Context: may sleep, holds no lock of the pages. See pages_rw.cpp.
Status copy_pages(Pages &pages, u64 start_byte, void *data, u64 length, bool write, bool in_kthread);

} // namespace iommufd
