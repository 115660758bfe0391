// SPDX-License-Identifier: GPL-2.0-only
// How the ioctl of a queue object ends: with a descriptor in the user's hands.
#pragma once
#include "iommufd/context.hpp"
#include "iommufd/ioctl.hpp"
#include "iommufd/queue_object.hpp"

namespace iommufd {

// A reserved file descriptor.
class FdNumber {
public:
	explicit FdNumber(int fd) : fd_(fd) {}
	FdNumber(const FdNumber &) = delete;
	~FdNumber()
	{
		if (fd_ >= 0)
			kx_fd_give_back(fd_);
	}
	int get() const { return fd_; }
	void install(file *f) { kx_fd_install(std::exchange(fd_, -1), f); }

private:
	int fd_;
};

// The last step of a queue's ioctl: a descriptor for a file that `create_file` makes of the queue, both numbers to the
// user, and the queue is published. EMFILE, ENFILE, ENOMEM, EFAULT; the queue is given up then.
template <typename T, typename Cmd> Status publish_with_file(UserCall &call, Cmd &cmd, Pending<T> queue, u32 &out_id,
							     u32 &out_fd, int (*create_file)(void *, file **))
{
	FdNumber fd(kx_fd_reserve());
	TRY(base::check(fd.get(), "no file descriptor"));
	out_id = queue->id().raw();
	out_fd = static_cast<u32>(fd.get());
	TRY(call.respond(cmd));

	// The last step that can fail, so that a file never outlives an object that was given up.
	file *made = nullptr;
	QueueObject &object = *queue;
	TRY(base::check(create_file(&object, &made), "no file for the queue"));
	object.opened(call.context());
	queue.publish();
	fd.install(made);
	return {};
}

} // namespace iommufd
