// SPDX-License-Identifier: GPL-2.0-only
// Result<T>: a value, or the errno and the reason why there is none.
//
// Everything inside returns Result; an errno int exists only at the extern "C" entry points, where
// to_errno() turns one into the other. The reason is a literal: the entry point prints it once, at debug
// level, so that whoever gets an EINVAL can read in the log which of the twenty it is.
#pragma once
#include <expected>
#include <utility>

#include "base/types.hpp"

namespace base {

// The kernel's numbers (include/uapi/asm-generic/errno*.h), spelt here because C++ includes no kernel header.
enum class Errno : int {
	kPerm = 1,
	kNoEnt = 2,
	kIo = 5,
	kNxio = 6,
	kNoMem = 12,
	kAcces = 13,
	kFault = 14,
	kBusy = 16,
	kExist = 17,
	kNoDev = 19,
	kInval = 22,
	kNoTty = 25,
	kNoSpc = 28,
	kRange = 34,
	kDeadlock = 35,
	kBadE = 52,
	kOverflow = 75,
	kBadFd = 77,
	kMsgSize = 90,
	kOpNotSupp = 95,
	kAddrInUse = 98,
};

class [[nodiscard]] Error {
public:
	// `why` must be a string literal: it outlives every caller.
	constexpr Error(Errno code, const char *why) : why_(why), code_(static_cast<int>(code)) {}
	// A negative errno that came out of the kernel.
	static constexpr Error from_kernel(int negative_errno, const char *why)
	{
		Error e(Errno::kInval, why);
		e.code_ = -negative_errno;
		return e;
	}

	constexpr int to_errno() const { return -code_; }
	constexpr const char *why() const { return why_; }
	constexpr bool is(Errno code) const { return code_ == static_cast<int>(code); }

private:
	const char *why_;
	int code_;
};

template <typename T> using Result = std::expected<T, Error>;
using Status = Result<void>;

constexpr std::unexpected<Error> fail(Errno code, const char *why) { return std::unexpected(Error(code, why)); }
constexpr std::unexpected<Error> fail(Error e) { return std::unexpected(e); }

// 0 or a negative kernel errno, as a Status.
constexpr Status check(int rc, const char *why)
{
	if (rc < 0)
		return fail(Error::from_kernel(rc, why));
	return {};
}

} // namespace base

// Leave the function with the error of a Status, or go on.
#define TRY(expr)                                                         \
	do {                                                              \
		if (auto try_status_ = (expr); !try_status_) [[unlikely]] \
			return std::unexpected(try_status_.error());      \
	} while (0)

// Declare `var` with the value of a Result, or leave the function with its error.
#define TRY_LET(var, expr)                                        \
	auto try_result_##var = (expr);                           \
	if (!try_result_##var) [[unlikely]]                       \
		return std::unexpected(try_result_##var.error()); \
	auto var = std::move(*try_result_##var)
