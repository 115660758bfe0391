// SPDX-License-Identifier: GPL-2.0-only
// An object behind a file of its own, from which user space reads what the kernel has to tell: a fault queue, a
// vEVENTQ.
//
// The file holds the object and keeps the /dev/iommu that it belongs to open, until it is released: so an open file
// always has its object, and destroying that is EBUSY.
//
// Locks: none of its own; what waits to be read is the derived classes'.
#pragma once
#include "bridge/queue_file.h"
#include "iommufd/object.hpp"
#include "kern/file.hpp"
#include "kern/mm.hpp"

namespace iommufd {

class Context;

class QueueObject : public Object {
public:
	// The file took over: it holds the queue and keeps the fd open, until released().
	void opened(Context &context);
	void released();

	// Copies whole records out, at most `size` bytes; the number of bytes, 0 when there is none. EINVAL: the first
	// one is larger; EFAULT; ENOMEM. ESPIPE or EINVAL for a size that cannot be. Context: may sleep.
	virtual Result<u64> read(base::UserVa to, u64 size) = 0;
	// Takes what the user answers; the number of bytes taken. Only where the file can be written.
	virtual Result<u64> write(base::UserVa from, u64 size);
	bool readable(file *f, poll_table_struct *table);

protected:
	QueueObject(ObjectType type, kern::LockClass &readers_class) : Object(type), readers_(readers_class) {}
	~QueueObject() override;

	virtual bool has_records() = 0;
	kern::WaitQueue readers_;

private:
	Hold<QueueObject> file_holds_;
	kern::FileRef open_fd_;
};

} // namespace iommufd
