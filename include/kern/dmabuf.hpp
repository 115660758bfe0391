// SPDX-License-Identifier: GPL-2.0-only
// dma-bufs, imported: a reference, its reservation lock, and the attachment by which the exporter tells of its end.
#pragma once
#include "base/held.hpp"
#include "base/result.hpp"
#include "bridge/dmabuf.h"

namespace kern {

class DmaBuf : public base::Held<dma_buf, kx_dmabuf_put> {
public:
	using Held::Held;

	// The dma-buf behind a descriptor of the current task; empty: it is something else, or no descriptor.
	static DmaBuf from_fd(int fd) { return DmaBuf(kx_dmabuf_from_fd(fd)); }

	u64 size() const { return kx_dmabuf_size(get()); } // bytes, whole pages
	const dma_buf_ops *ops() const { return kx_dmabuf_ops(get()); }

	// The reservation lock, for base::Guard. It is taken under an mmap lock, and none is taken under it.
	void lock() { kx_dmabuf_lock(get()); }
	void unlock() { kx_dmabuf_unlock(get()); }

	// `importer` is what iommufd_cxx_dmabuf_moved() gets from now on. ENOMEM, and what the exporter returns.
	// Context: may sleep, without the lock; so does detach(). pin() and unpin(): with the lock.
	base::Result<dma_buf_attachment *> attach(void *importer)
	{
		dma_buf_attachment *made = nullptr;
		TRY(base::check(kx_dmabuf_attach(get(), importer, &made), "the dma-buf takes no importer"));
		return made;
	}
	void detach(dma_buf_attachment *attachment) { kx_dmabuf_detach(get(), attachment); }
	base::Status pin(dma_buf_attachment *attachment)
	{
		return base::check(kx_dmabuf_pin(attachment), "the dma-buf is not to be pinned");
	}
	void unpin(dma_buf_attachment *attachment) { kx_dmabuf_unpin(attachment); }
};

} // namespace kern
