/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What iommufd.ko offers beside the in-kernel API of 6.12's <linux/iommufd.h>: devices that are told apart by a PASID.
 * All functions are exported in the namespace IOMMUFD. They may sleep, and return 0 or a negative errno unless it says
 * otherwise. What IOMMU drivers register with iommufd is in <linux/iommufd_driver.h>.
 *
 * A slice is a part of a PCI function (the parent) whose DMA all carries one PASID, its default PASID. To user space
 * its object is a device like any other, and the functions that take a struct iommufd_device take it: attach, replace,
 * detach and unbind act on {parent, default PASID}.
 */
#ifndef _LINUX_IOMMUFD_PASID_H
#define _LINUX_IOMMUFD_PASID_H

#ifndef IOMMUFD_CXX_KERNEL
#include <linux/types.h>
#else
#include "bridge/bridge.h"
#endif

struct device;
struct iommufd_ctx;
struct iommufd_device;

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Puts the slice {parent, pasid} under the control of a context; *id becomes its object id. The caller is the parent's
 * driver, or acts for it: it has allocated the PASID, nobody else uses it, and the driver stays until
 * iommufd_device_unbind(). Nothing claims the parent's own DMA, which stays the driver's; but while slices are bound,
 * binding the parent itself fails with EBUSY. Returns an ERR_PTR() on failure:
 *   EINVAL   PASID 0 or one beyond the parent's width (PASIDs disabled: any); DMA that does not snoop the caches; a
 *            driver that leaves the parent's DMA to user space (driver_managed_dma)
 *   ENODEV   no IOMMU in front of the parent
 *   EPERM    the platform does not isolate MSIs, and allow_unsafe_interrupts is off
 *   EBUSY    the PASID is bound already, by any context; the parent itself belongs to a user
 *   ENOMEM
 */
struct iommufd_device *iommufd_device_bind_pasid(struct iommufd_ctx *ictx, struct device *parent, unsigned int pasid,
						 unsigned int *id);

/*
 * How to hold a slice's DMA, for a replace that the IOMMU cannot do in one step.
 *   pause   when it returns 0, all DMA that had started is over (or waits for a page response) and none starts, until
 *           resume; what the owner asks for meanwhile is queued. Bounded; an errno fails the replace, without resume.
 *   resume  goes on.
 * Both are called one after the other, and may sleep. They must not call iommufd, nor wait for a lock that is held
 * while iommufd is called.
 */
struct iommufd_pause_ops {
	int (*pause)(void *data);
	void (*resume)(void *data);
};

/*
 * For a slice that was just bound, before it is attached; EINVAL for a physical device. Without it, DMA that happens
 * during a replace in two steps is blocked.
 */
int iommufd_device_set_pause(struct iommufd_device *idev, const struct iommufd_pause_ops *ops, void *data);

/*
 * Further PASIDs of a device, each with an attachment of its own. The PASID belongs to the device from attach to
 * detach, and no longer than the device is bound. *pt_id: an IOAS or HWPT; becomes the HWPT's id. A slice's pause
 * serves its further PASIDs, too. Detaching a PASID that is not attached does nothing. Errors as for attach and replace
 * of the device, and
 *   EINVAL   PASID 0, one beyond the width; replace: the PASID is not attached; the HWPT was allocated neither with
 *            IOMMU_HWPT_ALLOC_PASID nor for a slice. Of a physical device also: an IOAS, or the device is attached to a
 *            HWPT that is not for PASIDs. As long as one is attached, its IOMMU group goes to no other (EINVAL there)
 *   EBUSY    the PASID is in use, by this device (its default PASID, for instance) or another
 */
int iommufd_device_attach_pasid(struct iommufd_device *idev, unsigned int pasid, unsigned int *pt_id);
int iommufd_device_replace_pasid(struct iommufd_device *idev, unsigned int pasid, unsigned int *pt_id);
void iommufd_device_detach_pasid(struct iommufd_device *idev, unsigned int pasid);

#ifdef __cplusplus
}
#endif

#endif /* _LINUX_IOMMUFD_PASID_H */
