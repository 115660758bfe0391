// SPDX-License-Identifier: GPL-2.0-only
// One IOMMU_TEST_CMD on its way, and the functions that carry its operations out. Each returns what the user gets;
// one that has results calls respond().
#pragma once
#include <utility>

#include "base/result.hpp"
#include "mock_iommu/abi.hpp"
#include "include/linux/iommufd_cxx_test.h"

namespace mock {

// A HWPT's domain, kept for a scope.
class KeptDomain {
public:
	KeptDomain(iommufd_ctx *ictx, iommu_domain *domain, void *keep) : ictx_(ictx), domain_(domain), keep_(keep) {}
	KeptDomain(KeptDomain &&o) noexcept : ictx_(o.ictx_), domain_(o.domain_), keep_(std::exchange(o.keep_, nullptr))
	{
	}
	~KeptDomain()
	{
		if (keep_)
			iommufd_test_put(ictx_, keep_);
	}
	iommu_domain *domain() const { return domain_; }

private:
	iommufd_ctx *ictx_;
	iommu_domain *domain_;
	void *keep_;
};

class Call {
public:
	// arg: address of the user's structure; size: its size as the user knows it
	Call(iommufd_ctx *ictx, u64 arg, u32 size) : ictx_(ictx), arg_(arg), size_(size) {}

	iommufd_ctx *ictx() const { return ictx_; }
	base::Status fetch(iommu_test_cmd &cmd) const;
	base::Status respond(const iommu_test_cmd &cmd) const;
	// The mock's domain in the HWPT with this id: ENOENT for no HWPT of the kind, EINVAL for another driver's.
	base::Result<KeptDomain> paging_domain(u32 hwpt_id) const;
	base::Result<KeptDomain> nested_domain(u32 hwpt_id) const;
	// What the ioctl returns when it succeeds: 0, unless an operation says something else.
	void set_result(long result) { result_ = result; }
	long result() const { return result_; }

private:
	iommufd_ctx *ictx_;
	u64 arg_;
	u32 size_;
	long result_ = 0;
};

// test_device.cpp
base::Status mock_domain(Call &call, iommu_test_cmd &cmd);
base::Status mock_domain_flags(Call &call, iommu_test_cmd &cmd);
base::Status mock_domain_replace(Call &call, iommu_test_cmd &cmd);
base::Status device_number(Call &call, iommu_test_cmd &cmd);
// pasids.cpp
base::Status pasid_attach(Call &call, iommu_test_cmd &cmd);
base::Status pasid_replace(Call &call, iommu_test_cmd &cmd);
base::Status pasid_detach(Call &call, iommu_test_cmd &cmd);
base::Status pasid_check(Call &call, iommu_test_cmd &cmd);
base::Status translate(Call &call, iommu_test_cmd &cmd);
// check.cpp
base::Status check_map(Call &call, iommu_test_cmd &cmd);
base::Status check_refs(Call &call, iommu_test_cmd &cmd);
// access.cpp
base::Status create_access(Call &call, iommu_test_cmd &cmd);
base::Status destroy_access_pages(Call &call, iommu_test_cmd &cmd);
base::Status access_pages(Call &call, iommu_test_cmd &cmd);
base::Status access_rw(Call &call, iommu_test_cmd &cmd);
base::Status access_replace_ioas(Call &call, iommu_test_cmd &cmd);
// dirty.cpp, nested.cpp, faults.cpp
base::Status set_dirty(Call &call, iommu_test_cmd &cmd);
base::Status check_iotlb(Call &call, iommu_test_cmd &cmd);
base::Status trigger_fault(Call &call, iommu_test_cmd &cmd);
base::Status trigger_event(Call &call, iommu_test_cmd &cmd);
base::Status check_cache(Call &call, iommu_test_cmd &cmd);
// dmabuf.cpp
base::Status dmabuf_get(Call &call, iommu_test_cmd &cmd);
base::Status dmabuf_revoke(Call &call, iommu_test_cmd &cmd);

} // namespace mock
