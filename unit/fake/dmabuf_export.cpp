// SPDX-License-Identifier: GPL-2.0-only
// bridge/dmabuf_export.h: the exporter's side of the dma-bufs of device_memory.hpp.
#include "bridge/dmabuf_export.h"

#include "fake/device_memory.hpp"
#include "fake/fault.hpp"
#include "iommufd/dmabuf_exporters.hpp"

namespace fake {
namespace {

const kx_export_kind *exported;
const dma_buf_ops export_ops{.release = [](void *data) { exported->released(data); }};

int range_of(dma_buf *buf, unsigned long long *pa, unsigned long long *length)
{
	assert_held(buf->resv);
	return exported->range(buf->data, pa, length);
}

iommufd_dmabuf_exporter exporter{.ops = &export_ops, .range = range_of, .next = nullptr};

} // namespace
} // namespace fake

using namespace fake;

int kx_export_start(const kx_export_kind *kind)
{
	exported = kind;
	return iommufd_dmabuf_register(&exporter);
}

void kx_export_stop() { iommufd_dmabuf_unregister(&exporter); }

int kx_export_create(void *data, unsigned long length, unsigned, dma_buf **buf)
{
	if (step(Fault::kAlloc))
		return -12;
	*buf = &new_dmabuf(export_ops, length, data);
	return 0;
}

int kx_export_fd(dma_buf *buf, unsigned) { return step(Fault::kAlloc) ? -24 : dmabuf_fd(*buf); }

int kx_export_get(int fd, dma_buf **buf)
{
	*buf = kx_dmabuf_from_fd(fd);
	if (!*buf)
		return -9;
	if ((*buf)->ops == &export_ops)
		return 0;
	kx_dmabuf_put(*buf);
	return -95;
}

void *kx_export_data(dma_buf *buf) { return buf->data; }
void kx_export_put(dma_buf *buf) { kx_dmabuf_put(buf); }
void kx_export_lock(dma_buf *buf) { kx_dmabuf_lock(buf); }
void kx_export_unlock(dma_buf *buf) { kx_dmabuf_unlock(buf); }
void kx_export_notify(dma_buf *buf) { move_notify(*buf); }
