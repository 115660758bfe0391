/* SPDX-License-Identifier: GPL-2.0-only */
/* The suites of pasid_alloc_kunit.ko, which test the pasid_alloc.ko that is loaded, through its public functions. */
#pragma once
#include "kunit/kunit.h"

struct device;

#define KT_PASID_HOST(X)                     \
	X(pasid_host, lowest_first)          \
	X(pasid_host, others_are_left_alone) \
	X(pasid_host, all_are_returned)      \
	X(pasid_host, holds_are_bounded)     \
	X(pasid_host, small_device)
#define KT_PASID_CONSUMER(X)                     \
	X(pasid_consumer, private_spaces)        \
	X(pasid_consumer, bad_parameters)        \
	X(pasid_consumer, found_in_an_interrupt) \
	X(pasid_consumer, hundred_thousand)      \
	X(pasid_consumer, leaks_are_counted)
#define KT_PASID_BACKEND(X)            \
	X(pasid_backend, duplicates)   \
	X(pasid_backend, out_of_range) \
	X(pasid_backend, slow)
#define KT_PASID_STRESS(X)             \
	X(pasid_stress, host)          \
	X(pasid_stress, private_space) \
	X(pasid_stress, init_and_exit)

KX_DECLS_BEGIN
/* Something like a device, whose IOMMU has `count` PASIDs for it; gone with the case. */
struct device *kp_device(struct kunit *test, unsigned int count);

/* A PASID as SVA gets it; 0: none. */
unsigned int kp_global_alloc(struct device *dev);
void kp_global_free(unsigned int pasid);
/* The kernel's lowest free PASID; 0 unless it and the `count` - 1 behind it are free. */
unsigned int kp_global_free_run(struct device *dev, unsigned int count);

/* Runs fn(arg) in a hard interrupt of this CPU. */
void kp_in_interrupt(void (*fn)(void *arg), void *arg);

/* An owner of a PASID that is freed after a grace period, and then is no owner any more. */
struct kp_owner {
	unsigned int alive; /* KP_ALIVE */
	unsigned int by;
};
#define KP_ALIVE 0xa11fe5u
struct kp_owner *kp_owner_new(unsigned int by);
void kp_owner_free(struct kp_owner *owner);
/* All that were freed are gone. */
void kp_rcu_barrier(void);
void kp_read_lock(void);
void kp_read_unlock(void);
void kp_resched(void);

KT_PASID_HOST(KT_DECLARE)
KT_PASID_CONSUMER(KT_DECLARE)
KT_PASID_BACKEND(KT_DECLARE)
KT_PASID_STRESS(KT_DECLARE)
KX_DECLS_END
