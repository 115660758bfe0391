// SPDX-License-Identifier: GPL-2.0-only
// Life of a HW queue; see hw_queue.hpp.
#include "vdevice/hw_queue.hpp"

#include "iommufd/context.hpp"

namespace iommufd::vdevice {

HwQueue::HwQueue(Viommu &viommu) : Object(kType), viommu_(viommu) {}

HwQueue::~HwQueue()
{
	if (!initialised_)
		return;
	if (published_) {
		kern::Guard guard(viommu_->hw_queues_lock());
		finish();
	} else {
		finish();
	}
}

void HwQueue::finish()
{
	viommu_->hw_queues_lock().assert_held();
	if (part_->destroy)
		part_->destroy(part_.get());
	WARN_ON(dependencies_);
}

Result<Pending<HwQueue>> HwQueue::create(Context &context, Viommu &viommu, u32 type, u32 index, base::IovaRange memory)
{
	const iommufd_viommu_ops &ops = viommu.ops();
	const bool can = ops.hw_queue_size && ops.hw_queue_init;
	const unsigned long size = can ? ops.hw_queue_size(viommu.driver_part(), type) : 0;
	if (!size)
		return fail(Errno::kOpNotSupp, "the vIOMMU has no HW queues of this type");

	TRY_LET(queue, context.objects().create<HwQueue>(viommu));
	TRY_LET(part, DriverPart<iommufd_hw_queue>::alloc(size));
	queue->part_ = std::move(part);
	TRY(queue->memory_.lock(viommu.parent().ioas().table(), memory));
	TRY(queue->init(type, index, memory));
	return queue;
}

Status HwQueue::init(u32 type, u32 index, base::IovaRange memory)
{
	part_->viommu = viommu_->driver_part();
	part_->base = memory.start.raw();
	part_->length = memory.count();
	part_->type = type;
	part_->index = index;
	part_->object = this;
	viommu_->hw_queues_lock().assert_held();
	TRY(base::check(viommu_->ops().hw_queue_init(part_.get(), memory_.start().raw()),
			"the IOMMU driver makes no such HW queue"));
	initialised_ = true;
	return {};
}

void HwQueue::publish(Pending<HwQueue> queue)
{
	queue->published_ = true;
	queue.publish();
}

Status HwQueue::depend(HwQueue &other)
{
	if (this == &other || viommu_.get() != other.viommu_.get())
		return fail(Errno::kInval, "the queues are the same, or of two vIOMMUs");
	if (!other.try_hold())
		return fail(Errno::kNoEnt, "the queue is being destroyed");
	__atomic_fetch_add(&dependencies_, 1, __ATOMIC_RELAXED);
	return {};
}

void HwQueue::undepend(HwQueue &other)
{
	other.end_hold();
	__atomic_fetch_sub(&dependencies_, 1, __ATOMIC_RELAXED);
}

} // namespace iommufd::vdevice
