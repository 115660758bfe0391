// SPDX-License-Identifier: GPL-2.0-only
// A kernel object embedded in one of ours: storage of its exact size in this kernel's configuration.
#pragma once
#include "base/types.hpp"
#include "bridge/layout.gen.h"

namespace kern {

template <typename T, std::size_t Size, std::size_t Align> class alignas(Align) Opaque {
public:
	Opaque() = default;
	Opaque(const Opaque &) = delete;

	T *get() { return reinterpret_cast<T *>(storage_); }
	const T *get() const { return reinterpret_cast<const T *>(storage_); }

private:
	unsigned char storage_[Size ? Size : 1]{};
};

static_assert(KX_PAGE_SHIFT == 12, "the project counts in 4 KiB pages");

} // namespace kern
