// SPDX-License-Identifier: GPL-2.0-only
/*
 * A siov-edu whose PASIDs the IOMMU does not enable (--iommu intel-legacy), or
 * without an IOMMU (--iommu none): its driver refuses it, and says why.
 */
#include "lib/harness.h"

#include <errno.h>

#include "lib/slice.h"
#include "lib/system.h"

TEST(refused)
{
	char bdf[16], line[256];
	int log = kmsg_open();

	ASSERT_LE(0, log);
	EXPECT_EQ(-ENODEV, slice_parent(0, bdf));
	ASSERT_EQ(1, kmsg_find(log, "no slices: ", line, sizeof(line), 1000000));
	EXPECT_NE(NULL, strstr(line, "PASIDs"));
	TH_LOG("%s", line);
	EXPECT_EQ(-ENOENT, slice_available(bdf));
}

TEST_HARNESS_MAIN
