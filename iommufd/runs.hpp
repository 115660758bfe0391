// SPDX-License-Identifier: GPL-2.0-only
// Physical pages as runs: neighbouring pages that are physically contiguous make one entry, so that what follows
// (mapping, unmapping, unpinning) costs one step for each run and not for each page.
#pragma once
#include "base/types.hpp"
#include "kern/alloc.hpp"

namespace iommufd {

using base::Pfn;

struct Run {
	Pfn first;
	u64 count;
};

// A list of runs in scratch memory: it never fails to exist, it may be short.
class RunList {
public:
	// `pages`: how many there are to come, at most.
	explicit RunList(u64 pages) : runs_(pages) {}

	void clear() { used_ = total_ = 0; }
	u64 total() const { return total_; }                          // pages
	std::size_t room() const { return runs_.capacity() - used_; } // runs
	const Run *begin() { return runs_.data(); }
	const Run *end() { return runs_.data() + used_; }

	// False when the run neither continues the last one nor has a place of its own.
	bool append(Pfn first, u64 count)
	{
		if (used_) {
			Run &tail = runs_[used_ - 1];
			if (tail.first + tail.count == first) {
				tail.count += count;
				total_ += count;
				return true;
			}
		}
		if (used_ == runs_.capacity())
			return false;
		runs_[used_++] = {first, count};
		total_ += count;
		return true;
	}

private:
	static const std::size_t kHeapRuns = 1024, kStackRuns = 16;

	kern::Scratch<Run, kHeapRuns, kStackRuns> runs_;
	std::size_t used_ = 0;
	u64 total_ = 0;
};

} // namespace iommufd
