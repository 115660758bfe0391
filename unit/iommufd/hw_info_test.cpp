// SPDX-License-Identifier: GPL-2.0-only
// GET_HW_INFO with a wanted type.
#include "support/world.hpp"

namespace test {

class HwInfoTest : public World {};

TEST_F(HwInfoTest, WantedType)
{
	Fd fd;
	device &dev = machine.new_device();
	dev.hw_info = {1, 2, 3, 4};
	dev.hw_info_type = 2;
	Bound b(fd, dev);
	u8 buffer[8];
	fake::Reachable r(buffer, sizeof(buffer));
	auto ask = [&](u32 flags, u32 type) {
		memset(buffer, 0xcc, sizeof(buffer));
		iommu_hw_info cmd{};
		cmd.flags = flags;
		cmd.dev_id = b.id();
		cmd.in_data_type = type;
		cmd.data_len = sizeof(buffer);
		cmd.data_uptr = reinterpret_cast<u64>(buffer);
		int rc = fd.call(IOMMU_GET_HW_INFO, cmd);
		if (!rc) {
			EXPECT_EQ(cmd.out_data_type, 2u);
			EXPECT_EQ(buffer[3], 4);
		} else {
			EXPECT_EQ(buffer[0], 0xcc) << "written in spite of the error";
		}
		return rc;
	};
	EXPECT_EQ(ask(0, 0), 0);
	EXPECT_EQ(ask(0, 77), 0) << "without the flag the field does not count";
	EXPECT_EQ(ask(IOMMU_HW_INFO_FLAG_INPUT_TYPE, IOMMU_HW_INFO_TYPE_DEFAULT), 0);
	EXPECT_EQ(ask(IOMMU_HW_INFO_FLAG_INPUT_TYPE, 2), 0);
	EXPECT_EQ(ask(IOMMU_HW_INFO_FLAG_INPUT_TYPE, 1), -95);
	EXPECT_EQ(ask(IOMMU_HW_INFO_FLAG_INPUT_TYPE, ~0u), -95);
	EXPECT_EQ(ask(2, 0), -95);
}

} // namespace test
