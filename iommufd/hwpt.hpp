// SPDX-License-Identifier: GPL-2.0-only
// HWPT: an IOMMU domain as an object. A paging HWPT belongs to one IOAS and always holds all of its mappings.
//
// A HWPT is made by the user (HWPT_ALLOC) or by us when a device attaches to an IOAS: then it is automatic, may be
// shared by all devices it suits, and goes with the last one that detaches.
//
// Locks: the Ioas' lock guards the place in its list and is held from create() until the object is published or given
// up. The rest is constant after create(), but for the MSI window, which the group's lock guards.
#pragma once
#include "iommufd/fault_queue.hpp"
#include "iommufd/ioas.hpp"
#include "kern/iommu.hpp"

namespace iommufd {

class Context;
class Device;
class VirtualIommu;

// What devices attach to.
class Hwpt : public Object {
public:
	virtual kern::Domain &domain() = 0;
	// The paging HWPT whose IOAS the device's DMA ends in.
	virtual HwptPaging *paging() = 0;

	// Where page requests of the devices go; null: they are not served. Fixed before the HWPT is published.
	FaultQueue *faults() const { return faults_.get(); }
	void send_faults_to(FaultQueue &queue);
	// Allocated for PASIDs: one of the device's may be attached to it, beside a RID that is attached to such a one.
	bool for_pasids() const { return for_pasids_; }

	// Of the IOMMU_HWPT_ALLOC_* what the IOMMU driver is told; those of 6.12 do not know the one for PASIDs.
	// EOPNOTSUPP: that flag, and the IOMMU has no PASIDs. Context: may sleep.
	static Result<u32> driver_flags(const Device &device, u32 flags);

protected:
	// `flags`: IOMMU_HWPT_ALLOC_*, as wanted_flags() has them.
	Hwpt(ObjectType type, u32 flags);

	// A slice's DMA comes with a PASID: what is made for it is for PASIDs, whether the caller says so or not.
	static u32 wanted_flags(const Device &device, u32 flags);

private:
	const bool for_pasids_;
	Hold<FaultQueue> faults_;
};

// Everything that HWPT_ALLOC lets the user choose.
struct HwptSpec {
	u32 flags = 0; // IOMMU_HWPT_ALLOC_*
	kern::DomainUserData data{};
};

class HwptPaging final : public Hwpt, public base::ListHook<InIoas> {
public:
	static const ObjectType kType = ObjectType::kHwptPaging;

	// A domain for `device`, filled with all of the IOAS' mappings. `attach_to`: attach this port of the device
	// before filling, as some drivers finish a domain only then; null: nothing. EOPNOTSUPP for what the driver does
	// not offer, and as attaching and IoPageTable::add_domain(). Context: under the Ioas' lock, may sleep.
	static Result<Pending<HwptPaging>> create(Context &context, Ioas &ioas, Device &device, const HwptSpec &spec,
						  class Port *attach_to);
	HwptPaging(Ioas &ioas, u32 flags);
	~HwptPaging() override;

	kern::Domain &domain() override { return entry_.domain; }
	HwptPaging *paging() override { return this; }
	Ioas &ioas() { return *ioas_; }

	// Puts the HWPT on its IOAS' list; the last step before it is published.
	void enlist(bool automatic);
	bool automatic() const { return automatic_; }
	bool nest_parent() const { return nest_parent_; }
	bool enforces_coherency() const { return enforces_coherency_; }
	// Lets the group's devices raise MSIs through this domain; once for each domain. Under the group's lock.
	Status set_msi_window(base::Pa start);

private:
	Status enforce_coherency();

	const Hold<Ioas> ioas_;
	DomainEntry entry_;
	bool in_table_ = false;
	const bool nest_parent_;
	bool automatic_ = false;
	bool has_msi_window_ = false;
	bool enforces_coherency_ = false;
};

// A first-stage page table in guest memory, whose addresses a paging HWPT, its parent, translates; with a vIOMMU, that
// of the vIOMMU.
class HwptNested final : public Hwpt {
public:
	static const ObjectType kType = ObjectType::kHwptNested;

	// EOPNOTSUPP: unknown flag, no data, or a driver without nesting; EINVAL: the parent was not allocated as one
	// or belongs to another driver. What the driver says of the data.
	static Result<Pending<HwptNested>> create(Context &context, HwptPaging &parent, Device &device,
						  const HwptSpec &spec);
	// On a vIOMMU: as VirtualIommu::alloc_nested_domain().
	static Result<Pending<HwptNested>> create(Context &context, VirtualIommu &viommu, Device &device,
						  const HwptSpec &spec);
	HwptNested(HwptPaging &parent, VirtualIommu *viommu, u32 flags);
	~HwptNested() override;

	kern::Domain &domain() override { return domain_; }
	HwptPaging *paging() override { return parent_.get(); }

private:
	Status take(Result<kern::Domain> domain);

	const Hold<HwptPaging> parent_;
	const Hold<Object> viommu_; // if it was made on one
	kern::Domain domain_;
};

} // namespace iommufd
