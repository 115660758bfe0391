// SPDX-License-Identifier: GPL-2.0-only
/* <linux/xarray.h>, <linux/rhashtable.h>, <linux/srcu.h>: how a vIOMMU finds its vDEVICEs */
#include <linux/bug.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/xarray.h>

#include "bridge/vdevices.h"

void kx_numbers_init(struct xarray *xa)
{
	xa_init_flags(xa, XA_FLAGS_ACCOUNT);
}

void kx_numbers_destroy(struct xarray *xa)
{
	WARN_ON(!xa_empty(xa));
	xa_destroy(xa);
}

/* -EBUSY when it is taken */
int kx_numbers_reserve(struct xarray *xa, unsigned long number)
{
	return xa_insert(xa, number, XA_ZERO_ENTRY, GFP_KERNEL_ACCOUNT);
}

/* The slot exists since kx_numbers_reserve(): this allocates nothing and cannot fail. */
void kx_numbers_publish(struct xarray *xa, unsigned long number, void *entry)
{
	WARN_ON(xa_store(xa, number, entry, GFP_KERNEL));
}

void kx_numbers_erase(struct xarray *xa, unsigned long number)
{
	xa_erase(xa, number);
}

void *kx_numbers_find(struct xarray *xa, unsigned long number)
{
	return xa_load(xa, number);
}

struct carrier_key {
	struct device *dev;
	unsigned long pasid; /* as wide as a pointer: no padding */
};

struct carrier {
	struct rhash_head node;
	struct carrier_key key;
	unsigned long long number;
	struct rcu_head rcu;
};

static const struct rhashtable_params carriers = {
	.key_len = sizeof(struct carrier_key),
	.key_offset = offsetof(struct carrier, key),
	.head_offset = offsetof(struct carrier, node),
	.automatic_shrinking = true,
};

int kx_carriers_init(struct rhashtable *table)
{
	return rhashtable_init(table, &carriers);
}

void kx_carriers_destroy(struct rhashtable *table)
{
	WARN_ON(atomic_read(&table->nelems));
	rhashtable_destroy(table);
}

int kx_carriers_add(struct rhashtable *table, struct device *dev, unsigned int pasid, unsigned long long number)
{
	struct carrier *carrier = kzalloc(sizeof(*carrier), GFP_KERNEL_ACCOUNT);
	int rc;

	if (!carrier)
		return -ENOMEM;
	carrier->key.dev = dev;
	carrier->key.pasid = pasid;
	carrier->number = number;
	rc = rhashtable_insert_fast(table, &carrier->node, carriers);
	if (rc)
		kfree(carrier);
	return rc;
}

void kx_carriers_remove(struct rhashtable *table, struct device *dev, unsigned int pasid)
{
	struct carrier_key key = { .dev = dev, .pasid = pasid };
	struct carrier *carrier;

	rcu_read_lock();
	carrier = rhashtable_lookup(table, &key, carriers);
	if (!WARN_ON(!carrier || rhashtable_remove_fast(table, &carrier->node, carriers)))
		kfree_rcu(carrier, rcu);
	rcu_read_unlock();
}

int kx_carriers_find(struct rhashtable *table, struct device *dev, unsigned int pasid, unsigned long long *number)
{
	struct carrier_key key = { .dev = dev, .pasid = pasid };
	struct carrier *carrier;

	rcu_read_lock();
	carrier = rhashtable_lookup(table, &key, carriers);
	if (carrier)
		*number = carrier->number;
	rcu_read_unlock();
	return carrier ? 0 : -ENOENT;
}

int kx_srcu_init(struct srcu_struct *srcu)
{
	return init_srcu_struct(srcu);
}

void kx_srcu_destroy(struct srcu_struct *srcu)
{
	cleanup_srcu_struct(srcu);
}

int kx_srcu_enter(struct srcu_struct *srcu)
{
	return srcu_read_lock(srcu);
}

void kx_srcu_leave(struct srcu_struct *srcu, int cookie)
{
	srcu_read_unlock(srcu, cookie);
}

void kx_srcu_wait(struct srcu_struct *srcu)
{
	synchronize_srcu_expedited(srcu);
}
