// SPDX-License-Identifier: GPL-2.0-only
// Calls that the table has and that nothing carries out.
#include "iommufd/ioctl.hpp"

namespace iommufd {

// No device without an IOMMU is bound, so no IOAS is one's.
Status ioas_noiommu_get_pa(UserCall &, iommu_ioas_noiommu_get_pa &)
{
	return fail(Errno::kOpNotSupp, "devices without an IOMMU are not served");
}

Status ioas_change_process(UserCall &, iommu_ioas_change_process &) { return fail(Errno::kNoTty, "not there yet"); }
Status viommu_alloc(UserCall &, iommu_viommu_alloc &) { return fail(Errno::kNoTty, "not there yet"); }
Status vdevice_alloc(UserCall &, iommu_vdevice_alloc &) { return fail(Errno::kNoTty, "not there yet"); }
Status veventq_alloc(UserCall &, iommu_veventq_alloc &) { return fail(Errno::kNoTty, "not there yet"); }
Status hw_queue_alloc(UserCall &, iommu_hw_queue_alloc &) { return fail(Errno::kNoTty, "not there yet"); }

} // namespace iommufd
