// SPDX-License-Identifier: GPL-2.0-only
// Life of a vDEVICE; see vdevice.hpp.
#include "vdevice/vdevice.hpp"

#include "iommufd/context.hpp"
#include "iommufd/device.hpp"

namespace iommufd::vdevice {

Vdevice::Vdevice(Viommu &viommu, Device &device, u64 virt_id)
	: Object(kType), viommu_(viommu), device_(device), virt_id_(virt_id)
{
}

Vdevice::~Vdevice()
{
	if (stage_ >= Stage::kFindable)
		viommu_->remove(*this);
	else if (stage_ >= Stage::kNumber)
		viommu_->unreserve(virt_id_);
	if (stage_ >= Stage::kInitialised && part_->destroy)
		part_->destroy(part_.get());
	// The device may go from here on.
	if (stage_ >= Stage::kCompanion)
		device_.companion_gone();
}

Result<Pending<Vdevice>> Vdevice::create(Context &context, Viommu &viommu, Device &device, u64 virt_id)
{
	TRY(viommu.check_serves(device));
	TRY_LET(vdevice, context.objects().create<Vdevice>(viommu, device, virt_id));
	TRY(vdevice->come_up());
	return vdevice;
}

Status Vdevice::come_up()
{
	TRY(device_.take_companion(*this));
	stage_ = Stage::kCompanion;
	TRY(viommu_->reserve(virt_id_));
	stage_ = Stage::kNumber;
	TRY(init_part());
	stage_ = Stage::kInitialised;
	TRY(viommu_->add(*this));
	stage_ = Stage::kFindable;
	return {};
}

Status Vdevice::init_part()
{
	const iommufd_viommu_ops &ops = viommu_->ops();
	TRY_LET(part, DriverPart<iommufd_vdevice>::alloc(ops.vdevice_size ?: sizeof(iommufd_vdevice)));
	part->viommu = viommu_->driver_part();
	part->dev = device_.dev();
	part->pasid = device_.default_pasid().raw();
	part->virt_id = virt_id_;
	part->object = this;
	part_ = std::move(part);
	if (!ops.vdevice_init)
		return {};
	return base::check(ops.vdevice_init(part_.get()), "the IOMMU driver takes no such vDEVICE");
}

} // namespace iommufd::vdevice
