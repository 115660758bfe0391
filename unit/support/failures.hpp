// SPDX-License-Identifier: GPL-2.0-only
// Fails each step of a call in turn: the first allocation, the second, ... until the call gets through without meeting
// one. After each failure the whole state must be as before, and the same call must work once the fault is gone.
#pragma once
#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "support/state.hpp"
#include "support/world.hpp"

#define IOMMUFD_CXX_KERNEL
#include "include/linux/iommufd_cxx_test.h"

namespace test {

// While it lives, the code under test asks Fault::kHook before what fault injection can make fail.
class FailingHook {
public:
	FailingHook() { EXPECT_EQ(iommufd_test_register(&hook_), 0); }
	FailingHook(const FailingHook &) = delete;
	~FailingHook() { iommufd_test_unregister(&hook_); }

private:
	iommufd_test_hook hook_{nullptr, nullptr, [](device *) { return false; },
				[] { return fake::step(fake::Fault::kHook); }, false};
};

// A machine with everything that a call needs. Members are built in setup() and torn down by the destructor.
class Scenario {
public:
	virtual ~Scenario() = default;
	virtual void setup() {}
	// The call: 0 or a negative errno.
	virtual int run() = 0;

	// An IOAS with two areas, of single pages and of runs of 3.
	u32 filled_ioas()
	{
		u32 made = fd.ioas();
		EXPECT_EQ(fd.map_at(made, machine.memory(20, {.run = 1}), 20 * kPage, 0x40000), 0);
		EXPECT_EQ(fd.map_at(made, machine.memory(20, {.run = 3}), 20 * kPage, 0x80000), 0);
		return made;
	}

	Machine machine;
	Fd fd;
};

struct Expected {
	int error = -12;
	std::array<int, 3> or_errors{}; // where steps of several kinds are failed
	// Some faults may be survived: scratch memory has a second source.
	bool may_survive = false;
	unsigned at_least = 1;      // so many steps of this kind must exist, or the scenario tests nothing
	bool small_batches = false; // no scratch memory from the heap: 16 runs and 16 pages at a time
};

template <typename S, typename... Args> void fail_each(fake::Fault kind, Expected expected, Args... args)
{
	std::optional<FailingHook> hook;
	std::string after_success;

	if (kind == fake::Fault::kHook)
		hook.emplace();
	{
		S s(args...);
		fake::fail_all_tries(expected.small_batches);
		s.setup();
		ASSERT_EQ(s.run(), 0) << fake::last_rejection();
		fake::run_task_work();
		check_consistency(s.fd.context());
		after_success = describe_all({&s.fd.context()});
	}
	for (unsigned nth = 1;; nth++) {
		SCOPED_TRACE("fault at step " + std::to_string(nth));
		S s(args...);
		fake::fail_all_tries(expected.small_batches);
		s.setup();
		const std::string before = describe_all({&s.fd.context()});
		fake::arm(kind, nth);
		int rc = s.run();
		fake::disarm();
		fake::run_task_work();
		if (!fake::fired()) {
			EXPECT_EQ(rc, 0);
			EXPECT_GT(nth, expected.at_least) << "too few steps to fail";
			return;
		}
		if (rc) {
			if (std::ranges::find(expected.or_errors, rc) == expected.or_errors.end()) {
				EXPECT_EQ(rc, expected.error) << fake::last_rejection();
			}
			EXPECT_EQ(describe_all({&s.fd.context()}), before);
			EXPECT_EQ(s.run(), 0) << "does not work after a failure: " << fake::last_rejection();
			fake::run_task_work();
		} else {
			EXPECT_TRUE(expected.may_survive) << "a failure went unnoticed";
		}
		check_consistency(s.fd.context());
		EXPECT_EQ(describe_all({&s.fd.context()}), after_success);
		if (::testing::Test::HasFailure())
			return;
	}
}

} // namespace test
