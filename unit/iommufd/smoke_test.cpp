// SPDX-License-Identifier: GPL-2.0-only
// The whole way once: open, IOAS, map, bind, attach, copy, unmap, close.
#include "support/state.hpp"
#include "support/world.hpp"

namespace test {

class Smoke : public World {};

TEST_F(Smoke, WholeWay)
{
	Fd fd;
	const u32 ioas = fd.ioas();
	EXPECT_EQ(ioas, 1u);
	u64 iova = 0;
	const u64 va = memory(600);
	ASSERT_EQ(fd.map(ioas, va, 600 * kPage, iova), 0) << fake::last_rejection();
	EXPECT_NE(iova, 0u);
	EXPECT_EQ(fake::pins_total(), 0);

	Bound dev(fd, machine.new_device());
	ASSERT_EQ(dev.error(), 0);
	u32 hwpt = 0;
	ASSERT_EQ(dev.attach(ioas, &hwpt), 0) << fake::last_rejection();
	EXPECT_EQ(fake::pins_total(), 600);
	EXPECT_EQ(fake::domains().size(), 1u);
	check_consistency(fd.context());

	u64 length = 0;
	ASSERT_EQ(fd.unmap(ioas, iova, 600 * kPage, &length), 0) << fake::last_rejection();
	EXPECT_EQ(length, 600 * kPage);
	EXPECT_EQ(fake::pins_total(), 0);
	EXPECT_EQ(fd.destroy(ioas), -16);
	dev.unbind();
	EXPECT_EQ(fd.destroy(ioas), 0) << fake::last_rejection();
	EXPECT_EQ(fd.destroy(ioas), -2);
}

} // namespace test
