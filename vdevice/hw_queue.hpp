// SPDX-License-Identifier: GPL-2.0-only
// HW queue: a queue in a guest's memory that the IOMMU reads and writes by itself, by physical addresses. Its memory
// stays mapped and pinned as long as it exists.
//
// A driver that needs another queue for this one says so (depend()): then that one cannot be destroyed.
//
// Locks: Viommu::hw_queues_lock() keeps the driver's init and destroy functions of one vIOMMU's queues apart. It is
// held from create() until the queue is published or given up: nobody comes to depend on one that is given up.
// dependencies_ is atomic; the rest is constant after create().
#pragma once
#include "vdevice/viommu.hpp"

namespace iommufd::vdevice {

// Memory of an IOAS that stays in place.
class LockedMemory {
public:
	LockedMemory() = default;
	LockedMemory(const LockedMemory &) = delete;
	~LockedMemory()
	{
		if (table_)
			table_->unlock_memory(range_);
	}
	// As IoPageTable::lock_memory(). Once.
	Status lock(IoPageTable &table, base::IovaRange range)
	{
		TRY_LET(at, table.lock_memory(range));
		table_ = &table;
		range_ = range;
		start_ = at;
		return {};
	}
	base::Pa start() const { return start_; }

private:
	IoPageTable *table_ = nullptr;
	base::IovaRange range_{};
	base::Pa start_;
};

class HwQueue final : public Object {
public:
	static const ObjectType kType = ObjectType::kHwQueue;

	// Under hw_queues_lock(). EOPNOTSUPP: the vIOMMU has no such type; as IoPageTable::lock_memory(); what the
	// driver says. Context: may sleep.
	static Result<Pending<HwQueue>> create(Context &context, Viommu &viommu, u32 type, u32 index,
					       base::IovaRange memory);
	explicit HwQueue(Viommu &viommu);
	// Takes hw_queues_lock(), which its caller holds if the queue was not published.
	~HwQueue() override;
	static void publish(Pending<HwQueue> queue);

	static HwQueue &of(iommufd_hw_queue *queue) { return *static_cast<HwQueue *>(queue->object); }

	// EINVAL: the same, or of another vIOMMU; ENOENT: `other` is being destroyed.
	Status depend(HwQueue &other);
	void undepend(HwQueue &other);

private:
	void finish();
	Status init(u32 type, u32 index, base::IovaRange memory);

	const Hold<Viommu> viommu_;
	LockedMemory memory_;
	DriverPart<iommufd_hw_queue> part_;
	bool initialised_ = false; // the driver is to be told of the end
	bool published_ = false;
	u32 dependencies_ = 0; // that the driver has not taken back
};

} // namespace iommufd::vdevice
