/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's drivers, as small as they can be: PCI configuration on bus 0
 * through the ports of old, and edu, assigned to the guest by a VMM, at guest
 * physical addresses. With it edu_read_memory() and edu_write_memory() are
 * the guest's, and iova is a guest physical address.
 */
#ifndef SELFTESTS_LIB_GUEST_H
#define SELFTESTS_LIB_GUEST_H

#include "edu.h"
#include "vmm.h"

struct guest_edu {
	struct edu edu; /* first: edu_...() take it */
	struct vmm *vmm;
	unsigned int slot;
	__u64 base; /* of BAR 0 */
};

int guest_config_read(struct vmm *vmm, unsigned int slot, unsigned int reg, __u32 *value);
int guest_config_write(struct vmm *vmm, unsigned int slot, unsigned int reg, __u32 value);

/* The slot of the index-th device with these ids. -ENODEV */
int guest_find(struct vmm *vmm, unsigned int vendor, unsigned int device, int index, unsigned int *slot);
/* Where a capability of the device is, and its first 4 bytes. -ENODEV */
int guest_find_cap(struct vmm *vmm, unsigned int slot, unsigned int id, unsigned int *at, __u32 *head);
/* Where the memory of a slot begins; 1 MiB is for its BARs. */
__u64 guest_room(unsigned int slot);

/* Finds the index-th edu of the guest, gives it an address and lets it do DMA. */
int guest_edu_start(struct guest_edu *edu, struct vmm *vmm, int index);
/* The same again after a reset of the machine, when it is where it was. */
int guest_edu_restart(struct guest_edu *edu);
/* MSI: what the device writes where, when it interrupts */
int guest_edu_enable_msi(struct guest_edu *edu, __u32 addr, __u16 data);

#endif /* SELFTESTS_LIB_GUEST_H */
