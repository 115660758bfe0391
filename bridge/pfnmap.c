// SPDX-License-Identifier: GPL-2.0-only
/* <linux/mmu_notifier.h>, follow_pfnmap_start() of <linux/mm.h>: device memory that a VFIO device has mapped into the
 * current process, and word of its end. Without CONFIG_MMU_NOTIFIER there is none.
 */
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/pfn.h>
#include <linux/sched/signal.h>
#include <linux/vfio.h>

#include "bridge/pfnmap.h"

static bool map_pfnmap;
module_param(map_pfnmap, bool, 0644);
MODULE_PARM_DESC(map_pfnmap, "IOAS_MAP on /dev/iommu takes mapped BARs of VFIO devices, as /dev/vfio/vfio always does");

bool kx_pfnmap_wanted(void)
{
	return READ_ONCE(map_pfnmap);
}

#ifdef CONFIG_MMU_NOTIFIER
/*
 * vfio.ko needs iommufd.ko, so that it is not linked against. Null where it is not loaded: no file is one of its. To look
 * it up takes longer than to look at a page, and what has been found is kept for the call.
 */
typedef bool (*is_vfio_file)(struct file *file);

static is_vfio_file vfio_get(void)
{
	return symbol_get(vfio_file_is_valid);
}

static void vfio_put(is_vfio_file is_vfio)
{
	if (is_vfio)
		symbol_put(vfio_file_is_valid);
}

static bool is_shared_pfnmap(const struct vm_area_struct *vma)
{
	return vma && (vma->vm_flags & VM_PFNMAP) && (vma->vm_flags & VM_SHARED) && vma->vm_file;
}

static bool is_device_memory(const struct vm_area_struct *vma, is_vfio_file is_vfio)
{
	return is_shared_pfnmap(vma) && is_vfio && is_vfio(vma->vm_file);
}

/* Asked of ordinary memory, too, which is not to wait for the look-up. */
bool kx_pfnmap_at(unsigned long addr)
{
	struct vm_area_struct *vma;
	bool found = false;

	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, untagged_addr(addr));
	if (is_shared_pfnmap(vma)) {
		is_vfio_file is_vfio = vfio_get();

		found = is_device_memory(vma, is_vfio);
		vfio_put(is_vfio);
	}
	mmap_read_unlock(current->mm);
	return found;
}

/* The page at addr, if one is mapped, and writable where it has to be */
static bool look(struct vm_area_struct *vma, unsigned long addr, bool write, unsigned long *pfn)
{
	struct follow_pfnmap_args args = { .vma = vma, .address = addr };
	bool found;

	if (follow_pfnmap_start(&args))
		return false;
	found = args.writable || !write;
	*pfn = args.pfn;
	follow_pfnmap_end(&args);
	return found;
}

/* The same, with the page faulted in if need be: the mmap lock may be let go and taken again meanwhile. */
static int look_or_fault(unsigned long addr, bool write, is_vfio_file is_vfio, unsigned long *pfn)
{
	unsigned long needed = VM_READ | (write ? VM_WRITE : 0);
	bool unlocked = false;
	int tries, rc = 0;

	for (tries = 0; !rc && tries < 4; tries++) {
		struct vm_area_struct *vma = vma_lookup(current->mm, addr);

		if (!is_device_memory(vma, is_vfio) || (vma->vm_flags & needed) != needed)
			return -EFAULT;
		if (look(vma, addr, write, pfn))
			return 0;
		rc = fixup_user_fault(current->mm, addr, write ? FAULT_FLAG_WRITE : 0, &unlocked);
	}
	return rc ?: -EFAULT;
}

static bool is_ram(unsigned long first, unsigned long length)
{
	return region_intersects(PFN_PHYS(first), length, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) != REGION_DISJOINT;
}

/* 6.12 does not tell how much a page table entry maps: page by page. */
int kx_pfnmap_find(unsigned long addr, unsigned long length, bool write, unsigned long *first)
{
	is_vfio_file is_vfio = vfio_get();
	unsigned long done, pfn;
	int rc = 0;

	mmap_read_lock(current->mm);
	for (done = 0; !rc && done < length; done += PAGE_SIZE) {
		rc = look_or_fault(untagged_addr(addr) + done, write, is_vfio, &pfn);
		if (!rc && !done)
			*first = pfn;
		if (!rc && pfn != *first + PFN_DOWN(done))
			rc = -EFAULT;
		if (fatal_signal_pending(current))
			rc = -EINTR;
		cond_resched();
	}
	mmap_read_unlock(current->mm);
	vfio_put(is_vfio);
	return rc ?: is_ram(*first, length) ? -EFAULT : 0;
}

static bool invalidate(struct mmu_interval_notifier *watch, const struct mmu_notifier_range *range, unsigned long seq)
{
	switch (range->event) {
	case MMU_NOTIFY_PROTECTION_VMA:
	case MMU_NOTIFY_PROTECTION_PAGE:
	case MMU_NOTIFY_SOFT_DIRTY:
		/* The pages stay what they are. */
		return true;
	default:
		return iommufd_cxx_zapped(watch, seq, mmu_notifier_range_blockable(range));
	}
}

static const struct mmu_interval_notifier_ops watch_ops = { .invalidate = invalidate };

int kx_zap_watch(struct mmu_interval_notifier *watch, unsigned long addr, unsigned long length)
{
	return mmu_interval_notifier_insert(watch, current->mm, untagged_addr(addr), length, &watch_ops);
}

void kx_zap_unwatch(struct mmu_interval_notifier *watch)
{
	mmu_interval_notifier_remove(watch);
}

unsigned long kx_zap_begin(struct mmu_interval_notifier *watch)
{
	return mmu_interval_read_begin(watch);
}

bool kx_zap_retry(struct mmu_interval_notifier *watch, unsigned long seq)
{
	return mmu_interval_read_retry(watch, seq);
}

void kx_zap_set_seq(struct mmu_interval_notifier *watch, unsigned long seq)
{
	mmu_interval_set_seq(watch, seq);
}
#else
bool kx_pfnmap_at(unsigned long addr)
{
	return false;
}

int kx_pfnmap_find(unsigned long addr, unsigned long length, bool write, unsigned long *first)
{
	return -EFAULT;
}

int kx_zap_watch(struct mmu_interval_notifier *watch, unsigned long addr, unsigned long length)
{
	return -EFAULT;
}

void kx_zap_unwatch(struct mmu_interval_notifier *watch)
{
}

unsigned long kx_zap_begin(struct mmu_interval_notifier *watch)
{
	return 0;
}

bool kx_zap_retry(struct mmu_interval_notifier *watch, unsigned long seq)
{
	return true;
}

void kx_zap_set_seq(struct mmu_interval_notifier *watch, unsigned long seq)
{
}
#endif
