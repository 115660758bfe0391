/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

struct mem_cgroup;

KX_DECLS_BEGIN
/* Of the current process; null where the kernel counts no memory. */
struct mem_cgroup *kx_memcg_get_current(void);
void kx_memcg_put(struct mem_cgroup *memcg);
/* Charged to memcg, not zeroed. Any context: never waits, and so fails early. kx_free() frees it, in any context. */
void *kx_alloc_now(unsigned long size, struct mem_cgroup *memcg);
KX_DECLS_END
