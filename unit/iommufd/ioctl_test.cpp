// SPDX-License-Identifier: GPL-2.0-only
// The dispatch: numbers, sizes and pointers, for every call by the same rules.
#include "support/world.hpp"

namespace test {

namespace {

struct Rule {
	const char *name;
	unsigned nr;
	u32 size, min_size;
	// What an all-zero structure of full size gets: proof that the handler ran.
	int zero_result;
};

const Rule kRules[] = {
	{"DESTROY", IOMMU_DESTROY, sizeof(iommu_destroy), 8, -2},
	{"IOAS_ALLOC", IOMMU_IOAS_ALLOC, sizeof(iommu_ioas_alloc), 12, 0},
	{"IOAS_ALLOW_IOVAS", IOMMU_IOAS_ALLOW_IOVAS, sizeof(iommu_ioas_allow_iovas), 24, -2},
	{"IOAS_COPY", IOMMU_IOAS_COPY, sizeof(iommu_ioas_copy), 40, -22},
	{"IOAS_IOVA_RANGES", IOMMU_IOAS_IOVA_RANGES, sizeof(iommu_ioas_iova_ranges), 32, -2},
	{"IOAS_MAP", IOMMU_IOAS_MAP, sizeof(iommu_ioas_map), 40, -22},
	{"IOAS_UNMAP", IOMMU_IOAS_UNMAP, sizeof(iommu_ioas_unmap), 24, -2},
	{"OPTION", IOMMU_OPTION, sizeof(iommu_option), 24, 0},
	{"VFIO_IOAS", IOMMU_VFIO_IOAS, sizeof(iommu_vfio_ioas), 12, -19},
	{"HWPT_ALLOC", IOMMU_HWPT_ALLOC, sizeof(iommu_hwpt_alloc), 24, -2},
	{"GET_HW_INFO", IOMMU_GET_HW_INFO, sizeof(iommu_hw_info), 32, -2},
	{"HWPT_SET_DIRTY_TRACKING", IOMMU_HWPT_SET_DIRTY_TRACKING, sizeof(iommu_hwpt_set_dirty_tracking), 16, -2},
	{"HWPT_GET_DIRTY_BITMAP", IOMMU_HWPT_GET_DIRTY_BITMAP, sizeof(iommu_hwpt_get_dirty_bitmap), 48, -2},
	{"HWPT_INVALIDATE", IOMMU_HWPT_INVALIDATE, sizeof(iommu_hwpt_invalidate), 32, -2},
	{"FAULT_QUEUE_ALLOC", IOMMU_FAULT_QUEUE_ALLOC, sizeof(iommu_fault_alloc), 16, 0},
};

} // namespace

class Dispatch : public World, public ::testing::WithParamInterface<Rule> {
protected:
	Fd fd;
	alignas(8) u8 bytes[128] = {};
	int call(u32 size, u32 reachable)
	{
		*reinterpret_cast<u32 *>(bytes) = size;
		return fd.raw(GetParam().nr, bytes, reachable);
	}
};

INSTANTIATE_TEST_SUITE_P(Calls, Dispatch, ::testing::ValuesIn(kRules),
			 [](const auto &info) { return std::string(info.param.name); });

TEST_P(Dispatch, FullSizeReachesTheHandler)
{
	EXPECT_EQ(call(GetParam().size, GetParam().size), GetParam().zero_result) << fake::last_rejection();
}

TEST_P(Dispatch, TooSmall)
{
	for (u32 size = 0; size < GetParam().min_size; size++)
		EXPECT_EQ(call(size, GetParam().size), -22) << size;
	EXPECT_NE(call(GetParam().min_size, GetParam().min_size), -14);
}

TEST_P(Dispatch, LargerWithZeroTail)
{
	EXPECT_EQ(call(sizeof(bytes), sizeof(bytes)), GetParam().zero_result) << fake::last_rejection();
}

TEST_P(Dispatch, LargerWithOtherTail)
{
	for (u32 at : {GetParam().size, u32(sizeof(bytes) - 1)}) {
		bytes[at] = 1;
		EXPECT_EQ(call(sizeof(bytes), sizeof(bytes)), -7);
		bytes[at] = 0;
	}
}

TEST_P(Dispatch, Unreadable)
{
	EXPECT_EQ(call(GetParam().size, 0), -14);
	EXPECT_EQ(call(GetParam().size, 3), -14);
	EXPECT_EQ(call(GetParam().size, GetParam().min_size - 1), -14);
	// The tail is not there.
	EXPECT_EQ(call(sizeof(bytes), GetParam().size), -14);
}

class DispatchNumbers : public World {};

TEST_F(DispatchNumbers, Unknown)
{
	Fd fd;
	u32 size = 4;
	for (unsigned nr : {0u, 0x7fu, 0x96u, 0xa0u, 0xffu})
		EXPECT_EQ(fd.raw(_IO(IOMMUFD_TYPE, nr), &size, 4), -25) << nr;
	// The number of a call, with another type or direction.
	EXPECT_EQ(fd.raw(_IO('x', 0x81), &size, 4), -25);
	EXPECT_EQ(fd.raw(IOMMU_IOAS_ALLOC | 0x40000000, &size, 4), -25);
	EXPECT_EQ(fd.raw(_IO('x', 0x81), &size, 0), -14);
	// Up to the test call's, a pointer that cannot be read goes before a number that is not in use.
	for (unsigned nr : {0x96u, 0x9fu, 0xa0u})
		EXPECT_EQ(fd.raw(_IO(IOMMUFD_TYPE, nr), &size, 0), -14) << nr;
	for (unsigned nr : {0u, 0x7fu, 0xa1u, 0xffu})
		EXPECT_EQ(fd.raw(_IO(IOMMUFD_TYPE, nr), &size, 0), -25) << nr;
}

// A short structure gets no more bytes back than it has.
TEST_F(DispatchNumbers, ShortStructureIsNotOverrun)
{
	Fd fd;
	Bound dev(fd, machine.new_device());
	iommu_hw_info cmd{};
	u8 small[33];
	memset(small, 0xcc, sizeof(small));
	cmd.size = 32;
	cmd.dev_id = dev.id();
	memcpy(small, &cmd, 32);
	EXPECT_EQ(fd.raw(IOMMU_GET_HW_INFO, small, 32), 0) << fake::last_rejection();
	EXPECT_EQ(small[32], 0xcc);
}

} // namespace test
