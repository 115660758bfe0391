// SPDX-License-Identifier: GPL-2.0-only
// What a slice shows of itself as a PCI device.
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "vfio_siov/page_device/abi.h"
#include "vfio_siov/page_device/config_space.hpp"

namespace test {
namespace {

using page_device::ConfigSpace;
using page_device::MsixPage;

u32 get(const ConfigSpace &config, u32 offset, std::size_t size)
{
	std::array<u8, 4> bytes{};
	config.read(offset, std::span(bytes).first(size));
	u32 value = 0;
	std::memcpy(&value, bytes.data(), 4);
	return value;
}

void put(ConfigSpace &config, u32 offset, std::size_t size, u32 value)
{
	std::array<u8, 4> bytes{};
	std::memcpy(bytes.data(), &value, 4);
	config.write(offset, std::span(bytes).first(size));
}

TEST(ConfigSpace, Header)
{
	ConfigSpace config;
	EXPECT_EQ(get(config, 0x00, 4), 0x51101234U);
	EXPECT_EQ(get(config, 0x04, 4), 0x00100000U); // off, with capabilities
	EXPECT_EQ(get(config, 0x08, 4), 0xff000001U); // class: none of the others
	EXPECT_EQ(get(config, 0x0e, 1), 0U);
	EXPECT_EQ(get(config, 0x2c, 4), 0x510f1234U);
	EXPECT_EQ(get(config, 0x34, 1), 0x40U);
	EXPECT_EQ(get(config, 0x3d, 1), 0U);          // no wire interrupt
	EXPECT_EQ(get(config, 0x40, 4), 0x00000011U); // MSI-X, the last one, one vector
	EXPECT_EQ(get(config, 0x44, 4), 0x00000002U); // its table: BAR 2, 0
	EXPECT_EQ(get(config, 0x48, 4), 0x00000802U); // its PBA
}

TEST(ConfigSpace, BarsTellTheirSize)
{
	ConfigSpace config;
	for (u32 bar : {0x10U, 0x18U}) {
		EXPECT_EQ(get(config, bar, 4), 4U);
		put(config, bar, 4, ~0U);
		put(config, bar + 4, 4, ~0U);
		EXPECT_EQ(get(config, bar, 4), 0xfffff004U);
		EXPECT_EQ(get(config, bar + 4, 4), ~0U);
	}
	put(config, 0x20, 4, ~0U);
	EXPECT_EQ(get(config, 0x20, 4), 0U);
}

TEST(ConfigSpace, BusMaster)
{
	ConfigSpace config;
	EXPECT_FALSE(config.bus_master());
	put(config, 0x04, 2, 0xffff);
	EXPECT_EQ(get(config, 0x04, 2), 0x0406U);
	EXPECT_TRUE(config.bus_master());
	config.set_bus_master(false);
	EXPECT_EQ(get(config, 0x04, 2), 0x0402U);
	put(config, 0x05, 1, 0);
	EXPECT_EQ(get(config, 0x04, 2), 0x0002U);
}

// Whatever is written, and in whichever pieces: bits that are not writable stay, the others take it.
TEST(ConfigSpace, WritableBitsAreThoseThatTakeOnesAndZeros)
{
	std::mt19937 random(1);
	ConfigSpace config, ones, zeros;
	const ConfigSpace fresh;
	std::array<u8, ConfigSpace::kSize> all{};

	zeros.write(0, all);
	all.fill(0xff);
	ones.write(0, all);
	for (int i = 0; i < 20000; i++) {
		const u32 size = 1U << random() % 3, offset = random() % (ConfigSpace::kSize - size + 1);
		put(config, offset, size, random());
	}
	unsigned writable = 0;
	for (u32 i = 0; i < ConfigSpace::kSize; i++) {
		const u32 mask = get(ones, i, 1) ^ get(zeros, i, 1);
		writable += static_cast<unsigned>(__builtin_popcount(mask));
		EXPECT_EQ(get(config, i, 1) & ~mask, get(fresh, i, 1) & ~mask) << i;
	}
	EXPECT_EQ(writable, 3U + 8 + 2 * (20 + 32) + 8 + 2); // command, cache line, BARs, interrupt line, MSI-X control
	config.reset();
	for (u32 i = 0; i < ConfigSpace::kSize; i++)
		EXPECT_EQ(get(config, i, 1), get(fresh, i, 1));
}

TEST(MsixPage, TableAndPba)
{
	MsixPage page;
	std::array<u8, 24> bytes{};
	page.read(0, bytes, false);
	EXPECT_EQ(bytes[12], 1); // masked
	bytes.fill(0xff);
	page.write(0, bytes);
	bytes.fill(0);
	page.read(0, bytes, false);
	EXPECT_EQ(bytes[0], 0xfc);
	EXPECT_EQ(bytes[12], 1);
	EXPECT_EQ(bytes[13], 0);
	EXPECT_EQ(bytes[16], 0); // there is one entry
	page.read(MsixPage::kPbaOffset, std::span(bytes).first(8), true);
	EXPECT_EQ(bytes[0], 1);
	EXPECT_EQ(bytes[1], 0);
	page.read(MsixPage::kPbaOffset, std::span(bytes).first(8), false);
	EXPECT_EQ(bytes[0], 0);
	page.read(MsixPage::kPbaOffset - 8, std::span(bytes).first(8), true);
	EXPECT_EQ(bytes[0], 0);
}

TEST(MsixPage, TheWholeEntryIsWrittenAndForgotten)
{
	MsixPage page;
	std::array<u8, 16> bytes{}, expected{0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
	std::array<u8, 16> ones{};
	ones.fill(0xff);
	page.write(0, ones);
	page.write(12, std::span(ones).first(8)); // beyond its end
	page.read(0, bytes, false);
	EXPECT_EQ(bytes, expected);
	page.reset();
	page.read(0, bytes, false);
	expected.fill(0);
	expected[12] = 1;
	EXPECT_EQ(bytes, expected);
}

TEST(RegionOfMemory, Inside)
{
	EXPECT_TRUE(page_device::inside(0, 256, 256));
	EXPECT_TRUE(page_device::inside(256, 0, 256));
	EXPECT_FALSE(page_device::inside(256, 1, 256));
	EXPECT_FALSE(page_device::inside(1, 256, 256));
	EXPECT_FALSE(page_device::inside(~0ULL, 2, 256));
	EXPECT_FALSE(page_device::inside(2, ~0ULL, 256));
	EXPECT_FALSE(page_device::inside(0, 1, 0));
}

} // namespace
} // namespace test
