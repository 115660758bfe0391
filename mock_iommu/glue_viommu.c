// SPDX-License-Identifier: GPL-2.0-only
/* What vIOMMUs need of the kernel: pages that the user may map, arrays of the user's, interrupts. */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/irq_work.h>
#include <linux/mm.h>

#include "mock_iommu/glue.h"

struct interrupt {
	struct irq_work work;
	int (*fn)(void *context);
	void *context;
	int rc;
};

static void run_interrupt(struct irq_work *work)
{
	struct interrupt *interrupt = container_of(work, struct interrupt, work);

	interrupt->rc = interrupt->fn(interrupt->context);
}

int mx_in_interrupt(int (*fn)(void *context), void *context)
{
	struct interrupt interrupt = { .work = IRQ_WORK_INIT(run_interrupt), .fn = fn, .context = context };

	irq_work_queue(&interrupt.work);
	irq_work_sync(&interrupt.work);
	return interrupt.rc;
}

void *mx_pages_alloc(unsigned int order, unsigned long long *pa)
{
	void *pages = (void *)__get_free_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO, order);

	if (pages)
		*pa = virt_to_phys(pages);
	return pages;
}

void mx_pages_free(void *pages, unsigned int order)
{
	free_pages((unsigned long)pages, order);
}

struct iommu_domain *mx_domain_error(int rc)
{
	return ERR_PTR(rc);
}

unsigned int mx_array_type(const struct iommu_user_data_array *array)
{
	return array->type;
}

unsigned int mx_array_count(const struct iommu_user_data_array *array)
{
	return array->entry_num;
}

void mx_array_set_count(struct iommu_user_data_array *array, unsigned int count)
{
	array->entry_num = count;
}
