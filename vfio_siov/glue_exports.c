// SPDX-License-Identifier: GPL-2.0-only
/* A slice's memory as dma-bufs (exports.cpp): the lock, what other modules call, and the module's beginning and end. */
#include <linux/module.h>
#include <linux/mutex.h>

#include "bridge/dmabuf_export.h"
#include "vfio_siov/glue.h"

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
	if (!IS_ENABLED(CONFIG_DMA_SHARED_BUFFER))
		return -ENOTTY;
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

static const struct kx_export_kind slice_memory = { .released = siov_export_released, .range = siov_export_range };

static int __init siov_init(void)
{
	return kx_export_start(&slice_memory);
}
module_init(siov_init);

static void __exit siov_exit(void)
{
	kx_export_stop();
}
module_exit(siov_exit);
