// SPDX-License-Identifier: GPL-2.0-only
// IoPageTable: which IOVA is backed by which memory, for one IOAS. It keeps every attached domain in step with that,
// and serves kernel drivers that access the memory without DMA.
//
// The IOVA space is divided by three sets of ranges: areas (mapped), reserved (no mapping may touch them: outside a
// domain's aperture, MSI windows, firmware's regions) and allowed (if there are any, automatic placement stays inside,
// and nothing may ever become reserved there).
//
// Locks, in this order:
//   domains_lock  the list of domains. Shared while an area is on its way in or out of the domains, so that none is
//                 added or removed meanwhile.
//   iova_lock     the three sets, the listeners, alignment_, small_pages_, and Area's state. Exclusive to change them.
//   Pages::lock   see pages.hpp.
//   Reach::lock   see reach.hpp: domains once more, for who takes memory away.
// Neither is held while a listener is called.
#pragma once
#include <optional>

#include "base/interval_tree.hpp"
#include "base/list.hpp"
#include "iommufd/area.hpp"
#include "kern/sync.hpp"

namespace iommufd {

struct ReservedRange : base::IntervalHook<ByIova> {
	const void *owner; // who reserved it: a domain or a device
};

struct AllowedRange : base::IntervalHook<ByIova> {};

using AreaSet = base::IntervalSet<Area, ByIova, Iova>;
using ReservedSet = base::IntervalSet<ReservedRange, ByIova, Iova>;

// A set of allowed ranges that frees what is in it.
class AllowedSet : public base::IntervalSet<AllowedRange, ByIova, Iova> {
public:
	~AllowedSet()
	{
		drain([](AllowedRange &r) { delete &r; });
	}
};

// Somebody who has pinned memory through this table and must be told to let go.
class UnmapListener : public base::ListHook<InTable> {
public:
	// False when it is on its way out already and needs no telling; otherwise leave() follows.
	virtual bool enter() = 0;
	virtual void unmapped(IovaRange range) = 0;
	virtual void leave() = 0;
	// The alignment in bytes that it needs of every area.
	virtual u64 alignment() const = 0;

	u64 order_ = 0; // position among the listeners, which only grows

protected:
	~UnmapListener() = default;
};

// A piece of a Pages that is to be mapped.
struct Slice : base::ListHook<InTable> {
	base::Ref<Pages> pages;
	u64 start_byte = 0, length = 0;
};

// The pieces of one mapping, one after the other.
class SliceList : public base::List<Slice, InTable> {
public:
	~SliceList();
	// ENOMEM.
	Status append(base::Ref<Pages> pages, u64 start_byte, u64 length);
	// Memory of the current process, as make_user_pages() takes it, and its errors.
	Status append_memory(UserVa va, u64 length, bool writable, AccountMode mode);
	// Memory of a file, as make_file_pages() takes it, and its errors.
	Status append_file(int fd, u64 start, u64 length, bool writable, AccountMode mode);
};

// Where a mapping goes: at a fixed IOVA, or wherever there is room.
struct Placement {
	bool fixed;
	Iova iova;
};

class IoPageTable {
public:
	IoPageTable();
	~IoPageTable();

	// Maps the slices one behind the other and returns where. `length`: of all of them, bytes. EINVAL (alignment,
	// reserved), EEXIST, ENOSPC, EOVERFLOW, EPERM (writable mapping of read-only pages), EFAULT, ENOMEM.
	// Context: may sleep. All or nothing.
	Result<Iova> map(SliceList &slices, u64 length, Placement where, kern::Prot prot);
	// Unmaps every area inside the range and returns the number of bytes; 0 when there was none. ENOENT when an
	// area lies across the border, EBUSY when memory of one is locked, EDEADLK when a kernel driver does not let
	// go. What had been unmapped before the error stays so. Waits for other threads' maps and unmaps of an area in
	// the range.
	Result<u64> unmap(IovaRange range);
	// The same, and `bytes` tells in any case how many were unmapped.
	Status unmap_counting(IovaRange range, u64 &bytes);
	// Makes `last` the last IOVA of its area, if there is one, by cutting the area in two. EINVAL: not aligned,
	// pinned by a kernel driver, or possibly mapped with large pages; EBUSY: memory of it is locked; ENOMEM.
	Status cut_behind(Iova last);
	// What backs the range, without a hole, else ENOENT.
	Status slices(IovaRange range, SliceList &out);

	// Keeps the range mapped and its memory pinned, for hardware that reads and writes it by the physical address
	// of its first byte, the result. ENOENT: something of it is not mapped, or about to be unmapped; EPERM: not
	// writable; EFAULT: not physically contiguous; and as Pages::pin(). Until unlock_memory() of the very same
	// range.
	Result<base::Pa> lock_memory(IovaRange range);
	void unlock_memory(IovaRange range);

	// Exchanges the allowed ranges for `allowed`, which gets the old ones; EADDRINUSE if one is reserved.
	Status set_allowed(AllowedSet &allowed);
	// All that a device may not use, until unreserve(owner). EADDRINUSE if that is mapped or allowed already.
	// `sw_msi` gets the start of the software MSI window, if there is one.
	Status reserve_for(device *dev, const void *owner, std::optional<base::Pa> &sw_msi);
	void unreserve(const void *owner);
	// One range, for whoever. EADDRINUSE, ENOMEM. What is reserved for nobody (null) stays to the end.
	Status reserve(IovaRange range, const void *owner);

	// A domain that gets everything that is and will be mapped. EADDRINUSE if something mapped does not fit its
	// aperture or page size, EINVAL if its smallest page is larger than the CPU's, and as fill().
	Status add_domain(DomainEntry &entry);
	void remove_domain(DomainEntry &entry);

	// EADDRINUSE when an existing area is not aligned as the listener needs.
	Status add_listener(UnmapListener &listener);
	void remove_listener(UnmapListener &listener);

	// Starts (with a clean slate) or stops noting which pages devices write through a domain of this table.
	// EOPNOTSUPP when the domain cannot, and what the IOMMU driver returns.
	Status set_dirty_tracking(kern::Domain &domain, bool on);
	// Sets the bits of the pages in `range` that were written, one bit for `page_size` bytes, in the user's bitmap;
	// `clear`: and forgets them. EINVAL when part of the range is not mapped, EFAULT.
	Status read_dirty(kern::Domain &domain, IovaRange range, u64 page_size, UserVa bitmap, bool clear);

	// Stops this table together with the others of its fd, all under `outer`: stop_areas() of each, so that nothing
	// is mapped or unmapped, waiting for who does; then stop_pins() of each, so that no kernel driver pins or
	// copies and nobody looks. resume() ends both.
	void stop_areas(kern::Mutex &outer) { domains_lock_.lock_beside_others(outer); }
	void stop_pins(kern::Mutex &outer) { iova_lock_.lock_beside_others(outer); }
	void resume();
	// fn(area) for every area of a stopped table, until one fails.
	template <typename Fn> Status for_each_stopped_area(Fn &&fn);

	// Where the n-th area, counted from 0, begins.
	std::optional<Iova> nth_area(u32 n);

	// Large pages off: EINVAL while areas are mapped into domains.
	Status set_large_pages(bool on);
	bool large_pages();
	// The page sizes that all domains can map, as a bitmap, not smaller than the CPU's.
	u64 page_sizes();

	// What every area's IOVA, length and memory must be a multiple of, in bytes.
	u64 alignment();
	// fn(range) for each maximal range that is not reserved, under iova_lock shared.
	template <typename Fn> Status for_each_usable(Fn &&fn);

	// fn(area, first, last) for the mapped areas that make up the range, in order, under iova_lock shared.
	// ENOENT at the first hole; `done` gets how far it came without an error, exclusive.
	template <typename Fn> Status for_each_area(IovaRange range, Iova &done, Fn &&fn);

private:
	// What an unmap finds first in its range: nothing; an area, which it takes; one that kernel drivers have
	// pinned, which is now closed to new pins; or one that another thread is just mapping or unmapping.
	enum class Found : u8 { kNothing, kMapped, kPinned, kMoving };
	struct Step {
		Found found;
		IovaRange at{};       // of an area that is mapped or pinned
		Area *area = nullptr; // claimed: nobody else touches it. Without a claim it may go at any moment
	};

	template <typename Fn> Status for_each_area_locked(IovaRange range, Iova &done, Fn &&fn) const;
	Result<Step> claim_for_unmap(IovaRange range, Iova from);
	Result<Step> unmap_first_locked(IovaRange range, Iova from);
	Result<Step> unmap_first(IovaRange range, Iova from);
	void notify_listeners(IovaRange range);
	void drain_area(Area &area);
	void remove_area(Area &area);

	Result<Iova> insert_areas(SliceList &slices, u64 length, Placement where, kern::Prot prot,
				  class AreaBatch &areas);
	Status fill_areas(AreaBatch &areas);
	template <typename Fill> static Status with_memory(Area &area, Fill fill);
	Status fits(const Area &area) const;
	Status check_fixed(IovaRange range) const;
	Result<Iova> find_free(u64 memory, u64 length) const;

	Status reserve_locked(IovaRange range, const void *owner);
	void unreserve_locked(const void *owner);
	Status reserve_outside(IovaRange aperture, const void *owner);
	Status fill_domain(DomainEntry &entry);
	void empty_domain(DomainEntry &entry, const Area *until);
	Status check_alignment(u64 alignment) const;
	Status recompute_alignment();

	kern::RwSem domains_lock_;
	kern::RwSem iova_lock_;
	AreaSet areas_;
	ReservedSet reserved_;
	AllowedSet allowed_;
	DomainList domains_;
	Reach reach_;
	base::List<UnmapListener, InTable> listeners_;
	u64 listeners_order_ = 0;
	u64 alignment_ = 1;                 // bytes, a power of two
	PageSizes sizes_ = PageSizes::kAll; // changes under both locks, either is enough to read it
};

} // namespace iommufd

#include "iommufd/io_pagetable_inl.hpp"
