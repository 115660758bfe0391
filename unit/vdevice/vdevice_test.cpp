// SPDX-License-Identifier: GPL-2.0-only
// vDEVICEs: what they are found by, whom they belong to, and their end with the device.
#include "support/slice.hpp"
#include "support/viommu.hpp"

namespace test {

namespace {

class VdeviceTest : public World {
protected:
	void SetUp() override { ASSERT_EQ(guest.viommu(viommu), 0); }

	u32 vdevice(u64 virt_id)
	{
		u32 id = 0;
		EXPECT_EQ(guest.vdevice(viommu, guest.dev->id(), virt_id, id), 0) << fake::last_rejection();
		return id;
	}
	// As within an invalidation
	device *find(u64 virt_id, unsigned *pasid = nullptr)
	{
		return iommufd_viommu_find_dev(driver.last, virt_id, pasid);
	}
	int number_of(device &dev, unsigned pasid, unsigned long long &number)
	{
		return iommufd_viommu_get_vdev_id(driver.last, &dev, pasid, &number);
	}
	static int set_rlimit_mode(const Fd &of)
	{
		u64 value = 0;
		return of.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0, value);
	}

	ViommuDriver driver;
	Fd fd;
	Guest guest{fd};
	u32 viommu = 0;
};

constexpr u64 kNumbers[] = {0, 1, 0xffff, 1ull << 32, ~0ull};

} // namespace

TEST_F(VdeviceTest, ArgumentErrors)
{
	const u32 device = guest.dev->id();
	EXPECT_EQ(guest.vdevice(77, device, 1), -2);
	EXPECT_EQ(guest.vdevice(guest.parent, device, 1), -2);
	EXPECT_EQ(guest.vdevice(viommu, 77, 1), -2);
	EXPECT_EQ(guest.vdevice(viommu, viommu, 1), -2);
	guest.raw.iommu = 1;
	EXPECT_EQ(guest.vdevice(viommu, device, 1), -22) << "behind another IOMMU";
	guest.raw.iommu = 0;
	ASSERT_EQ(guest.vdevice(viommu, device, 1), 0);
	EXPECT_EQ(guest.vdevice(viommu, device, 2), -17) << "the device has one";
	u32 other_viommu = 0;
	ASSERT_EQ(guest.viommu(other_viommu), 0);
	EXPECT_EQ(guest.vdevice(other_viommu, device, 2), -17) << "in whatever vIOMMU";
	Bound second(fd, machine.new_device());
	EXPECT_EQ(guest.vdevice(viommu, second.id(), 1), -17) << "the number is taken";
	EXPECT_EQ(guest.vdevice(other_viommu, second.id(), 1), 0) << "in another vIOMMU it is not";
}

TEST_F(VdeviceTest, DriversErrors)
{
	const u32 device = guest.dev->id();
	driver.vdevice_error = -19;
	EXPECT_EQ(guest.vdevice(viommu, device, 1), -19);
	driver.vdevice_error = 0;
	{
		fake::ExpectWarnings warnings;
		driver.ops.vdevice_size = sizeof(iommufd_vdevice) - 1;
		EXPECT_EQ(guest.vdevice(viommu, device, 1), -95);
		EXPECT_EQ(warnings.count(), 1u);
	}
	driver.ops.vdevice_size = 0;
	driver.ops.vdevice_init = nullptr;
	EXPECT_EQ(guest.vdevice(viommu, device, 1), 0) << "both are optional";
	EXPECT_EQ(driver.vdevices_made, 0u);
	EXPECT_EQ(find(1), &guest.raw);
}

TEST_F(VdeviceTest, TheDriverKnowsWhatItIs)
{
	unsigned told = 0;
	driver.on_vdevice_init = [&](iommufd_vdevice &made) {
		EXPECT_EQ(made.viommu, driver.last);
		EXPECT_EQ(made.dev, &guest.raw);
		EXPECT_EQ(made.pasid, 0u);
		EXPECT_EQ(made.virt_id, 0x1234u);
		told++;
	};
	driver.on_vdevice_destroy = [&](iommufd_vdevice &gone) {
		EXPECT_EQ(gone.virt_id, 0x1234u);
		EXPECT_EQ(find(0x1234), nullptr) << "nobody finds it any more";
		unsigned long long number;
		EXPECT_EQ(number_of(guest.raw, 0, number), -2);
		EXPECT_GT(guest.raw.group->claims, 0) << "the device is still there";
		told++;
	};
	const u32 id = vdevice(0x1234);
	EXPECT_EQ(fd.destroy(id), 0);
	EXPECT_EQ(told, 2u);
}

TEST_F(VdeviceTest, FoundByItsNumberAndTheNumberByTheDevice)
{
	std::vector<std::unique_ptr<Bound>> bound;
	std::vector<device *> devices;
	for (u64 number : kNumbers) {
		devices.push_back(&machine.new_device());
		bound.push_back(std::make_unique<Bound>(fd, *devices.back()));
		ASSERT_EQ(guest.vdevice(viommu, bound.back()->id(), number), 0);
	}
	for (unsigned i = 0; i < devices.size(); i++) {
		unsigned pasid = 77;
		unsigned long long number = 77;
		EXPECT_EQ(find(kNumbers[i], &pasid), devices[i]);
		EXPECT_EQ(pasid, 0u);
		EXPECT_EQ(number_of(*devices[i], 0, number), 0);
		EXPECT_EQ(number, kNumbers[i]);
		EXPECT_EQ(number_of(*devices[i], 1, number), -2);
	}
	EXPECT_EQ(find(2), nullptr);
	u32 other_viommu = 0;
	ASSERT_EQ(guest.viommu(other_viommu), 0);
	EXPECT_EQ(find(1), nullptr) << "of another vIOMMU";
	unsigned long long number;
	EXPECT_EQ(number_of(*devices[0], 0, number), -2);
}

// A slice is {parent, default PASID}.
TEST_F(VdeviceTest, Slices)
{
	device &parent = machine.new_device();
	parent.max_pasids = 64;
	Slice first(fd, parent, 5), second(fd, parent, 6);
	u32 id = 0;
	ASSERT_EQ(guest.vdevice(viommu, first.id(), 0x105, id), 0) << fake::last_rejection();
	ASSERT_EQ(guest.vdevice(viommu, second.id(), 0x106), 0);
	EXPECT_EQ(guest.vdevice(viommu, first.id(), 0x107), -17);
	unsigned pasid = 0;
	unsigned long long number = 0;
	EXPECT_EQ(find(0x105, &pasid), &parent);
	EXPECT_EQ(pasid, 5u);
	EXPECT_EQ(find(0x106, &pasid), &parent);
	EXPECT_EQ(pasid, 6u);
	EXPECT_EQ(number_of(parent, 6, number), 0);
	EXPECT_EQ(number, 0x106u);
	EXPECT_EQ(number_of(parent, 0, number), -2);
	first.unbind();
	EXPECT_EQ(find(0x105), nullptr);
	EXPECT_EQ(find(0x106), &parent);
	EXPECT_EQ(number_of(parent, 5, number), -2);
	EXPECT_EQ(fd.destroy(id), -2);
}

TEST_F(VdeviceTest, UserSpaceDestroysAndMakesAnother)
{
	const u32 id = vdevice(1);
	EXPECT_EQ(fd.destroy(viommu), -16);
	EXPECT_EQ(fd.destroy(id), 0);
	EXPECT_EQ(fd.destroy(id), -2);
	EXPECT_EQ(find(1), nullptr);
	EXPECT_EQ(vdevice(1), id) << "an id that user space gave back is not dead";
	EXPECT_EQ(fd.destroy(id), 0);
	EXPECT_EQ(fd.destroy(viommu), 0);
}

TEST_F(VdeviceTest, GoesWithTheDeviceAndItsIdStaysDead)
{
	const u32 id = vdevice(1);
	guest.dev->unbind();
	EXPECT_EQ(driver.vdevices_destroyed, 1u);
	EXPECT_EQ(find(1), nullptr);
	EXPECT_EQ(fd.destroy(id), -2);
	// The number is free, the id is not.
	guest.dev.emplace(fd, guest.raw);
	EXPECT_NE(guest.dev->id(), id);
	EXPECT_NE(vdevice(1), id);
	for (unsigned i = 0; i < 10; i++)
		EXPECT_NE(fd.ioas(), id);
	u32 count = 1;
	EXPECT_EQ(guest.invalidate(id, count), -2);
}

// The fd is not as new as long as there is a dead id, and it closes as any other.
TEST_F(VdeviceTest, ADeadIdCounts)
{
	const u32 id = vdevice(1);
	guest.dev->unbind();
	EXPECT_EQ(fd.destroy(viommu), 0);
	EXPECT_EQ(fd.destroy(guest.parent), 0);
	EXPECT_EQ(fd.destroy(guest.ioas), 0);
	EXPECT_EQ(fd.destroy(id), -2);
	EXPECT_EQ(set_rlimit_mode(fd), -16);
	EXPECT_EQ(set_rlimit_mode(Fd()), 0);
}

// As long as DESTROY is at it, the device has its vDEVICE.
TEST_F(VdeviceTest, DuringDestroy)
{
	const u32 id = vdevice(1);
	driver.on_vdevice_destroy = [&](iommufd_vdevice &) {
		EXPECT_EQ(guest.vdevice(viommu, guest.dev->id(), 2), -17);
		EXPECT_EQ(fd.destroy(id), -2);
	};
	EXPECT_EQ(fd.destroy(id), 0);
	EXPECT_EQ(driver.vdevices_destroyed, 1u);
	driver.on_vdevice_destroy = [](iommufd_vdevice &) {};
	EXPECT_EQ(guest.vdevice(viommu, guest.dev->id(), 2), 0);
}

// Unbinding waits for a call that has the vDEVICE in its hands. Nobody else gets it into his, so that overlapping calls
// cannot keep the unbind waiting for ever.
TEST_F(VdeviceTest, UnbindWaitsForACallOnTheVdevice)
{
	const u32 id = vdevice(1);
	auto &objects = fd.context().objects();
	auto lease = objects.get_any(iommufd::ObjectId(id));
	ASSERT_TRUE(lease);
	iommufd::Object *object = lease->release();
	fake::while_waiting([&] {
		EXPECT_EQ(fd.destroy(id), -16);
		EXPECT_EQ(guest.vdevice(viommu, guest.dev->id(), 2), -2) << "the device is being unbound";
		u32 count = 1;
		EXPECT_EQ(guest.invalidate(id, count), -2) << "a new call on the vDEVICE";
		object->end_lease(objects);
	});
	guest.dev->unbind();
	EXPECT_EQ(fake::waits(), 1u);
	EXPECT_EQ(driver.vdevices_destroyed, 1u);
	EXPECT_EQ(fd.destroy(id), -2);
}

// The same of the device itself.
TEST_F(VdeviceTest, UnbindWaitsForACallOnTheDevice)
{
	auto &objects = fd.context().objects();
	const u32 id = guest.dev->id();
	auto lease = objects.get_any(iommufd::ObjectId(id));
	ASSERT_TRUE(lease);
	iommufd::Object *object = lease->release();
	fake::while_waiting([&] {
		EXPECT_EQ(guest.vdevice(viommu, id, 2), -2);
		object->end_lease(objects);
	});
	guest.dev->unbind();
	EXPECT_EQ(fake::waits(), 1u);
	EXPECT_EQ(fd.destroy(id), -2);
}

// The driver finds the device while it invalidates, of its own vIOMMU's numbers alone.
TEST_F(VdeviceTest, FoundWithinAnInvalidation)
{
	vdevice(1);
	device *found = nullptr;
	driver.on_invalidate = [&](iommufd_viommu &v, iommu_user_data_array &) {
		found = iommufd_viommu_find_dev(&v, 1, nullptr);
		EXPECT_EQ(iommufd_viommu_find_dev(&v, 2, nullptr), nullptr);
		return 0;
	};
	u32 count = 1;
	EXPECT_EQ(guest.invalidate(viommu, count), 0);
	EXPECT_EQ(found, &guest.raw);
}

} // namespace test
