// SPDX-License-Identifier: GPL-2.0-only
// A vIOMMU as far as HWPTs need to know it: what a guest's IOMMU is made of is in vdevice/, which is built on this.
#pragma once
#include "iommufd/hwpt.hpp"

namespace iommufd {

// A call's array of invalidations, in the caller's memory.
struct Invalidations {
	u32 type;
	base::UserVa entries;
	u32 entry_length; // bytes
	u32 count;        // in: of entries; out: of those that were done
};

class VirtualIommu : public Object {
public:
	static const ObjectType kType = ObjectType::kViommu;

	// The guest's memory.
	virtual HwptPaging &parent() = 0;
	// A nested domain for `device`. EINVAL: the device is behind another IOMMU; EOPNOTSUPP: unknown flag, no data,
	// or an IOMMU driver without nesting; and what the driver says of the data. Context: may sleep.
	virtual Result<kern::Domain> alloc_nested_domain(Device &device, const HwptSpec &spec) = 0;
	// EOPNOTSUPP: the IOMMU driver has none; else what it says. Context: may sleep.
	virtual Status invalidate(Invalidations &invalidations) = 0;

protected:
	VirtualIommu() : Object(kType) {}
};

} // namespace iommufd
