// SPDX-License-Identifier: GPL-2.0-only
// Upstream's selftests contradict each other from release to release; a Generation is what the tests of one Linux
// release expect of the mock. It is chosen once, by the module's parameter, and everything that differs is asked here.
#pragma once
#include "base/types.hpp"

namespace mock {

// What a paging domain can be made as.
struct Format {
	u64 page_sizes;  // a bit for each, as in struct iommu_domain
	u64 first, last; // the IOVAs that it translates
	unsigned levels; // of its table
};

struct Generation {
	const char *name;
	u32 device_flags; // MOCK_FLAGS_DEVICE_* that exist
	u32 alloc_flags;  // IOMMU_HWPT_ALLOC_* for a domain, beside DIRTY_TRACKING and NEST_PARENT
	// The user chooses the format of a domain, by struct iommu_hwpt_selftest; else the device's flag HUGE_IOVA
	// does.
	bool user_chooses;
	Format formats[2]; // by MOCK_IOMMUPT_*
	// The number of pages that OP_DIRTY tells: of those that it was asked to write, else of those that are mapped.
	bool counts_holes;
};

const Generation &generation();

} // namespace mock
