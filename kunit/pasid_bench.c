// SPDX-License-Identifier: GPL-2.0-only
/* What the PASID allocator costs: the module measures when it is loaded, and its parameter `report` has the figures, a
 * line for each: NAME NUMBER UNIT. Under ./vm run --icount a nanosecond is an instruction: see tools/pasid-cost.
 */
#include <linux/cleanup.h>
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "include/linux/iommu_pasid_alloc.h"

#define PAIRS 1000000
#define MANY  100000
#define FEW   10000
#define PART  1000

static char report[PAGE_SIZE];
static int used;
static int owner;

static int report_get(char *to, const struct kernel_param *unused)
{
	memcpy(to, report, used + 1);
	return used;
}

static const struct kernel_param_ops report_ops = {.get = report_get};
module_param_cb(report, &report_ops, NULL, 0444);
MODULE_PARM_DESC(report, "What was measured");

/* In tenths, as the kernel prints no fractions. */
static void note(const char *space, const char *name, u64 start, unsigned int count)
{
	u64 tenths = div_u64((ktime_get_ns() - start) * 10, count);

	used += scnprintf(report + used, sizeof(report) - used, "%s-%-24s %8llu.%llu per call\n", space, name,
			  tenths / 10, tenths % 10);
}

static int pairs(struct iommu_pasid_consumer *c, unsigned int count)
{
	unsigned int pasid;

	for (unsigned int i = 0; i < count; i++) {
		int rc = iommu_pasid_alloc(c, 1, (1 << 20) - 1, &owner, &pasid);

		if (rc)
			return rc;
		iommu_pasid_free(c, pasid);
		if (i % PART == 0)
			cond_resched();
	}
	return 0;
}

static int allocs(struct iommu_pasid_consumer *c, unsigned int count, unsigned int *pasids)
{
	int rc = 0;

	for (unsigned int i = 0; i < count && !rc; i++)
		rc = iommu_pasid_alloc(c, 1, (1 << 20) - 1, &owner, &pasids[i]);
	return rc;
}

static void finds(struct iommu_pasid_consumer *c, const unsigned int *pasids, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (iommu_pasid_find(c, pasids[i]) != &owner)
			pr_err("PASID not found\n");
}

static int nothing(unsigned int pasid, void *private_data, void *arg) { return 0; }

static int measure_pairs(struct iommu_pasid_consumer *c, const char *space)
{
	u64 start;
	int rc = pairs(c, PART); /* the first block */

	start = ktime_get_ns();
	rc = rc ?: pairs(c, PART);
	note(space, "pair-first-1000", start, PART);
	start = ktime_get_ns();
	rc = rc ?: pairs(c, PAIRS);
	note(space, "pair-1000000", start, PAIRS);
	start = ktime_get_ns();
	rc = rc ?: pairs(c, PART);
	note(space, "pair-last-1000", start, PART);
	return rc;
}

static int measure_many(struct iommu_pasid_consumer *c, const char *space, unsigned int *pasids)
{
	u64 start = ktime_get_ns();
	int rc = allocs(c, PART, pasids);

	note(space, "alloc-first-1000", start, PART);
	start = ktime_get_ns();
	finds(c, pasids, PART);
	note(space, "find-with-1000", start, PART);
	rc = rc ?: allocs(c, FEW - 2 * PART, pasids + PART);
	start = ktime_get_ns();
	rc = rc ?: allocs(c, PART, pasids + FEW - PART);
	note(space, "alloc-last-of-10000", start, PART);
	start = ktime_get_ns();
	finds(c, pasids + FEW - PART, PART);
	note(space, "find-with-10000", start, PART);
	rc = rc ?: allocs(c, MANY - FEW - PART, pasids + FEW);
	start = ktime_get_ns();
	rc = rc ?: allocs(c, PART, pasids + MANY - PART);
	note(space, "alloc-last-of-100000", start, PART);
	start = ktime_get_ns();
	rc = rc ?: pairs(c, PART);
	note(space, "pair-with-100000", start, PART);
	if (rc)
		return rc;
	start = ktime_get_ns();
	finds(c, pasids + MANY - PART, PART);
	note(space, "find-with-100000", start, PART);
	start = ktime_get_ns();
	iommu_pasid_for_each(c, nothing, NULL);
	note(space, "for-each-100000", start, MANY);
	start = ktime_get_ns();
	for (unsigned int i = 0; i < MANY; i++)
		iommu_pasid_free(c, pasids[i]);
	note(space, "free-100000", start, MANY);
	return 0;
}

static int measure(struct device *dev, const char *space, unsigned int *pasids)
{
	struct iommu_pasid_consumer *c = iommu_pasid_init(dev, space, NULL, NULL);
	int rc;

	if (IS_ERR(c))
		return PTR_ERR(c);
	rc = measure_pairs(c, space);
	rc = rc ?: measure_many(c, space, pasids);
	iommu_pasid_exit(c);
	return rc;
}

static int __init pasid_bench_init(void)
{
	/* iommu_alloc_global_pasid() looks at max_pasids and nothing else. */
	struct dev_iommu *iommu __free(kfree) = kzalloc(sizeof(*iommu), GFP_KERNEL);
	struct device *dev __free(kfree) = kzalloc(sizeof(*dev), GFP_KERNEL);
	unsigned int *pasids __free(kvfree) = kvmalloc_array(MANY, sizeof(*pasids), GFP_KERNEL);
	int rc;

	if (!iommu || !dev || !pasids)
		return -ENOMEM;
	iommu->max_pasids = 1 << 20;
	dev->iommu = iommu;
	rc = measure(dev, "host", pasids);
	return rc ?: measure(NULL, "private", pasids);
}

static void __exit pasid_bench_exit(void) {}

module_init(pasid_bench_init);
module_exit(pasid_bench_exit);

MODULE_DESCRIPTION("iommufd-cxx: what the PASID allocator costs");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IOMMUFD);
