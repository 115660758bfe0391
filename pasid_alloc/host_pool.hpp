// SPDX-License-Identifier: GPL-2.0-only
// The PASIDs that we have leased from the kernel, for all consumers together.
//
// The kernel's one set of PASIDs (iommu_alloc_global_pasid()) serves SVA and drivers too, and gives its lowest free one
// and no other. So one of min..max is had by leasing until one falls into it: what came before is below min and is
// held, idle, for another range that it fits. A lease is idle or in use; who uses it is the consumer's business.
//
// Guarded by lock_: idle_, idle_count_. It is a leaf but for the kernel's own (the IDA's lock, memory).
#pragma once
#include "kern/sync.hpp"
#include "pasid_alloc/ids.hpp"

namespace pasid {

class HostPool {
public:
	HostPool();
	~HostPool() { return_all(); }

	// One of `range` for the device, which has PASIDs; `block`: how many to lease at once. ENOSPC: all are taken,
	// or too many idle ones would have to be held; ENOMEM. After a failure nothing is idle. Context: may sleep.
	base::Result<Pasid> take(device *dev, PasidRange range, u32 block);
	// Stays leased where less than `block` are idle.
	void give(Pasid p, u32 block);
	// Gives the kernel back what is idle.
	void return_all();

private:
	base::Result<Pasid> take_idle(PasidRange range);
	base::Result<Pasid> lease(device *dev, PasidRange range);
	void lease_ahead(device *dev, u32 block);
	base::Status hold(Pasid p);
	base::Status make_room(Pasid last);
	void return_idle(PasidRange range);

	kern::Mutex lock_;
	PasidQueue idle_;
	u32 idle_count_ = 0;
};

} // namespace pasid
