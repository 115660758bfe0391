// SPDX-License-Identifier: GPL-2.0-only
// Device memory; see device_memory.hpp.
#include "iommufd/device_memory.hpp"

namespace iommufd {

Status DeviceMemory::load(IndexRange range, bool, ReadAhead &, RunList &runs) const
{
	WARN_ON(!runs.append(first() + range.start.raw(), range.count()));
	return {};
}

Status DeviceMemory::copy(Pages &, const CopyRequest &, bool) const
{
	return fail(Errno::kInval, "kernel drivers do not access a device's memory");
}

} // namespace iommufd
