// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel whose VFIO has no groups (VFIO_GROUP=n): there is no container either,
 * nobody makes /dev/vfio/vfio, and a device is its cdev. The container's calls
 * on /dev/iommu are still there, for an IOAS of the user's choice.
 *
 * Needs an edu device.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <linux/vfio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/edu.h"
#include "lib/group.h"
#include "lib/iommufd.h"
#include "lib/probe.h"
#include "lib/system.h"

#define IOVA       0x1000000ULL
#define VFIO_MINOR 196
#define NODE       "/dev/test-vfio"
#define RW         (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

FIXTURE(cdev)
{
	int fd;
	struct edu edu;
};

FIXTURE_SETUP(cdev)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, edu_open(&self->edu, 0)) { TH_LOG("no usable edu device"); }
	ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
}

FIXTURE_TEARDOWN(cdev)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

TEST_F(cdev, no_groups_and_no_container)
{
	EXPECT_EQ(-ENOENT, container_open());
	EXPECT_EQ(-ENOENT, group_open(self->edu.vfio.bdf));
	/* nobody has its minor number under another name, either */
	ASSERT_EQ(0, mknod(NODE, S_IFCHR | 0600, makedev(MISC_MAJOR, VFIO_MINOR)));
	EXPECT_EQ(-1, open(NODE, O_RDWR));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(0, unlink(NODE));
}

TEST_F(cdev, container_calls_on_an_iommufd)
{
	char *page = pages_alloc(PAGE);
	struct probe probe;
	__u32 ioas;

	EXPECT_EQ(VFIO_API_VERSION, iommufd_call(self->fd, VFIO_GET_API_VERSION, NULL));
	EXPECT_EQ(1, container_has(self->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, container_has(self->fd, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(-ENODEV, dma_map(self->fd, page, PAGE, IOVA, RW));
	ASSERT_EQ(0, ioas_alloc(self->fd, &ioas));
	ASSERT_EQ(0, vfio_ioas_set(self->fd, ioas));
	EXPECT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-EINVAL, container_set_iommu(self->fd, VFIO_NOIOMMU_IOMMU));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, ioas, NULL));
	probe_init(&probe, &self->edu);
	ASSERT_EQ(0, dma_map(self->fd, probe.mirror, PAGE, MIRROR_IOVA, RW));
	ASSERT_EQ(0, dma_map(self->fd, page, PAGE, IOVA, RW));
	EXPECT_EQ(1, probe_rw(&probe, IOVA, page));
	EXPECT_EQ(0, dma_unmap_all(self->fd, NULL));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

TEST_HARNESS_MAIN
