// SPDX-License-Identifier: GPL-2.0-only
// HW queues: the mock reads none of them, but wants what hardware may want: an order, and memory that is where the
// guest says.
#include "kern/log.hpp"
#include "mock_iommu/domain.hpp"
#include "mock_iommu/viommu.hpp"
#include "mock_iommu/viommu_ops.hpp"

using base::Errno;
using base::fail;

namespace mock {
namespace {

base::Status check_memory(iommu_domain *parent, u64 base, u64 pa)
{
	const auto leaf = Domain::of(parent).table().find(base);
	if (!leaf.entry || leaf.pa_of(base) != pa)
		return fail(Errno::kFault, "this is not where the guest's address leads");
	return {};
}

void destroy(iommufd_hw_queue *queue) { Viommu::of(queue->viommu).remove(HwQueue::of(queue)); }

} // namespace

base::Status Viommu::add(HwQueue &queue, u64 pa)
{
	const u32 index = queue.core.index;

	if (index >= IOMMU_TEST_HW_QUEUE_MAX)
		return fail(Errno::kInval, "no such queue");
	if (queues_[index])
		return fail(Errno::kExist, "the queue is in use");
	HwQueue *needs = index ? queues_[index - 1] : nullptr;
	if (index && !needs)
		return fail(Errno::kIo, "the queue before it is missing");
	TRY(check_memory(core_.parent, queue.core.base, pa));
	if (needs)
		TRY(base::check(iommufd_hw_queue_depend(&queue.core, &needs->core), "no dependency"));
	queue.needs = needs;
	queue.core.destroy = destroy;
	queues_[index] = &queue;
	return {};
}

void Viommu::remove(HwQueue &queue)
{
	queues_[queue.core.index] = nullptr;
	if (queue.needs)
		iommufd_hw_queue_undepend(&queue.core, &queue.needs->core);
}

unsigned long hw_queue_size(iommufd_viommu *, unsigned type)
{
	return type == IOMMU_HW_QUEUE_TYPE_SELFTEST ? sizeof(HwQueue) : 0;
}

int hw_queue_init(iommufd_hw_queue *queue, unsigned long long pa)
{
	return kern::to_errno("HW queue", Viommu::of(queue->viommu).add(HwQueue::of(queue), pa));
}

} // namespace mock
