/* SPDX-License-Identifier: GPL-2.0-only */
/* Where C and C++ of siov_edu.ko meet: ex_* is C for C++ to call, edu_* is C++ that the kernel's tables call. */
#pragma once
#include "bridge/bridge.h"
#include "vfio_siov/page_device/glue.h"

struct edu_parent;   /* glue_internal.h: the function, as PCI and mdev know it */
struct edu_vdev;     /* likewise: a slice, as VFIO knows it */
struct edu_function; /* C++: function.hpp */
struct edu_slice;    /* C++: slice.hpp */
struct iommu_pasid_consumer;

KX_DECLS_BEGIN
/* glue_pci.c: BAR 0. Width: 1, 2, 4 or 8 bytes, naturally aligned. */
unsigned long long ex_read(struct edu_parent *parent, unsigned int offset, unsigned int width);
void ex_write(struct edu_parent *parent, unsigned int offset, unsigned int width, unsigned long long value);
unsigned int ex_max_pasid(void);
void ex_sleep_us(unsigned int us);
unsigned long long ex_now_us(void);
void ex_format_adi(char *text, unsigned long size, unsigned int adi);
void ex_log(struct edu_parent *parent, const char *text);
void ex_log_adi(struct edu_parent *parent, unsigned int adi, const char *text);
void ex_log_register(struct edu_parent *parent, unsigned int page, unsigned int offset, const char *text);

/* glue_vfio.c: a slice's vector and mapping. ex_irq_request(): edu_slice_interrupt() from now on.
 * ex_irq_flush(): what the device had raised before has been delivered. It sleeps. */
int ex_irq_request(struct edu_vdev *vdev, unsigned int adi);
void ex_irq_free(struct edu_vdev *vdev, unsigned int adi);
void ex_irq_flush(struct edu_vdev *vdev, unsigned int adi);
void ex_zap_page(struct edu_vdev *vdev);
/* vfio_siov_export() of part of the slice's page, and its siblings */
int ex_export(struct edu_vdev *vdev, unsigned int offset, unsigned int length, unsigned int open_flags, bool usable);
void ex_allow_exports(struct edu_vdev *vdev, bool usable);
void ex_end_exports(struct edu_vdev *vdev);

/* function.cpp */
int edu_function_create(struct edu_parent *parent, struct edu_function **function);
void edu_function_quiesce(struct edu_function *function);
void edu_function_destroy(struct edu_function *function);
unsigned int edu_function_adis(struct edu_function *function);
void edu_function_limit(struct edu_function *function, unsigned int adis);
unsigned int edu_function_available(struct edu_function *function);
void edu_function_event(struct edu_function *function);
int edu_function_limit_pasids(void *data, unsigned int *first, unsigned int *last);
void edu_function_describe(void *data, void *record, char *text, unsigned long size);

/* slice.cpp: the life of a slice */
int edu_slice_create(struct edu_vdev *vdev, struct edu_function *function, struct iommu_pasid_consumer *pasids,
		     struct edu_slice **slice);
struct pd_device *edu_slice_device(struct edu_slice *slice);
void edu_slice_destroy(struct edu_slice *slice);
unsigned int edu_slice_pasid(struct edu_slice *slice);
unsigned int edu_slice_adi(struct edu_slice *slice);
int edu_slice_open(struct edu_slice *slice);
void edu_slice_close(struct edu_slice *slice);
void edu_slice_request(struct edu_slice *slice, unsigned int count);
int edu_slice_pause(void *slice);
void edu_slice_resume(void *slice);
void edu_slice_interrupt(struct edu_slice *slice);
unsigned int edu_slice_delay_us(struct edu_slice *slice);
void edu_slice_set_delay_us(struct edu_slice *slice, unsigned int us);

/* slice_page.cpp: the mapping of its page */
int edu_slice_check_mmap(struct edu_slice *slice, unsigned long long offset, unsigned long length, bool shared,
			 bool executable);
bool edu_slice_begin_fault(struct edu_slice *slice);
void edu_slice_end_fault(struct edu_slice *slice);
KX_DECLS_END
