// SPDX-License-Identifier: GPL-2.0-only
// Mock devices and what the kernel and the bus see of them; see device.hpp.
#include "mock_iommu/device.hpp"

#include "base/guard.hpp"
#include "kern/alloc.hpp"
#include "kern/log.hpp"
#include "mock_iommu/abi.hpp"
#include "mock_iommu/domain.hpp"
#include "mock_iommu/generation.hpp"
#include "mock_iommu/nested.hpp"
#include "mock_iommu/test_device.hpp"

using base::Errno;
using base::fail;

namespace mock {
namespace {

constinit kern::LockClass attach_class("mock_iommu: Device::attach_lock");
constinit kern::LockClass pasid_class("mock_iommu: Device::pasid_lock");

struct DevicesLock {
	void lock() { mx_devices_lock(); }
	void unlock() { mx_devices_unlock(); }
} devices_lock;

constinit base::List<Device, InDevices> devices;

} // namespace

Device::Device(u32 flags, u32 number)
	: attach_lock_(attach_class), flags_(flags), number_(number), pasid_lock_(pasid_class)
{
	mx_device_init(pdev.get(), number);
}

Device::~Device() { mx_number_free(number_); }

bool Device::tracks_dirty() const { return !has(MOCK_FLAGS_DEVICE_NO_DIRTY); }

// Further PASIDs of a device go by the number of the device.
base::Result<u64> Device::virt_id(iommufd_viommu *viommu, u32 pasid)
{
	unsigned long long id;
	int rc = iommufd_viommu_get_vdev_id(viommu, kernel(), pasid, &id);
	if (rc && pasid)
		rc = iommufd_viommu_get_vdev_id(viommu, kernel(), 0, &id);
	TRY(base::check(rc, "the device has no number in this vIOMMU"));
	return u64{id};
}

base::Status Device::check(iommu_domain *domain, u32 pasid)
{
	if (mx_is_paging(domain) && Domain::of(domain).can_track() && !tracks_dirty())
		return fail(Errno::kInval, "the device cannot track dirty pages");
	if (iommufd_viommu *viommu = NestedDomain::viommu_of(domain))
		TRY(virt_id(viommu, pasid));
	return {};
}

base::Result<Device::Ref> Device::create(u32 flags)
{
	if (flags & ~generation().device_flags)
		return fail(Errno::kInval, "unknown device flag");
	unsigned number = 0;
	TRY(base::check(mx_number_alloc(&number), "no number for the device"));
	auto made = kern::make<Device>(flags, number);
	if (!made) {
		mx_number_free(number);
		return fail(made.error());
	}
	// From here on the kernel's reference count owns it.
	Device *device = made->release();
	int rc = mx_device_add(device->pdev.get(), device->has(MOCK_FLAGS_DEVICE_PASID) ? MOCK_PASID_WIDTH : 0);
	if (rc) {
		mx_device_drop(device->pdev.get());
		return fail(base::Error::from_kernel(rc, "the device could not be added"));
	}
	base::Guard guard(devices_lock);
	devices.push_back(*device);
	return Ref(device);
}

base::Result<Device::Ref> Device::find(u32 number)
{
	base::Guard guard(devices_lock);
	for (Device &device : devices) {
		if (device.number_ != number)
			continue;
		device.users_++;
		return Ref(&device);
	}
	return fail(Errno::kNoEnt, "no mock device has this number");
}

Device::Ref Device::share()
{
	base::Guard guard(devices_lock);
	users_++;
	return Ref(this);
}

void Device::put(Device *device)
{
	{
		base::Guard guard(devices_lock);
		if (--device->users_)
			return;
		devices.remove(*device);
	}
	mx_device_remove(device->pdev.get());
	mx_device_drop(device->pdev.get());
}

// Every second time.
bool Device::fails_by_script(u32 pasid)
{
	if (mx_attach_fails())
		return true;
	if (pasid != IOMMU_TEST_PASID_RESERVED)
		return false;
	fail_next_ = !fail_next_;
	return !fail_next_;
}

base::Status Device::set_rid(iommu_domain *domain)
{
	TRY(check(domain, 0));
	base::Guard guard(pasid_lock_);
	table_.set_rid(domain);
	return {};
}

void Device::block_rid()
{
	base::Guard guard(pasid_lock_);
	table_.set_rid(nullptr);
}

base::Status Device::set_pasid(u32 pasid, iommu_domain *domain)
{
	TRY(check(domain, pasid));
	if (fails_by_script(pasid))
		return fail(Errno::kNoMem, "the test wants this to fail");
	base::Guard guard(pasid_lock_);
	return table_.set(pasid, domain);
}

base::Status Device::replace_pasid(u32 pasid, iommu_domain *domain, iommu_domain *old)
{
	// Reports that found either domain in the attach handle are over when this is taken: it is what drains them.
	base::Guard guard(pasid_lock_);
	TRY(check(domain, pasid));
	if (fails_by_script(pasid))
		return fail(Errno::kNoMem, "the test wants this to fail");
	return table_.replace(pasid, domain, old);
}

void Device::clear_pasid(u32 pasid)
{
	if (pasid == IOMMU_TEST_PASID_RESERVED)
		fail_next_ = false;
	base::Guard guard(pasid_lock_);
	table_.clear(pasid);
}

namespace {

// No id is 0.
base::ObjectId id_of(u32 pasid) { return base::ObjectId(pasid + 1); }

} // namespace

base::Status Device::add(TestDevice &user)
{
	base::Guard guard(pasid_lock_);
	TRY(users_by_pasid_.insert(id_of(user.on_bus(0)), &user));
	users_list_.push_back(user);
	return {};
}

void Device::remove(TestDevice &user)
{
	base::Guard guard(pasid_lock_);
	users_by_pasid_.erase(id_of(user.on_bus(0)));
	users_list_.remove(user);
}

base::Status Device::invalidate_cache(u32 pasid, u32 flags, u32 index)
{
	base::SharedGuard guard(pasid_lock_);
	base::Guard table_guard(users_by_pasid_);
	TestDevice *user = users_by_pasid_.find_locked(id_of(pasid));
	if (!user)
		return fail(Errno::kInval, "the device is on its way out");
	return user->cache().invalidate(flags, index);
}

namespace {

// On its way from hardware, which has an interrupt for it.
struct Event {
	iommufd_viommu *viommu;
	iommu_viommu_event_selftest data;

	static int report(void *self)
	{
		const Event &event = *static_cast<Event *>(self);
		return iommufd_viommu_report_event(event.viommu, IOMMU_VEVENTQ_TYPE_SELFTEST, &event.data,
						   sizeof(event.data));
	}
};

} // namespace

base::Status Device::report_event(u32 pasid)
{
	base::SharedGuard guard(pasid_lock_);
	iommufd_viommu *viommu = NestedDomain::viommu_of(table_.domain_of(pasid));
	if (!viommu)
		return fail(Errno::kNoEnt, "the device is not attached to a domain on a vIOMMU");
	TRY_LET(number, virt_id(viommu, pasid));
	if (!number)
		return fail(Errno::kNoEnt, "0 is the number of no device");
	Event event{viommu, {.virt_id = static_cast<u32>(number)}};
	return base::check(mx_in_interrupt(Event::report, &event), "no queue takes the event");
}

TestDevice *Device::user(const iommufd_ctx *ictx, u32 idev_id)
{
	base::SharedGuard guard(pasid_lock_);
	for (TestDevice &user : users_list_)
		if (user.is(ictx, idev_id))
			return &user;
	return nullptr;
}

// The kernel hands requests of an unknown PASID to the nested domain of the whole device, whose user is taken to manage
// the PASIDs. Anything else must not get as far: the attachment that the kernel would still find may be on its way out.
void Device::ask_for_page(u32 pasid, u32 group, u32 perm, u64 addr, bool last)
{
	base::SharedGuard guard(pasid_lock_);
	iommu_domain *rid = table_.domain_of(0);
	if (!pasid || table_.domain_of(pasid) || (rid && mx_is_nested(rid)))
		mx_report_fault(kernel(), pasid, group, perm, addr, last);
	else
		mx_refuse_fault(last);
}

} // namespace mock

using mock::Device;

void mock_device_released(platform_device *pdev) { delete &Device::of(pdev); }

bool mock_device_tracks_dirty(device *dev) { return Device::of(dev).tracks_dirty(); }

void mock_block(device *dev) { Device::of(dev).block_rid(); }

int mock_pasid_set(iommu_domain *domain, device *dev, unsigned pasid)
{
	return kern::to_errno("PASID attach", Device::of(dev).set_pasid(pasid, domain));
}

int mock_pasid_replace(iommu_domain *domain, device *dev, unsigned pasid, iommu_domain *old)
{
	base::Status status = Device::of(dev).replace_pasid(pasid, domain, old);
	if (status)
		mx_count_replaced();
	return kern::to_errno("PASID replace", status);
}

void mock_pasid_clear(device *dev, unsigned pasid) { Device::of(dev).clear_pasid(pasid); }
