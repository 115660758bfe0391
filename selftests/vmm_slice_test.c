// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMM owns a slice as it owns a device: our QEMU within the VM, unaware of anything special, with a slice of siov-edu
 *
 *   sysfsdev  by its folder in /sys: QEMU knows that it is a mediated device, and attaches an IOAS
 *   fd        by an open descriptor of its cdev: QEMU takes it for a device of hardware, asks what its IOMMU can do
 *             (GET_HW_INFO) and allocates a HWPT
 *
 * What its guest does is in lib/vmm.h and lib/guest_slice.h. Needs a siov-edu device and, in PATH, a QEMU with
 * vfio-pci.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <unistd.h>

#include "lib/guest.h"
#include "lib/guest_slice.h"
#include "lib/slice.h"
#include "lib/system.h"

#define LOW       0x10000ULL /* below the hole for VGA */
#define MIDDLE    0x1000000ULL
#define TOP       (GUEST_MEMORY - PAGE)
#define NOWHERE   0xf0000000ULL
#define MAILBOX   0x20000 /* where interrupts arrive */
#define MAIL      0x4713
#define WAIT_US   (30 * 1000 * 1000ULL)
#define IN_FLIGHT 200000 /* us that a DMA takes, so that it is in flight at the end */
#define SLICES    2
/* what QEMU maps: all that is memory, and the firmware */
#define MAPPED_KB ((long)(GUEST_MEMORY + GUEST_FIRMWARE) / 1024)

enum { SYSFSDEV, FD };

FIXTURE(vmm)
{
	char parent[16];
	char uuid[SLICES][SLICE_UUID_SIZE];
	struct vmm vmm;
	struct guest_slice slice[SLICES];
	long pinned; /* pages in the whole system, before */
};

FIXTURE_VARIANT(vmm) { int way; };

FIXTURE_VARIANT_ADD(vmm, sysfsdev){.way = SYSFSDEV};
FIXTURE_VARIANT_ADD(vmm, fd){.way = FD};

typedef FIXTURE_DATA(vmm) fixture;

FIXTURE_SETUP(vmm)
{
	ASSERT_EQ(0, slice_parent(0, self->parent)) TH_LOG("no siov-edu device");
	self->pinned = wait_pinned_pages(0); /* another test's QEMU may still be ending */
	ASSERT_LE(0, self->pinned);
	for (int i = 0; i < SLICES; i++) {
		slice_uuid(i, self->uuid[i]);
		slice_remove(self->uuid[i]); /* of a test that was ended by an assertion */
		ASSERT_EQ(0, slice_create(self->parent, self->uuid[i]));
	}
}

FIXTURE_TEARDOWN(vmm)
{
	if (_metadata->exit_code)
		vmm_show_errors(&self->vmm);
	vmm_kill(&self->vmm);
	vmm_free(&self->vmm);
	for (int i = 0; i < SLICES; i++)
		EXPECT_EQ(0, slice_remove(self->uuid[i]));
	EXPECT_EQ(self->pinned, wait_pinned_pages(self->pinned));
}

/* What -device says of it. FD: an open descriptor, which QEMU inherits, or a negative errno */
static int describe(const char *uuid, int way, char *text, size_t len)
{
	struct slice slice;
	int rc;

	if (way == SYSFSDEV) {
		snprintf(text, len, "vfio-pci,sysfsdev=/sys/bus/mdev/devices/%s,iommufd=fd", uuid);
		return -1;
	}
	rc = slice_open(&slice, uuid);
	if (!rc && fcntl(slice.vfio.fd, F_SETFD, 0))
		rc = -errno;
	snprintf(text, len, "vfio-pci,fd=%d,iommufd=fd", slice.vfio.fd);
	return rc ? rc : slice.vfio.fd;
}

/* QEMU with n of the slices */
static int start(fixture *self, struct vmm *vmm, int way, int n)
{
	const char *options[2 * SLICES + 3] = {"-object", "iommufd,id=fd"};
	char device[SLICES][96];
	int fds[SLICES], rc;

	for (int i = 0; i < n; i++) {
		fds[i] = describe(self->uuid[i], way, device[i], sizeof(device[i]));
		options[2 + 2 * i] = "-device";
		options[3 + 2 * i] = device[i];
	}
	rc = vmm_start(vmm, options);
	for (int i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return rc;
}

/* and its guest's drivers for them */
static int start_all(fixture *self, int way, int n)
{
	int rc = start(self, &self->vmm, way, n);

	for (int i = 0; i < n && !rc; i++)
		rc = guest_slice_start(&self->slice[i], &self->vmm, i);
	if (rc)
		vmm_show_errors(&self->vmm);
	return rc;
}

/* The slice copies a page of guest memory: how many bytes are wrong there, or a negative errno */
static int copies(struct guest_slice *slice, __u64 from, __u64 to)
{
	const struct siov_command copy = {.src = from, .dst = to, .length = PAGE, .command = SIOV_EDU_COPY};
	static unsigned int seed;
	int rc = guest_fill(slice->vmm, from, ++seed);

	if (!rc)
		rc = guest_slice_run(slice, &copy);
	if (rc != SIOV_EDU_OK)
		return rc < 0 ? rc : -EIO;
	return guest_diff(slice->vmm, to, seed);
}

TEST_F(vmm, dma)
{
	ASSERT_EQ(0, start_all(self, variant->way, 1));
	EXPECT_EQ(MAPPED_KB, status_kb(self->vmm.pid, "VmPin"));
	EXPECT_EQ(self->pinned + MAPPED_KB / 4, pinned_pages());
	EXPECT_EQ(0, copies(self->slice, LOW, TOP));
	EXPECT_EQ(0, copies(self->slice, TOP, MIDDLE));
	EXPECT_EQ(0, vmm_quit(&self->vmm));
	EXPECT_EQ(self->pinned, pinned_pages());
}

/* What the guest has no memory for is blocked, and its driver is told where. */
TEST_F(vmm, nowhere)
{
	const struct siov_command read = {.src = NOWHERE, .length = 64, .command = SIOV_EDU_READ};
	__u32 where = 0;

	ASSERT_EQ(0, start_all(self, variant->way, 1));
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, guest_slice_run(self->slice, &read));
	EXPECT_EQ(0, guest_slice_get32(self->slice, SIOV_EDU_FAULT_ADDRESS, &where));
	EXPECT_EQ(NOWHERE, where);
	EXPECT_EQ(0, copies(self->slice, LOW, TOP));
	EXPECT_EQ(0, vmm_quit(&self->vmm));
}

TEST_F(vmm, interrupt)
{
	const struct siov_command read = {.src = LOW, .length = 64, .command = SIOV_EDU_READ | SIOV_EDU_COMMAND_IRQ};
	__u32 mail = 0;
	__u64 end;

	ASSERT_EQ(0, start_all(self, variant->way, 1));
	ASSERT_EQ(0, guest_slice_enable_msix(self->slice, MAILBOX, MAIL));
	ASSERT_EQ(SIOV_EDU_OK, guest_slice_run(self->slice, &read));
	end = now_us() + WAIT_US;
	while (!mail && now_us() < end)
		ASSERT_EQ(0, guest_read32(&self->vmm, MAILBOX, &mail));
	EXPECT_EQ(MAIL, mail);
	EXPECT_EQ(0, vmm_quit(&self->vmm));
}

/* Both use one address space: memory is mapped, and pinned, only once. */
TEST_F(vmm, two_slices)
{
	ASSERT_EQ(0, start_all(self, variant->way, 2));
	EXPECT_EQ(MAPPED_KB, status_kb(self->vmm.pid, "VmPin"));
	EXPECT_EQ(0, copies(self->slice, LOW, MIDDLE));
	EXPECT_EQ(0, copies(&self->slice[1], MIDDLE, TOP));
	EXPECT_EQ(0, vmm_quit(&self->vmm));
}

TEST_F(vmm, reset)
{
	__u32 bar = ~0U, completed = 1;
	__u64 end;

	ASSERT_EQ(0, start_all(self, variant->way, 1));
	EXPECT_EQ(0, copies(self->slice, LOW, TOP));
	ASSERT_EQ(0, vmm_monitor(&self->vmm, "system_reset"));
	end = now_us() + WAIT_US;
	while (bar & ~0xfU && now_us() < end)
		ASSERT_EQ(0, guest_config_read(&self->vmm, self->slice->slot, PCI_BASE_ADDRESS_0, &bar));
	ASSERT_EQ(0, bar & ~0xfU);
	ASSERT_EQ(0, guest_slice_restart(self->slice));
	ASSERT_EQ(0, guest_slice_get32(self->slice, SIOV_EDU_COMPLETED, &completed));
	EXPECT_EQ(0, completed);
	EXPECT_EQ(0, copies(self->slice, LOW, TOP));
	EXPECT_EQ(0, vmm_quit(&self->vmm));
}

/* Who wants the slice while it is in use is turned away. */
TEST_F(vmm, slice_in_use)
{
	struct vmm second;

	ASSERT_EQ(0, start_all(self, variant->way, 1));
	ASSERT_EQ(0, start(self, &second, variant->way, 1));
	EXPECT_EQ(1, vmm_wait(&second));
	EXPECT_TRUE(vmm_said(&second, "error bind device")) vmm_show_errors(&second);
	vmm_free(&second);
	EXPECT_EQ(0, copies(self->slice, LOW, TOP));
	EXPECT_EQ(0, vmm_quit(&self->vmm));
}

/* SIGKILL while the slice writes. The next one finds it as usual. */
TEST_F(vmm, killed)
{
	const struct siov_command write = {.dst = MIDDLE, .length = 64, .command = SIOV_EDU_WRITE};

	ASSERT_EQ(0, start_all(self, variant->way, 1));
	EXPECT_EQ(0, copies(self->slice, LOW, TOP));
	ASSERT_EQ(0, slice_debug_set(self->uuid[0], "delay_us", IN_FLIGHT));
	ASSERT_EQ(0, guest_write64(&self->vmm, self->slice->page + SIOV_EDU_DST, write.dst));
	ASSERT_EQ(0, guest_write32(&self->vmm, self->slice->page + SIOV_EDU_LENGTH, write.length));
	ASSERT_EQ(0, guest_write32(&self->vmm, self->slice->page + SIOV_EDU_COMMAND, write.command));
	EXPECT_EQ(0, guest_diff(&self->vmm, TOP, 0) < 0); /* the writes above are done when this read is */
	EXPECT_EQ(-ECHILD, vmm_kill(&self->vmm));
	EXPECT_EQ(self->pinned, wait_pinned_pages(self->pinned));
	vmm_free(&self->vmm);
	ASSERT_EQ(0, slice_debug_set(self->uuid[0], "delay_us", 0));
	ASSERT_EQ(0, start_all(self, variant->way, 1));
	EXPECT_EQ(0, copies(self->slice, LOW, TOP));
	EXPECT_EQ(0, vmm_quit(&self->vmm));
}

TEST_HARNESS_MAIN
