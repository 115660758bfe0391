// SPDX-License-Identifier: GPL-2.0-only
// FaultInlet: where the page requests of one PASID come in, from its first HWPT with a fault queue to its detaching.
//
// The kernel finds the handler of a request by way of the attach handle's domain, which it looks at twice and without a
// lock. If the handle named the HWPT's domain, and that were to change under a request (a replace in one step), then
// the request could meet a domain without a handler, or get into the queue of a HWPT that the PASID never came to,
// where nobody would look for it when the handle goes. So the handle names a domain that is the inlet's own, which
// translates nothing and never changes, and the inlet knows the queue.
//
// Lock: lock_ guards queue_. A request is delivered under it: once lead_to() returns, nothing gets into the old queue.
#pragma once
#include "iommufd/fault_queue.hpp"
#include "kern/iommu.hpp"

namespace iommufd {

class FaultInlet {
public:
	FaultInlet();
	FaultInlet(const FaultInlet &) = delete;

	iommu_domain *domain() { return domain_.get(); }
	// From now on requests go to `queue`, which is held as long; null: they are refused. Returns the old one.
	FaultQueue *lead_to(FaultQueue *queue);
	// A group arrives. Context: may sleep.
	void deliver(iopf_group *group);

private:
	kern::SpinLock lock_;
	FaultQueue *queue_ = nullptr;
	kern::Opaque<iommu_domain, KX_SIZE_iommu_domain, KX_ALIGN_iommu_domain> domain_;
};

} // namespace iommufd
