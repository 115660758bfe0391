// SPDX-License-Identifier: GPL-2.0-only
// A mock device's PASID table; see pasid_table.hpp.
#include "mock_iommu/pasid_table.hpp"

#include "kern/alloc.hpp"
#include "kern/log.hpp"
#include "mock_iommu/domain.hpp"

using base::Errno;
using base::fail;

namespace mock {
namespace {

constinit kern::LockClass table_class("mock_iommu PasidTable::lock");

} // namespace

PasidTable::PasidTable() : lock_(table_class) {}

PasidTable::~PasidTable() { WARN_ON(!entries_.empty()); }

PasidTable::Entry *PasidTable::find_locked(u32 pasid)
{
	for (Entry &entry : entries_)
		if (entry.pasid == pasid)
			return &entry;
	return nullptr;
}

void PasidTable::set_rid(iommu_domain *domain)
{
	kern::Guard guard(lock_);
	rid_ = domain;
}

base::Status PasidTable::set(u32 pasid, iommu_domain *domain)
{
	TRY_LET(fresh, kern::make<Entry>(pasid, domain));
	kern::Guard guard(lock_);
	if (find_locked(pasid))
		return fail(Errno::kBusy, "the PASID has a domain");
	entries_.push_back(*fresh.release());
	return {};
}

base::Status PasidTable::replace(u32 pasid, iommu_domain *domain, iommu_domain *old)
{
	kern::Guard guard(lock_);
	Entry *entry = find_locked(pasid);
	if (!entry || entry->domain != old)
		return fail(Errno::kInval, "the PASID has another domain than the one to be replaced");
	entry->domain = domain;
	return {};
}

void PasidTable::clear(u32 pasid)
{
	kern::Box<Entry> gone;
	kern::Guard guard(lock_);
	gone = kern::Box<Entry>(find_locked(pasid));
	if (gone)
		entries_.remove(*gone);
}

iommu_domain *PasidTable::domain_of(u32 pasid)
{
	kern::Guard guard(lock_);
	if (!pasid)
		return rid_;
	Entry *entry = find_locked(pasid);
	return entry ? entry->domain : nullptr;
}

std::optional<u64> PasidTable::translate(u32 pasid, u64 iova)
{
	kern::Guard guard(lock_);
	Entry *entry = pasid ? find_locked(pasid) : nullptr;
	iommu_domain *domain = entry ? entry->domain : pasid ? nullptr : rid_;
	if (!domain || !mx_is_paging(domain))
		return std::nullopt;
	const auto leaf = Domain::of(domain).table().find(iova);
	return leaf.entry ? std::optional(leaf.pa_of(iova)) : std::nullopt;
}

} // namespace mock
