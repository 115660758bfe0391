// SPDX-License-Identifier: GPL-2.0-only
// InPlace: one object of a class that derives from Base, inside its owner: chosen when the owner is made, without an
// allocation. Base has a virtual destructor.
#pragma once
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace base {

template <typename Base, std::size_t Size> class InPlace {
public:
	template <typename T, typename... Args> explicit InPlace(std::in_place_type_t<T>, Args &&...args)
	{
		static_assert(std::is_base_of_v<Base, T> && sizeof(T) <= Size && alignof(T) <= alignof(void *));
		::new (static_cast<void *>(bytes_)) T(std::forward<Args>(args)...);
	}
	~InPlace() { get().~Base(); }
	InPlace(const InPlace &) = delete;

	// Base is the first base class of what is inside, so that it begins where that begins.
	Base &get() { return *std::launder(reinterpret_cast<Base *>(bytes_)); }
	const Base &get() const { return *std::launder(reinterpret_cast<const Base *>(bytes_)); }

private:
	alignas(void *) std::byte bytes_[Size];
};

} // namespace base
