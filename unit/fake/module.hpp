// SPDX-License-Identifier: GPL-2.0-only
// bridge/module.h: a module that counts who uses it.
#pragma once

struct module {
	int refs = 0;
	bool going = false; // it is being unloaded
};
