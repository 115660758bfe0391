// SPDX-License-Identifier: GPL-2.0-only
// A slice's one vector, on its way from the device to its owner's eventfd. Masked, it is kept back, and comes once when
// it is unmasked. Without an eventfd it is dropped, so that an interrupt never reaches the next owner.
//
// lock_ is taken in interrupts; nothing is called under it but the eventfd.
#pragma once
#include <utility>

#include "base/held.hpp"
#include "kern/sync.hpp"
#include "vfio_siov/page_device/glue.h"

namespace page_device {

using EventFd = base::Held<eventfd_ctx, dx_eventfd_put>;

class IrqSpinLock {
public:
	explicit IrqSpinLock(kern::LockClass &c) { kx_spin_init(s_.get(), c.name(), c.key()); }

	// `flags_` is written by who has the lock.
	void lock()
	{
		const unsigned long flags = dx_spin_lock_irqsave(s_.get());
		flags_ = flags;
	}
	void unlock() { dx_spin_unlock_irqrestore(s_.get(), flags_); }

private:
	kern::Opaque<spinlock, KX_SIZE_spinlock, KX_ALIGN_spinlock> s_;
	unsigned long flags_ = 0;
};

class Interrupt {
public:
	Interrupt();

	// The device raised it. Any context.
	void raise();
	// Where it goes from now on; empty: nowhere. May sleep.
	void set_trigger(EventFd trigger);
	void mask();
	void unmask();
	bool pending();
	// No eventfd, not masked, nothing pending. May sleep.
	void clear();
	// What was pending is forgotten.
	void forget();

private:
	IrqSpinLock lock_;
	EventFd trigger_;
	bool masked_ = false;
	bool pending_ = false;
};

} // namespace page_device
