/* SPDX-License-Identifier: GPL-2.0-only */
/* The layout of the fake kernel, in place of what the build generates for a real one. Lockdep is always on. */
#pragma once

#define KX_SIZE_ida 48
#define KX_ALIGN_ida 8
#define KX_SIZE_list_head 16
#define KX_ALIGN_list_head 8
#define KX_SIZE_lock_class_key 8
#define KX_ALIGN_lock_class_key 8
#define KX_SIZE_mutex 40
#define KX_ALIGN_mutex 8
#define KX_SIZE_rhashtable 16
#define KX_ALIGN_rhashtable 8
#define KX_SIZE_rwsem 40
#define KX_ALIGN_rwsem 8
#define KX_SIZE_spinlock 24
#define KX_ALIGN_spinlock 8
#define KX_SIZE_srcu 16
#define KX_ALIGN_srcu 8
#define KX_SIZE_wait_queue_head 16
#define KX_ALIGN_wait_queue_head 8
#define KX_SIZE_xarray 48
#define KX_ALIGN_xarray 8
#define KX_SIZE_iommu_attach_handle 16
#define KX_ALIGN_iommu_attach_handle 8
#define KX_SIZE_iommu_domain 8 /* of one that is never looked into */
#define KX_ALIGN_iommu_domain 8
#define KX_SIZE_mmu_interval_notifier 64
#define KX_ALIGN_mmu_interval_notifier 8
#define KX_SIZE_page 64
#define KX_PAGE_SHIFT 12
#define KX_IOMMU_READ 1
#define KX_IOMMU_WRITE 2
#define KX_IOMMU_CACHE 4
#define KX_IOMMU_MMIO 16
#define KX_LARGE_PAGE_SIZE 0x200000
#define KX_LOCKDEP 1
#define KX_VFIO_NOIOMMU 1
