// SPDX-License-Identifier: GPL-2.0-only
// Slices and further PASIDs: binding, attaching, moving, by the kernel API.
#include <algorithm>

#include "fake/iopf.hpp"
#include "iommufd/parent.hpp"
#include "support/slice.hpp"

namespace test {
namespace {

struct PasidTest : World {
	PasidTest() { dev.max_pasids = 1 << 20; }

	iommu_group &group = fake::new_group();
	device &dev = fake::new_device(group);
	Fd fd;
	u32 ioas = fd.ioas();

	iommu_domain *domain_of(u32 pasid)
	{
		return group.pasids.contains(pasid) ? group.pasids[pasid].domain : nullptr;
	}
};

TEST_F(PasidTest, BindChecksThePasid)
{
	EXPECT_EQ(Slice(fd, dev, 0).error(), -22);
	EXPECT_EQ(Slice(fd, dev, 1 << 20).error(), -22);
	EXPECT_EQ(Slice(fd, dev, (1 << 20) - 1).error(), 0);
	dev.max_pasids = 0;
	EXPECT_EQ(Slice(fd, dev, 1).error(), -22);
}

TEST_F(PasidTest, BindChecksTheParent)
{
	dev.coherent = false;
	EXPECT_EQ(Slice(fd, dev, 1).error(), -22);
	dev.coherent = true;
	group.isolated = false;
	EXPECT_EQ(Slice(fd, dev, 1).error(), -1);
	fake::unsafe_interrupts() = true;
	EXPECT_EQ(Slice(fd, dev, 1).error(), 0);
	dev.dma_user = KX_DMA_USER_SPACE;
	EXPECT_EQ(Slice(fd, dev, 1).error(), -22);
	dev.dma_user = KX_DMA_DRIVER;
	EXPECT_EQ(Slice(fd, dev, 1).error(), 0);
	dev.group = nullptr;
	EXPECT_EQ(Slice(fd, dev, 1).error(), -19);
	dev.group = &group;
}

TEST_F(PasidTest, APasidIsBoundOnceOverAllFds)
{
	Fd other;
	Slice one(fd, dev, 7);
	EXPECT_EQ(one.error(), 0);
	EXPECT_EQ(Slice(fd, dev, 7).error(), -16);
	EXPECT_EQ(Slice(other, dev, 7).error(), -16);
	EXPECT_EQ(Slice(other, dev, 8).error(), 0);
	one.unbind();
	EXPECT_EQ(Slice(other, dev, 7).error(), 0);
}

TEST_F(PasidTest, ParentAndSlicesExcludeEachOther)
{
	Fd other;
	Slice slice(fd, dev, 7);
	EXPECT_EQ(Bound(other, dev).error(), -16);
	slice.unbind();
	Bound parent(other, dev);
	EXPECT_EQ(parent.error(), 0);
	EXPECT_EQ(Slice(fd, dev, 7).error(), -16);
}

TEST_F(PasidTest, SlicesShareAnAutomaticHwpt)
{
	Slice a(fd, dev, 7), b(fd, dev, 8);
	u32 first = 0, second = 0;
	EXPECT_EQ(a.attach(ioas, &first), 0);
	EXPECT_EQ(b.attach(ioas, &second), 0);
	EXPECT_EQ(first, second);
	EXPECT_EQ(domain_of(7), domain_of(8));
	a.detach();
	EXPECT_EQ(domain_of(7), nullptr);
	EXPECT_NE(domain_of(8), nullptr);
}

// Its parent may, but no driver takes such a domain for a PASID: a VMM that asks is told so, and allocates another
// HWPT.
TEST_F(PasidTest, ASliceDoesNotTrackDirtyPages)
{
	dev.tracks_dirty = true;
	Slice a(fd, dev, 7);
	iommu_hw_info info{};
	info.size = sizeof(info);
	info.dev_id = a.id();
	ASSERT_EQ(fd.call(IOMMU_GET_HW_INFO, info), 0);
	EXPECT_FALSE(info.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING);
	u32 hwpt = 0;
	EXPECT_EQ(fd.hwpt(a.id(), ioas, hwpt, IOMMU_HWPT_ALLOC_DIRTY_TRACKING), -95);
	ASSERT_EQ(fd.hwpt(a.id(), ioas, hwpt, 0), 0);
	EXPECT_EQ(a.attach(hwpt), 0);
}

// The regions that one slice reserves in an IOAS stay while another is attached there.
TEST_F(PasidTest, EachSliceReservesForItself)
{
	dev.resv = {{0xfee00000, 0x100000, KX_RESV_HW_MSI}};
	memory(1);
	Slice a(fd, dev, 7), b(fd, dev, 8);
	EXPECT_EQ(a.attach(ioas), 0);
	EXPECT_EQ(b.attach(ioas), 0);
	a.detach();
	EXPECT_EQ(fd.map_at(ioas, kVa, kPage, 0xfee00000), -22);
	b.detach();
	EXPECT_EQ(fd.map_at(ioas, kVa, kPage, 0xfee00000), 0);
}

// How often the parent's driver was asked, and whether it refuses.
struct Pauses {
	unsigned paused = 0, resumed = 0, detaches_before = 0;
	int error = 0;
	iommu_group *group;

	iommufd_pause_ops ops{pause, resume};

	static int pause(void *data)
	{
		Pauses &p = *static_cast<Pauses *>(data);
		p.paused++;
		p.detaches_before = p.group->pasid_detaches;
		return p.error;
	}
	static void resume(void *data) { static_cast<Pauses *>(data)->resumed++; }
};

TEST_F(PasidTest, ReplaceInTwoStepsIsPaused)
{
	Pauses pauses{.group = &group};
	u32 second = fd.ioas();
	Slice slice(fd, dev, 7);
	EXPECT_EQ(iommufd_device_set_pause(slice.idev(), &pauses.ops, &pauses), 0);
	EXPECT_EQ(slice.attach(ioas), 0);
	iommu_domain *before = domain_of(7);
	EXPECT_EQ(slice.replace(second), 0);
	EXPECT_NE(domain_of(7), before);
	EXPECT_EQ(pauses.paused, 1u);
	EXPECT_EQ(pauses.detaches_before, 0u);
	EXPECT_EQ(pauses.resumed, 1u);

	pauses.error = -110;
	before = domain_of(7);
	EXPECT_EQ(slice.replace(ioas), -110);
	EXPECT_EQ(domain_of(7), before);
	EXPECT_EQ(pauses.resumed, 1u);
}

TEST_F(PasidTest, AFailedReplaceInTwoStepsGoesBack)
{
	Pauses pauses{.group = &group};
	Slice slice(fd, dev, 7);
	EXPECT_EQ(iommufd_device_set_pause(slice.idev(), &pauses.ops, &pauses), 0);
	EXPECT_EQ(slice.attach(ioas), 0);
	iommu_domain *before = domain_of(7);
	dev.suits = [&](const iommu_domain &domain) { return &domain == before ? 0 : -5; };
	EXPECT_EQ(slice.replace(fd.ioas()), -5);
	EXPECT_EQ(domain_of(7), before);
	EXPECT_EQ(pauses.resumed, 1u);
	EXPECT_EQ(fake::device_warnings(), 0u);

	// Not even back: blocked, but it can be attached again, detached, and nothing is detached twice.
	dev.suits = [](const iommu_domain &) { return -5; };
	EXPECT_EQ(slice.replace(fd.ioas()), -5);
	EXPECT_EQ(domain_of(7), nullptr);
	EXPECT_EQ(fake::device_warnings(), 1u);
	EXPECT_EQ(pauses.resumed, 2u);
	dev.suits = nullptr;
	EXPECT_EQ(slice.replace(fd.ioas()), 0);
	EXPECT_NE(domain_of(7), nullptr);
}

int replace_in_one_step(iommu_domain *to, device *dev, unsigned pasid, iommu_domain *from)
{
	if (dev->suits && dev->suits(*to))
		return -5;
	fake::move_pasid(*dev, pasid, from, to);
	return 0;
}

TEST_F(PasidTest, ReplaceInOneStepWhereTheDriverCan)
{
	iommufd_driver driver = replacing_driver(replace_in_one_step), same = driver;
	EXPECT_EQ(iommufd_driver_register(&driver), 0);
	EXPECT_EQ(iommufd_driver_register(&same), -16);

	Pauses pauses{.group = &group};
	Slice slice(fd, dev, 7);
	EXPECT_EQ(iommufd_device_set_pause(slice.idev(), &pauses.ops, &pauses), 0);
	EXPECT_EQ(slice.attach(ioas), 0);
	iommu_domain *before = domain_of(7);
	EXPECT_EQ(slice.replace(fd.ioas()), 0);
	EXPECT_NE(domain_of(7), before);
	EXPECT_EQ(group.pasid_detaches, 0u);
	EXPECT_EQ(pauses.paused, 0u);

	before = domain_of(7);
	dev.suits = [](const iommu_domain &) { return -5; };
	EXPECT_EQ(slice.replace(fd.ioas()), -5);
	EXPECT_EQ(domain_of(7), before);
	dev.suits = nullptr;
	slice.unbind();
	iommufd_driver_unregister(&driver);
}

TEST_F(PasidTest, FurtherPasidsDieWithTheDevice)
{
	u32 pt = ioas;
	Slice slice(fd, dev, 7), other(fd, dev, 8);
	EXPECT_EQ(slice.attach(ioas), 0);
	EXPECT_EQ(iommufd_device_attach_pasid(slice.idev(), 7, &pt), -16);
	EXPECT_EQ(iommufd_device_attach_pasid(slice.idev(), 8, &pt), -16);
	EXPECT_EQ(iommufd_device_attach_pasid(slice.idev(), 0, &pt), -22);
	EXPECT_EQ(iommufd_device_attach_pasid(slice.idev(), 9, &pt), 0);
	EXPECT_EQ(domain_of(9), domain_of(7));
	pt = ioas;
	EXPECT_EQ(iommufd_device_attach_pasid(other.idev(), 9, &pt), -16);
	EXPECT_EQ(iommufd_device_replace_pasid(other.idev(), 9, &pt), -22);
	pt = fd.ioas();
	EXPECT_EQ(iommufd_device_replace_pasid(slice.idev(), 9, &pt), 0);
	EXPECT_NE(domain_of(9), domain_of(7));
	slice.unbind();
	EXPECT_EQ(domain_of(9), nullptr);
	EXPECT_EQ(Slice(fd, dev, 9).error(), 0);
}

TEST_F(PasidTest, OnePasidOfTwoParents)
{
	device &second = machine.new_device();
	second.max_pasids = 1 << 20;
	Slice a(fd, dev, 7), b(fd, second, 7);
	EXPECT_EQ(a.error(), 0);
	ASSERT_EQ(b.error(), 0);
	EXPECT_EQ(b.attach(ioas), 0);
	EXPECT_EQ(domain_of(7), nullptr);
	EXPECT_NE(second.group->pasids[7].domain, nullptr);
}

// Somebody else may have the parent in hand meanwhile: what counts is who has claimed what.
TEST_F(PasidTest, ClaimsOfAParentThatStays)
{
	using iommufd::DmaOwnership, iommufd::PasidClaim;
	auto parent = iommufd::Parent::Ref::get(&dev);
	ASSERT_TRUE(parent);
	const auto owned = [&] { return static_cast<bool>(DmaOwnership::claim(**parent, this)); };
	{
		auto slice = PasidClaim::claim(**parent, base::Pasid(7), PasidClaim::Role::kSlice);
		ASSERT_TRUE(slice);
		EXPECT_FALSE(owned());
	}
	EXPECT_TRUE(owned());
	{
		auto further = PasidClaim::claim(**parent, base::Pasid(9), PasidClaim::Role::kFurther);
		ASSERT_TRUE(further);
		EXPECT_TRUE(owned());
	}
	EXPECT_TRUE(owned());
	auto again = PasidClaim::claim(**parent, base::Pasid(7), PasidClaim::Role::kSlice);
	EXPECT_TRUE(again);
}

// The kernel counts a driver's own use of the group as a claim, too.
TEST_F(PasidTest, TheClaimOfItsDriverIsNoUsers)
{
	group.claims = 1;
	dev.dma_user = KX_DMA_DRIVER;
	EXPECT_EQ(Slice(fd, dev, 7).error(), 0);
	dev.dma_user = KX_DMA_NOBODY;
	EXPECT_EQ(Slice(fd, dev, 7).error(), -16);
	group.claims = 0;
}

TEST_F(PasidTest, AttachedOnce)
{
	Slice slice(fd, dev, 7);
	const u32 second = fd.ioas();
	EXPECT_EQ(slice.replace(ioas), -22) << "not attached";
	ASSERT_EQ(slice.attach(ioas), 0);
	iommu_domain *before = domain_of(7);
	EXPECT_EQ(slice.attach(second), -22);
	EXPECT_NE(fake::last_rejection().find("attached already"), std::string::npos);
	EXPECT_EQ(domain_of(7), before);
}

TEST_F(PasidTest, ReplaceByTheSame)
{
	Pauses pauses{.group = &group};
	u32 hwpt = 0;
	Slice slice(fd, dev, 7);
	EXPECT_EQ(iommufd_device_set_pause(slice.idev(), &pauses.ops, &pauses), 0);
	ASSERT_EQ(slice.attach(ioas, &hwpt), 0);
	EXPECT_EQ(slice.replace(hwpt), 0);
	EXPECT_EQ(slice.replace(ioas), 0);
	EXPECT_EQ(group.pasid_attaches, 1u);
	EXPECT_EQ(pauses.paused, 0u);
}

// Within one IOAS the reserved regions stay; with it they go.
TEST_F(PasidTest, ReservedRegionsFollowTheAttachment)
{
	dev.resv = {{0xfee00000, 0x100000, KX_RESV_HW_MSI}};
	memory(1);
	const u32 second = fd.ioas();
	u32 hwpt = 0;
	Slice slice(fd, dev, 7);
	ASSERT_EQ(slice.attach(ioas), 0);
	ASSERT_EQ(fd.hwpt(slice.id(), ioas, hwpt), 0);
	ASSERT_EQ(slice.replace(hwpt), 0);
	EXPECT_EQ(fd.map_at(ioas, kVa, kPage, 0xfee00000), -22);
	dev.suits = [](const iommu_domain &) { return -5; };
	EXPECT_EQ(slice.replace(second), -5);
	dev.suits = nullptr;
	EXPECT_EQ(fd.map_at(second, kVa, kPage, 0xfee00000), 0);
	EXPECT_EQ(slice.replace(second), -98) << "mapped";
	EXPECT_EQ(fd.map_at(ioas, kVa, kPage, 0xfee00000), -22);
	ASSERT_EQ(fd.unmap_all(second), 0);
	ASSERT_EQ(slice.replace(second), 0);
	EXPECT_EQ(fd.map_at(ioas, kVa, kPage, 0xfee00000), 0);
	EXPECT_EQ(fd.map_at(second, kVa, kPage, 0xfee00000), -22);
}

TEST_F(PasidTest, FurtherPasidsArePausedAndDetached)
{
	Pauses pauses{.group = &group};
	u32 pt = ioas;
	Slice slice(fd, dev, 7);
	EXPECT_EQ(iommufd_device_set_pause(slice.idev(), &pauses.ops, &pauses), 0);
	ASSERT_EQ(iommufd_device_attach_pasid(slice.idev(), 9, &pt), 0);
	pt = fd.ioas();
	ASSERT_EQ(iommufd_device_replace_pasid(slice.idev(), 9, &pt), 0);
	EXPECT_EQ(pauses.paused, 1u);
	EXPECT_EQ(pauses.resumed, 1u);
	iommufd_device_detach_pasid(slice.idev(), 9);
	EXPECT_EQ(domain_of(9), nullptr);
	EXPECT_EQ(Slice(fd, dev, 9).error(), 0) << "the claim is over";
	iommufd_device_detach_pasid(slice.idev(), 9);
	EXPECT_EQ(iommufd_device_replace_pasid(slice.idev(), 9, &pt), -22);
	pt = ioas;
	EXPECT_EQ(iommufd_device_attach_pasid(slice.idev(), 9, &pt), 0);
}

// No slices: the group is the user's, and so are all PASIDs.
TEST_F(PasidTest, FurtherPasidsOfAPhysicalDevice)
{
	Pauses pauses{.group = &group};
	u32 one = 0, two = 0;
	Bound whole(fd, dev);
	EXPECT_EQ(iommufd_device_set_pause(whole.idev(), &pauses.ops, &pauses), -22);
	ASSERT_EQ(fd.hwpt(whole.id(), ioas, one, IOMMU_HWPT_ALLOC_PASID), 0);
	ASSERT_EQ(fd.hwpt(whole.id(), fd.ioas(), two, IOMMU_HWPT_ALLOC_PASID), 0);
	ASSERT_EQ(whole.attach_pasid(9, one), 0);
	iommu_domain *before = domain_of(9);
	EXPECT_NE(before, nullptr);
	EXPECT_EQ(whole.replace_pasid(9, two), 0);
	EXPECT_NE(domain_of(9), before);
	whole.unbind();
	EXPECT_EQ(domain_of(9), nullptr);
	EXPECT_EQ(Bound(fd, dev).error(), 0);
	EXPECT_EQ(Slice(fd, dev, 9).error(), 0);
}

TEST_F(PasidTest, OneStepIsNotForWhatIsBlocked)
{
	Slice slice(fd, dev, 7);
	ASSERT_EQ(slice.attach(ioas), 0);
	dev.suits = [](const iommu_domain &) { return -5; };
	EXPECT_EQ(slice.replace(fd.ioas()), -5);
	EXPECT_EQ(domain_of(7), nullptr);
	dev.suits = nullptr;
	OneStep driver;
	EXPECT_EQ(slice.replace(fd.ioas()), 0);
	EXPECT_NE(domain_of(7), nullptr);
}

// The handle names the domain, by which the kernel finds who answers page requests.
TEST_F(PasidTest, OneStepNamesTheDomain)
{
	OneStep driver;
	Slice slice(fd, dev, 7);
	ASSERT_EQ(slice.attach(ioas), 0);
	iommu_domain *before = domain_of(7);
	driver.during = [&] {
		EXPECT_NE(group.pasids[7].named, before) << "already";
		return -5;
	};
	EXPECT_EQ(slice.replace(fd.ioas()), -5);
	EXPECT_EQ(group.pasids[7].named, before);
	driver.during = nullptr;
	ASSERT_EQ(slice.replace(fd.ioas()), 0);
	EXPECT_NE(domain_of(7), before);
	EXPECT_EQ(group.pasids[7].named, domain_of(7));
}

TEST_F(PasidTest, OneStepKeepsToOneDriversDomains)
{
	OneStep one_step; // of driver 0
	device &foreign = machine.new_device();
	foreign.driver = 1;
	Bound other(fd, foreign);
	u32 hwpt = 0;
	ASSERT_EQ(fd.hwpt(other.id(), ioas, hwpt), 0);
	Slice slice(fd, dev, 7);
	ASSERT_EQ(slice.attach(ioas), 0);
	iommu_domain *before = domain_of(7);
	EXPECT_EQ(slice.replace(hwpt), -22);
	EXPECT_EQ(domain_of(7), before);
}

// What a driver that moves each device of a group was asked for
struct Moves {
	struct Move {
		device *dev;
		iommu_domain *to, *from;
		bool operator==(const Move &) const = default;
	};
	static inline std::vector<Move> all;
	static inline device *refuses;

	static int replace(iommu_domain *to, device *dev, unsigned pasid, iommu_domain *from)
	{
		if (dev == refuses)
			return -5;
		// There is one entry for the group.
		if (std::ranges::none_of(all, [&](const Move &m) { return m.to == to; }))
			fake::move_pasid(*dev, pasid, from, to);
		all.push_back({dev, to, from});
		return 0;
	}
};

TEST_F(PasidTest, OneStepMovesAllDevicesOfTheGroupOrNone)
{
	iommufd_driver driver = replacing_driver(Moves::replace);
	ASSERT_EQ(iommufd_driver_register(&driver), 0);
	fake::new_device(group); // has no PASIDs
	device &second = fake::new_device(group), &third = fake::new_device(group);
	second.max_pasids = third.max_pasids = 1 << 20;
	Slice slice(fd, dev, 7);
	ASSERT_EQ(slice.attach(ioas), 0);
	iommu_domain *before = domain_of(7);

	Moves::all.clear();
	Moves::refuses = nullptr;
	ASSERT_EQ(slice.replace(fd.ioas()), 0);
	iommu_domain *after = domain_of(7);
	EXPECT_EQ(Moves::all,
		  (std::vector<Moves::Move>{{&dev, after, before}, {&second, after, before}, {&third, after, before}}));
	Moves::all.clear();
	Moves::refuses = &third;
	u32 hwpt = 0;
	ASSERT_EQ(fd.hwpt(slice.id(), ioas, hwpt), 0);
	EXPECT_EQ(slice.replace(hwpt), -5);
	EXPECT_EQ(domain_of(7), after);
	ASSERT_EQ(Moves::all.size(), 4u);
	iommu_domain *refused = Moves::all[0].to;
	EXPECT_EQ(Moves::all, (std::vector<Moves::Move>{{&dev, refused, after},
							{&second, refused, after},
							{&dev, after, refused},
							{&second, after, refused}}));
	slice.unbind();
	iommufd_driver_unregister(&driver);
}

} // namespace
} // namespace test
