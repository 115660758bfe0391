// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a dirty bitmap is written, and where not: the bits of the range and no other byte, up to the end of the memory
 * it is in. Page sizes up to 1 << 63, ranges that wrap or are no multiple. Mock devices write the pages.
 *
 * Also runs on the kernel's own iommufd with IOMMUFD_TEST, and for that with generation=6.12: each 2 KiB are dirty by
 * themselves.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/system.h"

#define GRANULE  2048ULL /* of the mock's page tables */
#define NO_CLEAR IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR
#define CANARY   0x5a

FIXTURE(bitmap)
{
	int fd;
	__u32 ioas, hwpt;
	struct mock_dev dev;
	char *mem;           /* `length` bytes at `iova` */
	__u64 iova, length;
	unsigned char *page; /* for bitmaps: a page of canaries, and behind it (and before it) none */
	bool ours;
	int hole; /* the answer to a range that is not mapped from end to end; in-tree stops there, and says 0 */
};

FIXTURE_VARIANT(bitmap)
{
	__u64 pages;
};

/* 40, 1 and 129 bits of 2 KiB each: whole bytes, part of a byte, and one bit more than whole words */
FIXTURE_VARIANT_ADD(bitmap, bytes){.pages = 20};
FIXTURE_VARIANT_ADD(bitmap, part_of_a_byte){.pages = 1};
FIXTURE_VARIANT_ADD(bitmap, words_and_some){.pages = 65};

typedef FIXTURE_DATA(bitmap) fixture;

FIXTURE_SETUP(bitmap)
{
	char *three = pages_alloc(3 * PAGE);

	self->ours = mock_counter("granted_pages") >= 0;
	self->hole = self->ours ? -EINVAL : 0;
	self->page = (unsigned char *)three + PAGE;
	memset(self->page, CANARY, PAGE);
	ASSERT_EQ(0, munmap(three, PAGE));
	ASSERT_EQ(0, mprotect(three + 2 * PAGE, PAGE, PROT_NONE));
	self->length = variant->pages * PAGE;
	self->iova = MOCK_APERTURE_START;
	self->mem = pages_alloc(self->length);
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &self->dev));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &self->hwpt));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, self->length, self->iova, MAP_RW));
	ASSERT_EQ(0, dirty_tracking_set(self->fd, self->hwpt, true));
}

FIXTURE_TEARDOWN(bitmap)
{
	close(self->fd);
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

#define BITS (self->length / GRANULE)
#define GET(flags, iova, length, page_size, bits) \
	dirty_bitmap_get(self->fd, self->hwpt, flags, iova, length, page_size, bits)

/* A device writes all there is. */
static void dirty_all(struct __test_metadata *_metadata, fixture *self)
{
	unsigned char ones[64];
	__u64 count;

	memset(ones, 0xff, sizeof(ones));
	ASSERT_LE(BITS, 8 * sizeof(ones));
	ASSERT_EQ(0, mock_make_dirty(self->fd, self->hwpt, self->iova, self->length, GRANULE, ones, &count));
	ASSERT_EQ(BITS, count);
}

/* The bits from `bits` on are set, n of them, and everything else on the page is as it was. */
static bool only_these(const unsigned char *page, const unsigned char *bits, __u64 n, unsigned char before)
{
	const __u64 at = (__u64)(bits - page) * 8;

	for (__u64 i = 0; i < PAGE * 8; i++) {
		bool is = page[i / 8] >> i % 8 & 1, was = before >> i % 8 & 1;

		if (is != (was || (i >= at && i < at + n)))
			return false;
	}
	return true;
}

/* Bits at the beginning of a page, in the middle, not aligned to a word, and up to its very end */
TEST_F(bitmap, no_byte_beside_the_bits)
{
	const __u64 bytes = (BITS + 7) / 8;
	const __u64 offsets[] = {0, 8, 1000, 1001, PAGE / 2 + 3, PAGE - bytes};

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		dirty_all(_metadata, self);
		for (int again = 0; again < 2; again++) {
			memset(self->page, CANARY, PAGE);
			ASSERT_EQ(0, GET(again ? 0 : NO_CLEAR, self->iova, self->length, GRANULE,
					 self->page + offsets[i]));
			EXPECT_TRUE(only_these(self->page, self->page + offsets[i], BITS, CANARY))
			TH_LOG("at %llu", (unsigned long long)offsets[i]);
		}
	}
}

/* The bits of each part of the range, as bits of a bitmap that begins with it */
TEST_F(bitmap, parts_of_the_range)
{
	for (__u64 first = 0; first < self->length; first += 5 * PAGE) {
		const __u64 length = self->length - first, bytes = (length / GRANULE + 7) / 8;
		unsigned char *bits = self->page + PAGE - bytes;

		dirty_all(_metadata, self);
		memset(self->page, 0, PAGE);
		ASSERT_EQ(0, GET(0, self->iova + first, length, GRANULE, bits));
		EXPECT_TRUE(only_these(self->page, bits, length / GRANULE, 0));
		/* the rest is still dirty, and nothing else is */
		memset(self->page, 0, PAGE);
		ASSERT_EQ(0, GET(0, self->iova, self->length, GRANULE, self->page));
		EXPECT_TRUE(only_these(self->page, self->page, first / GRANULE, 0));
	}
}

/* One bit for much more than there is: ranges are refused that are no multiple of it */
TEST_F(bitmap, large_page_sizes)
{
	for (int shift = 17; shift < 64; shift++) {
		const __u64 size = 1ULL << shift;

		EXPECT_EQ(-EINVAL, GET(0, self->iova, self->length + PAGE, size, self->page)) TH_LOG("shift %d", shift);
		EXPECT_EQ(-EINVAL, GET(0, self->iova, size - PAGE, size, self->page)) TH_LOG("shift %d", shift);
		EXPECT_EQ(-EINVAL, GET(0, self->iova + PAGE, size, size, self->page)) TH_LOG("shift %d", shift);
	}
	/* holes in what they cover */
	EXPECT_EQ(self->hole, GET(0, self->iova, 1ULL << 24, 1ULL << 24, self->page));
	EXPECT_EQ(self->hole, GET(0, 0, 1ULL << 32, 1ULL << 32, self->page));
	EXPECT_EQ(self->hole, GET(0, 0, 1ULL << 63, 1ULL << 63, self->page));
	EXPECT_EQ(self->hole, GET(0, 1ULL << 63, 1ULL << 63, 1ULL << 63, self->page));
	EXPECT_EQ(0, bytes_not(self->page, PAGE, CANARY));
}

/* What was written is found in the one bit that there is, and only there. */
TEST_F(bitmap, one_bit_for_everything)
{
	const __u64 size = 1ULL << 24;
	unsigned char *last = self->page + PAGE - 1;

	dirty_all(_metadata, self);
	memset(self->page, 0, PAGE);
	EXPECT_EQ(self->hole, GET(NO_CLEAR, self->iova, size, size, last));
	EXPECT_TRUE(only_these(self->page, last, 1, 0));
	memset(self->page, 0, PAGE);
	EXPECT_EQ(self->hole, GET(0, self->iova, 2 * size, size, last));
	EXPECT_TRUE(only_these(self->page, last, 1, 0));
}

TEST_F(bitmap, other_page_sizes)
{
	const __u64 refused[] = {0, UINT64_MAX, 3, 2047, 3 * GRANULE};

	/* in-tree takes what is no power of two for a smaller one */
	for (size_t i = 0; i < (self->ours ? ARRAY_SIZE(refused) : 2); i++) {
		EXPECT_EQ(-EINVAL, GET(0, self->iova, self->length, refused[i], self->page))
		TH_LOG("page size %llu", (unsigned long long)refused[i]);
	}
	EXPECT_EQ(0, bytes_not(self->page, PAGE, CANARY));
	/* coarser than the page table: a bit is set for any of its parts */
	dirty_all(_metadata, self);
	memset(self->page, 0, PAGE);
	ASSERT_EQ(0, GET(0, self->iova, self->length, PAGE, self->page));
	EXPECT_TRUE(only_these(self->page, self->page, BITS / 2, 0));
}

TEST_F(bitmap, ranges)
{
	dirty_all(_metadata, self);
	EXPECT_EQ(-EINVAL, GET(0, self->iova, 0, GRANULE, self->page));
	EXPECT_EQ(-EINVAL, GET(0, self->iova, self->length - 1, GRANULE, self->page));
	EXPECT_EQ(-EINVAL, GET(0, self->iova + 1, self->length, GRANULE, self->page));
	EXPECT_EQ(self->hole, GET(0, self->iova, self->length + PAGE, GRANULE, self->page));
	EXPECT_EQ(self->hole, GET(0, self->iova - PAGE, self->length, GRANULE, self->page + PAGE / 2));
	EXPECT_EQ(-EOVERFLOW, GET(0, self->iova, -PAGE, GRANULE, self->page));
	EXPECT_EQ(-EOVERFLOW, GET(0, -PAGE, 2 * PAGE, GRANULE, self->page));
	EXPECT_EQ(-EOVERFLOW, GET(0, UINT64_MAX, UINT64_MAX, GRANULE, self->page));
	EXPECT_EQ(-EINVAL, GET(0, 0, UINT64_MAX, GRANULE, self->page));
}

/* The kernel's bitmap code does not tell; what is in reach is written, and the rest is lost. */
TEST_F(bitmap, bitmap_that_cannot_be_written)
{
	void *const bad[] = {NULL, self->page + PAGE, self->page - PAGE, (void *)(1UL << 63), (void *)UINT64_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		dirty_all(_metadata, self);
		EXPECT_EQ(0, GET(0, self->iova, self->length, GRANULE, bad[i]));
		EXPECT_EQ(0, bytes_not(self->page, PAGE, CANARY));
	}
	if (BITS <= 8)
		return;
	dirty_all(_metadata, self);
	memset(self->page, 0, PAGE);
	EXPECT_EQ(0, GET(0, self->iova, self->length, GRANULE, self->page + PAGE - 1));
	EXPECT_TRUE(only_these(self->page, self->page + PAGE - 1, 8, 0));
}

/* More bitmap than the kernel pins at once (512 pages), and not aligned; one bit for each byte */
TEST(bitmap_in_several_steps)
{
	const __u64 length = 24UL << 20, iova = MOCK_APERTURE_START, odd = 1001;
	const size_t bytes = length / 8;
	unsigned char *memory = pages_alloc(bytes + PAGE), *bits = memory + odd;
	const unsigned char write[] = {0xdb, 0xb6, 0x6d}; /* all but every third */
	unsigned char pages[3 << 9];
	struct mock_dev dev;
	__u32 ioas, hwpt;
	int fd = iommufd_open();

	ASSERT_LE(0, fd);
	memset(memory, CANARY, odd);
	memset(bits + bytes, CANARY, PAGE - odd);
	ASSERT_EQ(length / GRANULE / 8, sizeof(pages));
	for (size_t i = 0; i < sizeof(pages); i++)
		pages[i] = write[i % 3];
	ASSERT_EQ(0, ioas_alloc(fd, &ioas));
	ASSERT_EQ(0, mock_device(fd, ioas, 0, &dev));
	ASSERT_EQ(0, hwpt_alloc(fd, dev.idev, ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt));
	ASSERT_EQ(0, ioas_map_fixed(fd, ioas, pages_alloc(length), length, iova, MAP_RW));
	ASSERT_EQ(0, dirty_tracking_set(fd, hwpt, true));
	ASSERT_EQ(0, mock_make_dirty(fd, hwpt, iova, length, GRANULE, pages, NULL));
	ASSERT_EQ(0, dirty_bitmap_get(fd, hwpt, 0, iova, length, 1, bits));
	EXPECT_EQ(0, bytes_not(memory, odd, CANARY));
	EXPECT_EQ(0, bytes_not(bits + bytes, PAGE - odd, CANARY));
	for (__u64 page = 0; page < length / GRANULE; page++)
		ASSERT_EQ(0, bytes_not(bits + page * GRANULE / 8, GRANULE / 8, page % 3 == 2 ? 0 : 0xff));
	close(fd);
}

int main(int argc, char **argv)
{
	mock_load_as("6.12");
	return test_harness_run(argc, argv);
}
