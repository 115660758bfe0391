// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two devices in one iommufd, and in two: sharing a page table, going separate
 * ways, and not disturbing each other. Needs two edu devices.
 */
#include "lib/harness.h"

#include <errno.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/probe.h"
#include "lib/system.h"

#define IOVA       0x1000000ULL
#define MSI_WINDOW 0xfee00000ULL

FIXTURE(two)
{
	int fd;
	struct edu edu[2];
	struct probe probe[2];
	__u32 ioas[2];
	char *page[2]; /* at IOVA of ioas[0] and ioas[1] */
};

FIXTURE_SETUP(two)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, edu_open(&self->edu[i], i)) { TH_LOG("no usable edu device, number %d", i + 1); }
		ASSERT_EQ(0, edu_bind(&self->edu[i], self->fd));
		probe_init(&self->probe[i], &self->edu[i]);
		/* one mirror for both: they take turns */
		if (i)
			self->probe[1].mirror = self->probe[0].mirror;
		self->page[i] = pages_alloc(PAGE);
		ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas[i]));
		ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas[i], self->page[i], PAGE, IOVA, MAP_RW));
		ASSERT_EQ(0, probe_map(&self->probe[0], self->fd, self->ioas[i]));
	}
}

FIXTURE_TEARDOWN(two)
{
	edu_close(&self->edu[0]);
	edu_close(&self->edu[1]);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

#define ATTACH(i, pt, out) vfio_attach(&self->edu[i].vfio, pt, out)
#define DETACH(i)          vfio_detach(&self->edu[i].vfio)
/* Does device i reach the page of IOAS k? */
#define REACHES(i, k) probe_rw(&self->probe[i], IOVA, self->page[k])

TEST_F(two, ids_differ) { EXPECT_NE(self->edu[0].vfio.dev_id, self->edu[1].vfio.dev_id); }

TEST_F(two, one_ioas_one_page_table)
{
	__u32 a, b;

	ASSERT_EQ(0, ATTACH(0, self->ioas[0], &a));
	ASSERT_EQ(0, ATTACH(1, self->ioas[0], &b));
	EXPECT_EQ(a, b);
	EXPECT_EQ(2 * 4, self_status_kb("VmPin"));
	EXPECT_EQ(1, REACHES(0, 0));
	EXPECT_EQ(1, REACHES(1, 0));
	/* the page table stays for the other one */
	ASSERT_EQ(0, DETACH(0));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, a));
	EXPECT_EQ(1, REACHES(1, 0));
	ASSERT_EQ(0, DETACH(1));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, a));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

TEST_F(two, two_ioas)
{
	__u32 a, b;

	ASSERT_EQ(0, ATTACH(0, self->ioas[0], &a));
	ASSERT_EQ(0, ATTACH(1, self->ioas[1], &b));
	EXPECT_NE(a, b);
	EXPECT_EQ(1, REACHES(0, 0));
	EXPECT_EQ(0, REACHES(0, 1));
	EXPECT_EQ(1, REACHES(1, 1));
	EXPECT_EQ(0, REACHES(1, 0));
	/* swap them, one at a time */
	ASSERT_EQ(0, ATTACH(0, self->ioas[1], NULL));
	EXPECT_EQ(1, REACHES(0, 1));
	EXPECT_EQ(1, REACHES(1, 1));
	ASSERT_EQ(0, ATTACH(1, self->ioas[0], NULL));
	EXPECT_EQ(1, REACHES(0, 1));
	EXPECT_EQ(1, REACHES(1, 0));
}

TEST_F(two, unmap_is_for_both)
{
	ASSERT_EQ(0, ATTACH(0, self->ioas[0], NULL));
	ASSERT_EQ(0, ATTACH(1, self->ioas[0], NULL));
	EXPECT_EQ(1, REACHES(0, 0));
	EXPECT_EQ(1, REACHES(1, 0));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas[0], IOVA, PAGE, NULL));
	EXPECT_EQ(0, REACHES(0, 0));
	EXPECT_EQ(0, REACHES(1, 0));
}

TEST_F(two, hwpt_of_one_device_serves_the_other)
{
	__u32 hwpt;

	ASSERT_EQ(0, hwpt_alloc(self->fd, self->edu[0].vfio.dev_id, self->ioas[0], 0, &hwpt));
	ASSERT_EQ(0, ATTACH(1, hwpt, NULL));
	EXPECT_EQ(1, REACHES(1, 0));
	ASSERT_EQ(0, ATTACH(0, hwpt, NULL));
	EXPECT_EQ(1, REACHES(0, 0));
	edu_close(&self->edu[0]);
	EXPECT_EQ(1, REACHES(1, 0));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, hwpt));
}

TEST_F(two, two_page_tables_of_one_ioas)
{
	__u32 hwpt[2];

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, hwpt_alloc(self->fd, self->edu[i].vfio.dev_id, self->ioas[0], 0, &hwpt[i]));
		ASSERT_EQ(0, ATTACH(i, hwpt[i], NULL));
	}
	EXPECT_EQ(2 * 4, self_status_kb("VmPin"));
	/* the one that was filled first goes first */
	ASSERT_EQ(0, DETACH(0));
	ASSERT_EQ(0, object_destroy(self->fd, hwpt[0]));
	EXPECT_EQ(2 * 4, self_status_kb("VmPin"));
	EXPECT_EQ(1, REACHES(1, 0));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas[0], IOVA, PAGE, NULL));
	EXPECT_EQ(4, self_status_kb("VmPin"));
	EXPECT_EQ(0, REACHES(1, 0));
}

TEST_F(two, reserved_until_the_last_one_leaves)
{
	ASSERT_EQ(0, ATTACH(0, self->ioas[0], NULL));
	ASSERT_EQ(0, ATTACH(1, self->ioas[0], NULL));
	ASSERT_EQ(0, DETACH(0));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->ioas[0], self->page[0], PAGE, MSI_WINDOW, MAP_RW));
	ASSERT_EQ(0, DETACH(1));
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->ioas[0], self->page[0], PAGE, MSI_WINDOW, MAP_RW));
}

TEST_F(two, separate_iommufds)
{
	int fd = iommufd_open();
	__u32 ioas;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ATTACH(0, self->ioas[0], NULL));
	edu_close(&self->edu[1]);
	ASSERT_EQ(0, edu_open(&self->edu[1], 1));
	ASSERT_EQ(0, edu_bind(&self->edu[1], fd));
	ASSERT_EQ(0, ioas_alloc(fd, &ioas));
	ASSERT_EQ(0, probe_map(&self->probe[0], fd, ioas));
	ASSERT_EQ(0, ioas_map_fixed(fd, ioas, self->page[1], PAGE, IOVA, MAP_RW));
	ASSERT_EQ(0, ATTACH(1, ioas, NULL));
	EXPECT_EQ(1, REACHES(0, 0));
	EXPECT_EQ(1, REACHES(1, 1));
	/* each descriptor pins on its own, the same page as well */
	EXPECT_EQ(4 * 4, self_status_kb("VmPin"));
	edu_close(&self->edu[1]);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(2 * 4, self_status_kb("VmPin"));
	EXPECT_EQ(1, REACHES(0, 0));
}

TEST_HARNESS_MAIN
