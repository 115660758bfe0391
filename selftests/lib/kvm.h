/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual machine of KVM, as small as can be: one processor in real mode, and the device to which VMMs hand what
 * they have of VFIO. 0 (or what they say) or a negative errno.
 */
#ifndef SELFTESTS_LIB_KVM_H
#define SELFTESTS_LIB_KVM_H

#include <linux/kvm.h>
#include <stddef.h>

struct kvm_guest {
	int kvm, vm, vcpu;
	struct kvm_run *run;
	size_t run_size;
};

int kvm_guest_start(struct kvm_guest *guest);
/* It and all that KVM keeps for it, unless somebody else has a descriptor of it */
void kvm_guest_end(struct kvm_guest *guest);

/* Memory of ours, or a mapping of a device, at a guest physical address */
int kvm_guest_memory(struct kvm_guest *guest, __u32 slot, __u64 addr, void *memory, size_t size);
/* Runs code at `ip`, in segment 0, with ds as data segment; until it stops: KVM_EXIT_HLT and so
 * on. -EINTR: it does not stop within 30 s */
int kvm_guest_run(struct kvm_guest *guest, __u16 ip, __u16 ds);

/* KVM's VFIO device: its descriptor */
int kvm_vfio(struct kvm_guest *guest);
int kvm_vfio_add(int kvm_vfio, int file);
int kvm_vfio_del(int kvm_vfio, int file);

#endif /* SELFTESTS_LIB_KVM_H */
