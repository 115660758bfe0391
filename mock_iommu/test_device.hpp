// SPDX-License-Identifier: GPL-2.0-only
// TestDevice: a mock device, or a slice of one, bound to an iommufd and attached there; the object behind out_stdev_id.
// It is to the mock device what vfio-pci or the driver of a slice is to a real one.
//
// Locks: dma_lock_ holds DMA: shared by each DMA and page request, exclusive from pause to resume. change_lock_ keeps
// the calls into iommufd apart that it has come one after the other; for the attachment of a device as a whole,
// Device::attach_lock_ does so for all. Further PASIDs need neither.
#pragma once
#include <optional>

#include "mock_iommu/device.hpp"
#include "mock_iommu/slots.hpp"
#include "mock_iommu/ops.hpp"

namespace mock {

class TestDevice : public base::ListHook<OfDevice> {
public:
	// What is to be connected: a new device with these flags, or the one there is; as a whole, or a slice.
	struct Wanted {
		u32 flags = 0;
		u32 parent = 0; // 0, the id of a TestDevice, or MOCK_PARENT_NUMBER and a number
		bool slice = false;
		u32 pasid = 0; // the slice's default PASID
	};

	TestDevice();
	TestDevice(const TestDevice &) = delete;
	~TestDevice();

	base::Status connect(iommufd_ctx *ictx, const Wanted &wanted, u32 pt_id);
	base::Status replace(u32 &pt_id);
	base::Status attach_pasid(u32 pasid, u32 &pt_id);
	base::Status replace_pasid(u32 pasid, u32 &pt_id);
	void detach_pasid(u32 pasid);

	bool is(const iommufd_ctx *ictx, u32 idev_id) const { return ictx == ictx_ && idev_id == this->idev_id; }
	Device &device() const { return *device_.get(); }
	// What its PASID 0 is on the bus: a slice's DMA never goes without.
	u32 on_bus(u32 pasid) const { return pasid ?: pasid_; }

	// One DMA, or a page request of it. It waits while DMA is held.
	std::optional<u64> translate(u32 pasid, u64 iova);
	void ask_for_page(u32 pasid, u32 group, u32 perm, u64 addr, bool last);
	// An event of its DMA, for the guest.
	base::Status report_event() { return device().report_event(on_bus(0)); }
	Slots &cache() { return cache_; }
	base::Status pause();
	void resume();

	u32 idev_id = 0, hwpt_id = 0;

private:
	class Change; // in progress
	base::Status bind(const Wanted &wanted);

	iommufd_ctx *ictx_ = nullptr;
	Device::Ref device_;
	iommufd_device *idev_ = nullptr;
	bool listed_ = false, slice_ = false, attached_ = false;
	u32 pasid_ = 0;
	Slots cache_{IOMMU_TEST_DEV_CACHE_DEFAULT};
	kern::Mutex change_lock_;
	kern::RwSem dma_lock_;
};

// The TestDevice behind a device id (out_idev_id), kept for a scope. ENOENT; EINVAL: not a mock device.
class KeptUser {
public:
	static base::Result<KeptUser> find(iommufd_ctx *ictx, u32 idev_id);
	KeptUser(KeptUser &&o) noexcept
		: ictx_(o.ictx_), keep_(std::exchange(o.keep_, nullptr)), device_(std::exchange(o.device_, nullptr))
	{
	}
	~KeptUser()
	{
		if (keep_)
			iommufd_test_put(ictx_, keep_);
	}
	TestDevice *operator->() const { return device_; }

private:
	KeptUser(iommufd_ctx *ictx, void *keep) : ictx_(ictx), keep_(keep) {}

	iommufd_ctx *ictx_;
	void *keep_;
	TestDevice *device_ = nullptr;
};

// The TestDevice with this id, kept for a scope. ENOENT.
class KeptDevice {
public:
	static base::Result<KeptDevice> find(iommufd_ctx *ictx, u32 stdev_id);
	KeptDevice(KeptDevice &&o) noexcept
		: ictx_(o.ictx_), object_(std::exchange(o.object_, nullptr)), device_(o.device_)
	{
	}
	~KeptDevice()
	{
		if (object_)
			iommufd_test_object_put(ictx_, object_);
	}
	TestDevice *operator->() const { return device_; }

private:
	KeptDevice(iommufd_ctx *ictx, iommufd_test_object *object, TestDevice *device)
		: ictx_(ictx), object_(object), device_(device)
	{
	}

	iommufd_ctx *ictx_;
	iommufd_test_object *object_;
	TestDevice *device_;
};

} // namespace mock
