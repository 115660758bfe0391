// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reserved regions: I/O addresses of a device's group that the IOMMU does not
 * translate as it is told to, first of all the window for its interrupts (MSI).
 * The kernel lists them in /sys/kernel/iommu_groups/N/reserved_regions. An IOAS
 * that the device is attached to leaves out exactly those, whatever the IOMMU.
 *
 * Needs an edu device.
 */
#include "lib/harness.h"

#include <errno.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/system.h"

#define IOVA       0x1000000ULL
#define MAX        8
#define ISA_BRIDGE "0000:00:1f.0"

FIXTURE(reserved)
{
	int fd;
	struct edu edu;
	struct vfio_dev *dev;
	__u32 ioas;
	char *mem; /* 2 pages */
	struct iommu_iova_range regions[MAX];
	int count;
};

typedef FIXTURE_DATA(reserved) fixture;

/* The regions of the device's group: those of this type, or all but relaxable ones */
static int read_regions(const char *bdf, const char *type, struct iommu_iova_range *regions)
{
	char path[64], name[32];
	int count = 0, group = iommu_group_of(bdf);
	struct iommu_iova_range r;
	FILE *f;

	if (group < 0)
		return group;
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/reserved_regions", group);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	while (count < MAX && fscanf(f, "%llx %llx %31s", &r.start, &r.last, name) == 3)
		if (type ? !strcmp(name, type) : strcmp(name, "direct-relaxable"))
			regions[count++] = r;
	fclose(f);
	return count;
}

/* Bound, not attached */
FIXTURE_SETUP(reserved)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, edu_open(&self->edu, 0)) { TH_LOG("no usable edu device"); }
	self->dev = &self->edu.vfio;
	ASSERT_EQ(0, vfio_bind(self->dev, self->fd));
	self->mem = pages_alloc(2 * PAGE);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	self->count = read_regions(self->dev->bdf, NULL, self->regions);
	ASSERT_LE(1, self->count) { TH_LOG("every x86 device has an MSI window"); }
}

FIXTURE_TEARDOWN(reserved)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

#define ATTACH()       vfio_attach(self->dev, self->ioas, NULL)
#define MAP(iova, n)   ioas_map_fixed(self->fd, self->ioas, self->mem, (n)*PAGE, iova, MAP_RW)
#define UNMAP(iova, n) ioas_unmap(self->fd, self->ioas, iova, (n)*PAGE, NULL)
#define ALLOW(a, b)    ioas_allow_iovas(self->fd, self->ioas, &(struct iommu_iova_range){a, b}, 1)
#define ALLOW_ALL()    ioas_allow_iovas(self->fd, self->ioas, NULL, 0)
#define EACH(r)        for (struct iommu_iova_range *r = self->regions; r < self->regions + self->count; r++)

static bool is_region(fixture *self, __u64 start, __u64 last)
{
	EACH (r)
		if (r->start == start && r->last == last)
			return true;
	return false;
}

/* Between two usable ranges is a reserved region, and all of them are there. */
TEST_F(reserved, ranges_are_all_but_the_regions)
{
	struct iommu_iova_range r[2 * MAX];
	__u32 num = ARRAY_SIZE(r);

	EXPECT_TRUE(is_region(self, 0xfee00000, 0xfeefffff));
	ASSERT_EQ(0, ATTACH());
	ASSERT_EQ(0, ioas_iova_ranges(self->fd, self->ioas, r, &num, NULL));
	ASSERT_EQ(self->count + 1, num);
	EXPECT_EQ(0, r[0].start);
	for (__u32 i = 0; i + 1 < num; i++)
		EXPECT_TRUE(is_region(self, r[i].last + 1, r[i + 1].start - 1));
	/* the end is what the IOMMU can address: a power of two, or all */
	EXPECT_EQ(0, r[num - 1].last & (r[num - 1].last + 1));
	EXPECT_LT(0xffffffff, r[num - 1].last);
	EXPECT_EQ(-EINVAL, MAP(r[num - 1].last + 1, 1));
	EXPECT_EQ(0, MAP(r[num - 1].last + 1 - PAGE, 1));
}

TEST_F(reserved, no_mapping_touches_a_region)
{
	ASSERT_EQ(0, ATTACH());
	EACH (r) {
		EXPECT_EQ(-EINVAL, MAP(r->start, 1));
		EXPECT_EQ(-EINVAL, MAP(r->last + 1 - PAGE, 1));
		EXPECT_EQ(-EINVAL, MAP(r->start - PAGE, 2));
		EXPECT_EQ(-EINVAL, MAP(r->last + 1 - PAGE, 2));
		EXPECT_EQ(0, MAP(r->start - PAGE, 1));
		EXPECT_EQ(0, MAP(r->last + 1, 1));
	}
	EXPECT_EQ(2 * self->count * 4, self_status_kb("VmPin"));
	ASSERT_EQ(0, vfio_detach(self->dev));
	EACH (r)
		EXPECT_EQ(0, MAP(r->start, 1));
}

/* Mappings that were there first stay, and the device stays away. */
TEST_F(reserved, a_mapping_in_a_region_forbids_the_attachment)
{
	EACH (r) {
		const __u64 places[] = {r->start - PAGE, r->start, r->last + 1 - PAGE};

		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			ASSERT_EQ(0, MAP(places[i], 2));
			EXPECT_EQ(-EADDRINUSE, ATTACH()) { TH_LOG("mapping at %#llx", places[i]); }
			EXPECT_EQ(0, self_status_kb("VmPin"));
			ASSERT_EQ(0, UNMAP(places[i], 2));
		}
		ASSERT_EQ(0, MAP(r->start - PAGE, 1));
		ASSERT_EQ(0, MAP(r->last + 1, 1));
		EXPECT_EQ(0, ATTACH());
		EXPECT_EQ(0, vfio_detach(self->dev));
		ASSERT_EQ(0, ioas_unmap_all(self->fd, self->ioas, NULL));
	}
}

/* Allowed ranges: what the user chooses from, in the way of a region or beside it */
TEST_F(reserved, allowed_ranges_and_regions_exclude_each_other)
{
	EACH (r) {
		ASSERT_EQ(0, ALLOW(r->start - PAGE, r->start));
		EXPECT_EQ(-EADDRINUSE, ATTACH());
		ASSERT_EQ(0, ALLOW(r->last, r->last + PAGE));
		EXPECT_EQ(-EADDRINUSE, ATTACH());
		ASSERT_EQ(0, ALLOW(r->start - PAGE, r->start - 1));
		ASSERT_EQ(0, ATTACH());
		EXPECT_EQ(-EADDRINUSE, ALLOW(r->start - PAGE, r->start));
		EXPECT_EQ(-EADDRINUSE, ALLOW(r->last, r->last + PAGE));
		EXPECT_EQ(-EADDRINUSE, ALLOW(0, r->last + PAGE));
		EXPECT_EQ(0, ALLOW(r->last + 1, r->last + PAGE));
		ASSERT_EQ(0, vfio_detach(self->dev));
		ASSERT_EQ(0, ALLOW_ALL());
	}
}

/* A place for a mapping is found up to the region's edge and not within. */
TEST_F(reserved, automatic_places_keep_out)
{
	__u64 iova;

	ASSERT_EQ(0, ATTACH());
	EACH (r) {
		ASSERT_EQ(0, ALLOW(r->start - PAGE, r->start - 1));
		ASSERT_EQ(0, ioas_map_auto(self->fd, self->ioas, self->mem, PAGE, &iova, MAP_RW));
		EXPECT_EQ(r->start - PAGE, iova);
		EXPECT_EQ(-ENOSPC, ioas_map_auto(self->fd, self->ioas, self->mem, PAGE, &iova, MAP_RW));
		ASSERT_EQ(0, ALLOW_ALL());
		ASSERT_EQ(0, ALLOW(r->last + 1, r->last + PAGE));
		ASSERT_EQ(0, ioas_map_auto(self->fd, self->ioas, self->mem, PAGE, &iova, MAP_RW));
		EXPECT_EQ(r->last + 1, iova);
		ASSERT_EQ(0, ALLOW_ALL());
	}
	/* fixed places do not care for allowed ranges, only for regions */
	ASSERT_EQ(0, ALLOW(2 * IOVA, 3 * IOVA));
	EXPECT_EQ(0, MAP(IOVA, 1));
	EXPECT_EQ(-EINVAL, MAP(self->regions[0].start, 1));
}

/* Two devices reserve the same window: it is free when both have gone. */
TEST_F(reserved, of_two_devices)
{
	__u64 start = self->regions[0].start;
	struct edu other;

	ASSERT_EQ(0, edu_open(&other, 1)) { TH_LOG("no second edu device"); }
	ASSERT_EQ(0, vfio_bind(&other.vfio, self->fd));
	ASSERT_EQ(0, ATTACH());
	ASSERT_EQ(0, vfio_attach(&other.vfio, self->ioas, NULL));
	edu_close(&self->edu);
	EXPECT_EQ(-EINVAL, MAP(start, 1));
	edu_close(&other);
	EXPECT_EQ(0, MAP(start, 1));
}

/*
 * A direct mapping that the firmware asks for, and that may be given up when the
 * device is assigned: VT-d has one for the ISA bridge. It is not reserved.
 */
TEST_F(reserved, relaxable_regions_are_free)
{
	struct iommu_iova_range relaxable[MAX];
	struct vfio_dev bridge;

	ASSERT_LE(1, read_regions(ISA_BRIDGE, "direct-relaxable", relaxable));
	ASSERT_EQ(0, MAP(relaxable[0].start, 1));
	ASSERT_EQ(0, vfio_take(ISA_BRIDGE));
	ASSERT_EQ(0, vfio_open(&bridge, ISA_BRIDGE));
	ASSERT_EQ(0, vfio_bind(&bridge, self->fd));
	EXPECT_EQ(0, vfio_attach(&bridge, self->ioas, NULL));
	EXPECT_EQ(0, MAP(relaxable[0].last + 1 - PAGE, 2));
	EXPECT_EQ(-EINVAL, MAP(self->regions[0].start, 1));
	vfio_close(&bridge);
}

TEST_HARNESS_MAIN
