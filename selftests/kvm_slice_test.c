// SPDX-License-Identifier: GPL-2.0-only
/*
 * A slice in the hands of KVM: its cdev is given to KVM's VFIO device, as VMMs do it, and a guest of a few instructions
 * drives it by its own page, which is mapped into the guest, with its guest physical addresses as IOVAs. KVM works
 * under emulation, too: kvm_amd on QEMU's emulated SVM. Needs a siov-edu device.
 */
#include "lib/harness.h"

#include <errno.h>
#include <unistd.h>

#include "lib/iommufd.h"
#include "lib/kvm.h"
#include "lib/slice.h"
#include "lib/system.h"

/* guest physical addresses */
#define RAM_SIZE (64 * 1024UL)
#define SLICE    RAM_SIZE /* the slice's page */
#define CODE     0x1000
#define RESULT   0x800
#define FROM     0x4000
#define TO       0x8000
#define AWAY     0x200000 /* nothing is there */

/* Instructions of real mode with operands of 32 bits; ds: the slice's page. Each gives the place behind it. */

static unsigned char *put(unsigned char *at, __u64 value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*at++ = (unsigned char)(value >> 8 * i);
	return at;
}

/* mov dword [reg], value */
static unsigned char *store(unsigned char *at, unsigned int reg, __u32 value)
{
	return put(put(put(at, 0x06c766, 3), reg, 2), value, 4);
}

/* again: cmp dword [reg], value; jne again */
static unsigned char *wait_for(unsigned char *at, unsigned int reg, __u8 value)
{
	return put(put(put(put(at, 0x3e8366, 3), reg, 2), value, 1), 0xf875, 2);
}

/* mov eax, [reg]; mov es:[result], eax; hlt */
static unsigned char *finish(unsigned char *at, unsigned int reg, __u16 result)
{
	return put(put(put(put(put(at, 0xa166, 2), reg, 2), 0xa36626, 3), result, 2), 0xf4, 1);
}

FIXTURE(kvm)
{
	char parent[16];
	char uuid[SLICE_UUID_SIZE];
	int fd, device;
	__u32 ioas;
	unsigned int copies; /* that the guest has asked for */
	char *ram;
	struct kvm_guest guest;
	struct slice slice;
};

typedef FIXTURE_DATA(kvm) fixture;

FIXTURE_SETUP(kvm)
{
	ASSERT_EQ(0, slice_parent(0, self->parent)) TH_LOG("no siov-edu device");
	slice_uuid(0, self->uuid);
	ASSERT_EQ(0, slice_create(self->parent, self->uuid));
	ASSERT_EQ(0, module_load("kvm_amd"));
	ASSERT_EQ(0, kvm_guest_start(&self->guest));
	self->device = kvm_vfio(&self->guest);
	ASSERT_LE(0, self->device);
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	self->ram = pages_alloc(RAM_SIZE);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->ram, RAM_SIZE, 0, MAP_RW));
	ASSERT_EQ(0, slice_open(&self->slice, self->uuid));
}

FIXTURE_TEARDOWN(kvm)
{
	kvm_guest_end(&self->guest);
	if (self->device >= 0)
		EXPECT_EQ(0, close(self->device));
	slice_close(&self->slice);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, slice_remove(self->uuid));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

/* As a VMM does it: KVM is told before the bind. */
static int give(fixture *self)
{
	int rc = kvm_vfio_add(self->device, self->slice.vfio.fd);

	if (!rc)
		rc = slice_bind(&self->slice, self->fd);
	if (!rc)
		rc = slice_attach(&self->slice, self->ioas);
	if (!rc)
		rc = kvm_guest_memory(&self->guest, 0, 0, self->ram, RAM_SIZE);
	return rc ? rc : kvm_guest_memory(&self->guest, 1, SLICE, (void *)self->slice.page, PAGE);
}

/* The guest copies a page to TO: the status that it sees, SIOV_EDU_OK and so on, or a negative errno */
static int guest_copies(fixture *self, __u32 from)
{
	unsigned char *at = (unsigned char *)self->ram + CODE;
	int rc;

	at = store(at, SIOV_EDU_SRC, from);
	at = store(at, SIOV_EDU_DST, TO);
	at = store(at, SIOV_EDU_LENGTH, PAGE);
	at = store(at, SIOV_EDU_COMMAND, SIOV_EDU_COPY);
	at = wait_for(at, SIOV_EDU_COMPLETED, (__u8)++self->copies);
	finish(at, SIOV_EDU_STATUS, RESULT);
	rc = kvm_guest_run(&self->guest, CODE, SLICE / 16);
	if (rc != KVM_EXIT_HLT)
		return rc < 0 ? rc : -EIO;
	return *(volatile unsigned char *)(self->ram + RESULT);
}

TEST_F(kvm, a_file_is_added_once)
{
	int file = self->slice.vfio.fd;

	EXPECT_EQ(0, kvm_vfio_add(self->device, file));
	EXPECT_EQ(-EEXIST, kvm_vfio_add(self->device, file));
	EXPECT_EQ(0, kvm_vfio_del(self->device, file));
	EXPECT_EQ(-ENOENT, kvm_vfio_del(self->device, file));
	EXPECT_EQ(0, kvm_vfio_add(self->device, file));
	/* neither is a VFIO file */
	EXPECT_EQ(-EINVAL, kvm_vfio_add(self->device, self->fd));
	EXPECT_EQ(-EBADF, kvm_vfio_add(self->device, -1));
}

TEST_F(kvm, guest_drives_the_slice)
{
	ASSERT_EQ(0, give(self));
	for (unsigned int seed = 1; seed < 4; seed++) {
		pattern_fill(self->ram + FROM, PAGE, seed);
		EXPECT_EQ(SIOV_EDU_OK, guest_copies(self, FROM));
		EXPECT_EQ(0, pattern_diff(self->ram + TO, PAGE, seed));
	}
	EXPECT_EQ(3, slice_get32(&self->slice, SIOV_EDU_COMPLETED));
	/* what the guest has no memory for */
	pattern_fill(self->ram + TO, PAGE, 9);
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, guest_copies(self, AWAY));
	EXPECT_EQ(AWAY, slice_get64(&self->slice, SIOV_EDU_FAULT_ADDRESS));
	EXPECT_EQ(0, pattern_diff(self->ram + TO, PAGE, 9));
}

/* The VMM works on when KVM has forgotten the slice. */
TEST_F(kvm, del_while_in_use)
{
	ASSERT_EQ(0, give(self));
	EXPECT_EQ(0, kvm_vfio_del(self->device, self->slice.vfio.fd));
	pattern_fill(self->ram + FROM, PAGE, 1);
	EXPECT_EQ(SIOV_EDU_OK, guest_copies(self, FROM));
	EXPECT_EQ(0, pattern_diff(self->ram + TO, PAGE, 1));
}

TEST_F(kvm, kvm_ends_first)
{
	ASSERT_EQ(0, give(self));
	EXPECT_EQ(0, close(self->device));
	self->device = -1;
	kvm_guest_end(&self->guest);
	pattern_fill(self->ram + FROM, PAGE, 2);
	EXPECT_EQ(SIOV_EDU_OK, slice_copy(&self->slice, FROM, TO, PAGE));
	EXPECT_EQ(0, pattern_diff(self->ram + TO, PAGE, 2));
}

/* KVM holds the file: the slice stays bound until it lets go. */
TEST_F(kvm, slice_is_closed_first)
{
	struct slice again;

	ASSERT_EQ(0, give(self));
	ASSERT_EQ(0, kvm_guest_memory(&self->guest, 1, SLICE, NULL, 0));
	slice_close(&self->slice);
	ASSERT_EQ(0, slice_open(&again, self->uuid));
	EXPECT_EQ(-EINVAL, vfio_bind(&again.vfio, self->fd));
	slice_close(&again);
	EXPECT_EQ(0, close(self->device));
	self->device = -1;
	kvm_guest_end(&self->guest);
	ASSERT_EQ(0, slice_open(&self->slice, self->uuid));
	EXPECT_EQ(0, slice_bind(&self->slice, self->fd));
}

TEST_HARNESS_MAIN
