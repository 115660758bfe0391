/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asks the edu device what it can reach. The device's buffer is not visible to
 * the CPU, so each question takes a second page, the mirror, that the device
 * can reach at MIRROR_IOVA of the IOAS it is attached to.
 */
#ifndef SELFTESTS_LIB_PROBE_H
#define SELFTESTS_LIB_PROBE_H

#include "edu.h"

#define MIRROR_IOVA 0xf000000ULL

struct probe {
	struct edu *edu;
	char *mirror;
	unsigned int seed; /* a new pattern for every question */
};

void probe_init(struct probe *p, struct edu *edu);
/* Makes the mirror reachable through this IOAS. */
int probe_map(struct probe *p, int iommufd, __u32 ioas);

/*
 * Does a device access to iova end in this page (4096 bytes)?
 * 1: yes, every byte. 0: no, not one byte of it. -EIO: something between, or
 * the mirror cannot be reached. -ETIMEDOUT: the device does not finish.
 * The page's content is changed.
 */
int probe_write(struct probe *p, __u64 iova, void *page);
int probe_read(struct probe *p, __u64 iova, void *page);
/* both of them; -EXDEV when they differ */
int probe_rw(struct probe *p, __u64 iova, void *page);

/* Writes only, to n places one after the other: the number of places that the
 * device reached (every byte, and of the right page), or a negative errno. */
int probe_write_many(struct probe *p, const __u64 *iovas, void *const *pages, int n);

/* The device reads iova: does it see this pattern? Answers as above. */
int probe_sees(struct probe *p, __u64 iova, unsigned int seed);

#endif /* SELFTESTS_LIB_PROBE_H */
