// SPDX-License-Identifier: GPL-2.0-only
// Port: where a device meets its domain. For a physical device that is its IOMMU group (Group), for a slice and for
// each further PASID it is {device, PASID} (PasidPort).
#pragma once
#include "iommufd/hwpt.hpp"

namespace iommufd {

class Device;

class Port {
public:
	Port(const Port &) = delete;

	// EINVAL when it is attached to something else or the driver finds the domain unsuitable, EADDRINUSE when a
	// reserved region of the device is mapped. Context: may sleep, under the Ioas' lock or none.
	virtual Status attach(Device &device, Hwpt &hwpt) = 0;
	// Moves over to `hwpt`. Returns the hold on the old one (none if there was no change). EINVAL when nothing is
	// attached. On failure nothing has changed.
	virtual Result<Hold<Hwpt>> replace(Device &device, Hwpt &hwpt) = 0;
	// Returns the hold on the HWPT, which the caller lets go after all locks; none if nothing was attached.
	virtual Hold<Hwpt> detach(Device &device) = 0;

protected:
	Port() = default;
	~Port() = default;
};

} // namespace iommufd
