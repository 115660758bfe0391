// SPDX-License-Identifier: GPL-2.0-only
// Pinning and copying a process's memory; see user_memory.hpp.
//
// Copies go one of three ways, the cheapest that the caller's context allows: through the owner's address space when it
// is the current one (or a kernel thread may borrow it), through one page looked up for the moment, or through
// PageReader, which also finds pages whose owner has exited.
#include "iommufd/user_memory.hpp"

#include "kern/log.hpp"
#include "kern/uaccess.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass user_class("iommufd Pages::lock");

Status copy_by_address(UserVa va, const CopyRequest &request)
{
	bool complete = request.write ? kx_copy_to_user(va.raw(), request.data, request.length)
				      : kx_copy_from_user(request.data, va.raw(), request.length);
	if (!complete)
		return fail(Errno::kFault, "the owner's memory is not accessible");
	return {};
}

} // namespace

const MemoryTraits UserMemory::kTraits{user_class, true, false};

Status UserMemory::load(IndexRange range, bool writable, ReadAhead &ahead, RunList &) const
{
	const u64 va = at(range.start);
	const unsigned count = base::min<u64>(range.count(), ahead.pages.capacity());
	long pinned;

	if (kx_mm_is_current(mm_.get())) {
		pinned = kx_pin_current(va, count, writable, ahead.pages.data());
	} else {
		if (!ahead.owner_in_use)
			ahead.owner_in_use = kern::use_mm(mm_.get());
		if (!ahead.owner_in_use)
			return fail(Errno::kFault, "the owner of the memory has exited");
		pinned = kx_pin_remote(mm_.get(), va, count, writable, true, ahead.pages.data());
	}
	if (pinned < 0)
		return fail(base::Error::from_kernel(static_cast<int>(pinned), "the memory cannot be pinned"));
	if (WARN_ON(!pinned))
		return fail(Errno::kFault, "the memory cannot be pinned");
	ahead.used = 0;
	ahead.count = pinned;
	ahead.vmemmap = kern::VirtualMemoryMap(ahead.pages[0]);
	return {};
}

// All in one page.
Status UserMemory::copy_single_page(Pages &pages, const CopyRequest &request) const
{
	page *found = nullptr;
	kern::MmUse use = kern::use_mm(mm_.get());
	if (!use)
		return copy_by_reader(pages, request);

	const PageIndex index(request.start_byte / base::kPageSize);
	long pinned = kx_pin_remote(mm_.get(), at(index), 1, request.write, false, &found);
	if (pinned != 1)
		return fail(base::Error::from_kernel(pinned < 0 ? static_cast<int>(pinned) : -14,
						     "the page cannot be read"));
	base::Pfn pfn = kern::pfn_of(found);
	kx_copy_page(pfn.raw(), request.start_byte % base::kPageSize, request.data, request.length, request.write);
	kern::unpin_run(pfn, 1, false);
	return {};
}

Status UserMemory::copy(Pages &pages, const CopyRequest &request, bool in_kthread) const
{
	const UserVa va(origin() + request.start_byte);

	if (kx_mm_is_current(mm_.get()))
		return copy_by_address(va, request);
	if (in_kthread) {
		kern::MmUse use = kern::use_mm(mm_.get());
		if (!use)
			return copy_by_reader(pages, request);
		kern::KthreadMm borrowed(mm_.get());
		return copy_by_address(va, request);
	}
	if (request.start_byte % base::kPageSize + request.length <= base::kPageSize)
		return copy_single_page(pages, request);
	return copy_by_reader(pages, request);
}

Result<base::Ref<Pages>> make_user_pages(UserVa start, u64 length, bool writable, AccountMode mode)
{
	TRY_LET(count, Pages::count_pages(start.raw(), length));
	const UserVa first(base::align_down(start.raw(), base::kPageSize));
	return Pages::make<UserMemory>(count, writable, mode, first);
}

} // namespace iommufd
