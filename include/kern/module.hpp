// SPDX-License-Identifier: GPL-2.0-only
// References to modules whose code must stay.
#pragma once
#include "base/held.hpp"
#include "base/result.hpp"
#include "bridge/module.h"

namespace kern {

class ModuleRef : public base::Held<module, kx_module_put> {
public:
	using Held::Held;

	// Null, for code that is part of the kernel, is fine. ENODEV: it is being unloaded.
	static base::Result<ModuleRef> get(module *m)
	{
		if (!kx_module_try_get(m))
			return base::fail(base::Errno::kNoDev, "the module is being unloaded");
		return ModuleRef(m);
	}
};

} // namespace kern
