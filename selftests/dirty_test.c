// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking, on the page tables of a real IOMMU. Whether the IOMMU offers
 * it is read from its capabilities (GET_HW_INFO): with it, the pages that a
 * device writes are found in the bitmap, exactly those; without it, each call
 * says so. Ranges are checked first in both cases. Needs an edu device.
 */
#include "lib/harness.h"

#include <errno.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/probe.h"
#include "lib/system.h"

#define IOVA     0x1000000ULL
#define PAGES    16
#define NO_CLEAR IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR

FIXTURE(dirty)
{
	int fd;
	struct edu edu;
	struct probe probe;
	__u32 ioas, hwpt; /* attached; with dirty tracking where there is one */
	char *mem;        /* PAGES pages at IOVA */
	unsigned char *bits;
	bool offered;
};

typedef FIXTURE_DATA(dirty) fixture;

FIXTURE_SETUP(dirty)
{
	struct iommu_hw_info info;

	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, edu_open(&self->edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
	ASSERT_EQ(0, get_hw_info(self->fd, self->edu.vfio.dev_id, NULL, 0, &info));
	self->offered = info.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING;
	self->mem = pages_alloc(PAGES * PAGE);
	self->bits = pages_alloc(PAGE);
	probe_init(&self->probe, &self->edu);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->edu.vfio.dev_id, self->ioas,
				self->offered ? IOMMU_HWPT_ALLOC_DIRTY_TRACKING : 0, &self->hwpt));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->hwpt, NULL));
	ASSERT_EQ(0, probe_map(&self->probe, self->fd, self->ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGES * PAGE, IOVA, MAP_RW));
}

FIXTURE_TEARDOWN(dirty)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

#define GET(flags) dirty_bitmap_get(self->fd, self->hwpt, flags, IOVA, PAGES *PAGE, PAGE, self->bits)
#define RANGE(iova, length, page_size) \
	dirty_bitmap_get(self->fd, self->hwpt, 0, iova, length, page_size, self->bits)

/* The bitmap of the PAGES pages, read into cleared memory; -1 for an error */
static int bitmap(fixture *self, __u32 flags)
{
	memset(self->bits, 0, PAGE);
	if (GET(flags))
		return -1;
	return self->bits[0] | self->bits[1] << 8;
}

/* Without dirty tracking: how every one of the calls says no. With it: which
 * pages are dirty, and until when. */
TEST_F(dirty, the_pages_that_were_written)
{
	int no = self->offered ? 0 : -EOPNOTSUPP;

	EXPECT_EQ(no, dirty_tracking_set(self->fd, self->hwpt, true));
	EXPECT_EQ(no, GET(0));
	EXPECT_EQ(no, GET(NO_CLEAR));
	EXPECT_EQ(1, probe_write(&self->probe, IOVA + 3 * PAGE, self->mem + 3 * PAGE));
	EXPECT_EQ(1, probe_write(&self->probe, IOVA + 12 * PAGE, self->mem + 12 * PAGE));
	if (self->offered) {
		EXPECT_EQ(1 << 3 | 1 << 12, bitmap(self, NO_CLEAR));
		EXPECT_EQ(1 << 3 | 1 << 12, bitmap(self, 0));
		EXPECT_EQ(0, bitmap(self, 0));
		/* the next write is noted anew, also where the IOMMU has the page cached */
		EXPECT_EQ(1, probe_write(&self->probe, IOVA + 12 * PAGE, self->mem + 12 * PAGE));
		EXPECT_EQ(1 << 12, bitmap(self, 0));
		/* reads are none */
		EXPECT_EQ(1, probe_read(&self->probe, IOVA + 5 * PAGE, self->mem + 5 * PAGE));
		EXPECT_EQ(0, bitmap(self, 0));
		/* bits that are set already stay set */
		memset(self->bits, 0xff, PAGE);
		EXPECT_EQ(0, GET(0));
		EXPECT_EQ(0, bytes_not(self->bits, PAGE, 0xff));
	}
	EXPECT_EQ(no, dirty_tracking_set(self->fd, self->hwpt, false));
	EXPECT_EQ(no, dirty_tracking_set(self->fd, self->hwpt, false));
}

TEST_F(dirty, page_tables_are_allocated_for_it)
{
	__u32 dev = self->edu.vfio.dev_id, plain, automatic, tracked;

	EXPECT_EQ(self->offered ? 0 : -EOPNOTSUPP,
		  hwpt_alloc(self->fd, dev, self->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &tracked));
	ASSERT_EQ(0, hwpt_alloc(self->fd, dev, self->ioas, 0, &plain));
	EXPECT_EQ(-EOPNOTSUPP, dirty_tracking_set(self->fd, plain, true));
	EXPECT_EQ(-EOPNOTSUPP, dirty_tracking_set(self->fd, plain, false));
	EXPECT_EQ(-EOPNOTSUPP, dirty_bitmap_get(self->fd, plain, 0, IOVA, PAGE, PAGE, self->bits));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, &automatic));
	EXPECT_EQ(-EINVAL, RANGE(IOVA, 0, PAGE));
	EXPECT_EQ(-EOPNOTSUPP, dirty_tracking_set(self->fd, plain, true));
	EXPECT_EQ(0, bytes_not(self->bits, PAGE, 0));
}

/* The answer to a good range: 0, or that there is no dirty tracking */
TEST_F(dirty, ranges)
{
	const __u64 last_page = -PAGE;
	int fine = self->offered ? 0 : -EOPNOTSUPP;

	EXPECT_EQ(fine, dirty_tracking_set(self->fd, self->hwpt, true));
	EXPECT_EQ(fine, RANGE(IOVA, PAGE, PAGE));
	EXPECT_EQ(-EINVAL, RANGE(IOVA, 0, PAGE));
	EXPECT_EQ(-EINVAL, RANGE(IOVA + 1, PAGE, PAGE));
	EXPECT_EQ(-EINVAL, RANGE(IOVA, PAGE + 1, PAGE));
	EXPECT_EQ(-EINVAL, RANGE(IOVA + 512, PAGE, 512));
	/* one byte before a wrap, and with it */
	EXPECT_EQ(-EINVAL, RANGE(0, UINT64_MAX, PAGE));
	EXPECT_EQ(-EINVAL, RANGE(last_page, PAGE - 1, PAGE));
	EXPECT_EQ(-EOVERFLOW, RANGE(last_page, PAGE + 1, PAGE));
	EXPECT_EQ(-EOVERFLOW, RANGE(last_page, 2 * PAGE, PAGE));
	EXPECT_EQ(-EOVERFLOW, RANGE(IOVA, -PAGE, PAGE));
	EXPECT_EQ(-EOVERFLOW, RANGE(UINT64_MAX, 2, PAGE));
	EXPECT_EQ(-EOVERFLOW, RANGE(UINT64_MAX, UINT64_MAX, PAGE));
	EXPECT_EQ(-EINVAL, RANGE(UINT64_MAX, 1, PAGE));
	EXPECT_EQ(0, bytes_not(self->bits, PAGE, 0));
}

TEST_F(dirty, page_sizes)
{
	int fine = self->offered ? 0 : -EOPNOTSUPP;

	EXPECT_EQ(fine, dirty_tracking_set(self->fd, self->hwpt, true));
	EXPECT_EQ(-EINVAL, RANGE(IOVA, PAGE, 0));
	EXPECT_EQ(-EINVAL, RANGE(IOVA, PAGE, 2 * PAGE));
	EXPECT_EQ(-EINVAL, RANGE(IOVA + PAGE, 2 * PAGE, 2 * PAGE));
	EXPECT_EQ(fine, RANGE(IOVA, 2 * PAGE, 2 * PAGE));
	EXPECT_EQ(-EINVAL, RANGE(IOVA, PAGE, 1ULL << 63));
	EXPECT_EQ(-EINVAL, RANGE(0, 1ULL << 62, 1ULL << 63));
	EXPECT_EQ(-EINVAL, RANGE(IOVA, PAGE, UINT64_MAX));
	/* not mapped from end to end; in-tree takes that */
	EXPECT_EQ(self->offered && module_is_out_of_tree("iommufd") ? -EINVAL : fine, RANGE(0, 1ULL << 63, 1ULL << 63));
}

/* The kernel's bitmap code does not tell that a bit cannot be written; the bit is lost. */
TEST_F(dirty, bitmap_that_cannot_be_written)
{
	void *const bad[] = {NULL, (void *)(1UL << 63), self->bits};
	int answer = self->offered ? 0 : -EOPNOTSUPP;

	EXPECT_EQ(answer, dirty_tracking_set(self->fd, self->hwpt, true));
	ASSERT_EQ(0, mprotect(self->bits, PAGE, PROT_READ));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(1, probe_write(&self->probe, IOVA, self->mem));
		EXPECT_EQ(answer, dirty_bitmap_get(self->fd, self->hwpt, 0, IOVA, PAGE, PAGE, bad[i]));
		EXPECT_EQ(0, bytes_not(self->bits, PAGE, 0));
	}
	ASSERT_EQ(0, mprotect(self->bits, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(1, probe_write(&self->probe, IOVA, self->mem));
	EXPECT_EQ(self->offered ? 1 : -1, bitmap(self, 0));
}

/* The end of the objects in an order of its own */
TEST_F(dirty, destroyed_while_tracking)
{
	EXPECT_EQ(self->offered ? 0 : -EOPNOTSUPP, dirty_tracking_set(self->fd, self->hwpt, true));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->hwpt));
	edu_close(&self->edu);
	EXPECT_EQ(0, object_destroy(self->fd, self->hwpt));
	EXPECT_EQ(-ENOENT, dirty_tracking_set(self->fd, self->hwpt, false));
	EXPECT_EQ(-ENOENT, GET(0));
}

TEST_HARNESS_MAIN
