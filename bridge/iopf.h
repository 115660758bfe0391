/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

struct iopf_group;
struct list_head;

/* One page request of a group. */
struct kx_page_request {
	unsigned int flags, pasid, group_id, perm;
	unsigned long long addr;
};

typedef bool (*kx_page_request_fn)(void *context, const struct kx_page_request *request);

KX_DECLS_BEGIN
int kx_device_enable_iopf(struct device *dev);
void kx_device_disable_iopf(struct device *dev);
bool kx_device_is_virtual_function(struct device *dev);
/* null: its page requests are refused, politely */
void kx_domain_set_fault_queue(struct iommu_domain *domain, void *queue);

void kx_iopf_list_init(struct list_head *list);
bool kx_iopf_list_empty(const struct list_head *list);
struct iopf_group *kx_iopf_first(struct list_head *list);
struct iopf_group *kx_iopf_next(struct list_head *list, struct iopf_group *group);
void kx_iopf_add_tail(struct list_head *list, struct iopf_group *group);
void kx_iopf_add_head(struct list_head *list, struct iopf_group *group);
void kx_iopf_remove(struct iopf_group *group);

struct iommu_attach_handle *kx_iopf_handle(const struct iopf_group *group);
unsigned long kx_iopf_count(const struct iopf_group *group);
bool kx_iopf_for_each(struct iopf_group *group, kx_page_request_fn fn, void *context);
/* Frees the requests of other PASIDs than the last one's; how many there were. */
unsigned int kx_iopf_drop_others(struct iopf_group *group);
void kx_iopf_respond(struct iopf_group *group, bool success);

/* In C++ (iommufd/fault_queue.cpp). */
void iommufd_cxx_fault(void *queue, struct iopf_group *group);
KX_DECLS_END
