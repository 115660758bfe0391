// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that the kernel emulates: it has no IOMMU, and the iommufd gives it
 * an access object in place of a device. The kernel's sample driver mtty (a
 * serial port) is taken, through its cdev and through its group. It never
 * touches memory, so that here it is about attaching; pins of an access and
 * what it is told of an unmap are in the tests of the mock.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>

#include "lib/group.h"
#include "lib/iommufd.h"
#include "lib/system.h"
#include "lib/vfio.h"

#define NO_ID 12345
#define IOVA  0x1000000ULL
#define PAGES 16

#define CREATE "/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create"
#define UUID   "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
#define MDEV   "/sys/bus/mdev/devices/" UUID

FIXTURE(mdev)
{
	int fd;
	struct vfio_dev dev;
	__u32 ioas, other;
	char *mem;
};

typedef FIXTURE_DATA(mdev) fixture;

/* Bound, not attached; PAGES pages at IOVA of ioas, 1 of other */
FIXTURE_SETUP(mdev)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, module_load("mtty")) TH_LOG("no mtty: CONFIG_SAMPLE_VFIO_MDEV_MTTY");
	ASSERT_EQ(0, attr_write(CREATE, UUID));
	ASSERT_EQ(0, vfio_open_at(&self->dev, MDEV));
	ASSERT_EQ(0, vfio_bind(&self->dev, self->fd));
	self->mem = pages_alloc(PAGES * PAGE);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->other));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGES * PAGE, IOVA, MAP_RW));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->other, self->mem, PAGE, IOVA, MAP_RW));
}

FIXTURE_TEARDOWN(mdev)
{
	if (self->dev.fd >= 0)
		vfio_close(&self->dev);
	if (self->fd >= 0)
		EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, attr_write(MDEV "/remove", "1"));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

#define ATTACH(id)  vfio_attach(&self->dev, id, NULL)
#define DETACH()    vfio_detach(&self->dev)
#define DESTROY(id) object_destroy(self->fd, id)

TEST_F(mdev, works_as_a_device)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};

	ASSERT_EQ(0, ATTACH(self->ioas));
	ASSERT_EQ(0, ioctl(self->dev.fd, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_TRUE(info.flags & VFIO_DEVICE_FLAGS_PCI);
}

TEST_F(mdev, attach_needs_an_ioas)
{
	EXPECT_EQ(-ENOENT, ATTACH(0));
	EXPECT_EQ(-ENOENT, ATTACH(NO_ID));
	EXPECT_EQ(-ENOENT, ATTACH(self->dev.dev_id));
	/* and no harm is done */
	EXPECT_EQ(0, DESTROY(self->other));
	EXPECT_EQ(-ENOENT, ATTACH(self->other));
	EXPECT_EQ(0, ATTACH(self->ioas));
}

/* An access reserves nothing and pins nothing by itself. */
TEST_F(mdev, attaching_costs_nothing)
{
	struct iommu_iova_range before[4], after[4];
	__u32 n = 4, m = 4;
	__u64 align;

	ASSERT_EQ(0, ioas_iova_ranges(self->fd, self->ioas, before, &n, &align));
	EXPECT_EQ(1, n);
	ASSERT_EQ(0, ATTACH(self->ioas));
	ASSERT_EQ(0, ioas_iova_ranges(self->fd, self->ioas, after, &m, &align));
	EXPECT_EQ(n, m);
	EXPECT_EQ(0, memcmp(before, after, sizeof(before[0])));
	EXPECT_EQ(PAGE, align); /* the driver may pin pages */
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

TEST_F(mdev, replace_moves_the_use)
{
	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(-EBUSY, DESTROY(self->ioas));
	EXPECT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(-EBUSY, DESTROY(self->ioas));
	EXPECT_EQ(0, ATTACH(self->other));
	EXPECT_EQ(-EBUSY, DESTROY(self->other));
	EXPECT_EQ(0, DESTROY(self->ioas));
	/* a replace that fails leaves the old one */
	EXPECT_EQ(-ENOENT, ATTACH(self->ioas));
	EXPECT_EQ(-EBUSY, DESTROY(self->other));
	EXPECT_EQ(0, DETACH());
	EXPECT_EQ(0, DESTROY(self->other));
}

TEST_F(mdev, detach)
{
	/* not attached: nothing to do */
	EXPECT_EQ(0, DETACH());
	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(0, DETACH());
	EXPECT_EQ(0, DETACH());
	EXPECT_EQ(0, DESTROY(self->ioas));
	EXPECT_EQ(0, ATTACH(self->other));
}

TEST_F(mdev, attach_many_times)
{
	for (int i = 0; i < 200; i++) {
		ASSERT_EQ(0, ATTACH(i % 2 ? self->ioas : self->other));
		if (i % 3 == 0)
			ASSERT_EQ(0, DETACH());
	}
}

TEST_F(mdev, unmap_and_map_while_attached)
{
	__u64 bytes;

	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, PAGES * PAGE, &bytes));
	EXPECT_EQ(PAGES * PAGE, bytes);
	EXPECT_EQ(-ENOENT, ioas_unmap(self->fd, self->ioas, IOVA, PAGE, &bytes));
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGES * PAGE, IOVA, MAP_RW));
	EXPECT_EQ(0, ioas_copy_fixed(self->fd, self->other, 2 * IOVA, self->ioas, IOVA, PAGE, MAP_RW));
	EXPECT_EQ(0, ioas_unmap_all(self->fd, self->ioas, NULL));
	EXPECT_EQ(0, ioas_unmap_all(self->fd, self->ioas, NULL));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

TEST_F(mdev, object_of_an_access)
{
	struct iommu_hw_info info;
	__u32 hwpt;

	EXPECT_EQ(1, self->dev.dev_id);
	EXPECT_EQ(-EBUSY, DESTROY(self->dev.dev_id));
	EXPECT_EQ(-ENOENT, get_hw_info(self->fd, self->dev.dev_id, NULL, 0, &info));
	EXPECT_EQ(-ENOENT, hwpt_alloc(self->fd, self->dev.dev_id, self->ioas, 0, &hwpt));
	EXPECT_EQ(-ENOENT, ioas_unmap_all(self->fd, self->dev.dev_id, NULL));
	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(-EBUSY, DESTROY(self->dev.dev_id));
	vfio_close(&self->dev);
	EXPECT_EQ(-ENOENT, DESTROY(self->dev.dev_id));
	EXPECT_EQ(0, DESTROY(self->ioas));
	EXPECT_EQ(0, DESTROY(self->other));
}

TEST_F(mdev, bind_only_once)
{
	struct vfio_dev second;
	int fd = iommufd_open();

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, vfio_bind(&self->dev, self->fd));
	ASSERT_EQ(0, vfio_open_at(&second, MDEV));
	EXPECT_EQ(-EINVAL, vfio_bind(&second, fd));
	vfio_close(&second);
	vfio_close(&self->dev);
	/* free again, for another iommufd too */
	ASSERT_EQ(0, vfio_open_at(&self->dev, MDEV));
	EXPECT_EQ(0, vfio_bind(&self->dev, fd));
	EXPECT_EQ(-ENOENT, ATTACH(self->ioas));
	vfio_close(&self->dev);
	EXPECT_EQ(0, close(fd));
}

TEST_F(mdev, device_closed_first)
{
	ASSERT_EQ(0, ATTACH(self->ioas));
	vfio_close(&self->dev);
	EXPECT_EQ(0, DESTROY(self->ioas));
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
}

TEST_F(mdev, iommufd_closed_first)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};

	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_EQ(0, ioctl(self->dev.fd, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(0, ATTACH(self->other));
	EXPECT_EQ(0, DETACH());
	EXPECT_EQ(0, ATTACH(self->ioas));
	vfio_close(&self->dev);
}

TEST_F(mdev, through_its_group)
{
	int container = container_open(), group, dev;
	__u32 ioas;

	ASSERT_LE(0, container);
	EXPECT_EQ(-EBUSY, group_open_at(MDEV));
	vfio_close(&self->dev);
	group = group_open_at(MDEV);
	ASSERT_LE(0, group);
	EXPECT_EQ(-EINVAL, group_get_device(group, UUID));
	ASSERT_EQ(0, group_set_container(group, container));
	ASSERT_EQ(0, container_set_iommu(container, VFIO_TYPE1v2_IOMMU));
	dev = group_get_device(group, UUID);
	ASSERT_LE(0, dev);
	EXPECT_EQ(0, dma_map(container, self->mem, PAGES * PAGE, IOVA, VFIO_DMA_MAP_FLAG_READ));
	ASSERT_EQ(0, vfio_ioas_get(container, &ioas));
	EXPECT_EQ(-EBUSY, object_destroy(container, ioas));
	EXPECT_EQ(0, dma_unmap(container, IOVA, PAGES * PAGE, NULL));
	ASSERT_EQ(0, vfio_open_at(&self->dev, MDEV));
	EXPECT_EQ(-EBUSY, vfio_bind(&self->dev, self->fd));
	EXPECT_EQ(0, close(dev));
	EXPECT_EQ(0, object_destroy(container, ioas));
	EXPECT_EQ(0, close(group));
	EXPECT_EQ(0, close(container));
}

TEST_HARNESS_MAIN
