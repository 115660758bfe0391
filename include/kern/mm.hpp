// SPDX-License-Identifier: GPL-2.0-only
// An owner's memory: its mm, task and user, pins on its pages, and what those pins are charged to.
#pragma once
#include <utility>

#include "base/held.hpp"
#include "base/math.hpp"
#include "base/result.hpp"
#include "bridge/layout.gen.h"
#include "bridge/mm.h"

namespace kern {

using base::Held;
using base::Pfn;
using base::UserVa;

using MmRef = Held<mm_struct, kx_mm_drop>; // the mm_struct stays, its address space may go
using MmUse = Held<mm_struct, kx_mm_put>;  // the address space stays
using TaskRef = Held<task_struct, kx_task_put>;
using UserRef = Held<user_struct, kx_user_put>;

// The address space of `mm`, or nothing when its last user has gone.
inline MmUse use_mm(mm_struct *mm) { return kx_mm_get(mm) ? MmUse(mm) : MmUse(); }

// Makes the address space current for a kernel thread, for a scope.
class KthreadMm {
public:
	explicit KthreadMm(mm_struct *mm) : mm_(mm) { kx_mm_use(mm); }
	~KthreadMm() { kx_mm_unuse(mm_); }
	KthreadMm(const KthreadMm &) = delete;

private:
	mm_struct *mm_;
};

// Is `b` the page right after `a`? With a virtual memory map neighbours in memory are neighbours there.
inline bool is_next_page(const page *a, const page *b)
{
	return reinterpret_cast<std::uintptr_t>(b) - reinterpret_cast<std::uintptr_t>(a) == KX_SIZE_page;
}

inline Pfn pfn_of(page *p) { return Pfn(kx_page_to_pfn(p)); }
// The array of all struct pages, found by asking for the number of one of them: the others' numbers follow from where
// they lie, without a crossing for each.
class VirtualMemoryMap {
public:
	VirtualMemoryMap() = default;
	explicit VirtualMemoryMap(page *known)
		: start_(reinterpret_cast<std::uintptr_t>(known) - kx_page_to_pfn(known) * KX_SIZE_page)
	{
	}
	Pfn pfn_of(const page *p) const { return Pfn((reinterpret_cast<std::uintptr_t>(p) - start_) / KX_SIZE_page); }

private:
	std::uintptr_t start_ = 0;
};

inline page *page_of(Pfn pfn) { return kx_pfn_to_page(pfn.raw()); }

// Lets go of `count` pinned pages that lie one after the other from `first` on.
inline void unpin_run(Pfn first, u64 count, bool dirty) { kx_unpin_run(first.raw(), count, dirty); }

} // namespace kern
