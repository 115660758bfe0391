// SPDX-License-Identifier: GPL-2.0-only
/* <linux/mm.h>: the memory of the mock's dma-bufs, which is ordinary and plays a device's. */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>

#include "bridge/dmabuf_export.h"
#include "mock_iommu/glue.h"

void *mx_memory_alloc(unsigned long length)
{
	return alloc_pages_exact(length, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
}

void mx_memory_free(void *memory, unsigned long length)
{
	free_pages_exact(memory, length);
}

unsigned long long mx_memory_pa(void *memory)
{
	return virt_to_phys(memory);
}

/* For tests to compare with */
static int mmap(void *data, struct vm_area_struct *vma)
{
	char *memory = mock_dmabuf_memory(data);
	unsigned long pages = vma_pages(vma), i;
	int rc = 0;

	for (i = 0; !rc && i < pages; i++)
		rc = vm_insert_page(vma, vma->vm_start + (i << PAGE_SHIFT),
				    virt_to_page(memory + ((vma->vm_pgoff + i) << PAGE_SHIFT)));
	return rc;
}

static const struct kx_export_kind mock_memory = {
	.released = mock_dmabuf_released,
	.range = mock_dmabuf_range,
	.mmap = mmap,
};

int mx_dmabuf_start(void)
{
	return kx_export_start(&mock_memory);
}
