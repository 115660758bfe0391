// SPDX-License-Identifier: GPL-2.0-only
// vIOMMU: the part of one physical IOMMU that one guest may use. Its parent HWPT is the guest's memory; nested HWPTs,
// vDEVICEs, vEVENTQs and HW queues are made on it and keep it.
//
// What it can do is up to the IOMMU driver, which has registered a struct iommufd_driver; or it is of the core type,
// which every driver with nesting has: it knows its vDEVICEs, and makes nested HWPTs as on the parent alone.
//
// Locks: the two tables of vDEVICEs are read without a lock. What invalidate() finds in them stays until it returns:
// whoever takes a vDEVICE out waits for the invalidations_ that are running. events_lock_, which is taken in
// interrupts, guards the list of vEVENTQs and what waits in them; hw_queues_lock_ keeps the driver's calls for HW
// queues apart. The rest is constant after create().
#pragma once
#include "iommufd/mmap_region.hpp"
#include "iommufd/virtual_iommu.hpp"
#include "kern/module.hpp"
#include "kern/sync.hpp"
#include "kern/uapi.hpp"
#include "kern/viommu.hpp"
#include "vdevice/driver_part.hpp"

namespace iommufd::vdevice {

class Vdevice;
class Veventq;
struct OnViommu; // a vEVENTQ's place

class Viommu final : public VirtualIommu {
public:
	// A vIOMMU of the physical one before `device`. EOPNOTSUPP: no such type; ENOENT: `parent` is no paging HWPT;
	// EINVAL: it was not allocated as a nest parent, or by another driver; ENOMEM; what the driver says of the
	// data. Context: may sleep.
	static Result<Pending<Viommu>> create(Context &context, Device &device, ObjectId parent, u32 type,
					      const kern::DomainUserData &data);
	Viommu(HwptPaging &parent, iommu_device *iommu);
	~Viommu() override;

	static Viommu &of(iommufd_viommu *viommu) { return *static_cast<Viommu *>(viommu->object); }
	iommufd_viommu *driver_part() const { return part_.get(); }
	const iommufd_viommu_ops &ops() const { return *part_->ops; }
	// EINVAL: the device is behind another IOMMU.
	Status check_serves(Device &device) const;

	HwptPaging &parent() override { return *parent_; }
	Result<kern::Domain> alloc_nested_domain(Device &device, const HwptSpec &spec) override;
	Status invalidate(Invalidations &invalidations) override;

	// The number is the vDEVICE's, and nobody finds it yet. EEXIST, ENOMEM.
	Status reserve(u64 virt_id) { return by_number_.reserve(virt_id); }
	void unreserve(u64 virt_id) { by_number_.erase(virt_id); }
	// ENOMEM; without effect then.
	Status add(Vdevice &vdevice);
	// When it returns, no invalidation that could have found the vDEVICE is running. Context: may sleep.
	void remove(Vdevice &vdevice);
	// Within invalidate(): the vDEVICE stays until that returns.
	Vdevice *find(u64 virt_id) { return by_number_.find(virt_id); }
	// ENOENT.
	Result<u64> number_of(device *dev, base::Pasid pasid) { return by_carrier_.find(dev, pasid); }

	// Reports of the queue's type go there. EEXIST: there is a queue of that type.
	Status add(Veventq &queue);
	void remove(Veventq &queue);
	// EOPNOTSUPP: no queue of this type; EINVAL: no data, or too much; ENOMEM: lost. Any context.
	Status report_event(u32 type, const void *data, u64 length);
	kern::IrqSpinLock &events_lock() { return events_lock_; }
	kern::Mutex &hw_queues_lock() { return hw_queues_lock_; }

	// A region for mmap(); see MmapRegions.
	Result<u64> add_region(base::Pa start, u64 length, MmapRegions::Kind kind);
	void remove_region(u64 offset);

private:
	Status init(const iommufd_driver &driver, device *dev, const kern::DomainUserData &data);
	Status init_core(const kern::DomainUserData &data);
	bool is_core() const { return part_->type == IOMMU_VIOMMU_TYPE_CORE; }
	Veventq *find_queue(u32 type);
	MmapRegions &regions();

	const Hold<HwptPaging> parent_;
	iommu_device *const iommu_; // to be compared
	kern::ModuleRef driver_stays_;
	DriverPart<iommufd_viommu> part_;
	bool initialised_ = false; // the driver is to be told of the end
	kern::NumberTable<Vdevice> by_number_;
	kern::CarrierTable by_carrier_;
	kern::ReadSections invalidations_;
	kern::IrqSpinLock events_lock_;
	base::List<Veventq, OnViommu> queues_;
	kern::Mutex hw_queues_lock_;
};

} // namespace iommufd::vdevice
