// SPDX-License-Identifier: GPL-2.0-only
// The IO page table of a mock domain, laid out as hardware would: IOVA bits 30:29 choose a directory, 28:20 a slot in
// it, 19:11 an entry of the table there. An entry maps a granule of 2 KiB, half a page, so that nobody gets away with
// assuming that a CPU page is the smallest unit. A slot may map 1 MiB at once. Entries are a physical address with
// flags in its low bits, as in hardware.
//
// Locking: none, as with real IOMMU drivers. One range belongs to one mapper at a time; that is the rule for every
// iommu_domain, and iommufd's area locks keep it. Everybody else may look, in tests even at what is just changing: what
// is missing is put in place with compare-and-swap, and nothing goes before the domain does.
#pragma once
#include <optional>

#include "base/result.hpp"

namespace mock {

class PageTable {
public:
	static const u64 kGranule = 2048;
	static const u64 kLarge = 512 * kGranule;

	// A mapping that covers an IOVA, or (entry null) a hole around it. start and size in bytes.
	struct Leaf {
		u64 *entry;
		u64 start, size;

		u64 pa_of(u64 iova) const;
		bool test_dirty(bool clear);
		// False when the mapping has just gone.
		bool set_dirty();
	};

	PageTable() = default;
	PageTable(const PageTable &) = delete;
	~PageTable();

	// Maps count pages of page_size bytes (one of the two), physically contiguous from pa on. ENOMEM, EEXIST;
	// nothing stays mapped on failure.
	base::Status map(u64 iova, u64 pa, u64 page_size, u64 count);
	// Returns how many bytes it has unmapped: it stops at the first hole, and at a page that size would cut.
	// whole_maps: the range must begin and end where a map() did, which iommufd promises.
	u64 unmap(u64 iova, u64 size, bool whole_maps);
	Leaf find(u64 iova) const;

private:
	static const u64 kSlots = 512;
	struct Table {
		u64 entries[kSlots];
		~Table();
	};
	// At most one of large[i] and the entries of tables[i] is in use; an empty table stays for the next small map.
	struct Directory {
		u64 large[kSlots];
		Table *tables[kSlots];
		~Directory();
	};
	static const u64 kDirectorySize = kSlots * kLarge;
	static const u64 kDirectories = 4;

	base::Result<u64 *> place(u64 iova, u64 page_size);

	Directory *directories_[kDirectories]{};
};

} // namespace mock
