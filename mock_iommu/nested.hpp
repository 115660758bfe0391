// SPDX-License-Identifier: GPL-2.0-only
// A nested domain: the user gives the first stage, of which the mock knows four IOTLB entries and no table. On a vIOMMU
// it is the guest's, and whoever attaches needs a number there (a vDEVICE).
#pragma once
#include "kern/opaque.hpp"
#include "mock_iommu/glue.h"
#include "mock_iommu/slots.hpp"

namespace mock {

class NestedDomain {
public:
	// viommu: null, or it stays as long as the domain, which iommufd sees to.
	NestedDomain(u32 iotlb, iommufd_viommu *viommu) : viommu_(viommu), iotlb_(iotlb)
	{
		mx_nested_domain_init(domain_.get());
	}

	static NestedDomain &of(iommu_domain *d) { return *reinterpret_cast<NestedDomain *>(d); }
	iommu_domain *kernel() { return domain_.get(); }

	iommufd_viommu *viommu() const { return viommu_; }
	Slots &iotlb() { return iotlb_; }
	// The vIOMMU of a domain of any kind, or null.
	static iommufd_viommu *viommu_of(iommu_domain *d) { return d && mx_is_nested(d) ? of(d).viommu() : nullptr; }

private:
	kern::Opaque<iommu_domain, KX_SIZE_iommu_domain, KX_ALIGN_iommu_domain> domain_; // first, for of()
	iommufd_viommu *const viommu_;
	Slots iotlb_;
};

// What the kernel (without) and iommufd (with a vIOMMU) ask for. EOPNOTSUPP: flags but for PASID, or data of another
// type; EINVAL, EFAULT: the data; ENOMEM.
base::Result<iommu_domain *> alloc_nested(iommufd_viommu *viommu, u32 flags, const iommu_user_data *data);

} // namespace mock
