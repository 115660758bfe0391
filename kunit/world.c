// SPDX-License-Identifier: GPL-2.0-only
/* What the cases look at and turn in the kernel around them: pins, charges, limits, devices. */
#include <kunit/test.h>
#include <linux/cred.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "kunit/kunit.h"

long kt_pins(unsigned long pfn)
{
	struct folio *folio = page_folio(pfn_to_page(pfn));

	if (folio_test_large(folio))
		return atomic_read(&folio->_pincount);
	return folio_ref_count(folio) / GUP_PIN_COUNTING_BIAS;
}

long long kt_pinned_vm(void)
{
	return atomic64_read(&current->mm->pinned_vm);
}

long long kt_locked_vm(void)
{
	return current->mm->locked_vm;
}

long long kt_user_locked_vm(void)
{
	return atomic_long_read(&current_user()->locked_vm);
}

/* The thread of a case ends with it, so nothing has to be put back. */
void kt_limit_memlock(struct kunit *test, unsigned long pages)
{
	struct cred *cred = prepare_creds();

	kt_expect(test, cred, "credentials", "world.c", __LINE__);
	if (!cred)
		return;
	cap_lower(cred->cap_effective, CAP_IPC_LOCK);
	commit_creds(cred);
	current->signal->rlim[RLIMIT_MEMLOCK].rlim_cur = pages << PAGE_SHIFT;
}

struct device *kt_device_get(void)
{
	struct pci_dev *pdev = NULL;

	while ((pdev = pci_get_device(PCI_ANY_ID, PCI_ANY_ID, pdev)))
		if (device_iommu_mapped(&pdev->dev))
			return &pdev->dev;
	return NULL;
}

void kt_device_put(struct device *dev)
{
	if (dev)
		pci_dev_put(to_pci_dev(dev));
}

#define KT_MOST_RANGES 4

struct kt_dirty_domain {
	struct iommu_domain domain;
	struct kt_range dirty[KT_MOST_RANGES];
	unsigned int count;
};

static int kt_read_dirty(struct iommu_domain *domain, unsigned long iova, size_t size, unsigned long flags,
			 struct iommu_dirty_bitmap *bitmap)
{
	struct kt_dirty_domain *d = container_of(domain, struct kt_dirty_domain, domain);

	for (unsigned int i = 0; i < d->count; i++)
		iommu_dirty_bitmap_record(bitmap, d->dirty[i].iova, d->dirty[i].length);
	return 0;
}

static const struct iommu_dirty_ops kt_dirty_ops = { .read_and_clear_dirty = kt_read_dirty };
static const struct iommu_domain_ops kt_domain_ops;

struct iommu_domain *kt_dirty_domain(struct kunit *test, const struct kt_range *dirty, unsigned int count)
{
	struct kt_dirty_domain *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	if (!d || count > KT_MOST_RANGES)
		return NULL;
	d->domain.ops = &kt_domain_ops;
	d->domain.dirty_ops = &kt_dirty_ops;
	d->count = count;
	memcpy(d->dirty, dirty, count * sizeof(*dirty));
	return &d->domain;
}
