// SPDX-License-Identifier: GPL-2.0-only
// Arithmetic on numbers that a user chose: it says when it wraps.
#pragma once
#include <bit>

#include "base/result.hpp"

namespace base {

constexpr unsigned kPageShift = 12;
constexpr u64 kPageSize = u64{1} << kPageShift;

// start..start+length-1. EINVAL for no bytes at all, EOVERFLOW for a range that wraps.
template <typename T> constexpr Result<Range<T>> checked_range(T start, u64 length)
{
	u64 last;
	if (!length)
		return fail(Errno::kInval, "length is 0");
	if (__builtin_add_overflow(start.raw(), length - 1, &last))
		return fail(Errno::kOverflow, "start + length wraps");
	return Range<T>{start, T(last)};
}

// Power-of-two alignment helpers; `align` in bytes.
constexpr bool is_aligned(u64 value, u64 align) { return (value & (align - 1)) == 0; }
constexpr u64 align_down(u64 value, u64 align) { return value & ~(align - 1); }
constexpr bool align_up(u64 value, u64 align, u64 &out)
{
	u64 sum;
	if (__builtin_add_overflow(value, align - 1, &sum))
		return false;
	out = align_down(sum, align);
	return true;
}

constexpr bool is_power_of_two(u64 value) { return value && !(value & (value - 1)); }
constexpr u64 lowest_bit(u64 value) { return value & -value; }

} // namespace base
