// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device is taken away while it is in use: through its driver core file
 * (remove), or really, by switching off the power of its PCIe slot, upon which
 * QEMU unplugs it. The kernel asks the user for the device (an eventfd) and
 * waits until it is closed, however long that takes.
 *
 * Needs edu devices behind pcie-root-ports with hotplug, one for each test:
 * there is no way to plug a device in again. A kernel with lockdep reports its own
 * hotplug driver at each power-off (reset_lock against pci_rescan_remove_lock):
 * there, `unplug_test -v remove` is what can be run.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/probe.h"
#include "lib/process.h"
#include "lib/system.h"
#include "lib/unplug.h"

#define IOVA       0x1000000ULL
#define SLOTS      "/sys/bus/pci/slots"
#define DEVICES    "/sys/bus/pci/devices"
#define MAX_SLOT   8
#define ASK_MS     5000  /* until the kernel asks for the device */
#define FINISH_MS  15000 /* until it is gone, once the device is closed */
#define PATIENCE_MS 2000 /* nothing happens meanwhile */

FIXTURE(unplug)
{
	int fd, request;
	int slot, remover; /* the process that waits for the device to go */
	char bdf[16];
	struct edu edu;
	struct probe probe;
	__u32 ioas;
	char *mem;
};

FIXTURE_VARIANT(unplug) { bool power; };

/* in this order: the second one does not give its devices back */
FIXTURE_VARIANT_ADD(unplug, remove){.power = false};
FIXTURE_VARIANT_ADD(unplug, slot_power){.power = true};

typedef FIXTURE_DATA(unplug) fixture;

/* The first slot whose device is there */
static int find_slot(char bdf[16])
{
	char path[64], address[16];

	for (int slot = 1; slot <= MAX_SLOT; slot++) {
		FILE *f;
		int n;

		snprintf(path, sizeof(path), SLOTS "/%d/address", slot);
		f = fopen(path, "r");
		if (!f)
			continue;
		n = fscanf(f, "%12s", address);
		fclose(f);
		snprintf(bdf, 16, "%.12s.0", address);
		if (n == 1 && pci_present(bdf))
			return slot;
	}
	return -ENODEV;
}

/* Bound, attached, and reaching a page at IOVA. */
static int start(fixture *self)
{
	int rc = edu_open_at(&self->edu, self->bdf);

	if (!rc)
		rc = edu_bind(&self->edu, self->fd);
	if (!rc)
		rc = vfio_attach(&self->edu.vfio, self->ioas, NULL);
	if (!rc)
		rc = probe_map(&self->probe, self->fd, self->ioas);
	if (!rc)
		rc = ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, IOVA, MAP_RW);
	return rc;
}

FIXTURE_SETUP(unplug)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	self->slot = find_slot(self->bdf);
	ASSERT_LE(0, self->slot) { TH_LOG("no device in a hotplug slot"); }
	self->mem = pages_alloc(PAGE);
	probe_init(&self->probe, &self->edu);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	self->edu = (struct edu){.vfio.fd = -1};
}

FIXTURE_TEARDOWN(unplug)
{
	edu_close(&self->edu);
	if (self->fd >= 0)
		EXPECT_EQ(0, close(self->fd));
	EXPECT_FALSE(pci_present(self->bdf));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	if (variant->power) {
		/* the slot is empty: there is nothing to switch on */
		EXPECT_EQ(-ENODEV, slot_power(self->slot, true));
	} else {
		EXPECT_EQ(0, attr_write("/sys/bus/pci/rescan", "1"));
		EXPECT_TRUE(pci_present(self->bdf));
	}
}

/* Takes the device away, in a process of its own, because that waits. */
static int take_away(fixture *self, bool power)
{
	char path[64];

	if (power)
		return self->remover = slot_power_off_apart(self->slot, self->edu.bar, self->edu.bar_size);
	snprintf(path, sizeof(path), DEVICES "/%.15s/remove", self->bdf);
	return self->remover = take_away_apart(path, "1", self->edu.bar, self->edu.bar_size);
}

static int readable_within(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, ms);
}

TEST_F(unplug, the_user_lets_go)
{
	ASSERT_EQ(0, start(self));
	self->request = vfio_request_eventfd(&self->edu.vfio);
	ASSERT_LE(0, self->request);
	EXPECT_EQ(1, probe_rw(&self->probe, IOVA, self->mem));
	EXPECT_EQ(0, readable_within(self->request, 0));
	ASSERT_EQ(0, edu_start_write(&self->edu, IOVA, PAGE));
	ASSERT_LT(0, take_away(self, variant->power));
	EXPECT_EQ(1, readable_within(self->request, ASK_MS));
	/* it was a question: all works until the answer */
	EXPECT_EQ(1, probe_rw(&self->probe, IOVA, self->mem));
	EXPECT_FALSE(ends_within(self->remover, PATIENCE_MS));
	EXPECT_EQ(0, vfio_detach(&self->edu.vfio));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, NULL));
	ASSERT_EQ(0, edu_start_write(&self->edu, IOVA, PAGE));
	edu_close(&self->edu);
	EXPECT_TRUE(ends_within(self->remover, FINISH_MS));
	EXPECT_FALSE(pci_present(self->bdf));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, self->edu.vfio.dev_id));
	EXPECT_EQ(0, object_destroy(self->fd, self->ioas));
}

/* Nobody answers, and then the whole process ends in the middle of a copy. */
TEST_F(unplug, the_user_dies)
{
	pid_t user = fork();
	long pinned = pinned_pages();

	ASSERT_LE(0, user);
	if (!user) {
		/* the descriptor of the parent would keep what is pinned */
		self->fd = iommufd_open();
		if (ioas_alloc(self->fd, &self->ioas) || start(self))
			_exit(1);
		while (!edu_start_write(&self->edu, IOVA, PAGE))
			;
		_exit(2);
	}
	for (int i = 0; i < 500 && pinned_pages() < pinned + 2; i++)
		usleep(10 * 1000);
	ASSERT_LT(0, take_away(self, variant->power));
	EXPECT_FALSE(ends_within(self->remover, PATIENCE_MS));
	EXPECT_EQ(pinned + 2, pinned_pages());
	EXPECT_EQ(0, kill(user, SIGKILL));
	EXPECT_EQ(-ECHILD, child_status(user));
	EXPECT_TRUE(ends_within(self->remover, FINISH_MS));
	EXPECT_EQ(pinned, wait_pinned_pages(pinned));
}

/* A page table that the user allocated for the device is the user's. */
TEST_F(unplug, page_tables_outlive_it)
{
	__u32 hwpt;

	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->edu.vfio.dev_id, self->ioas, 0, &hwpt));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, hwpt, NULL));
	EXPECT_EQ(1, probe_rw(&self->probe, IOVA, self->mem));
	ASSERT_LT(0, take_away(self, variant->power));
	EXPECT_FALSE(ends_within(self->remover, PATIENCE_MS));
	edu_close(&self->edu);
	EXPECT_TRUE(ends_within(self->remover, FINISH_MS));
	EXPECT_EQ(2 * 4, self_status_kb("VmPin"));
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, 2 * IOVA, MAP_RW));
	EXPECT_EQ(0, ioas_unmap_all(self->fd, self->ioas, NULL));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(0, object_destroy(self->fd, hwpt));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

/* The device keeps the iommufd, and goes with it. */
TEST_F(unplug, iommufd_closed_before)
{
	ASSERT_EQ(0, start(self));
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	ASSERT_LT(0, take_away(self, variant->power));
	EXPECT_FALSE(ends_within(self->remover, PATIENCE_MS));
	EXPECT_EQ(1, probe_rw(&self->probe, IOVA, self->mem));
	edu_close(&self->edu);
	EXPECT_TRUE(ends_within(self->remover, FINISH_MS));
}

TEST_HARNESS_MAIN
