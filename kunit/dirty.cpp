// SPDX-License-Identifier: GPL-2.0-only
// Reading dirty pages through bridge/dirty.h into a bitmap in real user memory, with the kernel's own iova_bitmap. The
// domain is the suite's: it reports what a case lists, so that a case knows each bit there is to be.
#include "bridge/dirty.h"
#include "bridge/uaccess.h"
#include "kunit/memory.hpp"

namespace {

using namespace kt;

constexpr u64 kBitsPerPage = kPage * 8;
constexpr u64 kBase = 1ul << 40;
constexpr u8 kUntouched = 0xa5;

int whole_range(void *, kx_dirty_read *read, unsigned long iova, unsigned long length)
{
	return kx_dirty_read_range(read, iova, length);
}

// A bitmap at any byte of some pages of user memory; everything is kUntouched or 0 at first.
class UserBitmap {
public:
	UserBitmap(kunit *test, u64 pages, u64 offset) : memory_(kt_memory(test, pages * kPage)), size_(pages * kPage), at_(offset)
	{
		fill(kUntouched);
	}

	explicit operator bool() const { return memory_; }
	u64 address() const { return memory_ + at_; }
	void fill(u8 value)
	{
		u8 bytes[64];
		__builtin_memset(bytes, value, sizeof(bytes));
		for (u64 i = 0; memory_ && i < size_; i += sizeof(bytes))
			filled_ = kx_copy_to_user(memory_ + i, bytes, sizeof(bytes)) && filled_;
	}
	// Every bit of the memory as `wanted(bit)` says; bit 0 is the bitmap's first one, those before it are below 0.
	template <typename Wanted> void check(kunit *test, Wanted &&wanted) const
	{
		u64 wrong = 0;
		EXPECT(filled_);
		for (u64 i = 0; i < size_; i += sizeof(u64)) {
			u8 bytes[sizeof(u64)];
			REQUIRE(kx_copy_from_user(bytes, memory_ + i, sizeof(bytes)));
			for (u64 bit = 0; bit < 64; bit++) {
				const s64 number = static_cast<s64>((i * 8) + bit) - static_cast<s64>(at_ * 8);
				wrong += (bytes[bit / 8] >> (bit % 8) & 1) != (wanted(number) ? 1 : 0);
			}
		}
		EXPECT_EQ(wrong, 0);
	}

private:
	const u64 memory_, size_, at_;
	bool filled_ = true;
};

bool was_set(s64 bit) { return kUntouched >> ((bit % 8 + 8) % 8) & 1; }

int read_into(const UserBitmap &bitmap, iommu_domain *domain, u64 length, u64 page_size, u64 iova = kBase)
{
	return kx_domain_read_dirty(domain, iova, length, page_size, bitmap.address(), true, whole_range, nullptr);
}

// Is there an iova_bitmap at all?
bool can_read(kunit *test, const UserBitmap &bitmap)
{
	const kt_range none[1] = {};
	iommu_domain *domain = kt_dirty_domain(test, none, 0);
	if (domain && read_into(bitmap, domain, kPage, kPage) != -95)
		return true;
	kt_skip(test, "this kernel has no iova_bitmap");
	return false;
}

// The pages first..last of `page_size` are dirty, of `pages`; the bitmap begins `offset` bytes into its memory. Exactly
// their bits are set, and what was set before, before the bitmap, in it or behind it, stays.
void check_run(kunit *test, u64 page_size, u64 pages, u64 first, u64 last, u64 offset)
{
	const u64 memory = (offset + (pages + 7) / 8) / kPage + 2;
	UserBitmap bitmap(test, memory, offset);
	REQUIRE(bitmap);
	const kt_range run[1] = {{kBase + first * page_size, (last - first + 1) * page_size}};
	iommu_domain *domain = kt_dirty_domain(test, run, 1);
	REQUIRE(domain);
	EXPECT_EQ(read_into(bitmap, domain, pages * page_size, page_size), 0);
	bitmap.check(test, [&](s64 bit) {
		return was_set(bit) || (bit >= 0 && static_cast<u64>(bit) >= first && static_cast<u64>(bit) <= last);
	});
}

} // namespace

void kt_dirty_page_sizes(kunit *test)
{
	UserBitmap bitmap(test, 1, 0);
	REQUIRE(bitmap);
	if (!can_read(test, bitmap))
		return;
	for (u64 shift = 11; shift <= 30; shift++) {
		const u64 size = 1ul << shift;
		// Parts of a page make it dirty as a whole.
		const kt_range parts[4] = {{kBase, 1}, {kBase + 5 * size + size / 2, 1}, {kBase + 63 * size, size + 1},
					   {kBase + 99 * size, size}};
		iommu_domain *domain = kt_dirty_domain(test, parts, 4);
		REQUIRE(domain);
		bitmap.fill(0);
		EXPECT_EQ(read_into(bitmap, domain, 100 * size, size), 0);
		bitmap.check(test, [](s64 b) { return b == 0 || b == 5 || b == 63 || b == 64 || b == 99; });
	}
}

// One bit for half of the address space: nothing may wrap on the way.
void kt_dirty_largest_page_size(kunit *test)
{
	UserBitmap bitmap(test, 2, 8);
	REQUIRE(bitmap);
	if (!can_read(test, bitmap))
		return;
	for (u64 half : {0ul, 1ul << 63}) {
		const kt_range last[1] = {{half + (1ul << 63) - kPage, kPage}};
		const kt_range whole[1] = {{half, 1ul << 63}};
		for (const kt_range *dirty : {last, whole}) {
			iommu_domain *domain = kt_dirty_domain(test, dirty, 1);
			REQUIRE(domain);
			bitmap.fill(0);
			EXPECT_EQ(read_into(bitmap, domain, 1ul << 63, 1ul << 63, half), 0);
			bitmap.check(test, [](s64 bit) { return bit == 0; });
		}
	}
	// Two and four bits for all of the lower half
	for (u64 shift : {62, 61}) {
		const kt_range last[1] = {{(1ul << 63) - 1, 1}};
		iommu_domain *domain = kt_dirty_domain(test, last, 1);
		REQUIRE(domain);
		bitmap.fill(0);
		EXPECT_EQ(read_into(bitmap, domain, 1ul << 63, 1ul << shift, 0), 0);
		const s64 want = (1 << (63 - shift)) - 1;
		bitmap.check(test, [&](s64 bit) { return bit == want; });
	}
}

void kt_dirty_across_bitmap_pages(kunit *test)
{
	UserBitmap bitmap(test, 1, 0);
	REQUIRE(bitmap);
	if (!can_read(test, bitmap))
		return;
	check_run(test, kPage, 3 * kBitsPerPage, kBitsPerPage - 1, kBitsPerPage, 0);
	check_run(test, kPage, 3 * kBitsPerPage, kBitsPerPage - 9, 2 * kBitsPerPage + 9, 0);
	check_run(test, kPage, 3 * kBitsPerPage, 0, 3 * kBitsPerPage - 1, 0);
	check_run(test, 1ul << 21, 2 * kBitsPerPage, kBitsPerPage - 3, kBitsPerPage + 3, 0);
}

void kt_dirty_unaligned_bitmaps(kunit *test)
{
	UserBitmap bitmap(test, 1, 0);
	REQUIRE(bitmap);
	if (!can_read(test, bitmap))
		return;
	for (u64 offset : {1ul, 7ul, 8ul, 2048ul, 0xff1ul, kPage - 1}) {
		const u64 at_the_edge = (kPage - offset) * 8;
		check_run(test, kPage, 100, 3, 90, offset);
		check_run(test, kPage, kBitsPerPage + 64, at_the_edge - 1, at_the_edge, offset);
		check_run(test, kPage, kBitsPerPage, 0, kBitsPerPage - 1, offset);
	}
}

// The last byte of the bitmap may belong to it in part only.
void kt_dirty_nothing_outside(kunit *test)
{
	UserBitmap bitmap(test, 1, 0);
	REQUIRE(bitmap);
	if (!can_read(test, bitmap))
		return;
	for (u64 pages : {1ul, 7ul, 8ul, 9ul, 63ul, 65ul, kBitsPerPage - 1, kBitsPerPage + 1}) {
		check_run(test, kPage, pages, 0, pages - 1, 16);
		check_run(test, kPage, pages, pages - 1, pages - 1, kPage - 1);
	}
	// Nothing is dirty: not a bit is touched.
	const kt_range none[1] = {};
	iommu_domain *domain = kt_dirty_domain(test, none, 0);
	REQUIRE(domain);
	EXPECT_EQ(read_into(bitmap, domain, kBitsPerPage * kPage, kPage), 0);
	bitmap.check(test, was_set);
	EXPECT_EQ(kt_pinned_vm(), 0);
}
