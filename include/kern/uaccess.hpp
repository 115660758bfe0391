// SPDX-License-Identifier: GPL-2.0-only
// Bytes to and from the caller's memory. Context: process context of that caller, may sleep (page faults).
#pragma once
#include "base/result.hpp"
#include "bridge/uaccess.h"

namespace kern {

using base::UserVa;

// EFAULT when any byte is out of reach.
template <typename T> base::Status copy_from_user(T &to, UserVa from)
{
	if (!kx_copy_from_user(&to, from.raw(), sizeof(T)))
		return base::fail(base::Errno::kFault, "user memory not readable");
	return {};
}

inline base::Status copy_to_user(UserVa to, const void *from, u64 size)
{
	if (!kx_copy_to_user(to.raw(), from, size))
		return base::fail(base::Errno::kFault, "user memory not writable");
	return {};
}

inline base::Status clear_user(UserVa to, u64 size)
{
	if (!kx_clear_user(to.raw(), size))
		return base::fail(base::Errno::kFault, "user memory not writable");
	return {};
}

} // namespace kern
