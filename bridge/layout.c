// SPDX-License-Identifier: GPL-2.0-only
/* The sizes and constants of this kernel and this configuration that C++ needs to know: compiled to assembly,
 * read out of it into bridge/layout.gen.h, as the kernel makes its own asm-offsets.h.
 */
#define COMPILE_OFFSETS
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/kbuild.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/rhashtable-types.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#ifndef CONFIG_SPARSEMEM_VMEMMAP
#error "contiguous pages must have contiguous struct pages: SPARSEMEM_VMEMMAP"
#endif

#define OBJECT(name, type)                          \
	DEFINE(KX_SIZE_##name, sizeof(type));       \
	DEFINE(KX_ALIGN_##name, __alignof__(type)); \
	BLANK()

int main(void)
{
	OBJECT(ida, struct ida);
	OBJECT(list_head, struct list_head);
	OBJECT(lock_class_key, struct lock_class_key);
	OBJECT(mutex, struct mutex);
	OBJECT(rhashtable, struct rhashtable);
	OBJECT(rwsem, struct rw_semaphore);
	OBJECT(spinlock, spinlock_t);
	OBJECT(srcu, struct srcu_struct);
	OBJECT(wait_queue_head, struct wait_queue_head);
	OBJECT(xarray, struct xarray);
	OBJECT(iommu_attach_handle, struct iommu_attach_handle);
	OBJECT(iommu_domain, struct iommu_domain);
	OBJECT(platform_device, struct platform_device);
#ifdef CONFIG_MMU_NOTIFIER
	OBJECT(mmu_interval_notifier, struct mmu_interval_notifier);
#else
	OBJECT(mmu_interval_notifier, void *);
#endif
	DEFINE(KX_SIZE_page, sizeof(struct page));
	DEFINE(KX_PAGE_SHIFT, PAGE_SHIFT);
	DEFINE(KX_IOMMU_READ, IOMMU_READ);
	DEFINE(KX_IOMMU_WRITE, IOMMU_WRITE);
	DEFINE(KX_IOMMU_CACHE, IOMMU_CACHE);
	DEFINE(KX_IOMMU_MMIO, IOMMU_MMIO);
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	DEFINE(KX_LARGE_PAGE_SIZE, HPAGE_PMD_SIZE);
#else
	DEFINE(KX_LARGE_PAGE_SIZE, PAGE_SIZE);
#endif
#ifdef CONFIG_LOCKDEP
	DEFINE(KX_LOCKDEP, 1);
#else
	DEFINE(KX_LOCKDEP, 0);
#endif
	DEFINE(KX_VFIO_NOIOMMU, IS_ENABLED(CONFIG_VFIO_NOIOMMU));
	return 0;
}
