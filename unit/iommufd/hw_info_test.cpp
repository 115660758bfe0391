// SPDX-License-Identifier: GPL-2.0-only
// GET_HW_INFO with a wanted type, from a driver that hears of it and from one that does not; ATS.
#include "bridge/alloc.h"
#include "iommufd/driver_api.hpp"
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

// A driver that has two types of information, for a scope.
class TwoTypes {
public:
	TwoTypes() { EXPECT_EQ(iommufd_driver_register(&driver_), 0); }
	TwoTypes(const TwoTypes &) = delete;
	~TwoTypes() { iommufd_driver_unregister(&driver_); }

	static constexpr u32 kFirst = 77, kSecond = 78;
	static inline bool lies;

private:
	static void *hw_info(device *, unsigned *length, unsigned *type)
	{
		if (*type && *type != kFirst && *type != kSecond)
			return reinterpret_cast<void *>(-95l);
		*type = lies ? *type + 1 : *type ?: kFirst;
		*length = *type == kFirst ? 4 : 8;
		void *made = kx_alloc(*length);
		if (!made)
			return reinterpret_cast<void *>(-12l);
		memset(made, static_cast<int>(*type), *length);
		return made;
	}
	iommufd_driver driver_{.ops = fake::driver_ops(0), .hw_info = hw_info};
};

struct Answer {
	int rc;
	u32 type, length;
	u8 buffer[12];
};

Answer ask(const Fd &fd, u32 dev, u32 flags, u32 type, u32 room = sizeof(Answer::buffer))
{
	Answer a{};
	memset(a.buffer, 0xcc, sizeof(a.buffer));
	fake::Reachable r(a.buffer, sizeof(a.buffer));
	iommu_hw_info cmd{};
	cmd.flags = flags;
	cmd.dev_id = dev;
	cmd.in_data_type = type;
	cmd.data_len = room;
	cmd.data_uptr = reinterpret_cast<u64>(a.buffer);
	a.rc = fd.call(IOMMU_GET_HW_INFO, cmd);
	a.type = cmd.out_data_type;
	a.length = cmd.data_len;
	return a;
}

TEST_F(HwInfoTest, ARegisteredDriverHearsTheWantedType)
{
	const u32 flag = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
	TwoTypes driver;
	Fd fd;
	device &dev = machine.new_device();
	dev.hw_info = {1, 2, 3, 4};
	Bound b(fd, dev);
	for (auto [flags, type, out, length] : {std::array{0u, 0u, TwoTypes::kFirst, 4u},
						{0u, TwoTypes::kSecond, TwoTypes::kFirst, 4u},
						{0u, 5u, TwoTypes::kFirst, 4u},
						{flag, 0u, TwoTypes::kFirst, 4u},
						{flag, TwoTypes::kFirst, TwoTypes::kFirst, 4u},
						{flag, TwoTypes::kSecond, TwoTypes::kSecond, 8u}}) {
		const Answer a = ask(fd, b.id(), flags, type);
		ASSERT_EQ(a.rc, 0) << flags << " " << type;
		EXPECT_EQ(a.type, out);
		EXPECT_EQ(a.length, length);
		EXPECT_EQ(a.buffer[length - 1], out);
		EXPECT_EQ(a.buffer[length] | a.buffer[11], 0) << "zeros behind it";
	}
	const Answer cut = ask(fd, b.id(), flag, TwoTypes::kSecond, 3);
	EXPECT_EQ(cut.rc, 0);
	EXPECT_EQ(cut.length, 8u);
	EXPECT_EQ(cut.buffer[3], 0xcc);
	EXPECT_EQ(ask(fd, b.id(), flag, TwoTypes::kSecond, 0).length, 8u);
	for (u32 type : {1u, 79u, ~0u})
		EXPECT_EQ(ask(fd, b.id(), flag, type).rc, -95) << type;
	EXPECT_EQ(ask(fd, b.id(), 2, 0).rc, -95);
	TwoTypes::lies = true;
	EXPECT_EQ(ask(fd, b.id(), flag, TwoTypes::kFirst).rc, -95) << "another type than wanted";
	TwoTypes::lies = false;
}

TEST_F(HwInfoTest, ReservedBytes)
{
	Fd fd;
	Bound b(fd, machine.new_device());
	for (u32 i = 0; i < 3; i++) {
		iommu_hw_info cmd{};
		cmd.dev_id = b.id();
		ASSERT_EQ(fd.call(IOMMU_GET_HW_INFO, cmd), 0);
		cmd.__reserved[i] = 1;
		EXPECT_EQ(fd.call(IOMMU_GET_HW_INFO, cmd), -95) << i;
	}
}

// A driver without information has none of the wanted type either.
TEST_F(HwInfoTest, NoInformation)
{
	Fd fd;
	Bound b(fd, machine.new_device());
	Answer a = ask(fd, b.id(), IOMMU_HW_INFO_FLAG_INPUT_TYPE, 0);
	EXPECT_EQ(a.rc, 0);
	EXPECT_EQ(a.type | a.length, 0u);
	EXPECT_EQ(a.buffer[0] | a.buffer[11], 0);
	EXPECT_EQ(ask(fd, b.id(), IOMMU_HW_INFO_FLAG_INPUT_TYPE, 1).rc, -95);
}

TEST_F(HwInfoTest, Ats)
{
	Fd fd;
	device &dev = machine.new_device();
	Bound b(fd, dev);
	iommu_hw_info cmd{};
	cmd.dev_id = b.id();
	ASSERT_EQ(fd.call(IOMMU_GET_HW_INFO, cmd), 0);
	EXPECT_EQ(cmd.out_capabilities, u64{IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED});
	dev.ats = true;
	ASSERT_EQ(fd.call(IOMMU_GET_HW_INFO, cmd), 0);
	EXPECT_EQ(cmd.out_capabilities, 0u);
}

} // namespace test
