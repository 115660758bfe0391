// SPDX-License-Identifier: GPL-2.0-only
// The mock's IO page table: pages of every size, what is refused, and what is seen of a page that goes.
#include "mock_iommu/page_table.hpp"
#include "support/world.hpp"

namespace test {

namespace {

using mock::PageTable;

constexpr u64 kGranule = PageTable::kGranule, kLarge = PageTable::kLarge, kAt = u64{1} << 37;

class MockPageTable : public World {
protected:
	PageTable table{3}; // 38 bits
};

int error(const base::Status &status) { return status ? 0 : status.error().to_errno(); }

} // namespace

TEST_F(MockPageTable, PagesOfEverySize)
{
	for (u64 size = kGranule; size <= u64{1} << 37; size *= 2) {
		const u64 pa = u64{1} << 50;
		ASSERT_TRUE(table.map(kAt, pa, size, 1)) << size;
		for (u64 offset : {u64{0}, size / 2 + 1, size - 1}) {
			const auto leaf = table.find(kAt + offset);
			ASSERT_TRUE(leaf.entry) << size;
			EXPECT_EQ(leaf.start, kAt);
			EXPECT_EQ(leaf.size, size);
			EXPECT_EQ(leaf.pa_of(kAt + offset), pa + offset);
		}
		EXPECT_FALSE(table.find(kAt - 1).entry);
		EXPECT_FALSE(table.find(kAt + size).entry);
		EXPECT_EQ(table.unmap(kAt, size, true), size);
		EXPECT_FALSE(table.find(kAt).entry);
	}
}

TEST_F(MockPageTable, DirtyAsAWhole)
{
	const u64 size = 4 * kGranule;
	ASSERT_TRUE(table.map(kAt, 0, size, 2));
	EXPECT_TRUE(table.find(kAt + size - 1).set_dirty());
	EXPECT_TRUE(table.find(kAt).test_dirty(false));
	EXPECT_FALSE(table.find(kAt + size).test_dirty(false));
	EXPECT_TRUE(table.find(kAt + kGranule).test_dirty(true));
	EXPECT_FALSE(table.find(kAt).test_dirty(true));
	EXPECT_EQ(table.unmap(kAt, 2 * size, true), 2 * size);
}

TEST_F(MockPageTable, WhatIsRefused)
{
	EXPECT_EQ(error(table.map(u64{1} << 38, 0, kGranule, 1)), -34);
	EXPECT_EQ(error(table.map(0, 0, u64{1} << 38, 1)), -34);
	EXPECT_EQ(error(table.map(0, u64{1} << 51, kGranule, 1)), -34);
	// What was mapped before the page that cannot be goes again.
	const u64 last = (u64{1} << 38) - kGranule;
	EXPECT_EQ(error(table.map(last, 0, kGranule, 2)), -34);
	EXPECT_FALSE(table.find(last).entry);
	ASSERT_TRUE(table.map(kAt + 2 * kGranule, 0, kGranule, 1));
	EXPECT_EQ(error(table.map(kAt, 0, kGranule, 4)), -17);
	EXPECT_EQ(error(table.map(kAt, 0, 4 * kGranule, 1)), -17);
	EXPECT_EQ(error(table.map(kAt, 0, kLarge, 1)), -17);
	EXPECT_FALSE(table.find(kAt).entry);
	EXPECT_FALSE(table.find(kAt + kGranule).entry);
	EXPECT_TRUE(table.find(kAt + 2 * kGranule).entry);
	EXPECT_EQ(table.unmap(kAt + 2 * kGranule, kGranule, true), kGranule);
	ASSERT_TRUE(table.map(kAt, 0, kLarge, 1));
	EXPECT_EQ(error(table.map(kAt + kGranule, 0, kGranule, 1)), -17);
	EXPECT_EQ(table.unmap(kAt, kLarge, true), kLarge);
}

TEST_F(MockPageTable, OutOfMemory)
{
	for (unsigned nth = 1; nth <= 3; nth++) { // a table of each level
		PageTable fresh{3};
		fake::arm(fake::Fault::kAlloc, nth);
		EXPECT_EQ(error(fresh.map(kAt, 0, kGranule, 1)), -12);
		fake::disarm();
		EXPECT_FALSE(fresh.find(kAt).entry);
		ASSERT_TRUE(fresh.map(kAt, 0, kGranule, 1));
		EXPECT_EQ(fresh.unmap(kAt, kGranule, true), kGranule);
	}
}

TEST_F(MockPageTable, UnmapStopsAtAHoleAndInAPage)
{
	ASSERT_TRUE(table.map(kAt, 0, 2 * kGranule, 1));
	ASSERT_TRUE(table.map(kAt + 4 * kGranule, 0, 2 * kGranule, 1));
	fake::ExpectWarnings warnings;
	EXPECT_EQ(table.unmap(kAt + kGranule, kGranule, false), 0u);
	EXPECT_EQ(table.unmap(kAt, kGranule, false), 0u);
	EXPECT_EQ(table.unmap(kAt, 6 * kGranule, false), 2 * kGranule);
	EXPECT_EQ(table.unmap(kAt + 4 * kGranule, 2 * kGranule, false), 2 * kGranule);
	EXPECT_EQ(warnings.count(), 3u);
}

// A DMA that has found the page gets to where that was, and to no address that it never had.
TEST_F(MockPageTable, FoundJustBeforeItGoes)
{
	const u64 pa = u64{1} << 40, size = 2 * kGranule;
	for (u64 offset : {u64{5}, kGranule + 5}) {
		ASSERT_TRUE(table.map(kAt, pa, size, 1));
		auto leaf = table.find(kAt + offset);
		EXPECT_EQ(table.unmap(kAt, size, true), size);
		EXPECT_EQ(leaf.pa_of(kAt + offset), pa + offset);
		EXPECT_FALSE(leaf.set_dirty());
	}
}

} // namespace test
