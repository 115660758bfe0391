// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock IOMMU itself: what each operation of IOMMU_TEST_CMD refuses, and that its checks notice what is wrong.
 * A mock that says yes to everything would make the tests that rely on it worthless.
 *
 * Also runs on the kernel's own iommufd with IOMMUFD_TEST, in a machine without an IOMMU: the rules are the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"

#define LENGTH  (16 * PAGE)
#define GRANULE 2048

static bool ours;

FIXTURE(mock)
{
	int fd;
	__u32 ioas;
	char *va;
	__u64 iova;
};

FIXTURE_SETUP(mock)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	self->va = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->va);
	memset(self->va, 1, LENGTH);
	self->iova = MOCK_APERTURE_START;
}

FIXTURE_TEARDOWN(mock)
{
	close(self->fd);
}

TEST_F(mock, command)
{
	union {
		struct iommu_test_cmd cmd;
		char bytes[sizeof(struct iommu_test_cmd) + 8];
	} u = {};

	EXPECT_EQ(-EOPNOTSUPP, mock_cmd(self->fd, &u.cmd, 0, self->ioas));
	EXPECT_EQ(-EOPNOTSUPP, mock_cmd(self->fd, &u.cmd, 0xffffffff, self->ioas));
	u.cmd.op = IOMMU_TEST_OP_ADD_RESERVED;
	u.cmd.add_reserved.length = 1;
	u.cmd.size = offsetof(struct iommu_test_cmd, last) + 3;
	EXPECT_EQ(-EINVAL, iommufd_call(self->fd, IOMMU_TEST_CMD, &u));
	u.cmd.size = offsetof(struct iommu_test_cmd, last) + 4;
	EXPECT_EQ(0, iommufd_call(self->fd, IOMMU_TEST_CMD, &u));
	u.cmd.size = sizeof(u);
	u.cmd.add_reserved.start = 1;
	EXPECT_EQ(0, iommufd_call(self->fd, IOMMU_TEST_CMD, &u));
	u.bytes[sizeof(u) - 1] = 1;
	EXPECT_EQ(-E2BIG, iommufd_call(self->fd, IOMMU_TEST_CMD, &u));
}

TEST_F(mock, reservations)
{
	EXPECT_EQ(-EINVAL, mock_reserve(self->fd, self->ioas, PAGE, 0));
	EXPECT_EQ(-EOVERFLOW, mock_reserve(self->fd, self->ioas, PAGE, UINT64_MAX));
	EXPECT_EQ(-ENOENT, mock_reserve(self->fd, 0, PAGE, PAGE));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->va, PAGE, 8 * PAGE, MAP_RW));
	EXPECT_EQ(-EADDRINUSE, mock_reserve(self->fd, self->ioas, 9 * PAGE - 1, 1));
	EXPECT_EQ(0, mock_reserve(self->fd, self->ioas, 9 * PAGE, PAGE));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->ioas, self->va, PAGE, 9 * PAGE, MAP_RW));
}

TEST_F(mock, memory_limit)
{
	struct iommu_test_cmd cmd = { .memory_limit.limit = 11 };

	EXPECT_EQ(-EINVAL, mock_cmd(self->fd, &cmd, IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT, 0));
	cmd.memory_limit.limit = 65536;
	EXPECT_EQ(0, mock_cmd(self->fd, &cmd, IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT, 0));
}

TEST_F(mock, device_flags)
{
	struct mock_dev plain, no_dirty;
	struct iommu_test_cmd replace = {};
	__u32 hwpt;

	EXPECT_EQ(-EINVAL, mock_device(self->fd, self->ioas, 1u << 31, &plain));
	EXPECT_EQ(-ENOENT, mock_device(self->fd, 0, 0, &plain));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &plain));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, MOCK_FLAGS_DEVICE_NO_DIRTY, &no_dirty));
	EXPECT_EQ(-EOPNOTSUPP, hwpt_alloc(self->fd, no_dirty.idev, self->ioas,
					  IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt));
	ASSERT_EQ(0, hwpt_alloc(self->fd, plain.idev, self->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
				&hwpt));
	replace.mock_domain_replace.pt_id = hwpt;
	EXPECT_EQ(-EINVAL,
		  mock_cmd(self->fd, &replace, IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE, no_dirty.stdev));
	EXPECT_EQ(0, mock_cmd(self->fd, &replace, IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE, plain.stdev));
	EXPECT_EQ(hwpt, replace.mock_domain_replace.pt_id);
}

TEST_F(mock, map_check)
{
	struct mock_dev dev;
	__u32 hwpt;

	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &dev));
	hwpt = dev.hwpt;
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, hwpt, self->iova, PAGE, self->va));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->va, LENGTH, self->iova, MAP_RW));
	EXPECT_EQ(0, mock_check_map(self->fd, hwpt, self->iova, LENGTH, self->va));
	EXPECT_EQ(0, mock_check_map(self->fd, hwpt, self->iova + GRANULE, GRANULE, self->va + GRANULE));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, hwpt, self->iova, PAGE, self->va + PAGE));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, hwpt, self->iova, GRANULE, self->va + GRANULE));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, hwpt, self->iova, LENGTH + GRANULE, self->va));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, hwpt, self->iova + 1, PAGE, self->va));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, hwpt, self->iova, PAGE + 1, self->va));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, hwpt, self->iova, PAGE, self->va + 1));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, hwpt, self->iova, -PAGE, self->va));
	EXPECT_EQ(-ENOENT, mock_check_map(self->fd, self->ioas, self->iova, PAGE, self->va));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, self->iova, LENGTH, NULL));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, hwpt, self->iova, PAGE, self->va));
}

TEST_F(mock, pin_count)
{
	struct mock_dev dev;

	EXPECT_EQ(0, mock_check_refs(self->fd, self->va, LENGTH, 0));
	EXPECT_EQ(-EIO, mock_check_refs(self->fd, self->va, LENGTH, 1));
	EXPECT_EQ(-EINVAL, mock_check_refs(self->fd, self->va + 1, PAGE, 0));
	EXPECT_EQ(-EINVAL, mock_check_refs(self->fd, self->va, PAGE + 1, 0));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &dev));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->va, PAGE, self->iova, MAP_RW));
	EXPECT_EQ(0, mock_check_refs(self->fd, self->va, PAGE, 1));
	EXPECT_EQ(-EIO, mock_check_refs(self->fd, self->va, 2 * PAGE, 1));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, self->iova, PAGE, NULL));
	EXPECT_EQ(0, mock_check_refs(self->fd, self->va, LENGTH, 0));
}

TEST_F(mock, access)
{
	__u32 pinner, copier, id, first;

	EXPECT_EQ(-EOPNOTSUPP, access_create(self->fd, self->ioas, 2, &pinner));
	ASSERT_EQ(0, access_create(self->fd, self->ioas, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES, &pinner));
	ASSERT_EQ(0, access_create(self->fd, self->ioas, 0, &copier));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->va, LENGTH, self->iova, MAP_RW));

	EXPECT_EQ(-EBADFD, access_pin(self->fd, self->fd, self->iova, PAGE, self->va, 0, &id));
	EXPECT_EQ(-EBADFD, access_rw(self->fd, 1000, self->iova, PAGE, self->va, 0));
	EXPECT_EQ(-ENOMEM, access_pin(self->fd, pinner, self->iova, (16 << 20) + 1, NULL, 0, &id));
	EXPECT_EQ(-ENOMEM, access_rw(self->fd, copier, self->iova, (16 << 20) + 1, self->va, 0));
	EXPECT_EQ(-EOPNOTSUPP, access_pin(self->fd, pinner, self->iova, PAGE, self->va, 2, &id));
	EXPECT_EQ(-EOPNOTSUPP, access_rw(self->fd, copier, self->iova, PAGE, self->va, 2));
	EXPECT_EQ(-EOPNOTSUPP, access_pin(self->fd, copier, self->iova, PAGE, self->va, 0, &id));
	EXPECT_EQ(-EFAULT, access_rw(self->fd, copier, self->iova, PAGE, (void *)PAGE, 0));
	EXPECT_EQ(-EFAULT, access_rw(self->fd, copier, self->iova, PAGE, (void *)PAGE, MOCK_ACCESS_RW_WRITE));
	EXPECT_EQ(-EBADE, access_pin(self->fd, pinner, self->iova, PAGE, self->va + PAGE, 0, &id));
	EXPECT_EQ(0, mock_check_refs(self->fd, self->va, LENGTH, 0));

	EXPECT_EQ(-EINVAL, access_pin(self->fd, pinner, self->iova + 7, PAGE, self->va + 7, 0, &first));
	EXPECT_EQ(0, access_pin(self->fd, pinner, self->iova, 2 * PAGE, self->va, 0, &first));
	EXPECT_EQ(0, access_pin(self->fd, pinner, self->iova, PAGE, NULL, MOCK_FLAGS_ACCESS_WRITE, &id));
	EXPECT_EQ(0, first);
	EXPECT_EQ(1, id);
	EXPECT_EQ(0, mock_check_refs(self->fd, self->va + PAGE, PAGE, 1));
	EXPECT_EQ(-ENOENT, access_unpin(self->fd, pinner, 2));
	EXPECT_EQ(0, access_unpin(self->fd, pinner, first));
	EXPECT_EQ(-ENOENT, access_unpin(self->fd, pinner, first));
	/* The unmap notification lets go of the other one. */
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, self->iova, LENGTH, NULL));
	EXPECT_EQ(-ENOENT, access_unpin(self->fd, pinner, id));
	EXPECT_EQ(0, mock_check_refs(self->fd, self->va, LENGTH, 0));
	close(pinner);
	close(copier);
}

/* A page table may outlive the last device: then its driver has to outlive both, as it is to free the page table. */
TEST_F(mock, stays_for_its_page_tables)
{
	struct mock_dev dev;
	__u32 paging, nested;

	if (!ours)
		SKIP(return, "the kernel's own iommufd");
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &dev));
	ASSERT_EQ(0, hwpt_alloc(self->fd, dev.idev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &paging));
	ASSERT_EQ(0, mock_nested_alloc(self->fd, dev.idev, paging, 0, &nested));
	ASSERT_EQ(0, object_destroy(self->fd, dev.stdev));
	EXPECT_EQ(-1, syscall(SYS_delete_module, "mock_iommu", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(0, object_destroy(self->fd, nested));
	EXPECT_EQ(-1, syscall(SYS_delete_module, "mock_iommu", O_NONBLOCK));
	EXPECT_EQ(0, object_destroy(self->fd, paging));
	EXPECT_EQ(0, syscall(SYS_delete_module, "mock_iommu", O_NONBLOCK));
	EXPECT_TRUE(mock_load());
}

int main(int argc, char **argv)
{
	ours = mock_load();
	if (!ours)
		ksft_print_msg("no mock_iommu.ko: the kernel's own\n");
	return test_harness_run(argc, argv);
}
