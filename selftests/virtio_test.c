// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is different behind a virtio-iommu. It does not remap interrupts, so that
 * a device is only given away with allow_unsafe_interrupts. And its driver (of
 * Linux 6.12) makes a page table when a device is attached to it, not before:
 * until then the table can hold nothing, so that nothing can be moved to it.
 * It has no information for the user, no nesting and no dirty tracking.
 *
 * Needs a virtio-iommu and an edu device.
 */
#include "lib/harness.h"

#include <errno.h>
#include <linux/vfio.h>

#include "lib/edu.h"
#include "lib/group.h"
#include "lib/iommufd.h"
#include "lib/probe.h"
#include "lib/system.h"

#define IOVA  0x1000000ULL
#define ALLOW "/sys/module/iommufd/parameters/allow_unsafe_interrupts"

FIXTURE(virtio)
{
	int fd;
	struct edu edu;
	struct probe probe;
	__u32 dev, ioas, empty;
	char *mem; /* at IOVA of ioas */
};

FIXTURE_SETUP(virtio)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, attr_write(ALLOW, "Y"));
	ASSERT_EQ(0, edu_open(&self->edu, 0)) { TH_LOG("no usable edu device"); }
	ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
	self->dev = self->edu.vfio.dev_id;
	self->mem = pages_alloc(PAGE);
	probe_init(&self->probe, &self->edu);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->empty));
	ASSERT_EQ(0, probe_map(&self->probe, self->fd, self->ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, IOVA, MAP_RW));
}

FIXTURE_TEARDOWN(virtio)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

#define ATTACH(pt) vfio_attach(&self->edu.vfio, pt, NULL)
#define REACHES()  probe_rw(&self->probe, IOVA, self->mem)

TEST_F(virtio, interrupts_are_not_isolated)
{
	int kmsg = kmsg_open();
	char line[256];

	ASSERT_LE(0, kmsg);
	edu_close(&self->edu);
	ASSERT_EQ(0, edu_open(&self->edu, 0));
	ASSERT_EQ(0, attr_write(ALLOW, "N"));
	EXPECT_EQ(-EPERM, vfio_bind(&self->edu.vfio, self->fd));
	ASSERT_EQ(0, attr_write(ALLOW, "Y"));
	EXPECT_EQ(0, edu_bind(&self->edu, self->fd));
	/* and that is said */
	EXPECT_EQ(1, kmsg_find(kmsg, "allow_unsafe_interrupts", line, sizeof(line), 0));
	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(1, REACHES());
}

TEST_F(virtio, nothing_to_tell)
{
	unsigned char buf[16];
	struct iommu_hw_info out;

	memset(buf, 0xff, sizeof(buf));
	ASSERT_EQ(0, get_hw_info(self->fd, self->dev, buf, sizeof(buf), &out));
	EXPECT_EQ(IOMMU_HW_INFO_TYPE_NONE, out.out_data_type);
	EXPECT_EQ(0, out.data_len);
	EXPECT_EQ(IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED, out.out_capabilities);
	EXPECT_EQ(0, out.out_max_pasid_log2);
	EXPECT_EQ(0, bytes_not(buf, sizeof(buf), 0)); /* padding */
}

TEST_F(virtio, no_tables_with_extras)
{
	__u32 hwpt;

	EXPECT_EQ(-EOPNOTSUPP, hwpt_alloc(self->fd, self->dev, self->empty, IOMMU_HWPT_ALLOC_NEST_PARENT, &hwpt));
	EXPECT_EQ(-EOPNOTSUPP, hwpt_alloc(self->fd, self->dev, self->empty, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt));
}

TEST_F(virtio, no_dirty_tracking)
{
	unsigned char bits[8] = {0};
	__u32 hwpt;

	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, &hwpt));
	EXPECT_EQ(-EOPNOTSUPP, dirty_tracking_set(self->fd, hwpt, true));
	EXPECT_EQ(-EOPNOTSUPP, dirty_bitmap_get(self->fd, hwpt, 0, IOVA, PAGE, PAGE, bits));
	EXPECT_EQ(-EINVAL, dirty_bitmap_get(self->fd, hwpt, 0, IOVA, 0, PAGE, bits));
	EXPECT_EQ(0, bytes_not(bits, sizeof(bits), 0));
}

/* A table without an attachment takes no mappings. */
TEST_F(virtio, no_table_before_an_attachment)
{
	__u32 hwpt;

	EXPECT_EQ(-EADDRINUSE, hwpt_alloc(self->fd, self->dev, self->ioas, 0, &hwpt));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev, self->empty, 0, &hwpt));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->empty, self->mem, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, object_destroy(self->fd, hwpt));
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->empty, self->mem, PAGE, IOVA, MAP_RW));
	/* what failed does not stand in the way of an attachment */
	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(1, REACHES());
}

TEST_F(virtio, no_replace_by_an_ioas_with_mappings)
{
	__u32 first;

	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->empty, self->mem, PAGE, IOVA, MAP_RW));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, &first));
	EXPECT_EQ(-EADDRINUSE, ATTACH(self->empty));
	EXPECT_EQ(2 * 4, self_status_kb("VmPin"));
	EXPECT_EQ(1, REACHES());
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, first));
	/* by way of nothing it goes */
	ASSERT_EQ(0, vfio_detach(&self->edu.vfio));
	ASSERT_EQ(0, probe_map(&self->probe, self->fd, self->empty));
	ASSERT_EQ(0, ATTACH(self->empty));
	EXPECT_EQ(1, REACHES());
}

/* The second device finds the table of the first one, made by then. */
TEST_F(virtio, replace_between_devices_tables)
{
	__u32 hwpt;
	struct edu other;

	ASSERT_EQ(0, edu_open(&other, 1)) { TH_LOG("no second edu device"); }
	ASSERT_EQ(0, edu_bind(&other, self->fd));
	ASSERT_EQ(0, vfio_attach(&other.vfio, self->empty, NULL));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, &hwpt));
	ASSERT_EQ(0, vfio_attach(&other.vfio, self->ioas, NULL));
	EXPECT_EQ(1, REACHES());
	EXPECT_EQ(0, object_destroy(self->fd, self->empty));
	edu_close(&self->edu);
	self->probe.edu = &other;
	EXPECT_EQ(1, REACHES());
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, hwpt));
	edu_close(&other);
}

TEST_F(virtio, no_coherency_by_force)
{
	int container = iommufd_open(), group, device;

	ASSERT_LE(0, container);
	edu_close(&self->edu);
	ASSERT_LE(0, group = group_open(self->edu.vfio.bdf));
	ASSERT_EQ(0, group_set_container(group, container));
	ASSERT_LE(0, device = group_get_device(group, self->edu.vfio.bdf));
	EXPECT_EQ(0, container_has(container, VFIO_DMA_CC_IOMMU));
	EXPECT_EQ(0, close(device));
	EXPECT_EQ(0, close(group));
	EXPECT_EQ(0, close(container));
}

TEST_HARNESS_MAIN
