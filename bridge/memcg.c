// SPDX-License-Identifier: GPL-2.0-only
/* <linux/memcontrol.h>: memory for a user in whose name nobody is running */
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "bridge/memcg.h"

struct mem_cgroup *kx_memcg_get_current(void)
{
	return get_mem_cgroup_from_mm(current->mm);
}

void kx_memcg_put(struct mem_cgroup *memcg)
{
	mem_cgroup_put(memcg);
}

void *kx_alloc_now(unsigned long size, struct mem_cgroup *memcg)
{
	struct mem_cgroup *outer = set_active_memcg(memcg);
	void *ptr = kmalloc(size, GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);

	set_active_memcg(outer);
	return ptr;
}
