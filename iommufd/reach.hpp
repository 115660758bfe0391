// SPDX-License-Identifier: GPL-2.0-only
// Reach: every domain that may have areas of one IO page table: those on its list, and the one that is being filled or
// emptied. It is for who takes memory away (Pages::revoke()) and must not wait for the IO page table's locks, under
// which others wait for mmap locks or for memory.
//
// A domain comes and goes area by area, in the order of IOVAs; which areas it has is told by two marks. So whether a
// given area is in a given domain changes only under that area's Pages' lock, although the marks are no lock's.
//
// Locks: lock_ guards the list; it is taken under the Pages' lock and has only the IOMMU driver's below it.
#pragma once
#include "base/list.hpp"
#include "kern/iommu.hpp"
#include "kern/sync.hpp"

namespace iommufd {

class Area;
class Reach;
struct InTable;
struct InReach;

// A domain as its IO page table sees it. Embedded in the HWPT.
struct DomainEntry : base::ListHook<InTable>, base::ListHook<InReach> {
	kern::Domain domain;

	// Of the areas that are in any domain at all, this one has those that begin at has_from_..has_until_ - 1.
	bool has(const Area &area) const;
	// Under the area's Pages' lock: all up to `area` are in it, or out of it.
	void filled_to(const Area &area);
	void emptied_to(const Area &area);

	Reach *reach_ = nullptr; // while it is in one; constant meanwhile
	u64 has_from_ = 0, has_until_ = 0;
};
using DomainList = base::List<DomainEntry, InTable>;

class Reach {
public:
	Reach();

	// A domain that has no area.
	void add(DomainEntry &entry);
	// It has them all, also what is mapped from now on.
	static void complete(DomainEntry &entry);
	// A domain that has no area any more.
	void remove(DomainEntry &entry);
	// Unmaps the area, which is filled, everywhere. Under its Pages' lock.
	void forget(const Area &area);

private:
	kern::Mutex lock_;
	base::List<DomainEntry, InReach> entries_;
};

} // namespace iommufd
