// SPDX-License-Identifier: GPL-2.0-only
// The rules of the library: which parents, who may open, and what VFIO's bind and attach mean for a slice.
//
// VFIO calls bind, unbind, attach, detach and open under its device set lock, which guards the slice's iommufd_device
// and whether it is attached. iommufd calls pause and resume within attach, so under the same lock.
#define IOMMUFD_CXX_KERNEL
#include "base/result.hpp"
#include "bridge/api.h"
#include "include/linux/iommufd_pasid.h"
#include "kern/log.hpp"
#include "vfio_siov/glue.h"
#include "vfio_siov/opener.hpp"

namespace {

using base::check;
using base::Errno;
using base::fail;
using base::Status;

Status check_parent(device *parent)
{
	if (!sx_parent_has_driver(parent))
		return fail(Errno::kInval, "the parent has no driver");
	if (sx_parent_dma_is_users(parent))
		return fail(Errno::kInval, "its driver leaves the device's DMA to user space (driver_managed_dma)");
	if (!sx_parent_max_pasids(parent))
		return fail(Errno::kNoDev, "no IOMMU that offers PASIDs to this device");
	if (!sx_parent_pasids_enabled(parent))
		return fail(Errno::kNoDev, "the IOMMU has not enabled PASIDs in this device");
	return {};
}

Status register_slice(vfio_siov_device *slice)
{
	if (!sx_has_our_ops(slice))
		return fail(Errno::kInval, "the slice has other operations than vfio_siov's");
	if (!sx_pasid(slice))
		return fail(Errno::kInval, "PASID 0 is no slice's");
	return check(sx_register(slice), "VFIO refused the slice");
}

// What the parent driver does to hold DMA, with a clock around it.
int pause(void *data)
{
	auto *slice = static_cast<vfio_siov_device *>(data);
	sx_last_pause(slice)->started_ns = sx_now_ns();
	return sx_pause_ops(slice)->pause(sx_pause_data(slice));
}

void resume(void *data)
{
	auto *slice = static_cast<vfio_siov_device *>(data);
	sx_pause_ops(slice)->resume(sx_pause_data(slice));
	vfio_siov_pause *last = sx_last_pause(slice);
	// Rounded up, and 1 at least, also by a clock that ticks in milliseconds: 0 stands for "never".
	const u64 us = base::max<u64>((sx_now_ns() - last->started_ns + 999) / 1000, 1);
	__atomic_store_n(&last->last_us, static_cast<unsigned>(us), __ATOMIC_RELAXED);
	sx_log_pause(slice, static_cast<unsigned>(us));
}

constexpr iommufd_pause_ops kTimedPause = {.pause = pause, .resume = resume};

Status bind(vfio_siov_device *slice, iommufd_ctx *ictx, unsigned *id)
{
	iommufd_device *idev = nullptr;
	TRY(check(sx_bind_pasid(ictx, sx_parent(slice), sx_pasid(slice), &idev, id), "iommufd did not bind the slice"));
	if (sx_pause_ops(slice))
		iommufd_device_set_pause(idev, &kTimedPause, slice);
	sx_set_idev(slice, idev);
	return {};
}

// VFIO says cdev_opened only after the bind of the cdev, so that it tells the openers apart from then on. A group's
// bind is followed by its attach at once, and undone when that fails.
Status attach(vfio_siov_device *slice, unsigned *pt_id)
{
	TRY(siov::check_by_cdev(sx_cdev_opened(slice)));
	if (WARN_ON(!sx_idev(slice)))
		return fail(Errno::kInval, "the slice is not bound");
	TRY(check(sx_attached(slice) ? iommufd_device_replace(sx_idev(slice), pt_id)
				     : iommufd_device_attach(sx_idev(slice), pt_id),
		  "iommufd did not attach the slice"));
	sx_set_attached(slice, true);
	return {};
}

} // namespace

int siov_check_parent(device *parent)
{
	const Status status = check_parent(parent);
	if (!status)
		sx_parent_refused(parent, status.error().why());
	return status ? 0 : status.error().to_errno();
}

int siov_register(vfio_siov_device *slice)
{
	const int rc = siov_check_parent(sx_parent(slice));
	return rc ? rc : kern::to_errno("registration of a slice", register_slice(slice));
}

int siov_bind(vfio_siov_device *slice, iommufd_ctx *ictx, unsigned *id)
{
	return kern::to_errno("VFIO_DEVICE_BIND_IOMMUFD", bind(slice, ictx, id));
}

void siov_unbind(vfio_siov_device *slice)
{
	siov_detach(slice);
	iommufd_device_unbind(sx_idev(slice));
	sx_set_idev(slice, nullptr);
}

int siov_attach(vfio_siov_device *slice, unsigned *pt_id)
{
	return kern::to_errno("VFIO_DEVICE_ATTACH_IOMMUFD_PT", attach(slice, pt_id));
}

void siov_detach(vfio_siov_device *slice)
{
	if (!sx_attached(slice))
		return;
	iommufd_device_detach(sx_idev(slice));
	sx_set_attached(slice, false);
}

int siov_open(vfio_siov_device *slice)
{
	return kern::to_errno("opening a slice", siov::check_with_iommufd(sx_idev(slice)));
}
