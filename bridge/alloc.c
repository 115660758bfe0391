// SPDX-License-Identifier: GPL-2.0-only
/* <linux/slab.h> */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "bridge/alloc.h"

unsigned int kx_scratch_limit = 65536;

void *kx_alloc(unsigned long size)
{
	return kvzalloc(size, GFP_KERNEL_ACCOUNT);
}

void *kx_alloc_try(unsigned long size)
{
	return kmalloc(size, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
}

/* Some pages for a moment: by whatever reclaim that takes, there is memory at hand afterwards. */
bool kx_wait_for_memory(void)
{
	struct page *pages[16] = {};
	unsigned long got = alloc_pages_bulk_array(GFP_KERNEL_ACCOUNT, ARRAY_SIZE(pages), pages);

	while (got--)
		__free_page(pages[got]);
	return pages[0];
}

void kx_free(const void *ptr)
{
	kvfree(ptr);
}
