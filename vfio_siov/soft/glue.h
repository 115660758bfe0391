/* SPDX-License-Identifier: GPL-2.0-only */
/* Where C and C++ of siov_soft.ko meet: sf_* is C for C++ to call, soft_* is C++ that the kernel's tables call. */
#pragma once
#include "bridge/bridge.h"
#include "vfio_siov/page_device/glue.h"

struct soft_vdev;  /* glue_internal.h: a slice, as VFIO knows it */
struct soft_slice; /* C++: slice.hpp */
struct page;

KX_DECLS_BEGIN
/* The owner's memory, by the access that VFIO has at the owner's iommufd: 0, ENOENT (nothing mapped, or not attached),
 * EPERM (mapped without this permission). May sleep; from the work only. */
int sf_dma(struct soft_vdev *vdev, unsigned long long iova, void *data, unsigned long size, bool write);
/* One page, to be written to. */
int sf_pin(struct soft_vdev *vdev, unsigned long long iova, struct page **page);
void sf_unpin(struct soft_vdev *vdev, unsigned long long iova);
/* Width 4 or 8 bytes, naturally aligned; atomic for all processors. Returns what was there. */
unsigned long long sf_fetch_add(struct page *page, unsigned int offset, unsigned int width, unsigned long long operand);
/* soft_slice_work() soon, and once more if it is running. sf_work_flush(): it has run, and is not queued. */
void sf_work_queue(struct soft_vdev *vdev);
void sf_work_flush(struct soft_vdev *vdev);
void sf_sleep_us(unsigned int us);
unsigned long long sf_now_us(void);
void sf_log(struct soft_vdev *vdev, const char *text);

/* slice.cpp */
int soft_slice_create(struct soft_vdev *vdev, struct soft_slice **slice);
struct pd_device *soft_slice_device(struct soft_slice *slice);
void soft_slice_destroy(struct soft_slice *slice);
int soft_slice_open(struct soft_slice *slice);
void soft_slice_close(struct soft_slice *slice);
void soft_slice_request(struct soft_slice *slice, unsigned int count);
void soft_slice_work(struct soft_slice *slice);
void soft_slice_unmapped(struct soft_slice *slice);
unsigned int soft_slice_delay_us(struct soft_slice *slice);
void soft_slice_set_delay_us(struct soft_slice *slice, unsigned int us);
KX_DECLS_END
