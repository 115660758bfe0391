// SPDX-License-Identifier: GPL-2.0-only
// Result, TRY, Strong, checked_range and the alignment helpers.
#include <gtest/gtest.h>

#include "base/math.hpp"

namespace {

using namespace base;

Status odd_fails(int n)
{
	if (n & 1)
		return fail(Errno::kBusy, "odd");
	return {};
}

Result<int> half(int n)
{
	TRY(odd_fails(n));
	return n / 2;
}

Result<int> quarter(int n)
{
	TRY_LET(h, half(n));
	TRY_LET(q, half(h));
	return q;
}

} // namespace

TEST(Result, TryPassesTheErrorOn)
{
	EXPECT_EQ(*quarter(8), 2);
	for (int n : {7, 6}) {
		auto q = quarter(n);
		ASSERT_FALSE(q);
		EXPECT_TRUE(q.error().is(Errno::kBusy));
		EXPECT_EQ(q.error().to_errno(), -16);
		EXPECT_STREQ(q.error().why(), "odd");
	}
}

TEST(Result, KernelErrnos)
{
	EXPECT_TRUE(check(0, ""));
	EXPECT_TRUE(check(5, ""));
	Status s = check(-110, "late");
	ASSERT_FALSE(s);
	EXPECT_EQ(s.error().to_errno(), -110);
	EXPECT_STREQ(s.error().why(), "late");
}

TEST(Strong, ComparesAndMoves)
{
	const Iova a(0x1000), b = a + 0x10;
	EXPECT_LT(a, b);
	EXPECT_EQ(b - a, 0x10u);
	EXPECT_EQ((b - 0x10).raw(), a.raw());
	EXPECT_EQ(Iova(), Iova(0));
	static_assert(!std::is_convertible_v<Iova, Pa> && !std::is_convertible_v<u64, Iova>);
}

TEST(Range, InclusiveEnds)
{
	const IovaRange r{Iova(10), Iova(19)};
	EXPECT_EQ(r.count(), 10u);
	EXPECT_TRUE(r.contains({Iova(10), Iova(19)}));
	EXPECT_FALSE(r.contains({Iova(9), Iova(19)}));
	EXPECT_FALSE(r.contains({Iova(10), Iova(20)}));
	EXPECT_TRUE(r.overlaps({Iova(19), Iova(40)}));
	EXPECT_TRUE(r.overlaps({Iova(0), Iova(10)}));
	EXPECT_FALSE(r.overlaps({Iova(20), Iova(40)}));
	EXPECT_TRUE(kAllIova.contains(r));
	EXPECT_EQ(kAllIova.count(), 0u);
}

TEST(CheckedRange, Limits)
{
	auto whole = checked_range(Iova(1), kU64Max);
	ASSERT_TRUE(whole);
	EXPECT_EQ(whole->last.raw(), kU64Max);
	EXPECT_EQ(checked_range(Iova(kU64Max), 1)->last.raw(), kU64Max);
	EXPECT_TRUE(checked_range(Iova(5), 0).error().is(Errno::kInval));
	EXPECT_TRUE(checked_range(Iova(kU64Max), 2).error().is(Errno::kOverflow));
	EXPECT_TRUE(checked_range(Iova(2), kU64Max).error().is(Errno::kOverflow));
}

TEST(Align, UpSaysWhenItWraps)
{
	u64 out = 0;
	EXPECT_TRUE(align_up(0x1001, 0x1000, out));
	EXPECT_EQ(out, 0x2000u);
	EXPECT_TRUE(align_up(0x1000, 0x1000, out));
	EXPECT_EQ(out, 0x1000u);
	EXPECT_FALSE(align_up(kU64Max - 5, 0x1000, out));
	EXPECT_EQ(align_down(0x1fff, 0x1000), 0x1000u);
	EXPECT_TRUE(is_aligned(0, 0x1000));
	EXPECT_FALSE(is_aligned(0x1800, 0x1000));
	EXPECT_EQ(lowest_bit(0x40201000), 0x1000u);
	EXPECT_EQ(lowest_bit(0), 0u);
}
