// SPDX-License-Identifier: GPL-2.0-only
// Importing dma-bufs; see dmabuf_memory.hpp.
//
// Lock: the dma-buf's reservation lock guards Import::present_ and first_. Revoking takes the Pages' lock inside it.
#include "iommufd/dmabuf_memory.hpp"

#include "base/guard.hpp"
#include "iommufd/dmabuf_exporters.hpp"
#include "kern/log.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass dmabuf_class("iommufd Pages::lock of a dma-buf");

// An attachment to a dma-buf, and the Pages that loses its memory when the exporter says so.
class Import {
public:
	explicit Import(kern::DmaBuf buf) : buf_(std::move(buf)) {}
	Import(const Import &) = delete;
	~Import();

	// Finds bytes from `offset` on (page aligned), `length` of them. From now on `pages` is told.
	Status begin(Pages &pages, u64 offset, u64 length);
	void moved();
	base::Pfn first() const { return first_; }

private:
	Status find(u64 offset, u64 length);

	kern::DmaBuf buf_;
	dma_buf_attachment *attachment_ = nullptr;
	Pages *pages_ = nullptr;
	base::Pfn first_{};
	bool pinned_ = false;
	bool present_ = false;
};

class DmaBufMemory final : public DeviceMemory {
public:
	static const MemoryTraits kTraits;

	DmaBufMemory(u64 offset, kern::Box<Import> import) : DeviceMemory(offset), import_(std::move(import)) {}

private:
	base::Pfn first() const override { return import_->first(); }

	const kern::Box<Import> import_;
};

Import::~Import()
{
	if (!attachment_)
		return;
	{
		base::Guard guard(buf_);
		present_ = false;
		if (pinned_)
			buf_.unpin(attachment_);
	}
	buf_.detach(attachment_);
}

Status Import::find(u64 offset, u64 length)
{
	unsigned long long pa = 0, size = 0;
	const iommufd_dmabuf_exporter *exporter = dmabuf_exporter(buf_.ops());
	if (!exporter)
		return fail(Errno::kOpNotSupp, "the dma-buf's exporter does not tell where its memory is");
	TRY(base::check(exporter->range(buf_.get(), &pa, &size), "the dma-buf has no memory now"));
	if (WARN_ON(!base::is_aligned(pa | size, base::kPageSize) || offset + length > size))
		return fail(Errno::kInval, "the exporter's range is shorter than the dma-buf");
	first_ = base::Pfn((pa + offset) / base::kPageSize);
	return {};
}

Status Import::begin(Pages &pages, u64 offset, u64 length)
{
	pages_ = &pages;
	TRY_LET(attachment, buf_.attach(this));
	attachment_ = attachment;
	base::Guard guard(buf_);
	TRY(buf_.pin(attachment_));
	pinned_ = true;
	TRY(find(offset, length));
	present_ = true;
	return {};
}

void Import::moved()
{
	if (!std::exchange(present_, false))
		return;
	base::Guard guard(pages_->lock());
	pages_->revoke();
}

} // namespace

const MemoryTraits DmaBufMemory::kTraits{.lock_class = dmabuf_class, .pinned = false, .outlives_process = false};

Result<base::Ref<Pages>> make_dmabuf_pages(kern::DmaBuf buf, u64 offset, u64 length, bool writable)
{
	TRY_LET(count, Pages::count_pages(offset, length));
	if (offset + length > buf.size())
		return fail(Errno::kInval, "beyond the end of the dma-buf");
	// Before the core attaches, which with an exporter that cannot revoke maps the buffer.
	if (!dmabuf_exporter(buf.ops()))
		return fail(Errno::kOpNotSupp, "the dma-buf's exporter does not tell where its memory is");
	const u64 start = base::align_down(offset, base::kPageSize);
	TRY_LET(import, kern::make<Import>(std::move(buf)));
	Import &started = *import;
	TRY_LET(pages, Pages::make<DmaBufMemory>(count, writable, AccountMode::kNone, start, std::move(import)));
	TRY(started.begin(*pages, start, count * base::kPageSize));
	return pages;
}

} // namespace iommufd

void iommufd_cxx_dmabuf_moved(void *importer) { static_cast<iommufd::Import *>(importer)->moved(); }
