// SPDX-License-Identifier: GPL-2.0-only
// bridge/dirty.h: a domain notes the IOVAs that devices have written (iommu_domain::dirty). Rules that are checked:
// only a domain that tracks is asked, each piece that is read is mapped from end to end, no piece is read outside of
// the range that the bitmap covers.
#include "bridge/dirty.h"

#include <bit>

#include "bridge/uaccess.h"
#include "fake/fault.hpp"
#include "fake/iommu.hpp"
#include "fake/sync.hpp"

using namespace fake;

struct kx_dirty_read {
	iommu_domain *domain;
	bool clear;
	// The bitmap; without one, what is read is forgotten.
	bool has_bitmap;
	unsigned long start, last, page_size, bitmap;
};

namespace {

bool is_mapped(const iommu_domain &d, unsigned long iova, unsigned long last)
{
	for (;;) {
		auto it = d.leaves.upper_bound(iova);
		if (it == d.leaves.begin())
			return false;
		--it;
		const unsigned long leaf_last = it->first + (it->second.size - 1);
		if (leaf_last < iova)
			return false;
		if (leaf_last >= last)
			return true;
		iova = leaf_last + 1;
	}
}

// As the kernel's, it says nothing when the bitmap cannot be reached.
void set_bit(const kx_dirty_read &read, unsigned long iova)
{
	const unsigned long bit = (iova - read.start) >> std::countr_zero(read.page_size);
	unsigned char byte;

	if (!kx_copy_from_user(&byte, read.bitmap + bit / 8, 1))
		return;
	byte |= 1 << bit % 8;
	kx_copy_to_user(read.bitmap + bit / 8, &byte, 1);
}

} // namespace

bool kx_domain_tracks_dirty(const iommu_domain *domain) { return domain->flags & 2; }

int kx_domain_set_dirty_tracking(iommu_domain *domain, bool on)
{
	might_sleep("dirty tracking");
	if (!kx_domain_tracks_dirty(domain))
		problem("dirty tracking of a domain that has none");
	if (domain->tracking_error)
		return domain->tracking_error;
	if (step(Fault::kAlloc))
		return -12;
	domain->dirty_tracking = on;
	return 0;
}

int kx_domain_read_dirty(iommu_domain *domain, unsigned long iova, unsigned long length, unsigned long page_size,
			 unsigned long bitmap, bool clear, kx_dirty_fn fn, void *context)
{
	might_sleep("reading dirty bits");
	if (!std::has_single_bit(page_size))
		problem("a dirty bitmap with pages of %#lx bytes", page_size);
	if (!length)
		problem("a dirty bitmap of nothing");
	if (step(Fault::kAlloc))
		return -12;
	kx_dirty_read read{domain, clear, true, iova, iova + (length - 1), page_size, bitmap};
	return fn(context, &read, iova, length);
}

int kx_domain_clear_dirty(iommu_domain *domain, kx_dirty_fn fn, void *context)
{
	might_sleep("clearing dirty bits");
	kx_dirty_read read{domain, true, false, 0, ~0ul, 1, 0};
	return fn(context, &read, 0, ~0ul);
}

int kx_dirty_read_range(kx_dirty_read *read, unsigned long iova, unsigned long length)
{
	iommu_domain &d = *read->domain;
	const unsigned long last = iova + (length - 1);

	d.dirty_reads++;
	if (!kx_domain_tracks_dirty(&d))
		problem("dirty bits of a domain that does not track");
	if (!length || last < iova || iova < read->start || last > read->last)
		problem("dirty bits of %#lx+%#lx, outside of the bitmap", iova, length);
	if (!is_mapped(d, iova, last))
		problem("dirty bits of %#lx+%#lx, which is not all mapped", iova, length);
	if (d.dirty_error)
		return d.dirty_error;
	if (step(Fault::kAlloc))
		return -12;
	// As drivers do: a user's bitmap is of a domain that tracks.
	if (read->has_bitmap && !d.dirty_tracking)
		return -22;
	for (auto it = d.dirty.lower_bound(iova); it != d.dirty.end() && *it <= last;) {
		if (read->has_bitmap)
			set_bit(*read, *it);
		it = read->clear ? d.dirty.erase(it) : std::next(it);
	}
	return 0;
}
