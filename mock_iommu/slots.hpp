// SPDX-License-Identifier: GPL-2.0-only
// Four words that stand for a cache of the IOMMU: they begin with some value and become 0 when invalidated, so that a
// test sees that an invalidation has arrived, and where. No lock: each word is for itself.
#pragma once
#include "base/result.hpp"
#include "mock_iommu/abi.hpp"

namespace mock {

class Slots {
public:
	explicit Slots(u32 value) { set_all(value); }

	// One slot, or (flags: IOMMU_TEST_INVALIDATE_FLAG_ALL) all become 0. EOPNOTSUPP: another flag; EINVAL: no such
	// slot, which is an error even where all are meant.
	base::Status invalidate(u32 flags, u32 index)
	{
		if (flags & ~u32{IOMMU_TEST_INVALIDATE_FLAG_ALL})
			return base::fail(base::Errno::kOpNotSupp, "unknown flag");
		if (index >= kCount)
			return base::fail(base::Errno::kInval, "no such slot");
		if (flags & IOMMU_TEST_INVALIDATE_FLAG_ALL)
			set_all(0);
		else
			set(index, 0);
		return {};
	}

	// EINVAL: something else is there.
	base::Status expect(u32 index, u32 value) const
	{
		if (index >= kCount || __atomic_load_n(&values_[index], __ATOMIC_RELAXED) != value)
			return base::fail(base::Errno::kInval, "the slot has another value");
		return {};
	}

private:
	static const u32 kCount = MOCK_NESTED_DOMAIN_IOTLB_NUM;
	static_assert(MOCK_NESTED_DOMAIN_IOTLB_NUM == +MOCK_DEV_CACHE_NUM, "one class for both");

	void set(u32 index, u32 value) { __atomic_store_n(&values_[index], value, __ATOMIC_RELAXED); }
	void set_all(u32 value)
	{
		for (u32 i = 0; i < kCount; i++)
			set(i, value);
	}

	u32 values_[kCount];
};

} // namespace mock
