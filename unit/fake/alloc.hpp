// SPDX-License-Identifier: GPL-2.0-only
// bridge/alloc.h: the kernel's allocator. Blocks from it are counted; `new` of the code under test arrives here too
// (the Makefile renames the symbol in its objects), `new` of the tests does not.
#pragma once
#include <cstddef>

namespace fake {

// Blocks that have not been freed.
std::size_t outstanding_allocations();
// As long as set, every kx_alloc_try() fails: scratch memory is what is on the stack.
void fail_all_tries(bool on);
// How often an allocation was asked for since the last reset.
unsigned allocations();
// kx_alloc_now(): memory that may be asked for under a spinlock.
void *alloc_now(unsigned long size);
// Memory cgroups that are held.
int memcg_refs();
void reset_alloc();

} // namespace fake
