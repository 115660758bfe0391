// SPDX-License-Identifier: GPL-2.0-only
// PayerChange: the current process takes over what others were charged, all of it or nothing. First everything is
// counted, then what the caller's limits have to bear is charged in advance, then each Payer is moved.
//
// What is charged to the same account already (VmLck of the same process, the sum of the same user) moves without being
// charged twice; the caller's limit holds for the sum all the same.
//
// Locks: each Payer is guarded by its Pages' lock. Between count() and move() no Payer may be charged anything more.
#pragma once
#include "iommufd/payer.hpp"

namespace iommufd {

class PayerChange {
public:
	PayerChange() : caller_(Account::current()) {}
	// Gives back what was reserved and not needed.
	~PayerChange();
	PayerChange(const PayerChange &) = delete;

	void count(const Payer &payer);
	// ENOMEM: over the caller's RLIMIT_MEMLOCK. Context: may sleep, takes the caller's mmap lock.
	Status reserve();
	// Context: may sleep, takes the former payer's mmap lock.
	void move(Payer &payer);

private:
	Account caller_;
	u64 user_pages_ = 0, mm_pages_ = 0; // counted; then reserved and not yet moved
	bool user_counts_ = false;          // something is counted against the user's sum, perhaps 0 more
	bool reserved_ = false;
};

} // namespace iommufd
