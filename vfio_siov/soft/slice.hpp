// SPDX-License-Identifier: GPL-2.0-only
// A software slice, shown to its owner as a slice of siov-edu is (vfio_siov/page_device), but BAR 0 cannot be mapped.
//
// PageDevice::lock_ guards all but the ADI's own state; the work item never takes it.
#pragma once
#include "vfio_siov/page_device/page_device.hpp"
#include "vfio_siov/soft/adi.hpp"

namespace soft {

using base::Status;

class Slice final : public page_device::PageDevice {
public:
	explicit Slice(soft_vdev *vdev);

	Adi &adi() { return adi_; }

	// ENODEV: revoked
	Status open();
	void close();
	// VFIO wants it back. The owner is asked once, if he said how, and has until the next call.
	void request(u32 count);

private:
	void stop();
	bool revoked() override;
	void read_page(u32 offset, std::span<u8> to) override;
	void write_page(u32 offset, std::span<const u8> from) override;
	Status let_dma(bool on) override;
	// Nothing is written to memory after it has returned either.
	Status reset_page() override;

	soft_vdev *vdev_;
	Adi adi_;
	bool revoked_ = false;
};

} // namespace soft
