// SPDX-License-Identifier: GPL-2.0-only
// What the compiler calls behind our back: allocation, and the vtable slot of a pure virtual function.
#include <new>

#include "kern/alloc.hpp"
#include "kern/log.hpp"

void operator delete(void *ptr, std::size_t) noexcept;

// -fcheck-new: a null result skips the constructor.
void *operator new(std::size_t size)
{
	return kx_alloc(size);
}
void operator delete(void *ptr) noexcept
{
	kx_free(ptr);
}
void operator delete(void *ptr, std::size_t) noexcept
{
	kx_free(ptr);
}

extern "C" [[noreturn]] void __cxa_pure_virtual();
extern "C" [[noreturn]] void __cxa_pure_virtual()
{
	kx_bug("pure virtual function called");
	__builtin_trap();
}
