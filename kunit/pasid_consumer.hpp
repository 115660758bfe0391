// SPDX-License-Identifier: GPL-2.0-only
// A consumer for the length of a case.
#pragma once
#include <cstdint>
#include <utility>

#define IOMMUFD_CXX_KERNEL
#include "linux/iommu_pasid_alloc.h"

namespace kt {

constexpr int kNoSpace = -28;

class Consumer {
public:
	explicit Consumer(device *dev) : consumer_(iommu_pasid_init(dev, "kunit", nullptr, nullptr))
	{
		const auto value = reinterpret_cast<std::intptr_t>(consumer_);
		if (value < 0 && value >= -4095)
			consumer_ = nullptr;
	}
	Consumer(const Consumer &) = delete;
	~Consumer() { exit(); }

	// Null: there is none.
	iommu_pasid_consumer *get() const { return consumer_; }
	// The PASID, or a negative errno.
	int alloc(unsigned min = 1, unsigned max = (1u << 20) - 1, void *owner = nullptr) const
	{
		unsigned pasid = 0;
		int rc = iommu_pasid_alloc(consumer_, min, max, owner ? owner : consumer_, &pasid);
		return rc ? rc : static_cast<int>(pasid);
	}
	int free(unsigned pasid) const { return iommu_pasid_free(consumer_, pasid); }
	void *find(unsigned pasid) const { return iommu_pasid_find(consumer_, pasid); }
	unsigned count() const
	{
		unsigned n = 0;
		auto one = [](unsigned, void *, void *counter) {
			++*static_cast<unsigned *>(counter);
			return 0;
		};
		iommu_pasid_for_each(consumer_, one, &n);
		return n;
	}
	void free_all() const
	{
		auto one = [](unsigned pasid, void *, void *consumer) {
			return iommu_pasid_free(static_cast<iommu_pasid_consumer *>(consumer), pasid);
		};
		iommu_pasid_for_each(consumer_, one, consumer_);
	}
	unsigned exit() { return consumer_ ? iommu_pasid_exit(std::exchange(consumer_, nullptr)) : 0; }

private:
	iommu_pasid_consumer *consumer_;
};

} // namespace kt
