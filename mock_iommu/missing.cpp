// SPDX-License-Identifier: GPL-2.0-only
// What iommufd does not export yet; whoever adds an export deletes its line here.
#include "base/result.hpp"
#include "mock_iommu/driver_api.hpp"

namespace {

constexpr int kNotThere = base::Error(base::Errno::kOpNotSupp, "not there yet").to_errno();

} // namespace

int iommufd_viommu_report_event(iommufd_viommu *, unsigned, const void *, unsigned long) { return kNotThere; }
int iommufd_viommu_alloc_mmap(iommufd_viommu *, unsigned long long, unsigned long, bool, unsigned long *)
{
	return kNotThere;
}
void iommufd_viommu_destroy_mmap(iommufd_viommu *, unsigned long) {}
int iommufd_hw_queue_depend(iommufd_hw_queue *, iommufd_hw_queue *) { return kNotThere; }
void iommufd_hw_queue_undepend(iommufd_hw_queue *, iommufd_hw_queue *) {}
