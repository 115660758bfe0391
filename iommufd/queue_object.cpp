// SPDX-License-Identifier: GPL-2.0-only
// The file's side of a queue object, as bridge/queue_file.c calls it; see queue_object.hpp.
#include "iommufd/queue_object.hpp"

#include "iommufd/context.hpp"

namespace iommufd {

QueueObject::~QueueObject() = default;

void QueueObject::opened(Context &context)
{
	file_holds_ = Hold<QueueObject>(*this);
	open_fd_ = context.hold_open();
}

void QueueObject::released()
{
	// Without the file's hold, the object may be destroyed at any moment: the rest must not touch it.
	kern::FileRef fd = std::move(open_fd_);
	Hold<QueueObject> held = std::move(file_holds_);
	held = {};
}

Result<u64> QueueObject::write(base::UserVa, u64) { return fail(Errno::kInval, "the queue takes no answers"); }

bool QueueObject::readable(file *f, poll_table_struct *table)
{
	kx_poll_wait(f, readers_.get(), table);
	return has_records();
}

namespace {

QueueObject &of(void *queue) { return *static_cast<QueueObject *>(queue); }

long to_return(const char *what, Result<u64> done)
{
	return done ? static_cast<long>(*done) : kern::reject(what, done.error());
}

} // namespace

} // namespace iommufd

using namespace iommufd;

long iommufd_cxx_queue_read(void *queue, unsigned long buffer, unsigned long size)
{
	return to_return("queue read", of(queue).read(base::UserVa(buffer), size));
}

long iommufd_cxx_queue_write(void *queue, unsigned long buffer, unsigned long size)
{
	return to_return("queue write", of(queue).write(base::UserVa(buffer), size));
}

bool iommufd_cxx_queue_poll(void *queue, file *f, poll_table_struct *table) { return of(queue).readable(f, table); }

void iommufd_cxx_queue_release(void *queue) { of(queue).released(); }
