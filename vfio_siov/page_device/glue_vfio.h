/* SPDX-License-Identifier: GPL-2.0-only */
/* What a driver's vfio_device_ops call for a slice that is a page device; results are those operations'. All of them
 * may sleep, and take the device's lock.
 */
#pragma once
#include <linux/vfio.h>

#include "vfio_siov/page_device/glue.h"

/* They move the offset on by what was done. */
ssize_t pd_vfio_read(struct pd_device *device, char __user *buf, size_t count, loff_t *offset);
ssize_t pd_vfio_write(struct pd_device *device, const char __user *buf, size_t count, loff_t *offset);
/* GET_INFO, GET_REGION_INFO, GET_IRQ_INFO, SET_IRQS and RESET; ENOTTY: another */
long pd_vfio_ioctl(struct pd_device *device, unsigned int cmd, unsigned long arg);
/* BUS_MASTER and, to GET, DMA_BUF; ENOTTY: another */
int pd_vfio_feature(struct pd_device *device, u32 flags, void __user *arg, size_t argsz);
