// SPDX-License-Identifier: GPL-2.0-only
// Life of a paging HWPT; see hwpt.hpp.
#include "iommufd/hwpt.hpp"

#include "iommufd/context.hpp"
#include "iommufd/device.hpp"
#include "iommufd/virtual_iommu.hpp"
#include "kern/uapi.hpp"

namespace iommufd {

namespace {

constexpr u32 kPagingFlags = IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING;

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

void Hwpt::send_faults_to(FaultQueue &queue)
{
	faults_ = Hold<FaultQueue>(queue);
	kx_domain_set_fault_queue(domain().get(), &queue);
}

HwptPaging::HwptPaging(Ioas &ioas, const HwptSpec &spec)
	: Hwpt(kType), ioas_(ioas), nest_parent_(spec.flags & IOMMU_HWPT_ALLOC_NEST_PARENT)
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
	TRY_LET(hwpt, context.objects().create<HwptPaging>(ioas, spec));
	TRY_LET(domain, kern::alloc_domain(device.dev(), spec.flags, spec.data));
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

HwptNested::HwptNested(HwptPaging &parent, VirtualIommu *viommu)
	: Hwpt(kType), parent_(parent), viommu_(viommu ? Hold<Object>(*viommu) : Hold<Object>())
{
}

HwptNested::~HwptNested() = default;

Result<Pending<HwptNested>> HwptNested::create(Context &context, HwptPaging &parent, Device &device,
					       const HwptSpec &spec)
{
	if (spec.flags || !spec.data.length || !kx_domain_can_alloc_user(device.dev()))
		return fail(Errno::kOpNotSupp, "unknown flag, no data, or a driver without nesting");
	if (parent.automatic() || !parent.nest_parent())
		return fail(Errno::kInval, "the parent was not allocated as one");
	if (!kx_domain_same_driver(parent.domain().get(), device.dev()))
		return fail(Errno::kInval, "the parent belongs to another IOMMU driver");
	TRY_LET(hwpt, context.objects().create<HwptNested>(parent, nullptr));
	TRY(hwpt->take(kern::alloc_user_domain(device.dev(), spec.flags, &parent.domain(), spec.data)));
	return hwpt;
}

Result<Pending<HwptNested>> HwptNested::create(Context &context, VirtualIommu &viommu, Device &device,
					       const HwptSpec &spec)
{
	TRY_LET(hwpt, context.objects().create<HwptNested>(viommu.parent(), &viommu));
	TRY(hwpt->take(viommu.alloc_nested_domain(device, spec)));
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
