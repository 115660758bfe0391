// SPDX-License-Identifier: GPL-2.0-only
// VIOMMU_ALLOC, VDEVICE_ALLOC, VEVENTQ_ALLOC and HW_QUEUE_ALLOC.
#include "iommufd/context.hpp"
#include "iommufd/device.hpp"
#include "iommufd/ioctl.hpp"
#include "iommufd/queue_publish.hpp"
#include "vdevice/hw_queue.hpp"
#include "vdevice/vdevice.hpp"
#include "vdevice/veventq.hpp"

namespace iommufd {

using vdevice::HwQueue;
using vdevice::Vdevice;
using vdevice::Veventq;
using vdevice::Viommu;

namespace {

constexpr u32 kMostEvents = 1 << 19;

} // namespace

Status viommu_alloc(UserCall &call, iommu_viommu_alloc &cmd)
{
	ObjectTable &objects = call.context().objects();

	if (cmd.flags || cmd.__reserved)
		return fail(Errno::kOpNotSupp, "unknown flag, or a reserved field that is not 0");
	if (cmd.type == IOMMU_VIOMMU_TYPE_DEFAULT)
		return fail(Errno::kOpNotSupp, "no such type");
	TRY_LET(device, objects.get<Device>(ObjectId(cmd.dev_id)));
	TRY_LET(viommu, Viommu::create(call.context(), *device, ObjectId(cmd.hwpt_id), cmd.type,
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

Status veventq_alloc(UserCall &call, iommu_veventq_alloc &cmd)
{
	if (cmd.flags || cmd.__reserved)
		return fail(Errno::kOpNotSupp, "unknown flag, or a reserved field that is not 0");
	if (cmd.type == IOMMU_VEVENTQ_TYPE_DEFAULT)
		return fail(Errno::kOpNotSupp, "no such type");
	if (!cmd.veventq_depth || cmd.veventq_depth > kMostEvents)
		return fail(Errno::kInval, "the depth is 0 or absurd");
	TRY_LET(viommu, call.context().objects().get<Viommu>(ObjectId(cmd.viommu_id)));
	TRY_LET(queue, Veventq::create(call.context(), *viommu, cmd.type, cmd.veventq_depth));
	return publish_with_file(call, cmd, std::move(queue), cmd.out_veventq_id, cmd.out_veventq_fd,
				 kx_event_file_create);
}

Status hw_queue_alloc(UserCall &call, iommu_hw_queue_alloc &cmd)
{
	if (cmd.flags)
		return fail(Errno::kOpNotSupp, "unknown flag");
	if (cmd.type == IOMMU_HW_QUEUE_TYPE_DEFAULT)
		return fail(Errno::kOpNotSupp, "no such type");
	if (!cmd.length)
		return fail(Errno::kInval, "length is 0");
	TRY_LET(memory, base::checked_range(base::Iova(cmd.nesting_parent_iova), cmd.length));
	TRY_LET(viommu, call.context().objects().get<Viommu>(ObjectId(cmd.viommu_id)));
	kern::Guard guard(viommu->hw_queues_lock());
	TRY_LET(queue, HwQueue::create(call.context(), *viommu, cmd.type, cmd.index, memory));
	cmd.out_hw_queue_id = queue->id().raw();
	TRY(call.respond(cmd));
	HwQueue::publish(std::move(queue));
	return {};
}

} // namespace iommufd
