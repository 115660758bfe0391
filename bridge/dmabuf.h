/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

struct dma_buf;
struct dma_buf_attachment;
struct dma_buf_ops;

KX_DECLS_BEGIN
/* The device that stands for /dev/iommu (fd.c) */
struct device *kx_fd_device(void);

struct dma_buf *kx_dmabuf_from_fd(int fd);
void kx_dmabuf_put(struct dma_buf *buf);
const struct dma_buf_ops *kx_dmabuf_ops(const struct dma_buf *buf);
unsigned long long kx_dmabuf_size(const struct dma_buf *buf);
bool kx_dmabuf_can_revoke(const struct dma_buf_ops *ops);
void kx_dmabuf_lock(struct dma_buf *buf);
void kx_dmabuf_unlock(struct dma_buf *buf);
int kx_dmabuf_attach(struct dma_buf *buf, void *importer, struct dma_buf_attachment **attachment);
void kx_dmabuf_detach(struct dma_buf *buf, struct dma_buf_attachment *attachment);
int kx_dmabuf_pin(struct dma_buf_attachment *attachment);
void kx_dmabuf_unpin(struct dma_buf_attachment *attachment);

/* C++: the exporter of what `importer` is attached to takes the memory away. Under the reservation lock. */
void iommufd_cxx_dmabuf_moved(void *importer);
KX_DECLS_END
