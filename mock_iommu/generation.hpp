// SPDX-License-Identifier: GPL-2.0-only
// Upstream's selftests contradict each other from release to release; a Generation is what the tests of one Linux
// release expect of the mock. It is chosen once, by the module's parameter, and everything that differs is asked here.
#pragma once
#include "base/types.hpp"

namespace mock {

struct Generation {
	const char *name;
	u32 device_flags; // MOCK_FLAGS_DEVICE_* that exist
	u64 granule;      // smallest page of a mock domain, bytes
	u64 huge_page;    // its large page, bytes
};

const Generation &generation();

} // namespace mock
