// SPDX-License-Identifier: GPL-2.0-only
// Reach; see reach.hpp.
#include "iommufd/reach.hpp"

#include "iommufd/area.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass reach_class("iommufd Reach::lock");

u64 load(const u64 &mark) { return __atomic_load_n(&mark, __ATOMIC_RELAXED); }
void store(u64 &mark, u64 value) { __atomic_store_n(&mark, value, __ATOMIC_RELAXED); }

// Areas are aligned to a domain's pages, so none begins at the last IOVA.
u64 behind_start(const Area &area) { return area.iova().start.raw() + 1; }

} // namespace

bool DomainEntry::has(const Area &area) const
{
	const u64 start = area.iova().start.raw();
	return start >= load(has_from_) && start < load(has_until_);
}

void DomainEntry::filled_to(const Area &area) { store(has_until_, behind_start(area)); }
void DomainEntry::emptied_to(const Area &area) { store(has_from_, behind_start(area)); }

Reach::Reach() : lock_(reach_class) {}

void Reach::add(DomainEntry &entry)
{
	kern::Guard guard(lock_);
	entry.reach_ = this;
	entry.has_from_ = entry.has_until_ = 0;
	entries_.push_back(entry);
}

void Reach::complete(DomainEntry &entry) { store(entry.has_until_, base::kU64Max); }

void Reach::remove(DomainEntry &entry)
{
	kern::Guard guard(lock_);
	entries_.remove(entry);
	entry.reach_ = nullptr;
}

void Reach::forget(const Area &area)
{
	kern::Guard guard(lock_);
	for (DomainEntry &entry : entries_)
		if (entry.has(area))
			area.unmap(entry, area.indexes());
}

} // namespace iommufd
