// SPDX-License-Identifier: GPL-2.0-only
/* <linux/xarray.h>, as a table of ids: 1..2^31-1, an id can be reserved before there is anything to find */
#include <linux/bug.h>
#include <linux/xarray.h>

#include "bridge/xarray.h"

void kx_ids_init(struct xarray *xa)
{
	xa_init_flags(xa, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
}

int kx_ids_reserve(struct xarray *xa, unsigned int *id)
{
	return xa_alloc(xa, id, XA_ZERO_ENTRY, xa_limit_31b, GFP_KERNEL_ACCOUNT);
}

int kx_ids_insert(struct xarray *xa, unsigned int id, void *entry)
{
	return xa_insert(xa, id, entry, GFP_KERNEL_ACCOUNT);
}

/* The slot exists since kx_ids_reserve(): this allocates nothing and cannot fail. */
void kx_ids_publish(struct xarray *xa, unsigned int id, void *entry)
{
	WARN_ON(xa_store(xa, id, entry, GFP_KERNEL));
}

void *kx_ids_erase(struct xarray *xa, unsigned int id)
{
	return xa_erase(xa, id);
}

void *kx_ids_erase_locked(struct xarray *xa, unsigned int id)
{
	return __xa_erase(xa, id);
}

/* Taken from now on without anything to find, for good. The slot exists: this allocates nothing and cannot fail. */
void kx_ids_retire_locked(struct xarray *xa, unsigned int id)
{
	WARN_ON(xa_is_err(__xa_store(xa, id, XA_ZERO_ENTRY, GFP_ATOMIC)));
}

void kx_ids_destroy(struct xarray *xa)
{
	xa_destroy(xa);
}

void *kx_ids_load(struct xarray *xa, unsigned int id)
{
	return xa_load(xa, id);
}

/* The first published entry with an id above *id. */
void *kx_ids_next(struct xarray *xa, unsigned long *id)
{
	return xa_find_after(xa, id, UINT_MAX, XA_PRESENT);
}

bool kx_ids_empty(const struct xarray *xa)
{
	return xa_empty(xa);
}

void kx_ids_lock(struct xarray *xa)
{
	xa_lock(xa);
}

void kx_ids_unlock(struct xarray *xa)
{
	xa_unlock(xa);
}

void kx_ids_assert_held(const struct xarray *xa)
{
	lockdep_assert_held(&xa->xa_lock);
}
