// SPDX-License-Identifier: GPL-2.0-only
// Held: one reference to something of the kernel's, or the thing itself, moved and never copied, that `Put` lets go.
#pragma once
#include <utility>

namespace base {

template <typename T, void (*Put)(T *)> class Held {
public:
	Held() = default;
	explicit Held(T *ptr) : ptr_(ptr) {}
	Held(Held &&o) noexcept : ptr_(std::exchange(o.ptr_, nullptr)) {}
	Held &operator=(Held o) noexcept
	{
		std::swap(ptr_, o.ptr_);
		return *this;
	}
	~Held()
	{
		if (ptr_)
			Put(ptr_);
	}

	T *get() const { return ptr_; }
	explicit operator bool() const { return ptr_; }
	// Leaves it to somebody who lets go by other means.
	T *release() { return std::exchange(ptr_, nullptr); }

private:
	T *ptr_ = nullptr;
};

} // namespace base
