// SPDX-License-Identifier: GPL-2.0-only
// Reference counts of our own objects. They never cross the bridge, so a get or put is one instruction.
#pragma once
#include <type_traits>
#include <utility>

#include "base/types.hpp"

namespace base {

class Refcount {
public:
	explicit constexpr Refcount(int initial) : count_(initial) {}
	Refcount(const Refcount &) = delete;

	int load() const { return __atomic_load_n(&count_, __ATOMIC_ACQUIRE); }
	// For somebody who sleeps until it is zero.
	const int *address() const { return &count_; }
	void inc() { __atomic_fetch_add(&count_, 1, __ATOMIC_RELAXED); }

	// False once the count has reached zero: the object is on its way out.
	bool inc_not_zero()
	{
		int now = load();
		while (now)
			if (__atomic_compare_exchange_n(&count_, &now, now + 1, true, __ATOMIC_ACQUIRE,
							__ATOMIC_RELAXED))
				return true;
		return false;
	}

	// True for the caller that took the last one.
	bool dec_and_test() { return __atomic_sub_fetch(&count_, 1, __ATOMIC_ACQ_REL) == 0; }
	void dec() { (void)dec_and_test(); }

	// 1 -> 0, the only way to win an object for destruction. False when somebody else uses it.
	bool dec_if_one()
	{
		int one = 1;
		return __atomic_compare_exchange_n(&count_, &one, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	}

private:
	int count_;
};

// Intrusive counting for objects that live as long as somebody refers to them.
class Counted {
public:
	Counted(const Counted &) = delete;

protected:
	Counted() = default;
	~Counted() = default;

private:
	template <typename T> friend class Ref;
	Refcount refs_{1};
};

// One counted reference to a T that derives from Counted; the last one deletes it.
template <typename T> class Ref {
public:
	constexpr Ref() = default;
	// Takes over the reference that a fresh object is born with.
	explicit Ref(T *fresh) : ptr_(fresh) {}
	Ref(const Ref &o) : ptr_(o.ptr_)
	{
		if (ptr_)
			ptr_->refs_.inc();
	}
	Ref(Ref &&o) noexcept : ptr_(std::exchange(o.ptr_, nullptr)) {}
	Ref &operator=(Ref o) noexcept
	{
		std::swap(ptr_, o.ptr_);
		return *this;
	}
	~Ref()
	{
		if (ptr_ && ptr_->refs_.dec_and_test())
			delete ptr_; // NOLINT(clang-analyzer-cplusplus.NewDelete): it cannot follow the count
	}

	T *get() const { return ptr_; }
	T *operator->() const { return ptr_; }
	T &operator*() const { return *ptr_; }
	explicit operator bool() const { return ptr_; }

	// A reference more, from somebody who can vouch that the object is alive.
	static Ref share(T &object)
	{
		object.refs_.inc();
		return Ref(&object);
	}

private:
	T *ptr_ = nullptr;
};

} // namespace base
