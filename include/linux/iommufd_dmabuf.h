/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a dma-buf becomes a DMA target of IOMMU_IOAS_MAP_FILE: its exporter tells iommufd.ko where the memory is. The
 * dma-buf API of 6.12 has no way to, as a scatter list is one device's DMA addresses and not physical ones.
 *
 * The promise. The memory of such a dma-buf is one physically contiguous range of a device's (a BAR, or part of one)
 * that begins and ends with a page. It stays where it is until the exporter revokes it; iommufd takes no reference to
 * it, nobody pays for it, and the CPU does not touch it by way of an IOAS.
 *
 * Revoking. The exporter takes the dma-buf's reservation lock, makes its range() fail with ENODEV from now on, calls
 * dma_buf_move_notify() and lets the lock go. When dma_buf_move_notify() returns, no IOMMU translates to the range any
 * more, and the IOTLBs are flushed: the memory may go away, or be somebody else's. What was mapped stays dead for good.
 *
 *	dma_resv_lock(buf->resv, NULL);
 *	mine->revoked = true;
 *	dma_buf_move_notify(buf);
 *	dma_resv_unlock(buf->resv);
 *
 * Giving back. With the same lock held the exporter makes range() succeed again, with another address if need be. That
 * is for new mappings alone; nothing has to be notified.
 *
 * What the exporter's struct dma_buf_ops need, beside what dma_buf_export() demands: pin() and unpin(), by which the
 * core knows that the exporter can revoke. pin() returns 0 and holds nothing in place: who maps by this way has agreed
 * to lose the range. map_dma_buf() may refuse every importer.
 *
 * Locks. Under the reservation lock iommufd takes locks of its own and those of the IOMMU drivers, allocates memory and
 * sleeps, and takes no mmap lock. So an exporter may revoke with its own locks held, and under an mmap lock, but not
 * under a lock that is taken below the reservation lock, nor in an MMU notifier.
 */
#ifndef _LINUX_IOMMUFD_DMABUF_H
#define _LINUX_IOMMUFD_DMABUF_H

#ifndef IOMMUFD_CXX_KERNEL
#include <linux/types.h>
#else
#include "bridge/bridge.h"
#endif

struct dma_buf;
struct dma_buf_ops;

/*
 * One kind of dma-bufs, known by their operations.
 *   range   where the memory is: physical address and bytes, both multiples of the page size; length is at least the
 *           dma-buf's size. ENODEV: it is revoked. Called with the reservation lock held; may sleep.
 */
struct iommufd_dmabuf_exporter {
	const struct dma_buf_ops *ops;
	int (*range)(struct dma_buf *buf, unsigned long long *pa, unsigned long long *length);

	struct iommufd_dmabuf_exporter *next; /* iommufd's */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Exported in the namespace IOMMUFD; may sleep. EBUSY: there is one for these ops; EINVAL: they lack pin() or unpin(). A
 * module unregisters when it is unloaded: dma-bufs whose owner it is are gone by then. Without CONFIG_DMA_SHARED_BUFFER
 * nothing ever asks for a range.
 */
int iommufd_dmabuf_register(struct iommufd_dmabuf_exporter *exporter);
void iommufd_dmabuf_unregister(struct iommufd_dmabuf_exporter *exporter);

#ifdef __cplusplus
}
#endif

#endif /* _LINUX_IOMMUFD_DMABUF_H */
