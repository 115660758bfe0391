// SPDX-License-Identifier: GPL-2.0-only
// Who may use a slice, of either kind: by its cdev, with an iommufd.
#pragma once
#include "base/result.hpp"

namespace siov {

// To be asked in attach. EPERM
inline base::Status check_by_cdev(bool by_cdev)
{
	if (!by_cdev)
		return base::fail(base::Errno::kPerm, "a slice is used by its cdev, not by a VFIO group");
	return {};
}

// To be asked in open. EPERM
inline base::Status check_with_iommufd(bool bound)
{
	if (!bound)
		return base::fail(base::Errno::kPerm, "a slice is used with an iommufd, not with a VFIO container");
	return {};
}

} // namespace siov
