/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slices of our QEMU's device siov-edu: created through siov_edu.ko and mdev's
 * sysfs, opened by their VFIO cdev, driven by their own page alone. What a
 * slice is to VFIO is in lib/vfio.h (slice.vfio), its commands in lib/siov.h.
 * All functions return 0 (or what they say) or a negative errno.
 */
#ifndef SELFTESTS_LIB_SLICE_H
#define SELFTESTS_LIB_SLICE_H

#include "siov.h"

#define SLICE_UUID_SIZE 37

struct slice {
	struct vfio_dev vfio; /* fd, object id in the iommufd */
	char uuid[SLICE_UUID_SIZE];
	volatile unsigned char *page; /* the ADI's; NULL: registers are read and written by the slice's descriptor */
	int irq;                      /* eventfd, -1 until slice_irq_enable() */
};

/* Loads siov_edu.ko, gives it the index-th siov-edu function and tells which it is. */
int slice_parent(int index, char bdf[16]);

/* The UUID that tests use for their n-th slice */
void slice_uuid(unsigned int n, char uuid[SLICE_UUID_SIZE]);
/* Creates and removes slices as mdevctl does. */
int slice_create(const char *bdf, const char *uuid);
int slice_remove(const char *uuid);
/* Removes what a test that failed has left of such slices. */
void slice_remove_leftovers(void);
/* How many more slices the function has */
int slice_available(const char *bdf);

/* The same for slices that are emulated in software (siov_soft.ko). */
int slice_soft_load(void);
int slice_soft_create(const char *uuid);
int slice_soft_available(void);

/* The number in a slice's sysfs attribute: adi, numa_node, attached, last_pause_us */
long slice_attr(const char *uuid, const char *name);
/* The number in a slice's debugfs file: pasid, delay_us (of each command, in
 * microseconds; to have DMA in flight) */
long slice_debug(const char *uuid, const char *name);
int slice_debug_set(const char *uuid, const char *name, long value);

/* Opens the cdev. slice_close() is allowed from now on, also after a failure. */
int slice_open(struct slice *slice, const char *uuid);
/* Bind, bus master, map and interrupt: all that commands need but an attach */
int slice_bind(struct slice *slice, int iommufd);
/* All of that from nothing: the first siov-edu's only slice, as what a test that failed has left is removed before. */
int slice_set_up(struct slice *slice, char bdf[16], char uuid[SLICE_UUID_SIZE], int iommufd);
/* Without the mapping, which a slice in software has not */
int slice_bind_trapped(struct slice *slice, int iommufd);
/* the parts of it, after vfio_bind(&slice->vfio, ...) */
int slice_map(struct slice *slice);
int slice_irq_enable(struct slice *slice);
/* pt: an IOAS or a HWPT; a second attach replaces the first */
int slice_attach(struct slice *slice, __u32 pt);
int slice_detach(struct slice *slice);
/* Unmaps and closes all. */
void slice_close(struct slice *slice);

/* Queues a command (COMMAND_IRQ is up to the caller); *number: what COMPLETED counts to when it is done. */
void slice_queue(struct slice *slice, const struct siov_command *command, __u32 *number);
/* Waits, up to 10 s, until COMPLETED is `number`: the last status, SIOV_EDU_OK and so on */
int slice_wait(struct slice *slice, __u32 number);
/* Both, with an interrupt */
int slice_run(struct slice *slice, const struct siov_command *command);
/* likewise, the common ones */
int slice_read(struct slice *slice, __u64 iova, __u32 length);
int slice_write(struct slice *slice, __u64 iova, __u32 length);
int slice_copy(struct slice *slice, __u64 src, __u64 dst, __u32 length);
__u32 slice_get32(struct slice *slice, unsigned int reg);
__u64 slice_get64(struct slice *slice, unsigned int reg);
void slice_set32(struct slice *slice, unsigned int reg, __u32 value);
void slice_set64(struct slice *slice, unsigned int reg, __u64 value);

/* How often the slice's vector was signalled since the last call; waits up to wait_ms for the first time. */
__u64 slice_irqs(struct slice *slice, int wait_ms);
/* Collects them until there are `count`, or wait_ms are over; returns how many came. An interrupt may come somewhat
 * after COMPLETED has counted its command, and one that is raised while another one is under way merges with it, as
 * with any MSI: to count them, take each before the next command. */
__u64 slice_irqs_wait(struct slice *slice, __u64 count, int wait_ms);
/* VFIO_IRQ_SET_ACTION_MASK, _UNMASK or _TRIGGER of the vector, without data */
int slice_irq_action(struct slice *slice, __u32 action);
int slice_reset(struct slice *slice);

#endif /* SELFTESTS_LIB_SLICE_H */
