// SPDX-License-Identifier: GPL-2.0-only
// What one open /dev/iommu holds: its objects, the IOMMU groups that its devices belong to, what it lets user space
// map, and the accounting mode.
//
// Locks: account_mode_ and no_iommu_ are guarded by the object table's lock; groups and regions by their own mutexes.
// ioases_lock(): which IOASes there are does not grow.
#pragma once
#include "iommufd/group.hpp"
#include "iommufd/mmap_region.hpp"
#include "iommufd/object.hpp"
#include "iommufd/pages.hpp"
#include "kern/file.hpp"

namespace iommufd {

class SliceList;

class Context {
public:
	// `f`: the file that this context lives behind. `vfio_container`: it was opened as /dev/vfio/vfio, whose users
	// expect pins to be charged to the process.
	Context(file *f, bool vfio_container);
	~Context();

	ObjectTable &objects() { return objects_; }
	GroupTable &groups() { return groups_; }
	// Held while an IOAS is published, and by who has all IOASes stopped.
	kern::Mutex &ioases_lock() { return ioases_lock_; }
	MmapRegions &regions() { return regions_; }
	// A reference that keeps the fd, and with it this context, open.
	kern::FileRef hold_open() const { return kern::FileRef::share(file_); }
	file *open_file() const { return file_; }

	// Memory of the calling process, to be charged as this context does; see SliceList::append_memory(). Where BARs
	// of VFIO devices are taken as memory (VFIO's containers always did, else by the module parameter map_pfnmap),
	// that is one, if it begins with one: see make_vma_pages().
	Status append_memory(SliceList &slices, base::UserVa va, u64 length, bool writable) const;

	AccountMode account_mode() const { return account_mode_; }
	// 0: per user, 1: per process. EBUSY unless the fd has no objects at all, EINVAL for another value.
	Status set_account_mode(u64 value);

	// VFIO compatibility, see vfio_compat.cpp.
	Result<Lease<class Ioas>> compat_ioas();
	Status create_compat_ioas();
	Status set_no_iommu();
	bool no_iommu() const { return __atomic_load_n(&no_iommu_, __ATOMIC_RELAXED); }

private:
	file *const file_;
	const bool vfio_container_;
	ObjectTable objects_;
	GroupTable groups_;
	kern::Mutex ioases_lock_;
	MmapRegions regions_;
	AccountMode account_mode_;
	bool no_iommu_ = false;
};

} // namespace iommufd
