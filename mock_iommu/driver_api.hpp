// SPDX-License-Identifier: GPL-2.0-only
// <linux/iommufd_driver.h> for C++, which has no <linux/types.h>.
#pragma once
#define IOMMUFD_CXX_KERNEL
#include "include/linux/iommufd_driver.h"
