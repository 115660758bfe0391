// SPDX-License-Identifier: GPL-2.0-only
// Every step of every function of the in-kernel API failed in turn; see support/failures.hpp.
#include "support/failures.hpp"

namespace test {

namespace {

using fake::Fault;

constexpr Expected kNoMemOrSurvive{.error = -12, .may_survive = true};

// A full IOAS, and a device with a reserved region and a software MSI window.
struct Filled : Scenario {
	u32 ioas = 0, other = 0;
	device *dev = nullptr;
	std::unique_ptr<Bound> bound;

	void setup() override
	{
		ioas = filled_ioas();
		dev = &machine.new_device();
		dev->resv = {{0xfee00000, 0x100000, KX_RESV_PLAIN}, {0x8000000, 0x100000, KX_RESV_SW_MSI}};
	}
};

struct Bind : Filled {
	int run() override
	{
		bound = std::make_unique<Bound>(fd, *dev);
		return bound->error();
	}
};

struct AttachIoas : Filled {
	void setup() override
	{
		Filled::setup();
		bound = std::make_unique<Bound>(fd, *dev);
	}
	int run() override { return bound->attach(ioas); }
};

struct AttachHwpt : AttachIoas {
	u32 hwpt = 0;
	void setup() override
	{
		AttachIoas::setup();
		ASSERT_EQ(fd.hwpt(bound->id(), ioas, hwpt), 0);
	}
	int run() override { return bound->attach(hwpt); }
};

struct ReplaceIoas : AttachIoas {
	void setup() override
	{
		AttachIoas::setup();
		ASSERT_EQ(bound->attach(ioas), 0);
		other = filled_ioas();
	}
	int run() override { return bound->replace(other); }
};

struct ReplaceHwpt : AttachIoas {
	u32 hwpt = 0;
	void setup() override
	{
		AttachIoas::setup();
		ASSERT_EQ(bound->attach(ioas), 0);
		other = filled_ioas();
		ASSERT_EQ(fd.hwpt(bound->id(), other, hwpt), 0);
	}
	int run() override { return bound->replace(hwpt); }
};

// Two devices in one group move together.
struct ReplaceGroup : ReplaceIoas {
	std::unique_ptr<Bound> second;
	void setup() override
	{
		ReplaceIoas::setup();
		device &dev2 = fake::new_device(*dev->group);
		dev2.resv = {{0xf0000000, 0x1000, KX_RESV_PLAIN}};
		second = std::make_unique<Bound>(fd, dev2);
		ASSERT_EQ(second->attach(ioas), 0) << fake::last_rejection();
	}
};

struct AccessCreate : Filled {
	std::unique_ptr<Driver> driver;
	int run() override
	{
		driver = std::make_unique<Driver>(fd);
		return driver->error();
	}
};

struct AccessAttach : Filled {
	std::unique_ptr<Driver> driver;
	void setup() override
	{
		Filled::setup();
		driver = std::make_unique<Driver>(fd);
	}
	int run() override { return driver->attach(ioas); }
};

// Across both areas of an IOAS that has them side by side.
struct AccessPin : Filled {
	std::unique_ptr<Driver> driver;
	u64 first = 0x40000;
	bool in_domain;
	explicit AccessPin(bool d) : in_domain(d) {}
	void setup() override
	{
		Filled::setup();
		ASSERT_EQ(fd.map_at(ioas, machine.memory(44, {.run = 1}), 44 * kPage, 0x54000), 0);
		driver = std::make_unique<Driver>(fd);
		ASSERT_EQ(driver->attach(ioas), 0);
		if (!in_domain)
			return;
		bound = std::make_unique<Bound>(fd, *dev);
		ASSERT_EQ(bound->attach(ioas), 0);
	}
	int run() override { return driver->pin(first, 70 * kPage); }
};

struct AccessRw : AccessPin {
	u8 bytes[3 * kPage];
	AccessRw() : AccessPin(false) {}
	void setup() override
	{
		AccessPin::setup();
		// Not the owner: the pages are looked up.
		fake::Process &stranger = fake::new_process(*machine.process.user);
		fake::become(stranger);
	}
	int run() override { return driver->rw(first + 100, bytes, sizeof(bytes), 1); }
};

struct CompatCreate : Scenario {
	int run() override { return iommufd_vfio_compat_ioas_create(fd.ctx()); }
};

} // namespace

TEST(FailKapi, Bind) { fail_each<Bind>(Fault::kAlloc, {.at_least = 3}); }

TEST(FailKapi, AttachIoas)
{
	fail_each<AttachIoas>(Fault::kAlloc, kNoMemOrSurvive);
	fail_each<AttachIoas>(Fault::kGup, {.error = -14, .at_least = 40});
	fail_each<AttachIoas>(Fault::kMap, {.at_least = 27});
	fail_each<AttachIoas>(Fault::kAttach, {});
}

TEST(FailKapi, AttachHwpt)
{
	fail_each<AttachHwpt>(Fault::kAlloc, {.at_least = 2});
	fail_each<AttachHwpt>(Fault::kAttach, {});
}

TEST(FailKapi, ReplaceWithIoas)
{
	fail_each<ReplaceIoas>(Fault::kAlloc, kNoMemOrSurvive);
	fail_each<ReplaceIoas>(Fault::kGup, {.error = -14, .at_least = 40});
	fail_each<ReplaceIoas>(Fault::kMap, {.at_least = 27});
	fail_each<ReplaceIoas>(Fault::kAttach, {});
}

TEST(FailKapi, ReplaceWithHwpt)
{
	// The old automatic HWPT is emptied at the end, with scratch memory.
	fail_each<ReplaceHwpt>(Fault::kAlloc, {.error = -12, .may_survive = true, .at_least = 2});
	fail_each<ReplaceHwpt>(Fault::kAttach, {});
}

TEST(FailKapi, ReplaceOfGroup)
{
	fail_each<ReplaceGroup>(Fault::kAlloc, kNoMemOrSurvive);
	fail_each<ReplaceGroup>(Fault::kAttach, {});
}

TEST(FailKapi, AccessCreate) { fail_each<AccessCreate>(Fault::kAlloc, {.at_least = 2}); }

TEST(FailKapi, AccessAttach)
{
	// The only things to fail are not there: it must work without a step.
	fail_each<AccessAttach>(Fault::kAlloc, {.at_least = 0});
}

TEST(FailKapi, AccessPin)
{
	fail_each<AccessPin>(Fault::kAlloc, kNoMemOrSurvive, false);
	fail_each<AccessPin>(Fault::kGup, {.error = -14, .at_least = 64}, false);
	fail_each<AccessPin>(Fault::kAlloc, kNoMemOrSurvive, true);
	fail_each<AccessPin>(Fault::kGup, {.error = -14, .at_least = 64, .small_batches = true}, false);
}

TEST(FailKapi, AccessRw) { fail_each<AccessRw>(Fault::kGup, {.error = -14, .at_least = 4}); }

TEST(FailKapi, CompatIoas) { fail_each<CompatCreate>(Fault::kAlloc, {.at_least = 2}); }

} // namespace test
