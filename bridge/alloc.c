// SPDX-License-Identifier: GPL-2.0-only
/* <linux/slab.h> */
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

void kx_free(const void *ptr)
{
	kvfree(ptr);
}
