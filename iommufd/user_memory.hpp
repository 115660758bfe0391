// SPDX-License-Identifier: GPL-2.0-only
// User memory: what a process has at an address, as long as it has it. Pinned by way of its page tables.
#pragma once
#include "iommufd/pages.hpp"

namespace iommufd {

class UserMemory final : public Memory {
public:
	static const MemoryTraits kTraits;

	// Of the current process, `start` is page aligned.
	explicit UserMemory(UserVa start) : Memory(start.raw()), mm_(kx_mm_grab_current()) {}

	Status load(IndexRange range, bool writable, ReadAhead &ahead, RunList &runs) const override;
	Status copy(Pages &pages, const CopyRequest &request, bool in_kthread) const override;

private:
	Status copy_single_page(Pages &pages, const CopyRequest &request) const;

	const kern::MmRef mm_;
};

// `start`..`start + length` of the current process, byte granular. EINVAL for length 0, EOVERFLOW when it wraps,
// ENOMEM. Pins nothing.
Result<base::Ref<Pages>> make_user_pages(UserVa start, u64 length, bool writable, AccountMode mode);

} // namespace iommufd
