// SPDX-License-Identifier: GPL-2.0-only
// vIOMMUs as iommufd makes and ends them; see viommu.hpp.
#include "mock_iommu/viommu.hpp"

#include "base/math.hpp"
#include "kern/alloc.hpp"
#include "kern/log.hpp"
#include "mock_iommu/domain.hpp"
#include "mock_iommu/nested.hpp"
#include "mock_iommu/viommu_ops.hpp"

using base::Errno;
using base::fail;

namespace mock {
namespace {

constexpr unsigned kPagesOrder = 1;
constexpr u64 kPagesLength = base::kPageSize << kPagesOrder;

constexpr unsigned long kDataMinSize = offsetof(iommu_viommu_selftest, out_data) + sizeof(u32);

void destroy(iommufd_viommu *viommu) { delete &Viommu::of(viommu); }

iommu_domain *alloc_nested_on(iommufd_viommu *viommu, unsigned flags, const iommu_user_data *data)
{
	auto made = alloc_nested(viommu, flags, data);
	if (!made)
		return mx_domain_error(kern::reject("nested domain alloc", made.error()));
	return *made;
}

constexpr iommufd_viommu_ops kOps = {
	.destroy = destroy,
	.alloc_domain_nested = alloc_nested_on,
	.cache_invalidate = invalidate_caches,
	.vdevice_size = 0,
	.vdevice_init = nullptr,
	.hw_queue_size = hw_queue_size,
	.hw_queue_init = hw_queue_init,
};

base::Status give_data(Viommu &viommu, const iommu_user_data *user)
{
	iommu_viommu_selftest data{};

	TRY(base::check(
		iommufd_copy_struct_from_user(&data, sizeof(data), kDataMinSize, user, IOMMU_VIOMMU_TYPE_SELFTEST),
		"bad data"));
	TRY(viommu.make_pages(data));
	return base::check(
		iommufd_copy_struct_to_user(user, &data, sizeof(data), kDataMinSize, IOMMU_VIOMMU_TYPE_SELFTEST),
		"no room for the results");
}

base::Status init(Viommu::Given &given, const iommu_user_data *data)
{
	if (!mx_is_paging(given.core.parent))
		return fail(Errno::kInval, "the parent is not the mock's");
	TRY_LET(made, kern::make<Viommu>(given.core));
	if (data)
		TRY(give_data(*made, data));
	given.ours = made.release();
	given.core.ops = &kOps;
	return {};
}

} // namespace

Viommu::~Viommu()
{
	for (HwQueue *queue : queues_)
		WARN_ON(queue);
	if (mmap_offset_)
		iommufd_viommu_destroy_mmap(&core_, mmap_offset_);
	if (pages_)
		mx_pages_free(pages_, kPagesOrder);
}

base::Status Viommu::make_pages(iommu_viommu_selftest &data)
{
	unsigned long long pa;

	pages_ = static_cast<u32 *>(mx_pages_alloc(kPagesOrder, &pa));
	if (!pages_)
		return fail(Errno::kNoMem, "out of memory");
	pages_[0] = data.in_data;
	unsigned long offset = 0;
	TRY(base::check(iommufd_viommu_alloc_mmap(&core_, pa, kPagesLength, false, &offset), "no offset for mmap()"));
	mmap_offset_ = offset;
	data.out_data = data.in_data;
	data.out_mmap_offset = offset;
	data.out_mmap_length = kPagesLength;
	return {};
}

} // namespace mock

unsigned long mock_viommu_size(device *dev, unsigned type)
{
	return type == IOMMU_VIOMMU_TYPE_SELFTEST && mx_is_mock(dev) ? sizeof(mock::Viommu::Given) : 0;
}

int mock_viommu_init(iommufd_viommu *viommu, const iommu_user_data *data)
{
	return kern::to_errno("vIOMMU", mock::init(*reinterpret_cast<mock::Viommu::Given *>(viommu), data));
}
