// SPDX-License-Identifier: GPL-2.0-only
// The one place where a test module (mock_iommu.ko) hooks in; its side is in include/linux/iommufd_cxx_test.h.
#pragma once
#include <optional>

#include "base/types.hpp"
#include "bridge/bridge.h"

struct module;

namespace iommufd {

class Context;

// IOMMU_TEST_CMD, if there is somebody to serve it: 0 or a negative errno. `size`: of the user's structure, bytes.
std::optional<long> run_test_ioctl(Context &context, base::UserVa arg, u32 size);
// Is it a device that the test made? Those belong to the fd that they are bound to.
bool is_test_device(device *dev);
// The module behind the hook; null: none.
module *test_module();
// Are errnos of 6.12 wanted where today's are others?
bool answers_as_6_12();
// Fault injection says that this step is to fail.
bool injected_failure();

} // namespace iommufd
