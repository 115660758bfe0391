/* SPDX-License-Identifier: GPL-2.0-only */
/* dma-bufs that a module of ours exports, by <linux/iommufd_dmabuf.h>. Built into each such module, which has one kind.
 */
#pragma once
#include "bridge/bridge.h"

struct dma_buf;
struct vm_area_struct;

/* What differs; data is the one of kx_export_create(). */
struct kx_export_kind {
	void (*released)(void *data); /* nobody has the dma-buf any more */
	/* As in struct iommufd_dmabuf_exporter. Under the reservation lock. */
	int (*range)(void *data, unsigned long long *pa, unsigned long long *length);
	/* vma is within the dma-buf's size. NULL: the CPU does not get at the memory this way, EINVAL. */
	int (*mmap)(void *data, struct vm_area_struct *vma);
};

KX_DECLS_BEGIN
/* Tells iommufd of the module's dma-bufs: before the first one; and that there are none any more. */
int kx_export_start(const struct kx_export_kind *kind);
void kx_export_stop(void);

int kx_export_create(void *data, unsigned long length, unsigned int flags, struct dma_buf **buf);
int kx_export_fd(struct dma_buf *buf, unsigned int flags);
int kx_export_get(int fd, struct dma_buf **buf);
void *kx_export_data(struct dma_buf *buf);
void kx_export_put(struct dma_buf *buf);
void kx_export_lock(struct dma_buf *buf);
void kx_export_unlock(struct dma_buf *buf);
void kx_export_notify(struct dma_buf *buf);
KX_DECLS_END
