// SPDX-License-Identifier: GPL-2.0-only
// vEVENTQ: what a guest's IOMMU has to report, on its way to the VMM. A vIOMMU has one queue for each type of event;
// the VMM reads it from a file of its own.
//
// Events are numbered from 0 to INT_MAX and again, those that are lost too: because as many wait as the queue may hold,
// or for want of memory. The reader sees that by the gap in front of the next event, or, as long as there is none, by a
// header without data (IOMMU_VEVENTQ_FLAG_LOST_EVENTS) that has the number of the last one lost.
//
// Locks: the vIOMMU's events_lock(), which is taken in interrupts, guards events_, next_ and lost_tail_; read_lock_
// keeps readers apart, as they copy without the other.
#pragma once
#include "iommufd/queue_object.hpp"
#include "vdevice/event_store.hpp"
#include "vdevice/viommu.hpp"

namespace iommufd::vdevice {

class Veventq final : public QueueObject, public base::ListHook<OnViommu> {
public:
	static const ObjectType kType = ObjectType::kVeventq;

	// `depth`: events that may wait. EEXIST: the vIOMMU has a queue of this type; ENOMEM. Context: may sleep.
	static Result<Pending<Veventq>> create(Context &context, Viommu &viommu, u32 type, u32 depth);
	Veventq(Viommu &viommu, u32 type, u32 depth);
	~Veventq() override;

	u32 event_type() const { return event_type_; }
	// Whole events. EINVAL: a header does not fit, or the first event does not; EFAULT: nothing is lost.
	Result<u64> read(base::UserVa to, u64 size) override;
	// Under the vIOMMU's events_lock(). ENOMEM: lost for want of memory. Any context.
	Status report(std::span<const u8> data);

private:
	bool has_records() override;
	EventStore::Batch front(u32 most);
	Result<u64> read_batch(base::UserVa to, u64 size, u32 most);
	Result<u64> read_loss(base::UserVa to);
	std::optional<u32> unread_loss();

	const Hold<Viommu> viommu_;
	const u32 event_type_, depth_;
	bool on_viommu_ = false;
	kern::Mutex read_lock_;
	EventStore events_;
	u32 next_ = 0;           // number of the next event
	bool lost_tail_ = false; // the last one was lost, and the reader has not been told
};

} // namespace iommufd::vdevice
