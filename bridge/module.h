/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

struct module;

KX_DECLS_BEGIN
void kx_module_get(struct module *module);
bool kx_module_try_get(struct module *module); /* false: it is being unloaded */
void kx_module_put(struct module *module);
KX_DECLS_END
