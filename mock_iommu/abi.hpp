// SPDX-License-Identifier: GPL-2.0-only
// The test ABI for C++.
#pragma once
#include "kern/uapi.hpp"
#include "uapi/linux/iommufd_test.h"
