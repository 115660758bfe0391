// SPDX-License-Identifier: GPL-2.0-only
/* <linux/vfio.h>, <linux/iommufd.h>, <linux/pci.h>: the fields and calls that the library's rules (slice.cpp) need, its
 * exported functions, and the module.
 */
#define pr_fmt(fmt) "vfio_siov: " fmt
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/ratelimit.h>

#include "vfio_siov/glue.h"
#include "include/linux/iommufd_pasid.h"

static struct vfio_siov_device *slice_of(struct vfio_device *vdev)
{
	return container_of(vdev, struct vfio_siov_device, vdev);
}

bool sx_parent_has_driver(struct device *parent)
{
	return parent->driver;
}

/* As each bus's dma_configure looks at it */
bool sx_parent_dma_is_users(struct device *parent)
{
	if (dev_is_pci(parent))
		return to_pci_driver(parent->driver)->driver_managed_dma;
	return dev_is_platform(parent) && to_platform_driver(parent->driver)->driver_managed_dma;
}

unsigned int sx_parent_max_pasids(struct device *parent)
{
	return parent->iommu ? parent->iommu->max_pasids : 0;
}

bool sx_parent_pasids_enabled(struct device *parent)
{
	return !dev_is_pci(parent) || to_pci_dev(parent)->pasid_enabled;
}

void sx_parent_refused(struct device *parent, const char *why)
{
	dev_err(parent, pr_fmt("no slices: %s\n"), why);
}

struct device *sx_parent(const struct vfio_siov_device *slice)
{
	return slice->parent;
}

unsigned int sx_pasid(const struct vfio_siov_device *slice)
{
	return slice->pasid;
}

bool sx_has_our_ops(const struct vfio_siov_device *slice)
{
	const struct vfio_device_ops *ops = slice->vdev.ops;

	return ops->bind_iommufd == vfio_siov_bind_iommufd && ops->unbind_iommufd == vfio_siov_unbind_iommufd &&
	       ops->attach_ioas == vfio_siov_attach_ioas && ops->detach_ioas == vfio_siov_detach_ioas &&
	       ops->open_device;
}

bool sx_cdev_opened(const struct vfio_siov_device *slice)
{
	return slice->vdev.cdev_opened;
}

struct iommufd_device *sx_idev(const struct vfio_siov_device *slice)
{
	return slice->vdev.iommufd_device;
}

void sx_set_idev(struct vfio_siov_device *slice, struct iommufd_device *idev)
{
	slice->vdev.iommufd_device = idev;
}

bool sx_attached(const struct vfio_siov_device *slice)
{
	return slice->vdev.iommufd_attached;
}

void sx_set_attached(struct vfio_siov_device *slice, bool attached)
{
	slice->vdev.iommufd_attached = attached;
}

const struct iommufd_pause_ops *sx_pause_ops(const struct vfio_siov_device *slice)
{
	return slice->pause;
}

void *sx_pause_data(const struct vfio_siov_device *slice)
{
	return slice->pause_data;
}

struct vfio_siov_pause *sx_last_pause(struct vfio_siov_device *slice)
{
	return &slice->last;
}

int sx_bind_pasid(struct iommufd_ctx *ictx, struct device *parent, unsigned int pasid, struct iommufd_device **idev,
		  unsigned int *id)
{
	*idev = iommufd_device_bind_pasid(ictx, parent, pasid, id);
	return PTR_ERR_OR_ZERO(*idev);
}

/* "Emulated": the slice has no IOMMU group of its own, and VFIO neither claims one nor enforces anything of it. */
int sx_register(struct vfio_siov_device *slice)
{
	return vfio_register_emulated_iommu_dev(&slice->vdev);
}

unsigned long long sx_now_ns(void)
{
	return ktime_get_ns();
}

void sx_log_pause(struct vfio_siov_device *slice, unsigned int us)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);

	if (__ratelimit(&limit))
		dev_printk(KERN_DEBUG, slice->vdev.dev, pr_fmt("DMA was held for %u us by a replace\n"), us);
}

int vfio_siov_check_parent(struct device *parent)
{
	return siov_check_parent(parent);
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_check_parent, IOMMUFD);

int vfio_register_pasid_iommu_dev(struct vfio_siov_device *slice)
{
	return siov_register(slice);
}
EXPORT_SYMBOL_NS_GPL(vfio_register_pasid_iommu_dev, IOMMUFD);

void vfio_unregister_pasid_iommu_dev(struct vfio_siov_device *slice)
{
	vfio_unregister_group_dev(&slice->vdev);
}
EXPORT_SYMBOL_NS_GPL(vfio_unregister_pasid_iommu_dev, IOMMUFD);

int vfio_siov_bind_iommufd(struct vfio_device *vdev, struct iommufd_ctx *ictx, unsigned int *id)
{
	lockdep_assert_held(&vdev->dev_set->lock);
	return siov_bind(slice_of(vdev), ictx, id);
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_bind_iommufd, IOMMUFD);

void vfio_siov_unbind_iommufd(struct vfio_device *vdev)
{
	lockdep_assert_held(&vdev->dev_set->lock);
	siov_unbind(slice_of(vdev));
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_unbind_iommufd, IOMMUFD);

int vfio_siov_attach_ioas(struct vfio_device *vdev, unsigned int *pt_id)
{
	lockdep_assert_held(&vdev->dev_set->lock);
	return siov_attach(slice_of(vdev), pt_id);
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_attach_ioas, IOMMUFD);

void vfio_siov_detach_ioas(struct vfio_device *vdev)
{
	lockdep_assert_held(&vdev->dev_set->lock);
	siov_detach(slice_of(vdev));
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_detach_ioas, IOMMUFD);

int vfio_siov_open_device(struct vfio_device *vdev)
{
	lockdep_assert_held(&vdev->dev_set->lock);
	return siov_open(slice_of(vdev));
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_open_device, IOMMUFD);

unsigned int vfio_siov_last_pause_us(const struct vfio_siov_device *slice)
{
	return READ_ONCE(slice->last.last_us);
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_last_pause_us, IOMMUFD);

MODULE_DESCRIPTION("iommufd-cxx: slices of a PCI function, told apart by PASIDs, as VFIO devices");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IOMMUFD);
