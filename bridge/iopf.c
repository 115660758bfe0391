// SPDX-License-Identifier: GPL-2.0-only
/* I/O page faults of <linux/iommu.h>: groups of page requests that wait for one response */
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "bridge/iopf.h"

int kx_device_enable_iopf(struct device *dev)
{
	return iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_IOPF);
}

void kx_device_disable_iopf(struct device *dev)
{
	iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_IOPF);
}

bool kx_device_is_virtual_function(struct device *dev)
{
	return dev_is_pci(dev) && to_pci_dev(dev)->is_virtfn;
}

static int deliver(struct iopf_group *group)
{
	void *queue = group->attach_handle->domain->fault_data;

	iopf_group_dequeue(group);
	if (queue)
		iommufd_cxx_fault(queue, group);
	else
		kx_iopf_respond(group, false);
	return 0;
}

void kx_domain_set_fault_queue(struct iommu_domain *domain, void *queue)
{
	domain->iopf_handler = deliver;
	domain->fault_data = queue;
}

void kx_iopf_list_init(struct list_head *list)
{
	INIT_LIST_HEAD(list);
}

bool kx_iopf_list_empty(const struct list_head *list)
{
	return list_empty(list);
}

struct iopf_group *kx_iopf_first(struct list_head *list)
{
	return list_first_entry_or_null(list, struct iopf_group, node);
}

struct iopf_group *kx_iopf_next(struct list_head *list, struct iopf_group *group)
{
	return list_is_last(&group->node, list) ? NULL : list_next_entry(group, node);
}

void kx_iopf_add_tail(struct list_head *list, struct iopf_group *group)
{
	list_add_tail(&group->node, list);
}

void kx_iopf_add_head(struct list_head *list, struct iopf_group *group)
{
	list_add(&group->node, list);
}

void kx_iopf_remove(struct iopf_group *group)
{
	list_del_init(&group->node);
}

struct iommu_attach_handle *kx_iopf_handle(const struct iopf_group *group)
{
	return group->attach_handle;
}

unsigned long kx_iopf_count(const struct iopf_group *group)
{
	return group->fault_count;
}

/* False as soon as fn is. */
bool kx_iopf_for_each(struct iopf_group *group, kx_page_request_fn fn, void *context)
{
	struct iopf_fault *fault;

	list_for_each_entry (fault, &group->faults, list) {
		const struct iommu_fault_page_request *prm = &fault->fault.prm;
		const struct kx_page_request request = { prm->flags, prm->pasid, prm->grpid, prm->perm, prm->addr };

		if (!fn(context, &request))
			return false;
	}
	return true;
}

static bool same_pasid(const struct iommu_fault_page_request *a, const struct iommu_fault_page_request *b)
{
	return !((a->flags ^ b->flags) & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID) && a->pasid == b->pasid;
}

unsigned int kx_iopf_drop_others(struct iopf_group *group)
{
	struct iopf_fault *fault, *next;
	unsigned int dropped = 0;

	list_for_each_entry_safe(fault, next, &group->faults, list)
	{
		if (same_pasid(&fault->fault.prm, &group->last_fault.fault.prm))
			continue;
		list_del(&fault->list);
		kfree(fault);
		dropped++;
	}
	group->fault_count -= dropped;
	return dropped;
}

/* The group is gone afterwards. */
void kx_iopf_respond(struct iopf_group *group, bool success)
{
	iopf_group_response(group, success ? IOMMU_PAGE_RESP_SUCCESS : IOMMU_PAGE_RESP_INVALID);
	iopf_free_group(group);
}
