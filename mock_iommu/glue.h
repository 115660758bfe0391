/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the mock driver's C and C++ meet, as bridge/ does for iommufd: mx_* is C for C++ to call, mock_* is C++ that
 * the kernel's tables (glue_iommu.c) and files (glue_access.c) call. Addresses of user memory go over as numbers.
 */
#pragma once
#include "bridge/bridge.h"

struct iommu_dirty_bitmap;
struct iommu_hwpt_invalidate_selftest;
struct iommu_hwpt_selftest;
struct iommu_ops;
struct iommu_user_data;
struct iommu_user_data_array;
struct iommufd_access;
struct iommufd_ctx;
struct iommufd_device;
struct iommufd_hw_queue;
struct iommufd_pause_ops;
struct iommufd_viommu;
struct platform_device;

KX_DECLS_BEGIN
/* glue_module.c */
bool mx_should_fail(void);

/* glue_device.c: mock devices. mx_device_init() always succeeds; afterwards mx_device_drop() gives the device up. */
int mx_number_take(unsigned int *number);
bool mx_number_any(void);
void mx_number_free(unsigned int number);
void mx_device_init(struct platform_device *pdev, unsigned int number);
int mx_device_add(struct platform_device *pdev, unsigned int pasid_bits);
void mx_device_remove(struct platform_device *pdev);
void mx_device_drop(struct platform_device *pdev);
struct device *mx_device_of(struct platform_device *pdev);
struct platform_device *mx_pdev_of(struct device *dev);
bool mx_is_mock(struct device *dev);
void mx_devices_lock(void); /* a spinlock */
void mx_devices_unlock(void);

/* glue_iommu.c: the IOMMU and its domains */
int mx_iommu_register(unsigned int max_pasids);
const struct iommu_ops *mx_iommu_ops(void);
void mx_iommu_unregister(void);
struct fwnode_handle *mx_iommu_node(void);
void mx_paging_domain_init(struct iommu_domain *domain, unsigned long page_sizes, unsigned long long first,
			   unsigned long long last, bool dirty);
void mx_nested_domain_init(struct iommu_domain *domain);
bool mx_is_paging(const struct iommu_domain *domain);
bool mx_is_nested(const struct iommu_domain *domain);
bool mx_dirty_wanted(const struct iommu_dirty_bitmap *dirty);
void mx_dirty_record(struct iommu_dirty_bitmap *dirty, unsigned long iova, unsigned long length);
int mx_invalidation(const struct iommu_user_data_array *array, unsigned int index,
		    struct iommu_hwpt_invalidate_selftest *entry);
unsigned int mx_data_type(const struct iommu_user_data *data);
int mx_hwpt_config(const struct iommu_user_data *data, struct iommu_hwpt_selftest *config);
void *mx_hw_info(struct device *dev, unsigned int *length, unsigned int *type);
void mx_report_fault(struct device *dev, unsigned int pasid, unsigned int group, unsigned int perm,
		     unsigned long long addr, bool last);
/* The answer of the IOMMU itself; only the last request of a group gets one. */
void mx_refuse_fault(bool last);

/* glue_driver.c: what iommufd may ask of the mock; a device's number is allocated here */
int mx_driver_start(void);
void mx_driver_stop(void);
int mx_number_alloc(unsigned int *number);

/* glue_viommu.c: what vIOMMUs need of the kernel */
/* fn(context) in a hard interrupt, and what it returns. Context: may sleep. */
int mx_in_interrupt(int (*fn)(void *context), void *context);
void *mx_pages_alloc(unsigned int order, unsigned long long *pa);
void mx_pages_free(void *pages, unsigned int order);
struct iommu_domain *mx_domain_error(int rc);
unsigned int mx_array_type(const struct iommu_user_data_array *array);
unsigned int mx_array_count(const struct iommu_user_data_array *array);
void mx_array_set_count(struct iommu_user_data_array *array, unsigned int count);

/* glue_params.c: what tests set and read in /sys/module/mock_iommu/parameters */
bool mx_attach_fails(void);
bool mx_pause_fails(void);
bool mx_slices_pause(void);
unsigned int mx_more_lookups(void);
void mx_count_pause(void);
void mx_count_resume(void);
void mx_count_replaced(void);

/* glue_kapi.c: iommufd's in-kernel API, with errors as numbers */
int mx_bind(struct iommufd_ctx *ictx, struct device *dev, struct iommufd_device **idev, unsigned int *id);
int mx_bind_slice(struct iommufd_ctx *ictx, struct device *parent, unsigned int pasid, struct iommufd_device **idev,
		  unsigned int *id);
int mx_access_create(struct iommufd_ctx *ictx, bool pins, void *data, struct iommufd_access **access);

/* glue_access.c: the file behind an access, and pages of the caller */
int mx_access_file(void *data, struct file **file);
void *mx_access_get(int fd, struct file **file);
void mx_file_put(struct file *file);
int mx_fd_reserve(void);
void mx_fd_release(int fd);
void mx_fd_install(int fd, struct file *file);
int mx_user_page(unsigned long uptr, unsigned long *pfn, unsigned int *pins);
unsigned long mx_pfn_of(struct page *page);

/* glue_dmabuf.c: the memory of dma-bufs, and what tells iommufd of them (bridge/dmabuf_export.h) */
void *mx_memory_alloc(unsigned long length); /* contiguous, zeroed; NULL: none */
void mx_memory_free(void *memory, unsigned long length);
unsigned long long mx_memory_pa(void *memory);
int mx_dmabuf_start(void);

/* C++ */
int mock_choose_generation(const char *name);
bool mock_is_6_12(void);
int mock_init(void);
void mock_exit(void);
long mock_test_ioctl(struct iommufd_ctx *ictx, unsigned long arg, unsigned int size);
void mock_device_released(struct platform_device *pdev);
bool mock_device_tracks_dirty(struct device *dev);
int mock_paging_alloc(struct device *dev, unsigned int flags, const struct iommu_user_data *data,
		      struct iommu_domain **out);
void mock_paging_free(struct iommu_domain *domain);
int mock_attach(struct iommu_domain *domain, struct device *dev);
void mock_block(struct device *dev);
int mock_pasid_set(struct iommu_domain *domain, struct device *dev, unsigned int pasid);
int mock_pasid_replace(struct iommu_domain *domain, struct device *dev, unsigned int pasid, struct iommu_domain *old);
void mock_pasid_clear(struct device *dev, unsigned int pasid);
int mock_map(struct iommu_domain *domain, unsigned long iova, unsigned long long pa, unsigned long page_size,
	     unsigned long count);
unsigned long mock_unmap(struct iommu_domain *domain, unsigned long iova, unsigned long size);
unsigned long long mock_iova_to_phys(struct iommu_domain *domain, unsigned long long iova);
int mock_set_tracking(struct iommu_domain *domain, bool on);
int mock_read_dirty(struct iommu_domain *domain, unsigned long iova, unsigned long size, bool clear,
		    struct iommu_dirty_bitmap *dirty);
int mock_nested_alloc(struct iommu_domain *parent, unsigned int flags, const struct iommu_user_data *data,
		      struct iommu_domain **out);
void mock_nested_free(struct iommu_domain *domain);
int mock_nested_invalidate(struct iommu_domain *domain, const struct iommu_user_data_array *array, unsigned int count,
			   unsigned int *done);
unsigned long mock_viommu_size(struct device *dev, unsigned int type);
int mock_viommu_init(struct iommufd_viommu *viommu, const struct iommu_user_data *data);
void mock_access_unmap(void *data, unsigned long iova, unsigned long length);
void mock_access_released(void *data);
void mock_dmabuf_released(void *data);
void *mock_dmabuf_memory(void *data);
int mock_dmabuf_range(void *data, unsigned long long *pa, unsigned long long *length);
KX_DECLS_END
