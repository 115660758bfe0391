// SPDX-License-Identifier: GPL-2.0-only
#include "fake/siov.hpp"

#include "fake/iommu.hpp"
#include "fake/sync.hpp"
#include "iommufd/pasid_api.hpp"

namespace fake {

namespace {

Parent the_parent;
Lock exports_lock{"vfio_siov exports", false, false, 0};

} // namespace

Parent &parent() { return the_parent; }
void reset_parent() { the_parent = {}; }

} // namespace fake

bool sx_parent_has_driver(device *) { return fake::parent().has_driver; }
bool sx_parent_dma_is_users(device *) { return fake::parent().dma_is_users; }
unsigned int sx_parent_max_pasids(device *parent) { return parent->max_pasids; }
bool sx_parent_pasids_enabled(device *) { return fake::parent().pasids_enabled; }
void sx_parent_refused(device *, const char *why) { fake::parent().refused = why; }

device *sx_parent(const vfio_siov_device *slice) { return slice->parent; }
unsigned int sx_pasid(const vfio_siov_device *slice) { return slice->pasid; }
bool sx_has_our_ops(const vfio_siov_device *slice) { return slice->our_ops; }
bool sx_cdev_opened(const vfio_siov_device *slice) { return slice->cdev_opened; }
iommufd_device *sx_idev(const vfio_siov_device *slice) { return slice->idev; }
void sx_set_idev(vfio_siov_device *slice, iommufd_device *idev) { slice->idev = idev; }
bool sx_attached(const vfio_siov_device *slice) { return slice->attached; }
void sx_set_attached(vfio_siov_device *slice, bool attached) { slice->attached = attached; }
const iommufd_pause_ops *sx_pause_ops(const vfio_siov_device *slice) { return slice->pause; }
void *sx_pause_data(const vfio_siov_device *slice) { return slice->pause_data; }
vfio_siov_pause *sx_last_pause(vfio_siov_device *slice) { return &slice->last; }

int sx_bind_pasid(iommufd_ctx *ictx, device *parent, unsigned int pasid, iommufd_device **idev, unsigned int *id)
{
	*idev = iommufd_device_bind_pasid(ictx, parent, pasid, id);
	const auto value = reinterpret_cast<std::intptr_t>(*idev);
	return value < 0 && value >= -4095 ? static_cast<int>(value) : 0;
}

int sx_register(vfio_siov_device *slice)
{
	slice->registered = !fake::parent().register_error;
	return fake::parent().register_error;
}

unsigned long long sx_now_ns(void) { return fake::parent().now_ns; }
void sx_log_pause(vfio_siov_device *, unsigned int) {}

bool sx_emulated_has_our_ops(const vfio_device *vdev) { return vdev->our_ops; }
bool sx_emulated_cdev_opened(const vfio_device *vdev) { return vdev->cdev_opened; }
bool sx_emulated_bound(const vfio_device *vdev) { return vdev->bound; }

int sx_emulated_register(vfio_device *vdev)
{
	vdev->registered = !vdev->error;
	return vdev->error;
}

int sx_emulated_attach(vfio_device *vdev, unsigned int *ioas)
{
	if (!vdev->error)
		vdev->ioas = *ioas;
	return vdev->error;
}

void sx_exports_lock() { fake::take_lock(fake::exports_lock, false); }
void sx_exports_unlock() { fake::drop_lock(fake::exports_lock, false); }
