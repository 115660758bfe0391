// SPDX-License-Identifier: GPL-2.0-only
// Device memory as a DMA target: one physically contiguous range of a device's (a BAR), which can be taken away at any
// time. Two ways to get at it: a dma-buf whose exporter tells the range (dmabuf_memory.*), and a mapping of a VFIO
// device in the caller's address space (vma_memory.*).
//
// Nothing keeps such memory where it is: there is no struct page, no pin, no charge. Instead whoever has it says,
// before it goes, that it goes, and that call does not return before it is in no domain any more: Pages::revoke(). From
// then on the Pages is dead, for good: its areas stay until they are unmapped, new domains get nothing of them, and
// they can be copied like others. Kernel drivers never get at device memory (EINVAL).
//
// Locks: under the Pages' lock, which revoking takes, no mmap lock is taken, unlike with other memory. It is taken
// where a dma-buf's reservation lock is held, or inside an MMU notifier, so that the classes differ.
#pragma once
#include "iommufd/pages.hpp"

namespace iommufd {

class DeviceMemory : public Memory {
public:
	Status load(IndexRange range, bool writable, ReadAhead &ahead, RunList &runs) const final;
	// EINVAL
	Status copy(Pages &pages, const CopyRequest &request, bool in_kthread) const final;

protected:
	using Memory::Memory;
	// Where index 0 is; constant from the beginning of the Pages' use until it is revoked.
	virtual base::Pfn first() const = 0;
};

} // namespace iommufd
