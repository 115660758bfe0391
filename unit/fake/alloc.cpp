// SPDX-License-Identifier: GPL-2.0-only
// The kernel's allocator; see alloc.hpp.
#include "fake/alloc.hpp"

#include <cstdlib>
#include <cstring>
#include <new>
#include <unordered_set>

#include "bridge/alloc.h"
#include "fake/device_memory.hpp"
#include "fake/fault.hpp"
#include "fake/sync.hpp"

namespace {

// The set's own memory must not come from operator new, which looks into the set.
template <typename T> struct Malloc {
	using value_type = T;
	Malloc() = default;
	template <typename U> Malloc(const Malloc<U> &) {}
	T *allocate(std::size_t n) { return static_cast<T *>(malloc(n * sizeof(T))); }
	void deallocate(T *p, std::size_t) { free(p); }
	friend bool operator==(const Malloc &, const Malloc &) { return true; }
};

using Blocks =
	std::unordered_set<const void *, std::hash<const void *>, std::equal_to<const void *>, Malloc<const void *>>;

// Never destroyed: static destructors of others free memory after it would be gone.
Blocks &blocks()
{
	alignas(Blocks) static unsigned char storage[sizeof(Blocks)];
	static Blocks *set = ::new (storage) Blocks;
	return *set;
}

bool tries_fail;
unsigned asked;

void *take_now(unsigned long size, int fill)
{
	asked++;
	if (fake::step(fake::Fault::kAlloc))
		return nullptr;
	void *block = malloc(size ? size : 1);
	memset(block, fill, size);
	blocks().insert(block);
	return block;
}

void *take(unsigned long size, int fill)
{
	fake::might_sleep("allocation");
	fake::might_reclaim("allocation");
	return take_now(size, fill);
}

} // namespace

unsigned kx_scratch_limit = 65536;

void *kx_alloc(unsigned long size) { return take(size, 0); }

void *kx_alloc_try(unsigned long size) { return tries_fail ? nullptr : take(size, 0xa5); }

void kx_free(const void *block)
{
	blocks().erase(block);
	free(const_cast<void *>(block));
}

// What the code under test calls for `new` and `delete`.
extern "C" void *fake_operator_new(std::size_t size) { return kx_alloc(size); }
extern "C" void fake_operator_delete(void *block) { kx_free(block); }

void *operator new(std::size_t size) { return malloc(size ? size : 1); }
void *operator new(std::size_t size, const std::nothrow_t &) noexcept { return malloc(size ? size : 1); }
// An inline function that deletes may come from either side.
void operator delete(void *block) noexcept { kx_free(block); }
void operator delete(void *block, std::size_t) noexcept { kx_free(block); }

bool kx_wait_for_memory()
{
	fake::might_sleep("waiting for memory");
	fake::might_reclaim("waiting for memory");
	fake::wait_for_memory();
	return !fake::step(fake::Fault::kAlloc);
}

namespace fake {

std::size_t outstanding_allocations() { return blocks().size(); }
void *alloc_now(unsigned long size) { return take_now(size, 0xa5); }
void fail_all_tries(bool on) { tries_fail = on; }
unsigned allocations() { return asked; }

void reset_alloc()
{
	asked = 0;
	tries_fail = false;
	kx_scratch_limit = 65536;
}

} // namespace fake
