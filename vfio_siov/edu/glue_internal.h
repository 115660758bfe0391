/* SPDX-License-Identifier: GPL-2.0-only */
/* What the C files of siov_edu.ko share: the structures that the kernel's own are part of. */
#pragma once
#include <linux/mdev.h>
#include <linux/pci.h>

#include "include/linux/iommufd_pasid.h"
#include "include/linux/vfio_siov.h"
#include "include/uapi/linux/siov_edu.h"
#include "vfio_siov/edu/glue.h"

struct edu_parent {
	struct pci_dev *pdev;
	void __iomem *bar;
	struct edu_function *function;
	struct iommu_pasid_consumer *pasids;
	struct mdev_parent mdev;
	struct mdev_type type, *types[1];
};

struct edu_vdev {
	struct vfio_siov_device siov; /* first */
	struct edu_parent *parent;
	struct edu_slice *slice;
	struct dentry *debug;
};

extern const struct vfio_device_ops edu_vfio_ops;
extern struct mdev_driver edu_mdev_driver;

int edu_mdev_init(void);
void edu_mdev_exit(void);
