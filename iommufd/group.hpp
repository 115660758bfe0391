// SPDX-License-Identifier: GPL-2.0-only
// Group: the devices of one IOMMU group that one fd has bound. The IOMMU cannot tell them apart, so they are attached
// to the same HWPT, by the first of them to attach, until the last one detaches. Each device brings its own reserved
// regions into the IOAS.
//
// Further PASIDs of its devices have attachments of their own (PasidPort). The uAPI's rule on IOMMU_HWPT_ALLOC_PASID
// binds both: as long as one is attached, the group's HWPT is none or one for PASIDs, and so are all of theirs.
//
// Locks: lock_ guards the attachment, the list of attached devices and the count of PASIDs; it is taken under an Ioas'
// lock and before a PasidPort's and an IoPageTable's. GroupTable::lock_ guards the list of groups and their members_.
#pragma once
#include <optional>

#include "base/list.hpp"
#include "iommufd/attachment.hpp"
#include "iommufd/port.hpp"

namespace iommufd {

class Device;
class GroupTable;
struct InGroup;
struct InGroups;

class Group final : public Port, public base::ListHook<InGroups> {
public:
	class PasidChange;

	explicit Group(iommu_group *group);
	~Group();

	iommu_group *kernel_group() const { return group_; }

	// Attaches the device, and with it the group if it is the first.
	Status attach(Device &device, Hwpt &hwpt) override;
	// Moves the whole group.
	Result<Hold<Hwpt>> replace(Device &device, Hwpt &hwpt) override;
	Hold<Hwpt> detach(Device &device) override;

private:
	friend class GroupTable;

	Status check_agreement(const Hwpt &hwpt) const;
	Status reserve_regions(Device &device, Hwpt &hwpt);
	Status reserve_all(Hwpt &to);
	void unreserve_all(Hwpt &hwpt);
	Status set_msi_window(Hwpt &hwpt);
	Status join(Device &device, Hwpt &hwpt);
	Status attach_first(Device &device, Hwpt &hwpt);
	Status enable_faults_for_all();
	void disable_faults_for_all();
	Status replace_domain(Device &device, Hwpt &hwpt);

	iommu_group *const group_; // the members' parents have references
	kern::Mutex lock_;
	base::List<Device, InGroup> attached_;
	Hwpt *hwpt_ = nullptr; // held by each attached device
	kern::Box<Attachment> attachment_;
	std::optional<base::Pa> sw_msi_start_;
	u32 members_ = 0;
	u32 pasids_ = 0; // further PASIDs of its devices that are attached
};

// One further PASID being attached, moved or detached. For so long the group itself stays where it is, so that the two
// are sure to agree. Without a group it is a slice's: whatever else its parent is attached to is not the user's.
class Group::PasidChange {
public:
	explicit PasidChange(Group *group) : group_(group)
	{
		if (group_)
			group_->lock_.lock();
	}
	PasidChange(const PasidChange &) = delete;
	~PasidChange()
	{
		if (group_)
			group_->lock_.unlock();
	}

	// EINVAL: it may not go to this HWPT, or not beside the one that the group is attached to.
	Status check(const Hwpt &hwpt) const;
	void count_attached()
	{
		if (group_)
			group_->pasids_++;
	}
	void count_detached()
	{
		if (group_)
			group_->pasids_--;
	}

private:
	Group *const group_;
};

// The groups of one fd.
class GroupTable {
public:
	// A device's part in its group, which exists as long as it has members.
	class Membership {
	public:
		Membership(GroupTable &table, Group &group) : table_(&table), group_(&group) {}
		Membership(Membership &&o) noexcept : table_(o.table_), group_(std::exchange(o.group_, nullptr)) {}
		Membership(const Membership &) = delete;
		~Membership()
		{
			if (group_)
				table_->leave(*group_);
		}
		Group &operator*() const { return *group_; }
		Group *operator->() const { return group_; }

	private:
		GroupTable *table_;
		Group *group_;
	};

	GroupTable();
	~GroupTable();

	// ENOMEM. Context: may sleep. Of the group, whoever joins has a reference.
	Result<Membership> join(iommu_group *group);
	// Has this fd a device of that group?
	bool has(const iommu_group *group);

private:
	Group *find_locked(const iommu_group *group);
	void leave(Group &group);

	kern::Mutex lock_;
	base::List<Group, InGroups> groups_;
};

} // namespace iommufd
