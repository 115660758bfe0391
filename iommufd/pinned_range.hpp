// SPDX-License-Identifier: GPL-2.0-only
// A range of pages that kernel drivers have pinned, with the page numbers they were given. Pins of the very same
// range share one. Guarded by the Pages' lock.
#pragma once
#include "base/interval_tree.hpp"
#include "iommufd/pages.hpp"

namespace iommufd {

struct PinnedRange : base::IntervalHook<ByIndex> {
	kern::Array<base::Pfn> pfns; // one for each page
	PageIndex first{};
	u32 users = 1;

	base::Pfn pfn(PageIndex index) const { return pfns[index - first]; }
};

} // namespace iommufd
