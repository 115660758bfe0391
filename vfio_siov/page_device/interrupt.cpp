// SPDX-License-Identifier: GPL-2.0-only
#include "vfio_siov/page_device/interrupt.hpp"

#include "base/guard.hpp"

namespace page_device {

namespace {

constinit kern::LockClass interrupt_class("page_device Interrupt::lock");

} // namespace

Interrupt::Interrupt() : lock_(interrupt_class) {}

void Interrupt::raise()
{
	base::Guard guard(lock_);
	if (!trigger_)
		return;
	if (masked_)
		pending_ = true;
	else
		dx_eventfd_signal(trigger_.get());
}

// The old one is put after the lock is let go: the last reference frees it.
void Interrupt::set_trigger(EventFd trigger)
{
	base::Guard guard(lock_);
	std::swap(trigger_, trigger);
	if (!trigger_)
		pending_ = false;
}

void Interrupt::mask()
{
	base::Guard guard(lock_);
	masked_ = true;
}

void Interrupt::unmask()
{
	base::Guard guard(lock_);
	masked_ = false;
	if (std::exchange(pending_, false))
		dx_eventfd_signal(trigger_.get());
}

bool Interrupt::pending()
{
	base::Guard guard(lock_);
	return pending_;
}

void Interrupt::forget()
{
	base::Guard guard(lock_);
	pending_ = false;
}

void Interrupt::clear()
{
	set_trigger({});
	unmask();
}

} // namespace page_device
