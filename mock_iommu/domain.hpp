// SPDX-License-Identifier: GPL-2.0-only
// A paging domain of the mock IOMMU: the kernel's iommu_domain and our page table behind it.
#pragma once
#include "base/math.hpp"
#include "kern/opaque.hpp"
#include "mock_iommu/generation.hpp"
#include "mock_iommu/glue.h"
#include "mock_iommu/page_table.hpp"

namespace mock {

class Domain {
public:
	// dirty: can track dirty pages.
	Domain(const Format &format, bool dirty);

	static Domain &of(iommu_domain *d) { return *reinterpret_cast<Domain *>(d); }
	iommu_domain *kernel() { return domain_.get(); }

	PageTable &table() { return table_; }
	u64 smallest_page() const { return base::lowest_bit(format_.page_sizes); }
	bool one_page_size() const { return base::is_power_of_two(format_.page_sizes); }
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
	const Format &format_;
	PageTable table_;
	const bool dirty_;
	bool tracking_ = false;
	u64 maps_ = 0;
};

} // namespace mock
