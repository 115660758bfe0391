// SPDX-License-Identifier: GPL-2.0-only
// Page requests of a PASID on their way to its queue; see fault_inlet.hpp.
#include "iommufd/fault_inlet.hpp"

#include <utility>

namespace iommufd {

namespace {

constinit kern::LockClass inlet_class("iommufd FaultInlet::lock");

} // namespace

FaultInlet::FaultInlet() : lock_(inlet_class) { kx_inlet_domain_init(domain_.get(), this); }

FaultQueue *FaultInlet::lead_to(FaultQueue *queue)
{
	kern::Guard guard(lock_);
	return std::exchange(queue_, queue);
}

void FaultInlet::deliver(iopf_group *group)
{
	{
		kern::Guard guard(lock_);
		if (queue_) {
			queue_->deliver(group);
			return;
		}
	}
	kx_iopf_respond(group, false);
}

} // namespace iommufd

void iommufd_cxx_inlet_fault(void *inlet, iopf_group *group)
{
	static_cast<iommufd::FaultInlet *>(inlet)->deliver(group);
}
