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
	Status charge_user(u64 pages);
	Status charge_mm(u64 pages);

	kern::MmRef mm_;
	kern::TaskRef task_;
	kern::UserRef user_;
	u64 charged_ = 0; // pages
	const AccountMode mode_;
};

} // namespace iommufd
