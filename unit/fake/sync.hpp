// SPDX-License-Identifier: GPL-2.0-only
// bridge/sync.h: locks that know who holds them. One thread; a lock that would wait is a problem, as are a class taken
// under itself, an order of classes that was the other way round before (in any test), and an unlock of what is free.
#pragma once
#include <cstddef>
#include <functional>

struct wait_queue_head;

namespace fake {

// How often those who wait there were woken
unsigned long wakes(const wait_queue_head &wq);

struct Lock {
	const char *name;
	bool atomic; // a spinlock: nothing may sleep under it
	bool exclusive;
	unsigned shared;
};

void take_lock(Lock &lock, bool shared);
// Of a class that may be held already, as only the holder of `outer` may.
void take_lock_beside_others(Lock &lock, const Lock &outer);
void drop_lock(Lock &lock, bool shared);
void assert_held(const Lock &lock);
std::size_t locks_held();
// Problem if a lock is held that MMU notifiers take: whoever waits for memory may wait for them.
void might_reclaim(const char *what);

// Problem if a spinlock is held. `what`: the call that may sleep.
void might_sleep(const char *what);
// The owner's mmap lock is taken and dropped here: page faults, pinning, accounting.
void touch_mmap_lock(const char *what);

// Runs once, when the code under test waits for a counter or sleeps: what other threads would do meanwhile.
void while_waiting(std::function<void()> fn);
// The same for whoever next waits to have the rw_semaphore of that name alone.
void while_waiting_for(const char *lock, std::function<void()> fn);
unsigned waits();
void reset_sync();

} // namespace fake
