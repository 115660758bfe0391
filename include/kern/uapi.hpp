// SPDX-License-Identifier: GPL-2.0-only
// The user ABI for C++: <linux/types.h> and <linux/ioctl.h> stand-ins, then our <linux/iommufd.h>.
#pragma once
#include "base/types.hpp"

using __u8 = unsigned char;
using __u16 = unsigned short;
using __u32 = unsigned int;
using __s32 = int;
using __u64 = unsigned long long;
using __le64 = unsigned long long;
using __aligned_u64 __attribute__((aligned(8))) = unsigned long long;
using __aligned_le64 __attribute__((aligned(8))) = unsigned long long;

#ifndef _IO
#define _IO(type, nr) (((type) << 8) | (nr))
#endif

#define IOMMUFD_CXX_KERNEL
#include "uapi/linux/iommufd.h"
