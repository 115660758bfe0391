/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

KX_DECLS_BEGIN
void kx_ids_init(struct xarray *xa);
int kx_ids_reserve(struct xarray *xa, unsigned int *id);
/* Takes this id, for this entry: EBUSY, ENOMEM */
int kx_ids_insert(struct xarray *xa, unsigned int id, void *entry);
void kx_ids_publish(struct xarray *xa, unsigned int id, void *entry);
void *kx_ids_erase(struct xarray *xa, unsigned int id);
void *kx_ids_erase_locked(struct xarray *xa, unsigned int id);
void kx_ids_retire_locked(struct xarray *xa, unsigned int id);
void kx_ids_destroy(struct xarray *xa);
void *kx_ids_load(struct xarray *xa, unsigned int id);
void *kx_ids_next(struct xarray *xa, unsigned long *id);
bool kx_ids_empty(const struct xarray *xa);
void kx_ids_lock(struct xarray *xa);
void kx_ids_unlock(struct xarray *xa);
void kx_ids_assert_held(const struct xarray *xa);
KX_DECLS_END
