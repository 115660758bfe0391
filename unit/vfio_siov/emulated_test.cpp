// SPDX-License-Identifier: GPL-2.0-only
// The library's rules for slices in software.
#include <gtest/gtest.h>

#include "fake/siov.hpp"

namespace test {

TEST(Emulated, RegistersWithTheLibrarysOperationsOnly)
{
	vfio_device slice;
	slice.our_ops = false;
	EXPECT_EQ(siov_emulated_register(&slice), -22);
	EXPECT_FALSE(slice.registered);
	slice.our_ops = true;
	slice.error = -12;
	EXPECT_EQ(siov_emulated_register(&slice), -12);
	slice.error = 0;
	EXPECT_EQ(siov_emulated_register(&slice), 0);
	EXPECT_TRUE(slice.registered);
}

TEST(Emulated, AttachesForTheCdevAlone)
{
	vfio_device slice;
	unsigned ioas = 7;
	EXPECT_EQ(siov_emulated_attach(&slice, &ioas), -1);
	EXPECT_EQ(slice.ioas, 0u);
	slice.cdev_opened = true;
	slice.error = -2;
	EXPECT_EQ(siov_emulated_attach(&slice, &ioas), -2);
	slice.error = 0;
	EXPECT_EQ(siov_emulated_attach(&slice, &ioas), 0);
	EXPECT_EQ(slice.ioas, 7u);
}

TEST(Emulated, OpensWithAnIommufdAlone)
{
	vfio_device slice;
	EXPECT_EQ(siov_emulated_open(&slice), -1);
	slice.bound = true;
	EXPECT_EQ(siov_emulated_open(&slice), 0);
}

} // namespace test
