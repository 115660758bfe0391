// SPDX-License-Identifier: GPL-2.0-only
// Devices, groups and HWPTs: binding, attaching, moving, and what each refuses.
#include "support/peek.hpp"
#include "support/state.hpp"
#include "support/world.hpp"

namespace test {

class DeviceTest : public World {
protected:
	Fd fd;
	u32 ioas = fd.ioas();
	int bind_error(device &dev)
	{
		Bound bound(fd, dev);
		return bound.error();
	}
};

TEST_F(DeviceTest, BindRefuses)
{
	device &dev = machine.new_device();
	dev.coherent = false;
	EXPECT_EQ(bind_error(dev), -22);
	dev.coherent = true;
	dev.group->isolated = false;
	EXPECT_EQ(bind_error(dev), -1);
	fake::unsafe_interrupts() = true;
	EXPECT_EQ(bind_error(dev), 0);
	EXPECT_EQ(fake::device_warnings(), 1u);
	dev.group->isolated = true;

	iommu_group *group = dev.group;
	dev.group = nullptr;
	EXPECT_EQ(bind_error(dev), -19);
	dev.group = group;
	int somebody;
	group->claims = 1;
	group->owner = &somebody;
	EXPECT_EQ(bind_error(dev), -1);
	group->claims = 0;
}

TEST_F(DeviceTest, TwoFdsCannotShareAGroup)
{
	iommu_group &group = fake::new_group();
	device &a = fake::new_device(group), &b = fake::new_device(group);
	Fd other;
	Bound first(fd, a);
	EXPECT_EQ(first.error(), 0);
	Bound second(other, b);
	EXPECT_EQ(second.error(), -1);
	Bound same_fd(fd, b);
	EXPECT_EQ(same_fd.error(), 0);
	EXPECT_TRUE(iommufd_ctx_has_group(fd.ctx(), &group));
	EXPECT_FALSE(iommufd_ctx_has_group(other.ctx(), &group));
	EXPECT_FALSE(iommufd_ctx_has_group(fd.ctx(), nullptr));
	EXPECT_FALSE(iommufd_ctx_has_group(nullptr, &group));
}

// A bound device keeps the context open.
TEST_F(DeviceTest, FdClosedBeforeTheDevice)
{
	auto own = std::make_unique<Fd>();
	const u32 id = own->ioas();
	ASSERT_EQ(own->map_at(id, memory(8), 8 * kPage, 0x100000), 0);
	Bound dev(*own, machine.new_device());
	ASSERT_EQ(dev.attach(id), 0);
	own.reset();
	EXPECT_EQ(fake::pins_total(), 8);
	EXPECT_EQ(fake::open_files(), 2u);
	dev.unbind();
	fake::run_task_work();
	EXPECT_EQ(fake::pins_total(), 0);
	EXPECT_EQ(fake::open_files(), 1u);
}

TEST_F(DeviceTest, DevicesShareTheAutomaticHwpt)
{
	Bound a(fd, machine.new_device()), b(fd, machine.new_device());
	u32 hwpt_a = 0, hwpt_b = 0;
	ASSERT_EQ(a.attach(ioas, &hwpt_a), 0);
	ASSERT_EQ(b.attach(ioas, &hwpt_b), 0);
	EXPECT_EQ(hwpt_a, hwpt_b);
	EXPECT_EQ(fake::domains().size(), 1u);
	a.detach();
	EXPECT_EQ(fake::domains().size(), 1u);
	b.detach();
	EXPECT_EQ(fake::domains().size(), 0u) << "it goes with the last device";
	EXPECT_EQ(fd.destroy(hwpt_a), -2);
}

TEST_F(DeviceTest, AutomaticHwptThatDoesNotSuit)
{
	device &picky = machine.new_device();
	picky.suits = [&](const iommu_domain &d) { return d.made_for == &picky ? 0 : -22; };
	Bound a(fd, machine.new_device()), b(fd, picky);
	u32 hwpt_a = 0, hwpt_b = 0;
	ASSERT_EQ(a.attach(ioas, &hwpt_a), 0);
	ASSERT_EQ(b.attach(ioas, &hwpt_b), 0);
	EXPECT_NE(hwpt_a, hwpt_b);
	EXPECT_EQ(fake::domains().size(), 2u);
	// Another errno than EINVAL is an answer.
	b.detach();
	picky.suits = [&](const iommu_domain &d) { return d.made_for == &picky ? 0 : -5; };
	EXPECT_EQ(b.attach(ioas), -5);
	EXPECT_EQ(fake::domains().size(), 1u);
}

TEST_F(DeviceTest, UsersHwptIsNotUsedForTheIoas)
{
	Bound a(fd, machine.new_device());
	u32 own = 0, automatic = 0;
	ASSERT_EQ(fd.hwpt(a.id(), ioas, own), 0);
	ASSERT_EQ(a.attach(ioas, &automatic), 0);
	EXPECT_NE(own, automatic);
	ASSERT_EQ(a.replace(own, &automatic), 0);
	EXPECT_EQ(automatic, own);
	EXPECT_EQ(fake::domains().size(), 1u);
	a.detach();
	EXPECT_EQ(fake::domains().size(), 1u) << "the user's HWPT stays";
	EXPECT_EQ(fd.destroy(own), 0);
	EXPECT_EQ(fake::domains().size(), 0u);
}

TEST_F(DeviceTest, AttachRefuses)
{
	Bound a(fd, machine.new_device());
	EXPECT_EQ(a.attach(77), -2);
	EXPECT_EQ(a.attach(a.id()), -22);
	EXPECT_EQ(a.replace(ioas), -22) << "not attached";
	EXPECT_EQ(fake::domains().size(), 0u);
	// Of another fd.
	Fd other;
	other.ioas();
	const u32 far = other.ioas();
	EXPECT_EQ(far, 2u); // on this fd: the device
	EXPECT_EQ(a.attach(far), -22);
}

TEST_F(DeviceTest, GroupMovesTogether)
{
	iommu_group &group = fake::new_group();
	device &x = fake::new_device(group), &y = fake::new_device(group);
	x.resv = {{0x1000, 0x1000, KX_RESV_PLAIN}};
	y.resv = {{0x5000, 0x1000, KX_RESV_PLAIN}};
	const u32 other = fd.ioas();
	Bound a(fd, x), b(fd, y);
	ASSERT_EQ(a.attach(ioas), 0);
	EXPECT_EQ(b.attach(other), -22) << "the group is attached elsewhere";
	EXPECT_EQ(b.replace(other), -22) << "not attached itself";
	ASSERT_EQ(b.attach(ioas), 0);
	EXPECT_EQ(group.attaches, 1u);
	ASSERT_EQ(a.replace(other), 0) << fake::last_rejection();
	EXPECT_EQ(group.replaces, 1u);
	EXPECT_EQ(fake::domains().size(), 1u) << "the old automatic HWPT went";

	auto reserved = [&](u32 id) {
		std::vector<iommu_iova_range> out;
		EXPECT_EQ(fd.ranges(id, out), 0);
		return out.size();
	};
	EXPECT_EQ(reserved(ioas), 1u);
	EXPECT_EQ(reserved(other), 3u) << "the regions of both devices";
	a.detach();
	EXPECT_EQ(reserved(other), 2u);
	EXPECT_EQ(group.detaches, 0u);
	b.detach();
	EXPECT_EQ(reserved(other), 1u);
	EXPECT_EQ(group.detaches, 1u);
}

TEST_F(DeviceTest, ReplaceWithTheSame)
{
	Bound a(fd, machine.new_device());
	u32 hwpt = 0, again = 0;
	ASSERT_EQ(a.attach(ioas, &hwpt), 0);
	ASSERT_EQ(a.replace(ioas, &again), 0);
	EXPECT_EQ(again, hwpt);
	ASSERT_EQ(a.replace(hwpt, &again), 0);
	EXPECT_EQ(fake::domains().size(), 1u);
	EXPECT_EQ(a.replace(77), -2);
	EXPECT_EQ(a.replace(a.id()), -22);
}

TEST_F(DeviceTest, ReplaceMeetsMappingInReservedRegion)
{
	device &dev = machine.new_device();
	dev.resv = {{0x100000, 0x1000, KX_RESV_PLAIN}};
	const u32 other = fd.ioas();
	ASSERT_EQ(fd.map_at(other, memory(1), kPage, 0x100000), 0);
	Bound a(fd, dev);
	ASSERT_EQ(a.attach(ioas), 0);
	const std::string before = describe_all({&fd.context()});
	EXPECT_EQ(a.replace(other), -98);
	EXPECT_EQ(describe_all({&fd.context()}), before);
}

TEST_F(DeviceTest, MsiWindowOncePerDomain)
{
	device &x = machine.new_device(), &y = machine.new_device();
	x.resv = y.resv = {{0x8000000, 0x100000, KX_RESV_SW_MSI}};
	Bound a(fd, x), b(fd, y);
	ASSERT_EQ(a.attach(ioas), 0);
	ASSERT_EQ(b.attach(ioas), 0);
	ASSERT_EQ(fake::domains().size(), 1u);
	EXPECT_TRUE(fake::domains()[0]->has_msi);
	EXPECT_EQ(fake::domains()[0]->msi, 0x8000000u);
	b.detach();
	x.msi_error = -19;
	a.detach();
	const std::string before = describe_all({&fd.context()});
	EXPECT_EQ(a.attach(ioas), -19);
	EXPECT_EQ(describe_all({&fd.context()}), before);
}

TEST_F(DeviceTest, ContradictingMsiWindows)
{
	device &dev = machine.new_device();
	dev.resv = {{0x8000000, 0x100000, KX_RESV_SW_MSI}, {0xfee00000, 0x100000, KX_RESV_HW_MSI}};
	Bound a(fd, dev);
	fake::ExpectWarnings warnings;
	EXPECT_EQ(a.attach(ioas), -22);
	EXPECT_EQ(warnings.count(), 1u);
}

TEST_F(DeviceTest, CoherencyIsEnforcedBeforeMapping)
{
	device &dev = machine.new_device();
	ASSERT_EQ(fd.map_at(ioas, memory(4), 4 * kPage, 0x100000), 0);
	Bound a(fd, dev);
	ASSERT_EQ(a.attach(ioas), 0);
	EXPECT_TRUE(fake::domains()[0]->enforced);
	a.detach();
	device &weak = machine.new_device();
	weak.can_enforce = false;
	Bound b(fd, weak);
	ASSERT_EQ(b.attach(ioas), 0);
	EXPECT_FALSE(fake::domains()[0]->enforced);
}

TEST_F(DeviceTest, DriversThatBreakTheirWord)
{
	device &dev = machine.new_device();
	dev.hw_info = {1};
	dev.hw_info_type = 0;
	Bound a(fd, dev);
	dev.can_enforce = false; // of the domains; that of the device was asked when it was bound
	fake::ExpectWarnings warnings;
	EXPECT_EQ(a.attach(ioas), -22);
	iommu_hw_info cmd{};
	cmd.dev_id = a.id();
	EXPECT_EQ(fd.call(IOMMU_GET_HW_INFO, cmd), -95);
	EXPECT_EQ(warnings.count(), 2u);
	EXPECT_EQ(fake::domains().size(), 0u);
}

TEST_F(DeviceTest, DriverWithoutUserAllocation)
{
	device &plain = machine.new_device();
	plain.can_alloc_user = false;
	Bound a(fd, plain);
	u32 hwpt = 0;
	EXPECT_EQ(fd.hwpt(a.id(), ioas, hwpt, IOMMU_HWPT_ALLOC_NEST_PARENT), -95);
	EXPECT_EQ(fd.hwpt(a.id(), ioas, hwpt), 0);
	EXPECT_EQ(a.attach(hwpt), 0);
}

TEST_F(DeviceTest, HwptFlagsReachTheDriver)
{
	device &dev = machine.new_device();
	dev.tracks_dirty = true;
	Bound a(fd, dev);
	u32 hwpt = 0, nested = 0;
	ASSERT_EQ(fd.hwpt(a.id(), ioas, hwpt, IOMMU_HWPT_ALLOC_DIRTY_TRACKING | IOMMU_HWPT_ALLOC_NEST_PARENT), 0);
	EXPECT_EQ(fake::domains()[0]->flags, 3u);
	// A nested one takes neither.
	EXPECT_EQ(fd.hwpt(a.id(), hwpt, nested), -95);
	// A plain HWPT is no parent.
	iommu_hwpt_alloc cmd{};
	cmd.dev_id = a.id();
	cmd.data_type = 1;
	cmd.data_len = 8;
	ASSERT_EQ(fd.hwpt(a.id(), ioas, nested), 0);
	cmd.pt_id = nested;
	EXPECT_EQ(fd.call(IOMMU_HWPT_ALLOC, cmd), -22);
}

TEST_F(DeviceTest, HwInfo)
{
	device &dev = machine.new_device();
	dev.hw_info = {1, 2, 3, 4, 5, 6, 7, 8};
	dev.tracks_dirty = dev.pasid_priv = dev.ats = true;
	dev.max_pasids = 1 << 16;
	Bound a(fd, dev);
	u8 buffer[12];
	memset(buffer, 0xcc, sizeof(buffer));
	fake::Reachable r(buffer, sizeof(buffer));
	iommu_hw_info cmd{};
	cmd.dev_id = a.id();
	cmd.data_len = sizeof(buffer);
	cmd.data_uptr = reinterpret_cast<u64>(buffer);
	ASSERT_EQ(fd.call(IOMMU_GET_HW_INFO, cmd), 0);
	EXPECT_EQ(cmd.data_len, 8u);
	EXPECT_EQ(cmd.out_data_type, 1u);
	EXPECT_EQ(cmd.out_capabilities, IOMMU_HW_CAP_DIRTY_TRACKING | IOMMU_HW_CAP_PCI_PASID_PRIV);
	dev.pasid_exec = true;
	EXPECT_EQ(cmd.out_max_pasid_log2, 16);
	EXPECT_EQ(buffer[7], 8);
	EXPECT_EQ(buffer[8] | buffer[11], 0) << "zeros behind it";
	// Less room: cut, and the whole length told.
	memset(buffer, 0xcc, sizeof(buffer));
	cmd.data_len = 3;
	ASSERT_EQ(fd.call(IOMMU_GET_HW_INFO, cmd), 0);
	EXPECT_EQ(cmd.data_len, 8u);
	EXPECT_EQ(buffer[2], 3);
	EXPECT_EQ(buffer[3], 0xcc);
	EXPECT_TRUE(cmd.out_capabilities & IOMMU_HW_CAP_PCI_PASID_EXEC);
	dev.hw_info_error = -19;
	EXPECT_EQ(fd.call(IOMMU_GET_HW_INFO, cmd), -19);
}

} // namespace test
