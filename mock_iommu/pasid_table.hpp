// SPDX-License-Identifier: GPL-2.0-only
// The PASID table of a mock device, as IOMMU hardware has it: which domain translates the DMA of each PASID, and of DMA
// without one (PASID 0 here, the kernel's IOMMU_NO_PASID).
//
// Writing an entry is one step, and over when no translation by the old entry goes on any more: what an invalidation
// with a wait does for a real IOMMU. An entry that is replaced is never empty.
//
// Locks: lock_ is the bus: it guards the entries, and a DMA is translated under it. Changes come one after the other,
// under the kernel's group mutex.
#pragma once
#include <optional>

#include "base/list.hpp"
#include "base/result.hpp"
#include "kern/sync.hpp"
#include "mock_iommu/glue.h"

namespace mock {

struct InTable;

class PasidTable {
public:
	PasidTable();
	PasidTable(const PasidTable &) = delete;
	~PasidTable();

	// Domain of the DMA without a PASID; null: blocked.
	void set_rid(iommu_domain *domain);
	// EBUSY when the PASID has a domain: an entry in use is not set again. ENOMEM. Context: may sleep.
	base::Status set(u32 pasid, iommu_domain *domain);
	// In one step. EINVAL when it is not `old` that the PASID has.
	base::Status replace(u32 pasid, iommu_domain *domain, iommu_domain *old);
	void clear(u32 pasid);

	// To be compared, not to be used: null when there is none.
	iommu_domain *domain_of(u32 pasid);
	// One DMA: the physical address behind iova, or none.
	std::optional<u64> translate(u32 pasid, u64 iova);

private:
	struct Entry : base::ListHook<InTable> {
		Entry(u32 p, iommu_domain *d) : pasid(p), domain(d) {}
		const u32 pasid;
		iommu_domain *domain;
	};

	Entry *find_locked(u32 pasid);

	kern::SpinLock lock_;
	base::List<Entry, InTable> entries_; // a test has a few
	iommu_domain *rid_ = nullptr;
};

} // namespace mock
