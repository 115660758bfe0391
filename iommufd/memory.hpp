// SPDX-License-Identifier: GPL-2.0-only
// Memory: where the memory of a Pages comes from. One class for each kind of source; a Pages has one inside and calls
// it once for each batch of pages, never for each page.
//
// What a source is asked for: physical pages, as runs, of a range of indexes that nobody has pinned yet; and copies by
// byte offset. What it is not asked: who pays (Payer), who needs which page, when a page is let go (Pages), where
// physical addresses are kept meanwhile (PageReader).
//
// Two kinds of pages. Pinned ones have a struct page; each is pinned and charged while it is needed, and kernel drivers
// may access it. The others (MemoryTraits::pinned is false: a device's memory) are neither pinned nor charged nor
// unpinned, and are always read from the source, never back from a domain; kernel drivers cannot pin them.
#pragma once
#include "iommufd/runs.hpp"
#include "kern/mm.hpp"
#include "kern/sync.hpp"

namespace iommufd {

using base::Errno;
using base::fail;
using base::IndexRange;
using base::PageIndex;
using base::Result;
using base::Status;
using base::UserVa;

class Pages;

// What all memory of one kind has in common.
struct MemoryTraits {
	kern::LockClass &lock_class; // of the Pages' lock: what may be taken under it differs
	bool pinned;
	bool outlives_process;    // the process that mapped it is not where the memory is: another one may pay for it
	bool in_notifier = false; // the lock is taken in MMU notifiers: nothing may wait for memory under it
};

// What one reader keeps of a source from batch to batch: pages that are pinned and not yet handed out, and the use of
// an address space. Sources may use the array for what they like within a call.
struct ReadAhead {
	explicit ReadAhead(u64 needed) : pages(needed) {}

	static const std::size_t kHeapPages = 8192, kStackPages = 16;
	kern::Scratch<page *, kHeapPages, kStackPages> pages;
	std::size_t used = 0, count = 0; // pinned and not yet handed out: used..count
	kern::VirtualMemoryMap vmemmap;  // for the pages that are
	kern::MmUse owner_in_use;
};

// Bytes between a kernel driver's buffer and memory.
struct CopyRequest {
	u64 start_byte; // from the start of the Pages
	char *data;
	u64 length; // bytes
	bool write; // into the memory
};

class Memory {
public:
	virtual ~Memory();
	Memory(const Memory &) = delete;

	// The address or file offset of index 0, in bytes, page aligned: large pages are aligned in terms of it.
	u64 origin() const { return origin_; }
	u64 at(PageIndex index) const { return origin_ + index.raw() * base::kPageSize; }

	// Finds, and pins, pages of `range` from its start on: at least one, as many as it likes. They are appended to
	// `runs`, which has room for one at least, or left in `ahead`, whose pages have all been handed out.
	// EFAULT and what pinning returns. Context: under the Pages' lock, may sleep.
	virtual Status load(IndexRange range, bool writable, ReadAhead &ahead, RunList &runs) const = 0;

	// Copies without pinning for longer. `pages` is whose memory this is; `in_kthread`: the caller has no mm of its
	// own. EFAULT, EINVAL. Context: may sleep, holds no lock of the pages.
	virtual Status copy(Pages &pages, const CopyRequest &request, bool in_kthread) const = 0;

protected:
	explicit Memory(u64 origin) : origin_(origin) {}

private:
	const u64 origin_;
};

} // namespace iommufd
