// SPDX-License-Identifier: GPL-2.0-only
// What the project says to the kernel log, and its assertions.
#pragma once
#include "base/result.hpp"
#include "bridge/log.h"

namespace kern {

// The single gate from Result to errno: notes the reason once, at debug level and rate limited.
// `what`: the operation as its caller knows it, e.g. "IOAS_MAP".
inline int reject(const char *what, base::Error e)
{
	kx_log_rejected(what, e.to_errno(), e.why());
	return e.to_errno();
}

inline int to_errno(const char *what, const base::Status &status) { return status ? 0 : reject(what, status.error()); }

} // namespace kern

// True (and a WARN in the log) when something that cannot happen has happened.
#define WARN_ON(condition) (__builtin_expect(!!(condition), 0) && kx_warn(#condition, __FILE_NAME__, __LINE__))
