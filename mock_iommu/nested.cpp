// SPDX-License-Identifier: GPL-2.0-only
// What the kernel and the tests do to a nested domain; see nested.hpp.
#include "mock_iommu/nested.hpp"

#include "kern/alloc.hpp"
#include "kern/log.hpp"
#include "mock_iommu/generation.hpp"
#include "mock_iommu/ops.hpp"

using base::Errno;
using base::fail;

namespace mock {

base::Result<iommu_domain *> alloc_nested(iommufd_viommu *viommu, u32 flags, const iommu_user_data *data)
{
	iommu_hwpt_selftest config;

	if (flags & ~generation().alloc_flags)
		return fail(Errno::kOpNotSupp, "unknown flag");
	if (!data || mx_data_type(data) != IOMMU_HWPT_DATA_SELFTEST)
		return fail(Errno::kOpNotSupp, "a nested domain needs data of the mock's type");
	TRY(base::check(mx_hwpt_config(data, &config), "bad data"));
	TRY_LET(domain, kern::make<NestedDomain>(config.iotlb, viommu));
	return domain.release()->kernel();
}

base::Status check_iotlb(Call &call, iommu_test_cmd &cmd)
{
	TRY_LET(kept, call.nested_domain(cmd.id));
	return NestedDomain::of(kept.domain()).iotlb().expect(cmd.check_iotlb.id, cmd.check_iotlb.iotlb);
}

} // namespace mock

using mock::NestedDomain;

int mock_nested_alloc(iommu_domain *parent, unsigned flags, const iommu_user_data *data, iommu_domain **out)
{
	if (!mx_is_paging(parent))
		return kern::reject("nested domain alloc", {Errno::kInval, "the parent is not the mock's"});
	auto made = mock::alloc_nested(nullptr, flags, data);
	if (!made)
		return kern::reject("nested domain alloc", made.error());
	*out = *made;
	return 0;
}

void mock_nested_free(iommu_domain *domain) { delete &NestedDomain::of(domain); }

// Stops at the first entry that fails; *done: how many before it were carried out.
int mock_nested_invalidate(iommu_domain *domain, const iommu_user_data_array *array, unsigned count, unsigned *done)
{
	for (*done = 0; *done < count; ++*done) {
		iommu_hwpt_invalidate_selftest entry;
		if (int rc = mx_invalidation(array, *done, &entry))
			return rc;
		base::Status status = NestedDomain::of(domain).iotlb().invalidate(entry.flags, entry.iotlb_id);
		if (!status)
			return kern::reject("invalidate", status.error());
	}
	return 0;
}
