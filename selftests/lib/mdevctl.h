/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mediated devices, made and removed by Debian's mdevctl.
 */
#ifndef SELFTESTS_LIB_MDEVCTL_H
#define SELFTESTS_LIB_MDEVCTL_H

#include <stddef.h>

/* Runs mdevctl with these words, up to a NULL; all that it writes, on both streams, goes to
 * out (len bytes, NUL-terminated, cut if there is more). 0 or a negative errno; -EIO: it says no. */
int mdevctl(char *out, size_t len, const char *const *words);

/* How many mdevs there are in the whole system, or a negative errno */
int mdev_count(void);

#endif /* SELFTESTS_LIB_MDEVCTL_H */
