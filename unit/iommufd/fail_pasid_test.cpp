// SPDX-License-Identifier: GPL-2.0-only
// Every step of binding, attaching and moving slices and further PASIDs failed in turn; see support/failures.hpp.
#include "support/failures.hpp"
#include "support/slice.hpp"

namespace test {
namespace {

using fake::Fault;

constexpr Expected kNoMemOrSurvive{.error = -12, .may_survive = true};

int never_refuse(void *) { return 0; }
void go_on(void *) {}
constexpr iommufd_pause_ops kPause{never_refuse, go_on};

// Two full IOASes, and a physical device at one of them.
struct Parts : Scenario {
	u32 ioas = 0, other = 0;
	device *dev = nullptr;
	std::unique_ptr<OneStep> driver;
	std::unique_ptr<Bound> physical;
	std::unique_ptr<Slice> slice;
	std::unique_ptr<Queue> queue;

	void setup() override
	{
		ioas = filled_ioas();
		other = filled_ioas();
		physical = std::make_unique<Bound>(fd, machine.new_device());
		ASSERT_EQ(physical->attach(ioas), 0);
		dev = &machine.new_device();
		dev->max_pasids = 1 << 20;
		dev->resv = {{0xfee00000, 0x100000, KX_RESV_HW_MSI}, {0xf0000000, 0x1000, KX_RESV_PLAIN}};
	}
	void bind()
	{
		slice = std::make_unique<Slice>(fd, *dev, 7);
		ASSERT_EQ(slice->error(), 0);
		ASSERT_EQ(iommufd_device_set_pause(slice->idev(), &kPause, nullptr), 0);
		queue = std::make_unique<Queue>(fd);
	}
};

struct BindSlice : Parts {
	int run() override
	{
		slice = std::make_unique<Slice>(fd, *dev, 7);
		return slice->error();
	}
};

// To the automatic HWPT of the physical device, or to a new one
struct AttachSlice : Parts {
	bool shared;
	explicit AttachSlice(bool s) : shared(s) {}
	void setup() override
	{
		Parts::setup();
		bind();
	}
	int run() override { return slice->attach(shared ? ioas : other); }
};

struct AttachFaulting : Parts {
	u32 hwpt = 0;
	void setup() override
	{
		Parts::setup();
		bind();
		hwpt = queue->hwpt(slice->id(), ioas);
	}
	int run() override { return slice->attach(hwpt); }
};

enum class Way { kOneStep, kTwoSteps };

struct Attached : Parts {
	const Way way;
	explicit Attached(Way w) : way(w) {}
	void setup() override
	{
		Parts::setup();
		if (way == Way::kOneStep)
			driver = std::make_unique<OneStep>();
		bind();
		ASSERT_EQ(slice->attach(ioas), 0);
	}
	~Attached() override
	{
		if (slice)
			slice->unbind();
	}
};

struct ReplaceByIoas : Attached {
	using Attached::Attached;
	int run() override { return slice->replace(other); }
};

struct ReplaceByFaulting : Attached {
	using Attached::Attached;
	u32 hwpt = 0;
	void setup() override
	{
		Attached::setup();
		hwpt = queue->hwpt(slice->id(), other);
	}
	int run() override { return slice->replace(hwpt); }
};

struct AttachFurther : Attached {
	using Attached::Attached;
	int run() override
	{
		u32 pt = other;
		return iommufd_device_attach_pasid(slice->idev(), 9, &pt);
	}
};

struct ReplaceFurther : Attached {
	using Attached::Attached;
	void setup() override
	{
		Attached::setup();
		u32 pt = ioas;
		ASSERT_EQ(iommufd_device_attach_pasid(slice->idev(), 9, &pt), 0);
	}
	int run() override
	{
		u32 pt = other;
		return iommufd_device_replace_pasid(slice->idev(), 9, &pt);
	}
};

// There is nothing to fail, and nothing is left.
struct Detach : Attached {
	using Attached::Attached;
	int run() override
	{
		iommufd_device_detach_pasid(slice->idev(), 9);
		slice->unbind();
		return 0;
	}
};

} // namespace

TEST(FailPasid, Bind)
{
	fail_each<BindSlice>(Fault::kAlloc, {.at_least = 4}); // parent, claim, port, device
	fail_each<BindSlice>(Fault::kHook, {});
}

TEST(FailPasid, Attach)
{
	for (bool shared : {false, true}) {
		fail_each<AttachSlice>(Fault::kAlloc, kNoMemOrSurvive, shared);
		fail_each<AttachSlice>(Fault::kAttach, {}, shared);
	}
	fail_each<AttachSlice>(Fault::kGup, {.error = -14, .at_least = 40}, false);
	fail_each<AttachSlice>(Fault::kMap, {.at_least = 27}, false);
}

TEST(FailPasid, AttachWithPageRequests)
{
	fail_each<AttachFaulting>(Fault::kAlloc, {.at_least = 2});
	fail_each<AttachFaulting>(Fault::kAttach, {});
}

TEST(FailPasid, ReplaceByIoas)
{
	for (Way way : {Way::kOneStep, Way::kTwoSteps}) {
		fail_each<ReplaceByIoas>(Fault::kAlloc, kNoMemOrSurvive, way);
		fail_each<ReplaceByIoas>(Fault::kAttach, {}, way);
		fail_each<ReplaceByIoas>(Fault::kMap, {.at_least = 27}, way);
		fail_each<ReplaceByIoas>(Fault::kGup, {.error = -14, .at_least = 40}, way);
	}
}

TEST(FailPasid, FurtherPasids)
{
	for (Way way : {Way::kOneStep, Way::kTwoSteps}) {
		fail_each<AttachFurther>(Fault::kAlloc, kNoMemOrSurvive, way);
		fail_each<AttachFurther>(Fault::kAttach, {}, way);
		fail_each<ReplaceFurther>(Fault::kAlloc, kNoMemOrSurvive, way);
		fail_each<ReplaceFurther>(Fault::kAttach, {}, way);
		fail_each<Detach>(Fault::kAlloc, {.error = -12, .may_survive = true, .at_least = 0}, way);
	}
}

} // namespace test
