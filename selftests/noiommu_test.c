// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO's no-IOMMU mode, for a machine that has none: a privileged program gets
 * a device out of a group of its own (/dev/vfio/noiommu-N) and must find out by
 * itself where its memory is. An iommufd as the container knows the mode, and
 * has nothing to do with the device.
 *
 * Needs an edu device, no IOMMU, and memory that edu can address (256 MiB).
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/vfio.h>
#include <sys/syscall.h>

#include "lib/edu.h"
#include "lib/group.h"
#include "lib/iommufd.h"
#include "lib/system.h"

#define UNSAFE "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
#define IOVA   0x1000000ULL
#define RW     (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

FIXTURE(noiommu)
{
	int container, group;
	char bdf[16], path[32];
	char *mem; /* 2 pages */
};

FIXTURE_VARIANT(noiommu) { const char *path; };

FIXTURE_VARIANT_ADD(noiommu, vfio){.path = "/dev/vfio/vfio"};
FIXTURE_VARIANT_ADD(noiommu, iommu){.path = "/dev/iommu"};

FIXTURE_SETUP(noiommu)
{
	ASSERT_EQ(0, vfio_find(EDU_VENDOR, EDU_DEVICE, 0, self->bdf)) { TH_LOG("no edu device"); }
	ASSERT_EQ(0, module_load("vfio-pci"));
	ASSERT_EQ(0, attr_write(UNSAFE, "Y"));
	ASSERT_EQ(0, vfio_take(self->bdf)) { TH_LOG("is there an IOMMU?"); }
	snprintf(self->path, sizeof(self->path), "/dev/vfio/noiommu-%d", iommu_group_of(self->bdf));
	self->container = open(variant->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->container);
	self->group = open(self->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->group);
	self->mem = pages_alloc(2 * PAGE);
	ASSERT_EQ(0, mlock(self->mem, 2 * PAGE));
}

FIXTURE_TEARDOWN(noiommu)
{
	EXPECT_EQ(0, close(self->group));
	EXPECT_EQ(0, close(self->container));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

/* From here on without the capability for raw I/O */
static int drop_rawio(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -errno;
	data[0].effective &= ~(1u << CAP_SYS_RAWIO);
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

/* The device goes by physical addresses; no call has told it which. */
TEST_F(noiommu, dma_by_physical_address)
{
	char *from = self->mem, *to = self->mem + PAGE;
	__u64 from_pa, to_pa;
	struct edu edu;

	pattern_fill(from, PAGE, 1);
	pattern_fill(to, PAGE, 2);
	from_pa = physical_address(from);
	to_pa = physical_address(to);
	ASSERT_NE(0, from_pa);
	ASSERT_NE(0, to_pa);
	ASSERT_EQ(0, group_set_container(self->group, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_NOIOMMU_IOMMU));
	edu = (struct edu){.vfio.fd = group_get_device(self->group, self->bdf)};
	ASSERT_LE(0, edu.vfio.fd);
	ASSERT_EQ(0, edu_start(&edu));
	ASSERT_EQ(0, edu_read_memory(&edu, from_pa, PAGE));
	ASSERT_EQ(0, edu_write_memory(&edu, to_pa, PAGE));
	EXPECT_EQ(0, pattern_diff(to, PAGE, 1));
	EXPECT_EQ(0, pattern_diff(from, PAGE, 1));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	edu_close(&edu);
}

TEST_F(noiommu, types)
{
	int fd = self->container;

	EXPECT_EQ(1, container_has(fd, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(1, container_has(fd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(-EINVAL, container_set_iommu(fd, VFIO_NOIOMMU_IOMMU));
	ASSERT_EQ(0, group_set_container(self->group, fd));
	EXPECT_EQ(1, container_has(fd, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(0, container_has(fd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(0, container_has(fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, container_has(fd, VFIO_UNMAP_ALL));
	EXPECT_EQ(-ENODEV, container_has(fd, VFIO_DMA_CC_IOMMU));
	EXPECT_EQ(-EINVAL, container_set_iommu(fd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(-EINVAL, container_set_iommu(fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, container_set_iommu(fd, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(0, container_set_iommu(fd, VFIO_NOIOMMU_IOMMU));
}

TEST_F(noiommu, nothing_to_map)
{
	char info[256] = {0};
	__u32 ioas;

	*(__u32 *)info = sizeof(info);
	ASSERT_EQ(0, group_set_container(self->group, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(-ENODEV, dma_map(self->container, self->mem, PAGE, IOVA, RW));
	EXPECT_EQ(-ENODEV, dma_unmap(self->container, IOVA, PAGE, NULL));
	EXPECT_EQ(-ENODEV, iommufd_call(self->container, VFIO_IOMMU_GET_INFO, info));
	EXPECT_EQ(-ENODEV, vfio_ioas_get(self->container, &ioas));
}

/* A container is for translated devices or for untranslated ones. */
TEST_F(noiommu, not_with_an_ioas)
{
	__u32 ioas;

	ASSERT_EQ(0, ioas_alloc(self->container, &ioas));
	ASSERT_EQ(0, vfio_ioas_set(self->container, ioas));
	EXPECT_EQ(-EINVAL, group_set_container(self->group, self->container));
	ASSERT_EQ(0, vfio_ioas_clear(self->container));
	ASSERT_EQ(0, group_set_container(self->group, self->container));
	/* an IOAS of the user's choice is still possible, but no device then */
	ASSERT_EQ(0, vfio_ioas_set(self->container, ioas));
	EXPECT_EQ(-EPERM, group_get_device(self->group, self->bdf));
	ASSERT_EQ(0, vfio_ioas_clear(self->container));
	ASSERT_LE(0, close(group_get_device(self->group, self->bdf)));
}

TEST_F(noiommu, for_the_privileged)
{
	ASSERT_EQ(0, group_set_container(self->group, self->container));
	ASSERT_EQ(0, drop_rawio());
	EXPECT_EQ(-EPERM, container_set_iommu(self->container, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(-EPERM, group_get_device(self->group, self->bdf));
	EXPECT_EQ(-1, open(self->path, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(EPERM, errno);
}

/* There is no device node of the device, and no page table. */
TEST_F(noiommu, not_through_the_cdev)
{
	struct vfio_dev dev;

	EXPECT_EQ(-ENOENT, vfio_open(&dev, self->bdf));
}

TEST_F(noiommu, device_closed_last)
{
	struct edu edu;
	__u64 pa;

	pattern_fill(self->mem, PAGE, 1);
	pa = physical_address(self->mem);
	ASSERT_EQ(0, group_set_container(self->group, self->container));
	edu = (struct edu){.vfio.fd = group_get_device(self->group, self->bdf)};
	ASSERT_LE(0, edu.vfio.fd);
	ASSERT_EQ(0, edu_start(&edu));
	EXPECT_EQ(0, group_unset_container(self->group));
	ASSERT_EQ(0, edu_read_memory(&edu, pa, PAGE));
	pattern_fill(self->mem, PAGE, 2);
	ASSERT_EQ(0, edu_write_memory(&edu, pa, PAGE));
	EXPECT_EQ(0, pattern_diff(self->mem, PAGE, 1));
	edu_close(&edu);
}

TEST_HARNESS_MAIN
