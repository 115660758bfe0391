// SPDX-License-Identifier: GPL-2.0-only
// The driver's structure behind one of our objects. It begins with a structure of <linux/iommufd_driver.h>, and is as
// long as the driver says.
#pragma once
#include "iommufd/driver_api.hpp"
#include "iommufd/object.hpp"

namespace iommufd::vdevice {

template <typename Base> class DriverPart {
public:
	DriverPart() = default;
	// `size` in bytes. EOPNOTSUPP when the driver forgets that its structure holds ours, ENOMEM.
	static Result<DriverPart> alloc(unsigned long size)
	{
		if (WARN_ON(size < sizeof(Base)))
			return fail(Errno::kOpNotSupp, "the IOMMU driver's structure is too small");
		DriverPart part(size);
		if (!part.bytes_)
			return fail(Errno::kNoMem, "out of memory for the IOMMU driver's structure");
		return part;
	}

	Base *get() const { return reinterpret_cast<Base *>(bytes_.get()); }
	Base *operator->() const { return get(); }

private:
	explicit DriverPart(unsigned long size) : bytes_(size) {}
	kern::Array<u8> bytes_;
};

} // namespace iommufd::vdevice
