// SPDX-License-Identifier: GPL-2.0-only
// A vEVENTQ's life, its events and their reader; see veventq.hpp.
#include "vdevice/veventq.hpp"

#include "iommufd/context.hpp"
#include "kern/uaccess.hpp"
#include "kern/uapi.hpp"

namespace iommufd::vdevice {

namespace {

constinit kern::LockClass read_class("iommufd Veventq::read_lock");
constinit kern::LockClass readers_class("iommufd Veventq::readers");

constexpr u64 kHeader = sizeof(iommufd_vevent_header);
constexpr u32 kLastNumber = 0x7fffffff;

} // namespace

Veventq::Veventq(Viommu &viommu, u32 type, u32 depth)
	: QueueObject(kType, readers_class), viommu_(viommu), event_type_(type), depth_(depth), read_lock_(read_class)
{
}

Veventq::~Veventq()
{
	if (on_viommu_)
		viommu_->remove(*this);
}

Result<Pending<Veventq>> Veventq::create(Context &context, Viommu &viommu, u32 type, u32 depth)
{
	TRY_LET(queue, context.objects().create<Veventq>(viommu, type, depth));
	TRY(queue->events_.init());
	TRY(viommu.add(*queue));
	queue->on_viommu_ = true;
	return queue;
}

Status Veventq::report(std::span<const u8> data)
{
	const bool full = events_.count() == depth_;
	const bool kept = !full && events_.append(next_, data);
	next_ = (next_ + 1) & kLastNumber;
	lost_tail_ = !kept;
	readers_.wake_all();
	if (!kept && !full)
		return fail(Errno::kNoMem, "out of memory for an event");
	return {};
}

bool Veventq::has_records()
{
	kern::Guard guard(viommu_->events_lock());
	return events_.count() || lost_tail_;
}

EventStore::Batch Veventq::front(u32 most)
{
	kern::Guard guard(viommu_->events_lock());
	return events_.front(most);
}

// The number of the last event lost, if there is nothing else left to read.
std::optional<u32> Veventq::unread_loss()
{
	kern::Guard guard(viommu_->events_lock());
	if (events_.count() || !lost_tail_)
		return std::nullopt;
	return (next_ - 1) & kLastNumber;
}

// Up to `most` events of one length; 0: there is none.
Result<u64> Veventq::read_batch(base::UserVa to, u64 size, u32 most)
{
	EventStore::Batch batch = front(most);
	if (!batch.count)
		return 0;
	if (batch.length > size)
		return fail(Errno::kInval, "the first event is larger than the buffer");
	batch.count = static_cast<u32>(base::min<u64>(batch.count, size / batch.length));
	const u64 bytes = u64{batch.count} * batch.length;
	TRY(kern::copy_to_user(to, batch.bytes, bytes));

	void *emptied = nullptr;
	{
		kern::Guard guard(viommu_->events_lock());
		emptied = events_.take(batch.count);
	}
	kx_free(emptied);
	return bytes;
}

Result<u64> Veventq::read_loss(base::UserVa to)
{
	const std::optional<u32> number = unread_loss();
	if (!number)
		return 0;
	const iommufd_vevent_header header{.flags = IOMMU_VEVENTQ_FLAG_LOST_EVENTS, .sequence = *number};
	TRY(kern::copy_to_user(to, &header, kHeader));
	// More may have been lost meanwhile: that is told next time.
	kern::Guard guard(viommu_->events_lock());
	if (((next_ - 1) & kLastNumber) == *number)
		lost_tail_ = false;
	return kHeader;
}

Result<u64> Veventq::read(base::UserVa to, u64 size)
{
	constexpr u32 kAll = ~0u;

	if (size < kHeader)
		return fail(Errno::kInval, "the buffer does not hold a header");
	kern::Guard guard(read_lock_);
	u64 done = 0;
	while (size - done >= kHeader) {
		Result<u64> bytes = read_batch(to + done, size - done, kAll);
		// Where the user's memory ends, one by one.
		if (!bytes && bytes.error().is(Errno::kFault))
			bytes = read_batch(to + done, size - done, 1);
		if (bytes && !*bytes)
			bytes = read_loss(to + done);
		if (!bytes && !done)
			return bytes;
		if (!bytes || !*bytes)
			break;
		done += *bytes;
	}
	return done;
}

} // namespace iommufd::vdevice
