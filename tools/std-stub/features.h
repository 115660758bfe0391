/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands in for the C library's <features.h>, which libstdc++'s os_defines.h includes; -nostdinc hides the real one. */
#pragma once
#ifndef __GLIBC_PREREQ
#define __GLIBC_PREREQ(major, minor) 0
#endif
