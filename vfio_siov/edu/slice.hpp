// SPDX-License-Identifier: GPL-2.0-only
// A slice: one ADI with a PASID, shown to its owner as a PCI device (vfio_siov/page_device).
//
// Its life: created (ADI and PASID are taken, the ADI is off), opened (page and interrupt are the owner's), closed (the
// ADI is off and clean again; may be opened by somebody else), destroyed. Revoked, while it is open: the owner did not
// give it back in time; DMA, mapping and calls end, and what is left to the owner is to close it.
//
// PageDevice::lock_ guards all but what page_lock_ does; ADI waits happen under it.
// page_lock_ guards revoked_ against page faults: taken under the owner's mmap lock, a leaf.
#pragma once
#define IOMMUFD_CXX_KERNEL
#include "include/linux/iommu_pasid_alloc.h"
#include "vfio_siov/edu/function.hpp"
#include "vfio_siov/page_device/page_device.hpp"

namespace edu {

class Slice final : public page_device::PageDevice {
public:
	// EUSERS: no ADI is free; ENOMEM; what iommu_pasid_alloc() returns (ENOSPC)
	static Result<kern::Box<Slice>> create(edu_vdev *vdev, Function &function, iommu_pasid_consumer *pasids);

	Slice(edu_vdev *vdev, Function &function, AdiIndex adi, iommu_pasid_consumer *pasids);
	~Slice() override;

	u32 pasid() const { return pasid_.raw(); }
	u32 adi() const { return adi_.index().raw(); }

	// EIO: the ADI does not stop; what request_irq() returned
	Status open();
	void close();
	// VFIO wants it back. The owner is asked once, if he said how, and has until the next call.
	void request(u32 count);

	// ETIMEDOUT: it did not end, and the slice goes on.
	Status pause();
	void resume();
	u32 delay_us() const { return adi_.delay_us(); }
	void set_delay_us(u32 us) { adi_.set_delay_us(us); }

	// Faults come between these two; false: there is no page any more.
	bool begin_fault()
	{
		page_lock_.lock();
		return !revoked_;
	}
	void end_fault() { page_lock_.unlock(); }
	bool revoked() override;

private:
	void revoke();
	void read_page(u32 offset, std::span<u8> to) override;
	void write_page(u32 offset, std::span<const u8> from) override;
	Status let_dma(bool on) override;
	Status reset_page() override;
	Result<int> export_page(u32 offset, u32 length, u32 open_flags, bool usable) override;
	void allow_exports(bool usable) override;
	u32 page_offset(u32 offset) const;

	edu_vdev *vdev_;
	iommu_pasid_consumer *pasids_;
	kern::Mutex page_lock_;
	Adi adi_;
	Pasid pasid_;
	bool open_ = false;
	bool revoked_ = false;
};

} // namespace edu
