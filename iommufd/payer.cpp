// SPDX-License-Identifier: GPL-2.0-only
// Charging pins to a process; see payer.hpp.
#include "iommufd/payer.hpp"

#include "iommufd/test_hook.hpp"
#include "kern/log.hpp"

namespace iommufd {

namespace {

AccountMode mode_for_caller(AccountMode wanted) { return kx_capable_ipc_lock() ? AccountMode::kNone : wanted; }

} // namespace

Account Account::current()
{
	Account caller;
	caller.mm_ = kern::MmRef(kx_mm_grab_current());
	caller.task_ = kern::TaskRef(kx_task_get_leader());
	caller.user_ = kern::UserRef(kx_user_get_current());
	return caller;
}

void Account::add_pinned(u64 pages)
{
	__atomic_fetch_add(kx_mm_pinned_vm(mm_.get()), static_cast<long long>(pages), __ATOMIC_RELAXED);
}

void Account::sub_pinned(u64 pages)
{
	__atomic_fetch_sub(kx_mm_pinned_vm(mm_.get()), static_cast<long long>(pages), __ATOMIC_RELAXED);
}

Status Account::charge_user(u64 pages)
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

void Account::uncharge_user(u64 pages)
{
	__atomic_fetch_sub(kx_user_locked_vm(user_.get()), static_cast<long long>(pages), __ATOMIC_RELAXED);
}

Status Account::charge_mm(u64 pages)
{
	kern::MmUse use = kern::use_mm(mm_.get());
	if (!use)
		return fail(Errno::kFault, "the process that pays has exited");
	return base::check(kx_mm_account_locked(mm_.get(), task_.get(), pages, true),
			   "over the process's RLIMIT_MEMLOCK");
}

void Account::uncharge_mm(u64 pages)
{
	// An address space that is gone has taken its VmLck with it.
	if (kern::MmUse use = kern::use_mm(mm_.get()))
		WARN_ON(kx_mm_account_locked(mm_.get(), task_.get(), pages, false));
}

Payer::Payer(AccountMode wanted) : account_(Account::current()), mode_(mode_for_caller(wanted)) {}

Status Payer::charge(u64 pages)
{
	if (injected_failure())
		return fail(Errno::kNoMem, "injected failure");
	if (mode_ == AccountMode::kUser)
		TRY(account_.charge_user(pages));
	else if (mode_ == AccountMode::kMm)
		TRY(account_.charge_mm(pages));
	account_.add_pinned(pages);
	charged_ += pages;
	return {};
}

void Payer::uncharge(u64 pages)
{
	if (!pages)
		return;
	if (WARN_ON(pages > charged_))
		pages = charged_;
	if (mode_ == AccountMode::kUser)
		account_.uncharge_user(pages);
	else if (mode_ == AccountMode::kMm)
		account_.uncharge_mm(pages);
	account_.sub_pinned(pages);
	charged_ -= pages;
}

} // namespace iommufd
