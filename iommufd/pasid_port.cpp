// SPDX-License-Identifier: GPL-2.0-only
// Attaching and moving one PASID; see pasid_port.hpp.
#include "iommufd/pasid_port.hpp"

#include "bridge/pasid.h"
#include "iommufd/device.hpp"
#include "iommufd/driver_ops.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass port_class("iommufd PasidPort::lock");

IoPageTable *table_of(Hwpt &hwpt) { return hwpt.paging() ? &hwpt.paging()->ioas().table() : nullptr; }

// The replacement of a PASID's domain for each device of its group, taken back if one of them refuses.
class GroupMove {
public:
	GroupMove(const iommufd_driver &driver, Pasid pasid, iommu_domain *from, iommu_domain *to)
		: driver_(driver), pasid_(pasid), from_(from), to_(to)
	{
	}

	int run(iommu_group *group)
	{
		int rc = kx_group_for_each_device(group, step, this);
		if (!rc || !moved_)
			return rc;
		std::swap(from_, to_);
		limit_ = std::exchange(moved_, 0);
		WARN_ON(kx_group_for_each_device(group, step, this));
		return rc;
	}

private:
	// Devices without PASIDs share the group, not the attachment.
	static int step(device *dev, void *self)
	{
		GroupMove &move = *static_cast<GroupMove *>(self);
		if (!kx_device_max_pasids(dev) || move.moved_ == move.limit_)
			return 0;
		int rc = move.driver_.replace_pasid(move.to_, dev, move.pasid_.raw(), move.from_);
		move.moved_ += !rc;
		return rc;
	}

	const iommufd_driver &driver_;
	const Pasid pasid_;
	iommu_domain *from_, *to_;
	u32 moved_ = 0, limit_ = ~0u; // devices
};

} // namespace

PasidPort::PasidPort(PasidClaim claim, Group *beside)
	: claim_(std::move(claim)), parent_(claim_.parent()), pasid_(claim_.pasid()), beside_(beside), lock_(port_class)
{
	attachment_.hides_pasid = claim_.role() == PasidClaim::Role::kSlice;
}

PasidPort::~PasidPort() { WARN_ON(hwpt_); }

Status PasidPort::check_agreement(const Group::PasidChange &change, const Hwpt &hwpt) const
{
	if (claim_.role() == PasidClaim::Role::kSlice)
		return {};
	return change.check(hwpt);
}

// MSIs carry no PASID, so there is no window for them to set up in the domain; but what the parent may not use, no part
// of it may.
Status PasidPort::reserve_regions(Hwpt &hwpt)
{
	std::optional<base::Pa> sw_msi;
	IoPageTable *table = table_of(hwpt);
	if (!table)
		return {};
	return table->reserve_for(parent_.dev(), this, sw_msi);
}

void PasidPort::unreserve(Hwpt &hwpt)
{
	if (IoPageTable *table = table_of(hwpt))
		table->unreserve(this);
}

Status PasidPort::attach_domain(Hwpt &hwpt)
{
	lock_.assert_held();
	TRY(base::check(kx_pasid_attach(parent_.dev(), pasid_.raw(), hwpt.domain().get(), attachment_.handle.get()),
			"the IOMMU driver does not attach the PASID to this domain"));
	live_ = true;
	name_inlet();
	return {};
}

void PasidPort::detach_domain()
{
	lock_.assert_held();
	if (live_)
		kx_pasid_detach(parent_.dev(), pasid_.raw(), hwpt_->domain().get());
	live_ = false;
}

// Page requests then stay enabled until the PASID is detached: even with a HWPT that takes none, the kernel finds the
// inlet, and expects the device to be one that may make them.
Status PasidPort::start_faults(Hwpt &hwpt)
{
	lock_.assert_held();
	if (!hwpt.faults() || faults_on_)
		return {};
	TRY(parent_.enable_faults());
	faults_on_ = true;
	name_inlet();
	return {};
}

// Nothing is attached any more.
void PasidPort::stop_faults()
{
	lock_.assert_held();
	if (!faults_on_)
		return;
	if (FaultQueue *queue = inlet_.lead_to(nullptr))
		queue->drop(attachment_);
	// The next owner of the PASID is not to get the first part of a group of this one's.
	kx_iopf_forget(parent_.dev(), pasid_.raw());
	parent_.disable_faults();
	faults_on_ = false;
}

void PasidPort::name_inlet()
{
	if (live_ && faults_on_)
		kx_handle_set_domain(attachment_.handle.get(), inlet_.domain());
}

Status PasidPort::attach(Device &device, Hwpt &hwpt)
{
	Group::PasidChange change(beside_);
	kern::Guard guard(lock_);
	if (hwpt_)
		return fail(Errno::kInval, "the PASID is attached already");
	TRY(check_agreement(change, hwpt));
	attachment_.reporter = device.id();
	TRY(reserve_regions(hwpt));
	base::Undo unreserve_it([&] { unreserve(hwpt); });
	TRY(start_faults(hwpt));
	inlet_.lead_to(hwpt.faults());
	Status status = attach_domain(hwpt);
	if (!status) {
		stop_faults();
		return status;
	}
	hwpt_ = Hold<Hwpt>(hwpt);
	change.count_attached();
	unreserve_it.dismiss();
	return {};
}

Hold<Hwpt> PasidPort::detach(Device &)
{
	Group::PasidChange change(beside_);
	kern::Guard guard(lock_);
	if (!hwpt_)
		return {};
	change.count_detached();
	detach_domain();
	stop_faults();
	unreserve(*hwpt_);
	return std::move(hwpt_);
}

Status PasidPort::move_in_one_step(const iommufd_driver &driver, Hwpt &to)
{
	iommu_domain *from = hwpt_->domain().get(), *next = to.domain().get();
	if (!kx_domain_same_driver(next, parent_.dev()))
		return fail(Errno::kInval, "the domain belongs to another IOMMU driver");

	// Where the handle names the inlet, it stays.
	if (!faults_on_)
		kx_handle_set_domain(attachment_.handle.get(), next);
	int rc = GroupMove(driver, pasid_, from, next).run(parent_.group());
	if (rc && !faults_on_)
		kx_handle_set_domain(attachment_.handle.get(), from);
	return base::check(rc, "the IOMMU driver does not move the PASID to this domain");
}

// Back to where it was if the new domain is refused. If not even that works, DMA stays blocked.
Status PasidPort::move_in_two_steps(Hwpt &to)
{
	if (pause_.ops)
		TRY(base::check(pause_.ops->pause(pause_.data), "the parent's driver cannot hold the DMA"));
	detach_domain();
	Status status = attach_domain(to);
	if (!status && !attach_domain(*hwpt_))
		kx_log_device_warning(parent_.dev(), "a slice could not be attached again after a replacement that "
						     "failed: its DMA is blocked");
	if (pause_.ops)
		pause_.ops->resume(pause_.data);
	return status;
}

Status PasidPort::move(Hwpt &to)
{
	lock_.assert_held();
	const iommufd_driver *driver = registered_driver(parent_.dev());
	if (driver && driver->replace_pasid && live_)
		return move_in_one_step(*driver, to);
	return move_in_two_steps(to);
}

Result<Hold<Hwpt>> PasidPort::replace(Device &, Hwpt &hwpt)
{
	Group::PasidChange change(beside_);
	kern::Guard guard(lock_);
	if (!hwpt_)
		return fail(Errno::kInval, "the PASID is not attached");
	if (hwpt_.get() == &hwpt)
		return Hold<Hwpt>();
	TRY(check_agreement(change, hwpt));

	const bool same_table = table_of(hwpt) == table_of(*hwpt_);
	if (!same_table)
		TRY(reserve_regions(hwpt));
	base::Undo unreserve_it([&] {
		if (!same_table)
			unreserve(hwpt);
	});
	TRY(start_faults(hwpt));
	TRY(move(hwpt));
	unreserve_it.dismiss();
	if (!same_table)
		unreserve(*hwpt_);
	// With the queue that stays, so do its requests: who answers them is the same.
	FaultQueue *old_faults = inlet_.lead_to(hwpt.faults());
	if (old_faults && old_faults != hwpt.faults())
		old_faults->drop(attachment_);
	return std::exchange(hwpt_, Hold<Hwpt>(hwpt));
}

} // namespace iommufd
