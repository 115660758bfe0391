// SPDX-License-Identifier: GPL-2.0-only
// LongRuns: which 2 MiB stretches of an area are physically contiguous, one bit each (64 bytes for a GiB). Physical
// addresses are read back from a domain page by page when an area is unmapped; for a stretch with its bit set, one
// look tells all 512. It is a help, not a need: without memory for the bits there are none.
//
// Stretches are aligned in the owner's address space or in the file, as huge pages are. Guarded by the Pages' lock.
#pragma once
#include "kern/alloc.hpp"

namespace iommufd {

using base::IndexRange;
using base::PageIndex;

class LongRuns {
public:
	// Of a stretch, in pages; a power of two.
	static const u64 kPages = 512;

	// Forgets everything. `skew`: how many pages index 0 is past a stretch's beginning.
	void reset(IndexRange area, u64 skew)
	{
		bits_ = {};
		skew_ = static_cast<u16>(skew % kPages);
		base_ = stretch(area.start);
		// More would be 8 PiB.
		count_ = static_cast<u32>(base::min(stretch(area.last) - base_ + 1, u64{~u32{0}}));
	}
	// `count` pages from `first` on are contiguous.
	void note(PageIndex first, u64 count)
	{
		if (count < kPages)
			return;
		const u64 end = (first.raw() + skew_ + count) / kPages;
		for (u64 s = (first.raw() + skew_ + kPages - 1) / kPages; s < end; s++)
			set(s - base_);
	}
	// Is `at` the first page of a contiguous stretch?
	bool begins_at(PageIndex at) const
	{
		if (!bits_ || (at.raw() + skew_) % kPages)
			return false;
		const u64 s = stretch(at) - base_;
		return s < count_ && (bits_[s / 64] >> (s % 64) & 1);
	}

private:
	u64 stretch(PageIndex at) const { return (at.raw() + skew_) / kPages; }
	void set(u64 s)
	{
		if (!bits_)
			bits_ = kern::Array<u64>((u64{count_} + 63) / 64);
		if (bits_ && s < count_)
			bits_[s / 64] |= u64{1} << (s % 64);
	}

	kern::Array<u64> bits_;
	u64 base_ = 0;
	u32 count_ = 0; // stretches
	u16 skew_ = 0;  // pages
};

} // namespace iommufd
