// SPDX-License-Identifier: GPL-2.0-only
// Invalidations on a vIOMMU: each entry names a vDEVICE by its number in the guest and empties its cache, or one slot
// of it.
#include "base/math.hpp"
#include "kern/log.hpp"
#include "mock_iommu/abi.hpp"
#include "mock_iommu/device.hpp"
#include "mock_iommu/slots.hpp"
#include "mock_iommu/viommu_ops.hpp"

using base::Errno;
using base::fail;

namespace mock {
namespace {

using Entry = iommu_viommu_invalidate_selftest;
constexpr unsigned kBatch = 32;

base::Status invalidate(iommufd_viommu *viommu, const Entry &entry)
{
	unsigned pasid = 0;
	for (unsigned more = mx_more_lookups(); more; more--)
		(void)iommufd_viommu_find_dev(viommu, entry.vdev_id, &pasid);
	device *dev = iommufd_viommu_find_dev(viommu, entry.vdev_id, &pasid);
	if (!dev) {
		// What is wrong with the entry itself comes first.
		TRY(Slots(0).invalidate(entry.flags, entry.cache_id));
		return fail(Errno::kInval, "no device has this number");
	}
	return Device::of(dev).invalidate_cache(pasid, entry.flags, entry.cache_id);
}

// Stops at the first entry that fails; done: how many before it were carried out.
base::Status invalidate_all(iommufd_viommu *viommu, const iommu_user_data_array *array, unsigned count, unsigned &done)
{
	Entry entries[kBatch];

	if (mx_array_type(array) != IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST)
		return fail(Errno::kInval, "entries of another type");
	while (done < count) {
		const unsigned n = base::min(kBatch, count - done);
		TRY(base::check(iommufd_copy_entries_from_user(entries, sizeof(Entry), sizeof(Entry), array,
							       IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST, done, n),
				"bad entries"));
		for (unsigned i = 0; i < n; i++, done++)
			TRY(invalidate(viommu, entries[i]));
	}
	return {};
}

} // namespace

int invalidate_caches(iommufd_viommu *viommu, iommu_user_data_array *array)
{
	unsigned done = 0;
	base::Status status = invalidate_all(viommu, array, mx_array_count(array), done);
	mx_array_set_count(array, done);
	return kern::to_errno("invalidate", status);
}

} // namespace mock
