// SPDX-License-Identifier: GPL-2.0-only
// The library for parent drivers: whom it refuses, and what VFIO's calls become.
#include "fake/siov.hpp"
#include "iommufd/pasid_api.hpp"
#include "support/world.hpp"

namespace test {
namespace {

struct Rules : World {
	Rules()
	{
		fake::reset_parent();
		dev.max_pasids = 1 << 20;
		slice.parent = &dev;
		slice.pasid = 33;
	}

	// As VFIO does for the cdev
	int bind()
	{
		int rc = siov_bind(&slice, fd.ctx(), &id);
		if (!rc)
			rc = siov_open(&slice);
		slice.cdev_opened = !rc;
		return rc;
	}
	int attach(u32 pt) { return siov_attach(&slice, &pt); }
	void unbind()
	{
		siov_unbind(&slice);
		slice.cdev_opened = false;
	}
	iommu_domain *domain() { return group.pasids.contains(33) ? group.pasids[33].domain : nullptr; }

	iommu_group &group = fake::new_group();
	device &dev = fake::new_device(group);
	vfio_siov_device slice;
	Fd fd;
	u32 ioas = fd.ioas(), id = 0;
};

TEST_F(Rules, ParentsThatCannotBe)
{
	EXPECT_EQ(siov_register(&slice), 0);
	EXPECT_TRUE(slice.registered);
	EXPECT_EQ(fake::parent().refused, nullptr);
	fake::parent().dma_is_users = true;
	EXPECT_EQ(siov_check_parent(&dev), -22);
	EXPECT_NE(std::string(fake::parent().refused).find("driver_managed_dma"), std::string::npos);
	EXPECT_EQ(siov_register(&slice), -22);
	fake::parent() = {.has_driver = false};
	EXPECT_EQ(siov_check_parent(&dev), -22);
	EXPECT_STREQ(fake::parent().refused, "the parent has no driver");
	fake::parent() = {.pasids_enabled = false};
	EXPECT_EQ(siov_check_parent(&dev), -19);
	EXPECT_STREQ(fake::parent().refused, "the IOMMU has not enabled PASIDs in this device");
	fake::parent() = {};
	dev.max_pasids = 0;
	EXPECT_EQ(siov_check_parent(&dev), -19);
	EXPECT_STREQ(fake::parent().refused, "no IOMMU that offers PASIDs to this device");
}

TEST_F(Rules, SlicesThatCannotBe)
{
	slice.our_ops = false;
	EXPECT_EQ(siov_register(&slice), -22);
	slice.our_ops = true;
	slice.pasid = 0;
	EXPECT_EQ(siov_register(&slice), -22);
	EXPECT_FALSE(slice.registered);
	slice.pasid = 33;
	fake::parent().register_error = -12;
	EXPECT_EQ(siov_register(&slice), -12);
}

TEST_F(Rules, AttachReplaceDetach)
{
	const u32 other = fd.ioas();

	ASSERT_EQ(bind(), 0);
	EXPECT_NE(id, 0U);
	ASSERT_EQ(attach(ioas), 0);
	EXPECT_TRUE(slice.attached);
	iommu_domain *first = domain();
	EXPECT_NE(first, nullptr);
	ASSERT_EQ(attach(other), 0);
	EXPECT_NE(domain(), first);
	EXPECT_EQ(attach(12345), -2);
	EXPECT_TRUE(slice.attached);
	siov_detach(&slice);
	EXPECT_EQ(domain(), nullptr);
	siov_detach(&slice);
	EXPECT_EQ(attach(12345), -2);
	EXPECT_FALSE(slice.attached);
	ASSERT_EQ(attach(ioas), 0);
	unbind();
	EXPECT_EQ(domain(), nullptr);
	EXPECT_EQ(slice.idev, nullptr);
}

TEST_F(Rules, TheGroupIsRefused)
{
	// A group with an iommufd: VFIO binds, opens, and attaches before it says who opened.
	ASSERT_EQ(siov_bind(&slice, fd.ctx(), &id), 0);
	ASSERT_EQ(siov_open(&slice), 0);
	EXPECT_EQ(attach(ioas), -1);
	EXPECT_EQ(domain(), nullptr);
	siov_unbind(&slice);
	// with a container of VFIO's own: it only opens
	EXPECT_EQ(siov_open(&slice), -1);
	EXPECT_EQ(fake::last_rejection(),
		  "opening a slice: -1: a slice is used with an iommufd, not with a VFIO container");
	EXPECT_EQ(bind(), 0);
	unbind();
}

TEST_F(Rules, TwoOfOnePasid)
{
	vfio_siov_device twin{.parent = &dev, .pasid = 33};
	u32 twin_id;

	ASSERT_EQ(bind(), 0);
	EXPECT_EQ(siov_bind(&twin, fd.ctx(), &twin_id), -16);
	EXPECT_EQ(twin.idev, nullptr);
	unbind();
}

// The parent driver's pause, and the clock around it
struct Held {
	unsigned pauses = 0, resumes = 0;
	int error = 0;

	static int pause(void *data)
	{
		auto *held = static_cast<Held *>(data);
		held->pauses += !held->error;
		fake::parent().now_ns += 1500;
		return held->error;
	}
	static void resume(void *data)
	{
		static_cast<Held *>(data)->resumes++;
		fake::parent().now_ns += 600;
	}
};

TEST_F(Rules, PausesAreTimed)
{
	static constexpr iommufd_pause_ops kOps{Held::pause, Held::resume};
	const u32 other = fd.ioas();
	Held held;

	slice.pause = &kOps;
	slice.pause_data = &held;
	ASSERT_EQ(bind(), 0);
	ASSERT_EQ(attach(ioas), 0);
	EXPECT_EQ(held.pauses, 0U);
	EXPECT_EQ(slice.last.last_us, 0U);
	ASSERT_EQ(attach(other), 0);
	EXPECT_EQ(held.pauses, 1U);
	EXPECT_EQ(held.resumes, 1U);
	EXPECT_EQ(slice.last.last_us, 3U); // 2.1, rounded up
	held.error = -110;
	iommu_domain *before = domain();
	EXPECT_EQ(attach(ioas), -110);
	EXPECT_EQ(held.resumes, 1U);
	EXPECT_EQ(domain(), before);
	unbind();
}

// Each one from its own beginning. 0 stands for "never".
TEST_F(Rules, EachPauseIsTimedAnew)
{
	static constexpr iommufd_pause_ops kOps{[](void *) { return 0; }, [](void *) {}};
	const u32 other = fd.ioas();

	slice.pause = &kOps;
	ASSERT_EQ(bind(), 0);
	ASSERT_EQ(attach(ioas), 0);
	ASSERT_EQ(attach(other), 0);
	EXPECT_EQ(slice.last.last_us, 1U);
	fake::parent().now_ns += 5'000'000;
	ASSERT_EQ(attach(ioas), 0);
	EXPECT_EQ(slice.last.last_us, 1U);
	unbind();
}

TEST_F(Rules, AnOpenSliceThatIsNotBound)
{
	fake::ExpectWarnings warnings;
	slice.cdev_opened = true;
	EXPECT_EQ(attach(ioas), -22);
	EXPECT_EQ(warnings.count(), 1U);
}

} // namespace
} // namespace test
