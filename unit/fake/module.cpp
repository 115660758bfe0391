// SPDX-License-Identifier: GPL-2.0-only
// bridge/module.h; see module.hpp.
#include "fake/module.hpp"

#include "bridge/module.h"
#include "fake/fault.hpp"

// As in the kernel, no module is the kernel itself, which does not go.
void kx_module_get(module *m)
{
	if (m)
		m->refs++;
}

bool kx_module_try_get(module *m)
{
	if (m && m->going)
		return false;
	kx_module_get(m);
	return true;
}

void kx_module_put(module *m)
{
	if (m && --m->refs < 0)
		fake::problem("module put once too often");
}
