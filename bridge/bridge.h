/* SPDX-License-Identifier: GPL-2.0-only */
/* Common to every bridge header: they are read by the C glue and by C++, so they are plain C declarations of
 * functions on opaque pointers. The functions are documented where C++ meets them, in include/kern/.
 */
#pragma once

#ifdef __cplusplus
#define KX_DECLS_BEGIN extern "C" {
#define KX_DECLS_END   }
#else
#include <linux/types.h>
#define KX_DECLS_BEGIN
#define KX_DECLS_END
#endif

struct device;
struct file;
struct iommu_attach_handle;
struct iommu_domain;
struct iommu_group;
struct lock_class_key;
struct mm_struct;
struct mutex;
struct page;
struct rw_semaphore;
struct spinlock;
struct task_struct;
struct user_struct;
struct wait_queue_head;
struct xarray;
