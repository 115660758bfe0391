// SPDX-License-Identifier: GPL-2.0-only
// Mock devices, and the calls that make them: MOCK_DOMAIN and MOCK_DOMAIN_REPLACE.
#include "mock_iommu/device.hpp"

#include "base/guard.hpp"
#include "bridge/api.h"
#include "kern/alloc.hpp"
#include "kern/log.hpp"
#include "mock_iommu/generation.hpp"
#include "mock_iommu/ops.hpp"

using base::Errno;
using base::fail;

namespace mock {
namespace {

constinit kern::LockClass attach_class("mock_iommu: Device::attach_lock");

} // namespace

Device::Device(u32 flags, u32 number) : attach_lock_(attach_class), flags_(flags), number_(number)
{
	mx_device_init(pdev_.get(), number);
}

Device::~Device() { mx_number_free(number_); }

bool Device::tracks_dirty() const { return !has(MOCK_FLAGS_DEVICE_NO_DIRTY); }

base::Result<Device *> Device::create(u32 flags)
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
	int rc = mx_device_add(device->pdev_.get(), device->has(MOCK_FLAGS_DEVICE_PASID) ? MOCK_PASID_WIDTH : 0);
	if (rc) {
		mx_device_drop(device->pdev_.get());
		return fail(base::Error::from_kernel(rc, "the device could not be added"));
	}
	return device;
}

void Device::drop()
{
	mx_device_remove(pdev_.get());
	mx_device_drop(pdev_.get());
}

namespace {

// A mock device bound to an iommufd and attached there: the object behind out_stdev_id.
class TestDevice {
public:
	TestDevice() = default;
	TestDevice(const TestDevice &) = delete;
	~TestDevice();

	base::Status connect(iommufd_ctx *ictx, u32 flags, u32 pt_id);
	base::Status replace(u32 &pt_id);

	u32 idev_id = 0, hwpt_id = 0;

private:
	Device *device_ = nullptr;
	iommufd_device *idev_ = nullptr;
	bool attached_ = false;
};

// On failure the destructor undoes what was done.
base::Status TestDevice::connect(iommufd_ctx *ictx, u32 flags, u32 pt_id)
{
	iommufd_device *idev;

	TRY_LET(device, Device::create(flags));
	device_ = device;
	TRY(base::check(mx_bind(ictx, device->kernel(), &idev, &idev_id), "the mock device does not bind"));
	idev_ = idev;
	hwpt_id = pt_id;
	base::Guard guard(device->attach_lock_);
	TRY(base::check(iommufd_device_attach(idev, &hwpt_id), "the mock device does not attach"));
	attached_ = true;
	return {};
}

base::Status TestDevice::replace(u32 &pt_id)
{
	base::Guard guard(device_->attach_lock_);
	return base::check(iommufd_device_replace(idev_, &pt_id), "no other attachment");
}

TestDevice::~TestDevice()
{
	if (attached_) {
		base::Guard guard(device_->attach_lock_);
		iommufd_device_detach(idev_);
	}
	if (idev_)
		iommufd_device_unbind(idev_);
	if (device_)
		device_->drop();
}

void destroy(void *data) { delete static_cast<TestDevice *>(data); }

base::Status make_device(Call &call, iommu_test_cmd &cmd, u32 flags)
{
	iommufd_test_object *object;
	unsigned id;

	TRY_LET(made, kern::make<TestDevice>());
	TRY(base::check(iommufd_test_object_alloc(call.ictx(), made.get(), destroy, &id, &object), "no object"));
	base::Undo abort([&] { iommufd_test_object_abort(call.ictx(), object); });
	base::Status connected = made->connect(call.ictx(), flags, cmd.id);
	if (!connected)
		return connected;
	cmd.mock_domain.out_stdev_id = id;
	cmd.mock_domain.out_hwpt_id = made->hwpt_id;
	cmd.mock_domain.out_idev_id = made->idev_id;
	TRY(call.respond(cmd));
	abort.dismiss();
	made.release();
	iommufd_test_object_publish(call.ictx(), object);
	return {};
}

} // namespace

base::Status mock_domain(Call &call, iommu_test_cmd &cmd) { return make_device(call, cmd, 0); }

base::Status mock_domain_flags(Call &call, iommu_test_cmd &cmd)
{
	return make_device(call, cmd, cmd.mock_domain_flags.dev_flags);
}

base::Status mock_domain_replace(Call &call, iommu_test_cmd &cmd)
{
	iommufd_test_object *object;
	void *data;

	TRY(base::check(iommufd_test_object_get(call.ictx(), cmd.id, &data, &object), "no such mock device"));
	base::Undo put([&] { iommufd_test_object_put(call.ictx(), object); });
	TRY(static_cast<TestDevice *>(data)->replace(cmd.mock_domain_replace.pt_id));
	return call.respond(cmd);
}

} // namespace mock

void mock_device_released(platform_device *pdev) { delete reinterpret_cast<mock::Device *>(pdev); }

bool mock_device_tracks_dirty(device *dev) { return mock::Device::of(dev).tracks_dirty(); }
