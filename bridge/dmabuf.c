// SPDX-License-Identifier: GPL-2.0-only
/* <linux/dma-buf.h>, <linux/dma-resv.h>: dma-bufs, imported. Without CONFIG_DMA_SHARED_BUFFER no fd is one. */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/module.h>

#include "bridge/dmabuf.h"

#ifdef CONFIG_DMA_SHARED_BUFFER
static void moved(struct dma_buf_attachment *attachment)
{
	iommufd_cxx_dmabuf_moved(attachment->importer_priv);
}

static const struct dma_buf_attach_ops importer_ops = { .allow_peer2peer = true, .move_notify = moved };

struct dma_buf *kx_dmabuf_from_fd(int fd)
{
	struct dma_buf *buf = dma_buf_get(fd);

	return IS_ERR(buf) ? NULL : buf;
}

void kx_dmabuf_put(struct dma_buf *buf)
{
	dma_buf_put(buf);
}

const struct dma_buf_ops *kx_dmabuf_ops(const struct dma_buf *buf)
{
	return buf->ops;
}

unsigned long long kx_dmabuf_size(const struct dma_buf *buf)
{
	return buf->size;
}

bool kx_dmabuf_can_revoke(const struct dma_buf_ops *ops)
{
	return ops->pin && ops->unpin;
}

void kx_dmabuf_lock(struct dma_buf *buf)
{
	dma_resv_lock(buf->resv, NULL);
}

void kx_dmabuf_unlock(struct dma_buf *buf)
{
	dma_resv_unlock(buf->resv);
}

int kx_dmabuf_attach(struct dma_buf *buf, void *importer, struct dma_buf_attachment **attachment)
{
	*attachment = dma_buf_dynamic_attach(buf, kx_fd_device(), &importer_ops, importer);
	return PTR_ERR_OR_ZERO(*attachment);
}

void kx_dmabuf_detach(struct dma_buf *buf, struct dma_buf_attachment *attachment)
{
	dma_buf_detach(buf, attachment);
}

int kx_dmabuf_pin(struct dma_buf_attachment *attachment)
{
	return dma_buf_pin(attachment);
}

void kx_dmabuf_unpin(struct dma_buf_attachment *attachment)
{
	dma_buf_unpin(attachment);
}

MODULE_IMPORT_NS(DMA_BUF);
#else
struct dma_buf *kx_dmabuf_from_fd(int fd)
{
	return NULL;
}

/* What follows is for who has a dma-buf. */
void kx_dmabuf_put(struct dma_buf *buf)
{
}

const struct dma_buf_ops *kx_dmabuf_ops(const struct dma_buf *buf)
{
	return NULL;
}

unsigned long long kx_dmabuf_size(const struct dma_buf *buf)
{
	return 0;
}

bool kx_dmabuf_can_revoke(const struct dma_buf_ops *ops)
{
	return true;
}

void kx_dmabuf_lock(struct dma_buf *buf)
{
}

void kx_dmabuf_unlock(struct dma_buf *buf)
{
}

int kx_dmabuf_attach(struct dma_buf *buf, void *importer, struct dma_buf_attachment **attachment)
{
	return -EOPNOTSUPP;
}

void kx_dmabuf_detach(struct dma_buf *buf, struct dma_buf_attachment *attachment)
{
}

int kx_dmabuf_pin(struct dma_buf_attachment *attachment)
{
	return -EOPNOTSUPP;
}

void kx_dmabuf_unpin(struct dma_buf_attachment *attachment)
{
}
#endif
