/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

KX_DECLS_BEGIN
bool kx_copy_from_user(void *to, unsigned long from, unsigned long size);
bool kx_copy_to_user(unsigned long to, const void *from, unsigned long size);
bool kx_clear_user(unsigned long to, unsigned long size);
int kx_copy_struct_from_user(void *to, unsigned long known, unsigned long from, unsigned long given);
KX_DECLS_END
