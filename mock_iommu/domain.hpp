// SPDX-License-Identifier: GPL-2.0-only
// A paging domain of the mock IOMMU: the kernel's iommu_domain and our page table behind it.
#pragma once
#include "kern/opaque.hpp"
#include "mock_iommu/glue.h"
#include "mock_iommu/page_table.hpp"

namespace mock {

class Domain {
public:
	// large: maps of 1 MiB pages too; dirty: can track dirty pages.
	Domain(bool large, bool dirty);

	static Domain &of(iommu_domain *d) { return *reinterpret_cast<Domain *>(d); }
	iommu_domain *kernel() { return domain_.get(); }

	PageTable &table() { return table_; }
	bool large() const { return large_; }
	bool can_track() const { return dirty_; }
	bool tracking() const { return tracking_; }
	void set_tracking(bool on) { tracking_ = on; }
	// Fault injection: should this map fail? Asked at the 1st, 2nd, 4th, 8th ... map of the domain: a sweep of all
	// points then sees early and late failures, and does not take longer the more fragmented memory is.
	bool map_should_fail()
	{
		const u64 n = __atomic_add_fetch(&maps_, 1, __ATOMIC_RELAXED);
		return !(n & (n - 1)) && mx_should_fail();
	}

private:
	kern::Opaque<iommu_domain, KX_SIZE_iommu_domain, KX_ALIGN_iommu_domain> domain_; // first, for of()
	PageTable table_;
	const bool large_, dirty_;
	bool tracking_ = false;
	u64 maps_ = 0;
};

} // namespace mock
