// SPDX-License-Identifier: GPL-2.0-only
// The kernel's sleeping locks. Each lock names its class with a static LockClass, so that lockdep tells the
// classes apart; each assert_held() costs nothing without lockdep.
#pragma once
#include "base/guard.hpp"
#include "bridge/sync.h"
#include "kern/opaque.hpp"

namespace kern {

using base::Guard;
using base::SharedGuard;

// One for each lock class, constinit at namespace scope of a .cpp: lockdep wants the key in the module's data.
class LockClass {
public:
	explicit constexpr LockClass(const char *name) : name_(name) {}
	const char *name() const { return name_; }
	lock_class_key *key() { return reinterpret_cast<lock_class_key *>(key_); }

private:
	const char *name_;
	alignas(KX_ALIGN_lock_class_key) unsigned char key_[KX_SIZE_lock_class_key ? KX_SIZE_lock_class_key : 1]{};
};

class Mutex {
public:
	explicit Mutex(LockClass &c) { kx_mutex_init(m_.get(), c.name(), c.key()); }
	~Mutex() { kx_mutex_destroy(m_.get()); }

	void lock() { kx_mutex_lock(m_.get()); }
	void unlock() { kx_mutex_unlock(m_.get()); }
	void assert_held() const
	{
		if constexpr (KX_LOCKDEP)
			kx_mutex_assert_held(m_.get());
	}

private:
	friend class RwSem;
	Opaque<mutex, KX_SIZE_mutex, KX_ALIGN_mutex> m_;
};

// Reader/writer lock: lock() is exclusive, lock_shared() is not.
class RwSem {
public:
	explicit RwSem(LockClass &c) { kx_rwsem_init(s_.get(), c.name(), c.key()); }

	void lock() { kx_rwsem_lock(s_.get()); }
	void unlock() { kx_rwsem_unlock(s_.get()); }
	// lock() of one of several of this class at once, which only the holder of `outer` ever does.
	void lock_beside_others(Mutex &outer) { kx_rwsem_lock_beside_others(s_.get(), outer.m_.get()); }
	void lock_shared() { kx_rwsem_lock_shared(s_.get()); }
	void unlock_shared() { kx_rwsem_unlock_shared(s_.get()); }
	void assert_held() const
	{
		if constexpr (KX_LOCKDEP)
			kx_rwsem_assert_held(s_.get());
	}
	void assert_held_exclusive() const
	{
		if constexpr (KX_LOCKDEP)
			kx_rwsem_assert_held_exclusive(s_.get());
	}

private:
	Opaque<rw_semaphore, KX_SIZE_rwsem, KX_ALIGN_rwsem> s_;
};

// Nothing may sleep under it.
class SpinLock {
public:
	explicit SpinLock(LockClass &c) { kx_spin_init(s_.get(), c.name(), c.key()); }

	void lock() { kx_spin_lock(s_.get()); }
	void unlock() { kx_spin_unlock(s_.get()); }

private:
	Opaque<spinlock, KX_SIZE_spinlock, KX_ALIGN_spinlock> s_;
};

// A spinlock that interrupt handlers take, too: interrupts are off under it.
class IrqSpinLock {
public:
	explicit IrqSpinLock(LockClass &c) { kx_spin_init(s_.get(), c.name(), c.key()); }

	void lock()
	{
		const unsigned long flags = kx_spin_lock_irqsave(s_.get());
		flags_ = flags; // the holder's
	}
	void unlock() { kx_spin_unlock_irqrestore(s_.get(), flags_); }

private:
	Opaque<spinlock, KX_SIZE_spinlock, KX_ALIGN_spinlock> s_;
	unsigned long flags_ = 0;
};

class WaitQueue {
public:
	explicit WaitQueue(LockClass &c) { kx_wait_init(w_.get(), c.name(), c.key()); }

	wait_queue_head *get() { return w_.get(); }
	void wake_all() { kx_wait_wake_all(w_.get()); }
	// Sleeps until *counter is 0; false when that took longer than `timeout_ms` milliseconds.
	bool wait_until_zero(const int *counter, unsigned timeout_ms)
	{
		return kx_wait_until_zero(w_.get(), counter, timeout_ms);
	}

private:
	Opaque<wait_queue_head, KX_SIZE_wait_queue_head, KX_ALIGN_wait_queue_head> w_;
};

} // namespace kern
