/* SPDX-License-Identifier: GPL-2.0-only */
/* A region's mappings in user space. */
#pragma once
#include "bridge/bridge.h"

struct vm_area_struct;
struct vm_fault;

KX_DECLS_BEGIN
/* The mapping is one of the region; device_memory: uncached. */
void kx_vma_set_region(struct vm_area_struct *vma, void *region, bool device_memory);
/* In region_fault(): the page is at pfn; what the kernel's page fault wants to know. */
unsigned int kx_vma_insert(struct vm_fault *fault, unsigned long pfn);
/* The same when there is none: SIGBUS */
unsigned int kx_vma_refuse(void);
/* Takes all pages of the range out of the mappings of the file's inode; they fault again. */
void kx_vma_zap(struct file *file, unsigned long long offset, unsigned long long length);

/* In C++ (iommufd/mmap_region.cpp). */
int iommufd_cxx_mmap(void *context, struct vm_area_struct *vma, unsigned long first_page, unsigned long pages,
		     bool shared, bool executable);
void iommufd_cxx_region_open(void *region);
void iommufd_cxx_region_close(void *region);
/* page: of the file */
unsigned int iommufd_cxx_region_fault(void *region, struct vm_fault *fault, unsigned long page);
KX_DECLS_END
