// SPDX-License-Identifier: GPL-2.0-only
// VFIO's container calls, and the cut of areas that type 1 needs.
#include "iommufd/vfio_uapi.hpp"
#include "support/failures.hpp"

namespace test {

namespace {

namespace vfio = iommufd::vfio;

class Container : public World {
protected:
	Fd fd{true};

	void SetUp() override { ASSERT_EQ(iommufd_vfio_compat_ioas_create(fd.ctx()), 0); }
	u32 ioas() const
	{
		u32 id = 0;
		EXPECT_EQ(iommufd_vfio_compat_ioas_get_id(fd.ctx(), &id), 0);
		return id;
	}
	long value(unsigned cmd, unsigned long arg) const
	{
		return iommufd_cxx_ioctl(fd.get()->private_data, cmd, arg);
	}
	long map(u64 va, u64 size, u64 iova, u32 flags = 3, u32 argsz = sizeof(vfio::MapDma)) const
	{
		vfio::MapDma cmd{argsz, flags, va, iova, size};
		return fd.raw(vfio::kMapDma, &cmd, sizeof(cmd));
	}
	long unmap(u64 iova, u64 size, u64 *done = nullptr, u32 flags = 0, u32 argsz = sizeof(vfio::UnmapDma)) const
	{
		vfio::UnmapDma cmd{argsz, flags, iova, size};
		long rc = fd.raw(vfio::kUnmapDma, &cmd, sizeof(cmd));
		if (done)
			*done = cmd.size;
		return rc;
	}
	// An area of the IOAS in two, the first one to `last`.
	int cut(u64 last) const
	{
		auto held = fd.context().objects().get<iommufd::Ioas>(iommufd::ObjectId(ioas()));
		auto status = (*held)->table().cut_behind(base::Iova(last));
		return status ? 0 : status.error().to_errno();
	}
	// The IOAS as type 1, with a device; `domain`: its.
	void type1()
	{
		ASSERT_EQ(value(vfio::kSetIommu, vfio::kType1), 0);
		dev = std::make_unique<Bound>(fd, machine.new_device());
		ASSERT_EQ(dev->attach(ioas()), 0);
		domain = fake::domains().back();
	}
	std::unique_ptr<Bound> dev;
	iommu_domain *domain = nullptr;
};

} // namespace

TEST_F(Container, MapAndUnmap)
{
	const u64 va = memory(8);
	u64 done = 77;
	ASSERT_EQ(map(va, 8 * kPage, 0x100000), 0);
	EXPECT_EQ(map(va, kPage, 0x100000), -17);
	EXPECT_EQ(unmap(0x100000, 4 * kPage, &done), -2) << "version 2 does not cut";
	EXPECT_EQ(done, 0u);
	EXPECT_EQ(unmap(0x100000, 8 * kPage, &done), 0);
	EXPECT_EQ(done, 8 * kPage);
	ASSERT_EQ(map(va, kPage, 0x100000, vfio::kMapRead), 0);
	ASSERT_EQ(map(va, kPage, 0x200000), 0);
	ASSERT_EQ(unmap(0, 0, &done, vfio::kUnmapEverything), 0);
	EXPECT_EQ(done, 2 * kPage);
}

// What was unmapped before the area in the way stays unmapped, and is told.
TEST_F(Container, UnmapTellsHowFarItCame)
{
	const u64 va = memory(8);
	u64 done = 77;
	ASSERT_EQ(map(va, 2 * kPage, 0x100000), 0);
	ASSERT_EQ(map(va, 3 * kPage, 0x102000), 0);
	ASSERT_EQ(map(va, 4 * kPage, 0x105000), 0);
	EXPECT_EQ(unmap(0x100000, 6 * kPage, &done), -2) << "the last one is only partly inside";
	EXPECT_EQ(done, 5 * kPage);
	EXPECT_EQ(unmap(0x100000, 5 * kPage, &done), 0);
	EXPECT_EQ(done, 0u);
	EXPECT_EQ(unmap(0x105000, 4 * kPage, &done), 0);
	EXPECT_EQ(done, 4 * kPage);
}

TEST_F(Container, BadArguments)
{
	const u64 va = memory(1);
	EXPECT_EQ(map(va, kPage, 0x100000, 3, 31), -22);
	EXPECT_EQ(map(va, kPage, 0x100000, 4), -22);
	EXPECT_EQ(map(va, 0, 0x100000), -22);
	EXPECT_EQ(unmap(0, kPage, nullptr, 0, 23), -22);
	EXPECT_EQ(unmap(0, kPage, nullptr, 1), -22);
	EXPECT_EQ(unmap(0, kPage, nullptr, vfio::kUnmapEverything), -22);
	EXPECT_EQ(unmap(kPage, 0, nullptr, vfio::kUnmapEverything), -22);
	EXPECT_EQ(unmap(-kPage, 2 * kPage), -75);
	for (unsigned cmd : {vfio::kMapDma, vfio::kUnmapDma, vfio::kGetInfo})
		EXPECT_EQ(value(cmd, 0x10), -14);
	EXPECT_EQ(value(_IO(';', 100 + 3), 0), -25);
	EXPECT_EQ(value(_IO(';', 100 + 15), 0), -25);
}

TEST_F(Container, CheckExtension)
{
	EXPECT_EQ(value(vfio::kGetApiVersion, 0), 0);
	for (unsigned long known : {vfio::kType1, vfio::kType1v2, vfio::kUnmapAll, vfio::kNoIommu, vfio::kDmaCoherent})
		EXPECT_EQ(value(vfio::kCheckExtension, known), 1) << known;
	for (unsigned long unknown : {0ul, 2ul, 5ul, 7ul, 10ul, ~0ul})
		EXPECT_EQ(value(vfio::kCheckExtension, unknown), 0) << unknown;
	// One HWPT that does not enforce coherency is enough.
	device &d = machine.new_device();
	d.can_enforce = false;
	Bound b(fd, d);
	ASSERT_EQ(b.attach(ioas()), 0);
	EXPECT_EQ(value(vfio::kCheckExtension, vfio::kDmaCoherent), 0);
}

TEST_F(Container, WithoutAnIoas)
{
	Fd other(true);
	auto call = [&](unsigned cmd, unsigned long arg) { return iommufd_cxx_ioctl(other.get()->private_data, cmd, arg); };
	EXPECT_EQ(call(vfio::kSetIommu, vfio::kType1v2), -19);
	EXPECT_EQ(call(vfio::kSetIommu, 2), -22);
	EXPECT_EQ(call(vfio::kCheckExtension, vfio::kType1v2), 1);
	EXPECT_EQ(call(vfio::kCheckExtension, vfio::kDmaCoherent), -19);
	vfio::MapDma map{sizeof(map), 3, 0x1000, 0x1000, kPage};
	vfio::UnmapDma unmap{sizeof(unmap), 0, 0x1000, kPage};
	EXPECT_EQ(other.raw(vfio::kMapDma, &map, sizeof(map)), -19);
	EXPECT_EQ(other.raw(vfio::kUnmapDma, &unmap, sizeof(unmap)), -19);
}

TEST_F(Container, NoIommu)
{
	EXPECT_EQ(iommufd_vfio_compat_set_no_iommu(fd.ctx()), -22) << "it has an IOAS";
	Fd other(true);
	auto call = [&](unsigned cmd, unsigned long arg) { return iommufd_cxx_ioctl(other.get()->private_data, cmd, arg); };
	ASSERT_EQ(iommufd_vfio_compat_set_no_iommu(other.ctx()), 0);
	EXPECT_EQ(call(vfio::kCheckExtension, vfio::kType1), 0);
	EXPECT_EQ(call(vfio::kCheckExtension, vfio::kNoIommu), 1);
	EXPECT_EQ(call(vfio::kSetIommu, vfio::kType1), -22);
	EXPECT_EQ(call(vfio::kSetIommu, vfio::kNoIommu), -1);
	fake::current.sys_rawio = true;
	EXPECT_EQ(call(vfio::kSetIommu, vfio::kNoIommu), 0);
	EXPECT_EQ(iommufd_vfio_compat_ioas_create(other.ctx()), -22);
}

// The chain of capabilities for each argsz: never a byte behind it, and what is needed told.
TEST_F(Container, InfoForEachSize)
{
	dev = std::make_unique<Bound>(fd, machine.new_device());
	ASSERT_EQ(dev->attach(ioas()), 0);
	constexpr u32 kNeeded = 24 + 16 + 16 + 16;
	for (u32 size = 0; size <= kNeeded + 8; size++) {
		SCOPED_TRACE(size);
		u8 bytes[128];
		memset(bytes, 0xcc, sizeof(bytes));
		vfio::Info info{size, 0, 0, 0, 0};
		memcpy(bytes, &info, std::min<u32>(std::max(size, 4u), sizeof(info)));
		int rc = fd.raw(vfio::kGetInfo, bytes, std::max(size, 4u));
		if (size < 16) {
			EXPECT_EQ(rc, -22);
			continue;
		}
		ASSERT_EQ(rc, 0);
		for (u32 i = size; i < sizeof(bytes); i++)
			ASSERT_EQ(bytes[i], 0xcc) << "behind argsz, at " << i;
		memcpy(&info, bytes, sizeof(info));
		EXPECT_EQ(info.argsz, kNeeded);
		EXPECT_EQ(info.flags, 3u);
		u64 sizes;
		memcpy(&sizes, bytes + 8, 8);
		EXPECT_EQ(sizes, 0x40201000u);
		if (size < 24)
			continue;
		EXPECT_EQ(info.cap_offset, size < kNeeded ? 0u : 24u);
		if (size < kNeeded)
			continue;
		vfio::DmaAvailable available;
		memcpy(&available, bytes + info.cap_offset, sizeof(available));
		EXPECT_EQ(available.header.id, 3);
		EXPECT_EQ(available.header.next, 40u);
		vfio::IovaRanges ranges;
		memcpy(&ranges, bytes + available.header.next, sizeof(ranges));
		EXPECT_EQ(ranges.header.id, 1);
		EXPECT_EQ(ranges.header.next, 0u);
		ASSERT_EQ(ranges.count, 1u);
		vfio::IovaRangeEntry entry;
		memcpy(&entry, bytes + 56, sizeof(entry));
		EXPECT_EQ(entry.start, 0u);
		EXPECT_EQ(entry.end, (1ul << 48) - 1);
	}
}

TEST_F(Container, Type1Cuts)
{
	type1();
	const u64 va = memory(8);
	u64 done = 0;
	ASSERT_EQ(map(va, 8 * kPage, 0x100000), 0);
	ASSERT_EQ(unmap(0x102000, 3 * kPage, &done), 0);
	EXPECT_EQ(done, 3 * kPage);
	EXPECT_EQ(fake::mapped_bytes(*domain), 5 * kPage);
	EXPECT_EQ(fake::pins_total(), 5);
	check_consistency(fd.context());
	ASSERT_EQ(unmap(0x101000, 5 * kPage, &done), 0) << "with the hole in the middle";
	EXPECT_EQ(done, 2 * kPage);
	check_consistency(fd.context());
	ASSERT_EQ(unmap(0, 0, &done, vfio::kUnmapEverything), 0);
	EXPECT_EQ(done, 3 * kPage);
}

// The cut itself moves nothing.
TEST_F(Container, CutBehindChangesNoDomainPinOrCharge)
{
	type1();
	ASSERT_EQ(map(memory(8, {.run = 3}), 8 * kPage, 0x100000), 0);
	const std::string before = fake::describe(*domain);
	const u64 maps = domain->maps, unmaps = domain->unmaps;
	EXPECT_EQ(cut(0x102fff), 0);
	EXPECT_EQ(cut(0x102fff), 0) << "the second time there is nothing to do";
	EXPECT_EQ(cut(0x0fffff), 0) << "nothing is there";
	EXPECT_EQ(cut(0x107fff), 0);
	EXPECT_EQ(cut(0x104ffe), -22) << "not at the end of a page";
	EXPECT_EQ(fake::describe(*domain), before);
	EXPECT_EQ(domain->maps, maps);
	EXPECT_EQ(domain->unmaps, unmaps);
	EXPECT_EQ(fake::pins_total(), 8);
	check_consistency(fd.context());
	// No memory for the first or the second part.
	for (unsigned nth : {1u, 2u}) {
		fake::arm(fake::Fault::kAlloc, nth);
		EXPECT_EQ(cut(0x104fff), -12);
		fake::disarm();
		check_consistency(fd.context());
	}
	EXPECT_EQ(cut(0x104fff), 0);
	check_consistency(fd.context());
}

TEST_F(Container, NoCutOfWhatADriverHasPinned)
{
	ASSERT_EQ(value(vfio::kSetIommu, vfio::kType1), 0);
	ASSERT_EQ(map(memory(8), 8 * kPage, 0x100000), 0);
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas()), 0);
	ASSERT_EQ(driver.pin(0x106000, kPage), 0);
	EXPECT_EQ(unmap(0x100000, 2 * kPage), -22);
	driver.unpin(0x106000, kPage);
	EXPECT_EQ(unmap(0x100000, 2 * kPage), 0);
}

// An unmap waits for the driver to let go: what is cut out of the area meanwhile stays closed to new pins.
TEST_F(Container, CutOfWhatIsOnItsWayOut)
{
	ASSERT_EQ(value(vfio::kSetIommu, vfio::kType1), 0);
	ASSERT_EQ(map(memory(8), 8 * kPage, 0x100000), 0);
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas()), 0);
	ASSERT_EQ(driver.pin(0x106000, kPage), 0);
	driver.on_unmap = [&](u64, u64) {
		if (driver.told > 1) // the driver leaves
			return;
		EXPECT_EQ(cut(0x101fff), -22) << "pinned";
		driver.unpin(0x106000, kPage);
		EXPECT_EQ(cut(0x101fff), 0);
		EXPECT_EQ(driver.pin(0x100000, kPage), -22);
		EXPECT_EQ(driver.pin(0x102000, kPage), -22);
	};
	EXPECT_EQ(unmap(0x100000, 8 * kPage), 0);
	EXPECT_EQ(driver.told, 1u);
	check_consistency(fd.context());
}

// Large pages may be in a domain: an IOMMU cannot split one. Without a domain there is none to split.
TEST_F(Container, NoCutOfLargePages)
{
	ASSERT_EQ(map(memory(8), 8 * kPage, 0x100000), 0);
	EXPECT_EQ(cut(0x101fff), 0);
	dev = std::make_unique<Bound>(fd, machine.new_device());
	ASSERT_EQ(dev->attach(ioas()), 0);
	EXPECT_EQ(cut(0x103fff), -22);
	check_consistency(fd.context());
}

TEST_F(Container, Type1OnlyBeforeLargePages)
{
	dev = std::make_unique<Bound>(fd, machine.new_device());
	ASSERT_EQ(dev->attach(ioas()), 0);
	ASSERT_EQ(map(memory(8), 8 * kPage, 0x100000), 0);
	EXPECT_EQ(value(vfio::kSetIommu, vfio::kType1), -22);
	EXPECT_EQ(value(vfio::kSetIommu, vfio::kType1v2), 0);
	EXPECT_EQ(value(vfio::kSetIommu, vfio::kNoIommu), -22);
}

} // namespace test
