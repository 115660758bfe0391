// SPDX-License-Identifier: GPL-2.0-only
// The Pages object: who owns the memory, who pays for its pins, and when a page may be unpinned.
#include "iommufd/pages.hpp"

#include "base/spans.hpp"
#include "iommufd/area.hpp"
#include "iommufd/pinned_range.hpp"
#include "iommufd/test_hook.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass pages_class("iommufd Pages::lock");

AccountMode mode_for_caller(AccountMode wanted) { return kx_capable_ipc_lock() ? AccountMode::kNone : wanted; }

} // namespace

Result<base::Ref<Pages>> Pages::create(UserVa start, u64 length, bool writable, AccountMode mode)
{
	if (!length || length > base::kU64Max - base::kPageSize)
		return fail(Errno::kInval, "length is 0 or absurd");
	u64 end;
	if (__builtin_add_overflow(start.raw(), length, &end))
		return fail(Errno::kOverflow, "user address + length wraps");

	u64 first_byte = base::align_down(start.raw(), base::kPageSize);
	u64 count = (end - 1) / base::kPageSize - first_byte / base::kPageSize + 1;
	TRY_LET(pages, kern::make<Pages>(UserVa(first_byte), count, writable, mode_for_caller(mode)));
	return base::Ref<Pages>(pages.release());
}

Pages::Pages(UserVa start, u64 count, bool writable, AccountMode mode)
	: lock_(pages_class), mm_(kx_mm_grab_current()), task_(kx_task_get_leader()), user_(kx_user_get_current()),
	  start_(start), count_(count), mode_(mode), writable_(writable)
{
}

Pages::~Pages()
{
	WARN_ON(charged_);
	WARN_ON(!pinned_ranges_.empty());
	WARN_ON(!by_domain_.empty());
}

Status Pages::charge_user(u64 pages)
{
	const u64 limit = kx_task_memlock_pages(task_.get());
	long long *locked = kx_user_locked_vm(user_.get());
	long long now = __atomic_load_n(locked, __ATOMIC_RELAXED);
	u64 then;

	do {
		if (__builtin_add_overflow(static_cast<u64>(now), pages, &then) || then > limit)
			return fail(Errno::kNoMem, "over the user's RLIMIT_MEMLOCK");
	} while (!__atomic_compare_exchange_n(locked, &now, static_cast<long long>(then), true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return {};
}

Status Pages::charge_mm(u64 pages)
{
	kern::MmUse use = kern::use_mm(mm_.get());
	if (!use)
		return fail(Errno::kFault, "the owner of the memory has exited");
	return base::check(kx_mm_account_locked(mm_.get(), task_.get(), pages, true),
			   "over the process's RLIMIT_MEMLOCK");
}

Status Pages::charge(u64 pages)
{
	lock_.assert_held();
	if (injected_failure())
		return fail(Errno::kNoMem, "injected failure");
	if (mode_ == AccountMode::kUser)
		TRY(charge_user(pages));
	else if (mode_ == AccountMode::kMm)
		TRY(charge_mm(pages));
	__atomic_fetch_add(kx_mm_pinned_vm(mm_.get()), static_cast<long long>(pages), __ATOMIC_RELAXED);
	charged_ += pages;
	return {};
}

void Pages::uncharge(u64 pages)
{
	lock_.assert_held();
	if (!pages)
		return;
	if (WARN_ON(pages > charged_))
		pages = charged_;
	if (mode_ == AccountMode::kUser) {
		__atomic_fetch_sub(kx_user_locked_vm(user_.get()), static_cast<long long>(pages), __ATOMIC_RELAXED);
	} else if (mode_ == AccountMode::kMm) {
		// An address space that is gone has taken its VmLck with it.
		if (kern::MmUse use = kern::use_mm(mm_.get()))
			WARN_ON(kx_mm_account_locked(mm_.get(), task_.get(), pages, false));
	}
	__atomic_fetch_sub(kx_mm_pinned_vm(mm_.get()), static_cast<long long>(pages), __ATOMIC_RELAXED);
	charged_ -= pages;
}

u64 Pages::unpin_unneeded(PageIndex first, RunList &runs)
{
	lock_.assert_held();
	if (!runs.total())
		return 0;
	const IndexRange all{first, first + (runs.total() - 1)};
	const bool none_needed = !pinned_ranges_.first(all) && !by_domain_.first(all);
	u64 unpinned = 0;

	for (const Run &run : runs) {
		if (none_needed) {
			kern::unpin_run(run.first, run.count, writable_);
			unpinned += run.count;
		} else {
			unpinned += unpin_unneeded(first, run);
		}
		first = first + run.count;
	}
	return unpinned;
}

u64 Pages::unpin_unneeded(PageIndex first, const Run &run)
{
	const u64 start = first.raw();
	u64 unpinned = 0;

	base::Spans<2> spans({&pinned_ranges_.tree(), &by_domain_.tree()}, start, start + run.count - 1);
	for (; !spans.done(); spans.next()) {
		if (!spans->is_hole)
			continue;
		u64 pages = spans->last - spans->start + 1;
		kern::unpin_run(run.first + (spans->start - start), pages, writable_);
		unpinned += pages;
	}
	return unpinned;
}

void Pages::add_filled(Area &area)
{
	lock_.assert_held();
	by_domain_.insert(area, area.indexes());
}

void Pages::remove_filled(Area &area)
{
	lock_.assert_held();
	by_domain_.remove(area);
}

Area *Pages::filled_at(PageIndex index) const { return by_domain_.at(index); }

const PinnedRange *Pages::pinned_at(PageIndex index) const { return pinned_ranges_.at(index); }

IndexRange Pages::unneeded_from(IndexRange range) const
{
	const base::Spans<2> spans({&pinned_ranges_.tree(), &by_domain_.tree()}, range.start.raw(), range.last.raw());
	return {PageIndex(spans->start), PageIndex(spans->last)};
}

PinnedRange *Pages::find_exact(IndexRange range) const
{
	for (PinnedRange *p = pinned_ranges_.first(range); p; p = pinned_ranges_.next(*p, range))
		if (pinned_ranges_.range(*p) == range)
			return p;
	return nullptr;
}

} // namespace iommufd
