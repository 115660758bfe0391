// SPDX-License-Identifier: GPL-2.0-only
// Parent: what all contexts have to agree on about one struct device. Who makes it do DMA (a user, for the whole
// device, or its driver, who gives out slices), who has which of its PASIDs, and whether it may raise page requests.
//
// Lock: kx_registry_lock(), one mutex for all of them, guards everything here and the list of parents, and makes "look,
// then claim" one step. It is taken under a Group's or PasidPort's lock and before the IOMMU core's. Nothing here is on
// a hot path.
#pragma once
#include "base/list.hpp"
#include "iommufd/object.hpp"
#include "kern/iommu.hpp"

namespace iommufd {

using base::Pasid;

struct InParents;

class Parent : public base::ListHook<InParents> {
public:
	class Ref; // exists as long as somebody has one

	Parent(device *dev, kern::GroupRef group);

	device *dev() const { return dev_; }
	iommu_group *group() const { return group_.get(); }

	// Lets the device raise page requests, counted. EINVAL for a virtual function, whose requests it shares with
	// others; what the driver says. Context: may sleep.
	Status enable_faults();
	void disable_faults();

private:
	friend class DmaOwnership;
	friend class PasidClaim;

	Status check_pasid(Pasid pasid) const;
	Status check_owner() const;

	device *const dev_;
	const kern::GroupRef group_;
	kern::IdTable<Parent> pasids_; // those taken, by their number
	u32 refs_ = 0;
	u32 slices_ = 0;    // default PASIDs among pasids_
	u32 faults_on_ = 0; // enable_faults() minus disable_faults()
};

class Parent::Ref {
public:
	// ENODEV when the device is in no IOMMU group, ENOMEM. Context: may sleep.
	static Result<Ref> get(device *dev);
	Ref(Ref &&o) noexcept : parent_(std::exchange(o.parent_, nullptr)) {}
	Ref(const Ref &) = delete;
	~Ref();

	Parent *operator->() const { return parent_; }
	Parent &operator*() const { return *parent_; }

private:
	explicit Ref(Parent &parent) : parent_(&parent) {}
	static Parent *find_locked(const device *dev);

	Parent *parent_;
};

// The claim that nobody else, the kernel's DMA API included, makes this device do DMA.
class DmaOwnership {
public:
	// EBUSY: the device's group has another owner, or slices of the device are bound. Context: may sleep.
	static Result<DmaOwnership> claim(Parent &parent, void *owner);
	DmaOwnership(DmaOwnership &&o) noexcept : parent_(std::exchange(o.parent_, nullptr)) {}
	DmaOwnership(const DmaOwnership &) = delete;
	~DmaOwnership();

private:
	explicit DmaOwnership(Parent &parent) : parent_(&parent) {}
	Parent *parent_;
};

// One PASID of a parent, for one user.
class PasidClaim {
public:
	enum class Role : u8 {
		kSlice,  // identifies a device of its own, whose parent stays its driver's
		kFurther // one more of a bound device
	};

	// EINVAL: PASID 0 or beyond the parent's width; a slice of a parent whose DMA is left to user space. EBUSY: it
	// is taken; a slice of a parent that belongs to a user. ENOMEM. Context: may sleep.
	static Result<PasidClaim> claim(Parent &parent, Pasid pasid, Role role);
	PasidClaim(PasidClaim &&o) noexcept
		: parent_(std::exchange(o.parent_, nullptr)), pasid_(o.pasid_), role_(o.role_)
	{
	}
	PasidClaim(const PasidClaim &) = delete;
	~PasidClaim();

	Parent &parent() const { return *parent_; }
	Pasid pasid() const { return pasid_; }
	Role role() const { return role_; }

private:
	PasidClaim(Parent &parent, Pasid pasid, Role role) : parent_(&parent), pasid_(pasid), role_(role) {}
	Parent *parent_;
	Pasid pasid_;
	Role role_;
};

} // namespace iommufd
