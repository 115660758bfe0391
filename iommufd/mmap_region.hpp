// SPDX-License-Identifier: GPL-2.0-only
// Regions that user space may map with mmap() on /dev/iommu: physical addresses, of registers mostly, that an IOMMU
// driver shows for an object, the owner. A region is known by its offset, which is never 0 nor used again in the same
// fd, and is mapped as a whole.
//
// A region that is mapped holds its owner: by how many mappings, munmap() of a part and fork() change. It can be mapped
// only as long as the owner can be found by its id, so never while that is made or destroyed. A driver may take a
// region back that is still mapped: the mappings stay, and what they show is SIGBUS from then on.
//
// Locks: lock_ guards all of it. It is taken under the user's mmap lock, so nothing touches user memory under it; the
// object table's spinlock is taken under it.
#pragma once
#include "base/interval_tree.hpp"
#include "bridge/mmap.h"
#include "iommufd/object.hpp"

namespace iommufd {

struct ByFilePage;
using FilePage = base::Strong<struct FilePageTag, u64>; // of /dev/iommu as mmap() sees it, PAGE_SIZE units
using FilePages = base::Range<FilePage>;

class MmapRegion;

class MmapRegions {
public:
	enum class Kind : u8 { kMemory, kDevice };

	explicit MmapRegions(file *f);
	~MmapRegions();

	// `length` bytes from `start` on; the offset, in bytes. EINVAL: empty, or not whole pages; ENOMEM. The owner
	// has its id, but need not be published. Context: may sleep.
	Result<u64> add(Object &owner, base::Pa start, u64 length, Kind kind);
	// Nobody sees the addresses any more when it returns. Context: may sleep; without the mmap lock.
	void remove(Object &owner, u64 offset);
	// How many there were. The owner cannot be found, so they are not mapped.
	u32 remove_all_of(Object &owner);

	// mmap(). ENXIO: these pages are not exactly a region's, or its owner cannot be found. The mapping is counted.
	Result<MmapRegion *> map(ObjectTable &objects, FilePages pages);

private:
	friend class MmapRegion;

	kern::Mutex lock_;
	file *const file_;
	base::IntervalSet<MmapRegion, ByFilePage, FilePage> regions_;
	u64 next_page_ = 1;
};

class MmapRegion : public base::IntervalHook<ByFilePage> {
public:
	MmapRegion(MmapRegions &home, Object &owner, base::Pa start, MmapRegions::Kind kind);

	MmapRegions::Kind kind() const { return kind_; }
	// The kernel makes one more mapping of one, and takes one away, which may be the end of the region.
	void opened();
	void closed();
	// What the kernel wants to know of a page fault.
	unsigned fault(vm_fault *fault, FilePage page);

private:
	friend class MmapRegions;

	MmapRegions &home_;
	Object *const owner_; // as long as it is not gone
	const ObjectId owner_id_;
	const base::Pa start_;
	const MmapRegions::Kind kind_;
	FilePage first_{};
	Hold<Object> owner_held_; // while it is mapped
	u32 mappings_ = 0;
	bool gone_ = false; // the driver has taken it back: of no use, and only here because it is mapped
};

} // namespace iommufd
