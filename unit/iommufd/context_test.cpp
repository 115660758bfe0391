// SPDX-License-Identifier: GPL-2.0-only
// Contexts as other drivers see them: references by file and descriptor, and VFIO's compatibility IOAS.
#include "support/state.hpp"
#include "support/world.hpp"

namespace test {

class ContextTest : public World {
protected:
	Fd fd;
	static long error_of(const void *p) { return reinterpret_cast<long>(p); }
};

TEST_F(ContextTest, FromFile)
{
	iommufd_ctx *ctx = iommufd_ctx_from_file(fd.get());
	EXPECT_EQ(ctx, fd.ctx());
	EXPECT_EQ(fd.get()->refs, 2);
	iommufd_ctx_get(ctx);
	EXPECT_EQ(fd.get()->refs, 3);
	iommufd_ctx_put(ctx);
	iommufd_ctx_put(ctx);
	EXPECT_EQ(fd.get()->refs, 1);
}

TEST_F(ContextTest, FromFd)
{
	fake::install_fd(5, fd.get());
	iommufd_ctx *ctx = iommufd_ctx_from_fd(5);
	EXPECT_EQ(ctx, fd.ctx());
	iommufd_ctx_put(ctx);
	EXPECT_EQ(error_of(iommufd_ctx_from_fd(6)), -9);
}

TEST_F(ContextTest, OtherFiles)
{
	file *other = fake::open_other();
	fake::install_fd(7, other);
	EXPECT_EQ(error_of(iommufd_ctx_from_fd(7)), -77);
	EXPECT_EQ(error_of(iommufd_ctx_from_file(other)), -77);
	EXPECT_EQ(other->refs, 1);
	kx_file_put(other);
}

TEST_F(ContextTest, DeviceKnowsItsContext)
{
	u32 id = 0;
	iommufd_device *idev = iommufd_device_bind(fd.ctx(), &machine.new_device(), &id);
	EXPECT_EQ(iommufd_device_to_ictx(idev), fd.ctx());
	EXPECT_EQ(iommufd_device_to_id(idev), id);
	iommufd_device_unbind(idev);
}

TEST_F(ContextTest, CompatIoas)
{
	u32 id = 0, again = 0;
	EXPECT_EQ(iommufd_vfio_compat_ioas_get_id(fd.ctx(), &id), -19);
	ASSERT_EQ(iommufd_vfio_compat_ioas_create(fd.ctx()), 0);
	ASSERT_EQ(iommufd_vfio_compat_ioas_get_id(fd.ctx(), &id), 0);
	// A second one is not made.
	const std::string before = describe_all({&fd.context()});
	ASSERT_EQ(iommufd_vfio_compat_ioas_create(fd.ctx()), 0);
	EXPECT_EQ(describe_all({&fd.context()}), before);
	ASSERT_EQ(iommufd_vfio_compat_ioas_get_id(fd.ctx(), &again), 0);
	EXPECT_EQ(again, id);
	EXPECT_EQ(iommufd_vfio_compat_set_no_iommu(fd.ctx()), -22);
	EXPECT_EQ(fd.destroy(id), 0);
	EXPECT_EQ(iommufd_vfio_compat_ioas_get_id(fd.ctx(), &id), -19);
}

TEST_F(ContextTest, NoIommuMode)
{
	EXPECT_EQ(iommufd_vfio_compat_set_no_iommu(fd.ctx()), 0);
	EXPECT_EQ(iommufd_vfio_compat_ioas_create(fd.ctx()), -22);
}

TEST_F(ContextTest, AccountingModeNeedsAnEmptyFd)
{
	u64 mode = 1;
	const u32 id = fd.ioas();
	EXPECT_EQ(fd.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0, mode), -16);
	EXPECT_EQ(fd.destroy(id), 0);
	EXPECT_EQ(fd.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0, mode), 0);
}

} // namespace test
