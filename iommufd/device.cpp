// SPDX-License-Identifier: GPL-2.0-only
// Binding devices, and finding the HWPT to attach them to; see device.hpp.
#include "iommufd/device.hpp"

#include "iommufd/context.hpp"
#include "iommufd/test_hook.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass further_class("iommufd Device::further_lock");

// A DMA write must not be able to raise an interrupt that belongs to somebody else.
Status check_msi_isolation(Parent &parent)
{
	if (kx_group_isolates_msi(parent.group()) || is_test_device(parent.dev()))
		return {};
	if (!kx_unsafe_interrupts_allowed())
		return fail(Errno::kPerm, "the platform does not isolate MSIs (see allow_unsafe_interrupts)");
	kx_log_device_warning(parent.dev(),
			      "MSIs are not isolated, and allow_unsafe_interrupts is set: DMA can raise any "
			      "interrupt");
	return {};
}

// The device, or the parent of the slice, if user space may have it at all.
Result<Parent::Ref> suitable_parent(device *dev)
{
	if (!kx_device_coherent(dev))
		return fail(Errno::kInval, "DMA of this device does not snoop the caches");
	TRY_LET(parent, Parent::Ref::get(dev));
	TRY(check_msi_isolation(*parent));
	return parent;
}

} // namespace

Result<Device *> Device::bind(Context &context, device *dev)
{
	TRY_LET(parent, suitable_parent(dev));
	TRY_LET(group, context.groups().join(parent->group()));
	TRY_LET(ownership, DmaOwnership::claim(*parent, &context));
	TRY_LET(pending, context.objects().create<Device>(context, std::move(parent),
							  PhysicalBinding{std::move(group), std::move(ownership)},
							  kern::Box<PasidPort>()));
	pending->driver_ = Hold<Device>(*pending);
	return &pending.publish();
}

Result<Device *> Device::bind_pasid(Context &context, device *dev, Pasid pasid)
{
	TRY_LET(parent, suitable_parent(dev));
	TRY_LET(claim, PasidClaim::claim(*parent, pasid, PasidClaim::Role::kSlice));
	TRY_LET(port, kern::make<PasidPort>(std::move(claim)));
	TRY_LET(pending, context.objects().create<Device>(context, std::move(parent), std::nullopt, std::move(port)));
	pending->driver_ = Hold<Device>(*pending);
	return &pending.publish();
}

Device::Device(Context &context, Parent::Ref parent, std::optional<PhysicalBinding> physical,
	       kern::Box<PasidPort> slice)
	: Object(kType), open_fd_(is_test_device(parent->dev()) ? kern::FileRef() : context.hold_open()),
	  context_(context), parent_(std::move(parent)), physical_(std::move(physical)), slice_(std::move(slice)),
	  further_lock_(further_class), can_enforce_coherency_(kx_device_can_enforce_coherency(parent_->dev()))
{
}

// No lease is left, so nobody can bring another companion.
Device::~Device() { context_.objects().take_along(companion_); }

Port &Device::own_port()
{
	if (slice_)
		return *slice_;
	return *physical_->group;
}

void Device::unbind(Device &device)
{
	device.detach_all_further();
	device.driver_.release(); // destroy_held() gives it back
	device.context_.objects().destroy_held(device);
}

Result<Hold<Hwpt>> Device::move_to(Port &port, Hwpt &hwpt, Change change)
{
	if (change == Change::kReplace)
		return port.replace(*this, hwpt);
	TRY(port.attach(*this, hwpt));
	return Hold<Hwpt>();
}

// No automatic HWPT of the IOAS suits the device: make one.
Result<Hold<Hwpt>> Device::move_to_new(Port &port, Ioas &ioas, ObjectId &pt_id, Change change)
{
	TRY_LET(pending, HwptPaging::create(context_, ioas, *this, {}, change == Change::kAttach ? &port : nullptr));
	Hold<Hwpt> old;
	if (change == Change::kReplace) {
		TRY_LET(moved, port.replace(*this, *pending));
		old = std::move(moved);
	}
	pending->enlist(true);
	pt_id = pending->id();
	pending.publish();
	return old;
}

// Any automatic HWPT that takes the device will do, they all hold the same mappings.
Result<Hold<Hwpt>> Device::move_to_ioas(Port &port, Ioas &ioas, ObjectId &pt_id, Change change)
{
	// No automatic HWPT is for PASIDs but a slice's.
	if (physical_ && &port != &own_port())
		return fail(Errno::kInval, "a PASID of a physical device is attached to a HWPT, not to an IOAS");
	kern::Guard guard(ioas.lock());
	for (HwptPaging &hwpt : ioas.hwpts()) {
		if (!hwpt.automatic() || !hwpt.try_lease(context_.objects()))
			continue;
		Lease<HwptPaging> lease(context_.objects(), hwpt);
		Result<Hold<Hwpt>> old = move_to(port, hwpt, change);
		if (old)
			pt_id = hwpt.id();
		else if (old.error().is(Errno::kInval)) // this domain does not suit the device
			continue;
		return old;
	}
	return move_to_new(port, ioas, pt_id, change);
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

Status Device::change_pt(Port &port, ObjectId &pt_id, Change change)
{
	Hold<Hwpt> old;
	{
		TRY_LET(target, context_.objects().get_any(pt_id));
		switch (target->type()) {
		case ObjectType::kIoas: {
			TRY_LET(moved, move_to_ioas(port, static_cast<Ioas &>(*target), pt_id, change));
			old = std::move(moved);
			break;
		}
		case ObjectType::kHwptPaging:
		case ObjectType::kHwptNested: {
			TRY_LET(moved, move_to(port, static_cast<Hwpt &>(*target), change));
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

Status Device::attach(ObjectId &pt_id)
{
	TRY(change_pt(own_port(), pt_id, Change::kAttach));
	attached_ = Hold<Device>(*this);
	return {};
}

Status Device::replace(ObjectId &pt_id) { return change_pt(own_port(), pt_id, Change::kReplace); }

void Device::detach()
{
	let_go(own_port().detach(*this));
	attached_ = {};
}

Status Device::set_pause(const Pause &pause)
{
	if (!slice_)
		return fail(Errno::kInval, "not a slice");
	slice_->set_pause(pause);
	return {};
}

Status Device::attach_pasid(Pasid pasid, ObjectId &pt_id)
{
	kern::Guard guard(further_lock_);
	TRY_LET(claim, PasidClaim::claim(*parent_, pasid, PasidClaim::Role::kFurther));
	Group *beside = physical_ ? &*physical_->group : nullptr;
	TRY_LET(port, kern::make<PasidPort>(std::move(claim), beside));
	if (slice_)
		port->set_pause(slice_->pause());
	TRY(further_.insert(ObjectId(pasid.raw()), port.get()));
	base::Undo forget([&] { further_.erase(ObjectId(pasid.raw())); });
	TRY(change_pt(*port, pt_id, Change::kAttach));
	forget.dismiss();
	port.release();
	return {};
}

Status Device::replace_pasid(Pasid pasid, ObjectId &pt_id)
{
	kern::Guard guard(further_lock_);
	PasidPort *port = further_.find_locked(ObjectId(pasid.raw()));
	if (!port)
		return fail(Errno::kInval, "the PASID is not attached");
	return change_pt(*port, pt_id, Change::kReplace);
}

Status Device::take_companion(Object &object)
{
	return context_.objects().locked([&]() -> Status {
		if (companion_.object)
			return fail(Errno::kExist, "the device has a vDEVICE");
		companion_.set(object);
		return {};
	});
}

void Device::companion_gone() { context_.objects().companion_gone(companion_); }

void Device::drop_further(PasidPort &port)
{
	let_go(port.detach(*this));
	delete &port;
}

void Device::detach_pasid(Pasid pasid)
{
	kern::Guard guard(further_lock_);
	if (PasidPort *port = further_.erase(ObjectId(pasid.raw())))
		drop_further(*port);
}

void Device::detach_all_further()
{
	kern::Guard guard(further_lock_);
	u64 pasid = 0;
	while (PasidPort *port = further_.next(pasid)) {
		further_.erase(ObjectId(static_cast<u32>(pasid)));
		drop_further(*port);
	}
}

} // namespace iommufd
