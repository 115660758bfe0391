// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel with VFIO's own container (CONFIG_VFIO_CONTAINER): /dev/vfio/vfio is vfio.ko's, and a container of type 1
 * takes the group of a slice, as of any device that does its DMA itself or none. The slice must not be had that way:
 * nothing would translate its PASID, and its owner would believe that its mappings are what the slice reaches. Nor may
 * the group be had with an iommufd as the container.
 */
#include "lib/harness.h"

#include <errno.h>
#include <linux/vfio.h>

#include "lib/group.h"
#include "lib/iommufd.h"
#include "lib/slice.h"
#include "lib/system.h"

#define IOVA   0x10000000ULL
#define RW     (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define SECOND 1000000

FIXTURE(container)
{
	int container, group, log;
	char uuid[SLICE_UUID_SIZE], path[128];
	char *mem;
};

typedef FIXTURE_DATA(container) fixture;

FIXTURE_SETUP(container)
{
	char bdf[16];

	self->log = kmsg_open();
	ASSERT_LE(0, self->log);
	/* what modprobe does by itself where it knows soft dependencies; ENOENT: no such module */
	ASSERT_EQ(0, module_load("vfio_iommu_type1")) { TH_LOG("this kernel has no container of type 1"); }
	ASSERT_EQ(0, slice_parent(0, bdf)) { TH_LOG("no siov-edu, or siov_edu refused it"); }
	slice_uuid(0, self->uuid);
	ASSERT_EQ(0, slice_create(bdf, self->uuid));
	snprintf(self->path, sizeof(self->path), "/sys/bus/mdev/devices/%s", self->uuid);
	self->group = group_open_at(self->path);
	ASSERT_LE(0, self->group);
	self->container = container_open();
	ASSERT_LE(0, self->container);
	self->mem = pages_alloc(PAGE);
}

FIXTURE_TEARDOWN(container)
{
	if (self->group >= 0)
		close(self->group);
	close(self->container);
	EXPECT_EQ(0, slice_remove(self->uuid));
	EXPECT_EQ(0, self_status_kb("VmLck"));
}

static bool logged(fixture *self, const char *text)
{
	char line[256];

	return kmsg_find(self->log, text, line, sizeof(line), SECOND) == 1;
}

/* What asking the group for the device gives; nothing is kept. */
static int get_device(fixture *self)
{
	int fd = group_get_device(self->group, self->uuid);

	if (fd >= 0)
		close(fd);
	return fd;
}

/* The slice still is, and does DMA for who has its cdev. */
static int use_by_cdev(fixture *self)
{
	struct slice dev;
	int fd = iommufd_open(), rc;
	__u32 ioas;

	if (fd < 0)
		return fd;
	rc = slice_open(&dev, self->uuid);
	if (!rc)
		rc = slice_bind(&dev, fd);
	if (!rc)
		rc = ioas_alloc(fd, &ioas);
	if (!rc)
		rc = ioas_map_fixed(fd, ioas, self->mem, PAGE, IOVA, MAP_RW);
	if (!rc)
		rc = slice_attach(&dev, ioas);
	if (!rc) {
		slice_set64(&dev, SIOV_EDU_BUFFER, 0x1122334455667788ULL);
		rc = slice_write(&dev, IOVA, 8) == SIOV_EDU_OK ? 0 : -EIO;
	}
	if (!rc && *(volatile __u64 *)self->mem != 0x1122334455667788ULL)
		rc = -EXDEV;
	slice_close(&dev);
	close(fd);
	return rc;
}

TEST_F(container, type1_is_refused)
{
	__u32 flags;

	EXPECT_EQ(-EINVAL, get_device(self)); /* no container yet */
	ASSERT_EQ(0, group_set_container(self->group, self->container));
	EXPECT_EQ(-EINVAL, get_device(self)); /* and now no IOMMU */
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	/* A slice is to type 1 as a device without DMA: it maps nothing anywhere, and says that all is well. */
	ASSERT_EQ(0, dma_map(self->container, self->mem, PAGE, IOVA, RW));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-EPERM, get_device(self));
		EXPECT_TRUE(logged(self, "not with a VFIO container"));
	}
	EXPECT_EQ(0, slice_attr(self->uuid, "attached"));
	ASSERT_EQ(0, group_status(self->group, &flags));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET, flags);
	/* nothing of it is left: the container lets the group go, and the cdev works */
	EXPECT_EQ(0, dma_unmap(self->container, IOVA, PAGE, NULL));
	EXPECT_EQ(0, group_unset_container(self->group));
	EXPECT_EQ(-EBUSY, use_by_cdev(self)); /* who has a group open keeps others off its cdevs */
	close(self->group);
	self->group = -1;
	EXPECT_EQ(0, use_by_cdev(self));
}

TEST_F(container, iommufd_in_its_place_is_refused)
{
	int fd = iommufd_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, group_set_container(self->group, fd));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-EPERM, get_device(self));
		EXPECT_TRUE(logged(self, "not by a VFIO group"));
	}
	EXPECT_EQ(0, slice_attr(self->uuid, "attached"));
	EXPECT_EQ(0, group_unset_container(self->group));
	close(self->group);
	self->group = -1;
	close(fd);
	EXPECT_EQ(0, use_by_cdev(self));
}

/* The slice is its cdev's user's: the group cannot even be opened. */
TEST_F(container, nobody_beside_the_cdev)
{
	struct slice dev;
	int fd = iommufd_open();

	ASSERT_LE(0, fd);
	close(self->group);
	ASSERT_EQ(0, slice_open(&dev, self->uuid));
	ASSERT_EQ(0, slice_bind(&dev, fd));
	self->group = group_open_at(self->path);
	EXPECT_EQ(-EBUSY, self->group);
	slice_close(&dev);
	close(fd);
}

TEST_HARNESS_MAIN
