// SPDX-License-Identifier: GPL-2.0-only
/* <linux/mm.h>: mappings of a driver's region in user space. Pages come in one by one, by page faults, so that a region
 * that is taken back can be taken out of all of them for good.
 */
#include <linux/fs.h>
#include <linux/mm.h>

#include "bridge/mmap.h"

static void region_open(struct vm_area_struct *vma)
{
	iommufd_cxx_region_open(vma->vm_private_data);
}

static void region_close(struct vm_area_struct *vma)
{
	iommufd_cxx_region_close(vma->vm_private_data);
}

static vm_fault_t region_fault(struct vm_fault *fault)
{
	return iommufd_cxx_region_fault(fault->vma->vm_private_data, fault, fault->pgoff);
}

static const struct vm_operations_struct region_ops = {
	.open = region_open,
	.close = region_close,
	.fault = region_fault,
};

void kx_vma_set_region(struct vm_area_struct *vma, void *region, bool device_memory)
{
	vm_flags_mod(vma, VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP | (device_memory ? VM_IO : 0), VM_MAYEXEC);
	if (device_memory)
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_private_data = region;
	vma->vm_ops = &region_ops;
}

unsigned int kx_vma_insert(struct vm_fault *fault, unsigned long pfn)
{
	return vmf_insert_pfn(fault->vma, fault->address, pfn);
}

unsigned int kx_vma_refuse(void)
{
	return VM_FAULT_SIGBUS;
}

void kx_vma_zap(struct file *file, unsigned long long offset, unsigned long long length)
{
	unmap_mapping_range(file->f_mapping, offset, length, 1);
}
