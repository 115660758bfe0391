// SPDX-License-Identifier: GPL-2.0-only
// Device: what a driver (vfio-pci, or the driver of a parent with slices) has put under the control of one fd: a
// physical device, or a slice, which is told apart by its default PASID. Made and destroyed by that driver, never by
// the user, whose DESTROY gets EBUSY.
//
// Attached, its DMA goes through a HWPT; bound and not attached, it is blocked. Further PASIDs have attachments of
// their own, for which the driver asks.
//
// Locks: hwpt_ and the place in the group's list are guarded by the group's lock; further_ by further_lock_, which is
// taken before an Ioas' lock; companion_ by the object table's. The driver calls bind, attach, replace, detach and
// unbind one after the other, never at the same time for one device; those for further PASIDs at any time between bind
// and unbind.
#pragma once
#include "base/list.hpp"
#include "iommufd/group.hpp"
#include "iommufd/parent.hpp"
#include "iommufd/pasid_port.hpp"
#include "kern/file.hpp"

namespace iommufd {

class Context;

// What makes a physical device one fd's, in the order of release, last to first.
struct PhysicalBinding {
	GroupTable::Membership group;
	DmaOwnership ownership;
};

class Device final : public Object, public base::ListHook<InGroup> {
public:
	static const ObjectType kType = ObjectType::kDevice;

	// EINVAL: its DMA is not cache coherent; ENODEV: no IOMMU; EPERM: its MSIs cannot be isolated; EBUSY: the
	// group has another owner, or slices of the device are bound; ENOMEM. Context: may sleep. Undone by unbind().
	static Result<Device *> bind(Context &context, device *dev);
	// A slice of `parent`. The same, and as PasidClaim::claim() for the parent and the PASID.
	static Result<Device *> bind_pasid(Context &context, device *parent, Pasid pasid);
	// Context: may sleep; waits for calls on the device. The device is gone afterwards, and so are its further
	// PASIDs.
	static void unbind(Device &device);

	Device(Context &context, Parent::Ref parent, std::optional<PhysicalBinding> physical,
	       kern::Box<PasidPort> slice);
	~Device() override;

	// `pt_id`: an IOAS or a HWPT; becomes the id of the HWPT. ENOENT, EINVAL, and as Port::attach()/replace().
	Status attach(ObjectId &pt_id);
	Status replace(ObjectId &pt_id);
	void detach();
	// EINVAL for a physical device, which is moved in one step.
	Status set_pause(const Pause &pause);

	// The same for a further PASID, claimed from attach to detach. EINVAL: as PasidClaim::claim(), or not attached;
	// the HWPT is not one for PASIDs; of a physical device: an IOAS, or the device's own HWPT is not one. EBUSY.
	Status attach_pasid(Pasid pasid, ObjectId &pt_id);
	Status replace_pasid(Pasid pasid, ObjectId &pt_id);
	void detach_pasid(Pasid pasid);

	// The object that stands for the device in a vIOMMU; there is one at most, and it goes with the device. EEXIST.
	Status take_companion(Object &object);
	void companion_gone();

	// 0, or the default PASID of a slice.
	Pasid default_pasid() const { return slice_ ? slice_->pasid() : Pasid(0); }
	bool is_slice() const { return slice_.get(); }
	// Of a slice: the parent.
	device *dev() const { return parent_->dev(); }
	Parent &parent() { return *parent_; }
	Context &context() const { return context_; }
	bool can_enforce_coherency() const { return can_enforce_coherency_; }
	// Not of a slice, whatever the parent can do: no driver of 6.12 takes a domain with dirty tracking for a PASID.
	bool can_track_dirty() const { return !slice_ && kx_device_can_track_dirty(dev()); }

private:
	friend class Group;

	enum class Change { kAttach, kReplace };

	Port &own_port();
	Result<Hold<Hwpt>> move_to(Port &port, Hwpt &hwpt, Change change);
	Result<Hold<Hwpt>> move_to_ioas(Port &port, Ioas &ioas, ObjectId &pt_id, Change change);
	Result<Hold<Hwpt>> move_to_new(Port &port, Ioas &ioas, ObjectId &pt_id, Change change);
	Status change_pt(Port &port, ObjectId &pt_id, Change change);
	void let_go(Hold<Hwpt> hwpt);
	void drop_further(PasidPort &port);
	void detach_all_further();

	// In the order of release, last to first.
	const kern::FileRef open_fd_;
	Context &context_;
	const Parent::Ref parent_;
	const std::optional<PhysicalBinding> physical_; // of a physical device
	const kern::Box<PasidPort> slice_;              // of a slice: its default PASID
	Companion companion_;
	kern::Mutex further_lock_;
	kern::IdTable<PasidPort> further_; // by PASID
	Hold<Hwpt> hwpt_;                  // while a physical device is attached; a PasidPort has its own
	Hold<Device> driver_;              // the driver's own, from bind to unbind
	Hold<Device> attached_;
	const bool can_enforce_coherency_;
};

} // namespace iommufd
