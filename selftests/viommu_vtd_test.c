// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vIOMMU of the core type before a real IOMMU driver that knows nothing of vIOMMUs: the kernel's own for VT-d. The
 * "guest" is this program: its memory is mapped at GUEST, and in it is a first-stage page table of its own, through
 * which edu does DMA. Needs an Intel IOMMU with nested translation and an edu device.
 */
#include "lib/harness.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/system.h"
#include "lib/viommu.h"

#define GUEST 0x1000000ULL /* guest-physical address of the memory */
#define IOVA  0x2345000ULL /* what the guest's device is given; GUEST's own IOVA leads nowhere */
#define TYPE  IOMMU_HWPT_INVALIDATE_DATA_VTD_S1

/* The memory, a page each */
enum { TABLES, DATA = 4, OTHER, PAGES };

/* x86's page-table entries */
#define ENTRY 0x67ULL /* present, writable, user, accessed, dirty */

FIXTURE(nested)
{
	int fd;
	struct edu edu;
	__u32 dev, ioas, parent, viommu, vdevice, hwpt;
	char *mem;
};

typedef FIXTURE_DATA(nested) fixture;

static __u64 guest_address(unsigned int page) { return GUEST + page * PAGE; }

static __u64 *entry(const fixture *self, unsigned int level)
{
	return (__u64 *)(self->mem + level * PAGE) + (IOVA >> (39 - 9 * level) & 511);
}

static void point_at(const fixture *self, unsigned int page) { *entry(self, 3) = guest_address(page) | ENTRY; }

static int alloc_nested(const fixture *self, __u32 pt, __u32 *hwpt)
{
	const struct iommu_hwpt_vtd_s1 s1 = {.pgtbl_addr = guest_address(TABLES), .addr_width = 48};

	return hwpt_alloc_typed(self->fd, self->dev, pt, 0, IOMMU_HWPT_DATA_VTD_S1, &s1, sizeof(s1), hwpt);
}

FIXTURE_SETUP(nested)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, edu_open(&self->edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
	self->dev = self->edu.vfio.dev_id;
	self->mem = pages_alloc(PAGES * PAGE);
	memset(self->mem, 0, PAGES * PAGE);
	for (unsigned int level = 0; level < 3; level++)
		*entry(self, level) = guest_address(level + 1) | ENTRY;
	point_at(self, DATA);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGES * PAGE, GUEST, MAP_RW));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &self->parent));
	ASSERT_EQ(0, viommu_alloc(self->fd, self->dev, self->parent, IOMMU_VIOMMU_TYPE_CORE, NULL, 0, &self->viommu));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev, 0x108, &self->vdevice));
	ASSERT_EQ(0, alloc_nested(self, self->viommu, &self->hwpt));
}

FIXTURE_TEARDOWN(nested)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

TEST_F(nested, dma_goes_through_both_stages)
{
	/* All of it, npages UINT64_MAX, is more than 6.12's driver has bits for: the IOMMU refuses its command. */
	struct iommu_hwpt_vtd_s1_invalidate one = {.addr = IOVA, .npages = 1};
	__u32 hwpt, count = 1;

	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->hwpt, &hwpt));
	EXPECT_EQ(self->hwpt, hwpt);
	point_at(self, OTHER);
	strcpy(self->mem + OTHER * PAGE, "first stage");
	ASSERT_EQ(0, edu_read_memory(&self->edu, IOVA, 16));
	/* The guest changes its table, and says so: to the HWPT, as this vIOMMU takes no invalidations. */
	point_at(self, DATA);
	EXPECT_EQ(-EOPNOTSUPP, invalidate(self->fd, self->viommu, TYPE, &one, sizeof(one), &count));
	EXPECT_EQ(0, count);
	count = 1;
	ASSERT_EQ(0, invalidate(self->fd, self->hwpt, TYPE, &one, sizeof(one), &count));
	EXPECT_EQ(1, count);
	ASSERT_EQ(0, edu_write_memory(&self->edu, IOVA, 16));
	EXPECT_EQ(0, strcmp(self->mem + DATA * PAGE, "first stage"));
	/* An entry that is not there is a wall. */
	*entry(self, 3) = 0;
	memset(self->mem + DATA * PAGE, 0, PAGE);
	ASSERT_EQ(0, invalidate(self->fd, self->hwpt, TYPE, &one, sizeof(one), &count));
	ASSERT_EQ(0, edu_write_memory(&self->edu, IOVA, 16));
	EXPECT_EQ(0, self->mem[DATA * PAGE]);
}

TEST_F(nested, life)
{
	__u32 id;

	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->hwpt, &id));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->hwpt));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->viommu));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->parent));
	EXPECT_EQ(-EEXIST, vdevice_alloc(self->fd, self->viommu, self->dev, 0x109, &id));
	/* The device goes, with its vDEVICE. */
	edu_close(&self->edu);
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, self->vdevice));
	EXPECT_EQ(0, object_destroy(self->fd, self->hwpt));
	EXPECT_EQ(0, object_destroy(self->fd, self->viommu));
	EXPECT_EQ(0, object_destroy(self->fd, self->parent));
}

TEST_F(nested, what_the_driver_refuses)
{
	const struct iommu_hwpt_vtd_s1 s1 = {.pgtbl_addr = guest_address(TABLES), .addr_width = 48};
	const int fd = self->fd;
	__u32 id;

	EXPECT_EQ(-EOPNOTSUPP, viommu_alloc(fd, self->dev, self->parent, IOMMU_VIOMMU_TYPE_ARM_SMMUV3, NULL, 0, &id));
	EXPECT_EQ(-EOPNOTSUPP, hwpt_alloc(fd, self->dev, self->viommu, 0, &id));
	EXPECT_EQ(-EINVAL, hwpt_alloc_typed(fd, self->dev, self->viommu, 0, IOMMU_HWPT_DATA_VTD_S1, &s1, 8, &id));
	EXPECT_EQ(-EOPNOTSUPP,
		  hwpt_alloc_typed(fd, self->dev, self->viommu, 0, IOMMU_HWPT_DATA_ARM_SMMUV3, &s1, sizeof(s1), &id));
	EXPECT_EQ(0, alloc_nested(self, self->parent, &id));
}

TEST_HARNESS_MAIN
