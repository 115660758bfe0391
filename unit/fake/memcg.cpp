// SPDX-License-Identifier: GPL-2.0-only
// bridge/memcg.h: one group, whose references are counted. Memory may be asked for under spinlocks.
#include "bridge/memcg.h"

#include "fake/alloc.hpp"
#include "fake/fault.hpp"

struct mem_cgroup {
	int refs;
};

namespace {

mem_cgroup the_group;

} // namespace

int fake::memcg_refs() { return the_group.refs; }

mem_cgroup *kx_memcg_get_current()
{
	the_group.refs++;
	return &the_group;
}

void kx_memcg_put(mem_cgroup *memcg)
{
	if (--memcg->refs < 0)
		fake::problem("a memory cgroup put once too often");
}

void *kx_alloc_now(unsigned long size, mem_cgroup *memcg)
{
	if (memcg != &the_group || the_group.refs <= 0)
		fake::problem("memory charged to nobody");
	return fake::alloc_now(size);
}
