// SPDX-License-Identifier: GPL-2.0-only
// A mock device: a platform device behind the mock IOMMU, which does no DMA but what a test plays.
#pragma once
#include "base/result.hpp"
#include "kern/opaque.hpp"
#include "kern/sync.hpp"
#include "mock_iommu/glue.h"

namespace mock {

class Device {
	kern::Opaque<platform_device, KX_SIZE_platform_device, KX_ALIGN_platform_device> pdev_; // first, for of()

public:
	// Made and added; flags: MOCK_FLAGS_DEVICE_*. EINVAL for an unknown one, ENOMEM, ENODEV. Gone with drop().
	static base::Result<Device *> create(u32 flags);
	static Device &of(device *dev) { return *reinterpret_cast<Device *>(mx_pdev_of(dev)); }

	Device(u32 flags, u32 number);
	~Device();

	device *kernel() { return mx_device_of(pdev_.get()); }
	bool has(u32 flag) const { return flags_ & flag; }
	bool tracks_dirty() const;
	// Takes it off the bus; whoever else has a reference delays its end.
	void drop();

	// A fault is reported under the shared side; attachments change under the other, so that a fault finds
	// either the old one or the new one whole.
	kern::RwSem attach_lock_;

private:
	const u32 flags_, number_;
};

} // namespace mock
