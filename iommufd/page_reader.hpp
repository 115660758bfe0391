// SPDX-License-Identifier: GPL-2.0-only
// Reads the physical pages of an index range of a Pages, batch by batch, from wherever they are: a pinned range, a
// domain that holds them, or, for what nobody holds yet, from the Memory, which pins them.
//
// A page that the reader pinned itself is the reader's to let go: everything of the current batch that nobody turns
// out to need, and everything pinned ahead, is unpinned and uncharged when the reader moves on or ends. keep() says
// that the batch now has another owner (a domain, a pinned range).
//
// Context: under the Pages' lock, may sleep, takes what the Memory takes (an owner's mmap lock).
#pragma once
#include "iommufd/pages.hpp"

namespace iommufd {

class PageReader {
public:
	enum class Purpose {
		kKeep, // the pins will stay: charge them
		kLook, // for a moment only: no charge
	};

	// Reads and pins nothing before next().
	PageReader(Pages &pages, IndexRange range, Purpose purpose);
	~PageReader();
	PageReader(const PageReader &) = delete;

	bool done() const { return batch_end_ > range_.last.raw(); }
	// Loads the batch behind the current one. EFAULT: no such memory; ENOMEM: over the limit.
	Status next();
	void keep() { kept_ = true; }

	// The batch: pages start()..end()-1.
	PageIndex start() const { return PageIndex(batch_start_); }
	PageIndex end() const { return PageIndex(batch_end_); }
	RunList &runs() { return runs_; }

private:
	void drop_batch();
	bool load_once(Status &status);
	bool load_pinned(const struct PinnedRange &from);
	bool load_filled(const Area &from);
	bool load_memory(IndexRange hole, Status &status);
	Status charge_hole(IndexRange hole);
	bool take_ahead();
	void settle(u64 pages)
	{
		if (purpose_ == Purpose::kKeep)
			pages_.uncharge(pages);
	}

	Pages &pages_;
	const IndexRange range_;
	const Purpose purpose_;
	bool kept_ = true;
	u64 batch_start_, batch_end_; // page indexes
	RunList runs_;
	ReadAhead ahead_; // of the batch: its first page has index batch_end_
	u64 charged_end_; // pages below this index are charged
};

} // namespace iommufd
