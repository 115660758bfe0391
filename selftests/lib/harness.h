/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's kselftest harness (taken from the kernel source at build time)
 * with what our tests need on top: time for slow emulated debug kernels.
 * Every TEST runs in a process of its own; what it leaves open is closed.
 */
#ifndef SELFTESTS_LIB_HARNESS_H
#define SELFTESTS_LIB_HARNESS_H

#include <kselftest_harness.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

#define PAGE 4096UL

#endif /* SELFTESTS_LIB_HARNESS_H */
