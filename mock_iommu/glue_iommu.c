// SPDX-License-Identifier: GPL-2.0-only
/* The mock IOMMU as the kernel sees it: its registration, its operations, its kinds of domains.
 *
 * It is registered with a software firmware node, and only devices whose fwspec names that node are ever offered to it:
 * registering with none would offer it every PCI device, and register_bus() exists with IOMMUFD_TEST alone.
 */
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "mock_iommu/glue.h"

#define IOMMUFD_CXX_KERNEL
#include "include/uapi/linux/iommufd_test.h"

static struct iommu_device mock_iommu;
static struct platform_device *hardware;
static struct fwnode_handle *node;
static struct iopf_queue *fault_queue;

static int block(struct iommu_domain *domain, struct device *dev)
{
	mock_block(dev);
	return 0;
}

static int block_pasid(struct iommu_domain *domain, struct device *dev, ioasid_t pasid, struct iommu_domain *old)
{
	mock_pasid_clear(dev, pasid);
	return 0;
}

static const struct iommu_domain_ops blocking_ops = { .attach_dev = block, .set_dev_pasid = block_pasid };
static struct iommu_domain blocking_domain = { .type = IOMMU_DOMAIN_BLOCKED, .ops = &blocking_ops };

static int set_dev_pasid(struct iommu_domain *domain, struct device *dev, ioasid_t pasid, struct iommu_domain *old)
{
	return mock_pasid_set(domain, dev, pasid);
}

static void remove_dev_pasid(struct device *dev, ioasid_t pasid, struct iommu_domain *domain)
{
	mock_pasid_clear(dev, pasid);
}

static int map_pages(struct iommu_domain *domain, unsigned long iova, phys_addr_t pa, size_t page_size, size_t count,
		     int prot, gfp_t gfp, size_t *mapped)
{
	/* The tables come from where all that is C++ does, which waits for memory if it may. */
	const bool may_wait = gfpflags_allow_blocking(gfp);
	const unsigned int flags = may_wait ? 0 : memalloc_noreclaim_save();
	int rc = mock_map(domain, iova, pa, page_size, count);

	if (!may_wait)
		memalloc_noreclaim_restore(flags);
	if (!rc)
		*mapped = page_size * count;
	return rc;
}

static size_t unmap_pages(struct iommu_domain *domain, unsigned long iova, size_t page_size, size_t count,
			  struct iommu_iotlb_gather *gather)
{
	return mock_unmap(domain, iova, page_size * count);
}

static const struct iommu_domain_ops paging_ops = {
	.attach_dev = mock_attach,
	.set_dev_pasid = set_dev_pasid,
	.map_pages = map_pages,
	.unmap_pages = unmap_pages,
	.iova_to_phys = mock_iova_to_phys,
	.free = mock_paging_free,
};

static int read_and_clear_dirty(struct iommu_domain *domain, unsigned long iova, size_t size, unsigned long flags,
				struct iommu_dirty_bitmap *dirty)
{
	return mock_read_dirty(domain, iova, size, !(flags & IOMMU_DIRTY_NO_CLEAR), dirty);
}

static const struct iommu_dirty_ops dirty_ops = {
	.set_dirty_tracking = mock_set_tracking,
	.read_and_clear_dirty = read_and_clear_dirty,
};

static int cache_invalidate_user(struct iommu_domain *domain, struct iommu_user_data_array *array)
{
	unsigned int done = 0;
	int rc = -EINVAL;

	if (array->type == IOMMU_HWPT_INVALIDATE_DATA_SELFTEST)
		rc = mock_nested_invalidate(domain, array, array->entry_num, &done);
	array->entry_num = done;
	return rc;
}

static const struct iommu_domain_ops nested_ops = {
	.attach_dev = mock_attach,
	.set_dev_pasid = set_dev_pasid,
	.cache_invalidate_user = cache_invalidate_user,
	.free = mock_nested_free,
};

static struct iommu_domain *alloc_paging(struct device *dev)
{
	struct iommu_domain *domain;
	int rc = mock_paging_alloc(dev, 0, NULL, &domain);

	return rc ? ERR_PTR(rc) : domain;
}

static struct iommu_domain *alloc_user(struct device *dev, u32 flags, struct iommu_domain *parent,
				       const struct iommu_user_data *data)
{
	struct iommu_domain *domain;
	int rc;

	if (parent)
		rc = mock_nested_alloc(parent, flags, data, &domain);
	else
		rc = mock_paging_alloc(dev, flags, data, &domain);
	return rc ? ERR_PTR(rc) : domain;
}

void *mx_hw_info(struct device *dev, u32 *length, u32 *type)
{
	struct iommu_test_hw_info *info = kzalloc(sizeof(*info), GFP_KERNEL);

	if (!info)
		return ERR_PTR(-ENOMEM);
	info->test_reg = IOMMU_HW_INFO_SELFTEST_REGVAL;
	*length = sizeof(*info);
	*type = IOMMU_HW_INFO_TYPE_SELFTEST;
	return info;
}

static bool reserved_region;
module_param(reserved_region, bool, 0644);
MODULE_PARM_DESC(reserved_region, "mock devices have a reserved region, MOCK_RESERVED_START, when they are attached");

static void get_resv_regions(struct device *dev, struct list_head *regions)
{
	struct iommu_resv_region *region;

	if (!READ_ONCE(reserved_region))
		return;
	region = iommu_alloc_resv_region(MOCK_RESERVED_START, MOCK_RESERVED_LENGTH, 0, IOMMU_RESV_RESERVED, GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, regions);
}

static bool is_capable(struct device *dev, enum iommu_cap cap)
{
	if (cap == IOMMU_CAP_DIRTY_TRACKING)
		return mock_device_tracks_dirty(dev);
	return cap == IOMMU_CAP_CACHE_COHERENCY;
}

static struct iommu_device *probe_device(struct device *dev)
{
	return mx_is_mock(dev) ? &mock_iommu : ERR_PTR(-ENODEV);
}

static int enable_feature(struct device *dev, enum iommu_dev_features feature)
{
	if (feature != IOMMU_DEV_FEAT_IOPF || !fault_queue)
		return -ENODEV;
	return iopf_queue_add_device(fault_queue, dev);
}

static int disable_feature(struct device *dev, enum iommu_dev_features feature)
{
	if (feature != IOMMU_DEV_FEAT_IOPF || !fault_queue)
		return -ENODEV;
	iopf_queue_remove_device(fault_queue, dev);
	return 0;
}

/* A mock device does not wait for its pages; how many of its requests were answered, and how, is for tests to read. */
static atomic_t granted_pages, refused_pages;

static int get_count(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(param->arg));
}

static const struct kernel_param_ops count_ops = { .get = get_count };
module_param_cb(granted_pages, &count_ops, &granted_pages, 0444);
MODULE_PARM_DESC(granted_pages, "page requests that were answered with success, so far");
module_param_cb(refused_pages, &count_ops, &refused_pages, 0444);
MODULE_PARM_DESC(refused_pages, "page requests that were answered otherwise, so far");

static bool partial_groups;
module_param(partial_groups, bool, 0644);
MODULE_PARM_DESC(partial_groups, "page requests are not the last of their group");

static void page_response(struct device *dev, struct iopf_fault *event, struct iommu_page_response *response)
{
	/* The kernel refuses each request that nobody takes. */
	if (event->fault.prm.flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE)
		atomic_inc(response->code == IOMMU_PAGE_RESP_SUCCESS ? &granted_pages : &refused_pages);
}

static const struct iommu_ops mock_ops = {
	.owner = THIS_MODULE,
	.default_domain = &blocking_domain,
	.blocked_domain = &blocking_domain,
	.default_domain_ops = &paging_ops,
	.capable = is_capable,
	.hw_info = mx_hw_info,
	.probe_device = probe_device,
	.device_group = generic_device_group,
	.get_resv_regions = get_resv_regions,
	.domain_alloc_paging = alloc_paging,
	.domain_alloc_user = alloc_user,
	.dev_enable_feat = enable_feature,
	.dev_disable_feat = disable_feature,
	.page_response = page_response,
	.remove_dev_pasid = remove_dev_pasid,
	.user_pasid_table = true,
};

static int register_hardware(void)
{
	struct platform_device_info info = { .name = "iommufd_selftest_iommu" };

	node = fwnode_create_software_node(NULL, NULL);
	if (IS_ERR(node))
		return PTR_ERR(node);
	info.fwnode = node;
	hardware = platform_device_register_full(&info);
	if (IS_ERR(hardware)) {
		fwnode_remove_software_node(node);
		return PTR_ERR(hardware);
	}
	return 0;
}

static void unregister_hardware(void)
{
	platform_device_unregister(hardware);
	fwnode_remove_software_node(node);
}

int mx_iommu_register(unsigned int max_pasids)
{
	int rc = register_hardware();

	if (rc)
		return rc;
	mock_iommu.max_pasids = max_pasids;
	rc = iommu_device_sysfs_add(&mock_iommu, &hardware->dev, NULL, "%s", dev_name(&hardware->dev));
	if (rc)
		goto no_sysfs;
	rc = iommu_device_register(&mock_iommu, &mock_ops, &hardware->dev);
	if (rc)
		goto no_iommu;
	/* Without a queue there are no faults, and everything else works. */
	fault_queue = iopf_queue_alloc("mock-iopfq");
	return 0;

no_iommu:
	iommu_device_sysfs_remove(&mock_iommu);
no_sysfs:
	unregister_hardware();
	return rc;
}

void mx_iommu_unregister(void)
{
	if (fault_queue)
		iopf_queue_free(fault_queue);
	iommu_device_unregister(&mock_iommu);
	iommu_device_sysfs_remove(&mock_iommu);
	unregister_hardware();
}

const struct iommu_ops *mx_iommu_ops(void)
{
	return &mock_ops;
}

struct fwnode_handle *mx_iommu_node(void)
{
	return node;
}

void mx_paging_domain_init(struct iommu_domain *domain, unsigned long page_sizes, unsigned long long first,
			   unsigned long long last, bool dirty)
{
	domain->type = IOMMU_DOMAIN_UNMANAGED;
	domain->ops = &paging_ops;
	domain->dirty_ops = dirty ? &dirty_ops : NULL;
	domain->pgsize_bitmap = page_sizes;
	domain->geometry.aperture_start = first;
	domain->geometry.aperture_end = last;
	domain->geometry.force_aperture = true;
}

void mx_nested_domain_init(struct iommu_domain *domain)
{
	domain->type = IOMMU_DOMAIN_NESTED;
	domain->ops = &nested_ops;
}

bool mx_is_paging(const struct iommu_domain *domain)
{
	return domain->ops == &paging_ops;
}

bool mx_is_nested(const struct iommu_domain *domain)
{
	return domain->ops == &nested_ops;
}

bool mx_dirty_wanted(const struct iommu_dirty_bitmap *dirty)
{
	return dirty->bitmap;
}

void mx_dirty_record(struct iommu_dirty_bitmap *dirty, unsigned long iova, unsigned long length)
{
	iommu_dirty_bitmap_record(dirty, iova, length);
}

unsigned int mx_data_type(const struct iommu_user_data *data)
{
	return data->type;
}

int mx_hwpt_config(const struct iommu_user_data *data, struct iommu_hwpt_selftest *config)
{
	return iommu_copy_struct_from_user(config, data, IOMMU_HWPT_DATA_SELFTEST, iotlb);
}

int mx_invalidation(const struct iommu_user_data_array *array, unsigned int index,
		    struct iommu_hwpt_invalidate_selftest *entry)
{
	return iommu_copy_struct_from_user_array(entry, array, IOMMU_HWPT_INVALIDATE_DATA_SELFTEST, index, iotlb_id);
}

static bool is_last(bool last)
{
	return last && !READ_ONCE(partial_groups);
}

void mx_refuse_fault(bool last)
{
	if (is_last(last))
		atomic_inc(&refused_pages);
}

void mx_report_fault(struct device *dev, unsigned int pasid, unsigned int group, unsigned int perm,
		     unsigned long long addr, bool last)
{
	struct iopf_fault event = {
		.fault = {
			.type = IOMMU_FAULT_PAGE_REQ,
			.prm = {
				.flags = is_last(last) ? IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE : 0,
				.pasid = pasid, .grpid = group, .perm = perm, .addr = addr,
			},
		},
	};

	if (pasid != IOMMU_NO_PASID)
		event.fault.prm.flags |= IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;
	iommu_report_device_fault(dev, &event);
}
