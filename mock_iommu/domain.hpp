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

private:
	kern::Opaque<iommu_domain, KX_SIZE_iommu_domain, KX_ALIGN_iommu_domain> domain_; // first, for of()
	PageTable table_;
	const bool large_, dirty_;
	bool tracking_ = false;
};

} // namespace mock
