// SPDX-License-Identifier: GPL-2.0-only
// Memory of a dma-buf whose exporter has told iommufd where it is (include/linux/iommufd_dmabuf.h).
#pragma once
#include "iommufd/device_memory.hpp"
#include "kern/dmabuf.hpp"

namespace iommufd {

// Bytes `offset`..`offset + length` of the dma-buf. EOPNOTSUPP: an exporter that we do not know; ENODEV: revoked;
// EINVAL: length 0, or beyond the end; EOVERFLOW: it wraps; ENOMEM. Context: may sleep, without locks.
Result<base::Ref<Pages>> make_dmabuf_pages(kern::DmaBuf buf, u64 offset, u64 length, bool writable);

} // namespace iommufd
