// SPDX-License-Identifier: GPL-2.0-only
// GET_HW_INFO: what the IOMMU in front of a device can do.
#include "iommufd/context.hpp"
#include "iommufd/device.hpp"
#include "iommufd/driver_ops.hpp"
#include "iommufd/ioctl.hpp"
#include "iommufd/planted.hpp"

namespace iommufd {

namespace {

// The driver's structure, from its allocation to the end of the call.
struct HwInfo {
	void *data = nullptr;
	u32 type = 0, length = 0; // bytes

	HwInfo() = default;
	HwInfo(const HwInfo &) = delete;
	~HwInfo() { kx_free(data); }

	// `wanted`: a type, or DEFAULT for whatever there is. Only a driver that has registered with us hears of it.
	Status ask(device *dev, u32 wanted)
	{
		const iommufd_driver *driver = registered_driver(dev);
		type = wanted;
		const int rc = driver && driver->hw_info
				       ? kx_driver_hw_info(driver->hw_info, dev, &type, &length, &data)
				       : kx_device_hw_info(dev, &type, &length, &data);
		TRY(base::check(rc, "the IOMMU driver gives no information"));
		if (WARN_ON(data && type == IOMMU_HW_INFO_TYPE_NONE))
			return fail(Errno::kOpNotSupp, "the IOMMU driver gives information of no type");
		if (wanted != IOMMU_HW_INFO_TYPE_DEFAULT && type != wanted)
			return fail(Errno::kOpNotSupp, "this IOMMU has no information of the wanted type");
		return {};
	}
	// As much as there is room for, and zeros behind it.
	Status copy_out(base::UserVa to, u32 room) const
	{
		const u32 copied = planted(PlantedBug::kAllTheRoom) ? room : base::min(room, length);
		if (copied)
			TRY(kern::copy_to_user(to, data, copied));
		if (copied < room)
			TRY(kern::clear_user(to + copied, room - copied));
		return {};
	}
};

void report_pasids(device *dev, iommu_hw_info &cmd)
{
	cmd.out_max_pasid_log2 = 0;
	const u32 pasids = kx_device_max_pasids(dev);
	if (!pasids)
		return;
	cmd.out_max_pasid_log2 = std::bit_width(pasids) - 1;
	if (kx_device_pasid_exec(dev))
		cmd.out_capabilities |= IOMMU_HW_CAP_PCI_PASID_EXEC;
	if (kx_device_pasid_priv(dev))
		cmd.out_capabilities |= IOMMU_HW_CAP_PCI_PASID_PRIV;
}

} // namespace

Status get_hw_info(UserCall &call, iommu_hw_info &cmd)
{
	HwInfo info;

	if (cmd.flags & ~IOMMU_HW_INFO_FLAG_INPUT_TYPE)
		return fail(Errno::kOpNotSupp, "unknown flag");
	for (u8 reserved : cmd.__reserved)
		if (reserved)
			return fail(Errno::kOpNotSupp, "a reserved field is not 0");
	TRY_LET(device, call.context().objects().get<Device>(ObjectId(cmd.dev_id)));
	const u32 wanted =
		cmd.flags & IOMMU_HW_INFO_FLAG_INPUT_TYPE ? cmd.in_data_type : u32{IOMMU_HW_INFO_TYPE_DEFAULT};
	TRY(info.ask(device->dev(), wanted));
	TRY(info.copy_out(base::UserVa(cmd.data_uptr), cmd.data_len));

	cmd.data_len = info.length;
	cmd.out_data_type = info.type;
	cmd.out_capabilities = 0;
	if (device->can_track_dirty())
		cmd.out_capabilities |= IOMMU_HW_CAP_DIRTY_TRACKING;
	if (!kx_device_ats_supported(device->dev()))
		cmd.out_capabilities |= IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED;
	report_pasids(device->dev(), cmd);
	return call.respond(cmd);
}

} // namespace iommufd
