// SPDX-License-Identifier: GPL-2.0-only
// vfio_siov/glue.h: a slice as VFIO has it, and its parent as the driver core and the IOMMU have it.
#pragma once
#include "vfio_siov/glue.h"

struct vfio_siov_device {
	device *parent = nullptr;
	unsigned pasid = 0;
	bool our_ops = true;
	const iommufd_pause_ops *pause = nullptr;
	void *pause_data = nullptr;

	// VFIO's
	bool cdev_opened = false;
	bool attached = false;
	iommufd_device *idev = nullptr;
	bool registered = false;

	vfio_siov_pause last{};
};

// A slice that is emulated in software
struct vfio_device {
	bool our_ops = true;
	int error = 0; // what VFIO answers

	bool cdev_opened = false;
	bool bound = false;
	bool registered = false;
	unsigned ioas = 0; // that it is attached to
};

namespace fake {

struct Parent {
	bool has_driver = true;
	bool dma_is_users = false;
	bool pasids_enabled = true;
	const char *refused = nullptr; // what the log says
	int register_error = 0;        // what VFIO answers
	unsigned long long now_ns = 0;
};

Parent &parent();
void reset_parent();

} // namespace fake
