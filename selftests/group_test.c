// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two devices that the IOMMU cannot keep apart, so that they are in one IOMMU
 * group: what one of them is attached to, the other one is on as well, and both
 * belong to one iommufd. Two ways into a group:
 *
 *   functions  of one device without ACS; each has a requester id of its own
 *   bridge     conventional PCI devices behind a PCIe-to-PCI bridge, which puts
 *              its own requester id on what both of them do
 *
 * Needs two edu functions in one slot of pcie.0, and two edu behind a bridge.
 */
#include "lib/harness.h"

#include <errno.h>
#include <linux/vfio.h>

#include "lib/edu.h"
#include "lib/group.h"
#include "lib/iommufd.h"
#include "lib/probe.h"
#include "lib/system.h"

#define IOVA       0x1000000ULL
#define MSI_WINDOW 0xfee00000ULL
#define RW         (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

FIXTURE(group)
{
	int fd;
	char bdf[2][16];
	struct edu edu[2];
	struct probe probe[2];
	__u32 ioas[2];
	char *page[2]; /* at IOVA of ioas[0] and ioas[1] */
};

FIXTURE_VARIANT(group) { bool behind_bridge; };

FIXTURE_VARIANT_ADD(group, functions){.behind_bridge = false};
FIXTURE_VARIANT_ADD(group, bridge){.behind_bridge = true};

typedef FIXTURE_DATA(group) fixture;

/* The first two edu in one group: bus 0 has the functions. */
static int find_pair(bool behind_bridge, char bdf[2][16])
{
	int rc, last = -1;

	for (int i = 0; !(rc = vfio_find(EDU_VENDOR, EDU_DEVICE, i, bdf[1])); i++) {
		/* some IOMMU drivers make the group when a driver takes the device */
		int group = vfio_take(bdf[1]) ? -1 : iommu_group_of(bdf[1]);

		if (group >= 0 && group == last && behind_bridge != !strncmp(bdf[1], "0000:00", 7))
			return 0;
		last = group;
		memcpy(bdf[0], bdf[1], sizeof(bdf[0]));
	}
	return rc;
}

/* Both are bound; neither is attached. */
FIXTURE_SETUP(group)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, find_pair(variant->behind_bridge, self->bdf)) { TH_LOG("no two edu devices in one group"); }
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, edu_open_at(&self->edu[i], self->bdf[i]));
		ASSERT_EQ(0, edu_bind(&self->edu[i], self->fd));
		probe_init(&self->probe[i], &self->edu[i]);
		if (i)
			self->probe[1].mirror = self->probe[0].mirror;
		self->page[i] = pages_alloc(PAGE);
		ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas[i]));
	}
}

/* The page and the mirror, not before the first attachment to the IOAS: some page tables are made by it */
static int map(fixture *self, int i)
{
	int rc = ioas_map_fixed(self->fd, self->ioas[i], self->page[i], PAGE, IOVA, MAP_RW);

	return rc ? rc : probe_map(&self->probe[0], self->fd, self->ioas[i]);
}

FIXTURE_TEARDOWN(group)
{
	edu_close(&self->edu[0]);
	edu_close(&self->edu[1]);
	if (self->fd >= 0)
		EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

#define ATTACH(i, pt, out) vfio_attach(&self->edu[i].vfio, pt, out)
#define DETACH(i)          vfio_detach(&self->edu[i].vfio)
/* Does device i reach the page of IOAS k? */
#define REACHES(i, k) probe_rw(&self->probe[i], IOVA, self->page[k])

static int writes_nothing(struct edu *edu, char *page)
{
	pattern_fill(page, PAGE, 1);
	if (edu_write_memory(edu, IOVA, PAGE))
		return 0;
	return !pattern_diff(page, PAGE, 1);
}

TEST_F(group, one_attachment)
{
	__u32 a, b;

	ASSERT_EQ(0, ATTACH(0, self->ioas[0], &a));
	ASSERT_EQ(0, map(self, 0));
	ASSERT_EQ(0, ATTACH(1, self->ioas[0], &b));
	EXPECT_EQ(a, b);
	EXPECT_EQ(2 * 4, self_status_kb("VmPin"));
	EXPECT_EQ(1, REACHES(0, 0));
	EXPECT_EQ(1, REACHES(1, 0));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas[0], IOVA, PAGE, NULL));
	EXPECT_EQ(0, REACHES(0, 0));
	EXPECT_EQ(0, REACHES(1, 0));
}

/* What is attached is the group; the other device follows without a call. */
TEST_F(group, the_other_device_follows)
{
	ASSERT_EQ(0, ATTACH(0, self->ioas[0], NULL));
	ASSERT_EQ(0, map(self, 0));
	EXPECT_EQ(1, REACHES(1, 0));
	EXPECT_EQ(0, DETACH(1)); /* nothing of its own */
	EXPECT_EQ(1, REACHES(1, 0));
	EXPECT_EQ(0, DETACH(0));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(1, writes_nothing(&self->edu[0], self->page[0]));
	EXPECT_EQ(1, writes_nothing(&self->edu[1], self->page[0]));
}

TEST_F(group, no_second_attachment)
{
	__u32 hwpt;

	ASSERT_EQ(0, ATTACH(0, self->ioas[0], NULL));
	ASSERT_EQ(0, map(self, 0));
	EXPECT_EQ(-EINVAL, ATTACH(1, self->ioas[1], NULL));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->edu[1].vfio.dev_id, self->ioas[1], 0, &hwpt));
	EXPECT_EQ(-EINVAL, ATTACH(1, hwpt, NULL));
	EXPECT_EQ(0, object_destroy(self->fd, hwpt));
	EXPECT_EQ(0, object_destroy(self->fd, self->ioas[1]));
	/* that has left no trace */
	EXPECT_EQ(1, REACHES(0, 0));
	EXPECT_EQ(1, REACHES(1, 0));
	EXPECT_EQ(0, ATTACH(1, self->ioas[0], NULL));
}

TEST_F(group, attached_until_the_last_one_leaves)
{
	__u32 hwpt;

	ASSERT_EQ(0, ATTACH(0, self->ioas[0], &hwpt));
	ASSERT_EQ(0, ATTACH(1, self->ioas[0], NULL));
	ASSERT_EQ(0, map(self, 0));
	ASSERT_EQ(0, DETACH(0));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, hwpt));
	EXPECT_EQ(1, REACHES(1, 0));
	EXPECT_EQ(1, REACHES(0, 0)); /* it is still in the group */
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->ioas[0], self->page[0], PAGE, MSI_WINDOW, MAP_RW));
	ASSERT_EQ(0, DETACH(1));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, hwpt));
	EXPECT_EQ(1, writes_nothing(&self->edu[0], self->page[0]));
	EXPECT_EQ(1, writes_nothing(&self->edu[1], self->page[0]));
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->ioas[0], self->page[0], PAGE, MSI_WINDOW, MAP_RW));
}

TEST_F(group, closed_one_by_one)
{
	ASSERT_EQ(0, ATTACH(0, self->ioas[0], NULL));
	ASSERT_EQ(0, ATTACH(1, self->ioas[0], NULL));
	ASSERT_EQ(0, map(self, 0));
	edu_close(&self->edu[0]);
	EXPECT_EQ(1, REACHES(1, 0));
	ASSERT_EQ(0, edu_open_at(&self->edu[0], self->bdf[0]));
	ASSERT_EQ(0, edu_bind(&self->edu[0], self->fd));
	EXPECT_EQ(1, REACHES(0, 0)); /* by the group's attachment */
	EXPECT_EQ(-EINVAL, ATTACH(0, self->ioas[1], NULL));
	EXPECT_EQ(0, ATTACH(0, self->ioas[0], NULL));
	edu_close(&self->edu[1]);
	EXPECT_EQ(1, REACHES(0, 0));
}

/* Excluded where page tables are made by an attachment: replace needs one before */
TEST_F(group, replace_moves_both)
{
	__u32 old, hwpt;

	ASSERT_EQ(0, map(self, 0));
	ASSERT_EQ(0, map(self, 1));
	ASSERT_EQ(0, ATTACH(0, self->ioas[0], &old));
	ASSERT_EQ(0, ATTACH(1, self->ioas[0], NULL));
	ASSERT_EQ(0, ATTACH(1, self->ioas[1], &hwpt));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, old));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(1, REACHES(i, 1));
		EXPECT_EQ(0, REACHES(i, 0));
	}
	/* the first IOAS is free of both devices' regions */
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->ioas[0], self->page[0], PAGE, MSI_WINDOW, MAP_RW));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->ioas[1], self->page[0], PAGE, MSI_WINDOW, MAP_RW));
	/* back is forbidden now, for both */
	EXPECT_EQ(-EADDRINUSE, ATTACH(0, self->ioas[0], NULL));
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(1, REACHES(i, 1));
	/* whoever goes first, both have moved */
	ASSERT_EQ(0, DETACH(0));
	EXPECT_EQ(1, REACHES(1, 1));
	ASSERT_EQ(0, DETACH(1));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, hwpt));
}

/* Replace is for a device that is attached itself. */
TEST_F(group, no_replace_by_a_follower)
{
	ASSERT_EQ(0, ATTACH(0, self->ioas[0], NULL));
	ASSERT_EQ(0, map(self, 0));
	EXPECT_EQ(-EINVAL, ATTACH(1, self->ioas[1], NULL));
	ASSERT_EQ(0, DETACH(0));
	/* with nobody attached, the other one decides */
	ASSERT_EQ(0, ATTACH(1, self->ioas[1], NULL));
	ASSERT_EQ(0, map(self, 1));
	EXPECT_EQ(1, REACHES(0, 1));
	EXPECT_EQ(1, REACHES(1, 1));
}

TEST_F(group, one_iommufd)
{
	int other = iommufd_open();

	ASSERT_LE(0, other);
	edu_close(&self->edu[1]);
	ASSERT_EQ(0, edu_open_at(&self->edu[1], self->bdf[1]));
	EXPECT_EQ(-EPERM, vfio_bind(&self->edu[1].vfio, other));
	ASSERT_EQ(0, ATTACH(0, self->ioas[0], NULL));
	EXPECT_EQ(-EPERM, vfio_bind(&self->edu[1].vfio, other));
	/* when the first one has gone, the second one has the choice */
	edu_close(&self->edu[0]);
	EXPECT_EQ(0, vfio_bind(&self->edu[1].vfio, other));
	ASSERT_EQ(0, edu_open_at(&self->edu[0], self->bdf[0]));
	EXPECT_EQ(-EPERM, vfio_bind(&self->edu[0].vfio, self->fd));
	EXPECT_EQ(0, vfio_bind(&self->edu[0].vfio, other));
	EXPECT_EQ(0, close(other));
}

/* The older way: one descriptor for the group, and both devices out of it */
TEST_F(group, group_descriptor)
{
	int container = iommufd_open(), group;

	ASSERT_LE(0, container);
	edu_close(&self->edu[0]);
	edu_close(&self->edu[1]);
	ASSERT_LE(0, group = group_open(self->bdf[0]));
	EXPECT_EQ(-EBUSY, group_open(self->bdf[1]));
	ASSERT_EQ(0, group_set_container(group, container));
	for (int i = 0; i < 2; i++) {
		self->edu[i].vfio.fd = group_get_device(group, self->bdf[i]);
		ASSERT_LE(0, self->edu[i].vfio.fd);
		ASSERT_EQ(0, edu_start(&self->edu[i]));
	}
	ASSERT_EQ(0, dma_map(container, self->probe[0].mirror, PAGE, MIRROR_IOVA, RW));
	ASSERT_EQ(0, dma_map(container, self->page[0], PAGE, IOVA, RW));
	EXPECT_EQ(1, REACHES(0, 0));
	EXPECT_EQ(1, REACHES(1, 0));
	edu_close(&self->edu[0]);
	EXPECT_EQ(1, REACHES(1, 0));
	EXPECT_EQ(0, close(group));
	EXPECT_EQ(0, close(container));
	EXPECT_EQ(1, REACHES(1, 0));
}

TEST_HARNESS_MAIN
