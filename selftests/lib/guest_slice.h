/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's driver for a slice of siov-edu, which a VMM shows as a PCI device: as lib/guest.h, and its commands are
 * those of lib/siov.h, with guest physical addresses. 0 (or what they say) or a negative errno.
 */
#ifndef SELFTESTS_LIB_GUEST_SLICE_H
#define SELFTESTS_LIB_GUEST_SLICE_H

#include "siov.h"
#include "vmm.h"

struct guest_slice {
	struct vmm *vmm;
	unsigned int slot;
	__u64 page;        /* of registers */
	__u64 table;       /* of MSI-X */
	unsigned int msix; /* capability */
};

/* Finds the index-th slice of the guest, gives it addresses and lets it do DMA. */
int guest_slice_start(struct guest_slice *slice, struct vmm *vmm, int index);
/* The same again after a reset of the machine, when it is where it was. */
int guest_slice_restart(struct guest_slice *slice);
/* What the slice writes where, when it interrupts */
int guest_slice_enable_msix(struct guest_slice *slice, __u32 addr, __u32 data);

int guest_slice_get32(struct guest_slice *slice, unsigned int reg, __u32 *value);
/* Queues the command and waits until it is completed, up to 30 s: its status, SIOV_EDU_OK and so on */
int guest_slice_run(struct guest_slice *slice, const struct siov_command *command);

#endif /* SELFTESTS_LIB_GUEST_SLICE_H */
