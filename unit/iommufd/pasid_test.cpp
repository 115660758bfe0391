// SPDX-License-Identifier: GPL-2.0-only
// Slices and further PASIDs: binding, attaching, moving, by the kernel API.
#include "iommufd/pasid_api.hpp"
#include "support/failures.hpp"
#include "support/world.hpp"

namespace test {
namespace {

// A bound slice.
class Slice {
public:
	Slice(const Fd &fd, device &dev, u32 pasid)
	{
		iommufd_device *made = iommufd_device_bind_pasid(fd.ctx(), &dev, pasid, &id_);
		error_ = error_of(made);
		if (!error_)
			idev_ = made;
	}
	Slice(const Slice &) = delete;
	~Slice() { unbind(); }

	int error() const { return error_; }
	u32 id() const { return id_; }
	iommufd_device *idev() const { return idev_; }
	int attach(u32 pt, u32 *hwpt = nullptr)
	{
		int rc = iommufd_device_attach(idev_, &pt);
		attached_ |= !rc;
		if (hwpt)
			*hwpt = pt;
		return rc;
	}
	int replace(u32 pt) { return iommufd_device_replace(idev_, &pt); }
	void detach()
	{
		iommufd_device_detach(idev_);
		attached_ = false;
	}
	void unbind()
	{
		if (!idev_)
			return;
		if (attached_)
			detach();
		iommufd_device_unbind(std::exchange(idev_, nullptr));
	}

private:
	static int error_of(const void *ptr)
	{
		auto value = reinterpret_cast<std::intptr_t>(ptr);
		return value < 0 && value >= -4095 ? static_cast<int>(value) : 0;
	}

	iommufd_device *idev_ = nullptr;
	u32 id_ = 0;
	int error_ = 0;
	bool attached_ = false;
};

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
	iommufd_driver driver{fake::driver_ops(0), replace_in_one_step, nullptr}, same = driver;
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

} // namespace
} // namespace test
