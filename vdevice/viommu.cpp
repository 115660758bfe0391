// SPDX-License-Identifier: GPL-2.0-only
// Life of a vIOMMU, and what its guest asks of it; see viommu.hpp.
#include "vdevice/viommu.hpp"

#include "iommufd/context.hpp"
#include "iommufd/device.hpp"
#include "iommufd/driver_ops.hpp"
#include "vdevice/vdevice.hpp"
#include "vdevice/veventq.hpp"

namespace iommufd::vdevice {

namespace {

constinit kern::LockClass events_class("iommufd Viommu::events_lock");
constinit kern::LockClass hw_queues_class("iommufd Viommu::hw_queues_lock");

// The core type has vDEVICEs and no more.
constexpr iommufd_viommu_ops kCoreOps{};

// As many bytes as the driver's vIOMMU of this type has.
Result<unsigned long> size_of_part(const iommufd_driver *driver, device *dev, u32 type)
{
	if (type == IOMMU_VIOMMU_TYPE_CORE)
		return sizeof(iommufd_viommu);
	const bool can = driver && driver->viommu_size && driver->viommu_init;
	const unsigned long size = can ? driver->viommu_size(dev, type) : 0;
	if (!size)
		return fail(Errno::kOpNotSupp, "the IOMMU has no vIOMMU of this type");
	return size;
}

} // namespace

Viommu::Viommu(HwptPaging &parent, iommu_device *iommu)
	: parent_(parent), iommu_(iommu), events_lock_(events_class), hw_queues_lock_(hw_queues_class)
{
}

Viommu::~Viommu()
{
	if (initialised_ && ops().destroy)
		ops().destroy(part_.get());
	if (part_.get())
		WARN_ON(regions().remove_all_of(*this));
}

Result<Pending<Viommu>> Viommu::create(Context &context, Device &device, ObjectId parent_id, u32 type,
				       const kern::DomainUserData &data)
{
	const iommufd_driver *driver = registered_driver(device.dev());
	// First, so that one can ask for a type without a nest parent.
	TRY_LET(size, size_of_part(driver, device.dev(), type));
	TRY_LET(parent, context.objects().get<HwptPaging>(parent_id));
	if (!parent->nest_parent())
		return fail(Errno::kInval, "the HWPT was not allocated as a nest parent");
	if (!kx_domain_same_driver(parent->domain().get(), device.dev()))
		return fail(Errno::kInval, "the HWPT belongs to another IOMMU driver");

	TRY_LET(viommu, context.objects().create<Viommu>(*parent, kx_device_iommu(device.dev())));
	TRY_LET(part, DriverPart<iommufd_viommu>::alloc(size));
	part->parent = parent->domain().get();
	part->ictx = reinterpret_cast<iommufd_ctx *>(&context);
	part->type = type;
	part->object = &*viommu;
	viommu->part_ = std::move(part);
	TRY(viommu->by_carrier_.init());
	TRY(viommu->invalidations_.init());
	TRY(viommu->is_core() ? viommu->init_core(data) : viommu->init(*driver, device.dev(), data));
	return viommu;
}

Status Viommu::init_core(const kern::DomainUserData &data)
{
	if (data.length)
		return fail(Errno::kOpNotSupp, "this type takes no data");
	part_->ops = &kCoreOps;
	return {};
}

Status Viommu::init(const iommufd_driver &driver, device *dev, const kern::DomainUserData &data)
{
	TRY_LET(stays, kern::ModuleRef::get(driver.owner));
	driver_stays_ = std::move(stays);
	part_->dev = dev;
	Status status = base::check(kx_viommu_init(&driver, part_.get(), data.type, data.data.raw(), data.length),
				    "the IOMMU driver makes no vIOMMU of this");
	part_->dev = nullptr;
	TRY(status);
	if (WARN_ON(!part_->ops))
		return fail(Errno::kOpNotSupp, "the IOMMU driver forgot the vIOMMU's operations");
	initialised_ = true;
	return {};
}

Status Viommu::check_serves(Device &device) const
{
	if (kx_device_iommu(device.dev()) != iommu_)
		return fail(Errno::kInval, "the device is behind another IOMMU than the vIOMMU's");
	return {};
}

Result<kern::Domain> Viommu::alloc_nested_domain(Device &device, const HwptSpec &spec)
{
	TRY(check_serves(device));
	if ((spec.flags & ~u32{IOMMU_HWPT_ALLOC_PASID}) || !spec.data.length)
		return fail(Errno::kOpNotSupp, "unknown flag, or no data");
	TRY_LET(told, Hwpt::driver_flags(device, spec.flags));
	if (is_core())
		return kern::alloc_user_domain(device.dev(), told, &parent_->domain(), spec.data);
	if (!ops().alloc_domain_nested)
		return fail(Errno::kOpNotSupp, "the vIOMMU makes no nested domains");
	iommu_domain *made = nullptr;
	TRY(base::check(kx_viommu_alloc_nested(part_.get(), device.dev(), told, spec.data.type, spec.data.data.raw(),
					       spec.data.length, &made),
			"the IOMMU driver makes no nested domain of this"));
	return kern::Domain(made);
}

Status Viommu::invalidate(Invalidations &what)
{
	u32 count = std::exchange(what.count, 0);
	if (!ops().cache_invalidate)
		return fail(Errno::kOpNotSupp, "the vIOMMU takes no invalidations");
	kern::ReadSections::Reader reader(invalidations_);
	const int rc = kx_viommu_invalidate(part_.get(), what.type, what.entries.raw(), what.entry_length, &count);
	what.count = count;
	return base::check(rc, "the IOMMU driver refused an entry");
}

Status Viommu::add(Vdevice &vdevice)
{
	TRY(by_carrier_.add(vdevice.driver_part()->dev, Pasid(vdevice.driver_part()->pasid), vdevice.virt_id()));
	by_number_.publish(vdevice.virt_id(), vdevice);
	return {};
}

void Viommu::remove(Vdevice &vdevice)
{
	by_number_.erase(vdevice.virt_id());
	by_carrier_.remove(vdevice.driver_part()->dev, Pasid(vdevice.driver_part()->pasid));
	invalidations_.wait_for_readers();
}

Veventq *Viommu::find_queue(u32 type)
{
	for (Veventq &queue : queues_)
		if (queue.event_type() == type)
			return &queue;
	return nullptr;
}

Status Viommu::add(Veventq &queue)
{
	kern::Guard guard(events_lock_);
	if (find_queue(queue.event_type()))
		return fail(Errno::kExist, "the vIOMMU has a queue of this type");
	queues_.push_back(queue);
	return {};
}

void Viommu::remove(Veventq &queue)
{
	kern::Guard guard(events_lock_);
	queues_.remove(queue);
}

Status Viommu::report_event(u32 type, const void *data, u64 length)
{
	if (WARN_ON(!data || !length || length > EventStore::max_data()))
		return fail(Errno::kInval, "an event without data, or with too much");
	kern::Guard guard(events_lock_);
	Veventq *queue = find_queue(type);
	if (!queue)
		return fail(Errno::kOpNotSupp, "the vIOMMU has no queue of this type");
	return queue->report({static_cast<const u8 *>(data), length});
}

MmapRegions &Viommu::regions() { return reinterpret_cast<Context *>(part_->ictx)->regions(); }

Result<u64> Viommu::add_region(base::Pa start, u64 length, MmapRegions::Kind kind)
{
	return regions().add(*this, start, length, kind);
}

void Viommu::remove_region(u64 offset) { regions().remove(*this, offset); }

} // namespace iommufd::vdevice
