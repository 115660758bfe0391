// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two generations of the mock IOMMU, each by itself: what a page is and what is dirty with it, how a page table is
 * chosen, which flags exist. Upstream's tests of Linux 6.12 want the one, those of 7.3 the other.
 *
 * On the kernel's own iommufd with IOMMUFD_TEST that of 6.12 runs, too.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/viommu.h"

#define GRANULE      ((__u64)MOCK_PAGE_SIZE)
#define LARGE        ((__u64)MOCK_HUGE_PAGE_SIZE)
#define HUGE         (2UL << 20) /* hugetlbfs's */
#define LENGTH       (16 * PAGE)
#define APERTURE_END (MOCK_APERTURE_LAST + 1UL)

static bool ours;

FIXTURE(generation)
{
	int fd;
	__u32 ioas, other; /* the device is in the first */
	struct mock_dev dev;
	char *va;   /* LENGTH bytes, in small pages */
	char *huge; /* HUGE bytes, in one */
	__u64 iova;
};

FIXTURE_VARIANT(generation)
{
	const char *name;
	bool newer;
};

FIXTURE_VARIANT_ADD(generation, linux_6_12){.name = "6.12"};
FIXTURE_VARIANT_ADD(generation, linux_7_3){.name = "7.3", .newer = true};

static char *memory(size_t length, int flags)
{
	char *va = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | flags, -1, 0);

	if (va != MAP_FAILED)
		memset(va, 1, length);
	return va;
}

FIXTURE_SETUP(generation)
{
	if (!ours && variant->newer)
		SKIP(return, "the kernel's own iommufd");
	ASSERT_TRUE(!ours || mock_load_as(variant->name));
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->other));
	self->va = memory(LENGTH, 0);
	self->huge = memory(HUGE, MAP_HUGETLB);
	ASSERT_NE(MAP_FAILED, self->va);
	ASSERT_NE(MAP_FAILED, self->huge);
	self->iova = MOCK_APERTURE_START;
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &self->dev));
}

FIXTURE_TEARDOWN(generation) { close(self->fd); }

static __u64 dirty_bits(const FIXTURE_DATA(generation) * self, __u32 hwpt, __u64 length)
{
	__u64 bits = 0;

	return dirty_bitmap_get(self->fd, hwpt, 0, self->iova, length, GRANULE, &bits) ? UINT64_MAX : bits;
}

TEST_F(generation, op_dirty)
{
	__u64 bits = 5, count;
	__u32 hwpt;

#define DIRTY(h, iova, length, page_size, bitmap) mock_make_dirty(self->fd, h, iova, length, page_size, bitmap, &count)
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->va, PAGE, self->iova, MAP_RW));
	EXPECT_EQ(-EINVAL, DIRTY(hwpt, self->iova, PAGE, GRANULE, &bits));
	ASSERT_EQ(0, dirty_tracking_set(self->fd, hwpt, true));
	EXPECT_EQ(-EINVAL, DIRTY(hwpt, self->iova, PAGE, 0, &bits));
	EXPECT_EQ(-EINVAL, DIRTY(hwpt, self->iova, 0, GRANULE, &bits));
	EXPECT_EQ(-EINVAL, DIRTY(hwpt, self->iova, PAGE, GRANULE, NULL));
	EXPECT_EQ(-EINVAL, DIRTY(hwpt, self->iova + 1, PAGE, GRANULE, &bits));
	EXPECT_EQ(-EOVERFLOW, DIRTY(hwpt, 0, 1UL << 40, GRANULE, &bits));
	EXPECT_EQ(-EFAULT, DIRTY(hwpt, self->iova, PAGE, GRANULE, (void *)PAGE));
	EXPECT_EQ(-ENOENT, DIRTY(self->ioas, self->iova, PAGE, GRANULE, &bits));
	/* Bits 0 and 2; the second is behind the mapping. */
	EXPECT_EQ(0, DIRTY(hwpt, self->iova, 2 * PAGE, GRANULE, &bits));
	EXPECT_EQ(variant->newer ? 2 : 1, count);
	EXPECT_EQ(variant->newer ? 3 : 1, dirty_bits(self, hwpt, PAGE));
	EXPECT_EQ(0, dirty_bits(self, hwpt, PAGE));
}

/* Mapped page by page: what of a page is dirty when its second half is written */
TEST_F(generation, half_a_page)
{
	__u64 bits = 1 << 3;
	__u32 hwpt;

	ASSERT_EQ(0, option_set(self->fd, IOMMU_OPTION_HUGE_PAGES, self->other, 0));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->other, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->other, self->huge, 4 * PAGE, self->iova, MAP_RW));
	ASSERT_EQ(0, dirty_tracking_set(self->fd, hwpt, true));
	ASSERT_EQ(0, mock_make_dirty(self->fd, hwpt, self->iova, 4 * PAGE, GRANULE, &bits, NULL));
	EXPECT_EQ(variant->newer ? 3 << 2 : 1 << 3, dirty_bits(self, hwpt, 4 * PAGE));
}

/* The same for one large page */
TEST_F(generation, part_of_a_large_page)
{
	__u64 bits[HUGE / MOCK_PAGE_SIZE / 64] = {1 << 7}, got[HUGE / MOCK_PAGE_SIZE / 64] = {};
	__u32 hwpt;

	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->huge, HUGE, self->iova, MAP_RW));
	ASSERT_EQ(0, dirty_tracking_set(self->fd, hwpt, true));
	ASSERT_EQ(0, mock_make_dirty(self->fd, hwpt, self->iova, HUGE, GRANULE, bits, NULL));
	ASSERT_EQ(0, dirty_bitmap_get(self->fd, hwpt, 0, self->iova, HUGE, GRANULE, got));
	for (size_t i = 0; i < sizeof(got) / sizeof(*got); i++)
		ASSERT_EQ(variant->newer ? UINT64_MAX : bits[i], got[i]);
}

TEST_F(generation, device_flags)
{
	struct mock_dev dev;

	EXPECT_EQ(variant->newer ? -EINVAL : 0, mock_device(self->fd, self->other, MOCK_FLAGS_DEVICE_HUGE_IOVA, &dev));
	EXPECT_EQ(-EINVAL, mock_device(self->fd, self->other, 1 << 3, &dev));
}

/* 1 MiB pages, by the device's flag or by the user's choice; what is dirty, then */
TEST_F(generation, large_pages)
{
	__u64 bits[HUGE / MOCK_PAGE_SIZE / 64] = {0, 1};
	struct mock_dev dev = self->dev;
	__u32 hwpt;

	if (variant->newer) {
		ASSERT_EQ(0, mock_hwpt_alloc(self->fd, dev.idev, self->other, IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
					     MOCK_IOMMUPT_HUGE, &hwpt));
	} else {
		ASSERT_EQ(0, mock_device(self->fd, self->other, MOCK_FLAGS_DEVICE_HUGE_IOVA, &dev));
		ASSERT_EQ(0, hwpt_alloc(self->fd, dev.idev, self->other, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt));
	}
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->other, self->huge, HUGE, self->iova, MAP_RW));
	ASSERT_EQ(0, dirty_tracking_set(self->fd, hwpt, true));
	ASSERT_EQ(0, mock_make_dirty(self->fd, hwpt, self->iova, HUGE, GRANULE, bits, NULL));
	ASSERT_EQ(0, dirty_bitmap_get(self->fd, hwpt, 0, self->iova, HUGE, GRANULE, bits));
	for (__u64 i = 0; i < HUGE / GRANULE; i++)
		ASSERT_EQ(i < LARGE / GRANULE, bits[i / 64] >> i % 64 & 1);
}

/* Large pages where small ones were, and the other way round */
TEST_F(generation, sizes_change)
{
	struct mock_dev dev = self->dev;
	__u32 hwpt;

	if (variant->newer) {
		ASSERT_EQ(0, mock_hwpt_alloc(self->fd, dev.idev, self->other, 0, MOCK_IOMMUPT_HUGE, &hwpt));
	} else {
		ASSERT_EQ(0, mock_device(self->fd, self->other, MOCK_FLAGS_DEVICE_HUGE_IOVA, &dev));
		hwpt = dev.hwpt;
	}
#define CHECK(iova, length, va) mock_check_map(self->fd, hwpt, iova, length, va)
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, ioas_map_fixed(self->fd, self->other, self->huge, HUGE, self->iova, MAP_RW));
		EXPECT_EQ(0, CHECK(self->iova, HUGE, self->huge));
		EXPECT_EQ(-EINVAL, CHECK(self->iova, LARGE, self->huge + LARGE));
		ASSERT_EQ(0, ioas_unmap(self->fd, self->other, self->iova, HUGE, NULL));
		ASSERT_EQ(0, ioas_map_fixed(self->fd, self->other, self->va, LENGTH, self->iova + PAGE, MAP_RW));
		EXPECT_EQ(0, CHECK(self->iova + PAGE, LENGTH, self->va));
		EXPECT_EQ(-EINVAL, CHECK(self->iova, PAGE, self->huge));
		ASSERT_EQ(0, ioas_unmap(self->fd, self->other, self->iova + PAGE, LENGTH, NULL));
	}
	/* The smallest page, by which OP_MD_CHECK_MAP looks */
	EXPECT_EQ(-EINVAL, CHECK(self->iova, GRANULE / 2, self->va));
	EXPECT_EQ(-EINVAL, CHECK(self->iova, GRANULE, self->va));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->other, self->va, PAGE, self->iova, MAP_RW));
	EXPECT_EQ(variant->newer ? -EINVAL : 0, CHECK(self->iova + GRANULE, GRANULE, self->va + GRANULE));
}

/* Any part of a large page at any place: pages of every size from 2 KiB on next to each other */
TEST_F(generation, every_size)
{
	const __u64 granules = HUGE / GRANULE;
	__u32 hwpt = self->dev.hwpt;

	srand(1);
	for (int i = 0; i < 200; i++) {
		const __u64 at = rand() % granules, length = (rand() % (granules - at) + 1) * GRANULE;
		const __u64 iova = self->iova + (rand() % 2 ? at : (__u64)rand() % granules) * GRANULE;
		char *va = self->huge + at * GRANULE;

		ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, va, length, iova, MAP_RW))
		TH_LOG("%llu granules from %llu on at %llx", length / GRANULE, at, iova);
		ASSERT_EQ(0, CHECK(iova, length, va));
		ASSERT_EQ(-EINVAL, CHECK(iova + length, GRANULE, self->va));
		ASSERT_EQ(-EINVAL, CHECK(iova - GRANULE, GRANULE, self->va));
		ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, iova, length, NULL));
		ASSERT_EQ(-EINVAL, CHECK(iova + length - GRANULE, GRANULE, va + length - GRANULE));
	}
}

/* Which IOVAs a table translates */
TEST_F(generation, aperture)
{
	const __u64 end = 1ULL << 56;
	__u32 hwpt;

	if (variant->newer) {
		ASSERT_EQ(0, mock_hwpt_alloc(self->fd, self->dev.idev, self->other, 0, MOCK_IOMMUPT_HUGE, &hwpt));
		ASSERT_EQ(0, ioas_map_fixed(self->fd, self->other, self->huge, HUGE, end - HUGE, MAP_RW));
		ASSERT_EQ(0, CHECK(end - HUGE, HUGE, self->huge));
		ASSERT_EQ(0, ioas_map_fixed(self->fd, self->other, self->va, PAGE, 0, MAP_RW));
		ASSERT_EQ(0, CHECK(0, PAGE, self->va));
		EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->other, self->va, PAGE, end, MAP_RW));
		ASSERT_EQ(0, ioas_unmap_all(self->fd, self->other, NULL));
	}
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->other, 0, &hwpt));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->other, self->va, PAGE, MOCK_APERTURE_START - PAGE, MAP_RW));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->other, self->va, PAGE, APERTURE_END, MAP_RW));
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->other, self->va, PAGE, APERTURE_END - PAGE, MAP_RW));
	EXPECT_EQ(0, CHECK(APERTURE_END - PAGE, PAGE, self->va));
}

TEST_F(generation, user_data)
{
	struct {
		struct iommu_hwpt_selftest data;
		__u32 more;
	} u = {.data.iotlb = IOMMU_TEST_IOTLB_DEFAULT};
	const int newer = variant->newer ? 0 : -EOPNOTSUPP, wrong = variant->newer ? -EINVAL : -EOPNOTSUPP;
	__u32 hwpt, parent;

#define PAGING(type, length) hwpt_alloc_typed(self->fd, self->dev.idev, self->ioas, 0, type, &u, length, &hwpt)
	EXPECT_EQ(newer, PAGING(IOMMU_HWPT_DATA_SELFTEST, sizeof(u.data)));
	EXPECT_EQ(newer, PAGING(IOMMU_HWPT_DATA_SELFTEST, sizeof(u.data.iotlb)));
	EXPECT_EQ(wrong, PAGING(IOMMU_HWPT_DATA_SELFTEST, sizeof(u.data.iotlb) - 1));
	EXPECT_EQ(wrong, PAGING(IOMMU_HWPT_DATA_SELFTEST, sizeof(u.data) + 1));
	EXPECT_EQ(-EOPNOTSUPP, PAGING(IOMMU_HWPT_DATA_VTD_S1, sizeof(u.data)));
	u.data.pagetable_type = MOCK_IOMMUPT_HUGE + 1;
	EXPECT_EQ(-EOPNOTSUPP, PAGING(IOMMU_HWPT_DATA_SELFTEST, sizeof(u.data)));
	/* What is cut off is 0. */
	EXPECT_EQ(newer, PAGING(IOMMU_HWPT_DATA_SELFTEST, sizeof(u.data.iotlb)));
	u.data.pagetable_type = 0;

#define NESTED(type, length) hwpt_alloc_typed(self->fd, self->dev.idev, parent, 0, type, &u, length, &hwpt)
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &parent));
	EXPECT_EQ(0, NESTED(IOMMU_HWPT_DATA_SELFTEST, sizeof(u.data.iotlb)));
	EXPECT_EQ(-EINVAL, NESTED(IOMMU_HWPT_DATA_SELFTEST, sizeof(u.data.iotlb) - 1));
	EXPECT_EQ(-EINVAL, NESTED(IOMMU_HWPT_DATA_SELFTEST, sizeof(u)));
	EXPECT_EQ(-EOPNOTSUPP, NESTED(IOMMU_HWPT_DATA_VTD_S1, sizeof(u.data)));
}

TEST_F(generation, pasid_flag)
{
	const int newer = variant->newer ? 0 : -EOPNOTSUPP;
	__u32 parent, hwpt;
	struct mock_dev dev;

	ASSERT_EQ(0, mock_device(self->fd, self->other, MOCK_FLAGS_DEVICE_PASID, &dev));
	EXPECT_EQ(newer, hwpt_alloc(self->fd, dev.idev, self->other, IOMMU_HWPT_ALLOC_PASID, &hwpt));
	ASSERT_EQ(0, hwpt_alloc(self->fd, dev.idev, self->other, IOMMU_HWPT_ALLOC_NEST_PARENT, &parent));
	EXPECT_EQ(newer, hwpt_alloc_typed(self->fd, dev.idev, parent, IOMMU_HWPT_ALLOC_PASID, IOMMU_HWPT_DATA_SELFTEST,
					  &(struct iommu_hwpt_selftest){}, sizeof(struct iommu_hwpt_selftest), &hwpt));
}

/* What HWPT_INVALIDATE says of a HWPT that has nothing to invalidate has changed in iommufd itself. */
TEST_F(generation, invalidate_no_nested)
{
	__u32 count = 0;

	EXPECT_EQ(variant->newer ? -EINVAL : -ENOENT,
		  invalidate(self->fd, self->dev.hwpt, IOMMU_HWPT_INVALIDATE_DATA_SELFTEST, NULL, 0, &count));
}

TEST(parameter)
{
	if (!ours)
		SKIP(return, "the kernel's own iommufd");
	ASSERT_TRUE(mock_load());
	ASSERT_EQ(0, system("rmmod mock_iommu"));
	EXPECT_NE(0, system("modprobe mock_iommu generation=9.9 2>/dev/null"));
	EXPECT_NE(0, access("/sys/module/mock_iommu", F_OK));
	/* By itself it is of the newest. */
	ASSERT_EQ(0, system("modprobe mock_iommu"));
	EXPECT_EQ(0, system("grep -qx 7.3 /sys/module/mock_iommu/parameters/generation"));
}

int main(int argc, char **argv)
{
	ours = mock_load();
	if (!ours)
		ksft_print_msg("no mock_iommu.ko: the kernel's own\n");
	return test_harness_run(argc, argv);
}
