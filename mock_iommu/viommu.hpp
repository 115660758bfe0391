// SPDX-License-Identifier: GPL-2.0-only
// The mock's part of a vIOMMU: two pages that the user can map, if it gave data, and two HW queues of which the second
// needs the first. Its vDEVICEs' caches are with the devices (device.hpp), its nested domains in nested.hpp.
//
// Locks: none. iommufd makes and ends the queues of a vIOMMU one after the other, which guards queues_; the rest is
// constant.
#pragma once
#include "base/result.hpp"
#include "mock_iommu/abi.hpp"
#include "mock_iommu/driver_api.hpp"
#include "mock_iommu/glue.h"

namespace mock {

// What iommufd allocates for a queue.
struct HwQueue {
	iommufd_hw_queue core; // first, for of()
	HwQueue *needs;

	static HwQueue &of(iommufd_hw_queue *queue) { return *reinterpret_cast<HwQueue *>(queue); }
};

class Viommu {
public:
	// What iommufd allocates for a vIOMMU.
	struct Given {
		iommufd_viommu core; // first, for of()
		Viommu *ours;
	};

	static Viommu &of(iommufd_viommu *viommu) { return *reinterpret_cast<Given *>(viommu)->ours; }

	explicit Viommu(iommufd_viommu &core) : core_(core) {}
	Viommu(const Viommu &) = delete;
	~Viommu();

	// The pages, with data.in_data in them; the results are filled in. ENOMEM and what iommufd says.
	base::Status make_pages(iommu_viommu_selftest &data);
	// EINVAL: no such index; EEXIST: it is in use; EIO: the one before it is missing; EFAULT: pa is not what the
	// guest's memory leads to.
	base::Status add(HwQueue &queue, u64 pa);
	void remove(HwQueue &queue);

private:
	iommufd_viommu &core_;
	HwQueue *queues_[IOMMU_TEST_HW_QUEUE_MAX]{};
	u32 *pages_ = nullptr;
	unsigned long mmap_offset_ = 0; // 0: not there
};

} // namespace mock
