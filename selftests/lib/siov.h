/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our QEMU's device siov-edu (docs/siov-edu.md) behind vfio-pci: its ADIs, each
 * driven through a mapping of its own page alone, and what the IOMMU driver has
 * enabled in configuration space. No PASIDs: DMA has the function's address.
 */
#ifndef SELFTESTS_LIB_SIOV_H
#define SELFTESTS_LIB_SIOV_H

#include <linux/siov_edu.h>

#include "vfio.h"

#define SIOV_ADIS 16 /* that are used; the device may have more */

struct siov {
	struct vfio_dev vfio;
	volatile unsigned char *global;         /* page 0 */
	volatile unsigned char *adi[SIOV_ADIS]; /* page 1 + i */
	int irq[1 + SIOV_ADIS];                 /* eventfd of each vector */
};

/* A command for an ADI; the fields are its registers. */
struct siov_command {
	__u64 src, dst, operand;
	__u32 length, command;
};

/* Finds the device, gives it to vfio-pci and opens its cdev. */
int siov_open(struct siov *siov);
/* Binds it to the iommufd, maps the pages, enables the ADIs and interrupts. */
int siov_bind(struct siov *siov, int iommufd);
void siov_close(struct siov *siov);

/* Queues the command, and waits up to 10 s until it is completed: its status,
 * SIOV_EDU_OK and so on, or a negative errno. */
int siov_run(struct siov *siov, unsigned int adi, const struct siov_command *command);
/* likewise, the common ones */
int siov_read(struct siov *siov, unsigned int adi, __u64 iova, __u32 length);
int siov_write(struct siov *siov, unsigned int adi, __u64 iova, __u32 length);
int siov_copy(struct siov *siov, unsigned int adi, __u64 src, __u64 dst, __u32 length);

__u32 siov_get32(volatile unsigned char *page, unsigned int reg);
__u64 siov_get64(volatile unsigned char *page, unsigned int reg);

/* How often the vector was signalled since the last call; waits up to wait_ms
 * for the first time. */
__u64 siov_irqs(struct siov *siov, unsigned int vector, int wait_ms);

/* What CHECKSUM should say of this memory. */
__u64 siov_checksum(const void *p, size_t length);

/* The control register of an extended capability of the device, as it is and not
 * as VFIO shows it, or a negative errno. */
int siov_ats_control(struct siov *siov);
int siov_pasid_control(struct siov *siov);

#endif /* SELFTESTS_LIB_SIOV_H */
