// SPDX-License-Identifier: GPL-2.0-only
// IOMMU_HWPT_ALLOC_PASID: who hears of it, and that what a device and its further PASIDs are attached to agrees.
#include "support/failures.hpp"
#include "support/slice.hpp"

namespace test {
namespace {

using fake::Fault;

constexpr u32 kPasidFlag = IOMMU_HWPT_ALLOC_PASID;
constexpr u32 kPasid = 9;

struct PasidRule : World {
	PasidRule() { dev.max_pasids = 1 << 20; }

	iommu_group &group = fake::new_group();
	device &dev = fake::new_device(group);
	Fd fd;
	u32 ioas = fd.ioas();
	Bound whole{fd, dev};
	u32 plain = hwpt(whole.id(), 0), marked = hwpt(whole.id(), kPasidFlag);

	u32 hwpt(u32 device, u32 flags)
	{
		u32 id = 0;
		EXPECT_EQ(fd.hwpt(device, ioas, id, flags), 0) << fake::last_rejection();
		return id;
	}
	iommu_domain *domain_of(u32 pasid)
	{
		return group.pasids.contains(pasid) ? group.pasids[pasid].domain : nullptr;
	}
	bool rejected_for(const char *why) { return fake::last_rejection().find(why) != std::string::npos; }
};

// A nested HWPT on `parent`: 0 or an errno, and its id.
int alloc_nested(const Fd &fd, u32 device, u32 parent, u32 flags, u32 &id)
{
	u8 data[8]{};
	fake::Reachable r(data, sizeof(data), fake::Reachable::kReadOnly);
	const iommu_hwpt_alloc cmd{.flags = flags,
				   .dev_id = device,
				   .pt_id = parent,
				   .data_type = 1,
				   .data_len = sizeof(data),
				   .data_uptr = reinterpret_cast<u64>(data)};
	return fd.call_for(IOMMU_HWPT_ALLOC, cmd, &iommu_hwpt_alloc::out_hwpt_id, id);
}

// A driver that knows the flag, for a scope.
class KnowsPasids {
public:
	KnowsPasids() { EXPECT_EQ(iommufd_driver_register(&driver_), 0); }
	KnowsPasids(const KnowsPasids &) = delete;
	~KnowsPasids() { iommufd_driver_unregister(&driver_); }

private:
	iommufd_driver driver_{.ops = fake::driver_ops(0), .pasid_domains = true};
};

TEST_F(PasidRule, APasidGoesToAHwptForPasids)
{
	EXPECT_EQ(whole.attach_pasid(kPasid, plain), -22);
	EXPECT_TRUE(rejected_for("not allocated for PASIDs"));
	EXPECT_EQ(domain_of(kPasid), nullptr);
	ASSERT_EQ(whole.attach_pasid(kPasid, marked), 0);
	iommu_domain *at = domain_of(kPasid);
	EXPECT_EQ(whole.replace_pasid(kPasid, plain), -22);
	EXPECT_EQ(whole.replace_pasid(kPasid, ioas), -22);
	EXPECT_EQ(domain_of(kPasid), at);
	EXPECT_EQ(whole.replace_pasid(kPasid, hwpt(whole.id(), kPasidFlag)), 0);
	EXPECT_NE(domain_of(kPasid), at);
}

// Automatic HWPTs are not for PASIDs: nothing is made for nothing.
TEST_F(PasidRule, APasidDoesNotGoToAnIoas)
{
	const std::size_t domains = fake::domains().size();
	EXPECT_EQ(whole.attach_pasid(kPasid, ioas), -22);
	EXPECT_TRUE(rejected_for("not to an IOAS"));
	EXPECT_EQ(whole.attach_pasid(kPasid, fd.ioas()), -22);
	EXPECT_EQ(fake::domains().size(), domains);
	// Not even beside a slice's, which is.
	device &parent = machine.new_device();
	parent.max_pasids = 1 << 20;
	Slice slice(fd, parent, 7);
	u32 automatic = 0;
	ASSERT_EQ(slice.attach(ioas, &automatic), 0);
	EXPECT_EQ(whole.attach_pasid(kPasid, ioas), -22);
	// As a HWPT it would do.
	EXPECT_EQ(whole.attach_pasid(kPasid, automatic), 0);
	iommufd_device_detach_pasid(whole.idev(), kPasid);
}

TEST_F(PasidRule, BesideTheDeviceItself)
{
	ASSERT_EQ(whole.attach(plain), 0);
	EXPECT_EQ(whole.attach_pasid(kPasid, marked), -22);
	EXPECT_TRUE(rejected_for("the device itself is attached"));
	ASSERT_EQ(whole.replace(ioas), 0);
	EXPECT_EQ(whole.attach_pasid(kPasid, marked), -22);
	ASSERT_EQ(whole.replace(marked), 0);
	ASSERT_EQ(whole.attach_pasid(kPasid, marked), 0);
	whole.detach();
	ASSERT_EQ(whole.attach_pasid(kPasid + 1, marked), 0);

	// And the other way round.
	EXPECT_EQ(whole.attach(plain), -22);
	EXPECT_TRUE(rejected_for("PASIDs of the device are attached"));
	EXPECT_EQ(whole.attach(ioas), -22);
	ASSERT_EQ(whole.attach(marked), 0);
	iommu_domain *at = group.domain;
	EXPECT_EQ(whole.replace(plain), -22);
	EXPECT_EQ(whole.replace(ioas), -22);
	EXPECT_EQ(group.domain, at);
	EXPECT_EQ(whole.replace(marked), 0);
	EXPECT_EQ(whole.replace(hwpt(whole.id(), kPasidFlag)), 0);

	iommufd_device_detach_pasid(whole.idev(), kPasid);
	EXPECT_EQ(whole.replace(plain), -22) << "the other one is attached";
	iommufd_device_detach_pasid(whole.idev(), kPasid + 1);
	iommufd_device_detach_pasid(whole.idev(), kPasid + 1);
	EXPECT_EQ(whole.replace(plain), 0);
	EXPECT_EQ(whole.attach_pasid(kPasid, marked), -22);
}

// What failed is not counted, and a replace counts nothing.
TEST_F(PasidRule, OnlyWhatIsAttachedCounts)
{
	dev.suits = [](const iommu_domain &) { return -5; };
	EXPECT_EQ(whole.attach_pasid(kPasid, marked), -5);
	dev.suits = nullptr;
	EXPECT_EQ(whole.attach_pasid(0, marked), -22);
	EXPECT_EQ(whole.attach_pasid(1 << 20, marked), -22);
	ASSERT_EQ(whole.attach(plain), 0);
	ASSERT_EQ(whole.replace(marked), 0);
	ASSERT_EQ(whole.attach_pasid(kPasid, marked), 0);
	EXPECT_EQ(whole.attach_pasid(kPasid, marked), -16);
	const u32 other = hwpt(whole.id(), kPasidFlag);
	ASSERT_EQ(whole.replace_pasid(kPasid, other), 0);
	dev.suits = [](const iommu_domain &) { return -5; };
	EXPECT_EQ(whole.replace_pasid(kPasid, marked), -5); // and not back either
	dev.suits = nullptr;
	EXPECT_EQ(fake::device_warnings(), 1u);
	EXPECT_EQ(whole.replace(plain), -22) << "blocked, but attached";
	iommufd_device_detach_pasid(whole.idev(), kPasid);
	EXPECT_EQ(whole.replace(plain), 0);
}

// The devices of a group cannot be told apart.
TEST_F(PasidRule, HoldsForTheWholeGroup)
{
	device &second = fake::new_device(group);
	Bound neighbour(fd, second);
	ASSERT_EQ(neighbour.attach(plain), 0);
	EXPECT_EQ(whole.attach_pasid(kPasid, marked), -22);
	neighbour.detach();
	ASSERT_EQ(whole.attach_pasid(kPasid, marked), 0);
	EXPECT_EQ(neighbour.attach(plain), -22);
	EXPECT_EQ(neighbour.attach(marked), 0);
	EXPECT_EQ(neighbour.replace(ioas), -22);
	// Its PASIDs go with the device, not with the group.
	whole.unbind();
	EXPECT_EQ(neighbour.replace(ioas), 0);
}

TEST_F(PasidRule, AnotherGroupIsAnotherMatter)
{
	Bound other(fd, machine.new_device());
	ASSERT_EQ(whole.attach_pasid(kPasid, marked), 0);
	EXPECT_EQ(other.attach(plain), 0);
	EXPECT_EQ(other.replace(ioas), 0);
	// A device without PASIDs takes such a HWPT like any other.
	EXPECT_EQ(other.replace(marked), 0);
	EXPECT_EQ(other.attach_pasid(kPasid, marked), -22);
}

TEST_F(PasidRule, NestedHwpts)
{
	const u32 parent = hwpt(whole.id(), IOMMU_HWPT_ALLOC_NEST_PARENT);
	u32 unmarked = 0, nested = 0, none = 0;
	ASSERT_EQ(alloc_nested(fd, whole.id(), parent, 0, unmarked), 0);
	ASSERT_EQ(alloc_nested(fd, whole.id(), parent, kPasidFlag, nested), 0);
	for (u32 flags : {1u, 2u, 8u | 1u, 16u, 0x80000008u})
		EXPECT_EQ(alloc_nested(fd, whole.id(), parent, flags, none), -95) << flags;
	ASSERT_EQ(whole.attach_pasid(kPasid, nested), 0);
	EXPECT_EQ(whole.replace_pasid(kPasid, unmarked), -22);
	EXPECT_EQ(whole.replace_pasid(kPasid, parent), -22);
	EXPECT_EQ(whole.attach(unmarked), -22);
	EXPECT_EQ(whole.attach(nested), 0);
	EXPECT_EQ(whole.replace(unmarked), -22);
}

// Of the flag, only drivers hear that know it; it needs an IOMMU with PASIDs, not a device.
TEST_F(PasidRule, TheFlagIsStrippedForDriversThatDoNotKnowIt)
{
	u32 id = 0;
	dev.tracks_dirty = true;
	hwpt(whole.id(), kPasidFlag | IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	EXPECT_EQ(fake::domains().back()->flags, u32{IOMMU_HWPT_ALLOC_DIRTY_TRACKING});
	const u32 parent = hwpt(whole.id(), kPasidFlag | IOMMU_HWPT_ALLOC_NEST_PARENT);
	EXPECT_EQ(fake::domains().back()->flags, u32{IOMMU_HWPT_ALLOC_NEST_PARENT});
	ASSERT_EQ(alloc_nested(fd, whole.id(), parent, kPasidFlag, id), 0);
	EXPECT_EQ(fake::domains().back()->flags, 0u);

	dev.max_pasids = 0;
	hwpt(whole.id(), kPasidFlag);
	dev.iommu_has_pasids = false;
	const std::size_t domains = fake::domains().size();
	EXPECT_EQ(fd.hwpt(whole.id(), ioas, id, kPasidFlag), -95);
	EXPECT_TRUE(rejected_for("the IOMMU has no PASIDs"));
	EXPECT_EQ(alloc_nested(fd, whole.id(), parent, kPasidFlag, id), -95);
	hwpt(whole.id(), 0);
	EXPECT_EQ(fake::domains().size(), domains + 1);
	dev.can_alloc_user = false;
	dev.iommu_has_pasids = true;
	EXPECT_EQ(fd.hwpt(whole.id(), ioas, id, kPasidFlag), -95);
}

TEST_F(PasidRule, TheFlagReachesDriversThatKnowIt)
{
	KnowsPasids driver;
	u32 id = 0;
	const u32 parent = hwpt(whole.id(), kPasidFlag | IOMMU_HWPT_ALLOC_NEST_PARENT);
	EXPECT_EQ(fake::domains().back()->flags, kPasidFlag | IOMMU_HWPT_ALLOC_NEST_PARENT);
	ASSERT_EQ(alloc_nested(fd, whole.id(), parent, kPasidFlag, id), 0);
	EXPECT_EQ(fake::domains().back()->flags, kPasidFlag);
	hwpt(whole.id(), 0);
	EXPECT_EQ(fake::domains().back()->flags, 0u);
	// What it makes of it, it decides itself.
	dev.iommu_has_pasids = false;
	hwpt(whole.id(), kPasidFlag);
	EXPECT_EQ(fake::domains().back()->flags, kPasidFlag);
	for (u32 flags : {16u, kPasidFlag | 16u, kPasidFlag | 0x80000000u})
		EXPECT_EQ(fd.hwpt(whole.id(), ioas, id, flags), -95) << flags;
}

// A slice's default PASID may go anywhere, as before; what is made for it, its further PASIDs may share.
TEST_F(PasidRule, Slices)
{
	device &parent = machine.new_device();
	parent.max_pasids = 1 << 20;
	KnowsPasids driver;
	Slice slice(fd, parent, 7);
	u32 pt = ioas, automatic = 0;
	ASSERT_EQ(slice.attach(ioas, &automatic), 0);
	EXPECT_EQ(fake::domains().back()->flags, kPasidFlag);
	ASSERT_EQ(iommufd_device_attach_pasid(slice.idev(), kPasid, &pt), 0);
	EXPECT_EQ(pt, automatic);
	EXPECT_EQ(slice.replace(plain), 0) << "the rule is for further PASIDs";
	EXPECT_EQ(slice.replace(marked), 0);
	pt = plain;
	EXPECT_EQ(iommufd_device_replace_pasid(slice.idev(), kPasid, &pt), -22);
	const u32 own = hwpt(slice.id(), 0);
	EXPECT_EQ(fake::domains().back()->flags, kPasidFlag) << "made for a slice";
	pt = own;
	EXPECT_EQ(iommufd_device_replace_pasid(slice.idev(), kPasid, &pt), 0);
	// Neither do the device's count for the slice's parent, nor the other way round.
	EXPECT_EQ(whole.attach(plain), 0);
}

// The IOAS has an automatic HWPT, which is not for PASIDs: another one is made.
TEST_F(PasidRule, ASliceAtAPhysicalDevicesIoas)
{
	device &parent = machine.new_device();
	parent.max_pasids = 1 << 20;
	u32 first = 0, pt = ioas;
	ASSERT_EQ(whole.attach(ioas, &first), 0);
	Slice slice(fd, parent, 7);
	u32 shared = 0;
	ASSERT_EQ(slice.attach(ioas, &shared), 0);
	EXPECT_EQ(shared, first);
	ASSERT_EQ(iommufd_device_attach_pasid(slice.idev(), kPasid, &pt), 0);
	EXPECT_NE(pt, first);
	slice.unbind();
	EXPECT_EQ(fd.destroy(pt), -2) << "it has gone with its last user";
}

struct AllocForPasids : Scenario {
	device *dev = nullptr;
	u32 ioas = 0;
	std::unique_ptr<Bound> whole;

	void setup() override
	{
		ioas = fd.ioas();
		EXPECT_EQ(fd.map_at(ioas, machine.memory(20, {.run = 1}), 20 * kPage, 0x40000), 0);
		dev = &machine.new_device();
		dev->max_pasids = 1 << 20;
		whole = std::make_unique<Bound>(fd, *dev);
	}
	int run() override
	{
		u32 out = 0;
		return fd.hwpt(whole->id(), ioas, out, kPasidFlag);
	}
};

struct AttachBesideRid : AllocForPasids {
	u32 one = 0, two = 0;
	void setup() override
	{
		AllocForPasids::setup();
		ASSERT_EQ(fd.hwpt(whole->id(), ioas, one, kPasidFlag), 0);
		ASSERT_EQ(fd.hwpt(whole->id(), ioas, two, kPasidFlag), 0);
		ASSERT_EQ(whole->attach(one), 0);
	}
	int run() override { return whole->attach_pasid(kPasid, two); }
};

struct ReplaceBesideRid : AttachBesideRid {
	void setup() override
	{
		AttachBesideRid::setup();
		ASSERT_EQ(whole->attach_pasid(kPasid, one), 0);
	}
	int run() override { return whole->replace_pasid(kPasid, two); }
};

struct ReplaceRid : ReplaceBesideRid {
	int run() override { return whole->replace(two); }
};

constexpr Expected kNoMemOrSurvive{.error = -12, .may_survive = true};

TEST(FailPasidRule, EachStep)
{
	fail_each<AllocForPasids>(Fault::kAlloc, kNoMemOrSurvive);
	fail_each<AllocForPasids>(Fault::kMap, {.at_least = 20});
	fail_each<AllocForPasids>(Fault::kUserCopy, {.error = -14});
	fail_each<AttachBesideRid>(Fault::kAlloc, kNoMemOrSurvive);
	fail_each<AttachBesideRid>(Fault::kAttach, {});
	fail_each<ReplaceBesideRid>(Fault::kAlloc, kNoMemOrSurvive);
	fail_each<ReplaceBesideRid>(Fault::kAttach, {});
	fail_each<ReplaceRid>(Fault::kAlloc, kNoMemOrSurvive);
	fail_each<ReplaceRid>(Fault::kAttach, {});
}

} // namespace
} // namespace test
