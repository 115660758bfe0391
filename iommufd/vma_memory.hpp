// SPDX-License-Identifier: GPL-2.0-only
// Memory of a VFIO device that is mapped into the caller's address space: a BAR, mapped by mmap() on the device.
//
// VFIO's type 1 lets a user map such memory for DMA of another device, and VMMs count on it (a guest's devices see each
// other's BARs). It looks up the page frames once and keeps them, however long: also when the device is reset, its
// memory disabled, or it has another owner. Here the mapping lasts as long as the CPU's: who takes the page table
// entries away (reset, memory disabled, the end of the device, munmap, exit) calls the MMU notifiers first, and ours
// does not return before no domain has any of the range.
//
// What is accepted, and why no more:
//   - mappings of files of VFIO devices only, shared and VM_PFNMAP. Other drivers map page frames of RAM in that way
//     (the vDSO's data, sound, graphics, /dev/mem), about whose life nothing is known;
//   - page frames that are not RAM, as the kernel's resource tree has it: a mapping of RAM would outlive its page;
//   - in the direction that the CPU has: a mapping for DMA writes needs VM_WRITE and writable page table entries;
//   - all of the range, physically contiguous: several mappings if they continue each other, a part of one, but never a
//     range that has anything else in it. Pages are faulted in, so memory that is disabled is EFAULT.
// Which DMA the device itself may do to a BAR is between the IOMMU, the PCIe switches and ACS, as with vfio type 1.
//
// What does not end it: mprotect() and dirty tracking of the CPU's, which leave page frames in place. A fork does not
// give the child anything; the parent's mapping counts.
#pragma once
#include "iommufd/device_memory.hpp"

namespace iommufd {

// `start`..`start + length` of the current process, byte granular. EFAULT: not what is accepted; EINVAL: length 0;
// EOVERFLOW: it wraps; ENOMEM; EINTR. Context: may sleep, without locks; faults pages in.
Result<base::Ref<Pages>> make_vma_pages(UserVa start, u64 length, bool writable);

} // namespace iommufd
