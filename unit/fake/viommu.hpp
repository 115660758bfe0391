// SPDX-License-Identifier: GPL-2.0-only
// bridge/viommu.h: 6.12's structures for user data, as an IOMMU driver gets them.
#pragma once
#include <cstddef>

struct iommu_user_data {
	unsigned type;
	const void *uptr;
	std::size_t len;
};

struct iommu_user_data_array {
	unsigned type;
	const void *uptr;
	std::size_t entry_len;
	unsigned entry_num;
};
