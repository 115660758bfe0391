// SPDX-License-Identifier: GPL-2.0-only
// vIOMMUs: life, arguments, nested HWPTs and invalidations on them.
#include "support/viommu.hpp"

#include "support/failures.hpp"

namespace test {

namespace {

class ViommuTest : public World {
protected:
	ViommuDriver driver;
	Fd fd;
	Guest guest{fd};
	u32 id = 0;
};

} // namespace

TEST_F(ViommuTest, ArgumentErrors)
{
	auto result = [&](auto change) {
		iommu_viommu_alloc cmd{};
		cmd.type = kViommuType;
		cmd.dev_id = guest.dev->id();
		cmd.hwpt_id = guest.parent;
		change(cmd);
		return fd.call(IOMMU_VIOMMU_ALLOC, cmd);
	};
	EXPECT_EQ(result([](auto &c) { c.flags = 1; }), -95);
	EXPECT_EQ(result([](auto &c) { c.__reserved = 1; }), -95);
	auto *const size = std::exchange(driver.registration().viommu_size,
					 [](device *, u32) { return sizeof(ViommuDriver::Part); });
	EXPECT_EQ(result([](auto &c) { c.type = IOMMU_VIOMMU_TYPE_DEFAULT; }), -95) << "whatever the driver has";
	driver.registration().viommu_size = size;
	EXPECT_EQ(result([](auto &c) { c.type = kViommuType + 1; }), -95);
	EXPECT_EQ(result([](auto &c) { c.dev_id = 77; }), -2);
	EXPECT_EQ(result([&](auto &c) { c.dev_id = guest.ioas; }), -2);
	EXPECT_EQ(result([](auto &c) { c.hwpt_id = 77; }), -2);
	EXPECT_EQ(result([&](auto &c) { c.hwpt_id = guest.ioas; }), -2);
	u32 plain = 0, nested = 0;
	ASSERT_EQ(fd.hwpt(guest.dev->id(), guest.ioas, plain), 0);
	EXPECT_EQ(result([&](auto &c) { c.hwpt_id = plain; }), -22);
	ASSERT_EQ(guest.nested(guest.parent, nested), 0);
	EXPECT_EQ(result([&](auto &c) { c.hwpt_id = nested; }), -2);
	device &foreign = machine.new_device();
	foreign.driver = 1;
	Bound other(fd, foreign);
	EXPECT_EQ(result([&](auto &c) { c.dev_id = other.id(); }), -95) << "its driver has no vIOMMUs";
	EXPECT_EQ(result([&](auto &c) { c.dev_id = other.id(), c.type = IOMMU_VIOMMU_TYPE_CORE; }), -22);
	EXPECT_EQ(driver.made, 0u);
	EXPECT_EQ(result([](auto &) {}), 0);
}

// Whether the IOMMU has a type at all can be asked without a nest parent.
TEST_F(ViommuTest, AnUnknownTypeGoesBeforeTheHwpt)
{
	guest.parent = 77;
	EXPECT_EQ(guest.viommu(id, kViommuType + 1), -95);
	EXPECT_EQ(guest.viommu(id), -2);
}

TEST_F(ViommuTest, DriversErrors)
{
	driver.init_error = -22;
	EXPECT_EQ(guest.viommu(id), -22);
	driver.init_error = 0;
	driver.owner.going = true;
	EXPECT_EQ(guest.viommu(id), -19);
	driver.owner.going = false;
	{
		fake::ExpectWarnings warnings;
		driver.size = sizeof(iommufd_viommu) - 1;
		EXPECT_EQ(guest.viommu(id), -95);
		driver.size = sizeof(ViommuDriver::Part);
		driver.forgets_ops = true;
		EXPECT_EQ(guest.viommu(id), -95);
		driver.forgets_ops = false;
		EXPECT_EQ(warnings.count(), 2u);
	}
	auto init = std::exchange(driver.registration().viommu_init, nullptr);
	EXPECT_EQ(guest.viommu(id), -95);
	driver.registration().viommu_init = init;
	auto size = std::exchange(driver.registration().viommu_size, nullptr);
	EXPECT_EQ(guest.viommu(id), -95);
	driver.registration().viommu_size = size;
	EXPECT_EQ(guest.viommu(id), 0);
}

TEST_F(ViommuTest, DataGoesToTheDriver)
{
	unsigned asked = 0;
	driver.on_init = [&](const iommu_user_data *data) { asked += !data; };
	ASSERT_EQ(guest.viommu(id), 0);
	EXPECT_EQ(asked, 1u) << "no data";
	driver.on_init = [&](const iommu_user_data *data) {
		ASSERT_NE(data, nullptr);
		EXPECT_EQ(data->type, kViommuType);
		EXPECT_EQ(data->len, 24u);
		EXPECT_EQ(reinterpret_cast<u64>(data->uptr), 0x5000u);
		asked++;
	};
	iommu_viommu_alloc cmd{};
	cmd.type = kViommuType;
	cmd.dev_id = guest.dev->id();
	cmd.hwpt_id = guest.parent;
	cmd.data_len = 24;
	cmd.data_uptr = 0x5000;
	ASSERT_EQ(fd.call(IOMMU_VIOMMU_ALLOC, cmd), 0);
	EXPECT_EQ(asked, 2u);
	cmd.type = IOMMU_VIOMMU_TYPE_CORE;
	EXPECT_EQ(fd.call(IOMMU_VIOMMU_ALLOC, cmd), -95) << "the core type takes no data";
}

TEST_F(ViommuTest, KeepsItsParentAndItsDriver)
{
	ASSERT_EQ(guest.viommu(id), 0);
	EXPECT_EQ(driver.owner.refs, 1);
	EXPECT_EQ(driver.last->parent, fake::domains().back());
	EXPECT_EQ(driver.last->dev, nullptr) << "of viommu_init() only";
	EXPECT_EQ(driver.last->ictx, fd.ctx());
	EXPECT_EQ(fd.destroy(guest.parent), -16);
	// The device was only needed to find the IOMMU.
	guest.dev->unbind();
	EXPECT_EQ(fd.destroy(id), 0);
	EXPECT_EQ(driver.destroyed, 1u);
	EXPECT_EQ(driver.owner.refs, 0);
	EXPECT_EQ(fd.destroy(id), -2);
	EXPECT_EQ(fd.destroy(guest.parent), 0);
}

TEST_F(ViommuTest, ClosingTheFdDestroysAllInOrder)
{
	u32 vdevice = 0, hwpt = 0;
	ASSERT_EQ(guest.viommu(id), 0);
	ASSERT_EQ(guest.vdevice(id, guest.dev->id(), 5, vdevice), 0);
	ASSERT_EQ(guest.nested(id, hwpt), 0);
	EXPECT_EQ(fd.destroy(id), -16);
	guest.dev->unbind();
	fd.close();
	EXPECT_EQ(driver.destroyed, 1u);
	EXPECT_EQ(driver.vdevices_destroyed, 1u);
}

TEST_F(ViommuTest, NestedHwpts)
{
	u32 hwpt = 0;
	ASSERT_EQ(guest.viommu(id), 0);
	EXPECT_EQ(guest.nested(id, hwpt, IOMMU_HWPT_ALLOC_NEST_PARENT), -95);
	EXPECT_EQ(guest.nested(id, hwpt, IOMMU_HWPT_ALLOC_DIRTY_TRACKING), -95);
	EXPECT_EQ(guest.nested(id, hwpt, 0, IOMMU_HWPT_DATA_NONE), -95);
	driver.ops.alloc_domain_nested = nullptr;
	EXPECT_EQ(guest.nested(id, hwpt), -95);
	driver.ops.alloc_domain_nested = [](iommufd_viommu *, unsigned, const iommu_user_data *) {
		return reinterpret_cast<iommu_domain *>(-5l);
	};
	EXPECT_EQ(guest.nested(id, hwpt), -5);
	guest.raw.iommu = 1;
	EXPECT_EQ(guest.nested(id, hwpt), -22) << "the device is behind another IOMMU";
}

TEST_F(ViommuTest, ANestedHwptKeepsTheViommu)
{
	u32 hwpt = 0;
	ASSERT_EQ(guest.viommu(id), 0);
	ASSERT_EQ(guest.nested(id, hwpt), 0) << fake::last_rejection();
	EXPECT_EQ(fake::domains().back()->parent, driver.last->parent);
	EXPECT_EQ(fd.destroy(id), -16);
	ASSERT_EQ(guest.dev->attach(hwpt), 0);
	EXPECT_EQ(fd.destroy(hwpt), -16);
	guest.dev->detach();
	EXPECT_EQ(fd.destroy(hwpt), 0);
	EXPECT_EQ(fd.destroy(id), 0);
}

TEST_F(ViommuTest, ADriverThatMakesAnotherKindOfDomain)
{
	u32 hwpt = 0;
	ASSERT_EQ(guest.viommu(id), 0);
	guest.raw.nested_is_paging = true;
	fake::ExpectWarnings warnings;
	EXPECT_EQ(guest.nested(id, hwpt), -22);
	EXPECT_EQ(warnings.count(), 1u);
}

// Nested HWPTs on the core type are those of the parent, and it takes no invalidations.
TEST_F(ViommuTest, CoreType)
{
	driver.registration().viommu_size = nullptr;
	driver.registration().viommu_init = nullptr;
	ASSERT_EQ(guest.viommu(id, IOMMU_VIOMMU_TYPE_CORE), 0);
	u32 hwpt = 0, vdevice = 0, count = 1;
	ASSERT_EQ(guest.nested(id, hwpt), 0) << fake::last_rejection();
	EXPECT_EQ(fake::domains().back()->data_type, 7u);
	EXPECT_EQ(guest.nested(id, hwpt, IOMMU_HWPT_ALLOC_NEST_PARENT), -95);
	EXPECT_EQ(guest.nested(id, hwpt, 0, IOMMU_HWPT_DATA_NONE), -95);
	ASSERT_EQ(guest.vdevice(id, guest.dev->id(), ~0ull, vdevice), 0);
	EXPECT_EQ(guest.vdevice(id, guest.dev->id(), 1), -17);
	EXPECT_EQ(guest.invalidate(id, count), -95);
	EXPECT_EQ(count, 0u);
	EXPECT_EQ(fd.destroy(vdevice), 0);
	EXPECT_EQ(driver.owner.refs, 0) << "it needs nothing of the driver";
}

TEST_F(ViommuTest, InvalidationsGoToTheDriver)
{
	ASSERT_EQ(guest.viommu(id), 0);
	unsigned calls = 0, done = 0;
	int answer = 0;
	driver.on_invalidate = [&](iommufd_viommu &viommu, iommu_user_data_array &array) {
		EXPECT_EQ(&viommu, driver.last);
		EXPECT_EQ(array.type, 9u);
		EXPECT_EQ(array.entry_len, array.entry_num ? 12u : 0u);
		calls++;
		array.entry_num = done;
		return answer;
	};
	u32 count = 0;
	EXPECT_EQ(guest.invalidate(id, count, 0, 0, 9), 0) << "asks for the type";
	answer = -22;
	EXPECT_EQ(guest.invalidate(id, count, 0, 0, 9), -22);
	EXPECT_EQ(calls, 2u);
	count = 5, done = 3;
	EXPECT_EQ(guest.invalidate(id, count, 12, 0x1000, 9), -22);
	EXPECT_EQ(count, 3u) << "of those that were done";
	count = done = 1 << 19, answer = 0;
	EXPECT_EQ(guest.invalidate(id, count, 12, 0x1000, 9), 0);
	EXPECT_EQ(count, 1u << 19);
	EXPECT_EQ(calls, 4u);
	// What the driver does not hear of
	auto refused = [&](u32 number, u32 length, u64 data) {
		u32 n = number;
		int rc = guest.invalidate(id, n, length, data, 9);
		EXPECT_EQ(n, 0u);
		return rc;
	};
	EXPECT_EQ(refused((1 << 19) + 1, 12, 0x1000), -22);
	EXPECT_EQ(refused(1, 4097, 0x1000), -22);
	EXPECT_EQ(refused(1, 0, 0x1000), -22);
	EXPECT_EQ(refused(1, 12, 0), -22);
	driver.ops.cache_invalidate = nullptr;
	EXPECT_EQ(refused(1, 12, 0x1000), -95);
	EXPECT_EQ(refused(0, 0, 0), -95);
	EXPECT_EQ(calls, 4u);
}

TEST_F(ViommuTest, InvalidatesAreOfTwoKindsOfObjects)
{
	u32 vdevice = 0, count = 1;
	ASSERT_EQ(guest.viommu(id), 0);
	ASSERT_EQ(guest.vdevice(id, guest.dev->id(), 5, vdevice), 0);
	for (u32 wrong : {vdevice, guest.dev->id(), guest.ioas, guest.parent}) {
		count = 1;
		EXPECT_EQ(guest.invalidate(wrong, count), -22);
		EXPECT_EQ(count, 0u);
	}
	count = 1;
	EXPECT_EQ(guest.invalidate(77, count), -2);
	EXPECT_EQ(count, 0u);
}

namespace {

struct ViommuScenario : Scenario {
	void setup() override { guest.emplace(fd); }
	ViommuDriver driver;
	std::optional<Guest> guest;
	u32 id = 0;

	~ViommuScenario() override
	{
		if (guest)
			guest->dev->unbind();
		fd.close();
	}
};

struct AllocViommu : ViommuScenario {
	int run() override { return guest->viommu(id); }
};

struct AllocCoreViommu : ViommuScenario {
	int run() override { return guest->viommu(id, IOMMU_VIOMMU_TYPE_CORE); }
};

struct OnAViommu : ViommuScenario {
	void setup() override
	{
		ViommuScenario::setup();
		ASSERT_EQ(guest->viommu(viommu), 0);
	}
	u32 viommu = 0;
};

struct AllocVdevice : OnAViommu {
	int run() override { return guest->vdevice(viommu, guest->dev->id(), 5, id); }
};

struct AllocNestedOnIt : OnAViommu {
	int run() override { return guest->nested(viommu, id); }
};

struct Invalidate : OnAViommu {
	int run() override
	{
		u32 count = 1;
		int rc = guest->invalidate(viommu, count);
		EXPECT_EQ(count, rc ? 0u : 1u);
		return rc;
	}
	void setup() override
	{
		OnAViommu::setup();
		driver.on_invalidate = [](iommufd_viommu &, iommu_user_data_array &array) {
			const bool fails = fake::step(Fault::kAlloc);
			array.entry_num = fails ? 0 : 1;
			return fails ? -12 : 0;
		};
	}
	using Fault = fake::Fault;
};

constexpr Expected kLookups{.error = -12, .or_errors = {-2}};

} // namespace

using fake::Fault;

TEST(FailViommu, EachStep)
{
	fail_each<AllocViommu>(Fault::kAlloc, {.at_least = 6});
	fail_each<AllocViommu>(Fault::kUserCopy, {.error = -14});
	fail_each<AllocViommu>(Fault::kHook, kLookups);
	fail_each<AllocCoreViommu>(Fault::kAlloc, {.at_least = 5});
	fail_each<AllocVdevice>(Fault::kAlloc, {.at_least = 6});
	fail_each<AllocVdevice>(Fault::kUserCopy, {.error = -14});
	fail_each<AllocVdevice>(Fault::kHook, kLookups);
	fail_each<AllocNestedOnIt>(Fault::kAlloc, {.at_least = 3});
	fail_each<AllocNestedOnIt>(Fault::kUserCopy, {.error = -14});
	fail_each<AllocNestedOnIt>(Fault::kHook, {.error = -12, .or_errors = {-2, -22}});
	fail_each<Invalidate>(Fault::kAlloc, {});
}

} // namespace test
