// SPDX-License-Identifier: GPL-2.0-only
// Bugs put in on purpose, for tools/fuzz-planted to show that the fuzzer finds such. None is there unless the build
// says PLANTED_BUGS=N, the sum of those wanted.
#pragma once

#ifndef PLANTED_BUGS
#define PLANTED_BUGS 0
#endif

namespace iommufd {

enum class PlantedBug : unsigned {
	// Use after free: a group moves from a HWPT with a fault queue to one without, and its page requests stay in
	// the queue, though what they belong to goes.
	kRequestsStay = 1,
	// A missing bound: GET_HW_INFO copies as much as the caller has room for, not as there is.
	kAllTheRoom = 2,
	// Left behind on an error: HWPT_ALLOC that does not find its fault queue keeps the IOAS in use.
	kHoldStays = 4,
};

constexpr bool planted(PlantedBug bug) { return PLANTED_BUGS & static_cast<unsigned>(bug); }

} // namespace iommufd
