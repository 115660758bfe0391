// SPDX-License-Identifier: GPL-2.0-only
// bridge/uaccess.h: what the caller's pointers reach. Either the fake memory of the current process, or pieces of the
// test's own memory that stand for it: the structures of ioctls, registered for the length of a call.
#pragma once
#include <functional>

namespace fake {

// `at`..`at + size` of the test can be reached by the code under test while this lives.
class Reachable {
public:
	enum Mode { kReadWrite, kReadOnly };
	Reachable(const void *at, unsigned long size, Mode mode = kReadWrite);
	~Reachable();
	Reachable(const Reachable &) = delete;

private:
	unsigned long at_, size_;
};

// Runs once, when the code under test next copies to or from user memory: what other threads do meanwhile.
void while_copying(std::function<void()> fn);

} // namespace fake
