// SPDX-License-Identifier: GPL-2.0-only
// PasidPort: the attachment of {device, PASID} to a HWPT, on its own, whatever the device's other PASIDs and its RID
// are attached to (PCIe 6.0, 6.20: each PASID names an address space).
//
// Replacing is one step for the hardware where the IOMMU driver has registered the operation. The drivers of 6.12
// cannot do that to a live PASID: there it is detached and attached anew, and the parent's driver holds the DMA
// meanwhile.
//
// A further PASID goes only to a HWPT for PASIDs, and of a physical device only beside a RID that agrees (Group). A
// slice's default PASID may go anywhere: to the user it is what the RID is of another device.
//
// Locks: lock_ guards everything but the constants; it is taken under an Ioas' lock and that of the Group beside it,
// and before an IoPageTable's.
#pragma once
#include "iommufd/pasid_api.hpp"
#include "iommufd/attachment.hpp"
#include "iommufd/fault_inlet.hpp"
#include "iommufd/group.hpp"
#include "iommufd/parent.hpp"
#include "iommufd/port.hpp"

struct iommufd_driver;

namespace iommufd {

// How the parent's driver holds a slice's DMA; without ops, it does not.
struct Pause {
	const iommufd_pause_ops *ops = nullptr;
	void *data = nullptr;
};

class PasidPort final : public Port {
public:
	// Of the claimed PASID. A slice's default one is not shown to the user with its page requests, a further one
	// is. `beside`: of a further PASID of a physical device, its group.
	explicit PasidPort(PasidClaim claim, Group *beside = nullptr);
	~PasidPort();

	Status attach(Device &device, Hwpt &hwpt) override;
	Result<Hold<Hwpt>> replace(Device &device, Hwpt &hwpt) override;
	Hold<Hwpt> detach(Device &device) override;

	Pasid pasid() const { return pasid_; }
	void set_pause(const Pause &pause) { pause_ = pause; }
	const Pause &pause() const { return pause_; }

private:
	Status check_agreement(const Group::PasidChange &change, const Hwpt &hwpt) const;
	Status reserve_regions(Hwpt &hwpt);
	void unreserve(Hwpt &hwpt);
	Status attach_domain(Hwpt &hwpt);
	void detach_domain();
	Status start_faults(Hwpt &hwpt);
	void stop_faults();
	void name_inlet();
	Status move(Hwpt &to);
	Status move_in_one_step(const iommufd_driver &driver, Hwpt &to);
	Status move_in_two_steps(Hwpt &to);

	const PasidClaim claim_;
	Parent &parent_;
	const Pasid pasid_;
	Group *const beside_;
	kern::Mutex lock_;
	Attachment attachment_;
	FaultInlet inlet_;
	Hold<Hwpt> hwpt_;        // while attached
	bool live_ = false;      // the hardware knows of the attachment
	bool faults_on_ = false; // once a HWPT has a fault queue, until detached: the inlet is in use
	Pause pause_;            // set before the first attach
};

} // namespace iommufd
