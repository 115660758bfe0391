// SPDX-License-Identifier: GPL-2.0-only
// PASIDs, ranges of them, and the kernel's containers for them. The containers lock for themselves (xa_lock, a leaf).
//
// A PASID has 20 bits (PCI Express 6.0, 6.20: PASID TLP prefix), and 0 stands for "none" in the kernel
// (IOMMU_NO_PASID).
#pragma once
#include "base/result.hpp"
#include "kern/opaque.hpp"
#include "pasid_alloc/glue.h"

namespace pasid {

using base::Pasid;
using PasidRange = base::Range<Pasid>;

constexpr PasidRange kAllPasids{Pasid(1), Pasid((1u << 20) - 1)};

constexpr bool contains(PasidRange range, Pasid p) { return range.start <= p && p <= range.last; }

// From PASIDs to what they stand for.
template <typename T> class PasidTable {
public:
	PasidTable() { px_table_init(xa_.get()); }
	~PasidTable() { px_table_destroy(xa_.get()); }

	// EBUSY: taken; ENOMEM. `entry`: aligned to 4 bytes. Context: may sleep.
	base::Status insert(Pasid p, T *entry)
	{
		return base::check(px_table_insert(xa_.get(), p.raw(), entry), "no place for the PASID");
	}
	// Null: it was not there.
	T *erase(Pasid p) { return static_cast<T *>(px_table_erase(xa_.get(), p.raw())); }
	// Any context.
	T *find(Pasid p) { return static_cast<T *>(px_table_find(xa_.get(), p.raw())); }
	// The entry with the lowest PASID of range, whose start moves there; null: none.
	T *first(PasidRange &range)
	{
		unsigned long at = range.start.raw();
		void *found = px_table_first(xa_.get(), &at, range.last.raw());
		if (found)
			range.start = Pasid(static_cast<u32>(at));
		return static_cast<T *>(found);
	}

private:
	kern::Opaque<xarray, KX_SIZE_xarray, KX_ALIGN_xarray> xa_;
};

// PASIDs that are taken out from the lowest on; few of them, anywhere.
class PasidQueue {
public:
	PasidQueue() { px_table_init(xa_.get()); }
	~PasidQueue() { px_table_destroy(xa_.get()); }

	// ENOMEM. Context: may sleep.
	base::Status insert(Pasid p)
	{
		// Any entry will do: what counts is that there is one.
		return base::check(px_table_insert_marked(xa_.get(), p.raw(), this), "no place for the PASID");
	}
	// ENOSPC: there is none in range.
	base::Result<Pasid> take_first(PasidRange range)
	{
		unsigned long at = range.start.raw();
		if (!px_table_first_marked(xa_.get(), &at, range.last.raw()))
			return base::fail(base::Errno::kNoSpc, "no PASID there");
		px_table_erase(xa_.get(), static_cast<u32>(at));
		return Pasid(static_cast<u32>(at));
	}

private:
	kern::Opaque<xarray, KX_SIZE_xarray, KX_ALIGN_xarray> xa_;
};

// Which PASIDs are taken: a bit for each.
class PasidSet {
public:
	PasidSet() { px_set_init(ida_.get()); }
	~PasidSet() { px_set_destroy(ida_.get()); }

	// Takes the lowest free one of range; ENOSPC, ENOMEM. Context: may sleep.
	base::Result<Pasid> take(PasidRange range)
	{
		unsigned id = 0;
		TRY(base::check(px_set_take(ida_.get(), range.start.raw(), range.last.raw(), &id),
				"no free PASID in the range"));
		return Pasid(id);
	}
	void give(Pasid p) { px_set_give(ida_.get(), p.raw()); }

private:
	kern::Opaque<ida, KX_SIZE_ida, KX_ALIGN_ida> ida_;
};

} // namespace pasid
