/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

KX_DECLS_BEGIN
extern unsigned int kx_scratch_limit; /* bytes */
void *kx_alloc(unsigned long size);
void *kx_alloc_try(unsigned long size);
void kx_free(const void *ptr);
bool kx_wait_for_memory(void);
KX_DECLS_END
