/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's "edu" PCI device (1234:11e8) as a DMA engine: one 4 KiB buffer inside
 * the device, one copy at a time between it and memory, addresses of 28 bits.
 * Every copy takes 100 ms of guest time: the device works with a timer.
 * Registers: QEMU's docs/specs/edu.
 */
#ifndef SELFTESTS_LIB_EDU_H
#define SELFTESTS_LIB_EDU_H

#include "vfio.h"

#define EDU_VENDOR      0x1234
#define EDU_DEVICE      0x11e8
#define EDU_BUFFER_SIZE 4096
#define EDU_IOVA_LIMIT  (1ULL << 28)

struct edu {
	struct vfio_dev vfio;
	volatile unsigned char *bar;
	size_t bar_size;
};

/* Finds the index-th edu, gives it to vfio-pci and opens its cdev. */
int edu_open(struct edu *edu, int index);
/* the same for the edu at this PCI address */
int edu_open_at(struct edu *edu, const char *bdf);
/* Binds it to the iommufd and makes its registers reachable. */
int edu_bind(struct edu *edu, int iommufd);
/* The second half of it, for a device that came bound from its group. */
int edu_start(struct edu *edu);
/* Gives the registers and the descriptor back. */
void edu_close(struct edu *edu);

/*
 * The device copies len bytes between memory at iova and the start of its own
 * buffer. 0 means that the engine has finished, not that the IOMMU let it
 * through: the device does not report that. -ETIMEDOUT: it has not finished in
 * 10 s. -EINVAL: the engine cannot reach this range.
 */
int edu_read_memory(struct edu *edu, __u64 iova, __u64 len);
int edu_write_memory(struct edu *edu, __u64 iova, __u64 len);

/* Starts a write and does not wait. */
int edu_start_write(struct edu *edu, __u64 iova, __u64 len);

#endif /* SELFTESTS_LIB_EDU_H */
