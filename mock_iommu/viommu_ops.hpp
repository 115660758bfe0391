// SPDX-License-Identifier: GPL-2.0-only
// What iommufd calls for a vIOMMU, in files of its own: invalidate.cpp, hw_queue.cpp; see struct iommufd_viommu_ops.
#pragma once
#include "mock_iommu/driver_api.hpp"

namespace mock {

int invalidate_caches(iommufd_viommu *viommu, iommu_user_data_array *array);
unsigned long hw_queue_size(iommufd_viommu *viommu, unsigned type);
int hw_queue_init(iommufd_hw_queue *queue, unsigned long long pa);

} // namespace mock
