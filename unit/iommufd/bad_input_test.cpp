// SPDX-License-Identifier: GPL-2.0-only
// Flags, reserved fields, ids and numbers that each call must refuse, and with which errno.
#include "support/world.hpp"

namespace test {

class BadInput : public World {
protected:
	Fd fd;
	u32 ioas = fd.ioas();
	u64 va = memory(4);
	std::unique_ptr<Bound> dev = std::make_unique<Bound>(fd, machine.new_device());
	void TearDown() override
	{
		dev.reset();
		fd.close();
	}
	// A valid call, changed by `change`.
	template <typename T, typename Fn> int with(unsigned nr, T cmd, Fn change)
	{
		change(cmd);
		return fd.call(nr, cmd);
	}
	iommu_ioas_map good_map()
	{
		iommu_ioas_map cmd{};
		cmd.flags = kReadWrite | kFixed;
		cmd.ioas_id = ioas;
		cmd.user_va = va;
		cmd.length = kPage;
		cmd.iova = 0x10000;
		return cmd;
	}
};

#define MAP_WITH(change) with(IOMMU_IOAS_MAP, good_map(), [&]([[maybe_unused]] iommu_ioas_map &c) { change; })

TEST_F(BadInput, Map)
{
	EXPECT_EQ(MAP_WITH(c.flags |= 8), -95);
	EXPECT_EQ(MAP_WITH(c.__reserved = 1), -95);
	EXPECT_EQ(MAP_WITH(c.flags = kFixed), -22);
	EXPECT_EQ(MAP_WITH(c.ioas_id = 77), -2);
	EXPECT_EQ(MAP_WITH(c.ioas_id = dev->id()), -2);
	EXPECT_EQ(MAP_WITH(c.length = 0), -22);
	EXPECT_EQ(MAP_WITH(c.length = base::kU64Max), -75);
	EXPECT_EQ(MAP_WITH(c.iova = base::kU64Max), -75);
	EXPECT_EQ(MAP_WITH(c.user_va = base::kU64Max - 100), -75);
	EXPECT_EQ(MAP_WITH(c.iova = base::kU64Max - 100), -75);
	EXPECT_EQ(MAP_WITH(), 0);
	EXPECT_EQ(MAP_WITH(), -17);
	EXPECT_EQ(MAP_WITH(c.iova -= kPage - 1), -17);
}

TEST_F(BadInput, IoasAlloc)
{
	iommu_ioas_alloc cmd{};
	EXPECT_EQ(with(IOMMU_IOAS_ALLOC, cmd, [](auto &c) { c.flags = 1; }), -95);
}

TEST_F(BadInput, AutomaticIovaOfMisalignedMemory)
{
	u64 iova = 0;
	ASSERT_EQ(dev->attach(ioas), 0);
	EXPECT_EQ(fd.map(ioas, va + 8, kPage, iova), -22);
	EXPECT_EQ(fd.map(ioas, va, kPage, iova), 0);
}

TEST_F(BadInput, Unmap)
{
	ASSERT_EQ(fd.map_at(ioas, va, 2 * kPage, 0x10000), 0);
	EXPECT_EQ(fd.unmap(77, 0x10000, kPage), -2);
	EXPECT_EQ(fd.unmap(ioas, 0x10000, 0), -22);
	EXPECT_EQ(fd.unmap(ioas, base::kU64Max - 5, 100), -75);
	EXPECT_EQ(fd.unmap(ioas, base::kU64Max, 1), -75);
	EXPECT_EQ(fd.unmap(ioas, 5, base::kU64Max), -75);
	EXPECT_EQ(fd.unmap(ioas, 0x10000, kPage), -2);
	EXPECT_EQ(fd.unmap(ioas, 0x11000, kPage), -2);
	EXPECT_EQ(fd.unmap(ioas, 0x40000, kPage), -2);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
}

TEST_F(BadInput, Copy)
{
	const u32 to = fd.ioas();
	u64 dst = 0x50000;
	ASSERT_EQ(fd.map_at(ioas, va, 2 * kPage, 0x10000), 0);
	ASSERT_EQ(fd.map_at(ioas, va, kPage, 0x20000, kRead), 0);
	EXPECT_EQ(fd.copy(to, ioas, 0x10000, kPage, dst, kReadWrite | kFixed | 8), -95);
	EXPECT_EQ(fd.copy(to, ioas, 0x10000, kPage, dst, kFixed), -22);
	EXPECT_EQ(fd.copy(77, ioas, 0x10000, kPage, dst), -2);
	EXPECT_EQ(fd.copy(to, 77, 0x10000, kPage, dst), -2);
	EXPECT_EQ(fd.copy(to, ioas, 0x10000, 0, dst), -22);
	EXPECT_EQ(fd.copy(to, ioas, 0x10000, base::kU64Max, dst), -75);
	EXPECT_EQ(fd.copy(to, ioas, base::kU64Max - 10, 100, dst), -75);
	EXPECT_EQ(fd.copy(to, ioas, 0x10000, 3 * kPage, dst), -2);
	EXPECT_EQ(fd.copy(to, ioas, 0xf000, 2 * kPage, dst), -2);
	EXPECT_EQ(fd.copy(to, ioas, 0x20000, kPage, dst), -1);
	EXPECT_EQ(fd.copy(to, ioas, 0x20000, kPage, dst, kRead | kFixed), 0);
	EXPECT_EQ(fd.copy(to, ioas, 0x10000, kPage, dst), -17);
}

TEST_F(BadInput, AllowAndRanges)
{
	EXPECT_EQ(fd.allow(77, {}), -2);
	EXPECT_EQ(fd.allow(ioas, {{5, 5}}), -22);
	EXPECT_EQ(fd.allow(ioas, {{5, 4}}), -22);
	EXPECT_EQ(fd.allow(ioas, {{0, 10}, {10, 20}}), -22);
	EXPECT_EQ(fd.allow(ioas, {{0, 10}, {11, base::kU64Max}}), 0);
	iommu_ioas_allow_iovas allow{};
	allow.ioas_id = ioas;
	EXPECT_EQ(with(IOMMU_IOAS_ALLOW_IOVAS, allow, [](auto &c) { c.__reserved = 1; }), -95);
	EXPECT_EQ(with(IOMMU_IOAS_ALLOW_IOVAS, allow, [](auto &c) { c.num_iovas = 1; }), -14);

	std::vector<iommu_iova_range> out;
	EXPECT_EQ(fd.ranges(77, out), -2);
	EXPECT_EQ(fd.ranges(ioas, out, nullptr, 0), -90);
	EXPECT_EQ(out.size(), 1u);
	iommu_ioas_iova_ranges ranges{};
	ranges.ioas_id = ioas;
	EXPECT_EQ(with(IOMMU_IOAS_IOVA_RANGES, ranges, [](auto &c) { c.__reserved = 1; }), -95);
	EXPECT_EQ(with(IOMMU_IOAS_IOVA_RANGES, ranges, [](auto &c) { c.num_iovas = 1; }), -14);
}

TEST_F(BadInput, Option)
{
	u64 value = 1;
	EXPECT_EQ(fd.option(9, IOMMU_OPTION_OP_GET, 0, value), -95);
	EXPECT_EQ(fd.option(IOMMU_OPTION_RLIMIT_MODE, 7, 0, value), -95);
	EXPECT_EQ(fd.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_GET, ioas, value), -95);
	EXPECT_EQ(fd.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0, value), -16);
	EXPECT_EQ(fd.option(IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_GET, 77, value), -2);
	EXPECT_EQ(fd.option(IOMMU_OPTION_HUGE_PAGES, 7, ioas, value), -95);
	value = 2;
	EXPECT_EQ(fd.option(IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_SET, ioas, value), -22);
	iommu_option cmd{};
	EXPECT_EQ(with(IOMMU_OPTION, cmd, [](auto &c) { c.__reserved = 1; }), -95);

	Fd empty;
	value = 2;
	EXPECT_EQ(empty.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0, value), -22);
	value = 1;
	fake::current.sys_resource = false;
	EXPECT_EQ(empty.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0, value), -1);
	fake::current.sys_resource = true;
	EXPECT_EQ(empty.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0, value), 0);
	value = 0;
	EXPECT_EQ(empty.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_GET, 0, value), 0);
	EXPECT_EQ(value, 1u);
}

TEST_F(BadInput, VfioIoas)
{
	u32 id = 77;
	EXPECT_EQ(fd.vfio_ioas(IOMMU_VFIO_IOAS_SET, id), -2);
	EXPECT_EQ(fd.vfio_ioas(9, id), -95);
	EXPECT_EQ(fd.vfio_ioas(IOMMU_VFIO_IOAS_GET, id), -19);
	iommu_vfio_ioas cmd{};
	EXPECT_EQ(with(IOMMU_VFIO_IOAS, cmd, [](auto &c) { c.__reserved = 1; }), -95);
	id = ioas;
	EXPECT_EQ(fd.vfio_ioas(IOMMU_VFIO_IOAS_SET, id), 0);
	id = 0;
	EXPECT_EQ(fd.vfio_ioas(IOMMU_VFIO_IOAS_GET, id), 0);
	EXPECT_EQ(id, ioas);
	EXPECT_EQ(fd.vfio_ioas(IOMMU_VFIO_IOAS_CLEAR, id), 0);
	EXPECT_EQ(fd.vfio_ioas(IOMMU_VFIO_IOAS_GET, id), -19);
	// Destroying the IOAS forgets it too.
	id = ioas;
	EXPECT_EQ(fd.vfio_ioas(IOMMU_VFIO_IOAS_SET, id), 0);
	EXPECT_EQ(fd.destroy(ioas), 0);
	EXPECT_EQ(fd.vfio_ioas(IOMMU_VFIO_IOAS_GET, id), -19);
}

TEST_F(BadInput, HwptAlloc)
{
	iommu_hwpt_alloc good{};
	good.dev_id = dev->id();
	good.pt_id = ioas;
	auto result = [&](auto change) { return with(IOMMU_HWPT_ALLOC, good, change); };
	EXPECT_EQ(result([](auto &c) { c.flags = 0x80; }), -95);
	EXPECT_EQ(result([](auto &c) { c.__reserved = 1; }), -95);
	EXPECT_EQ(result([](auto &c) { c.data_len = 8; }), -22);
	EXPECT_EQ(result([](auto &c) { c.data_type = 1; }), -22);
	EXPECT_EQ(result([](auto &c) { c.dev_id = 77; }), -2);
	EXPECT_EQ(result([&](auto &c) { c.dev_id = ioas; }), -2);
	EXPECT_EQ(result([](auto &c) { c.pt_id = 77; }), -22);
	EXPECT_EQ(result([&](auto &c) { c.pt_id = dev->id(); }), -22);
	// No dirty tracking in this IOMMU.
	EXPECT_EQ(result([](auto &c) { c.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING; }), -95);
	EXPECT_EQ(result([](auto &c) { c.flags = IOMMU_HWPT_ALLOC_NEST_PARENT; }), 0);
	EXPECT_EQ(result([](auto &) {}), 0);
	EXPECT_EQ(fake::domains().size(), 2u);
}

TEST_F(BadInput, HwInfo)
{
	iommu_hw_info good{};
	good.dev_id = dev->id();
	auto result = [&](auto change) { return with(IOMMU_GET_HW_INFO, good, change); };
	EXPECT_EQ(result([](auto &c) { c.flags = 2; }), -95);
	// A type is wanted: the default one is always there, this driver has no other.
	EXPECT_EQ(result([](auto &c) { c.flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE; }), 0);
	EXPECT_EQ(result([](auto &c) { c.flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE, c.in_data_type = 1; }), -95);
	EXPECT_EQ(result([](auto &c) { c.__reserved[1] = 1; }), -95);
	EXPECT_EQ(result([](auto &c) { c.dev_id = 77; }), -2);
	EXPECT_EQ(result([&](auto &c) { c.dev_id = ioas; }), -2);
	EXPECT_EQ(result([](auto &c) { c.data_len = 8; }), -14);
	EXPECT_EQ(result([](auto &) {}), 0);
}

TEST_F(BadInput, Destroy)
{
	EXPECT_EQ(fd.destroy(0), -2);
	EXPECT_EQ(fd.destroy(77), -2);
	// A device belongs to its driver.
	EXPECT_EQ(fd.destroy(dev->id()), -16);
	ASSERT_EQ(dev->attach(ioas), 0);
	EXPECT_EQ(fd.destroy(ioas), -16);
}

} // namespace test
