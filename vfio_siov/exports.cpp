// SPDX-License-Identifier: GPL-2.0-only
// What slices have given out of their memory as dma-bufs, and how it is taken back (include/linux/iommufd_dmabuf.h).
//
// A dma-buf may outlive the slice: then it belongs to none, is revoked, and says so to whoever wants to map it. The
// list has all dma-bufs that are not released yet; so what is on it under the lock can be notified without a reference.
//
// Locks: the list's, one mutex for all slices, guards the list and Export::slice. It is taken under the parent driver's
// locks and around a dma-buf's reservation lock, which guards revoked.
#include "base/list.hpp"
#include "base/result.hpp"
#include "kern/alloc.hpp"
#include "kern/dmabuf_export.hpp"
#include "kern/log.hpp"
#include "vfio_siov/glue.h"

namespace {

using base::Errno;

struct OfAll;

struct Export : base::ListHook<OfAll> {
	Export(vfio_siov_device *owner, u64 address, u64 bytes, bool usable)
		: slice(owner), pa(address), length(bytes), revoked(!usable)
	{
	}

	vfio_siov_device *slice; // null: closed, or taken back
	const u64 pa, length;
	dma_buf *buf = nullptr;
	bool revoked;
};

constinit base::List<Export, OfAll> exports;

class [[nodiscard]] ExportsGuard {
public:
	ExportsGuard() { sx_exports_lock(); }
	ExportsGuard(const ExportsGuard &) = delete;
	~ExportsGuard() { sx_exports_unlock(); }
};

base::Result<int> create(vfio_siov_device *slice, u64 pa, u64 length, u32 flags, bool usable)
{
	TRY_LET(made, kern::make<Export>(slice, pa, length, usable));
	TRY_LET(buf, kern::ExportedBuf::create(made.get(), length, flags));
	Export &added = *made.release(); // the dma-buf's
	added.buf = buf.get();
	{
		ExportsGuard guard;
		exports.push_back(added);
	}
	return buf.into_fd(flags);
}

void set_usable(Export &item, bool usable)
{
	kern::ExportChange change(item.buf);
	item.revoked = !usable;
}

} // namespace

int siov_export(vfio_siov_device *slice, unsigned long long pa, unsigned long length, unsigned open_flags, bool usable)
{
	auto fd = create(slice, pa, length, open_flags, usable);
	return fd ? *fd : kern::reject("dma-buf of a slice", fd.error());
}

void siov_allow_exports(vfio_siov_device *slice, bool usable)
{
	ExportsGuard guard;
	for (Export &item : exports)
		if (item.slice == slice)
			set_usable(item, usable);
}

void siov_end_exports(vfio_siov_device *slice)
{
	ExportsGuard guard;
	for (Export &item : exports) {
		if (item.slice != slice)
			continue;
		set_usable(item, false);
		item.slice = nullptr;
	}
}

void siov_export_released(void *data)
{
	kern::Box<Export> last(static_cast<Export *>(data));
	ExportsGuard guard;
	exports.remove(*last);
}

int siov_export_range(void *data, unsigned long long *pa, unsigned long long *length)
{
	const auto *item = static_cast<const Export *>(data);
	if (item->revoked)
		return kern::reject("dma-buf of a slice", {Errno::kNoDev, "the slice's memory is not there now"});
	*pa = item->pa;
	*length = item->length;
	return 0;
}
