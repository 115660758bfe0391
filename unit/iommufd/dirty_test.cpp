// SPDX-License-Identifier: GPL-2.0-only
// Dirty tracking: HWPT_SET_DIRTY_TRACKING and HWPT_GET_DIRTY_BITMAP.
#include "support/failures.hpp"

namespace test {

namespace {

constexpr u64 kFirst = 0x100000, kArea = 8 * kPage, kSecond = kFirst + kArea;

// Two areas side by side in a domain that tracks, and a gap behind them.
struct Tracked {
	Fd &fd;
	Machine &machine;
	u32 ioas = 0, hwpt = 0;
	iommu_domain *domain = nullptr;
	std::unique_ptr<Bound> dev{};

	void setup()
	{
		device &d = machine.new_device();
		d.tracks_dirty = true;
		ioas = fd.ioas();
		dev = std::make_unique<Bound>(fd, d);
		ASSERT_EQ(fd.map_at(ioas, machine.memory(8, {.run = 3}), kArea, kFirst), 0);
		ASSERT_EQ(fd.map_at(ioas, machine.memory(8, {.run = 1}), kArea, kSecond), 0);
		ASSERT_EQ(fd.hwpt(dev->id(), ioas, hwpt, IOMMU_HWPT_ALLOC_DIRTY_TRACKING), 0);
		domain = fake::domains().back();
	}
	int track(u32 flags) const
	{
		iommu_hwpt_set_dirty_tracking cmd{};
		cmd.hwpt_id = hwpt;
		cmd.flags = flags;
		return fd.call(IOMMU_HWPT_SET_DIRTY_TRACKING, cmd);
	}
	iommu_hwpt_get_dirty_bitmap request(u8 *bitmap) const
	{
		iommu_hwpt_get_dirty_bitmap cmd{};
		cmd.hwpt_id = hwpt;
		cmd.iova = kFirst;
		cmd.length = 2 * kArea;
		cmd.page_size = kPage;
		cmd.data = reinterpret_cast<u64>(bitmap);
		return cmd;
	}
	// The bits of both areas.
	int read(u64 &bits, u32 flags = 0) const
	{
		u8 bytes[8] = {};
		fake::Reachable r(bytes, sizeof(bytes));
		iommu_hwpt_get_dirty_bitmap cmd = request(bytes);
		cmd.flags = flags;
		int rc = fd.call(IOMMU_HWPT_GET_DIRTY_BITMAP, cmd);
		memcpy(&bits, bytes, 8);
		return rc;
	}
};

class Dirty : public World {
protected:
	Fd fd;
	Tracked t{fd, machine};
	void SetUp() override
	{
		t.setup();
		ASSERT_EQ(t.track(IOMMU_HWPT_DIRTY_TRACKING_ENABLE), 0);
	}
	int with(auto change)
	{
		u8 bytes[8] = {};
		fake::Reachable r(bytes, sizeof(bytes));
		iommu_hwpt_get_dirty_bitmap cmd = t.request(bytes);
		change(cmd);
		return fd.call(IOMMU_HWPT_GET_DIRTY_BITMAP, cmd);
	}
};

} // namespace

TEST_F(Dirty, BitsOfSeveralAreas)
{
	u64 bits = 0;
	t.domain->dirty = {kFirst, kFirst + 7 * kPage, kSecond, kSecond + 5 * kPage};
	ASSERT_EQ(t.read(bits, IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR), 0);
	EXPECT_EQ(bits, 0x2181u);
	ASSERT_EQ(t.read(bits), 0) << "still there";
	EXPECT_EQ(bits, 0x2181u);
	ASSERT_EQ(t.read(bits), 0);
	EXPECT_EQ(bits, 0u) << "cleared by the last one";
}

TEST_F(Dirty, PartOfAnArea)
{
	t.domain->dirty = {kFirst, kFirst + 2 * kPage, kSecond, kSecond + kPage};
	EXPECT_EQ(with([](auto &c) { c.iova += kPage, c.length = kArea; }), 0);
	EXPECT_EQ(t.domain->dirty, (std::set<unsigned long>{kFirst, kSecond + kPage})) << "outside of the range";
}

TEST_F(Dirty, LargeBits)
{
	u8 bytes[8] = {};
	fake::Reachable r(bytes, sizeof(bytes));
	iommu_hwpt_get_dirty_bitmap cmd = t.request(bytes);
	cmd.page_size = 4 * kPage;
	t.domain->dirty = {kFirst + kPage, kFirst + 2 * kPage, kSecond + 4 * kPage};
	ASSERT_EQ(fd.call(IOMMU_HWPT_GET_DIRTY_BITMAP, cmd), 0);
	EXPECT_EQ(bytes[0], 0b1001);
}

TEST_F(Dirty, StartForgetsWhatWasBefore)
{
	u64 bits = 0;
	t.domain->dirty = {kFirst, kSecond};
	ASSERT_EQ(t.track(0), 0);
	EXPECT_FALSE(t.domain->dirty_tracking);
	EXPECT_EQ(t.domain->dirty.size(), 2u);
	ASSERT_EQ(t.track(IOMMU_HWPT_DIRTY_TRACKING_ENABLE), 0);
	EXPECT_TRUE(t.domain->dirty.empty());
	ASSERT_EQ(t.read(bits), 0);
	EXPECT_EQ(bits, 0u);
}

TEST_F(Dirty, NotTracking)
{
	u64 bits = 0;
	ASSERT_EQ(t.track(0), 0);
	EXPECT_EQ(t.read(bits), -22);
}

TEST_F(Dirty, Holes)
{
	t.domain->dirty = {kFirst};
	EXPECT_EQ(with([](auto &c) { c.iova -= kPage; }), -22);
	EXPECT_EQ(with([](auto &c) { c.length += kPage; }), -22);
	ASSERT_EQ(fd.unmap(t.ioas, kSecond, kArea), 0);
	EXPECT_EQ(with([](auto &) {}), -22);
	t.domain->dirty = {kFirst};
	EXPECT_EQ(with([](auto &c) { c.length = kArea; }), 0);
}

TEST_F(Dirty, BadSizes)
{
	for (u64 size : {0ul, 3ul, 3 * kPage, ~0ul})
		EXPECT_EQ(with([&](auto &c) { c.page_size = size; }), -22) << size;
	for (u64 shift : {17, 40, 63})
		EXPECT_EQ(with([&](auto &c) { c.page_size = 1ul << shift; }), -22) << shift;
	EXPECT_EQ(with([](auto &c) { c.length = 0; }), -22);
	EXPECT_EQ(with([](auto &c) { c.length = kPage - 1; }), -22);
	EXPECT_EQ(with([](auto &c) { c.iova += 1; }), -22);
	EXPECT_EQ(with([](auto &c) { c.iova = -kPage, c.length = 2 * kPage; }), -75);
	EXPECT_EQ(with([](auto &c) { c.iova = -2 * kPage, c.length = 2 * kPage; }), -22) << "up to the last byte";
	// One bit for half of the address space, of which nothing is mapped.
	EXPECT_EQ(with([](auto &c) { c.iova = 1ul << 63, c.length = 1ul << 63, c.page_size = 1ul << 63; }), -22);
}

TEST_F(Dirty, BadArguments)
{
	EXPECT_EQ(t.track(2), -95);
	EXPECT_EQ(with([](auto &c) { c.flags = 2; }), -95);
	EXPECT_EQ(with([](auto &c) { c.__reserved = 1; }), -95);
	EXPECT_EQ(with([](auto &c) { c.hwpt_id = 77; }), -2);
	EXPECT_EQ(with([&](auto &c) { c.hwpt_id = t.ioas; }), -2);
	// A HWPT that was not allocated for it.
	ASSERT_EQ(fd.hwpt(t.dev->id(), t.ioas, t.hwpt), 0);
	EXPECT_EQ(with([](auto &) {}), -95);
	EXPECT_EQ(t.track(1), -95);
	EXPECT_EQ(t.track(0), -95);
}

TEST_F(Dirty, DriverErrors)
{
	u64 bits = 0;
	t.domain->dirty_error = -5;
	EXPECT_EQ(t.read(bits), -5);
	EXPECT_EQ(t.track(1), -5);
	EXPECT_EQ(t.track(0), 0) << "nothing is read to stop";
	t.domain->dirty_error = 0;
	t.domain->tracking_error = -16;
	EXPECT_EQ(t.track(1), -16);
}

namespace {

struct Start : Scenario {
	Tracked t{fd, machine};
	void setup() override { t.setup(); }
	int run() override { return t.track(1); }
};

struct Read : Start {
	void setup() override
	{
		t.setup();
		ASSERT_EQ(t.track(1), 0);
		t.domain->dirty = {kFirst};
	}
	int run() override
	{
		u64 bits;
		return t.read(bits);
	}
};

} // namespace

TEST(FailDirty, Start)
{
	fail_each<Start>(fake::Fault::kAlloc, {.at_least = 3});
	fail_each<Start>(fake::Fault::kUserCopy, {.error = -14, .at_least = 2});
}

// A bitmap that cannot be written goes unnoticed, as in the kernel.
TEST(FailDirty, Read)
{
	fail_each<Read>(fake::Fault::kAlloc, {.at_least = 3});
	fail_each<Read>(fake::Fault::kUserCopy, {.error = -14, .may_survive = true, .at_least = 2});
}

} // namespace test
