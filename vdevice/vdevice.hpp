// SPDX-License-Identifier: GPL-2.0-only
// vDEVICE: a device, or a slice of one, as a guest's IOMMU knows it: by the number that the guest gives it. A device
// has one vDEVICE at most.
//
// It does not keep its device: whoever has bound that may unbind it at any time, which destroys the vDEVICE first
// (Companion).
//
// Locks: none. Everything is constant after create().
#pragma once
#include "vdevice/viommu.hpp"

namespace iommufd::vdevice {

class Vdevice final : public Object {
public:
	static const ObjectType kType = ObjectType::kVdevice;

	// EINVAL: the device is behind another IOMMU than the vIOMMU's; EEXIST: it has a vDEVICE, or the vIOMMU one of
	// this number; ENOMEM; what the driver says. The caller has a lease on the device. Context: may sleep.
	static Result<Pending<Vdevice>> create(Context &context, Viommu &viommu, Device &device, u64 virt_id);
	Vdevice(Viommu &viommu, Device &device, u64 virt_id);
	// Context: may sleep; waits for invalidations that may have found it.
	~Vdevice() override;

	static Vdevice &of(iommufd_vdevice *vdevice) { return *static_cast<Vdevice *>(vdevice->object); }
	iommufd_vdevice *driver_part() const { return part_.get(); }
	u64 virt_id() const { return virt_id_; }

private:
	// How far create() came.
	enum class Stage : u8 { kNothing, kCompanion, kNumber, kInitialised, kFindable };

	Status come_up();
	Status init_part();

	const Hold<Viommu> viommu_;
	Device &device_;
	const u64 virt_id_;
	DriverPart<iommufd_vdevice> part_;
	Stage stage_ = Stage::kNothing;
};

} // namespace iommufd::vdevice
