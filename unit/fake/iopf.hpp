// SPDX-License-Identifier: GPL-2.0-only
// bridge/iopf.h: groups of page requests. Rules that are checked: each group is answered exactly once and not used
// afterwards, is on one list at most, and is answered before the attachment that it came by is over.
#pragma once
#include <cstddef>
#include <vector>

#include "bridge/iopf.h"

struct iommu_domain;

namespace fake {

struct Response {
	unsigned group_id;
	bool success;
};

// The device raises a group of requests, which goes to the fault queue of the domain that it is attached to. All get
// `group_id`; the addresses are addr, addr + 4096, ...
void raise_faults(device &dev, unsigned group_id, unsigned count, unsigned long long addr = 0x1000);
// The same of one of its PASIDs, which the IOMMU core finds the handler of by way of the attach handle. Without `last`
// they wait for the rest of their group; those of the same index that wait already come along, whosever they are.
void raise_pasid_faults(device &dev, unsigned pasid, unsigned group_id, unsigned count, bool last = true);
// Requests that wait for the rest of their group.
std::size_t partial_faults();
// What has been answered since the last call, in that order.
std::vector<Response> take_responses();
// Groups that nobody has answered yet.
std::size_t unanswered();
// Problem: an unanswered group whose attachment is over.
void check_faults();
void reset_iopf();

} // namespace fake
