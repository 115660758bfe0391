// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMMs are our users: an unmodified QEMU with an assigned edu device, by way of
 *
 *   group   a container and the device's group, as QEMU has done since 2012
 *   cdev    an iommufd object and the device's own character device
 *
 * starts, its guest lets the device copy guest memory, and it ends, however it
 * ends, without anything left. Here QEMU runs within the VM; what its guest
 * does is in lib/vmm.h. Needs two edu devices and QEMU in PATH.
 */
#include "lib/harness.h"

#include <errno.h>
#include <linux/pci_regs.h>

#include "lib/group.h"
#include "lib/guest.h"
#include "lib/iommufd.h"
#include "lib/system.h"

#define LOW     0x10000ULL /* below the hole for VGA */
#define MIDDLE  0x1000000ULL
#define TOP     (GUEST_MEMORY - PAGE)
#define ROM     0xd0000ULL /* read-only until the guest says otherwise */
#define PAM     0x90       /* the host bridge's register for what is ROM */
#define PAM_RAM 0x33333330 /* 0xc0000 to 0xeffff is memory */
#define MAILBOX 0x20000    /* where interrupts arrive */
#define MAIL    0x4713
#define IRQ_BIT 1
#define WAIT_US (30 * 1000 * 1000)
#define DEVICES 2
/* what QEMU maps: all that is memory, and the firmware */
#define MAPPED_KB ((long)(GUEST_MEMORY + GUEST_FIRMWARE) / 1024)

enum { GROUP, CDEV };

FIXTURE(vmm)
{
	char bdf[DEVICES][16];
	struct vmm vmm;
	struct guest_edu edu[DEVICES];
	long pinned; /* pages in the whole system, before */
};

FIXTURE_VARIANT(vmm) { int way; };

FIXTURE_VARIANT_ADD(vmm, group){.way = GROUP};
FIXTURE_VARIANT_ADD(vmm, cdev){.way = CDEV};

typedef FIXTURE_DATA(vmm) fixture;

/* QEMU with n of the devices */
static int start(struct vmm *vmm, int way, const char *const *bdf, int n)
{
	const char *options[2 * DEVICES + 3] = {"-object", "iommufd,id=fd"};
	const char **next = options + (way == CDEV ? 2 : 0);
	char device[DEVICES][64];

	for (int i = 0; i < n; i++) {
		snprintf(device[i], sizeof(device[i]), "vfio-pci,host=%s%s", bdf[i], way == CDEV ? ",iommufd=fd" : "");
		*next++ = "-device";
		*next++ = device[i];
	}
	*next = NULL;
	return vmm_start(vmm, options);
}

/* and its guest's drivers for them */
static int start_all(fixture *self, int way, int n)
{
	const char *bdf[DEVICES] = {self->bdf[0], self->bdf[1]};
	int rc = start(&self->vmm, way, bdf, n);

	for (int i = 0; i < n && !rc; i++)
		rc = guest_edu_start(&self->edu[i], &self->vmm, i);
	if (rc)
		vmm_show_errors(&self->vmm);
	return rc;
}

/* The device takes a page of guest memory and puts it elsewhere. How many bytes
 * are wrong there, or a negative errno */
static int copies(struct guest_edu *edu, __u64 from, __u64 to)
{
	static unsigned int seed;
	int rc = guest_fill(edu->vmm, from, ++seed);

	if (!rc)
		rc = edu_read_memory(&edu->edu, from, PAGE);
	if (!rc)
		rc = edu_write_memory(&edu->edu, to, PAGE);
	return rc ? rc : guest_diff(edu->vmm, to, seed);
}

/* /dev/vfio/vfio is iommufd's: it knows iommufd's calls, VFIO's own does not. */
static bool container_is_iommufd(void)
{
	int fd = container_open();
	__u32 ioas;
	bool yes = fd >= 0 && !ioas_alloc(fd, &ioas);

	close(fd);
	return yes;
}

FIXTURE_SETUP(vmm)
{
	for (int i = 0; i < DEVICES; i++) {
		ASSERT_EQ(0, vfio_find(EDU_VENDOR, EDU_DEVICE, i, self->bdf[i])) TH_LOG("no edu device");
		ASSERT_EQ(0, vfio_take(self->bdf[i]));
	}
	ASSERT_TRUE(container_is_iommufd());
	self->pinned = wait_pinned_pages(0); /* another test's QEMU may still be ending */
	ASSERT_LE(0, self->pinned);
}

FIXTURE_TEARDOWN(vmm)
{
	if (_metadata->exit_code)
		vmm_show_errors(&self->vmm);
	vmm_kill(&self->vmm);
	vmm_free(&self->vmm);
	EXPECT_EQ(self->pinned, wait_pinned_pages(self->pinned));
}

TEST_F(vmm, dma)
{
	ASSERT_EQ(0, start_all(self, variant->way, 1));
	EXPECT_EQ(MAPPED_KB, status_kb(self->vmm.pid, "VmPin"));
	EXPECT_EQ(self->pinned + MAPPED_KB / 4, pinned_pages());
	EXPECT_EQ(0, copies(self->edu, LOW, TOP));
	EXPECT_EQ(0, copies(self->edu, TOP, MIDDLE));
	EXPECT_EQ(0, vmm_quit(&self->vmm));
	EXPECT_EQ(self->pinned, pinned_pages());
}

TEST_F(vmm, interrupt)
{
	__u32 mail = 0;
	__u64 end;

	ASSERT_EQ(0, start_all(self, variant->way, 1));
	ASSERT_EQ(0, guest_edu_enable_msi(self->edu, MAILBOX, MAIL));
	ASSERT_EQ(0, guest_write32(&self->vmm, self->edu->base + EDU_REG_IRQ_RAISE, IRQ_BIT));
	end = now_us() + WAIT_US;
	while (!mail && now_us() < end)
		ASSERT_EQ(0, guest_read32(&self->vmm, MAILBOX, &mail));
	EXPECT_EQ(MAIL, mail);
	EXPECT_EQ(0, guest_write32(&self->vmm, self->edu->base + EDU_REG_IRQ_ACK, IRQ_BIT));
	EXPECT_EQ(0, vmm_quit(&self->vmm));
}

/* Both use one address space: memory is mapped, and pinned, only once. */
TEST_F(vmm, two_devices)
{
	ASSERT_EQ(0, start_all(self, variant->way, 2));
	EXPECT_EQ(MAPPED_KB, status_kb(self->vmm.pid, "VmPin"));
	EXPECT_EQ(0, copies(self->edu, LOW, MIDDLE));
	EXPECT_EQ(0, copies(&self->edu[1], MIDDLE, TOP));
	EXPECT_EQ(0, vmm_quit(&self->vmm));
}

/* The guest's memory map changes, as firmware does it: QEMU maps anew. */
TEST_F(vmm, rom_becomes_memory)
{
	ASSERT_EQ(0, start_all(self, variant->way, 1));
	EXPECT_LT(PAGE / 2, copies(self->edu, LOW, ROM)); /* some of the ROM is like the pattern */
	ASSERT_EQ(0, guest_config_write(&self->vmm, 0, PAM, PAM_RAM));
	EXPECT_EQ(0, copies(self->edu, LOW, ROM));
	EXPECT_EQ(0, copies(self->edu, ROM, TOP));
	EXPECT_EQ(0, vmm_quit(&self->vmm));
}

TEST_F(vmm, reset)
{
	__u32 bar = 1;
	__u64 end;

	ASSERT_EQ(0, start_all(self, variant->way, 1));
	EXPECT_EQ(0, copies(self->edu, LOW, TOP));
	ASSERT_EQ(0, vmm_monitor(&self->vmm, "system_reset"));
	end = now_us() + WAIT_US;
	while (bar && now_us() < end)
		ASSERT_EQ(0, guest_config_read(&self->vmm, self->edu->slot, PCI_BASE_ADDRESS_0, &bar));
	ASSERT_EQ(0, bar);
	ASSERT_EQ(0, guest_edu_restart(self->edu));
	EXPECT_EQ(0, copies(self->edu, LOW, TOP));
	EXPECT_EQ(0, vmm_quit(&self->vmm));
}

TEST_F(vmm, no_such_device)
{
	const char *bdf = "0000:00:1d.7";

	ASSERT_EQ(0, start(&self->vmm, variant->way, &bdf, 1));
	EXPECT_EQ(1, vmm_wait(&self->vmm));
	EXPECT_TRUE(vmm_said(&self->vmm, "no such host device"));
	EXPECT_EQ(self->pinned, pinned_pages());
}

/* Who comes by the other way while the device is in use is turned away. */
TEST_F(vmm, device_in_use)
{
	const char *bdf = self->bdf[0];
	struct vmm second;

	ASSERT_EQ(0, start_all(self, variant->way, 1));
	ASSERT_EQ(0, start(&second, variant->way == CDEV ? GROUP : CDEV, &bdf, 1));
	EXPECT_EQ(1, vmm_wait(&second));
	EXPECT_TRUE(vmm_said(&second, strerror(EBUSY))) vmm_show_errors(&second);
	vmm_free(&second);
	EXPECT_EQ(0, copies(self->edu, LOW, TOP));
	EXPECT_EQ(0, vmm_quit(&self->vmm));
}

/* SIGKILL while the device writes. The next one finds it as usual. */
TEST_F(vmm, killed)
{
	bool busy = false;

	ASSERT_EQ(0, start_all(self, variant->way, 1));
	EXPECT_EQ(0, copies(self->edu, LOW, TOP));
	for (int tries = 0; tries < 10 && !busy; tries++) {
		ASSERT_EQ(0, edu_start_write(&self->edu->edu, MIDDLE, PAGE));
		busy = edu_busy(&self->edu->edu);
	}
	ASSERT_TRUE(busy);
	EXPECT_EQ(-ECHILD, vmm_kill(&self->vmm));
	EXPECT_EQ(self->pinned, wait_pinned_pages(self->pinned));
	vmm_free(&self->vmm);
	ASSERT_EQ(0, start_all(self, variant->way, 1));
	EXPECT_EQ(0, copies(self->edu, LOW, TOP));
	EXPECT_EQ(0, vmm_quit(&self->vmm));
}

TEST_HARNESS_MAIN
