// SPDX-License-Identifier: GPL-2.0-only
// A software slice, shown to its owner as a slice of siov-edu is (vfio_siov/edu/slice.hpp): the same configuration
// space, regions and interrupt, but BAR 0 cannot be mapped.
//
// lock_ guards all but the ADI's own state. It is taken within VFIO's device set lock, and the work item never takes
// it.
#pragma once
#include "base/result.hpp"
#include "vfio_siov/edu/config_space.hpp"
#include "vfio_siov/soft/adi.hpp"

namespace soft {

using base::Status;

class Slice {
public:
	explicit Slice(soft_vdev *vdev);

	Adi &adi() { return adi_; }

	// ENODEV, here and below: revoked
	Status open();
	void close();
	// VFIO wants it back. The owner is asked once, if he said how, and has until the next call.
	void request(u32 count);
	// Nothing is written to memory, and no interrupt comes, after it has returned.
	Status reset();
	// Off: the command that runs is let through first.
	Status set_bus_master(bool on);

	// One access to a region, at most 8 naturally aligned bytes, within the region. EINVAL: of 1 or 2 bytes to
	// registers
	Status read(u32 region, u32 offset, std::span<u8> to);
	Status write(u32 region, u32 offset, std::span<const u8> from);
	Status set_irqs(const edu_irq_set &set);

private:
	Status check_usable();
	Status set_msix(const edu_irq_set &set, bool trigger, edu::EventFd eventfd);

	soft_vdev *vdev_;
	kern::Mutex lock_;
	Adi adi_;
	edu::ConfigSpace config_;
	edu::MsixPage msix_;
	edu::EventFd request_;
	bool revoked_ = false;
};

} // namespace soft
