// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vIOMMU of the core type for slices of siov-edu, before the kernel's own VT-d driver: a slice as the device that the
 * vIOMMU is made for, vDEVICEs of slices, and their end with the slice. That driver has no nested tables on a PASID, so
 * a slice's DMA goes through the nest parent. Needs --iommu intel-strict.
 */
#include "lib/harness.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/iommufd.h"
#include "lib/slice.h"
#include "lib/system.h"
#include "lib/viommu.h"

#define GUEST  0x1000000ULL /* guest-physical address of the memory */
#define NUMBER 0x108ULL     /* the guest's, of the first slice; the second one has the next */

/* The memory, a page each; the guest's page tables are all empty. */
enum { TABLE, FROM, TO, PAGES };
enum { SLICES = 2 };

FIXTURE(slices)
{
	char bdf[16];
	int fd;
	__u32 ioas, parent, viommu, vdevice[SLICES];
	struct slice slice[SLICES];
	char *mem;
};

typedef FIXTURE_DATA(slices) fixture;

static __u32 dev(const fixture *self, unsigned int n) { return self->slice[n].vfio.dev_id; }

static int start(fixture *self, unsigned int n)
{
	char uuid[SLICE_UUID_SIZE];
	int rc;

	slice_uuid(n, uuid);
	rc = slice_create(self->bdf, uuid);
	rc = rc ?: slice_open(&self->slice[n], uuid);
	return rc ?: slice_bind(&self->slice[n], self->fd);
}

static void end(fixture *self, unsigned int n)
{
	if (!self->slice[n].uuid[0])
		return;
	slice_close(&self->slice[n]);
	slice_remove(self->slice[n].uuid);
	self->slice[n].uuid[0] = 0;
}

FIXTURE_SETUP(slices)
{
	ASSERT_EQ(0, slice_parent(0, self->bdf)) { TH_LOG("no usable siov-edu device"); }
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	for (unsigned int n = 0; n < SLICES; n++)
		ASSERT_EQ(0, start(self, n));
	self->mem = pages_alloc(PAGES * PAGE);
	memset(self->mem, 0, PAGES * PAGE);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGES * PAGE, GUEST, MAP_RW));
	ASSERT_EQ(0, hwpt_alloc(self->fd, dev(self, 0), self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &self->parent));
	ASSERT_EQ(0,
		  viommu_alloc(self->fd, dev(self, 0), self->parent, IOMMU_VIOMMU_TYPE_CORE, NULL, 0, &self->viommu));
	for (unsigned int n = 0; n < SLICES; n++)
		ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, dev(self, n), NUMBER + n, &self->vdevice[n]));
}

FIXTURE_TEARDOWN(slices)
{
	for (unsigned int n = 0; n < SLICES; n++)
		end(self, n);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

/* The slice copies a page of the guest's memory to another. */
static bool copies(fixture *self, unsigned int n, unsigned int seed)
{
	pattern_fill(self->mem + FROM * PAGE, PAGE, seed);
	memset(self->mem + TO * PAGE, 0, PAGE);
	return slice_copy(&self->slice[n], GUEST + FROM * PAGE, GUEST + TO * PAGE, PAGE) == SIOV_EDU_OK &&
	       !pattern_diff(self->mem + TO * PAGE, PAGE, seed);
}

TEST_F(slices, numbers)
{
	__u32 id;

	/* A slice has one vDEVICE, a number one slice. */
	EXPECT_EQ(-EEXIST, vdevice_alloc(self->fd, self->viommu, dev(self, 0), NUMBER + 9, &id));
	ASSERT_EQ(0, object_destroy(self->fd, self->vdevice[1]));
	EXPECT_EQ(-EEXIST, vdevice_alloc(self->fd, self->viommu, dev(self, 1), NUMBER, &id));
	EXPECT_EQ(0, vdevice_alloc(self->fd, self->viommu, dev(self, 1), NUMBER + 1, &id));
}

/* A vDEVICE says how the guest calls a slice, and changes nothing of its DMA. */
TEST_F(slices, dma)
{
	for (unsigned int n = 0; n < SLICES; n++)
		ASSERT_EQ(0, slice_attach(&self->slice[n], self->parent));
	EXPECT_TRUE(copies(self, 0, 1));
	EXPECT_TRUE(copies(self, 1, 2));
	ASSERT_EQ(0, object_destroy(self->fd, self->vdevice[0]));
	EXPECT_TRUE(copies(self, 0, 3));
	EXPECT_TRUE(copies(self, 1, 4));
}

TEST_F(slices, what_the_driver_refuses)
{
	const struct iommu_hwpt_vtd_s1 s1 = {.pgtbl_addr = GUEST + TABLE * PAGE, .addr_width = 48};
	struct iommu_hwpt_vtd_s1_invalidate all = {.npages = 1};
	__u32 nested, count = 1, id;

	/* The guest's table can be made, and its caches flushed, but not be a PASID's. */
	ASSERT_EQ(0, hwpt_alloc_typed(self->fd, dev(self, 0), self->viommu, 0, IOMMU_HWPT_DATA_VTD_S1, &s1, sizeof(s1),
				      &nested));
	EXPECT_EQ(0, invalidate(self->fd, nested, IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, &all, sizeof(all), &count));
	EXPECT_EQ(-EOPNOTSUPP, slice_attach(&self->slice[0], nested));
	ASSERT_EQ(0, slice_attach(&self->slice[0], self->parent));
	EXPECT_EQ(-EOPNOTSUPP, slice_attach(&self->slice[0], nested));
	/* and after the replace that failed DMA goes where it did */
	EXPECT_TRUE(copies(self, 0, 5));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->viommu));
	EXPECT_EQ(0, object_destroy(self->fd, nested));

	EXPECT_EQ(-EOPNOTSUPP, hwpt_alloc_typed(self->fd, dev(self, 0), self->viommu, 0, IOMMU_HWPT_DATA_ARM_SMMUV3,
						&s1, sizeof(s1), &id));
	EXPECT_EQ(-EOPNOTSUPP, hw_queue_alloc(self->fd, self->viommu, 1, 0, GUEST, PAGE, &id));
	count = 1;
	EXPECT_EQ(-EOPNOTSUPP,
		  invalidate(self->fd, self->viommu, IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, &all, sizeof(all), &count));
}

/* The slice that the vIOMMU was made for goes, with its vDEVICE; the vIOMMU stays, and serves the other one. */
TEST_F(slices, unbind)
{
	__u32 id;

	ASSERT_EQ(0, slice_attach(&self->slice[1], self->parent));
	end(self, 0);
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, self->vdevice[0]));
	EXPECT_TRUE(copies(self, 1, 6));
	/* Its number is free for the next one, its id is nobody's. */
	ASSERT_EQ(0, start(self, 0));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, dev(self, 0), NUMBER, &id));
	EXPECT_NE(self->vdevice[0], id);
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->viommu));
	end(self, 1);
	end(self, 0);
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, id));
	EXPECT_EQ(0, object_destroy(self->fd, self->viommu));
	EXPECT_EQ(0, object_destroy(self->fd, self->parent));
}

TEST_HARNESS_MAIN
