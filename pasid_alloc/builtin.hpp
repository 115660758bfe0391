// SPDX-License-Identifier: GPL-2.0-only
// The backends of the module itself, and all that it has: the registry and the pool of leases.
#pragma once
#include "pasid_alloc/host_pool.hpp"
#include "pasid_alloc/registry.hpp"

namespace pasid {

// Leases from the kernel: for devices that an IOMMU gives PASIDs.
extern iommu_pasid_backend host_backend;
// A space for each consumer, that has nothing to do with any other: takes everybody.
extern iommu_pasid_backend private_backend;

// Lives as long as the module.
struct Everything {
	HostPool pool;
	Registry registry;
};
Everything &everything();

} // namespace pasid
