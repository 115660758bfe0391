// SPDX-License-Identifier: GPL-2.0-only
// Calls that the table has and that nothing carries out.
#include "iommufd/ioctl.hpp"

namespace iommufd {

// No device without an IOMMU is bound, so no IOAS is one's.
Status ioas_noiommu_get_pa(UserCall &, iommu_ioas_noiommu_get_pa &)
{
	return fail(Errno::kOpNotSupp, "devices without an IOMMU are not served");
}

} // namespace iommufd
