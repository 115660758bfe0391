// SPDX-License-Identifier: GPL-2.0-only
// The registry of parents; see parent.hpp.
#include "iommufd/parent.hpp"

#include "bridge/iopf.h"
#include "bridge/pasid.h"
#include "iommufd/registry_lock.hpp"

namespace iommufd {

namespace {

constinit base::List<Parent, InParents> parents;

base::ObjectId slot(Pasid pasid) { return base::ObjectId(pasid.raw()); }

} // namespace

Parent::Parent(device *dev, kern::GroupRef group) : dev_(dev), group_(std::move(group)) {}

Parent *Parent::Ref::find_locked(const device *dev)
{
	kx_registry_assert_held();
	for (Parent &parent : parents)
		if (parent.dev_ == dev)
			return &parent;
	return nullptr;
}

Result<Parent::Ref> Parent::Ref::get(device *dev)
{
	kern::GroupRef group(kx_group_get(dev));
	if (!group)
		return fail(Errno::kNoDev, "the device is in no IOMMU group");

	RegistryGuard guard;
	Parent *found = find_locked(dev);
	if (!found) {
		TRY_LET(fresh, kern::make<Parent>(dev, std::move(group)));
		found = fresh.release();
		parents.push_back(*found);
	}
	found->refs_++;
	return Ref(*found);
}

Parent::Ref::~Ref()
{
	if (!parent_)
		return;
	{
		RegistryGuard guard;
		if (--parent_->refs_)
			return;
		parents.remove(*parent_);
	}
	WARN_ON(!parent_->pasids_.empty() || parent_->faults_on_);
	delete parent_;
}

Status Parent::enable_faults()
{
	// A failed response switches page requests off for all who share them.
	if (kx_device_is_virtual_function(dev_))
		return fail(Errno::kInval, "page requests of a virtual function are not its own");
	RegistryGuard guard;
	if (!faults_on_)
		TRY(base::check(kx_device_enable_iopf(dev_), "page requests cannot be enabled"));
	faults_on_++;
	return {};
}

void Parent::disable_faults()
{
	RegistryGuard guard;
	if (WARN_ON(!faults_on_))
		return;
	faults_on_--;
	if (!faults_on_)
		kx_device_disable_iopf(dev_);
}

Status Parent::check_pasid(Pasid pasid) const
{
	if (pasid == Pasid(0))
		return fail(Errno::kInval, "PASID 0 means none");
	const u32 width = kx_device_max_pasids(dev_);
	if (!width)
		return fail(Errno::kInval, "the device or its IOMMU has no PASIDs, or they are disabled");
	if (pasid.raw() >= width)
		return fail(Errno::kInval, "the PASID is beyond the device's width");
	return {};
}

// Slices need a parent that nobody else gives away.
Status Parent::check_owner() const
{
	switch (kx_device_dma_user(dev_)) {
	case KX_DMA_DRIVER: // whose use of the group keeps every other owner off
		return {};
	case KX_DMA_USER_SPACE:
		return fail(Errno::kInval, "the parent's driver leaves its DMA to user space");
	case KX_DMA_NOBODY:
		break;
	}
	if (kx_group_is_claimed(group_.get()))
		return fail(Errno::kBusy, "the parent itself belongs to a user");
	return {};
}

Result<DmaOwnership> DmaOwnership::claim(Parent &parent, void *owner)
{
	RegistryGuard guard;
	if (parent.slices_)
		return fail(Errno::kBusy, "slices of the device are bound");
	TRY(base::check(kx_device_claim_dma(parent.dev_, owner), "the device's IOMMU group has another owner"));
	return DmaOwnership(parent);
}

DmaOwnership::~DmaOwnership()
{
	if (!parent_)
		return;
	RegistryGuard guard;
	kx_device_release_dma(parent_->dev_);
}

Result<PasidClaim> PasidClaim::claim(Parent &parent, Pasid pasid, Role role)
{
	RegistryGuard guard;
	TRY(parent.check_pasid(pasid));
	if (role == Role::kSlice)
		TRY(parent.check_owner());
	Status taken = parent.pasids_.insert(slot(pasid), &parent);
	if (!taken)
		return fail(taken.error());
	if (role == Role::kSlice)
		parent.slices_++;
	return PasidClaim(parent, pasid, role);
}

PasidClaim::~PasidClaim()
{
	if (!parent_)
		return;
	RegistryGuard guard;
	parent_->pasids_.erase(slot(pasid_));
	if (role_ == Role::kSlice)
		parent_->slices_--;
}

} // namespace iommufd
