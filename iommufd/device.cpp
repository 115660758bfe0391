// SPDX-License-Identifier: GPL-2.0-only
// Binding devices, and finding the HWPT to attach them to; see device.hpp.
#include "iommufd/device.hpp"

#include "iommufd/context.hpp"
#include "iommufd/test_hook.hpp"

namespace iommufd {

namespace {

// A DMA write must not be able to raise an interrupt that belongs to somebody else.
Status check_msi_isolation(device *dev, const Group &group)
{
	if (group.isolates_msi() || is_test_device(dev))
		return {};
	if (!kx_unsafe_interrupts_allowed())
		return fail(Errno::kPerm, "the platform does not isolate MSIs (see allow_unsafe_interrupts)");
	kx_log_device_warning(dev, "MSIs are not isolated, and allow_unsafe_interrupts is set: DMA can raise any "
				   "interrupt");
	return {};
}

} // namespace

Result<Device *> Device::bind(Context &context, device *dev)
{
	if (!kx_device_coherent(dev))
		return fail(Errno::kInval, "DMA of this device does not snoop the caches");
	TRY_LET(group, context.groups().join(dev));
	TRY(check_msi_isolation(dev, *group));
	TRY(base::check(kx_device_claim_dma(dev, &context), "the device's IOMMU group has another owner"));
	DmaOwnership ownership(dev);
	TRY_LET(pending, context.objects().create<Device>(context, dev, std::move(group), std::move(ownership)));
	pending->driver_ = Hold<Device>(*pending);
	return &pending.publish();
}

Device::Device(Context &context, device *dev, GroupTable::Membership group, DmaOwnership ownership)
	: Object(kType), open_fd_(is_test_device(dev) ? kern::FileRef() : context.hold_open()), context_(context),
	  group_(std::move(group)), ownership_(std::move(ownership)), dev_(dev),
	  can_enforce_coherency_(kx_device_can_enforce_coherency(dev))
{
}

Device::~Device() = default;

void Device::unbind(Device &device)
{
	device.driver_.release(); // destroy_held() gives it back
	device.context_.objects().destroy_held(device);
}

Result<Hold<Hwpt>> Device::move_to(Hwpt &hwpt, Change change)
{
	if (change == Change::kReplace)
		return group_->replace(*this, hwpt);
	TRY(group_->attach(*this, hwpt));
	return Hold<Hwpt>();
}

// No automatic HWPT of the IOAS suits the device: make one.
Result<Hold<Hwpt>> Device::move_to_new(Ioas &ioas, ObjectId &pt_id, Change change)
{
	TRY_LET(pending, HwptPaging::create(context_, ioas, *this, {}, change == Change::kAttach));
	Hold<Hwpt> old;
	if (change == Change::kReplace) {
		TRY_LET(moved, group_->replace(*this, *pending));
		old = std::move(moved);
	}
	pending->enlist(true);
	pt_id = pending->id();
	pending.publish();
	return old;
}

// Any automatic HWPT that takes the device will do, they all hold the same mappings.
Result<Hold<Hwpt>> Device::move_to_ioas(Ioas &ioas, ObjectId &pt_id, Change change)
{
	kern::Guard guard(ioas.lock());
	for (HwptPaging &hwpt : ioas.hwpts()) {
		if (!hwpt.automatic() || !hwpt.try_lease(context_.objects()))
			continue;
		Lease<HwptPaging> lease(context_.objects(), hwpt);
		Result<Hold<Hwpt>> old = move_to(hwpt, change);
		if (old)
			pt_id = hwpt.id();
		else if (old.error().is(Errno::kInval)) // this domain does not suit the device
			continue;
		return old;
	}
	return move_to_new(ioas, pt_id, change);
}

// An automatic HWPT goes with its last device.
void Device::let_go(Hold<Hwpt> hwpt)
{
	if (!hwpt)
		return;
	HwptPaging *paging = hwpt->paging();
	if (paging && paging->automatic())
		context_.objects().put_and_try_destroy(*hwpt.release());
}

Status Device::change_pt(ObjectId &pt_id, Change change)
{
	Hold<Hwpt> old;
	{
		TRY_LET(target, context_.objects().get_any(pt_id));
		switch (target->type()) {
		case ObjectType::kIoas: {
			TRY_LET(moved, move_to_ioas(static_cast<Ioas &>(*target), pt_id, change));
			old = std::move(moved);
			break;
		}
		case ObjectType::kHwptPaging:
		case ObjectType::kHwptNested: {
			TRY_LET(moved, move_to(static_cast<Hwpt &>(*target), change));
			old = std::move(moved);
			break;
		}
		default:
			return fail(Errno::kInval, "the object is neither an IOAS nor a HWPT");
		}
	}
	// Only now: the lease on the target could be on the very HWPT that is to go, and no lock may be held.
	let_go(std::move(old));
	return {};
}

Status Device::enable_faults()
{
	// A failed response switches page requests off for all who share them.
	if (kx_device_is_virtual_function(dev_))
		return fail(Errno::kInval, "page requests of a virtual function are not its own");
	if (!faults_on_)
		TRY(base::check(kx_device_enable_iopf(dev_), "page requests cannot be enabled"));
	faults_on_++;
	return {};
}

void Device::disable_faults()
{
	if (WARN_ON(!faults_on_))
		return;
	faults_on_--;
	if (!faults_on_)
		kx_device_disable_iopf(dev_);
}

Status Device::attach(ObjectId &pt_id)
{
	TRY(change_pt(pt_id, Change::kAttach));
	attached_ = Hold<Device>(*this);
	return {};
}

Status Device::replace(ObjectId &pt_id) { return change_pt(pt_id, Change::kReplace); }

void Device::detach()
{
	let_go(group_->detach(*this));
	attached_ = {};
}

} // namespace iommufd
