/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compile-time check of the uAPI header against the figures in layout.h. Built
 * as C, as C++, and as freestanding kernel C++ (IOMMUFD_CXX_KERNEL), where the
 * fixed-width types come from somewhere else.
 */
#ifdef IOMMUFD_CXX_KERNEL
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef signed int __s32;
typedef unsigned long long __u64;
typedef __u64 __aligned_u64 __attribute__((aligned(8)));
typedef __aligned_u64 __aligned_le64;
#define _IO(type, nr) (((type) << 8) | (nr))
#endif

#include <linux/iommufd.h>

#include "layout.h"

#ifdef __cplusplus
#define CHECK(expr, text) static_assert(expr, text);
#else
#define CHECK(expr, text) _Static_assert(expr, text);
#endif

#define CHECK_SIZE(s, n)      CHECK(sizeof(struct s) == (n), "size of " #s)
#define CHECK_OFFSET(s, f, n) CHECK(__builtin_offsetof(struct s, f) == (n), "offset of " #s "." #f)
#define CHECK_VALUE(name, n)  CHECK((name) == (n), "value of " #name)

UAPI_STRUCTS(CHECK_SIZE, CHECK_OFFSET)
UAPI_VALUES(CHECK_VALUE)
