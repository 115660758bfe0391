// SPDX-License-Identifier: GPL-2.0-only
// Charging pins to a process; see payer.hpp.
#include "iommufd/payer.hpp"

#include "iommufd/test_hook.hpp"
#include "kern/log.hpp"

namespace iommufd {

namespace {

AccountMode mode_for_caller(AccountMode wanted) { return kx_capable_ipc_lock() ? AccountMode::kNone : wanted; }

} // namespace

Payer::Payer(AccountMode wanted)
	: mm_(kx_mm_grab_current()), task_(kx_task_get_leader()), user_(kx_user_get_current()),
	  mode_(mode_for_caller(wanted))
{
}

Status Payer::charge_user(u64 pages)
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

Status Payer::charge_mm(u64 pages)
{
	kern::MmUse use = kern::use_mm(mm_.get());
	if (!use)
		return fail(Errno::kFault, "the process that pays has exited");
	return base::check(kx_mm_account_locked(mm_.get(), task_.get(), pages, true),
			   "over the process's RLIMIT_MEMLOCK");
}

Status Payer::charge(u64 pages)
{
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

void Payer::uncharge(u64 pages)
{
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

} // namespace iommufd
