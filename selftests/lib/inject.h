/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault injection for one call of this thread: the n-th step that can fail does. What those steps are: every slab and
 * page allocation (failslab, fail_page_alloc) and, with mock_iommu.ko, what asks fail_iommufd: object lookups, pins,
 * charges, reservations, maps of the mock.
 */
#ifndef SELFTESTS_LIB_INJECT_H
#define SELFTESTS_LIB_INJECT_H

#include <stdbool.h>

/* Makes all of them quiet and willing to fail any allocation; 0 or a negative errno (-ENOENT: the kernel has none). */
int inject_open(void);

/* From here on the steps of this thread are counted, and the n-th fails; n > 0. */
int inject_arm(unsigned int n);
/* Ends that. 1: a step has failed; 0: there were fewer than n; or a negative errno. */
int inject_disarm(void);

#endif /* SELFTESTS_LIB_INJECT_H */
