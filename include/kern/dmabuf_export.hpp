// SPDX-License-Identifier: GPL-2.0-only
// dma-bufs that this module exports: a reference, the way to a descriptor, and how their memory is taken back.
#pragma once
#include "base/held.hpp"
#include "base/result.hpp"
#include "bridge/dmabuf_export.h"

namespace kern {

class ExportedBuf : public base::Held<dma_buf, kx_export_put> {
public:
	using Held::Held;

	// A dma-buf of `length` bytes that owns data; on failure that stays the caller's. flags: O_ACCMODE and
	// O_CLOEXEC. ENOMEM, EINVAL; EOPNOTSUPP: the kernel has no dma-bufs. Context: may sleep.
	static base::Result<ExportedBuf> create(void *data, u64 length, u32 flags)
	{
		dma_buf *made = nullptr;
		TRY(base::check(kx_export_create(data, length, flags, &made), "no dma-buf"));
		return ExportedBuf(made);
	}
	// The dma-buf behind a descriptor of the current task. EBADF, EINVAL: no dma-buf; EOPNOTSUPP: not this
	// module's.
	static base::Result<ExportedBuf> from_fd(int fd)
	{
		dma_buf *found = nullptr;
		TRY(base::check(kx_export_get(fd, &found), "not a dma-buf of this module"));
		return ExportedBuf(found);
	}

	void *data() const { return kx_export_data(get()); }

	// A new descriptor, which takes over the reference. EMFILE, ENOMEM.
	base::Result<int> into_fd(u32 flags)
	{
		const int fd = kx_export_fd(get(), flags);
		TRY(base::check(fd, "no descriptor"));
		release();
		return fd;
	}
};

// The scope in which an exporter changes whether, or where, the memory is there: it has the reservation lock. Who has
// mapped the memory has lost it at the end, in any case: only what is mapped from then on knows better. Context: may
// sleep.
class [[nodiscard]] ExportChange {
public:
	explicit ExportChange(dma_buf *buf) : buf_(buf) { kx_export_lock(buf_); }
	ExportChange(const ExportChange &) = delete;
	~ExportChange()
	{
		kx_export_notify(buf_);
		kx_export_unlock(buf_);
	}

private:
	dma_buf *const buf_;
};

} // namespace kern
