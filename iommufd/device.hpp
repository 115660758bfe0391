// SPDX-License-Identifier: GPL-2.0-only
// Device: a physical device that a driver (vfio-pci) has put under the control of one fd. Made and destroyed by that
// driver, never by the user, whose DESTROY gets EBUSY.
//
// Attached, its DMA goes through a HWPT; bound and not attached, it is blocked.
//
// Locks: hwpt_ and the place in the group's list are guarded by the group's lock. The driver calls bind, attach,
// replace, detach and unbind one after the other, never at the same time for one device.
#pragma once
#include "base/list.hpp"
#include "iommufd/group.hpp"
#include "kern/file.hpp"

namespace iommufd {

class Context;

// The claim that nobody else, the kernel's DMA API included, makes this device do DMA.
class DmaOwnership {
public:
	explicit DmaOwnership(device *dev) : dev_(dev) {}
	DmaOwnership(DmaOwnership &&o) noexcept : dev_(std::exchange(o.dev_, nullptr)) {}
	DmaOwnership(const DmaOwnership &) = delete;
	~DmaOwnership()
	{
		if (dev_)
			kx_device_release_dma(dev_);
	}

private:
	device *dev_;
};

class Device final : public Object, public base::ListHook<InGroup> {
public:
	static const ObjectType kType = ObjectType::kDevice;

	// EINVAL: its DMA is not cache coherent; ENODEV: no IOMMU; EPERM: its MSIs cannot be isolated; EBUSY: the
	// group has another owner; ENOMEM. Context: may sleep. Undone by unbind().
	static Result<Device *> bind(Context &context, device *dev);
	// Context: may sleep; waits for calls on the device. The device is gone afterwards.
	static void unbind(Device &device);

	Device(Context &context, device *dev, GroupTable::Membership group, DmaOwnership ownership);
	~Device() override;

	// `pt_id`: an IOAS or a HWPT; becomes the id of the HWPT. ENOENT, EINVAL, and as Group::attach()/replace().
	Status attach(ObjectId &pt_id);
	Status replace(ObjectId &pt_id);
	void detach();

	device *dev() const { return dev_; }
	Context &context() const { return context_; }
	Group &group() const { return *group_; }
	bool can_enforce_coherency() const { return can_enforce_coherency_; }

	// Lets the device raise page requests, counted. EINVAL for a virtual function, whose requests it shares with
	// others. Under the group's lock.
	Status enable_faults();
	void disable_faults();

private:
	friend class Group;

	enum class Change { kAttach, kReplace };

	Result<Hold<Hwpt>> move_to(Hwpt &hwpt, Change change);
	Result<Hold<Hwpt>> move_to_ioas(Ioas &ioas, ObjectId &pt_id, Change change);
	Result<Hold<Hwpt>> move_to_new(Ioas &ioas, ObjectId &pt_id, Change change);
	Status change_pt(ObjectId &pt_id, Change change);
	void let_go(Hold<Hwpt> hwpt);

	// In the order of release, last to first.
	const kern::FileRef open_fd_;
	Context &context_;
	const GroupTable::Membership group_;
	const DmaOwnership ownership_;
	device *const dev_;
	Hold<Hwpt> hwpt_;     // while attached
	u32 faults_on_ = 0;   // enable_faults() minus disable_faults()
	Hold<Device> driver_; // the driver's own, from bind to unbind
	Hold<Device> attached_;
	const bool can_enforce_coherency_;
};

} // namespace iommufd
