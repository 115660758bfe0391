// SPDX-License-Identifier: GPL-2.0-only
// Page requests to user space; see fault_queue.hpp.
#include "iommufd/fault_queue.hpp"

#include "iommufd/attachment.hpp"
#include "iommufd/queue_publish.hpp"
#include "iommufd/test_hook.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass io_class("iommufd FaultQueue::io_lock");
constinit kern::LockClass list_class("iommufd FaultQueue::list_lock");
constinit kern::LockClass readers_class("iommufd FaultQueue::readers");

constexpr u64 kRecord = sizeof(iommu_hwpt_pgfault), kResponse = sizeof(iommu_hwpt_page_response);

} // namespace

FaultQueue::FaultQueue() : QueueObject(kType, readers_class), io_lock_(io_class), list_lock_(list_class)
{
	kx_iopf_list_init(waiting_.get());
}

// Nobody uses the queue any more.
FaultQueue::~FaultQueue()
{
	while (iopf_group *group = take_first())
		kx_iopf_respond(group, false);
	u64 cookie = 0;
	while (iopf_group *group = answerable_.next(cookie)) {
		answerable_.erase(ObjectId(static_cast<u32>(cookie)));
		kx_iopf_respond(group, false);
	}
}

void FaultQueue::deliver(iopf_group *group)
{
	// 6.12 collects the requests of a group by its index alone. Those of others are asked for again by their
	// device.
	if (u32 dropped = kx_iopf_drop_others(group))
		kx_log_faults_dropped(dropped);
	{
		kern::Guard guard(list_lock_);
		kx_iopf_add_tail(waiting_.get(), group);
	}
	readers_.wake_all();
}

iopf_group *FaultQueue::take_first()
{
	kern::Guard guard(list_lock_);
	iopf_group *group = kx_iopf_first(waiting_.get());
	if (group)
		kx_iopf_remove(group);
	return group;
}

Status FaultQueue::copy_group(iopf_group &group, ObjectId cookie, base::UserVa to)
{
	struct Copy {
		base::UserVa to;
		bool hides_pasid;
		iommu_hwpt_pgfault record{};
		Status status{};

		static bool one(void *self, const kx_page_request *request)
		{
			Copy &copy = *static_cast<Copy *>(self);
			copy.record.flags = request->flags;
			copy.record.pasid = request->pasid;
			if (copy.hides_pasid) {
				copy.record.flags &= ~static_cast<u32>(IOMMU_PGFAULT_FLAGS_PASID_VALID);
				copy.record.pasid = 0;
			}
			copy.record.grpid = request->group_id;
			copy.record.perm = request->perm;
			copy.record.addr = request->addr;
			copy.status = kern::copy_to_user(copy.to, &copy.record, kRecord);
			copy.to = copy.to + kRecord;
			return static_cast<bool>(copy.status);
		}
	};

	const Attachment &attachment = Attachment::of(kx_iopf_handle(&group));
	Copy copy{to, attachment.hides_pasid};
	copy.record.dev_id = attachment.reporter.raw();
	copy.record.cookie = cookie.raw();
	kx_iopf_for_each(&group, Copy::one, &copy);
	return copy.status;
}

// The user knows the group afterwards, or has never heard of it.
Status FaultQueue::read_group(iopf_group &group, base::UserVa to)
{
	io_lock_.assert_held();
	if (injected_failure())
		return fail(Errno::kNoMem, "injected failure");
	TRY_LET(cookie, answerable_.reserve());
	Status status = copy_group(group, cookie, to);
	if (status)
		answerable_.publish(cookie, &group);
	else
		answerable_.erase(cookie);
	return status;
}

Result<u64> FaultQueue::read(base::UserVa to, u64 size)
{
	if (size % kRecord)
		return fail(base::Error::from_kernel(-29, "not a multiple of a record"));
	kern::Guard guard(io_lock_);
	u64 done = 0;

	while (iopf_group *group = take_first()) {
		const u64 bytes = kx_iopf_count(group) * kRecord;
		Status status = bytes > size - done
					? fail(Errno::kInval, "the first fault group is larger than the buffer")
					: read_group(*group, to + done);
		if (status) {
			done += bytes;
			continue;
		}
		{
			kern::Guard list(list_lock_);
			kx_iopf_add_head(waiting_.get(), group);
		}
		if (!done)
			return fail(status.error());
		break;
	}
	return done;
}

Status FaultQueue::respond_to_one(base::UserVa from)
{
	iommu_hwpt_page_response response;

	io_lock_.assert_held();
	TRY(kern::copy_from_user(response, from));
	if (response.code != IOMMUFD_PAGE_RESP_SUCCESS && response.code != IOMMUFD_PAGE_RESP_INVALID)
		return fail(Errno::kInval, "unknown response code");
	iopf_group *group = answerable_.erase(ObjectId(response.cookie));
	if (!group)
		return fail(Errno::kInval, "no fault group has this cookie");
	kx_iopf_respond(group, response.code == IOMMUFD_PAGE_RESP_SUCCESS);
	return {};
}

Result<u64> FaultQueue::write(base::UserVa from, u64 size)
{
	if (size % kResponse)
		return fail(base::Error::from_kernel(-29, "not a multiple of a response"));
	kern::Guard guard(io_lock_);
	for (u64 done = 0; done < size; done += kResponse) {
		Status status = respond_to_one(from + done);
		if (status)
			continue;
		if (!done)
			return fail(status.error());
		return done;
	}
	return size;
}

bool FaultQueue::has_records()
{
	kern::Guard guard(list_lock_);
	return !kx_iopf_list_empty(waiting_.get());
}

void FaultQueue::drop(const Attachment &from)
{
	kern::Opaque<list_head, KX_SIZE_list_head, KX_ALIGN_list_head> dropped;
	auto is_from = [&](iopf_group *group) { return &Attachment::of(kx_iopf_handle(group)) == &from; };

	kern::Guard guard(io_lock_);
	kx_iopf_list_init(dropped.get());
	{
		kern::Guard list(list_lock_);
		iopf_group *next = nullptr;
		for (iopf_group *group = kx_iopf_first(waiting_.get()); group; group = next) {
			next = kx_iopf_next(waiting_.get(), group);
			if (!is_from(group))
				continue;
			kx_iopf_remove(group);
			kx_iopf_add_tail(dropped.get(), group);
		}
	}
	while (iopf_group *group = kx_iopf_first(dropped.get())) {
		kx_iopf_remove(group);
		kx_iopf_respond(group, false);
	}
	u64 cookie = 0;
	while (iopf_group *group = answerable_.next(cookie)) {
		if (!is_from(group))
			continue;
		answerable_.erase(ObjectId(static_cast<u32>(cookie)));
		kx_iopf_respond(group, false);
	}
}

void FaultQueue::set_reporter(Attachment &attachment, ObjectId device)
{
	kern::Guard guard(io_lock_);
	attachment.reporter = device;
}

Status fault_queue_alloc(UserCall &call, iommu_fault_alloc &cmd)
{
	if (cmd.flags)
		return fail(Errno::kOpNotSupp, "unknown flag");
	TRY_LET(queue, call.context().objects().create<FaultQueue>());
	return publish_with_file(call, cmd, std::move(queue), cmd.out_fault_id, cmd.out_fault_fd, kx_fault_file_create);
}

} // namespace iommufd

using namespace iommufd;

void iommufd_cxx_fault(void *queue, iopf_group *group) { static_cast<FaultQueue *>(queue)->deliver(group); }
