// SPDX-License-Identifier: GPL-2.0-only
// Device memory that VFIO has mapped into the current process (VM_PFNMAP), and a watch on it.
#pragma once
#include "base/result.hpp"
#include "bridge/layout.gen.h"
#include "bridge/pfnmap.h"
#include "kern/opaque.hpp"

namespace kern {

// Does VFIO map device memory at `va`? Context: may sleep, takes the caller's mmap lock.
inline bool is_device_memory(base::UserVa va) { return kx_pfnmap_at(va.raw()); }

// The first page of `length` bytes (whole pages) of it. EFAULT: part of the range is something else, cannot be had in
// that direction, is not contiguous, or is RAM; EINTR: the caller is to die. Context: as above; faults pages in.
inline base::Result<base::Pfn> find_device_memory(base::UserVa va, u64 length, bool writable)
{
	unsigned long first = 0;
	TRY(base::check(kx_pfnmap_find(va.raw(), length, writable, &first), "not all of it is a device's memory"));
	return base::Pfn(first);
}

// Tells, by iommufd_cxx_zapped(), when part of a range of an address space goes, in time: before it has gone. The
// address space's struct stays as long as the watch does. The kernel's protocol of begin and retry: what has been found
// out after begin() holds, if under the lock that the notifier takes retry() is false.
class ZapWatch {
public:
	ZapWatch() = default;
	ZapWatch(const ZapWatch &) = delete;
	~ZapWatch()
	{
		if (started_)
			kx_zap_unwatch(watch_.get());
	}

	// The notifier gets the address of this, at which its own object begins. ENOMEM. Context: may sleep, takes the
	// caller's mmap lock; the destructor waits for notifiers that are running.
	base::Status start(base::UserVa va, u64 length)
	{
		TRY(base::check(kx_zap_watch(watch_.get(), va.raw(), length), "no watch on the memory"));
		started_ = true;
		return {};
	}
	unsigned long begin() { return kx_zap_begin(watch_.get()); }
	bool retry(unsigned long seq) { return kx_zap_retry(watch_.get(), seq); }
	// For the notifier, under its lock.
	void set_seq(unsigned long seq) { kx_zap_set_seq(watch_.get(), seq); }

private:
	Opaque<mmu_interval_notifier, KX_SIZE_mmu_interval_notifier, KX_ALIGN_mmu_interval_notifier> watch_;
	bool started_ = false;
};

} // namespace kern
