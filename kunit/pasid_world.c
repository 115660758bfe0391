// SPDX-License-Identifier: GPL-2.0-only
/* What the PASID cases need of the kernel around them: a device, the kernel's PASIDs, an interrupt, RCU. */
#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/irq_work.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "kunit/pasid.h"

/* iommu_alloc_global_pasid() looks at max_pasids and nothing else. */
struct device *kp_device(struct kunit *test, unsigned int count)
{
	struct device *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);
	struct dev_iommu *iommu = kunit_kzalloc(test, sizeof(*iommu), GFP_KERNEL);

	if (!dev || !iommu)
		return NULL;
	iommu->max_pasids = count;
	dev->iommu = iommu;
	return dev;
}

unsigned int kp_global_alloc(struct device *dev)
{
	ioasid_t pasid = iommu_alloc_global_pasid(dev);

	return pasid == IOMMU_PASID_INVALID ? 0 : pasid;
}

void kp_global_free(unsigned int pasid) { iommu_free_global_pasid(pasid); }

unsigned int kp_global_free_run(struct device *dev, unsigned int count)
{
	unsigned int *got = kvcalloc(count, sizeof(*got), GFP_KERNEL);
	unsigned int first = 0, n;

	if (!got)
		return 0;
	for (n = 0; n < count; n++) {
		got[n] = kp_global_alloc(dev);
		if (!got[n])
			break;
	}
	if (n == count && got[n - 1] == got[0] + n - 1)
		first = got[0];
	while (n)
		kp_global_free(got[--n]);
	kvfree(got);
	return first;
}

struct kp_work {
	struct irq_work work;
	void (*fn)(void *arg);
	void *arg;
};

static void kp_interrupt(struct irq_work *work)
{
	struct kp_work *w = container_of(work, struct kp_work, work);

	WARN_ON(!in_hardirq());
	w->fn(w->arg);
}

void kp_in_interrupt(void (*fn)(void *arg), void *arg)
{
	struct kp_work w = {.work = IRQ_WORK_INIT_HARD(kp_interrupt), .fn = fn, .arg = arg};

	irq_work_queue(&w.work);
	irq_work_sync(&w.work);
}

struct kp_owner_rcu {
	struct kp_owner owner;
	struct rcu_head rcu;
};

struct kp_owner *kp_owner_new(unsigned int by)
{
	struct kp_owner_rcu *o = kzalloc(sizeof(*o), GFP_KERNEL);

	if (!o)
		return NULL;
	o->owner.alive = KP_ALIVE;
	o->owner.by = by;
	return &o->owner;
}

static void kp_owner_end(struct rcu_head *rcu)
{
	struct kp_owner_rcu *o = container_of(rcu, struct kp_owner_rcu, rcu);

	o->owner.alive = 0;
	kfree(o);
}

void kp_owner_free(struct kp_owner *owner)
{
	call_rcu(&container_of(owner, struct kp_owner_rcu, owner)->rcu, kp_owner_end);
}

void kp_rcu_barrier(void) { rcu_barrier(); }

void kp_read_lock(void) { rcu_read_lock(); }

void kp_read_unlock(void) { rcu_read_unlock(); }

void kp_resched(void) { cond_resched(); }
