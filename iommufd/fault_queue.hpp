// SPDX-License-Identifier: GPL-2.0-only
// FaultQueue: page requests of devices on their way to user space and the responses on their way back. The object is
// behind a file of its own; HWPTs are allocated for it (IOMMU_HWPT_FAULT_ID_VALID).
//
// A group of requests, which gets one response, is in exactly one of three places: with the reader's next read()
// (waiting_), known to the user by its cookie (answerable_), or answered and gone. Detaching or moving a device answers
// its groups in the first two places with "invalid".
//
// Locks: io_lock_ serialises read, write and drop() and guards answerable_; list_lock_ guards waiting_, which the fault
// handler adds to.
#pragma once
#include "bridge/iopf.h"
#include "iommufd/queue_object.hpp"

namespace iommufd {

struct Attachment;

class FaultQueue final : public QueueObject {
public:
	static const ObjectType kType = ObjectType::kFaultQueue;

	FaultQueue();
	~FaultQueue() override;

	// A group arrives. Context: may sleep; the queue is held by the HWPT that the device is attached to.
	void deliver(iopf_group *group);
	// Whole groups. ESPIPE: the size is not a multiple of a record.
	Result<u64> read(base::UserVa to, u64 size) override;
	// Takes responses. ESPIPE: the size is not a multiple of one; EINVAL: unknown code or cookie; EFAULT.
	Result<u64> write(base::UserVa from, u64 size) override;

	// Answers everything that came by way of this attachment. Nothing new comes from it any more.
	void drop(const Attachment &from);
	// The attachment's faults are reported for this device from now on.
	void set_reporter(Attachment &attachment, ObjectId device);

private:
	bool has_records() override;
	iopf_group *take_first();
	Status copy_group(iopf_group &group, ObjectId cookie, base::UserVa to);
	Status read_group(iopf_group &group, base::UserVa to);
	Status respond_to_one(base::UserVa from);

	kern::Mutex io_lock_;
	kern::SpinLock list_lock_;
	kern::Opaque<list_head, KX_SIZE_list_head, KX_ALIGN_list_head> waiting_;
	kern::IdTable<iopf_group> answerable_; // by cookie
};

} // namespace iommufd
