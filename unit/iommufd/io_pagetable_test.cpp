// SPDX-License-Identifier: GPL-2.0-only
// The IOVA space of an IOAS: placement, reserved and allowed ranges, alignment, unmap.
#include "support/peek.hpp"
#include "support/state.hpp"
#include "support/world.hpp"

namespace test {

class IoPageTable : public World {
protected:
	Fd fd;
	u32 ioas = fd.ioas();

	u64 map_auto(u64 va, u64 length, int error = 0)
	{
		u64 iova = 0;
		EXPECT_EQ(fd.map(ioas, va, length, iova), error) << fake::last_rejection();
		return iova;
	}
	std::vector<std::pair<u64, u64>> usable()
	{
		std::vector<iommu_iova_range> out;
		EXPECT_EQ(fd.ranges(ioas, out), 0);
		std::vector<std::pair<u64, u64>> pairs;
		for (auto &r : out)
			pairs.emplace_back(r.start, r.last);
		return pairs;
	}
	u64 alignment()
	{
		std::vector<iommu_iova_range> out;
		u64 value = 0;
		EXPECT_EQ(fd.ranges(ioas, out, &value), 0);
		return value;
	}
};

using Pairs = std::vector<std::pair<u64, u64>>;
constexpr u64 kMax = base::kU64Max;

TEST_F(IoPageTable, FirstAutomaticIova)
{
	EXPECT_EQ(map_auto(kVa, kPage), kPage);
	EXPECT_EQ(map_auto(kVa, kPage), 2 * kPage);
	// Aligned as the memory and the length allow, up to a large page.
	EXPECT_EQ(map_auto(kVa, 4 * kPage), 4 * kPage);
	EXPECT_EQ(map_auto(kVa, 0x200000), 0x200000u);
	EXPECT_EQ(map_auto(kVa, 0x800000) % 0x200000, 0u);
	// The memory's alignment is the limit.
	EXPECT_EQ(map_auto(kVa + kPage, 0x200000) % kPage, 0u);
}

TEST_F(IoPageTable, AutomaticIovaKeepsThePageOffset)
{
	for (u64 offset : {1ul, 0x800ul, 0xffful}) {
		u64 iova = map_auto(kVa + offset, 3 * kPage);
		EXPECT_EQ(iova % kPage, offset);
		EXPECT_GE(iova, kPage);
	}
}

TEST_F(IoPageTable, AutomaticIovaFillsGaps)
{
	ASSERT_EQ(fd.map_at(ioas, kVa, kPage, 0x1000), 0);
	ASSERT_EQ(fd.map_at(ioas, kVa, kPage, 0x3000), 0);
	EXPECT_EQ(map_auto(kVa, kPage), 0x2000u);
	EXPECT_EQ(map_auto(kVa, kPage), 0x4000u);
}

TEST_F(IoPageTable, AutomaticIovaStaysInAllowedRanges)
{
	ASSERT_EQ(fd.allow(ioas, {{0x10000, 0x11fff}, {0x40000, 0x4ffff}}), 0);
	EXPECT_EQ(map_auto(kVa, kPage), 0x10000u);
	EXPECT_EQ(map_auto(kVa, 2 * kPage), 0x40000u);
	EXPECT_EQ(map_auto(kVa, kPage), 0x11000u);
	map_auto(kVa, 0x10000, -28);
	// A fixed one need not.
	EXPECT_EQ(fd.map_at(ioas, kVa, kPage, 0x80000), 0);
	// An empty list: anywhere again.
	ASSERT_EQ(fd.allow(ioas, {}), 0);
	EXPECT_EQ(map_auto(kVa, 0x10000), 0x20000u);
}

TEST_F(IoPageTable, AutomaticIovaWithoutRoom)
{
	ASSERT_EQ(fd.allow(ioas, {{0, kPage - 1}}), 0);
	map_auto(kVa, kPage, -28); // never 0
	ASSERT_EQ(fd.allow(ioas, {{kMax - 2 * kPage + 1, kMax}}), 0);
	EXPECT_EQ(map_auto(kVa, kPage), kMax - 2 * kPage + 1);
	map_auto(kVa, kPage, -28); // nor the very last page
	u64 iova = 0;
	EXPECT_EQ(fd.map(ioas, 0, kMax / 2 + 1, iova), -75);
}

TEST_F(IoPageTable, FixedAtTheVeryEnds)
{
	EXPECT_EQ(fd.map_at(ioas, kVa, kPage, 0), 0);
	EXPECT_EQ(fd.map_at(ioas, kVa, kPage, kMax - kPage + 1), 0);
	EXPECT_EQ(fd.map_at(ioas, kVa, kPage, kMax - kPage + 2), -75);
	u64 bytes = 0;
	EXPECT_EQ(fd.unmap(ioas, 0, kMax, &bytes), 0);
	EXPECT_EQ(bytes, 2 * kPage);
}

TEST_F(IoPageTable, BytesWithoutADomain)
{
	EXPECT_EQ(alignment(), 1u);
	EXPECT_EQ(fd.map_at(ioas, kVa + 3, 10, 0x1003), 0);
	EXPECT_EQ(fd.map_at(ioas, kVa, 3, 0x1000), 0);
	EXPECT_EQ(fd.map_at(ioas, kVa, 1, 0x1002), -17);
	// A domain needs pages: these areas keep it out.
	Bound dev(fd, machine.new_device());
	EXPECT_EQ(dev.attach(ioas), -98);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(dev.attach(ioas), 0);
	EXPECT_EQ(alignment(), kPage);
	EXPECT_EQ(fd.map_at(ioas, kVa, 10, 0x1000), -22);
	EXPECT_EQ(fd.map_at(ioas, kVa, kPage, 0x1001), -22);
	EXPECT_EQ(fd.map_at(ioas, kVa + 1, kPage, 0x1000), -22);
	dev.unbind();
	EXPECT_EQ(alignment(), 1u);
}

// A domain may have pages smaller than the CPU's: areas then begin and end inside a page.
TEST_F(IoPageTable, SubPageDomain)
{
	device &dev = machine.new_device();
	dev.page_sizes = 0x201800; // 2 KiB, 4 KiB, 2 MiB
	const u64 va = memory(6, {.run = 2});
	ASSERT_EQ(fd.map_at(ioas, va + 0x800, 2 * kPage, 0x10800), 0);
	Bound bound(fd, dev);
	ASSERT_EQ(bound.attach(ioas), 0) << fake::last_rejection();
	EXPECT_EQ(alignment(), 0x800u);
	check_consistency(fd.context());
	EXPECT_EQ(fake::pins_total(), 3);
	ASSERT_EQ(fd.map_at(ioas, va + 3 * kPage, 0x800, 0x20800), 0) << fake::last_rejection();
	EXPECT_EQ(fake::pins_total(), 4);
	// The same page again, and half of a neighbour: pages are shared by copies only.
	u64 dst = 0x30000;
	ASSERT_EQ(fd.copy(ioas, ioas, 0x11000, kPage, dst), 0) << fake::last_rejection();
	EXPECT_EQ(fake::pins_total(), 4);
	EXPECT_EQ(fd.unmap(ioas, 0x10800, 2 * kPage), 0);
	EXPECT_EQ(fake::pins_total(), 2);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(fake::pins_total(), 0);
}

TEST_F(IoPageTable, ReservedRangesComeAndGo)
{
	device &dev = machine.new_device();
	dev.first = 0x1000;
	dev.last = (1ull << 39) - 1;
	dev.resv = {{0xfee00000, 0x100000, KX_RESV_HW_MSI},
		    {0x5000, 0x1000, KX_RESV_RELAXABLE},
		    {0, 0x2000, KX_RESV_PLAIN}};
	EXPECT_EQ(usable(), (Pairs{{0, kMax}}));
	Bound bound(fd, dev);
	ASSERT_EQ(bound.attach(ioas), 0) << fake::last_rejection();
	EXPECT_EQ(usable(), (Pairs{{0x2000, 0xfedfffff}, {0xfef00000, (1ull << 39) - 1}}));
	EXPECT_EQ(fd.map_at(ioas, memory(2), 2 * kPage, 0xfedff000), -22);
	EXPECT_EQ(fd.map_at(ioas, kVa, kPage, 0xfef00000), 0);
	EXPECT_EQ(fd.allow(ioas, {{0xfee00000, 0xfee00fff}}), -98);
	EXPECT_EQ(map_auto(kVa, kPage), 0x2000u);
	bound.detach();
	EXPECT_EQ(usable(), (Pairs{{0, kMax}}));
}

// What is mapped or promised keeps a device out whose regions are there.
TEST_F(IoPageTable, ReservedRangeMeetsMappingOrPromise)
{
	device &dev = machine.new_device();
	dev.resv = {{0x1000, 0x1000, KX_RESV_PLAIN}, {0xfee00000, 0x100000, KX_RESV_PLAIN}};
	Bound bound(fd, dev);
	ASSERT_EQ(fd.map_at(ioas, memory(1), kPage, 0xfee01000), 0);
	const std::string before = describe_all({&fd.context()});
	EXPECT_EQ(bound.attach(ioas), -98);
	EXPECT_EQ(describe_all({&fd.context()}), before);
	ASSERT_EQ(fd.unmap_all(ioas), 0);
	ASSERT_EQ(fd.allow(ioas, {{0xfeeff000, 0xffffffff}}), 0);
	EXPECT_EQ(bound.attach(ioas), -98);
	ASSERT_EQ(fd.allow(ioas, {{0xff000000, 0xffffffff}}), 0);
	EXPECT_EQ(bound.attach(ioas), 0) << fake::last_rejection();
	// Mapped above the aperture: a further domain does not fit.
	device &small = machine.new_device();
	small.last = (1ull << 32) - 1;
	small.suits = [&](const iommu_domain &d) { return d.last == small.last ? 0 : -22; };
	Bound second(fd, small);
	ASSERT_EQ(fd.map_at(ioas, kVa, kPage, 1ull << 32), 0);
	EXPECT_EQ(second.attach(ioas), -98);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(second.attach(ioas), 0) << fake::last_rejection();
}

TEST_F(IoPageTable, DomainWithPagesTooLarge)
{
	device &dev = machine.new_device();
	dev.page_sizes = 0x10000;
	Bound bound(fd, dev);
	EXPECT_EQ(bound.attach(ioas), -22);
}

TEST_F(IoPageTable, UnmapWholeAreasOnly)
{
	for (u64 at : {0x10000ul, 0x11000ul, 0x20000ul})
		ASSERT_EQ(fd.map_at(ioas, kVa, kPage, at), 0);
	ASSERT_EQ(fd.map_at(ioas, kVa, 4 * kPage, 0x30000), 0);
	u64 bytes = 0;
	EXPECT_EQ(fd.unmap(ioas, 0x30000, kPage), -2);
	EXPECT_EQ(fd.unmap(ioas, 0x33000, kPage), -2);
	EXPECT_EQ(fd.unmap(ioas, 0x31000, kPage), -2);
	EXPECT_EQ(fd.unmap(ioas, 0x2f000, 4 * kPage), -2);
	// Holes in the range do not matter.
	EXPECT_EQ(fd.unmap(ioas, 0xf000, 0x20000, &bytes), 0);
	EXPECT_EQ(bytes, 3 * kPage);
	EXPECT_EQ(fd.unmap(ioas, 0x2f000, 0x10000, &bytes), 0);
	EXPECT_EQ(bytes, 4 * kPage);
}

TEST_F(IoPageTable, CopySharesPinsAndCharges)
{
	const u64 va = memory(16);
	Bound dev(fd, machine.new_device());
	ASSERT_EQ(dev.attach(ioas), 0);
	ASSERT_EQ(fd.map_at(ioas, va, 16 * kPage, 0x100000), 0);
	EXPECT_EQ(process.user->locked_vm, 16);
	u64 dst = 0x400000;
	ASSERT_EQ(fd.copy(ioas, ioas, 0x104000, 4 * kPage, dst), 0);
	EXPECT_EQ(fake::pins_total(), 16);
	EXPECT_EQ(process.user->locked_vm, 16);
	check_consistency(fd.context());
	// Whoever goes first, the pages stay for the other.
	ASSERT_EQ(fd.unmap(ioas, 0x100000, 16 * kPage), 0);
	EXPECT_EQ(fake::pins_total(), 4);
	EXPECT_EQ(process.user->locked_vm, 4);
	check_consistency(fd.context());
	ASSERT_EQ(fd.unmap(ioas, 0x400000, 4 * kPage), 0);
	EXPECT_EQ(process.user->locked_vm, 0);
}

// A copy made of pieces of several areas: each piece must be aligned, not only the whole.
TEST_F(IoPageTable, CopyOfPiecesThatAreNotAligned)
{
	const u32 to = fd.ioas();
	ASSERT_EQ(fd.map_at(ioas, memory(1), 0x100, 0x10000), 0);
	ASSERT_EQ(fd.map_at(ioas, memory(1), 0xf00, 0x10100), 0);
	Bound dev(fd, machine.new_device());
	ASSERT_EQ(dev.attach(to), 0);
	const std::string before = describe_all({&fd.context()});
	u64 dst = 0x20000;
	EXPECT_EQ(fd.copy(to, ioas, 0x10000, kPage, dst), -22);
	EXPECT_EQ(describe_all({&fd.context()}), before);
}

// The same, when only a kernel driver demands whole pages: no domain would notice.
TEST_F(IoPageTable, CopyOfPiecesThatAreNotAlignedForADriver)
{
	const u32 to = fd.ioas();
	ASSERT_EQ(fd.map_at(ioas, memory(1), 0x100, 0x10000), 0);
	ASSERT_EQ(fd.map_at(ioas, memory(1), 0xf00, 0x10100), 0);
	Driver driver(fd);
	ASSERT_EQ(driver.attach(to), 0);
	u64 dst = 0x20000;
	EXPECT_EQ(fd.copy(to, ioas, 0x10000, kPage, dst), -22);
}

TEST_F(IoPageTable, LargePagesOption)
{
	const u64 va = memory(1024);
	u64 off = 0, on = 1, now = 9;
	Bound dev(fd, machine.new_device());
	ASSERT_EQ(fd.map_at(ioas, va, 1024 * kPage, 0x40000000), 0);
	ASSERT_EQ(fd.option(IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_GET, ioas, now), 0);
	EXPECT_EQ(now, 1u);
	ASSERT_EQ(dev.attach(ioas), 0);
	EXPECT_EQ(fake::domains()[0]->leaves.size(), 2u);
	EXPECT_EQ(fd.option(IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_SET, ioas, off), -22);
	ASSERT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(fd.option(IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_SET, ioas, off), 0);
	ASSERT_EQ(fd.map_at(ioas, va, 1024 * kPage, 0x40000000), 0);
	EXPECT_EQ(fake::domains()[0]->leaves.size(), 1024u);
	check_consistency(fd.context());
	EXPECT_EQ(fd.option(IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_SET, ioas, on), 0);
	ASSERT_EQ(fd.unmap_all(ioas), 0);
}

TEST_F(IoPageTable, LargePagesOffNeedsPageAlignment)
{
	u64 off = 0;
	ASSERT_EQ(fd.map_at(ioas, kVa + 8, 8, 0x1008), 0);
	EXPECT_EQ(fd.option(IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_SET, ioas, off), -98);
	EXPECT_EQ(alignment(), 1u);
	u64 now = 0;
	ASSERT_EQ(fd.option(IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_GET, ioas, now), 0);
	EXPECT_EQ(now, 1u);
	ASSERT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(fd.option(IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_SET, ioas, off), 0);
	EXPECT_EQ(alignment(), kPage);
}

// A failure of the page-by-page mapping in the middle of a run takes the rest of the run back.
TEST_F(IoPageTable, SmallPagesFailInTheMiddleOfARun)
{
	const u64 va = memory(64);
	u64 off = 0;
	Bound dev(fd, machine.new_device());
	ASSERT_EQ(fd.option(IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_SET, ioas, off), 0);
	ASSERT_EQ(dev.attach(ioas), 0);
	for (unsigned nth : {1u, 2u, 33u, 64u}) {
		fake::arm(fake::Fault::kMap, nth);
		EXPECT_EQ(fd.map_at(ioas, va, 64 * kPage, 0x100000), -12);
		fake::disarm();
		EXPECT_EQ(fake::pins_total(), 0);
		EXPECT_TRUE(fake::domains()[0]->leaves.empty());
	}
}

constexpr const char *kDomainsLock = "iommufd IoPageTable::domains_lock";

// An area that another thread is mapping or unmapping right now is not there yet, and its place is taken.
TEST_F(IoPageTable, AreaOnItsWay)
{
	ASSERT_EQ(fd.map_at(ioas, memory(4), 4 * kPage, 0x10000), 0);
	iommufd::IoPageTable &table = fd.context().objects().get<iommufd::Ioas>(base::ObjectId(ioas))->get()->table();
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas), 0);
	iommufd::Area &area = *peek::areas_(table).first();
	for (auto state : {iommufd::AreaState::kFilling, iommufd::AreaState::kDraining}) {
		u64 dst = 0x80000;
		area.state_ = state;
		EXPECT_EQ(fd.copy(ioas, ioas, 0x10000, kPage, dst), -2);
		EXPECT_EQ(driver.pin(0x10000, kPage), -2);
		EXPECT_EQ(fd.map_at(ioas, kVa, kPage, 0x10000), -17);
	}
	area.state_ = iommufd::AreaState::kMapped;
}

// An unmap that meets it waits for the other thread, and comes after it.
TEST_F(IoPageTable, UnmapWaitsForAreasOnTheirWay)
{
	iommufd::IoPageTable &table = fd.context().objects().get<iommufd::Ioas>(base::ObjectId(ioas))->get()->table();
	auto start = [&](iommufd::AreaState state) {
		ASSERT_EQ(fd.map_at(ioas, memory(4), 4 * kPage, 0x10000), 0);
		peek::areas_(table).first()->state_ = state;
	};
	auto mapped = [&] { peek::areas_(table).first()->state_ = iommufd::AreaState::kMapped; };
	auto unmapped = [&] {
		mapped();
		EXPECT_EQ(fd.unmap(ioas, 0x10000, 4 * kPage), 0);
	};

	start(iommufd::AreaState::kFilling);
	fake::while_waiting_for(kDomainsLock, mapped);
	EXPECT_EQ(fd.unmap(ioas, 0x10000, 4 * kPage), 0);

	start(iommufd::AreaState::kFilling);
	fake::while_waiting_for(kDomainsLock, mapped);
	EXPECT_EQ(fd.unmap(ioas, 0x10000, kPage), -2) << "part of an area";
	EXPECT_EQ(fd.unmap_all(ioas), 0);

	start(iommufd::AreaState::kDraining);
	fake::while_waiting_for(kDomainsLock, unmapped);
	EXPECT_EQ(fd.unmap(ioas, 0x10000, 4 * kPage), -2) << "the other thread was first";

	start(iommufd::AreaState::kDraining);
	fake::while_waiting_for(kDomainsLock, unmapped);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(peek::areas_(table).first(), nullptr);
}

// What another thread maps across the place that an unmap has come to lies in the unmap's range all the same.
TEST_F(IoPageTable, UnmapMeetsAnAreaAcrossItsPlace)
{
	iommufd::IoPageTable &table = fd.context().objects().get<iommufd::Ioas>(base::ObjectId(ioas))->get()->table();
	const u64 va = memory(4);
	ASSERT_EQ(fd.map_at(ioas, va, kPage, 0x10000), 0);
	ASSERT_EQ(fd.map_at(ioas, va, kPage, 0x20000), 0);
	iommufd::Area &second = *peek::areas_(table).at(base::Iova(0x20000));
	second.state_ = iommufd::AreaState::kFilling;
	fake::while_waiting_for(kDomainsLock, [&] {
		second.state_ = iommufd::AreaState::kMapped;
		EXPECT_EQ(fd.map_at(ioas, va, 4 * kPage, 0xf000), 0);
	});
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(peek::areas_(table).first(), nullptr);
}

// PFN-mapped memory, holes, and read-only memory mapped for writing.
TEST_F(IoPageTable, MemoryThatCannotBePinned)
{
	Bound dev(fd, machine.new_device());
	ASSERT_EQ(dev.attach(ioas), 0);
	const u64 mmio = memory(4, {.special = true}), ro = memory(4, {.writable = false}), some = memory(4);
	EXPECT_EQ(fd.map_at(ioas, mmio, kPage, 0x10000), -14);
	EXPECT_EQ(fd.map_at(ioas, ro, kPage, 0x10000), -14);
	EXPECT_EQ(fd.map_at(ioas, some, 5 * kPage, 0x10000), -14);
	EXPECT_EQ(fd.map_at(ioas, 0x123000, kPage, 0x10000), -14);
	EXPECT_EQ(fake::pins_total(), 0);
	EXPECT_EQ(process.user->locked_vm, 0);
	EXPECT_EQ(fd.map_at(ioas, ro, kPage, 0x10000, kRead), 0);
}

} // namespace test
