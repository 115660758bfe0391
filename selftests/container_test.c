// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO's containers and groups on top of iommufd: who may open what, in which
 * order, and what a container says about itself. The container is /dev/vfio/vfio
 * or, for programs that know a little more, /dev/iommu. Mappings: type1_test.
 * Needs two edu devices in groups of their own.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>

#include "lib/edu.h"
#include "lib/group.h"
#include "lib/iommufd.h"
#include "lib/probe.h"
#include "lib/system.h"

#define NO_ID    12345
#define IOVA     0x1000000ULL
#define RW       (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define UNKNOWN  4711
#define ECAP_SC  (1ULL << 7) /* VT-d: snoop control */
#define DIR_REGS "/sys/class/iommu/dmar0/intel-iommu/"

FIXTURE(container)
{
	int fd, group;
	char bdf[16];
	char *mem;
};

FIXTURE_VARIANT(container) { const char *path; };

FIXTURE_VARIANT_ADD(container, vfio){.path = "/dev/vfio/vfio"};
FIXTURE_VARIANT_ADD(container, iommu){.path = "/dev/iommu"};

FIXTURE_SETUP(container)
{
	ASSERT_EQ(0, vfio_find(EDU_VENDOR, EDU_DEVICE, 0, self->bdf)) TH_LOG("no edu device");
	ASSERT_EQ(0, vfio_take(self->bdf));
	self->fd = open(variant->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	self->group = group_open(self->bdf);
	ASSERT_LE(0, self->group);
	self->mem = pages_alloc(PAGE);
}

FIXTURE_TEARDOWN(container)
{
	if (self->group >= 0)
		EXPECT_EQ(0, close(self->group));
	if (self->fd >= 0)
		EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, self_status_kb("VmLck"));
}

typedef FIXTURE_DATA(container) fixture;

/* The device of the group, ready for DMA */
static int get_device(int group, const char *bdf, struct edu *edu)
{
	*edu = (struct edu){.vfio.fd = group_get_device(group, bdf)};
	return edu->vfio.fd < 0 ? edu->vfio.fd : edu_start(edu);
}

/* The page of memory and the probe's mirror; does the device reach them? */
static int maps_reach(int container, struct edu *edu, char *page)
{
	struct probe probe;
	int rc, answer;

	probe_init(&probe, edu);
	rc = dma_map(container, probe.mirror, PAGE, MIRROR_IOVA, RW);
	if (!rc)
		rc = dma_map(container, page, PAGE, IOVA, RW);
	if (rc)
		return rc;
	answer = probe_rw(&probe, IOVA, page);
	rc = dma_unmap_all(container, NULL);
	return rc ? rc : answer;
}

TEST_F(container, says_what_it_can)
{
	EXPECT_EQ(VFIO_API_VERSION, iommufd_call(self->fd, VFIO_GET_API_VERSION, NULL));
	for (int with_group = 0; with_group < 2; with_group++) {
		EXPECT_EQ(1, container_has(self->fd, VFIO_TYPE1_IOMMU));
		EXPECT_EQ(1, container_has(self->fd, VFIO_TYPE1v2_IOMMU));
		EXPECT_EQ(1, container_has(self->fd, VFIO_UNMAP_ALL));
		EXPECT_EQ(1, container_has(self->fd, VFIO_NOIOMMU_IOMMU)); /* CONFIG_VFIO_NOIOMMU */
		EXPECT_EQ(0, container_has(self->fd, VFIO_TYPE1_NESTING_IOMMU));
		EXPECT_EQ(0, container_has(self->fd, VFIO_UPDATE_VADDR));
		EXPECT_EQ(0, container_has(self->fd, VFIO_SPAPR_TCE_IOMMU));
		EXPECT_EQ(0, container_has(self->fd, 0));
		EXPECT_EQ(0, container_has(self->fd, UNKNOWN));
		EXPECT_EQ(0, container_has(self->fd, ~0UL));
		ASSERT_EQ(with_group ? -EINVAL : 0, group_set_container(self->group, self->fd));
	}
}

/* 1 where the IOMMU makes every access of every device coherent */
TEST_F(container, coherency)
{
	unsigned long long ecap = 0;
	FILE *f = fopen(DIR_REGS "ecap", "r");
	struct edu edu;

	ASSERT_NE(NULL, f);
	ASSERT_EQ(1, fscanf(f, "%llx", &ecap));
	fclose(f);
	EXPECT_EQ(-ENODEV, container_has(self->fd, VFIO_DMA_CC_IOMMU));
	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	EXPECT_EQ(1, container_has(self->fd, VFIO_DMA_CC_IOMMU));
	ASSERT_EQ(0, get_device(self->group, self->bdf, &edu));
	EXPECT_EQ(!!(ecap & ECAP_SC), container_has(self->fd, VFIO_DMA_CC_IOMMU));
	edu_close(&edu);
}

TEST_F(container, without_a_group)
{
	char info[256] = {0};

	*(__u32 *)info = sizeof(info);
	EXPECT_EQ(-ENODEV, container_set_iommu(self->fd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(-ENODEV, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-ENODEV, dma_map(self->fd, self->mem, PAGE, IOVA, RW));
	EXPECT_EQ(-ENODEV, dma_unmap(self->fd, IOVA, PAGE, NULL));
	EXPECT_EQ(-ENODEV, dma_unmap_all(self->fd, NULL));
	EXPECT_EQ(-ENODEV, iommufd_call(self->fd, VFIO_IOMMU_GET_INFO, info));
}

TEST_F(container, types)
{
	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	EXPECT_EQ(-EINVAL, container_set_iommu(self->fd, 0));
	EXPECT_EQ(-EINVAL, container_set_iommu(self->fd, VFIO_SPAPR_TCE_IOMMU));
	EXPECT_EQ(-EINVAL, container_set_iommu(self->fd, VFIO_TYPE1_NESTING_IOMMU));
	EXPECT_EQ(-EINVAL, container_set_iommu(self->fd, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(-EINVAL, container_set_iommu(self->fd, VFIO_DMA_CC_IOMMU));
	EXPECT_EQ(-EINVAL, container_set_iommu(self->fd, UNKNOWN));
	EXPECT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1_IOMMU));
}

/* Splitting mappings needs page tables without large entries: too late here */
TEST_F(container, type1_only_before_mappings_of_a_device)
{
	struct edu edu;

	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, get_device(self->group, self->bdf, &edu));
	ASSERT_EQ(0, dma_map(self->fd, self->mem, PAGE, IOVA, RW));
	EXPECT_EQ(-EINVAL, container_set_iommu(self->fd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, dma_unmap_all(self->fd, NULL));
	EXPECT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1_IOMMU));
	edu_close(&edu);
}

TEST_F(container, calls_that_there_are_not)
{
	char arg[64] = {0};

	*(__u32 *)arg = sizeof(arg);
	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	EXPECT_EQ(-ENOTTY, iommufd_call(self->fd, VFIO_IOMMU_DIRTY_PAGES, arg));
	EXPECT_EQ(-ENOTTY, iommufd_call(self->fd, VFIO_IOMMU_ENABLE, arg));
	EXPECT_EQ(-ENOTTY, iommufd_call(self->fd, VFIO_GROUP_GET_STATUS, arg));
	EXPECT_EQ(-ENOTTY, iommufd_call(self->fd, VFIO_DEVICE_GET_INFO, arg));
}

TEST_F(container, groups_come_and_go)
{
	int null = open("/dev/null", O_RDWR);
	__u32 flags;

	ASSERT_LE(0, null);
	EXPECT_EQ(0, group_status(self->group, &flags));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE, flags);
	EXPECT_EQ(-EBADF, group_set_container(self->group, -1));
	EXPECT_EQ(-EBADF, group_set_container(self->group, 999));
	EXPECT_EQ(-EBADFD, group_set_container(self->group, null));
	EXPECT_EQ(-EBADFD, group_set_container(self->group, self->group));
	EXPECT_EQ(-EFAULT, iommufd_call(self->group, VFIO_GROUP_SET_CONTAINER, NULL));
	EXPECT_EQ(-EINVAL, group_unset_container(self->group));
	EXPECT_EQ(-EINVAL, group_get_device(self->group, self->bdf));

	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	EXPECT_EQ(-EINVAL, group_set_container(self->group, self->fd));
	EXPECT_EQ(0, group_status(self->group, &flags));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET, flags);
	EXPECT_EQ(-ENODEV, group_get_device(self->group, "0000:00:00.0"));
	EXPECT_EQ(-ENODEV, group_get_device(self->group, ""));
	EXPECT_EQ(-EFAULT, group_get_device(self->group, NULL));

	EXPECT_EQ(0, group_unset_container(self->group));
	EXPECT_EQ(-EINVAL, group_unset_container(self->group));
	EXPECT_EQ(-EINVAL, group_get_device(self->group, self->bdf));
	EXPECT_EQ(0, group_set_container(self->group, self->fd));
}

TEST_F(container, one_opener_of_a_group)
{
	EXPECT_EQ(-EBUSY, group_open(self->bdf));
	EXPECT_EQ(0, close(self->group));
	self->group = group_open(self->bdf);
	EXPECT_LE(0, self->group);
}

/* The group and the cdev exclude each other, whoever is first. */
TEST_F(container, group_or_cdev)
{
	int iommufd = iommufd_open();
	struct vfio_dev dev;
	struct edu edu;

	ASSERT_LE(0, iommufd);
	ASSERT_EQ(0, vfio_open(&dev, self->bdf));
	EXPECT_EQ(-EBUSY, vfio_bind(&dev, iommufd));
	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, get_device(self->group, self->bdf, &edu));
	EXPECT_EQ(-EBUSY, vfio_bind(&dev, iommufd));
	EXPECT_EQ(-EBUSY, vfio_bind(&dev, self->fd));
	/* now it is the device that is open already */
	EXPECT_EQ(0, close(self->group));
	EXPECT_EQ(-EINVAL, vfio_bind(&dev, iommufd));
	edu_close(&edu);
	EXPECT_EQ(0, vfio_bind(&dev, iommufd));
	EXPECT_EQ(-EBUSY, group_open(self->bdf));
	vfio_close(&dev);
	self->group = group_open(self->bdf);
	EXPECT_LE(0, self->group);
	EXPECT_EQ(0, close(iommufd));
}

/* A device from a group is no cdev: it cannot be bound or attached. */
TEST_F(container, device_of_a_group_stays_there)
{
	struct edu edu;
	__u32 ioas;

	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, get_device(self->group, self->bdf, &edu));
	ASSERT_EQ(0, ioas_alloc(self->fd, &ioas));
	EXPECT_EQ(-EINVAL, vfio_bind(&edu.vfio, self->fd));
	EXPECT_EQ(-ENOTTY, vfio_attach(&edu.vfio, ioas, NULL));
	EXPECT_EQ(-ENOTTY, vfio_detach(&edu.vfio));
	EXPECT_EQ(1, maps_reach(self->fd, &edu, self->mem));
	edu_close(&edu);
}

TEST_F(container, opened_twice)
{
	struct vfio_dev second = {.fd = -1};
	struct edu edu;

	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, get_device(self->group, self->bdf, &edu));
	second.fd = group_get_device(self->group, self->bdf);
	ASSERT_LE(0, second.fd);
	EXPECT_EQ(1, maps_reach(self->fd, &edu, self->mem));
	vfio_close(&second);
	EXPECT_EQ(1, maps_reach(self->fd, &edu, self->mem));
	edu_close(&edu);
}

/* What the device needs stays, whatever is closed before it. */
TEST_F(container, device_closed_last)
{
	struct probe probe;
	struct edu edu;

	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, get_device(self->group, self->bdf, &edu));
	probe_init(&probe, &edu);
	ASSERT_EQ(0, dma_map(self->fd, probe.mirror, PAGE, MIRROR_IOVA, RW));
	ASSERT_EQ(0, dma_map(self->fd, self->mem, PAGE, IOVA, RW));
	EXPECT_EQ(0, group_unset_container(self->group));
	EXPECT_EQ(1, probe_rw(&probe, IOVA, self->mem));
	EXPECT_EQ(0, close(self->group));
	self->group = -1;
	EXPECT_EQ(1, probe_rw(&probe, IOVA, self->mem));
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_EQ(1, probe_rw(&probe, IOVA, self->mem));
	edu_close(&edu);
}

TEST_F(container, two_groups)
{
	struct edu edu, other;
	char bdf[16];
	int group;

	ASSERT_EQ(0, vfio_find(EDU_VENDOR, EDU_DEVICE, 1, bdf)) TH_LOG("no second edu device");
	ASSERT_EQ(0, vfio_take(bdf));
	group = group_open(bdf);
	ASSERT_LE(0, group);
	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, group_set_container(group, self->fd));
	EXPECT_EQ(-ENODEV, group_get_device(group, self->bdf));
	ASSERT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, get_device(self->group, self->bdf, &edu));
	ASSERT_EQ(0, get_device(group, bdf, &other));
	EXPECT_EQ(1, maps_reach(self->fd, &edu, self->mem));
	EXPECT_EQ(1, maps_reach(self->fd, &other, self->mem));
	edu_close(&edu);
	EXPECT_EQ(1, maps_reach(self->fd, &other, self->mem));
	edu_close(&other);
	EXPECT_EQ(0, close(group));
}

/* The calls of both worlds work on the same IOAS. */
TEST_F(container, ioas_of_the_container)
{
	__u32 ioas, same;
	__u64 bytes;

	EXPECT_EQ(-ENODEV, vfio_ioas_get(self->fd, &ioas));
	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, vfio_ioas_get(self->fd, &ioas));
	ASSERT_EQ(0, dma_map(self->fd, self->mem, PAGE, IOVA, RW));
	EXPECT_EQ(0, ioas_unmap(self->fd, ioas, IOVA, PAGE, &bytes));
	EXPECT_EQ(PAGE, bytes);
	ASSERT_EQ(0, ioas_map_fixed(self->fd, ioas, self->mem, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(-EEXIST, dma_map(self->fd, self->mem, PAGE, IOVA, RW));
	EXPECT_EQ(0, dma_unmap(self->fd, IOVA, PAGE, &bytes));
	EXPECT_EQ(PAGE, bytes);
	/* a second group finds it, or makes a new one */
	EXPECT_EQ(0, group_unset_container(self->group));
	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, vfio_ioas_get(self->fd, &same));
	EXPECT_EQ(ioas, same);
	EXPECT_EQ(0, group_unset_container(self->group));
	EXPECT_EQ(0, object_destroy(self->fd, ioas));
	EXPECT_EQ(-ENODEV, vfio_ioas_get(self->fd, &same));
	EXPECT_EQ(-ENODEV, dma_map(self->fd, self->mem, PAGE, IOVA, RW));
	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, vfio_ioas_get(self->fd, &same));
	EXPECT_EQ(0, dma_map(self->fd, self->mem, PAGE, IOVA, RW));
}

TEST_F(container, ioas_of_the_users_choice)
{
	__u32 first, second, id;
	struct probe probe;
	struct edu edu;

	ASSERT_EQ(0, ioas_alloc(self->fd, &first));
	ASSERT_EQ(0, ioas_alloc(self->fd, &second));
	EXPECT_EQ(-ENOENT, vfio_ioas_set(self->fd, NO_ID));
	ASSERT_EQ(0, vfio_ioas_set(self->fd, first));
	EXPECT_EQ(0, container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, group_set_container(self->group, self->fd));
	ASSERT_EQ(0, vfio_ioas_get(self->fd, &id));
	EXPECT_EQ(first, id);
	ASSERT_EQ(0, get_device(self->group, self->bdf, &edu));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, first));
	probe_init(&probe, &edu);
	ASSERT_EQ(0, dma_map(self->fd, probe.mirror, PAGE, MIRROR_IOVA, RW));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, first, self->mem, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(1, probe_rw(&probe, IOVA, self->mem));

	/* another one for the calls; the device stays where it is */
	ASSERT_EQ(0, vfio_ioas_set(self->fd, second));
	EXPECT_EQ(0, dma_map(self->fd, self->mem, PAGE, 2 * IOVA, RW));
	EXPECT_EQ(0, probe_rw(&probe, 2 * IOVA, self->mem));
	EXPECT_EQ(1, probe_rw(&probe, IOVA, self->mem));
	EXPECT_EQ(0, object_destroy(self->fd, second));
	EXPECT_EQ(-ENODEV, dma_unmap(self->fd, 2 * IOVA, PAGE, NULL));
	ASSERT_EQ(0, vfio_ioas_set(self->fd, first));
	ASSERT_EQ(0, vfio_ioas_clear(self->fd));
	EXPECT_EQ(-ENODEV, dma_unmap_all(self->fd, NULL));
	EXPECT_EQ(1, probe_rw(&probe, IOVA, self->mem));
	edu_close(&edu);
	EXPECT_EQ(0, object_destroy(self->fd, first));
}

TEST_HARNESS_MAIN
