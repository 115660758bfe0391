// SPDX-License-Identifier: GPL-2.0-only
// Memory. Everything that a user's request allocates is charged to its memory cgroup and may sleep; nothing
// throws: `new` gives null and make() turns that into ENOMEM.
#pragma once
#include <new>
#include <utility>

#include "base/result.hpp"
#include "bridge/alloc.h"

namespace kern {

// The one owner of a heap object.
template <typename T> class Box {
public:
	constexpr Box() = default;
	explicit Box(T *ptr) : ptr_(ptr) {}
	Box(Box &&o) noexcept : ptr_(std::exchange(o.ptr_, nullptr)) {}
	Box &operator=(Box o) noexcept
	{
		std::swap(ptr_, o.ptr_);
		return *this;
	}
	~Box() { delete ptr_; }

	T *get() const { return ptr_; }
	T *operator->() const { return ptr_; }
	T &operator*() const { return *ptr_; }
	explicit operator bool() const { return ptr_; }
	T *release() { return std::exchange(ptr_, nullptr); }

private:
	T *ptr_ = nullptr;
};

// A new T(args...), or ENOMEM. Context: may sleep.
template <typename T, typename... Args> base::Result<Box<T>> make(Args &&...args)
{
	// -fcheck-new: null, not an exception
	T *object = new T(std::forward<Args>(args)...);
	if (!object)
		return base::fail(base::Errno::kNoMem, "out of memory");
	return Box<T>(object);
}

// `count` zeroed objects of a trivial type with the kernel's allocator; empty when memory is short.
template <typename T> class Array {
	static_assert(std::is_trivially_copyable_v<T>, "all bytes zero must be a value");

public:
	Array() = default;
	explicit Array(std::size_t count) : items_(static_cast<T *>(kx_alloc(count * sizeof(T)))) {}
	Array(Array &&o) noexcept : items_(std::exchange(o.items_, nullptr)) {}
	Array &operator=(Array o) noexcept
	{
		std::swap(items_, o.items_);
		return *this;
	}
	~Array() { kx_free(items_); }

	explicit operator bool() const { return items_; }
	T &operator[](std::size_t i) const { return items_[i]; }
	T *get() const { return items_; }

private:
	T *items_ = nullptr;
};

// Scratch space that cannot fail: up to `Wanted` objects from the heap if they are there for the asking, else the
// `Backup` ones that live inside (on the stack of its user). Not zeroed, not charged.
template <typename T, std::size_t Wanted, std::size_t Backup> class Scratch {
	static_assert(std::is_trivially_copyable_v<T>);

public:
	// `needed`: objects that the user has a use for; no heap is asked when the backup holds them.
	explicit Scratch(u64 needed)
	{
		std::size_t limit = kx_scratch_limit / sizeof(T);
		if (needed <= Backup || limit <= Backup) {
			capacity_ = limit < Backup ? (limit ? limit : 1) : Backup;
			return;
		}
		std::size_t count = needed < Wanted ? needed : Wanted;
		if (count > limit)
			count = limit;
		if (void *heap = kx_alloc_try(count * sizeof(T))) {
			items_ = static_cast<T *>(heap);
			capacity_ = count;
		}
	}
	Scratch(const Scratch &) = delete;
	~Scratch()
	{
		if (items_ != backup_)
			kx_free(items_);
	}

	T *data() { return items_; }
	T &operator[](std::size_t i) { return items_[i]; }
	std::size_t capacity() const { return capacity_; }

private:
	T backup_[Backup];
	T *items_ = backup_;
	std::size_t capacity_ = Backup;
};

} // namespace kern
