// SPDX-License-Identifier: GPL-2.0-only
// Moving charges from one process to another; see payer_change.hpp.
#include "iommufd/payer_change.hpp"

#include "iommufd/test_hook.hpp"
#include "kern/log.hpp"

namespace iommufd {

PayerChange::~PayerChange()
{
	if (!reserved_)
		return;
	if (user_pages_)
		caller_.uncharge_user(user_pages_);
	if (mm_pages_)
		caller_.uncharge_mm(mm_pages_);
}

void PayerChange::count(const Payer &payer)
{
	if (!payer.charged_)
		return;
	const bool same_mm = payer.account_.same_mm(caller_), same_user = payer.account_.same_user(caller_);
	if (payer.mode_ == AccountMode::kMm && !same_mm)
		mm_pages_ += payer.charged_;
	if (payer.mode_ == AccountMode::kUser && !(same_mm && same_user))
		user_counts_ = true;
	if (payer.mode_ == AccountMode::kUser && !same_user)
		user_pages_ += payer.charged_;
}

Status PayerChange::reserve()
{
	if (injected_failure())
		return fail(Errno::kNoMem, "injected failure");
	// Of the same user, nothing is added, but the caller's own limit has to hold.
	if (user_counts_)
		TRY(caller_.charge_user(user_pages_));
	if (mm_pages_) {
		Status status = caller_.charge_mm(mm_pages_);
		if (!status) {
			caller_.uncharge_user(user_pages_);
			return status;
		}
	}
	reserved_ = true;
	return {};
}

void PayerChange::move(Payer &payer)
{
	const u64 pages = payer.charged_;
	const bool same_mm = payer.account_.same_mm(caller_), same_user = payer.account_.same_user(caller_);

	if (pages && payer.mode_ == AccountMode::kUser && !same_user) {
		WARN_ON(pages > user_pages_);
		payer.account_.uncharge_user(pages);
		user_pages_ -= pages;
	}
	if (pages && payer.mode_ == AccountMode::kMm && !same_mm) {
		WARN_ON(pages > mm_pages_);
		payer.account_.uncharge_mm(pages);
		mm_pages_ -= pages;
	}
	payer.account_.sub_pinned(pages);
	caller_.add_pinned(pages);
	payer.account_ = Account::current();
}

} // namespace iommufd
