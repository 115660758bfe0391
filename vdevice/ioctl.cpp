// SPDX-License-Identifier: GPL-2.0-only
// VIOMMU_ALLOC and VDEVICE_ALLOC.
#include "iommufd/context.hpp"
#include "iommufd/device.hpp"
#include "iommufd/ioctl.hpp"
#include "vdevice/vdevice.hpp"

namespace iommufd {

using vdevice::Vdevice;
using vdevice::Viommu;

Status viommu_alloc(UserCall &call, iommu_viommu_alloc &cmd)
{
	ObjectTable &objects = call.context().objects();

	if (cmd.flags || cmd.__reserved)
		return fail(Errno::kOpNotSupp, "unknown flag, or a reserved field that is not 0");
	if (cmd.type == IOMMU_VIOMMU_TYPE_DEFAULT)
		return fail(Errno::kOpNotSupp, "no such type");
	TRY_LET(device, objects.get<Device>(ObjectId(cmd.dev_id)));
	TRY_LET(parent, objects.get<HwptPaging>(ObjectId(cmd.hwpt_id)));
	TRY_LET(viommu, Viommu::create(call.context(), *device, *parent, cmd.type,
				       {cmd.type, base::UserVa(cmd.data_uptr), cmd.data_len}));
	cmd.out_viommu_id = viommu->id().raw();
	TRY(call.respond(cmd));
	viommu.publish();
	return {};
}

Status vdevice_alloc(UserCall &call, iommu_vdevice_alloc &cmd)
{
	ObjectTable &objects = call.context().objects();

	TRY_LET(viommu, objects.get<Viommu>(ObjectId(cmd.viommu_id)));
	TRY_LET(device, objects.get<Device>(ObjectId(cmd.dev_id)));
	TRY_LET(vdevice, Vdevice::create(call.context(), *viommu, *device, cmd.virt_id));
	cmd.out_vdevice_id = vdevice->id().raw();
	TRY(call.respond(cmd));
	vdevice.publish();
	return {};
}

} // namespace iommufd
