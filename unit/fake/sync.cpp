// SPDX-License-Identifier: GPL-2.0-only
// Locks and the wait queue; see sync.hpp.
#include "fake/sync.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bridge/layout.gen.h"
#include "bridge/sync.h"
#include "fake/fault.hpp"

struct mutex {
	fake::Lock lock;
};
struct rw_semaphore {
	fake::Lock lock;
};
struct spinlock {
	fake::Lock lock;
};
struct wait_queue_head {
	const char *name;
	unsigned long wakes;
};
static_assert(sizeof(mutex) <= KX_SIZE_mutex && sizeof(rw_semaphore) <= KX_SIZE_rwsem);
static_assert(sizeof(spinlock) <= KX_SIZE_spinlock);
static_assert(sizeof(wait_queue_head) <= KX_SIZE_wait_queue_head);

namespace fake {

namespace {

std::vector<Lock *> held;
// Which classes have been taken under which, over all tests.
std::map<std::string, std::set<std::string>> taken_under;
std::function<void()> meanwhile, meanwhile_locked;
std::string awaited_lock;
unsigned waited;
Lock mmap_lock{"mmap_lock", false, false, 0};

bool leads_to(const std::string &from, const std::string &to)
{
	if (from == to)
		return true;
	for (const std::string &next : taken_under[from])
		if (leads_to(next, to))
			return true;
	return false;
}

void note_order(const Lock &lock, const Lock *beside_others_under = nullptr)
{
	for (const Lock *outer : held) {
		if (beside_others_under && std::string(outer->name) == lock.name)
			continue;
		auto &inner = taken_under[outer->name];
		if (inner.contains(lock.name))
			continue;
		if (leads_to(lock.name, outer->name))
			problem("lock order: %s under %s", lock.name, outer->name);
		else
			inner.insert(lock.name);
	}
}

} // namespace

void take_lock(Lock &lock, bool shared)
{
	if (!lock.name)
		problem("a lock that was not initialised");
	if (!lock.atomic)
		might_sleep(lock.name);
	if (lock.exclusive || lock.shared)
		problem("%s would wait for itself", lock.name);
	note_order(lock);
	lock.shared += shared;
	lock.exclusive = !shared;
	held.push_back(&lock);
}

void take_lock_beside_others(Lock &lock, const Lock &outer)
{
	might_sleep(lock.name);
	if (!outer.exclusive)
		problem("%s beside others without %s", lock.name, outer.name);
	if (lock.exclusive || lock.shared)
		problem("%s would wait for itself", lock.name);
	note_order(lock, &outer);
	lock.exclusive = true;
	held.push_back(&lock);
}

void drop_lock(Lock &lock, bool shared)
{
	if (shared ? !lock.shared : !lock.exclusive)
		problem("%s is not held that way", lock.name);
	lock.shared -= shared && lock.shared;
	lock.exclusive = false;
	auto it = std::find(held.begin(), held.end(), &lock);
	if (it != held.end())
		held.erase(it);
}

void assert_held(const Lock &lock)
{
	if (!lock.exclusive && !lock.shared)
		problem("%s should be held", lock.name);
}

std::size_t locks_held() { return held.size(); }

void might_sleep(const char *what)
{
	for (const Lock *lock : held)
		if (lock->atomic)
			problem("%s under the spinlock %s", what, lock->name);
}

void might_reclaim(const char *what)
{
	for (const Lock *lock : held)
		if (std::string(lock->name).ends_with("of a mapped BAR"))
			problem("%s under %s", what, lock->name);
}

void touch_mmap_lock(const char *what)
{
	might_sleep(what);
	take_lock(mmap_lock, true);
	drop_lock(mmap_lock, true);
}

void while_waiting(std::function<void()> fn) { meanwhile = std::move(fn); }
unsigned waits() { return waited; }

void while_waiting_for(const char *lock, std::function<void()> fn)
{
	awaited_lock = lock;
	meanwhile_locked = std::move(fn);
}

void reset_sync()
{
	meanwhile = meanwhile_locked = nullptr;
	waited = 0;
}

} // namespace fake

using fake::problem;

void kx_mutex_init(mutex *m, const char *name, lock_class_key *) { m->lock = {name, false, false, 0}; }
void kx_mutex_lock(mutex *m) { fake::take_lock(m->lock, false); }
void kx_mutex_unlock(mutex *m) { fake::drop_lock(m->lock, false); }

void kx_mutex_destroy(mutex *m)
{
	if (m->lock.exclusive)
		problem("%s destroyed while it is held", m->lock.name);
}

void kx_mutex_assert_held(const mutex *m) { fake::assert_held(m->lock); }

void kx_rwsem_init(rw_semaphore *s, const char *name, lock_class_key *) { s->lock = {name, false, false, 0}; }
void kx_rwsem_unlock(rw_semaphore *s) { fake::drop_lock(s->lock, false); }

void kx_rwsem_lock(rw_semaphore *s)
{
	if (fake::meanwhile_locked && s->lock.name == fake::awaited_lock)
		std::exchange(fake::meanwhile_locked, nullptr)();
	fake::take_lock(s->lock, false);
}

void kx_rwsem_lock_beside_others(rw_semaphore *s, mutex *outer)
{
	if (fake::meanwhile_locked && s->lock.name == fake::awaited_lock)
		std::exchange(fake::meanwhile_locked, nullptr)();
	fake::take_lock_beside_others(s->lock, outer->lock);
}

void kx_rwsem_lock_shared(rw_semaphore *s) { fake::take_lock(s->lock, true); }
void kx_rwsem_unlock_shared(rw_semaphore *s) { fake::drop_lock(s->lock, true); }

void kx_rwsem_assert_held(const rw_semaphore *s) { fake::assert_held(s->lock); }

void kx_rwsem_assert_held_exclusive(const rw_semaphore *s)
{
	if (!s->lock.exclusive)
		problem("%s should be held exclusively", s->lock.name);
}

void kx_spin_init(spinlock *s, const char *name, lock_class_key *) { s->lock = {name, true, false, 0}; }
void kx_spin_lock(spinlock *s) { fake::take_lock(s->lock, false); }
void kx_spin_unlock(spinlock *s) { fake::drop_lock(s->lock, false); }

unsigned long kx_spin_lock_irqsave(spinlock *s)
{
	fake::take_lock(s->lock, false);
	return reinterpret_cast<unsigned long>(s);
}

void kx_spin_unlock_irqrestore(spinlock *s, unsigned long flags)
{
	if (flags != reinterpret_cast<unsigned long>(s))
		problem("%s unlocked with another lock's flags", s->lock.name);
	fake::drop_lock(s->lock, false);
}

void kx_sleep_ms(unsigned)
{
	fake::might_sleep("msleep");
	fake::waited++;
	if (auto run = std::exchange(fake::meanwhile, nullptr))
		run();
}

unsigned long fake::wakes(const wait_queue_head &wq) { return wq.wakes; }
void kx_wait_init(wait_queue_head *wq, const char *name, lock_class_key *) { *wq = {name, 0}; }
void kx_wait_wake_all(wait_queue_head *wq) { wq->wakes++; }

bool kx_wait_until_zero(wait_queue_head *wq, const int *counter, unsigned)
{
	if (!fake::held.empty())
		problem("%s: waiting with %s held", wq->name, fake::held.back()->name);
	fake::waited++;
	const unsigned long wakes = wq->wakes;
	if (auto run = std::exchange(fake::meanwhile, nullptr))
		run();
	if (*counter)
		return false;
	if (wakes == wq->wakes)
		problem("%s: the counter became 0 and nobody was woken", wq->name);
	return true;
}
