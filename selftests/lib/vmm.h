/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual machine monitor as a user of VFIO: QEMU, started within the VM. Its
 * guest has memory and devices, but its processor stands still: we play the
 * guest, through QEMU's qtest protocol (one line for each access, one line
 * back). Functions return 0 (or what they say) or a negative errno; -EPIPE:
 * QEMU has ended.
 */
#ifndef SELFTESTS_LIB_VMM_H
#define SELFTESTS_LIB_VMM_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

#define VMM_PROGRAM    "qemu-system-x86_64"
#define GUEST_MEMORY   (64UL << 20)
#define GUEST_FIRMWARE (64UL << 10)

struct vmm {
	int pid;
	FILE *requests, *replies; /* qtest */
	int posted;               /* requests whose replies are still to come */
	int monitor;
	int errors; /* a file with all that it says on stderr */
};

/* options: what it gets on top of an empty machine, up to a NULL */
int vmm_start(struct vmm *vmm, const char *const *options);
/* A line for the monitor */
int vmm_monitor(struct vmm *vmm, const char *line);
/* Whether it has said this on stderr */
bool vmm_said(struct vmm *vmm, const char *text);
/* All that it said, each line a diagnostic of TAP */
void vmm_show_errors(struct vmm *vmm);

/* Waits until it has ended: its exit status, or -ECHILD when it was killed. */
int vmm_wait(struct vmm *vmm);
/* Asks it to end, and waits. */
int vmm_quit(struct vmm *vmm);
/* SIGKILL: it has no time to give anything back. As vmm_wait(); 0 after its end */
int vmm_kill(struct vmm *vmm);
/* Our side of it; after its end. Once more does nothing. */
void vmm_free(struct vmm *vmm);

/*
 * What the guest's processor would do. Writes are posted: they go out with the
 * next read, a few of them in one go with it, and only then it is known whether
 * they went well.
 */
int guest_out(struct vmm *vmm, __u16 port, __u32 value);
int guest_in(struct vmm *vmm, __u16 port, __u32 *value);
int guest_write32(struct vmm *vmm, __u64 addr, __u32 value);
int guest_write64(struct vmm *vmm, __u64 addr, __u64 value);
int guest_read32(struct vmm *vmm, __u64 addr, __u32 *value);

/* One page of guest memory, filled with the pattern of this seed */
int guest_fill(struct vmm *vmm, __u64 addr, unsigned int seed);
/* How many of its bytes are not those of the pattern */
int guest_diff(struct vmm *vmm, __u64 addr, unsigned int seed);

#endif /* SELFTESTS_LIB_VMM_H */
