// SPDX-License-Identifier: GPL-2.0-only
/* Dirty tracking of <linux/iommu.h>, with the user bitmaps of <linux/iova_bitmap.h> */
#include <linux/iommu.h>
#include <linux/iova_bitmap.h>

#include "bridge/dirty.h"

struct kx_dirty_read {
	struct iommu_domain *domain;
	struct iommu_dirty_bitmap dirty;
	struct iommu_iotlb_gather gather;
	unsigned long flags;
	kx_dirty_fn fn;
	void *context;
};

bool kx_domain_tracks_dirty(const struct iommu_domain *domain)
{
	return domain->dirty_ops;
}

int kx_domain_set_dirty_tracking(struct iommu_domain *domain, bool on)
{
	return domain->dirty_ops->set_dirty_tracking(domain, on);
}

int kx_dirty_read_range(struct kx_dirty_read *read, unsigned long iova, unsigned long length)
{
	return read->domain->dirty_ops->read_and_clear_dirty(read->domain, iova, length, read->flags, &read->dirty);
}

/* One stretch of the bitmap that is pinned at the moment. */
static int read_stretch(struct iova_bitmap *bitmap, unsigned long iova, size_t length, void *opaque)
{
	struct kx_dirty_read *read = opaque;

	return read->fn(read->context, read, iova, length);
}

int kx_domain_read_dirty(struct iommu_domain *domain, unsigned long iova, unsigned long length, unsigned long page_size,
			 unsigned long bitmap, bool clear, kx_dirty_fn fn, void *context)
{
	struct kx_dirty_read read = {
		.domain = domain, .flags = clear ? 0 : IOMMU_DIRTY_NO_CLEAR, .fn = fn, .context = context
	};
	struct iova_bitmap *pinned = iova_bitmap_alloc(iova, length, page_size, (u64 __user *)bitmap);
	int rc;

	if (!pinned)
		return -EOPNOTSUPP;
	if (IS_ERR(pinned))
		return PTR_ERR(pinned);
	iommu_dirty_bitmap_init(&read.dirty, pinned, &read.gather);
	rc = iova_bitmap_for_each(pinned, &read, read_stretch);
	if (clear)
		iommu_iotlb_sync(domain, &read.gather);
	iova_bitmap_free(pinned);
	return rc;
}

/* Calls fn once; what it reads is forgotten. */
int kx_domain_clear_dirty(struct iommu_domain *domain, kx_dirty_fn fn, void *context)
{
	struct kx_dirty_read read = { .domain = domain };
	int rc;

	iommu_dirty_bitmap_init(&read.dirty, NULL, &read.gather);
	rc = fn(context, &read, 0, ULONG_MAX);
	iommu_iotlb_sync(domain, &read.gather);
	return rc;
}
