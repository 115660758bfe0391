// SPDX-License-Identifier: GPL-2.0-only
// Attaching groups of devices to HWPTs; see group.hpp.
#include "iommufd/group.hpp"

#include "iommufd/device.hpp"
#include "iommufd/planted.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass group_class("iommufd Group::lock");
constinit kern::LockClass groups_class("iommufd GroupTable::lock");

// Only a HWPT with an IOAS behind it has reserved regions and MSI windows to set up.
IoPageTable *table_of(Hwpt *hwpt)
{
	HwptPaging *paging = hwpt ? hwpt->paging() : nullptr;
	return paging ? &paging->ioas().table() : nullptr;
}

} // namespace

Group::Group(iommu_group *group) : group_(group), lock_(group_class) {}

Group::~Group() { WARN_ON(hwpt_ || !attached_.empty() || pasids_); }

Status Group::check_agreement(const Hwpt &hwpt) const
{
	lock_.assert_held();
	if (pasids_ && !hwpt.for_pasids())
		return fail(Errno::kInval, "PASIDs of the device are attached, and this HWPT is not one for PASIDs");
	return {};
}

Status Group::PasidChange::check(const Hwpt &hwpt) const
{
	if (!hwpt.for_pasids())
		return fail(Errno::kInval, "the HWPT was not allocated for PASIDs");
	if (group_ && group_->hwpt_ && !group_->hwpt_->for_pasids())
		return fail(Errno::kInval, "the device itself is attached to a HWPT that is not one for PASIDs");
	return {};
}

// Once for each domain, and only where the IOMMU driver asks for it: its MSIs are translated like any other write.
Status Group::set_msi_window(Hwpt &hwpt)
{
	HwptPaging *paging = hwpt.paging();
	if (!sw_msi_start_ || !paging)
		return {};
	return paging->set_msi_window(*sw_msi_start_);
}

Status Group::reserve_regions(Device &device, Hwpt &hwpt)
{
	lock_.assert_held();
	IoPageTable *table = table_of(&hwpt);
	if (!table)
		return {};
	TRY(table->reserve_for(device.dev(), &device, sw_msi_start_));
	if (!attached_.empty())
		return {};
	Status status = set_msi_window(hwpt);
	if (!status)
		table->unreserve(&device);
	return status;
}

Status Group::attach_first(Device &device, Hwpt &hwpt)
{
	lock_.assert_held();
	TRY_LET(attachment, kern::make<Attachment>());
	attachment->reporter = device.id();
	TRY(base::check(kx_group_attach(group_, hwpt.domain().get(), attachment->handle.get()),
			"the IOMMU driver does not attach the device to this domain"));
	attachment_ = std::move(attachment);
	hwpt_ = &hwpt;
	return {};
}

// The device's own part in the attachment, and the group's if it is the first.
Status Group::join(Device &device, Hwpt &hwpt)
{
	if (hwpt.faults())
		TRY(device.parent().enable_faults());
	if (!attached_.empty())
		return {};
	Status status = attach_first(device, hwpt);
	if (!status && hwpt.faults())
		device.parent().disable_faults();
	return status;
}

Status Group::attach(Device &device, Hwpt &hwpt)
{
	kern::Guard guard(lock_);
	if (hwpt_ && hwpt_ != &hwpt)
		return fail(Errno::kInval, "the device's group is attached to another HWPT");
	TRY(check_agreement(hwpt));
	TRY(reserve_regions(device, hwpt));
	Status status = join(device, hwpt);
	if (!status) {
		if (IoPageTable *table = table_of(&hwpt))
			table->unreserve(&device);
		return status;
	}
	device.hwpt_ = Hold<Hwpt>(hwpt);
	attached_.push_back(device);
	return {};
}

Hold<Hwpt> Group::detach(Device &device)
{
	kern::Guard guard(lock_);
	FaultQueue *faults = hwpt_->faults();

	attached_.remove(device);
	if (attached_.empty()) {
		kx_group_detach(group_, hwpt_->domain().get());
		if (faults)
			faults->drop(*attachment_);
		attachment_ = {};
		hwpt_ = nullptr;
	} else if (faults) {
		// Whoever stays speaks for the group.
		faults->set_reporter(*attachment_, attached_.front().id());
	}
	if (faults)
		device.parent().disable_faults();
	if (IoPageTable *table = table_of(device.hwpt_.get()))
		table->unreserve(&device);
	return std::move(device.hwpt_);
}

Status Group::enable_faults_for_all()
{
	lock_.assert_held();
	for (auto at = attached_.begin(); at != attached_.end(); ++at) {
		Status status = (*at).parent().enable_faults();
		if (status)
			continue;
		for (auto undo = attached_.begin(); undo != at; ++undo)
			(*undo).parent().disable_faults();
		return status;
	}
	return {};
}

void Group::disable_faults_for_all()
{
	for (Device &device : attached_)
		device.parent().disable_faults();
}

// In one step for the hardware, if its driver can. Page requests that came by way of the old domain are answered.
Status Group::replace_domain(Device &device, Hwpt &hwpt)
{
	lock_.assert_held();
	FaultQueue *old_faults = hwpt_->faults();
	const bool start = hwpt.faults() && !old_faults, stop = old_faults && !hwpt.faults();

	TRY_LET(attachment, kern::make<Attachment>());
	attachment->reporter = device.id();
	if (start)
		TRY(enable_faults_for_all());
	Status status = base::check(kx_group_replace(group_, hwpt.domain().get(), attachment->handle.get()),
				    "the IOMMU driver does not move the device to this domain");
	if (!status) {
		if (start)
			disable_faults_for_all();
		return status;
	}
	if (old_faults && !(stop && planted(PlantedBug::kRequestsStay)))
		old_faults->drop(*attachment_);
	if (stop)
		disable_faults_for_all();
	attachment_ = std::move(attachment);
	return {};
}

// Of all attached devices, in the IOAS of `hwpt`.
void Group::unreserve_all(Hwpt &hwpt)
{
	IoPageTable *table = table_of(&hwpt);
	if (!table)
		return;
	for (Device &device : attached_)
		table->unreserve(&device);
}

// All attached devices' regions into the IOAS of `to`, if that is another one.
Status Group::reserve_all(Hwpt &to)
{
	lock_.assert_held();
	IoPageTable *table = table_of(&to);
	if (!table || table == table_of(hwpt_))
		return {};
	for (Device &device : attached_)
		TRY(table->reserve_for(device.dev(), &device, sw_msi_start_));
	return {};
}

Result<Hold<Hwpt>> Group::replace(Device &device, Hwpt &hwpt)
{
	kern::Guard guard(lock_);
	if (!hwpt_ || !attached_.linked(device))
		return fail(Errno::kInval, "the device is not attached");
	if (hwpt_ == &hwpt)
		return Hold<Hwpt>();
	TRY(check_agreement(hwpt));

	const bool same_table = table_of(&hwpt) == table_of(hwpt_);
	base::Undo unreserve([&] {
		if (!same_table)
			unreserve_all(hwpt);
	});
	TRY(reserve_all(hwpt));
	TRY(set_msi_window(hwpt));
	TRY(replace_domain(device, hwpt));
	unreserve.dismiss();
	if (!same_table)
		unreserve_all(*hwpt_);
	hwpt_ = &hwpt;

	Hold<Hwpt> old = std::move(device.hwpt_);
	for (Device &member : attached_)
		member.hwpt_ = Hold<Hwpt>(hwpt);
	return old;
}

GroupTable::GroupTable() : lock_(groups_class) {}

GroupTable::~GroupTable() { WARN_ON(!groups_.empty()); }

Group *GroupTable::find_locked(const iommu_group *group)
{
	lock_.assert_held();
	for (Group &g : groups_)
		if (g.kernel_group() == group)
			return &g;
	return nullptr;
}

Result<GroupTable::Membership> GroupTable::join(iommu_group *group)
{
	kern::Guard guard(lock_);
	Group *found = find_locked(group);
	if (!found) {
		TRY_LET(fresh, kern::make<Group>(group));
		found = fresh.release();
		groups_.push_back(*found);
	}
	found->members_++;
	return Membership(*this, *found);
}

void GroupTable::leave(Group &group)
{
	{
		kern::Guard guard(lock_);
		if (--group.members_)
			return;
		groups_.remove(group);
	}
	delete &group;
}

bool GroupTable::has(const iommu_group *group)
{
	kern::Guard guard(lock_);
	return find_locked(group);
}

} // namespace iommufd
