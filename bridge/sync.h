/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

KX_DECLS_BEGIN
void kx_mutex_init(struct mutex *m, const char *name, struct lock_class_key *key);
void kx_mutex_destroy(struct mutex *m);
void kx_mutex_lock(struct mutex *m);
void kx_mutex_unlock(struct mutex *m);
void kx_mutex_assert_held(const struct mutex *m);

void kx_rwsem_init(struct rw_semaphore *s, const char *name, struct lock_class_key *key);
void kx_rwsem_lock(struct rw_semaphore *s);
void kx_rwsem_lock_beside_others(struct rw_semaphore *s, struct mutex *outer);
void kx_rwsem_unlock(struct rw_semaphore *s);
void kx_rwsem_lock_shared(struct rw_semaphore *s);
void kx_rwsem_unlock_shared(struct rw_semaphore *s);
void kx_rwsem_assert_held(const struct rw_semaphore *s);
void kx_rwsem_assert_held_exclusive(const struct rw_semaphore *s);

void kx_spin_init(struct spinlock *s, const char *name, struct lock_class_key *key);
void kx_spin_lock(struct spinlock *s);
void kx_spin_unlock(struct spinlock *s);
unsigned long kx_spin_lock_irqsave(struct spinlock *s);
void kx_spin_unlock_irqrestore(struct spinlock *s, unsigned long flags);

void kx_wait_init(struct wait_queue_head *wq, const char *name, struct lock_class_key *key);
void kx_wait_wake_all(struct wait_queue_head *wq);
bool kx_wait_until_zero(struct wait_queue_head *wq, const int *counter, unsigned int timeout_ms);
void kx_sleep_ms(unsigned int ms);
KX_DECLS_END
