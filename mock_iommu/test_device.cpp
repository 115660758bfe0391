// SPDX-License-Identifier: GPL-2.0-only
// Mock devices as iommufd's users, and the calls that make them: MOCK_DOMAIN and its kin; see test_device.hpp.
#include "mock_iommu/test_device.hpp"

#include "base/guard.hpp"
#include "bridge/api.h"
#include "kern/alloc.hpp"
#include "kern/log.hpp"
#define IOMMUFD_CXX_KERNEL
#include "include/linux/iommufd_pasid.h"

using base::Errno;
using base::fail;

namespace mock {
namespace {

constinit kern::LockClass change_class("mock_iommu: TestDevice::change_lock");
constinit kern::LockClass dma_class("mock_iommu: TestDevice::dma_lock");

int pause_device(void *data) { return kern::to_errno("pause", static_cast<TestDevice *>(data)->pause()); }
void resume_device(void *data) { static_cast<TestDevice *>(data)->resume(); }

constexpr iommufd_pause_ops kPauseOps = {.pause = pause_device, .resume = resume_device};

} // namespace

TestDevice::TestDevice() : change_lock_(change_class), dma_lock_(dma_class) {}

// A slice's page requests go on while its attachments change, as a real one's do: its IOMMU keeps them apart. Those of
// a whole device do not, as 6.12's iommufd expects of its mock.
class TestDevice::Change {
public:
	explicit Change(TestDevice &device) : device_(device)
	{
		device_.change_lock_.lock();
		if (!device_.slice_)
			device_.device().attach_lock_.lock();
	}
	Change(const Change &) = delete;
	~Change()
	{
		if (!device_.slice_)
			device_.device().attach_lock_.unlock();
		device_.change_lock_.unlock();
	}

private:
	TestDevice &device_;
};

base::Status TestDevice::bind(const Wanted &wanted)
{
	unsigned id = 0;
	iommufd_device *idev;

	if (!wanted.slice) {
		TRY(base::check(mx_bind(ictx_, device().kernel(), &idev, &id), "the mock device does not bind"));
	} else {
		TRY(base::check(mx_bind_slice(ictx_, device().kernel(), wanted.pasid, &idev, &id),
				"the slice does not bind"));
	}
	idev_ = idev;
	idev_id = id;
	slice_ = wanted.slice;
	pasid_ = wanted.pasid;
	TRY(device().add(*this));
	listed_ = true;
	if (slice_ && mx_slices_pause())
		return base::check(iommufd_device_set_pause(idev, &kPauseOps, this), "the slice cannot be paused");
	return {};
}

namespace {

base::Result<Device::Ref> device_for(iommufd_ctx *ictx, const TestDevice::Wanted &wanted)
{
	if (!wanted.parent)
		return Device::create(wanted.flags);
	if (wanted.flags)
		return fail(Errno::kInval, "flags are for a new device");
	if (wanted.parent & MOCK_PARENT_NUMBER)
		return Device::find(wanted.parent & ~MOCK_PARENT_NUMBER);
	TRY_LET(other, KeptDevice::find(ictx, wanted.parent));
	return other->device().share();
}

} // namespace

// On failure the destructor undoes what was done.
base::Status TestDevice::connect(iommufd_ctx *ictx, const Wanted &wanted, u32 pt_id)
{
	TRY_LET(device, device_for(ictx, wanted));
	ictx_ = ictx;
	device_ = std::move(device);
	TRY(bind(wanted));
	hwpt_id = pt_id;
	Change guard(*this);
	TRY(base::check(iommufd_device_attach(idev_, &hwpt_id), "it does not attach"));
	attached_ = true;
	return {};
}

base::Status TestDevice::replace(u32 &pt_id)
{
	Change guard(*this);
	return base::check(iommufd_device_replace(idev_, &pt_id), "no other attachment");
}

// Further PASIDs: iommufd keeps their calls, and those for the device, apart itself.
base::Status TestDevice::attach_pasid(u32 pasid, u32 &pt_id)
{
	return base::check(iommufd_device_attach_pasid(idev_, pasid, &pt_id), "the PASID does not attach");
}

base::Status TestDevice::replace_pasid(u32 pasid, u32 &pt_id)
{
	return base::check(iommufd_device_replace_pasid(idev_, pasid, &pt_id), "no other attachment");
}

void TestDevice::detach_pasid(u32 pasid) { iommufd_device_detach_pasid(idev_, pasid); }

// Its further PASIDs are not detached: they are to go with it.
TestDevice::~TestDevice()
{
	if (attached_) {
		Change guard(*this);
		iommufd_device_detach(idev_);
	}
	if (!idev_)
		return;
	if (listed_)
		device().remove(*this);
	iommufd_device_unbind(idev_);
}

std::optional<u64> TestDevice::translate(u32 pasid, u64 iova)
{
	base::SharedGuard guard(dma_lock_);
	return device().table().translate(on_bus(pasid), iova);
}

// A slice's is DMA, which can be held; a whole device's must not meet a change of the attachment.
void TestDevice::ask_for_page(u32 pasid, u32 group, u32 perm, u64 addr, bool last)
{
	base::SharedGuard guard(slice_ ? dma_lock_ : device().attach_lock_);
	device().ask_for_page(on_bus(pasid), group, perm, addr, last);
}

base::Status TestDevice::pause()
{
	if (mx_pause_fails())
		return fail(Errno::kBusy, "the test wants this to fail");
	dma_lock_.lock();
	mx_count_pause();
	return {};
}

void TestDevice::resume()
{
	mx_count_resume();
	dma_lock_.unlock();
}

base::Result<KeptUser> KeptUser::find(iommufd_ctx *ictx, u32 idev_id)
{
	device *dev;
	void *keep;

	TRY(base::check(iommufd_test_device(ictx, idev_id, &dev, &keep), "no such device"));
	KeptUser kept(ictx, keep);
	if (!mx_is_mock(dev))
		return fail(Errno::kInval, "not a mock device");
	kept.device_ = Device::of(dev).user(ictx, idev_id);
	if (!kept.device_)
		return fail(Errno::kNoEnt, "the device is on its way in or out");
	return kept;
}

base::Result<KeptDevice> KeptDevice::find(iommufd_ctx *ictx, u32 stdev_id)
{
	iommufd_test_object *object;
	void *data;

	TRY(base::check(iommufd_test_object_get(ictx, stdev_id, &data, &object), "no such mock device"));
	return KeptDevice(ictx, object, static_cast<TestDevice *>(data));
}

namespace {

void destroy(void *data) { delete static_cast<TestDevice *>(data); }

// Fills in the first three results, which are at the same place in both commands.
base::Status make_device(Call &call, iommu_test_cmd &cmd, const TestDevice::Wanted &wanted)
{
	iommufd_test_object *object;
	unsigned id;

	TRY_LET(made, kern::make<TestDevice>());
	TRY(base::check(iommufd_test_object_alloc(call.ictx(), made.get(), destroy, &id, &object), "no object"));
	base::Undo abort([&] { iommufd_test_object_abort(call.ictx(), object); });
	base::Status connected = made->connect(call.ictx(), wanted, cmd.id);
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

base::Status mock_domain(Call &call, iommu_test_cmd &cmd)
{
	const u32 pasid = cmd.mock_domain.pasid, parent = cmd.mock_domain.parent;

	if (!pasid && !parent)
		return make_device(call, cmd, {});
	const u32 flags = parent ? 0 : MOCK_FLAGS_DEVICE_PASID;
	return make_device(call, cmd, {.flags = flags, .parent = parent, .slice = true, .pasid = pasid});
}

base::Status mock_domain_flags(Call &call, iommu_test_cmd &cmd)
{
	const auto &in = cmd.mock_domain_flags;
	return make_device(call, cmd, {.flags = in.dev_flags, .parent = in.parent});
}

base::Status mock_domain_replace(Call &call, iommu_test_cmd &cmd)
{
	TRY_LET(device, KeptDevice::find(call.ictx(), cmd.id));
	TRY(device->replace(cmd.mock_domain_replace.pt_id));
	return call.respond(cmd);
}

base::Status device_number(Call &call, iommu_test_cmd &cmd)
{
	TRY_LET(device, KeptDevice::find(call.ictx(), cmd.id));
	cmd.device_number.out_number = device->device().number();
	return call.respond(cmd);
}

} // namespace mock
