// SPDX-License-Identifier: GPL-2.0-only
/* <linux/dma-buf.h>, the exporter's side. The importer's is dmabuf.c. */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/module.h>

#include "bridge/dmabuf_export.h"
#include "include/linux/iommufd_dmabuf.h"

#ifdef CONFIG_DMA_SHARED_BUFFER
static const struct kx_export_kind *exported;

static int pin(struct dma_buf_attachment *attachment)
{
	return 0;
}

static void unpin(struct dma_buf_attachment *attachment)
{
}

/* Only iommufd gets at it: as an address of a device, the memory would have to be found anew after each revocation. */
static struct sg_table *map(struct dma_buf_attachment *attachment, enum dma_data_direction direction)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static void unmap(struct dma_buf_attachment *attachment, struct sg_table *table, enum dma_data_direction direction)
{
}

/* The core has compared the range with the dma-buf's size. */
static int mmap(struct dma_buf *buf, struct vm_area_struct *vma)
{
	return exported->mmap ? exported->mmap(buf->priv, vma) : -EINVAL;
}

static void release(struct dma_buf *buf)
{
	exported->released(buf->priv);
}

static const struct dma_buf_ops ops = {
	.pin = pin, .unpin = unpin, .map_dma_buf = map, .unmap_dma_buf = unmap, .mmap = mmap, .release = release
};

static int range(struct dma_buf *buf, unsigned long long *pa, unsigned long long *length)
{
	dma_resv_assert_held(buf->resv);
	return exported->range(buf->priv, pa, length);
}

static struct iommufd_dmabuf_exporter exporter = { .ops = &ops, .range = range };

int kx_export_start(const struct kx_export_kind *kind)
{
	exported = kind;
	return iommufd_dmabuf_register(&exporter);
}

void kx_export_stop(void)
{
	iommufd_dmabuf_unregister(&exporter);
}

int kx_export_create(void *data, unsigned long length, unsigned int flags, struct dma_buf **buf)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);

	info.ops = &ops;
	info.size = length;
	info.flags = flags;
	info.priv = data;
	*buf = dma_buf_export(&info);
	return PTR_ERR_OR_ZERO(*buf);
}

int kx_export_fd(struct dma_buf *buf, unsigned int flags)
{
	return dma_buf_fd(buf, flags);
}

int kx_export_get(int fd, struct dma_buf **buf)
{
	*buf = dma_buf_get(fd);
	if (IS_ERR(*buf))
		return PTR_ERR(*buf);
	if ((*buf)->ops == &ops)
		return 0;
	dma_buf_put(*buf);
	return -EOPNOTSUPP;
}

void *kx_export_data(struct dma_buf *buf)
{
	return buf->priv;
}

void kx_export_put(struct dma_buf *buf)
{
	dma_buf_put(buf);
}

void kx_export_lock(struct dma_buf *buf)
{
	dma_resv_lock(buf->resv, NULL);
}

void kx_export_unlock(struct dma_buf *buf)
{
	dma_resv_unlock(buf->resv);
}

void kx_export_notify(struct dma_buf *buf)
{
	dma_buf_move_notify(buf);
}

MODULE_IMPORT_NS(DMA_BUF);
#else
int kx_export_start(const struct kx_export_kind *kind)
{
	return 0;
}

void kx_export_stop(void)
{
}

int kx_export_create(void *data, unsigned long length, unsigned int flags, struct dma_buf **buf)
{
	return -EOPNOTSUPP;
}

int kx_export_get(int fd, struct dma_buf **buf)
{
	return -EOPNOTSUPP;
}

/* What follows is for who has a dma-buf. */
int kx_export_fd(struct dma_buf *buf, unsigned int flags)
{
	return -EOPNOTSUPP;
}

void *kx_export_data(struct dma_buf *buf)
{
	return NULL;
}

void kx_export_put(struct dma_buf *buf)
{
}

void kx_export_lock(struct dma_buf *buf)
{
}

void kx_export_unlock(struct dma_buf *buf)
{
}

void kx_export_notify(struct dma_buf *buf)
{
}
#endif
