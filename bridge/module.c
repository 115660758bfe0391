// SPDX-License-Identifier: GPL-2.0-only
/* <linux/module.h>: whose code must stay */
#include <linux/module.h>

#include "bridge/module.h"

void kx_module_get(struct module *module)
{
	__module_get(module);
}

bool kx_module_try_get(struct module *module)
{
	return try_module_get(module);
}

void kx_module_put(struct module *module)
{
	module_put(module);
}
