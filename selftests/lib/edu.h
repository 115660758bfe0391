/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's "edu" PCI device (1234:11e8) as a DMA engine: one 4 KiB buffer inside
 * the device, one copy at a time between it and memory, addresses of 28 bits.
 * Every copy takes 100 ms of guest time: the device works with a timer.
 * Registers: QEMU's docs/specs/edu.
 */
#ifndef SELFTESTS_LIB_EDU_H
#define SELFTESTS_LIB_EDU_H

#include <stdbool.h>

#include "vfio.h"

#define EDU_VENDOR      0x1234
#define EDU_DEVICE      0x11e8
#define EDU_BUFFER_SIZE 4096
#define EDU_IOVA_LIMIT  (1ULL << 28)

/* registers in BAR 0, of 32 bits below 0x80 */
enum {
	EDU_REG_ID = 0x00,
	EDU_REG_IRQ_RAISE = 0x60,
	EDU_REG_IRQ_ACK = 0x64,
	EDU_REG_DMA_SRC = 0x80,
	EDU_REG_DMA_DST = 0x88,
	EDU_REG_DMA_COUNT = 0x90,
	EDU_REG_DMA_CMD = 0x98,
};

struct edu;

/* Another way to the registers than a mapped BAR. */
struct edu_bus {
	__u32 (*read)(struct edu *edu, unsigned int reg);
	void (*write)(struct edu *edu, unsigned int reg, __u64 value);
};

struct edu {
	struct vfio_dev vfio;
	volatile unsigned char *bar;
	size_t bar_size;
	const struct edu_bus *bus; /* NULL: through bar */
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
bool edu_busy(struct edu *edu);

#endif /* SELFTESTS_LIB_EDU_H */
