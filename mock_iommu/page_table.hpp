// SPDX-License-Identifier: GPL-2.0-only
// The IO page table of a mock domain, laid out as hardware would: a tree of tables with 512 entries each, nine bits of
// the IOVA per level, down to a granule of 2 KiB: half a page, so that nobody gets away with assuming that a CPU page
// is the smallest unit. With three levels it translates 38 bits, with five 56; physical addresses have 51.
//
// A page may be any power of two of granules, as in AMD's format: 2^order entries of one level, all with the same
// content but for the dirty bit, which only the first has. So a page is dirty as a whole, whatever its size. An entry
// is a physical address with order and flags in its low bits.
//
// Locking: none, as with real IOMMU drivers. One range belongs to one mapper at a time; that is the rule for every
// iommu_domain, and iommufd's area locks keep it. Everybody else may look, in tests even at what is just changing: what
// is missing is put in place with compare-and-swap, and nothing goes before the domain does.
#pragma once
#include "base/result.hpp"

namespace mock {

class PageTable {
public:
	static const u64 kGranule = 2048;
	static const u64 kLarge = 512 * kGranule;
	static const unsigned kAddressBits = 51; // of a physical address
	static const unsigned kMaxLevels = 5;

	// How many bits of IOVA so many levels translate.
	static constexpr unsigned bits(unsigned levels) { return kGranuleBits + levels * kIndexBits; }

	// A mapping that covers an IOVA, or (entry null) a hole around it. start and size in bytes.
	struct Leaf {
		u64 *entry;
		u64 start, size;
		u64 found = 0; // the entry as find() saw it: it may go at any time

		u64 pa_of(u64 iova) const;
		bool test_dirty(bool clear);
		// False when the mapping has just gone.
		bool set_dirty();
	};

	explicit PageTable(unsigned levels) : levels_(levels) {}
	PageTable(const PageTable &) = delete;
	~PageTable();

	// Maps count pages of page_size bytes (a power of two), physically contiguous from pa on. ENOMEM, EEXIST,
	// ERANGE (beyond what the table, or an entry, can express); nothing stays mapped on failure.
	base::Status map(u64 iova, u64 pa, u64 page_size, u64 count);
	// Returns how many bytes it has unmapped: it stops at the first hole, and at a page that size would cut.
	// whole_maps: the range must begin and end where a map() did, which iommufd promises.
	u64 unmap(u64 iova, u64 size, bool whole_maps);
	Leaf find(u64 iova) const;

private:
	static const unsigned kGranuleBits = 11, kIndexBits = 9;
	static const unsigned kSlots = 1 << kIndexBits;
	struct Table {
		u64 leaves[kSlots];
	};
	// Above the lowest level. Below a leaf no child has entries, but an empty one stays for the next small map.
	struct Directory : Table {
		Table *children[kSlots];
	};

	static u64 slot_size(unsigned level) { return u64{1} << bits(level); }
	static unsigned slot_of(u64 iova, unsigned level) { return iova >> bits(level) & (kSlots - 1); }
	static void destroy(Table *table, unsigned level);
	static base::Result<Table *> get_or_make(Table *&place, unsigned level);
	base::Result<Table *> table_for(u64 iova, unsigned level);
	bool is_hole(u64 iova, u64 size) const;
	base::Status map_one(u64 iova, u64 pa, u64 page_size, u64 ends);
	u64 take(const Leaf &leaf);

	const unsigned levels_;
	Table *root_ = nullptr;
};

} // namespace mock
