/* SPDX-License-Identifier: GPL-2.0-only */
/* What the C files of siov_soft.ko share: the structure that the kernel's own are part of. */
#pragma once
#include <linux/vfio.h>
#include <linux/workqueue.h>

#include "include/linux/vfio_siov.h"
#include "vfio_siov/soft/glue.h"

struct soft_vdev {
	struct vfio_device vdev; /* first */
	struct soft_slice *slice;
	struct work_struct work;
	int index;
	struct dentry *debug;
};

extern const struct vfio_device_ops soft_vfio_ops;

void soft_work(struct work_struct *work);
