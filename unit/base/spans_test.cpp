// SPDX-License-Identifier: GPL-2.0-only
// Spans against a bitmap, with one and two trees, at both ends of the number space.
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/spans.hpp"

namespace {

using namespace base;

constexpr unsigned kBits = 200;

struct Trees {
	u64 base;
	IntervalTree trees[2];
	std::vector<std::unique_ptr<IntervalNode>> nodes;
	std::vector<bool> used = std::vector<bool>(kBits);

	Trees(u64 b, unsigned count, std::mt19937_64 &random) : base(b)
	{
		for (unsigned i = 0; i < count; i++) {
			u64 start = random() % kBits, last = std::min<u64>(kBits - 1, start + random() % 12);
			nodes.push_back(std::make_unique<IntervalNode>());
			trees[random() % 2].insert(*nodes.back(), base + start, base + last);
			for (u64 at = start; at <= last; at++)
				used[at] = true;
		}
	}
};

// The spans cover start..last without a gap, alternate, and say what the bitmap says.
void check(const Trees &t, u64 start, u64 last)
{
	Spans<2> spans({&t.trees[0], &t.trees[1]}, t.base + start, t.base + last);
	u64 at = t.base + start;
	bool before = false, first = true;
	for (; !spans.done(); spans.next()) {
		ASSERT_EQ(spans->start, at);
		ASSERT_LE(spans->last, t.base + last);
		ASSERT_TRUE(first || before != spans->is_hole) << "two spans of a kind in a row";
		for (u64 i = spans->start; i <= spans->last && i - t.base < kBits; i++) {
			ASSERT_NE(t.used[i - t.base], spans->is_hole) << "at " << i - t.base;
			if (i == kU64Max)
				break;
		}
		before = spans->is_hole;
		first = false;
		at = spans->last + 1;
	}
	EXPECT_EQ(at, t.base + last + 1);
}

} // namespace

TEST(Spans, MatchBitmap)
{
	std::mt19937_64 random(3);
	for (u64 base : {u64{0}, u64{1} << 40, kU64Max - (kBits - 1)})
		for (unsigned count : {0u, 1u, 5u, 20u, 60u}) {
			Trees t(base, count, random);
			for (int i = 0; i < 60; i++) {
				u64 a = random() % kBits, b = random() % kBits;
				ASSERT_NO_FATAL_FAILURE(check(t, std::min(a, b), std::max(a, b)));
			}
			ASSERT_NO_FATAL_FAILURE(check(t, 0, kBits - 1));
		}
}

TEST(Spans, WholeSpaceWithoutIntervals)
{
	IntervalTree tree;
	Spans<1> spans({&tree}, 0, kU64Max);
	ASSERT_FALSE(spans.done());
	EXPECT_TRUE(spans->is_hole);
	EXPECT_EQ(spans->start, 0u);
	EXPECT_EQ(spans->last, kU64Max);
	spans.next();
	EXPECT_TRUE(spans.done());
}

TEST(Spans, IntervalUpToTheLastNumber)
{
	IntervalTree tree;
	IntervalNode node;
	tree.insert(node, kU64Max - 9, kU64Max);
	Spans<1> spans({&tree}, kU64Max - 19, kU64Max);
	EXPECT_TRUE(spans->is_hole);
	spans.next();
	EXPECT_FALSE(spans->is_hole);
	EXPECT_EQ(spans->last, kU64Max);
	spans.next();
	EXPECT_TRUE(spans.done());
}

// Neighbours of two trees melt into one span.
TEST(Spans, NeighboursMelt)
{
	IntervalTree a, b;
	IntervalNode one, two;
	a.insert(one, 10, 19);
	b.insert(two, 20, 29);
	Spans<2> spans({&a, &b}, 12, 40);
	EXPECT_FALSE(spans->is_hole);
	EXPECT_EQ(spans->last, 29u);
}
