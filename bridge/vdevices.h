/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

struct rhashtable;
struct srcu_struct;

KX_DECLS_BEGIN
/* A table by 64-bit numbers, of which one can be taken before there is anything to find. Finding takes no lock. */
void kx_numbers_init(struct xarray *xa);
void kx_numbers_destroy(struct xarray *xa);
int kx_numbers_reserve(struct xarray *xa, unsigned long number);
void kx_numbers_publish(struct xarray *xa, unsigned long number, void *entry);
void kx_numbers_erase(struct xarray *xa, unsigned long number);
void *kx_numbers_find(struct xarray *xa, unsigned long number);

/* The numbers of {device, PASID}. Finding takes no lock. */
int kx_carriers_init(struct rhashtable *table);
void kx_carriers_destroy(struct rhashtable *table);
int kx_carriers_add(struct rhashtable *table, struct device *dev, unsigned int pasid, unsigned long long number);
void kx_carriers_remove(struct rhashtable *table, struct device *dev, unsigned int pasid);
int kx_carriers_find(struct rhashtable *table, struct device *dev, unsigned int pasid, unsigned long long *number);

/* Readers that may sleep, and somebody who waits until those that are there have gone. */
int kx_srcu_init(struct srcu_struct *srcu);
void kx_srcu_destroy(struct srcu_struct *srcu);
int kx_srcu_enter(struct srcu_struct *srcu);
void kx_srcu_leave(struct srcu_struct *srcu, int cookie);
void kx_srcu_wait(struct srcu_struct *srcu);
KX_DECLS_END
