// SPDX-License-Identifier: GPL-2.0-only
/* <linux/mutex.h>, <linux/rwsem.h>, <linux/spinlock.h>, <linux/wait.h> */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "bridge/sync.h"

void kx_mutex_init(struct mutex *m, const char *name, struct lock_class_key *key)
{
	__mutex_init(m, name, key);
}

void kx_mutex_destroy(struct mutex *m)
{
	mutex_destroy(m);
}

void kx_mutex_lock(struct mutex *m)
{
	mutex_lock(m);
}

void kx_mutex_unlock(struct mutex *m)
{
	mutex_unlock(m);
}

void kx_mutex_assert_held(const struct mutex *m)
{
	lockdep_assert_held(m);
}

void kx_rwsem_init(struct rw_semaphore *s, const char *name, struct lock_class_key *key)
{
	__init_rwsem(s, name, key);
}

void kx_rwsem_lock(struct rw_semaphore *s)
{
	down_write(s);
}

void kx_rwsem_lock_beside_others(struct rw_semaphore *s, struct mutex *outer)
{
	down_write_nest_lock(s, outer);
}

void kx_rwsem_unlock(struct rw_semaphore *s)
{
	up_write(s);
}

void kx_rwsem_lock_shared(struct rw_semaphore *s)
{
	down_read(s);
}

void kx_rwsem_unlock_shared(struct rw_semaphore *s)
{
	up_read(s);
}

void kx_rwsem_assert_held(const struct rw_semaphore *s)
{
	lockdep_assert_held(s);
}

void kx_rwsem_assert_held_exclusive(const struct rw_semaphore *s)
{
	lockdep_assert_held_write(s);
}

void kx_spin_init(struct spinlock *s, const char *name, struct lock_class_key *key)
{
	spin_lock_init(s);
	lockdep_set_class_and_name(s, key, name);
}

void kx_spin_lock(struct spinlock *s)
{
	spin_lock(s);
}

void kx_spin_unlock(struct spinlock *s)
{
	spin_unlock(s);
}

unsigned long kx_spin_lock_irqsave(struct spinlock *s)
{
	unsigned long flags;

	spin_lock_irqsave(s, flags);
	return flags;
}

void kx_spin_unlock_irqrestore(struct spinlock *s, unsigned long flags)
{
	spin_unlock_irqrestore(s, flags);
}

void kx_wait_init(struct wait_queue_head *wq, const char *name, struct lock_class_key *key)
{
	__init_waitqueue_head(wq, name, key);
}

void kx_wait_wake_all(struct wait_queue_head *wq)
{
	wake_up_all(wq);
}

bool kx_wait_until_zero(struct wait_queue_head *wq, const int *counter, unsigned int timeout_ms)
{
	return wait_event_timeout(*wq, !READ_ONCE(*counter), msecs_to_jiffies(timeout_ms)) > 0;
}

void kx_sleep_ms(unsigned int ms)
{
	msleep(ms);
}
