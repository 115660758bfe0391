// SPDX-License-Identifier: GPL-2.0-only
/* <linux/vfio.h>: what the library does for slices that are emulated in software (emulated.cpp). */
#include <linux/iommufd.h>
#include <linux/module.h>

#include "vfio_siov/glue.h"

bool sx_emulated_has_our_ops(const struct vfio_device *vdev)
{
	const struct vfio_device_ops *ops = vdev->ops;

	return ops->bind_iommufd == vfio_siov_emulated_bind_iommufd &&
	       ops->unbind_iommufd == vfio_siov_emulated_unbind_iommufd &&
	       ops->attach_ioas == vfio_siov_emulated_attach_ioas &&
	       ops->detach_ioas == vfio_siov_emulated_detach_ioas && ops->open_device;
}

bool sx_emulated_cdev_opened(const struct vfio_device *vdev)
{
	return vdev->cdev_opened;
}

bool sx_emulated_bound(const struct vfio_device *vdev)
{
	return vdev->iommufd_access;
}

int sx_emulated_register(struct vfio_device *vdev)
{
	return vfio_register_emulated_iommu_dev(vdev);
}

int sx_emulated_attach(struct vfio_device *vdev, unsigned int *ioas)
{
	return vfio_iommufd_emulated_attach_ioas(vdev, ioas);
}

int vfio_register_emulated_slice(struct vfio_device *vdev)
{
	return siov_emulated_register(vdev);
}
EXPORT_SYMBOL_NS_GPL(vfio_register_emulated_slice, IOMMUFD);

void vfio_unregister_emulated_slice(struct vfio_device *vdev)
{
	vfio_unregister_group_dev(vdev);
}
EXPORT_SYMBOL_NS_GPL(vfio_unregister_emulated_slice, IOMMUFD);

int vfio_siov_emulated_bind_iommufd(struct vfio_device *vdev, struct iommufd_ctx *ictx, unsigned int *id)
{
	return vfio_iommufd_emulated_bind(vdev, ictx, id);
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_emulated_bind_iommufd, IOMMUFD);

void vfio_siov_emulated_unbind_iommufd(struct vfio_device *vdev)
{
	vfio_iommufd_emulated_unbind(vdev);
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_emulated_unbind_iommufd, IOMMUFD);

int vfio_siov_emulated_attach_ioas(struct vfio_device *vdev, unsigned int *ioas)
{
	return siov_emulated_attach(vdev, ioas);
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_emulated_attach_ioas, IOMMUFD);

void vfio_siov_emulated_detach_ioas(struct vfio_device *vdev)
{
	vfio_iommufd_emulated_detach_ioas(vdev);
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_emulated_detach_ioas, IOMMUFD);

int vfio_siov_emulated_open_device(struct vfio_device *vdev)
{
	return siov_emulated_open(vdev);
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_emulated_open_device, IOMMUFD);
