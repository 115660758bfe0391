// SPDX-License-Identifier: GPL-2.0-only
// Payer: the process whose limits the pins of a Pages count against. It need not be the one that has the memory.
//
// What it is charged is told in two numbers of its address space: VmPin always, VmLck in mode kMm; in mode kUser the
// limit is on a sum over all processes of the user. Guarded by the lock of the Pages it belongs to.
#pragma once
#include "kern/mm.hpp"

namespace iommufd {

using base::Errno;
using base::fail;
using base::Result;
using base::Status;

// Whose limit pins count against.
enum class AccountMode : u8 {
	kNone, // nobody's: CAP_IPC_LOCK
	kUser, // the user's, all processes together
	kMm,   // the process's VmLck, as VFIO always did
};

// A process, and the three sums that pins are added to.
class Account {
public:
	// The current process's.
	static Account current();

	// VmPin, which has no limit.
	void add_pinned(u64 pages);
	void sub_pinned(u64 pages);
	// The user's sum; ENOMEM over the process's limit.
	Status charge_user(u64 pages);
	void uncharge_user(u64 pages);
	// VmLck; ENOMEM over the limit, EFAULT when the process has exited. Context: takes its mmap lock.
	Status charge_mm(u64 pages);
	void uncharge_mm(u64 pages);

	bool same_mm(const Account &o) const { return mm_.get() == o.mm_.get(); }
	bool same_user(const Account &o) const { return user_.get() == o.user_.get(); }

private:
	kern::MmRef mm_;
	kern::TaskRef task_;
	kern::UserRef user_;
};

class Payer {
public:
	// The current process. kNone instead of `wanted` if it has CAP_IPC_LOCK.
	explicit Payer(AccountMode wanted);

	// Charges `pages` pins; ENOMEM over the limit, EFAULT when the process has exited (kMm). Context: may sleep,
	// takes the process's mmap lock (kMm).
	Status charge(u64 pages);
	// Takes back what was charged.
	void uncharge(u64 pages);
	u64 charged() const { return charged_; } // pages

private:
	friend class PayerChange;

	Account account_;
	u64 charged_ = 0; // pages
	const AccountMode mode_;
};

} // namespace iommufd
