// SPDX-License-Identifier: GPL-2.0-only
// The library's rules for slices that are emulated in software: those of slice.cpp, without a parent and a PASID. The
// iommufd object behind one is an access, which VFIO makes and keeps (vfio_device::iommufd_access, guarded by VFIO's
// device set lock, as is whether it is attached).
#include "base/result.hpp"
#include "kern/log.hpp"
#include "vfio_siov/glue.h"
#include "vfio_siov/opener.hpp"

namespace {

using base::check;
using base::Errno;
using base::fail;
using base::Status;

Status register_emulated(vfio_device *vdev)
{
	if (!sx_emulated_has_our_ops(vdev))
		return fail(Errno::kInval, "the slice has other operations than vfio_siov's");
	return check(sx_emulated_register(vdev), "VFIO refused the slice");
}

// An access of a group's opener would do no harm; slices are to be the same for their owners, though.
Status attach(vfio_device *vdev, unsigned *ioas)
{
	TRY(siov::check_by_cdev(sx_emulated_cdev_opened(vdev)));
	return check(sx_emulated_attach(vdev, ioas), "iommufd did not attach the slice");
}

} // namespace

int siov_emulated_register(vfio_device *vdev)
{
	return kern::to_errno("registration of a slice", register_emulated(vdev));
}

int siov_emulated_attach(vfio_device *vdev, unsigned *ioas)
{
	return kern::to_errno("VFIO_DEVICE_ATTACH_IOMMUFD_PT", attach(vdev, ioas));
}

int siov_emulated_open(vfio_device *vdev)
{
	return kern::to_errno("opening a slice", siov::check_with_iommufd(sx_emulated_bound(vdev)));
}
