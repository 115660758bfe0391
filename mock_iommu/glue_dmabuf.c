// SPDX-License-Identifier: GPL-2.0-only
/* <linux/dma-buf.h>: dma-bufs of the mock, which are ordinary memory that plays a device's. */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "mock_iommu/glue.h"
#include "include/linux/iommufd_dmabuf.h"

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

#ifdef CONFIG_DMA_SHARED_BUFFER
static int pin(struct dma_buf_attachment *attachment)
{
	return 0;
}

static void unpin(struct dma_buf_attachment *attachment)
{
}

static struct sg_table *map(struct dma_buf_attachment *attachment, enum dma_data_direction direction)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static void unmap(struct dma_buf_attachment *attachment, struct sg_table *table, enum dma_data_direction direction)
{
}

/* For tests to compare with */
static int mmap(struct dma_buf *buf, struct vm_area_struct *vma)
{
	char *memory = mock_dmabuf_memory(buf->priv);
	unsigned long pages = vma_pages(vma), i;
	int rc = vma->vm_pgoff + pages > buf->size >> PAGE_SHIFT ? -EINVAL : 0;

	for (i = 0; !rc && i < pages; i++)
		rc = vm_insert_page(vma, vma->vm_start + (i << PAGE_SHIFT),
				    virt_to_page(memory + ((vma->vm_pgoff + i) << PAGE_SHIFT)));
	return rc;
}

static void release(struct dma_buf *buf)
{
	mock_dmabuf_released(buf->priv);
}

static const struct dma_buf_ops ops = {
	.pin = pin, .unpin = unpin, .map_dma_buf = map, .unmap_dma_buf = unmap, .mmap = mmap, .release = release
};

static int range(struct dma_buf *buf, unsigned long long *pa, unsigned long long *length)
{
	return mock_dmabuf_range(buf->priv, pa, length);
}

static struct iommufd_dmabuf_exporter exporter = { .ops = &ops, .range = range };

int mx_dmabuf_start(void)
{
	return iommufd_dmabuf_register(&exporter);
}

void mx_dmabuf_stop(void)
{
	iommufd_dmabuf_unregister(&exporter);
}

/* A dma-buf of `length` bytes that owns data; on failure data stays the caller's. */
int mx_dmabuf_create(void *data, unsigned long length, unsigned int flags, struct dma_buf **buf)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);

	info.ops = &ops;
	info.size = length;
	info.flags = flags;
	info.priv = data;
	*buf = dma_buf_export(&info);
	return PTR_ERR_OR_ZERO(*buf);
}

/* The descriptor takes over the reference, unless it fails. */
int mx_dmabuf_fd(struct dma_buf *buf, unsigned int flags)
{
	return dma_buf_fd(buf, flags);
}

/* EOPNOTSUPP: not one of the mock's */
int mx_dmabuf_get(int fd, struct dma_buf **buf)
{
	*buf = dma_buf_get(fd);
	if (IS_ERR(*buf))
		return PTR_ERR(*buf);
	if ((*buf)->ops == &ops)
		return 0;
	dma_buf_put(*buf);
	return -EOPNOTSUPP;
}

void mx_dmabuf_put(struct dma_buf *buf)
{
	dma_buf_put(buf);
}

void *mx_dmabuf_data(struct dma_buf *buf)
{
	return buf->priv;
}

void mx_dmabuf_lock(struct dma_buf *buf)
{
	dma_resv_lock(buf->resv, NULL);
}

void mx_dmabuf_unlock(struct dma_buf *buf)
{
	dma_resv_unlock(buf->resv);
}

void mx_dmabuf_notify(struct dma_buf *buf)
{
	dma_buf_move_notify(buf);
}

MODULE_IMPORT_NS(DMA_BUF);
#else
int mx_dmabuf_start(void)
{
	return 0;
}

void mx_dmabuf_stop(void)
{
}

int mx_dmabuf_create(void *data, unsigned long length, unsigned int flags, struct dma_buf **buf)
{
	return -EOPNOTSUPP;
}

int mx_dmabuf_fd(struct dma_buf *buf, unsigned int flags)
{
	return -EOPNOTSUPP;
}

int mx_dmabuf_get(int fd, struct dma_buf **buf)
{
	return -EOPNOTSUPP;
}

/* What follows is for who has a dma-buf. */
void mx_dmabuf_put(struct dma_buf *buf)
{
}

void *mx_dmabuf_data(struct dma_buf *buf)
{
	return NULL;
}

void mx_dmabuf_lock(struct dma_buf *buf)
{
}

void mx_dmabuf_unlock(struct dma_buf *buf)
{
}

void mx_dmabuf_notify(struct dma_buf *buf)
{
}
#endif
