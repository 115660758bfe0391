// SPDX-License-Identifier: GPL-2.0-only
/* <linux/dma-buf.h>: a slice's memory as dma-bufs (exports.cpp), and the module's beginning and end. */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include "vfio_siov/glue.h"
#include "include/linux/iommufd_dmabuf.h"

static DEFINE_MUTEX(exports_mutex);

void sx_exports_lock(void)
{
	mutex_lock(&exports_mutex);
}

void sx_exports_unlock(void)
{
	mutex_unlock(&exports_mutex);
}

int vfio_siov_export(struct vfio_siov_device *slice, unsigned long long pa, unsigned long length,
		     unsigned int open_flags, bool usable)
{
	return siov_export(slice, pa, length, open_flags, usable);
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_export, IOMMUFD);

void vfio_siov_allow_exports(struct vfio_siov_device *slice, bool usable)
{
	siov_allow_exports(slice, usable);
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_allow_exports, IOMMUFD);

void vfio_siov_end_exports(struct vfio_siov_device *slice)
{
	siov_end_exports(slice);
}
EXPORT_SYMBOL_NS_GPL(vfio_siov_end_exports, IOMMUFD);

#ifdef CONFIG_DMA_SHARED_BUFFER
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

static void release(struct dma_buf *buf)
{
	siov_export_released(buf->priv);
}

static const struct dma_buf_ops ops = {
	.pin = pin, .unpin = unpin, .map_dma_buf = map, .unmap_dma_buf = unmap, .release = release
};

static int range(struct dma_buf *buf, unsigned long long *pa, unsigned long long *length)
{
	dma_resv_assert_held(buf->resv);
	return siov_export_range(buf->priv, pa, length);
}

static struct iommufd_dmabuf_exporter exporter = { .ops = &ops, .range = range };

int sx_dmabuf_create(void *data, unsigned long length, unsigned int flags, struct dma_buf **buf)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);

	info.ops = &ops;
	info.size = length;
	info.flags = flags;
	info.priv = data;
	*buf = dma_buf_export(&info);
	return PTR_ERR_OR_ZERO(*buf);
}

int sx_dmabuf_fd(struct dma_buf *buf, unsigned int flags)
{
	return dma_buf_fd(buf, flags);
}

void sx_dmabuf_put(struct dma_buf *buf)
{
	dma_buf_put(buf);
}

void sx_dmabuf_lock(struct dma_buf *buf)
{
	dma_resv_lock(buf->resv, NULL);
}

void sx_dmabuf_unlock(struct dma_buf *buf)
{
	dma_resv_unlock(buf->resv);
}

void sx_dmabuf_notify(struct dma_buf *buf)
{
	dma_buf_move_notify(buf);
}

static int __init siov_init(void)
{
	return iommufd_dmabuf_register(&exporter);
}
module_init(siov_init);

static void __exit siov_exit(void)
{
	iommufd_dmabuf_unregister(&exporter);
}
module_exit(siov_exit);

MODULE_IMPORT_NS(DMA_BUF);
#else
int sx_dmabuf_create(void *data, unsigned long length, unsigned int flags, struct dma_buf **buf)
{
	return -ENOTTY;
}

/* What follows is for who has a dma-buf. */
int sx_dmabuf_fd(struct dma_buf *buf, unsigned int flags)
{
	return -ENOTTY;
}

void sx_dmabuf_put(struct dma_buf *buf)
{
}

void sx_dmabuf_lock(struct dma_buf *buf)
{
}

void sx_dmabuf_unlock(struct dma_buf *buf)
{
}

void sx_dmabuf_notify(struct dma_buf *buf)
{
}
#endif
