// SPDX-License-Identifier: GPL-2.0-only
// bridge/runtime.cpp once more: an object belongs to one module.
#include "bridge/runtime.cpp" // NOLINT(bugprone-suspicious-include)
