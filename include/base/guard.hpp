// SPDX-License-Identifier: GPL-2.0-only
// A lock held for a scope. `L` is anything with lock()/unlock(); SharedGuard uses the shared side.
#pragma once

namespace base {

template <typename L> class [[nodiscard]] Guard {
public:
	explicit Guard(L &lock) : lock_(lock) { lock_.lock(); }
	~Guard() { lock_.unlock(); }
	Guard(const Guard &) = delete;

private:
	L &lock_;
};

template <typename L> class [[nodiscard]] SharedGuard {
public:
	explicit SharedGuard(L &lock) : lock_(lock) { lock_.lock_shared(); }
	~SharedGuard() { lock_.unlock_shared(); }
	SharedGuard(const SharedGuard &) = delete;

private:
	L &lock_;
};

// Runs `fn` at the end of the scope unless dismissed: the undo of a step that later steps may invalidate.
template <typename Fn> class [[nodiscard]] Undo {
public:
	explicit Undo(Fn fn) : fn_(fn) {}
	~Undo()
	{
		if (armed_)
			fn_();
	}
	Undo(const Undo &) = delete;
	void dismiss() { armed_ = false; }

private:
	Fn fn_;
	bool armed_ = true;
};

} // namespace base
