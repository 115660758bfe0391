// SPDX-License-Identifier: GPL-2.0-only
// A consumer: a driver's PASIDs, and what each of them stands for.
//
// No lock of its own. A PASID is claimed in the space first and then in live_, and leaves them in the opposite order,
// so that of two calls for one PASID one finds it. find() is a look into live_, which RCU keeps readable in any
// context.
#pragma once
#include "pasid_alloc/registry.hpp"

struct iommu_pasid_ops;

namespace pasid {

class Consumer {
public:
	// Parameters and errors as those of iommu_pasid_init().
	static base::Result<kern::Box<Consumer>> create(Registry &registry, device *dev, const char *name,
							const iommu_pasid_ops *ops, void *data);
	// For create() alone, with what it has opened.
	Consumer(SpaceUse space, PasidRange range, const char *name, const iommu_pasid_ops *ops, void *data);

	base::Result<Pasid> alloc(PasidRange wanted, void *owner);
	base::Status free(Pasid p);
	void *find(Pasid p) { return live_.find(p); }
	// fn(Pasid, owner) -> int: ends with the first that is not 0.
	template <typename Fn> int for_each(Fn fn)
	{
		PasidRange rest = kAllPasids;
		while (void *owner = live_.first(rest)) {
			const Pasid p = rest.start;
			if (int rc = fn(p, owner))
				return rc;
			rest.start = p + 1;
		}
		return 0;
	}
	// Reports and frees what is left; how many there were.
	u32 free_leaks();

private:
	void report(Pasid p, void *owner);

	SpaceUse space_;
	const PasidRange range_; // what the hardware can do
	const iommu_pasid_ops *const ops_;
	void *const data_;
	PasidTable<void> live_;
	char name_[32]{};
};

} // namespace pasid
