// SPDX-License-Identifier: GPL-2.0-only
// A nested domain: the user gives the first stage, of which the mock knows four IOTLB entries and no table. They begin
// with a value of the user's and become 0 when invalidated, so that a test sees that an invalidation has arrived.
#include "kern/alloc.hpp"
#include "kern/log.hpp"
#include "kern/opaque.hpp"
#include "mock_iommu/glue.h"
#include "mock_iommu/ops.hpp"

using base::Errno;
using base::fail;

namespace mock {
namespace {

class NestedDomain {
public:
	explicit NestedDomain(u32 iotlb)
	{
		mx_nested_domain_init(domain_.get());
		set_all(iotlb);
	}

	static NestedDomain &of(iommu_domain *d) { return *reinterpret_cast<NestedDomain *>(d); }
	iommu_domain *kernel() { return domain_.get(); }

	base::Status invalidate(const iommu_hwpt_invalidate_selftest &entry);
	base::Status expect(u32 index, u32 value) const
	{
		if (index > MOCK_NESTED_DOMAIN_IOTLB_ID_MAX ||
		    __atomic_load_n(&iotlb_[index], __ATOMIC_RELAXED) != value)
			return fail(Errno::kInval, "the IOTLB entry is another");
		return {};
	}

private:
	void set(u32 index, u32 value) { __atomic_store_n(&iotlb_[index], value, __ATOMIC_RELAXED); }
	void set_all(u32 value)
	{
		for (u32 i = 0; i < MOCK_NESTED_DOMAIN_IOTLB_NUM; i++)
			set(i, value);
	}

	kern::Opaque<iommu_domain, KX_SIZE_iommu_domain, KX_ALIGN_iommu_domain> domain_; // first, for of()
	u32 iotlb_[MOCK_NESTED_DOMAIN_IOTLB_NUM];
};

base::Status NestedDomain::invalidate(const iommu_hwpt_invalidate_selftest &entry)
{
	if (entry.flags & ~u32{IOMMU_TEST_INVALIDATE_FLAG_ALL})
		return fail(Errno::kOpNotSupp, "unknown flag");
	if (entry.iotlb_id > MOCK_NESTED_DOMAIN_IOTLB_ID_MAX)
		return fail(Errno::kInval, "no such IOTLB entry");
	if (entry.flags & IOMMU_TEST_INVALIDATE_FLAG_ALL)
		set_all(0);
	else
		set(entry.iotlb_id, 0);
	return {};
}

} // namespace

base::Status check_iotlb(Call &call, iommu_test_cmd &cmd)
{
	TRY_LET(kept, call.nested_domain(cmd.id));
	return NestedDomain::of(kept.domain()).expect(cmd.check_iotlb.id, cmd.check_iotlb.iotlb);
}

} // namespace mock

using mock::NestedDomain;

int mock_nested_alloc(unsigned iotlb, iommu_domain **out)
{
	auto made = kern::make<NestedDomain>(iotlb);
	if (!made)
		return kern::reject("nested domain alloc", made.error());
	*out = made->release()->kernel();
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
		if (int rc = kern::to_errno("invalidate", NestedDomain::of(domain).invalidate(entry)))
			return rc;
	}
	return 0;
}
