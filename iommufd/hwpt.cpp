// SPDX-License-Identifier: GPL-2.0-only
// Life of a paging HWPT; see hwpt.hpp.
#include "iommufd/hwpt.hpp"

#include "iommufd/context.hpp"
#include "iommufd/device.hpp"
#include "iommufd/driver_ops.hpp"
#include "iommufd/virtual_iommu.hpp"
#include "kern/uapi.hpp"

namespace iommufd {

namespace {

constexpr u32 kPagingFlags = IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING | IOMMU_HWPT_ALLOC_PASID;

Status check_spec(const HwptSpec &spec, Device &device)
{
	const bool special = spec.flags || spec.data.length;
	if (special && !kx_domain_can_alloc_user(device.dev()))
		return fail(Errno::kOpNotSupp, "the IOMMU driver takes no flags and no data");
	if (spec.flags & ~kPagingFlags)
		return fail(Errno::kOpNotSupp, "unknown flag for a paging HWPT");
	if ((spec.flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING) && !device.can_track_dirty())
		return fail(Errno::kOpNotSupp, "the IOMMU does not track dirty pages of this device");
	return {};
}

} // namespace

Hwpt::Hwpt(ObjectType type, u32 flags) : Object(type), for_pasids_(flags & IOMMU_HWPT_ALLOC_PASID) {}

u32 Hwpt::wanted_flags(const Device &device, u32 flags)
{
	return device.is_slice() ? flags | IOMMU_HWPT_ALLOC_PASID : flags;
}

Result<u32> Hwpt::driver_flags(const Device &device, u32 flags)
{
	if (!(flags & IOMMU_HWPT_ALLOC_PASID))
		return flags;
	const iommufd_driver *driver = registered_driver(device.dev());
	if (driver && driver->pasid_domains)
		return flags;
	if (!kx_iommu_has_pasids(device.dev()))
		return fail(Errno::kOpNotSupp, "the IOMMU has no PASIDs");
	return flags & ~u32{IOMMU_HWPT_ALLOC_PASID};
}

void Hwpt::send_faults_to(FaultQueue &queue)
{
	faults_ = Hold<FaultQueue>(queue);
	kx_domain_set_fault_queue(domain().get(), &queue);
}

HwptPaging::HwptPaging(Ioas &ioas, u32 flags)
	: Hwpt(kType, flags), ioas_(ioas), nest_parent_(flags & IOMMU_HWPT_ALLOC_NEST_PARENT)
{
}

HwptPaging::~HwptPaging()
{
	if (base::List<HwptPaging, InIoas>::linked(*this)) {
		kern::Guard guard(ioas_->lock());
		ioas_->hwpts().remove(*this);
	}
	if (in_table_)
		ioas_->table().remove_domain(entry_);
}

// A driver that claims the capability must also deliver it on a fresh domain.
Status HwptPaging::enforce_coherency()
{
	if (WARN_ON(!entry_.domain.enforce_coherency()))
		return fail(Errno::kInval, "the IOMMU driver broke its promise of cache coherency");
	enforces_coherency_ = true;
	return {};
}

Result<Pending<HwptPaging>> HwptPaging::create(Context &context, Ioas &ioas, Device &device, const HwptSpec &spec,
					       Port *attach_to)
{
	ioas.lock().assert_held();
	TRY(check_spec(spec, device));
	const u32 flags = wanted_flags(device, spec.flags);
	TRY_LET(told, driver_flags(device, flags));
	TRY_LET(hwpt, context.objects().create<HwptPaging>(ioas, flags));
	TRY_LET(domain, kern::alloc_domain(device.dev(), told, spec.data));
	hwpt->entry_.domain = std::move(domain);

	// Before anything is mapped: some IOMMUs have a bit for it in every entry.
	if (device.can_enforce_coherency())
		TRY(hwpt->enforce_coherency());
	if (attach_to)
		TRY(attach_to->attach(device, *hwpt));
	Status status = ioas.table().add_domain(hwpt->entry_);
	if (!status) {
		if (attach_to)
			attach_to->detach(device);
		return fail(status.error());
	}
	hwpt->in_table_ = true;
	return hwpt;
}

void HwptPaging::enlist(bool automatic)
{
	ioas_->lock().assert_held();
	automatic_ = automatic;
	ioas_->hwpts().push_back(*this);
}

Status HwptPaging::set_msi_window(base::Pa start)
{
	if (has_msi_window_)
		return {};
	TRY(entry_.domain.set_msi_window(start));
	has_msi_window_ = true;
	return {};
}

HwptNested::HwptNested(HwptPaging &parent, VirtualIommu *viommu, u32 flags)
	: Hwpt(kType, flags), parent_(parent), viommu_(viommu ? Hold<Object>(*viommu) : Hold<Object>())
{
}

HwptNested::~HwptNested() = default;

Result<Pending<HwptNested>> HwptNested::create(Context &context, HwptPaging &parent, Device &device,
					       const HwptSpec &spec)
{
	if ((spec.flags & ~u32{IOMMU_HWPT_ALLOC_PASID}) || !spec.data.length || !kx_domain_can_alloc_user(device.dev()))
		return fail(Errno::kOpNotSupp, "unknown flag, no data, or a driver without nesting");
	if (parent.automatic() || !parent.nest_parent())
		return fail(Errno::kInval, "the parent was not allocated as one");
	if (!kx_domain_same_driver(parent.domain().get(), device.dev()))
		return fail(Errno::kInval, "the parent belongs to another IOMMU driver");
	const u32 flags = wanted_flags(device, spec.flags);
	TRY_LET(told, driver_flags(device, flags));
	TRY_LET(hwpt, context.objects().create<HwptNested>(parent, nullptr, flags));
	TRY(hwpt->take(kern::alloc_user_domain(device.dev(), told, &parent.domain(), spec.data)));
	return hwpt;
}

Result<Pending<HwptNested>> HwptNested::create(Context &context, VirtualIommu &viommu, Device &device,
					       const HwptSpec &spec)
{
	const u32 flags = wanted_flags(device, spec.flags);
	TRY_LET(hwpt, context.objects().create<HwptNested>(viommu.parent(), &viommu, flags));
	TRY(hwpt->take(viommu.alloc_nested_domain(device, {.flags = flags, .data = spec.data})));
	return hwpt;
}

Status HwptNested::take(Result<kern::Domain> domain)
{
	TRY_LET(made, std::move(domain));
	domain_ = std::move(made);
	if (WARN_ON(!kx_domain_is_nested(domain_.get())))
		return fail(Errno::kInval, "the IOMMU driver made another kind of domain");
	return {};
}

} // namespace iommufd
