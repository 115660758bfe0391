// SPDX-License-Identifier: GPL-2.0-only
// bridge/mmap.h: mappings of regions. Pages are put in by faults; the fake touches a page as a process would.
#pragma once
#include <map>

#include "fake/file.hpp"

struct vm_area_struct {
	file *of = nullptr;
	unsigned long first_page = 0, pages = 0;
	void *region = nullptr;
	bool device_memory = false;
	std::map<unsigned long, unsigned long> present; // page of the file -> pfn
};

namespace fake {

constexpr unsigned long kNothing = ~0ul;

// mmap(); null and the errno when it is refused.
vm_area_struct *mmap(file *f, unsigned long offset, unsigned long length, int *error, bool shared = true,
		     bool executable = false);
// fork(), or the second half of a munmap() in the middle.
vm_area_struct *duplicate(vm_area_struct *vma);
void munmap(vm_area_struct *vma);
// The physical page behind the n-th page of the mapping; kNothing: SIGBUS.
unsigned long touch(vm_area_struct *vma, unsigned long n);

} // namespace fake
