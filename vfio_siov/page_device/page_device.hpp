// SPDX-License-Identifier: GPL-2.0-only
// A slice as its owner sees it: a PCI function with one page of registers, an emulated MSI-X page and one vector
// (docs/siov.md, "What the owner sees"). What is behind the page is up to who derives from it; both modules that do
// have second objects of this folder.
//
// lock_ guards it all, and what derives from it unless that says otherwise. It is taken within VFIO's device set lock.
#pragma once
#include <span>

#include "base/result.hpp"
#include "vfio_siov/page_device/config_space.hpp"
#include "vfio_siov/page_device/interrupt.hpp"

namespace page_device {

using base::Result;
using base::Status;

// How the owner gets to BAR 0
enum class Access : u32 {
	kTrapped = 0,
	kMapped = PD_REGION_MMAP,
};

class PageDevice {
public:
	virtual ~PageDevice();

	// As C has it
	pd_device *handle() { return reinterpret_cast<pd_device *>(this); }
	Interrupt &interrupt() { return interrupt_; }

	// EINVAL: no such region
	Result<pd_region_info> region(u32 index) const;

	// ENODEV, here and below: revoked.
	// One access to a region, at most 8 bytes, within the region. Registers of the page take 4 and 8 bytes,
	// naturally aligned, its buffer any power of two: else EINVAL.
	Status read(u32 region, u32 offset, std::span<u8> to);
	Status write(u32 region, u32 offset, std::span<const u8> from);

	// EINVAL: no such action; what eventfd_ctx_fdget() returned
	Status set_msix(const pd_irq_set &set);
	// How to ask the owner to give the slice back
	Status set_request(const pd_irq_set &set);

	// When it returns nothing old comes any more, neither DMA nor interrupt.
	Status reset();
	Status set_bus_master(bool on);

	// A descriptor of a dma-buf of `length` bytes of a region; see <uapi/linux/vfio_dma_buf.h>. EINVAL, ENODEV,
	// and what the export returns.
	Result<int> export_memory(u32 region, u64 offset, u64 length, u32 open_flags);

protected:
	PageDevice(kern::LockClass &lock, Access access) : lock_(lock), access_(access) {}

	// What is behind it; called under lock_.
	// The owner did not give it back in time: nothing is done for him any more.
	virtual bool revoked() = 0;
	// One access to the page, as read() and write() have checked it
	virtual void read_page(u32 offset, std::span<u8> to) = 0;
	virtual void write_page(u32 offset, std::span<const u8> from) = 0;
	// The bus master bit. Set: DMA may start. Cleared: none starts, and what had started is over; an error keeps
	// the bit set.
	virtual Status let_dma(bool on) = 0;
	// Commands are forgotten, the page is as new, and nothing that the device had raised is still to come.
	virtual Status reset_page() = 0;
	// Part of the page as a dma-buf, as vfio_siov_export() makes it. Only where the page can be mapped.
	virtual Result<int> export_page(u32 offset, u32 length, u32 open_flags, bool usable);
	// Whether the dma-bufs can be mapped; what is mapped is unmapped.
	virtual void allow_exports(bool usable);

	Status check_usable();
	// For the next owner: configuration space and MSI-X page are as new.
	void renew();
	// The owner's eventfd for a request is signalled; false: there is none.
	bool ask_owner();
	// Nobody is to be told of interrupts or asked. May sleep.
	void forget_owner();

	kern::Mutex lock_;
	Interrupt interrupt_;

private:
	Status write_config(u32 offset, std::span<const u8> from);

	const Access access_;
	ConfigSpace config_;
	MsixPage msix_;
	EventFd request_;
};

} // namespace page_device
