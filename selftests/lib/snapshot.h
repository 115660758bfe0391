/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that a program can see of an iommufd, as text: two that are alike to the letter mean that nothing has changed.
 *
 * Objects: what is behind each id, and which ids are free. IOASes: their ranges and options, and which of the memory a
 * kernel driver's access reads at each page of the windows. HWPTs of the mock: which pages of the windows lead to the
 * memory, and which are dirty. Nested HWPTs: their IOTLB. PASIDs: in which windows their DMA gets to the memory. Beside
 * the objects: mock devices, pins and charges of the process, pins in the whole system and of each page, the fault queue,
 * the next free descriptor.
 */
#ifndef SELFTESTS_LIB_SNAPSHOT_H
#define SELFTESTS_LIB_SNAPSHOT_H

#include <linux/types.h>

struct mock_dev;

#define SNAPSHOT_SIZE	8192
#define SNAPSHOT_RANGES "  ranges" /* how the line with an IOAS's usable ranges begins */

/* `memory` may be mapped at `iova`, page by page, or not */
struct window {
	__u64 iova;
	char *memory;
	unsigned int pages;
};

/* A PASID of a mock device, 0 its default one; left out while there is no device */
struct pasid_of {
	const struct mock_dev *dev;
	__u32 pasid;
};

struct view {
	int fd;
	int queue; /* of a fault queue, or -1 */
	const struct window *windows;
	unsigned int num_windows;
	const struct pasid_of *pasids;
	unsigned int num_pasids;
};

/* The first byte of each page of memory is to be its number + 1. What is in the way of taking the snapshot becomes
 * part of it. */
void snapshot_take(const struct view *view, char text[SNAPSHOT_SIZE]);

#endif /* SELFTESTS_LIB_SNAPSHOT_H */
