// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slices of mock devices, and further PASIDs: binding, attaching, replacing, detaching, in one descriptor and in two. What
 * each is attached to is asked of the mock's PASID table, and where its DMA goes is tried.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/system.h"
#include "lib/vfio.h"

#define IOVA  ((__u64)MOCK_APERTURE_START)
#define WIDTH (1U << MOCK_PASID_WIDTH)

FIXTURE(pasid)
{
	int fd, other;
	__u32 ioas, second, foreign; /* the latter in the other descriptor */
	char *memory;		     /* 2 pages: the first at IOVA in ioas, the second in the others */
	__u32 parent;
	struct mock_dev slice; /* PASID 100, at ioas */
};

typedef FIXTURE_DATA(pasid) fixture;

FIXTURE_SETUP(pasid)
{
	ASSERT_EQ(0, mock_switch("reserved_region", false));
	self->fd = iommufd_open();
	self->other = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
	self->memory = pages_alloc(2 * PAGE);
	memset(self->memory, 1, 2 * PAGE);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->second));
	ASSERT_EQ(0, ioas_alloc(self->other, &self->foreign));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->memory, PAGE, IOVA, MAP_RW));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->second, self->memory + PAGE, PAGE, IOVA, MAP_RW));
	ASSERT_EQ(0, ioas_map_fixed(self->other, self->foreign, self->memory + PAGE, PAGE, IOVA, MAP_RW));
	ASSERT_EQ(0, mock_slice(self->fd, self->ioas, 100, NULL, &self->slice));
	self->parent = mock_parent(self->fd, &self->slice);
	ASSERT_NE(0, self->parent);
}

FIXTURE_TEARDOWN(pasid)
{
	mock_switch("reserved_region", false);
	close(self->fd);
	close(self->other);
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

/* Where the DMA of a PASID goes: page 1 or 2 of the memory, or 0: nowhere; a negative errno */
static int dma(fixture *self, int fd, const struct mock_dev *dev, __u32 pasid)
{
	__u32 hits[2];
	int rc = mock_dma(fd, dev, pasid, 1, IOVA, self->memory, hits);

	return rc ?: (int)(hits[0] + 2 * hits[1]);
}

static int slice_dma(fixture *self, const struct mock_dev *dev) { return dma(self, self->fd, dev, 0); }

TEST_F(pasid, attach_replace_detach)
{
	__u32 pt[2];

	EXPECT_EQ(1, slice_dma(self, &self->slice));
	EXPECT_EQ(1, dma(self, self->fd, &self->slice, 100));
	EXPECT_EQ(0, dma(self, self->fd, &self->slice, 101));
	EXPECT_EQ(0, mock_pasid_is_at(self->fd, &self->slice, 100, self->slice.hwpt));
	ASSERT_EQ(0, mock_replace(self->fd, &self->slice, self->second));
	EXPECT_EQ(2, slice_dma(self, &self->slice));
	EXPECT_EQ(-EINVAL, mock_pasid_is_at(self->fd, &self->slice, 100, 0));
	/* the automatic HWPT is gone with its last user */
	EXPECT_EQ(-ENOENT, mock_check_map(self->fd, self->slice.hwpt, IOVA, PAGE, self->memory));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->slice.idev, self->ioas, 0, &pt[0]));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->slice.idev, self->second, 0, &pt[1]));
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, mock_replace(self->fd, &self->slice, pt[i % 2]));
		EXPECT_EQ(0, mock_pasid_is_at(self->fd, &self->slice, 0, pt[i % 2]));
		EXPECT_EQ(-EINVAL, mock_pasid_is_at(self->fd, &self->slice, 0, pt[!(i % 2)]));
		EXPECT_EQ(1 + i % 2, slice_dma(self, &self->slice));
	}
	EXPECT_EQ(-ENOENT, mock_replace(self->fd, &self->slice, 12345));
	EXPECT_EQ(-EINVAL, mock_replace(self->fd, &self->slice, self->slice.idev));
	EXPECT_EQ(0, mock_pasid_is_at(self->fd, &self->slice, 0, pt[1]));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->second, IOVA, PAGE, NULL));
	EXPECT_EQ(0, slice_dma(self, &self->slice));
}

TEST_F(pasid, which_pasids)
{
	static const __u32 wrong[] = {0, WIDTH, WIDTH + 100, 0xffffffff};
	struct mock_dev dev, plain;

	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EINVAL, mock_slice_of(self->fd, self->ioas, wrong[i], self->parent, &dev));
		EXPECT_EQ(-EINVAL, mock_slice_of(self->other, self->foreign, wrong[i], self->parent, &dev));
		EXPECT_EQ(-EINVAL, mock_pasid_attach(self->fd, &self->slice, wrong[i], self->ioas, NULL));
	}
	EXPECT_EQ(0, mock_slice(self->fd, self->ioas, WIDTH - 1, &self->slice, &dev));
	EXPECT_EQ(0, mock_slice(self->fd, self->ioas, 1, &self->slice, &dev));
	/* a device without any */
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &plain));
	EXPECT_EQ(-EINVAL, mock_slice(self->fd, self->ioas, 1, &plain, &dev));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(self->fd, &plain, 1, self->ioas, NULL));
	/* no such parent, no such address space: nothing is left of the slice */
	EXPECT_EQ(-ENOENT, mock_slice_of(self->fd, self->ioas, 2, 12345, &dev));
	EXPECT_EQ(-ENOENT, mock_slice_of(self->fd, self->ioas, 2, self->parent ^ 0xffff, &dev));
	EXPECT_EQ(-ENOENT, mock_slice_of(self->fd, self->slice.idev + 1000, 2, self->parent, &dev));
	EXPECT_EQ(0, mock_slice_of(self->other, self->foreign, 2, self->parent, &dev));
}

TEST_F(pasid, a_pasid_is_bound_once)
{
	struct mock_dev dev, same_pasid;

	EXPECT_EQ(-EBUSY, mock_slice_of(self->fd, self->ioas, 100, self->parent, &dev));
	EXPECT_EQ(-EBUSY, mock_slice_of(self->other, self->foreign, 100, self->parent, &dev));
	/* of another parent it is another one */
	ASSERT_EQ(0, mock_slice(self->fd, self->second, 100, NULL, &same_pasid));
	EXPECT_EQ(2, slice_dma(self, &same_pasid));
	EXPECT_EQ(1, slice_dma(self, &self->slice));
	ASSERT_EQ(0, mock_slice_of(self->other, self->foreign, 101, self->parent, &dev));
	ASSERT_EQ(0, object_destroy(self->fd, self->slice.stdev));
	EXPECT_EQ(0, dma(self, self->other, &dev, 100));
	EXPECT_EQ(0, mock_slice_of(self->other, self->foreign, 100, self->parent, &self->slice));
	EXPECT_EQ(2, dma(self, self->other, &self->slice, 0));
}

/* The parent belongs to a user as a whole, or in slices. */
TEST_F(pasid, slices_or_the_whole_device)
{
	struct mock_dev dev, whole;
	__u32 number;

	EXPECT_EQ(-EBUSY, mock_whole(self->fd, self->ioas, self->parent, &dev));
	EXPECT_EQ(-EBUSY, mock_whole(self->fd, self->ioas, self->slice.stdev, &dev));
	EXPECT_EQ(-EBUSY, mock_whole(self->other, self->foreign, self->parent, &dev));
	ASSERT_EQ(0, mock_slice_of(self->other, self->foreign, 101, self->parent, &dev));
	ASSERT_EQ(0, object_destroy(self->fd, self->slice.stdev));
	EXPECT_EQ(-EBUSY, mock_whole(self->fd, self->ioas, self->parent, &whole));

	ASSERT_EQ(0, mock_device(self->fd, self->ioas, MOCK_FLAGS_DEVICE_PASID, &whole));
	number = mock_parent(self->fd, &whole);
	EXPECT_EQ(-EBUSY, mock_slice(self->fd, self->ioas, 100, &whole, &dev));
	EXPECT_EQ(-EBUSY, mock_slice_of(self->other, self->foreign, 100, number, &dev));
	/* the kernel's own answer: another user has the group */
	EXPECT_EQ(-EPERM, mock_whole(self->other, self->foreign, number, &dev));
	EXPECT_EQ(1, slice_dma(self, &whole));
}

TEST_F(pasid, slices_share_an_automatic_hwpt)
{
	struct mock_dev slices[3], whole;

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, mock_slice(self->fd, self->ioas, 200 + i, i < 2 ? &self->slice : NULL, &slices[i]));
		EXPECT_EQ(self->slice.hwpt, slices[i].hwpt);
	}
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &whole));
	EXPECT_EQ(self->slice.hwpt, whole.hwpt);
	EXPECT_EQ(0, mock_check_refs(self->fd, self->memory, PAGE, 1));
	ASSERT_EQ(0, object_destroy(self->fd, self->slice.stdev));
	ASSERT_EQ(0, object_destroy(self->fd, whole.stdev));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(1, slice_dma(self, &slices[i]));
		EXPECT_EQ(0, mock_check_map(self->fd, self->slice.hwpt, IOVA, PAGE, self->memory));
		ASSERT_EQ(0, object_destroy(self->fd, slices[i].stdev));
	}
	EXPECT_EQ(-ENOENT, mock_check_map(self->fd, self->slice.hwpt, IOVA, PAGE, self->memory));
	EXPECT_EQ(0, mock_check_refs(self->fd, self->memory, PAGE, 0));
}

/* Not more and not less than of a physical device that is like the parent */
/* All but the dirty tracking, which no driver of 6.12 has for a PASID */
TEST_F(pasid, hardware_information_is_the_parents)
{
	struct iommu_test_hw_info data[2] = {};
	struct iommu_hw_info info[2] = {};
	struct mock_dev whole;

	ASSERT_EQ(0, mock_device(self->fd, self->ioas, MOCK_FLAGS_DEVICE_PASID, &whole));
	ASSERT_EQ(0, get_hw_info(self->fd, self->slice.idev, &data[0], sizeof(*data), &info[0]));
	ASSERT_EQ(0, get_hw_info(self->fd, whole.idev, &data[1], sizeof(*data), &info[1]));
	EXPECT_EQ(IOMMU_HW_INFO_SELFTEST_REGVAL, data[0].test_reg);
	EXPECT_EQ(MOCK_PASID_WIDTH, info[0].out_max_pasid_log2);
	info[0].dev_id = info[1].dev_id = 0;
	info[0].data_uptr = info[1].data_uptr = 0;
	EXPECT_EQ(IOMMU_HW_CAP_DIRTY_TRACKING, info[0].out_capabilities ^ info[1].out_capabilities);
	info[1].out_capabilities = info[0].out_capabilities;
	EXPECT_EQ(0, memcmp(&info[0], &info[1], sizeof(*info)));
	EXPECT_EQ(0, memcmp(&data[0], &data[1], sizeof(*data)));
}

TEST_F(pasid, what_is_in_use_is_not_destroyed)
{
	__u32 hwpt;

	ASSERT_EQ(0, hwpt_alloc(self->fd, self->slice.idev, self->second, 0, &hwpt));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->ioas));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->slice.idev));
	ASSERT_EQ(0, mock_replace(self->fd, &self->slice, hwpt));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, hwpt));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->second));
	EXPECT_EQ(0, object_destroy(self->fd, self->ioas));
	ASSERT_EQ(0, mock_pasid_attach(self->fd, &self->slice, 7, hwpt, NULL));
	ASSERT_EQ(0, object_destroy(self->fd, self->slice.stdev));
	EXPECT_EQ(0, object_destroy(self->fd, hwpt));
	EXPECT_EQ(0, object_destroy(self->fd, self->second));
}

TEST_F(pasid, further_pasids)
{
	struct mock_dev sibling, dev;
	__u32 hwpt, at;

	ASSERT_EQ(0, mock_slice(self->fd, self->ioas, 101, &self->slice, &sibling));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->slice.idev, self->second, 0, &hwpt));
	EXPECT_EQ(-EBUSY, mock_pasid_attach(self->fd, &self->slice, 100, self->second, NULL));
	EXPECT_EQ(-EBUSY, mock_pasid_attach(self->fd, &self->slice, 101, self->second, NULL));
	EXPECT_EQ(-EINVAL, mock_pasid_replace(self->fd, &self->slice, 200, self->second, NULL));
	EXPECT_EQ(-EINVAL, mock_pasid_replace(self->fd, &self->slice, 100, self->second, NULL));
	EXPECT_EQ(0, mock_pasid_detach(self->fd, &self->slice, 200));
	EXPECT_EQ(0, mock_pasid_detach(self->fd, &self->slice, 100));
	EXPECT_EQ(0, mock_pasid_detach(self->fd, &self->slice, 101));
	EXPECT_EQ(1, slice_dma(self, &self->slice));
	EXPECT_EQ(1, slice_dma(self, &sibling));
	EXPECT_EQ(-ENOENT, mock_pasid_attach(self->fd, &self->slice, 200, 12345, NULL));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(self->fd, &self->slice, 200, self->slice.idev, NULL));

	ASSERT_EQ(0, mock_pasid_attach(self->fd, &self->slice, 200, self->second, &at));
	EXPECT_NE(self->second, at);
	EXPECT_EQ(0, mock_pasid_is_at(self->fd, &self->slice, 200, at));
	EXPECT_EQ(2, dma(self, self->fd, &self->slice, 200));
	EXPECT_EQ(1, slice_dma(self, &self->slice));
	EXPECT_EQ(-EBUSY, mock_pasid_attach(self->fd, &self->slice, 200, self->second, NULL));
	EXPECT_EQ(-EBUSY, mock_pasid_attach(self->fd, &sibling, 200, self->second, NULL));
	EXPECT_EQ(-EINVAL, mock_pasid_replace(self->fd, &sibling, 200, self->second, NULL));
	EXPECT_EQ(0, mock_pasid_detach(self->fd, &sibling, 200));
	EXPECT_EQ(-EBUSY, mock_slice(self->fd, self->ioas, 200, &self->slice, &dev));
	EXPECT_EQ(-EBUSY, mock_slice_of(self->other, self->foreign, 200, self->parent, &dev));
	EXPECT_EQ(2, dma(self, self->fd, &self->slice, 200));

	ASSERT_EQ(0, mock_pasid_replace(self->fd, &self->slice, 200, self->ioas, &at));
	EXPECT_EQ(self->slice.hwpt, at);
	EXPECT_EQ(1, dma(self, self->fd, &self->slice, 200));
	ASSERT_EQ(0, mock_pasid_replace(self->fd, &self->slice, 200, hwpt, &at));
	EXPECT_EQ(hwpt, at);
	/* it does not follow the slice, nor the other way round */
	ASSERT_EQ(0, mock_replace(self->fd, &self->slice, self->second));
	ASSERT_EQ(0, mock_pasid_replace(self->fd, &self->slice, 200, self->ioas, NULL));
	EXPECT_EQ(1, dma(self, self->fd, &self->slice, 200));
	EXPECT_EQ(2, slice_dma(self, &self->slice));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->ioas));
	ASSERT_EQ(0, mock_pasid_detach(self->fd, &self->slice, 200));
	EXPECT_EQ(0, dma(self, self->fd, &self->slice, 200));
	EXPECT_EQ(0, mock_pasid_is_at(self->fd, &self->slice, 200, 0));
	EXPECT_EQ(0, mock_slice(self->fd, self->ioas, 200, &self->slice, &dev));
}

TEST_F(pasid, further_pasids_die_with_the_slice)
{
	struct mock_dev sibling, dev;

	ASSERT_EQ(0, mock_slice(self->fd, self->ioas, 101, &self->slice, &sibling));
	ASSERT_EQ(0, mock_pasid_attach(self->fd, &sibling, 300, self->ioas, NULL));
	for (__u32 pasid = 200; pasid < 220; pasid++)
		ASSERT_EQ(0, mock_pasid_attach(self->fd, &self->slice, pasid, self->second, NULL));
	ASSERT_EQ(0, object_destroy(self->fd, self->slice.stdev));
	for (__u32 pasid = 200; pasid < 220; pasid++)
		EXPECT_EQ(0, dma(self, self->fd, &sibling, pasid));
	EXPECT_EQ(1, dma(self, self->fd, &sibling, 300));
	EXPECT_EQ(0, object_destroy(self->fd, self->second));
	EXPECT_EQ(0, mock_slice_of(self->other, self->foreign, 219, self->parent, &dev));
}

/* A physical device's DMA without PASID has an attachment of its own, too. */
TEST_F(pasid, further_pasids_of_a_whole_device)
{
	struct mock_dev whole, no_dirty;
	__u32 dirty, one, two;

	ASSERT_EQ(0, mock_device(self->fd, self->ioas, MOCK_FLAGS_DEVICE_PASID, &whole));
	ASSERT_EQ(0, hwpt_alloc(self->fd, whole.idev, self->ioas, IOMMU_HWPT_ALLOC_PASID, &one));
	ASSERT_EQ(0, hwpt_alloc(self->fd, whole.idev, self->second, IOMMU_HWPT_ALLOC_PASID, &two));
	ASSERT_EQ(0, mock_replace(self->fd, &whole, one));
	ASSERT_EQ(0, mock_pasid_attach(self->fd, &whole, 100, two, NULL));
	EXPECT_EQ(-EBUSY, mock_pasid_attach(self->fd, &whole, 100, two, NULL));
	EXPECT_EQ(1, dma(self, self->fd, &whole, 0));
	EXPECT_EQ(2, dma(self, self->fd, &whole, 100));
	ASSERT_EQ(0, mock_replace(self->fd, &whole, two));
	ASSERT_EQ(0, mock_pasid_replace(self->fd, &whole, 100, one, NULL));
	EXPECT_EQ(2, dma(self, self->fd, &whole, 0));
	EXPECT_EQ(1, dma(self, self->fd, &whole, 100));
	/* a domain that does not suit: it stays where it was */
	ASSERT_EQ(0, mock_device(self->fd, two, MOCK_FLAGS_DEVICE_PASID | MOCK_FLAGS_DEVICE_NO_DIRTY, &no_dirty));
	ASSERT_EQ(0, hwpt_alloc(self->fd, whole.idev, self->ioas,
				IOMMU_HWPT_ALLOC_DIRTY_TRACKING | IOMMU_HWPT_ALLOC_PASID, &dirty));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(self->fd, &no_dirty, 100, dirty, NULL));
	ASSERT_EQ(0, mock_pasid_attach(self->fd, &no_dirty, 100, two, NULL));
	EXPECT_EQ(-EINVAL, mock_pasid_replace(self->fd, &no_dirty, 100, dirty, NULL));
	EXPECT_EQ(2, dma(self, self->fd, &no_dirty, 100));
	EXPECT_EQ(0, object_destroy(self->fd, whole.stdev));
}

/* What the mock does with this one by the test ABI of the kernel */
TEST_F(pasid, scripted_failure)
{
	const __u32 pasid = IOMMU_TEST_PASID_RESERVED;
	struct mock_dev whole;
	__u32 one, two;

	ASSERT_EQ(0, mock_device(self->fd, self->ioas, MOCK_FLAGS_DEVICE_PASID, &whole));
	ASSERT_EQ(0, hwpt_alloc(self->fd, whole.idev, self->ioas, IOMMU_HWPT_ALLOC_PASID, &one));
	ASSERT_EQ(0, hwpt_alloc(self->fd, whole.idev, self->second, IOMMU_HWPT_ALLOC_PASID, &two));
	ASSERT_EQ(0, mock_replace(self->fd, &whole, one));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, mock_pasid_attach(self->fd, &whole, pasid, one, NULL));
		EXPECT_EQ(-ENOMEM, mock_pasid_replace(self->fd, &whole, pasid, two, NULL));
		EXPECT_EQ(1, dma(self, self->fd, &whole, pasid));
		if (i)
			EXPECT_EQ(0, mock_pasid_replace(self->fd, &whole, pasid, two, NULL));
		EXPECT_EQ(i ? 2 : 1, dma(self, self->fd, &whole, pasid));
		ASSERT_EQ(0, mock_pasid_detach(self->fd, &whole, pasid));
	}
}

TEST_F(pasid, use_after_destroy)
{
	struct mock_dev gone = self->slice, sibling;
	struct iommu_hw_info info;
	__u32 hwpt;

	ASSERT_EQ(0, mock_slice(self->fd, self->ioas, 101, &self->slice, &sibling));
	ASSERT_EQ(0, object_destroy(self->fd, gone.stdev));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, gone.stdev));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, gone.idev));
	EXPECT_EQ(-ENOENT, mock_replace(self->fd, &gone, self->second));
	EXPECT_EQ(-ENOENT, mock_pasid_attach(self->fd, &gone, 200, self->second, NULL));
	EXPECT_EQ(-ENOENT, slice_dma(self, &gone));
	EXPECT_EQ(-ENOENT, mock_page_request(self->fd, &gone, 1, PAGE));
	EXPECT_EQ(-ENOENT, get_hw_info(self->fd, gone.idev, NULL, 0, &info));
	EXPECT_EQ(-ENOENT, hwpt_alloc(self->fd, gone.idev, self->ioas, 0, &hwpt));
	EXPECT_EQ(0, dma(self, self->fd, &sibling, 100));
	EXPECT_EQ(1, dma(self, self->fd, &sibling, 101));
}

/* Everything of a descriptor goes with it, and nothing of the other one's. */
TEST_F(pasid, closed_while_attached)
{
	struct mock_dev mine[3], theirs, dev;

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, mock_slice(self->fd, self->ioas, 200 + i, &self->slice, &mine[i]));
		ASSERT_EQ(0, mock_pasid_attach(self->fd, &mine[i], 300 + i, self->second, NULL));
	}
	ASSERT_EQ(0, mock_slice_of(self->other, self->foreign, 400, self->parent, &theirs));
	EXPECT_EQ(2, dma(self, self->other, &theirs, 0));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(2, dma(self, self->other, &theirs, 0));
	EXPECT_EQ(0, dma(self, self->other, &theirs, 100));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(0, dma(self, self->other, &theirs, 200 + i));
		EXPECT_EQ(0, dma(self, self->other, &theirs, 300 + i));
		EXPECT_EQ(0, mock_slice(self->other, self->foreign, 200 + i, &theirs, &dev));
		EXPECT_EQ(0, mock_pasid_attach(self->other, &theirs, 300 + i, self->foreign, NULL));
	}
	EXPECT_EQ(-EBUSY, mock_whole(self->other, self->foreign, self->parent, &dev));
	self->fd = iommufd_open();
	EXPECT_EQ(0, mock_check_refs(self->other, self->memory, PAGE, 0));
}

static bool usable(fixture *self, __u32 ioas, __u64 iova)
{
	struct iommu_iova_range ranges[8];
	__u32 num = ARRAY_SIZE(ranges);

	if (ioas_iova_ranges(self->fd, ioas, ranges, &num, NULL))
		return false;
	for (__u32 i = 0; i < num; i++)
		if (ranges[i].start <= iova && iova <= ranges[i].last)
			return true;
	return false;
}

/* What the parent has reserved is reserved in an address space as long as any part of it is attached there. */
TEST_F(pasid, reserved_regions)
{
	const __u64 region = MOCK_RESERVED_START;
	struct mock_dev a, b;

	ASSERT_TRUE(usable(self, self->second, region));
	ASSERT_EQ(0, mock_switch("reserved_region", true));
	ASSERT_EQ(0, mock_slice(self->fd, self->second, 200, &self->slice, &a));
	ASSERT_EQ(0, mock_slice(self->fd, self->second, 201, &self->slice, &b));
	ASSERT_EQ(0, mock_pasid_attach(self->fd, &b, 300, self->second, NULL));
	EXPECT_FALSE(usable(self, self->second, region));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->second, self->memory, PAGE, region, MAP_RW));
	ASSERT_EQ(0, mock_replace(self->fd, &a, self->ioas));
	EXPECT_FALSE(usable(self, self->ioas, region));
	EXPECT_FALSE(usable(self, self->second, region));
	ASSERT_EQ(0, object_destroy(self->fd, a.stdev));
	EXPECT_TRUE(usable(self, self->ioas, region));
	EXPECT_FALSE(usable(self, self->second, region));
	ASSERT_EQ(0, mock_pasid_detach(self->fd, &b, 300));
	EXPECT_FALSE(usable(self, self->second, region));
	ASSERT_EQ(0, mock_replace(self->fd, &b, self->ioas));
	EXPECT_TRUE(usable(self, self->second, region));
	/* somebody has mapped something there: not for slices of this parent */
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->second, self->memory, PAGE, region, MAP_RW));
	EXPECT_EQ(-EADDRINUSE, mock_slice(self->fd, self->second, 200, &self->slice, &a));
	EXPECT_EQ(-EADDRINUSE, mock_replace(self->fd, &b, self->second));
	EXPECT_EQ(-EADDRINUSE, mock_pasid_attach(self->fd, &b, 300, self->second, NULL));
	EXPECT_EQ(1, slice_dma(self, &b));
	EXPECT_EQ(0, mock_pasid_attach(self->fd, &b, 300, self->ioas, NULL));
}

#define BEGIN "pasid_test: what follows is searched"

/* The default PASID is nobody's business: whatever is done, right or wrong, the log does not tell it. */
TEST_F(pasid, the_log_does_not_tell_the_pasid)
{
	static const __u32 secret = 703710;
	static const char *const spelt[] = {"703710", "abcde"};
	int log = kmsg_open();
	struct mock_dev dev, copy;
	char line[256];

	ASSERT_LE(0, log);
	ASSERT_EQ(0, attr_write("/dev/kmsg", BEGIN "\n"));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, mock_slice(self->fd, self->ioas, secret, &self->slice, &dev));
		EXPECT_EQ(-EBUSY, mock_slice(self->fd, self->ioas, secret, &self->slice, &copy));
		EXPECT_EQ(-EBUSY, mock_pasid_attach(self->fd, &self->slice, secret, self->ioas, NULL));
		ASSERT_EQ(0, mock_set("fail_attaches", 2));
		EXPECT_EQ(-ENOMEM, mock_replace(self->fd, &dev, self->second));
		ASSERT_EQ(0, mock_set("fail_attaches", 0));
		EXPECT_EQ(0, mock_replace(self->fd, &dev, self->second));
		EXPECT_EQ(0, mock_page_request(self->fd, &dev, 1, PAGE));
		ASSERT_EQ(0, object_destroy(self->fd, dev.stdev));
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(spelt); i++) {
		ASSERT_LE(0, lseek(log, 0, SEEK_SET));
		EXPECT_EQ(0, kmsg_find(log, spelt[i], line, sizeof(line), 0)) TH_LOG("%s", line);
	}
	ASSERT_LE(0, lseek(log, 0, SEEK_SET));
	EXPECT_EQ(1, kmsg_find(log, BEGIN, line, sizeof(line), 0));
	close(log);
}

TEST_F(pasid, many)
{
	static struct mock_dev slices[200];

	for (__u32 i = 0; i < ARRAY_SIZE(slices); i++)
		ASSERT_EQ(0, mock_slice(self->fd, i % 2 ? self->second : self->ioas, 1000 + i, &self->slice, &slices[i]));
	for (__u32 i = 0; i < ARRAY_SIZE(slices); i++)
		EXPECT_EQ(1 + i % 2, slice_dma(self, &slices[i]));
	for (__u32 i = 0; i < ARRAY_SIZE(slices); i += 3)
		ASSERT_EQ(0, object_destroy(self->fd, slices[i].stdev));
	for (__u32 i = 0; i < ARRAY_SIZE(slices); i++)
		EXPECT_EQ(i % 3 ? 1 + i % 2 : 0, dma(self, self->fd, &self->slice, 1000 + i));
}

int main(int argc, char **argv)
{
	if (!mock_load())
		ksft_exit_skip("no mock_iommu.ko\n");
	return test_harness_run(argc, argv);
}
