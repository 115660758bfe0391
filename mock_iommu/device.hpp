// SPDX-License-Identifier: GPL-2.0-only
// A mock device: a platform device behind the mock IOMMU, which does no DMA but what a test plays. It is there for its
// users (TestDevice): one that has it as a whole, or any number that have slices of it, of any descriptors.
//
// Locks: the list of devices and the users are guarded by mx_devices_lock(), users_list_ and users_by_pasid_ by
// pasid_lock_; the latter also keeps page requests and events apart from changes of what they look at, attach_lock_
// page requests and changes of the device as a whole.
#pragma once
#include "base/held.hpp"
#include "base/list.hpp"
#include "base/result.hpp"
#include "kern/opaque.hpp"
#include "kern/sync.hpp"
#include "kern/xarray.hpp"
#include "mock_iommu/driver_api.hpp"
#include "mock_iommu/glue.h"
#include "mock_iommu/pasid_table.hpp"

namespace mock {

struct InDevices;
struct OfDevice;
class TestDevice;

// First in a Device, so that it can be found from what the kernel knows.
struct PlatformDevice {
	kern::Opaque<platform_device, KX_SIZE_platform_device, KX_ALIGN_platform_device> pdev;
};

class Device : PlatformDevice, public base::ListHook<InDevices> {
public:
	static void put(Device *device);
	using Ref = base::Held<Device, put>; // of a user

	// Made and added; flags: MOCK_FLAGS_DEVICE_*. EINVAL for an unknown one, ENOMEM, ENODEV. It is taken off the
	// bus with its last user; whoever else has a reference delays its end.
	static base::Result<Ref> create(u32 flags);
	// One more user of the device with that number. ENOENT.
	static base::Result<Ref> find(u32 number);
	Ref share();
	static Device &of(device *dev) { return of(mx_pdev_of(dev)); }
	static Device &of(platform_device *p) { return static_cast<Device &>(*reinterpret_cast<PlatformDevice *>(p)); }

	Device(u32 flags, u32 number);
	~Device();

	device *kernel() { return mx_device_of(pdev.get()); }
	u32 number() const { return number_; }
	bool has(u32 flag) const { return flags_ & flag; }
	bool tracks_dirty() const;

	// What the kernel calls for a PASID, or for DMA without one, one after the
	// other. When they return, no page request or event that found another domain than the one of now is still
	// being reported. EINVAL: the domain is not for this device; ENOENT: it is on a vIOMMU, where the device has no
	// number; ENOMEM, EBUSY.
	base::Status set_rid(iommu_domain *domain);
	void block_rid();
	base::Status set_pasid(u32 pasid, iommu_domain *domain);
	base::Status replace_pasid(u32 pasid, iommu_domain *domain, iommu_domain *old);
	void clear_pasid(u32 pasid);
	PasidTable &table() { return table_; }

	base::Status add(TestDevice &user); // ENOMEM
	void remove(TestDevice &user);
	// The user with that device id in that descriptor. It stays as long as the caller keeps the device id.
	TestDevice *user(const iommufd_ctx *ictx, u32 idev_id);

	// The device asks for a page; refused by the mock where it has no translation for the PASID. A whole device's
	// user holds attach_lock_ shared.
	void ask_for_page(u32 pasid, u32 group, u32 perm, u64 addr, bool last);

	// For the device, or the slice with this default PASID: as Slots::invalidate(). EINVAL also: it is on its way
	// out.
	base::Status invalidate_cache(u32 pasid, u32 flags, u32 index);
	// ENOENT: it is not attached to a vIOMMU's domain; EOPNOTSUPP: nobody listens there.
	base::Status report_event(u32 pasid);

	// The whole device's attachment: a fault is reported under the shared side and attachments change under the
	// other, so that a fault finds either the old one or the new one whole.
	kern::RwSem attach_lock_;

private:
	bool fails_by_script(u32 pasid);
	base::Status check(iommu_domain *domain, u32 pasid);
	base::Result<u64> virt_id(iommufd_viommu *viommu, u32 pasid);

	const u32 flags_, number_;
	u32 users_ = 1;
	bool fail_next_ = false; // of IOMMU_TEST_PASID_RESERVED
	kern::RwSem pasid_lock_;
	base::List<TestDevice, OfDevice> users_list_;
	kern::IdTable<TestDevice> users_by_pasid_; // by the default PASID, 0 for the device as a whole
	PasidTable table_;
};

} // namespace mock
