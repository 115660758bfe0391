// SPDX-License-Identifier: GPL-2.0-only
/* One function for each step of KVM's API (Documentation/virt/kvm). */
#include "kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define FLAGS_ALWAYS 2 /* bit 1 of EFLAGS is set on every x86 */
#define PATIENCE_S   30

static int create(struct kvm_guest *guest)
{
	int size;

	guest->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (guest->kvm < 0)
		return -errno;
	guest->vm = ioctl(guest->kvm, KVM_CREATE_VM, 0);
	if (guest->vm < 0)
		return -errno;
	guest->vcpu = ioctl(guest->vm, KVM_CREATE_VCPU, 0);
	size = ioctl(guest->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (guest->vcpu < 0 || size < 0)
		return -errno;
	guest->run_size = (size_t)size;
	guest->run = mmap(NULL, guest->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, guest->vcpu, 0);
	if (guest->run != MAP_FAILED)
		return 0;
	guest->run = NULL;
	return -errno;
}

int kvm_guest_start(struct kvm_guest *guest)
{
	int rc;

	*guest = (struct kvm_guest){.kvm = -1, .vm = -1, .vcpu = -1};
	rc = create(guest);
	if (rc)
		kvm_guest_end(guest);
	return rc;
}

void kvm_guest_end(struct kvm_guest *guest)
{
	const int fds[] = {guest->vcpu, guest->vm, guest->kvm};

	if (guest->run)
		munmap(guest->run, guest->run_size);
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	*guest = (struct kvm_guest){.kvm = -1, .vm = -1, .vcpu = -1};
}

int kvm_guest_memory(struct kvm_guest *guest, __u32 slot, __u64 addr, void *memory, size_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = addr,
		.memory_size = size,
		.userspace_addr = (uintptr_t)memory,
	};

	return ioctl(guest->vm, KVM_SET_USER_MEMORY_REGION, &region) ? -errno : 0;
}

static void ring(int number) { (void)number; }

/* -EINTR: it has not stopped by then */
static int run_for(struct kvm_guest *guest, unsigned int seconds)
{
	const struct sigaction interrupt = {.sa_handler = ring};
	struct sigaction before;
	int rc;

	sigaction(SIGALRM, &interrupt, &before);
	alarm(seconds);
	rc = ioctl(guest->vcpu, KVM_RUN, 0) ? -errno : (int)guest->run->exit_reason;
	alarm(0);
	sigaction(SIGALRM, &before, NULL);
	return rc;
}

int kvm_guest_run(struct kvm_guest *guest, __u16 ip, __u16 ds)
{
	struct kvm_regs regs = {.rip = ip, .rflags = FLAGS_ALWAYS};
	struct kvm_sregs sregs;

	if (ioctl(guest->vcpu, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	sregs.ds.base = (__u64)ds * 16;
	sregs.ds.selector = ds;
	if (ioctl(guest->vcpu, KVM_SET_SREGS, &sregs) || ioctl(guest->vcpu, KVM_SET_REGS, &regs))
		return -errno;
	return run_for(guest, PATIENCE_S);
}

int kvm_vfio(struct kvm_guest *guest)
{
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_VFIO};

	return ioctl(guest->vm, KVM_CREATE_DEVICE, &device) ? -errno : (int)device.fd;
}

static int set_file(int kvm_vfio, __u64 attr, __s32 file)
{
	struct kvm_device_attr set = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = attr,
		.addr = (uintptr_t)&file,
	};

	return ioctl(kvm_vfio, KVM_SET_DEVICE_ATTR, &set) ? -errno : 0;
}

int kvm_vfio_add(int kvm_vfio, int file) { return set_file(kvm_vfio, KVM_DEV_VFIO_FILE_ADD, file); }
int kvm_vfio_del(int kvm_vfio, int file) { return set_file(kvm_vfio, KVM_DEV_VFIO_FILE_DEL, file); }
