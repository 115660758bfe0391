// SPDX-License-Identifier: GPL-2.0-only
// Who has registered with us to tell where the memory of its dma-bufs is (include/linux/iommufd_dmabuf.h).
//
// Lock: kx_registry_lock() guards the list. What is found for a dma-buf stays as long as the dma-buf does: that keeps
// the exporter's module loaded.
#pragma once
#include "bridge/dmabuf.h"
#define IOMMUFD_CXX_KERNEL
#include "include/linux/iommufd_dmabuf.h"

namespace iommufd {

// The exporter of dma-bufs with these operations; null: nobody we know. Context: may sleep.
const iommufd_dmabuf_exporter *dmabuf_exporter(const dma_buf_ops *ops);

} // namespace iommufd
