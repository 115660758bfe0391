// SPDX-License-Identifier: GPL-2.0-only
/*
 * I/O address spaces without a device: ids, ranges, mapping, unmapping, copies,
 * options. Runs on every kernel that has a /dev/iommu. Without a device an
 * IOAS only keeps book: nothing is pinned, and any alignment is fine.
 */
#include "lib/harness.h"

#include <errno.h>
#include <grp.h>

#include "lib/iommufd.h"
#include "lib/system.h"

#define NO_ID     12345
#define LAST_IOVA (UINT64_MAX - 1) /* the last one that can be mapped */

FIXTURE(ioas)
{
	int fd;
	__u32 id;
	char *mem; /* 8 pages */
};

FIXTURE_SETUP(ioas)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd) TH_LOG("/dev/iommu: %s", strerror(-self->fd));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->id));
	self->mem = pages_alloc(8 * PAGE);
}

FIXTURE_TEARDOWN(ioas)
{
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, close(self->fd));
}

#define MAP(iova, len)   ioas_map_fixed(self->fd, self->id, self->mem, len, iova, MAP_RW)
#define UNMAP(iova, len) ioas_unmap(self->fd, self->id, iova, len, NULL)

TEST_F(ioas, ids_start_at_one_and_belong_to_the_descriptor)
{
	__u32 second, other;
	int fd = iommufd_open();

	ASSERT_LE(0, fd);
	EXPECT_EQ(1, self->id);
	ASSERT_EQ(0, ioas_alloc(self->fd, &second));
	EXPECT_EQ(2, second);
	EXPECT_EQ(-ENOENT, object_destroy(fd, 1));
	ASSERT_EQ(0, ioas_alloc(fd, &other));
	EXPECT_EQ(1, other);
	EXPECT_EQ(0, object_destroy(fd, other));
	EXPECT_EQ(0, close(fd));
}

TEST_F(ioas, destroyed_id_is_gone_and_used_again)
{
	__u32 again;

	ASSERT_EQ(0, object_destroy(self->fd, self->id));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, self->id));
	EXPECT_EQ(-ENOENT, MAP(PAGE, PAGE));
	ASSERT_EQ(0, ioas_alloc(self->fd, &again));
	EXPECT_EQ(self->id, again);
}

TEST_F(ioas, many)
{
	__u32 id, last = 0;

	for (int i = 0; i < 1000; i++) {
		ASSERT_EQ(0, ioas_alloc(self->fd, &id));
		EXPECT_EQ(i + 2, id);
		last = id;
	}
	for (id = 2; id <= last; id += 2)
		ASSERT_EQ(0, object_destroy(self->fd, id));
}

TEST_F(ioas, destroy_takes_mappings_along)
{
	ASSERT_EQ(0, MAP(PAGE, 4 * PAGE));
	EXPECT_EQ(0, object_destroy(self->fd, self->id));
}

TEST_F(ioas, dup_and_fork_share_the_context)
{
	int copy = dup(self->fd);
	int status;
	pid_t child;
	__u32 id;

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, ioas_alloc(copy, &id));
	EXPECT_EQ(0, close(copy));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(object_destroy(self->fd, id) ? 1 : 0);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, id));
}

TEST_F(ioas, fresh_one_offers_everything)
{
	struct iommu_iova_range range = {};
	__u64 align = 0;
	__u32 num = 1;

	ASSERT_EQ(0, ioas_iova_ranges(self->fd, self->id, &range, &num, &align));
	EXPECT_EQ(1, num);
	EXPECT_EQ(0, range.start);
	EXPECT_EQ(UINT64_MAX, range.last);
	EXPECT_EQ(1, align);
}

TEST_F(ioas, ranges_array_too_short)
{
	__u64 align = 0;
	__u32 num = 0;

	EXPECT_EQ(-EMSGSIZE, ioas_iova_ranges(self->fd, self->id, NULL, &num, &align));
	EXPECT_EQ(1, num);
	EXPECT_EQ(1, align);
}

TEST_F(ioas, map_and_unmap)
{
	__u64 bytes = 0;

	ASSERT_EQ(0, MAP(0, PAGE)); /* IOVA 0 is a good one when asked for */
	ASSERT_EQ(0, MAP(PAGE, 2 * PAGE));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->id, 0, PAGE, &bytes));
	EXPECT_EQ(PAGE, bytes);
	EXPECT_EQ(-ENOENT, UNMAP(0, PAGE));
	/* more than is mapped is fine, and the answer says how much it was */
	EXPECT_EQ(0, ioas_unmap(self->fd, self->id, 0, 100 * PAGE, &bytes));
	EXPECT_EQ(2 * PAGE, bytes);
	EXPECT_EQ(-ENOENT, UNMAP(0, 100 * PAGE));
}

TEST_F(ioas, unmap_takes_whole_mappings_only)
{
	__u64 bytes = 0;

	ASSERT_EQ(0, MAP(4 * PAGE, 4 * PAGE));
	EXPECT_EQ(-ENOENT, UNMAP(4 * PAGE, PAGE));
	EXPECT_EQ(-ENOENT, UNMAP(5 * PAGE, PAGE));
	EXPECT_EQ(-ENOENT, UNMAP(5 * PAGE, 10 * PAGE));
	EXPECT_EQ(-ENOENT, UNMAP(0, 5 * PAGE));
	EXPECT_EQ(-ENOENT, UNMAP(0, 8 * PAGE - 1));
	EXPECT_EQ(-ENOENT, UNMAP(0, 4 * PAGE));        /* only up to it */
	EXPECT_EQ(-ENOENT, UNMAP(8 * PAGE, 4 * PAGE)); /* only behind it */
	EXPECT_EQ(0, ioas_unmap(self->fd, self->id, 3 * PAGE, 6 * PAGE, &bytes));
	EXPECT_EQ(4 * PAGE, bytes);
}

TEST_F(ioas, unmap_everything)
{
	__u64 bytes = 1;

	EXPECT_EQ(0, ioas_unmap_all(self->fd, self->id, &bytes));
	EXPECT_EQ(0, bytes);
	for (int i = 0; i < 8; i++)
		ASSERT_EQ(0, MAP(i * 3 * PAGE, PAGE));
	EXPECT_EQ(0, ioas_unmap_all(self->fd, self->id, &bytes));
	EXPECT_EQ(8 * PAGE, bytes);
	EXPECT_EQ(0, MAP(0, PAGE));
}

TEST_F(ioas, taken_iova)
{
	ASSERT_EQ(0, MAP(4 * PAGE, 2 * PAGE));
	EXPECT_EQ(-EEXIST, MAP(4 * PAGE, 2 * PAGE));
	EXPECT_EQ(-EEXIST, MAP(5 * PAGE, PAGE));
	EXPECT_EQ(-EEXIST, MAP(3 * PAGE, 2 * PAGE));
	EXPECT_EQ(-EEXIST, MAP(PAGE, 7 * PAGE));
	EXPECT_EQ(0, MAP(3 * PAGE, PAGE));
	EXPECT_EQ(0, MAP(6 * PAGE, PAGE));
}

TEST_F(ioas, any_alignment_without_a_device)
{
	__u64 bytes = 0;

	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->id, self->mem + 5, 7, 11, MAP_RW));
	EXPECT_EQ(-EEXIST, MAP(17, 1));
	EXPECT_EQ(0, MAP(18, 1));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->id, 11, 7, &bytes));
	EXPECT_EQ(7, bytes);
}

TEST_F(ioas, top_of_the_address_space)
{
	__u64 bytes = 0;

	EXPECT_EQ(-EOVERFLOW, MAP(UINT64_MAX, 1));
	EXPECT_EQ(-EOVERFLOW, MAP(0, UINT64_MAX));
	EXPECT_EQ(-EOVERFLOW, MAP(UINT64_MAX - PAGE + 1, PAGE + 1));
	EXPECT_EQ(-EINVAL, MAP(0, UINT64_MAX - 1));     /* too long to count */
	ASSERT_EQ(0, MAP(UINT64_MAX - PAGE + 1, PAGE)); /* ends at U64_MAX */
	EXPECT_EQ(-EEXIST, MAP(LAST_IOVA, 1));
	EXPECT_EQ(-EOVERFLOW, UNMAP(UINT64_MAX, 1));
	EXPECT_EQ(-EOVERFLOW, UNMAP(1, UINT64_MAX));
	EXPECT_EQ(-EOVERFLOW, UNMAP(UINT64_MAX - PAGE + 1, PAGE + 1));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->id, UINT64_MAX - PAGE + 1, PAGE, &bytes));
	EXPECT_EQ(PAGE, bytes);
}

TEST_F(ioas, wrapping_user_address)
{
	void *top = (void *)(UINTPTR_MAX - PAGE + 1);

	EXPECT_EQ(-EOVERFLOW, ioas_map_fixed(self->fd, self->id, top, 2 * PAGE, PAGE, MAP_RW));
	EXPECT_EQ(-EOVERFLOW, ioas_map_fixed(self->fd, self->id, top, PAGE, PAGE, MAP_RW));
}

TEST_F(ioas, automatic_iova)
{
	__u64 a, b, c;

	ASSERT_EQ(0, ioas_map_auto(self->fd, self->id, self->mem, PAGE, &a, MAP_RW));
	EXPECT_NE(0, a);
	EXPECT_EQ(0, a % PAGE);
	ASSERT_EQ(0, ioas_map_auto(self->fd, self->id, self->mem + 5, 100, &b, MAP_READ));
	EXPECT_EQ(5, b % PAGE);
	EXPECT_NE(a, b - 5);
	/* long ones keep the alignment that large pages need */
	ASSERT_EQ(0, ioas_map_auto(self->fd, self->id, (void *)(4UL << 20), 4UL << 20, &c, MAP_RW));
	EXPECT_EQ(0, c % (2UL << 20));
	EXPECT_EQ(0, UNMAP(a, PAGE));
	EXPECT_EQ(0, UNMAP(b, 100));
	EXPECT_EQ(0, UNMAP(c, 4UL << 20));
}

TEST_F(ioas, automatic_iova_never_overlaps)
{
	__u64 iova;

	for (int i = 0; i < 200; i++) {
		ASSERT_EQ(0, ioas_map_auto(self->fd, self->id, self->mem, (i % 8 + 1) * PAGE, &iova, MAP_RW));
		EXPECT_LE(PAGE, iova);
	}
}

TEST_F(ioas, no_access_flag)
{
	__u64 iova;

	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->id, self->mem, PAGE, PAGE, 0));
	EXPECT_EQ(-EINVAL, ioas_map_auto(self->fd, self->id, self->mem, PAGE, &iova, 0));
}

TEST_F(ioas, allowed_ranges_rule_automatic_iovas)
{
	struct iommu_iova_range list[] = {
		{10 * PAGE, 12 * PAGE - 1},
		{20 * PAGE, 24 * PAGE - 1},
	};
	__u64 iova, seen = 0;

	ASSERT_EQ(0, ioas_allow_iovas(self->fd, self->id, list, 2));
	EXPECT_EQ(0, MAP(PAGE, PAGE)); /* a fixed one is free elsewhere */
	ASSERT_EQ(0, ioas_map_auto(self->fd, self->id, self->mem, 4 * PAGE, &iova, MAP_RW));
	EXPECT_EQ(20 * PAGE, iova);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, ioas_map_auto(self->fd, self->id, self->mem, PAGE, &iova, MAP_RW));
		seen |= 1ULL << (iova / PAGE);
	}
	EXPECT_EQ(3ULL << 10, seen);
	EXPECT_EQ(-ENOSPC, ioas_map_auto(self->fd, self->id, self->mem, PAGE, &iova, MAP_RW));
	/* an empty list lifts the limit */
	ASSERT_EQ(0, ioas_allow_iovas(self->fd, self->id, NULL, 0));
	EXPECT_EQ(0, ioas_map_auto(self->fd, self->id, self->mem, PAGE, &iova, MAP_RW));
}

TEST_F(ioas, bad_allowed_ranges_change_nothing)
{
	struct iommu_iova_range good = {16 * PAGE, 17 * PAGE - 1};
	struct iommu_iova_range one_byte = {PAGE, PAGE};
	struct iommu_iova_range backwards = {2 * PAGE, PAGE};
	struct iommu_iova_range overlap[] = {
		{PAGE, 3 * PAGE},
		{2 * PAGE, 4 * PAGE},
	};
	__u64 iova;

	ASSERT_EQ(0, ioas_allow_iovas(self->fd, self->id, &good, 1));
	EXPECT_EQ(-EINVAL, ioas_allow_iovas(self->fd, self->id, &one_byte, 1));
	EXPECT_EQ(-EINVAL, ioas_allow_iovas(self->fd, self->id, &backwards, 1));
	EXPECT_EQ(-EINVAL, ioas_allow_iovas(self->fd, self->id, overlap, 2));
	EXPECT_EQ(-EFAULT, ioas_allow_iovas(self->fd, self->id, NULL, 1));
	ASSERT_EQ(0, ioas_map_auto(self->fd, self->id, self->mem, PAGE, &iova, MAP_RW));
	EXPECT_EQ(16 * PAGE, iova);
	EXPECT_EQ(-ENOSPC, ioas_map_auto(self->fd, self->id, self->mem, PAGE, &iova, MAP_RW));
}

TEST_F(ioas, allowed_range_up_to_the_top)
{
	struct iommu_iova_range all = {0, UINT64_MAX};
	__u64 iova;

	ASSERT_EQ(0, ioas_allow_iovas(self->fd, self->id, &all, 1));
	ASSERT_EQ(0, ioas_map_auto(self->fd, self->id, self->mem, PAGE, &iova, MAP_RW));
	EXPECT_NE(0, iova);
}

TEST_F(ioas, copy)
{
	__u64 iova;
	__u32 dst;

	ASSERT_EQ(0, ioas_alloc(self->fd, &dst));
	ASSERT_EQ(0, MAP(PAGE, 4 * PAGE));
	EXPECT_EQ(0, ioas_copy_fixed(self->fd, dst, 0, self->id, PAGE, 4 * PAGE, MAP_RW));
	EXPECT_EQ(-EEXIST, ioas_copy_fixed(self->fd, dst, 0, self->id, PAGE, 4 * PAGE, MAP_RW));
	/* a part of the source, and within one IOAS */
	EXPECT_EQ(0, ioas_copy_auto(self->fd, dst, &iova, self->id, 2 * PAGE, PAGE, MAP_READ));
	EXPECT_EQ(0, ioas_copy_fixed(self->fd, self->id, 16 * PAGE, self->id, PAGE, PAGE, MAP_RW));
	/* the copy lives on its own */
	EXPECT_EQ(0, UNMAP(PAGE, 4 * PAGE));
	EXPECT_EQ(0, ioas_copy_auto(self->fd, self->id, &iova, dst, 0, 4 * PAGE, MAP_RW));
	EXPECT_EQ(0, object_destroy(self->fd, dst));
}

TEST_F(ioas, copy_of_several_mappings)
{
	__u64 bytes, iova;
	__u32 dst;

	ASSERT_EQ(0, ioas_alloc(self->fd, &dst));
	for (int i = 1; i < 4; i++)
		ASSERT_EQ(0, MAP(i * PAGE, PAGE));
	ASSERT_EQ(0, ioas_copy_auto(self->fd, dst, &iova, self->id, PAGE, 3 * PAGE, MAP_RW));
	/* they stay three mappings */
	EXPECT_EQ(0, ioas_unmap(self->fd, dst, iova + PAGE, PAGE, &bytes));
	EXPECT_EQ(PAGE, bytes);
	EXPECT_EQ(0, ioas_unmap(self->fd, dst, iova, 3 * PAGE, &bytes));
	EXPECT_EQ(2 * PAGE, bytes);
}

TEST_F(ioas, copy_of_nothing)
{
	__u64 iova;
	__u32 dst;

	ASSERT_EQ(0, ioas_alloc(self->fd, &dst));
	ASSERT_EQ(0, MAP(PAGE, PAGE));
	ASSERT_EQ(0, MAP(3 * PAGE, PAGE));
	EXPECT_EQ(-ENOENT, ioas_copy_auto(self->fd, dst, &iova, self->id, 0, PAGE, MAP_RW));
	EXPECT_EQ(-ENOENT, ioas_copy_auto(self->fd, dst, &iova, self->id, PAGE, 2 * PAGE, MAP_RW));
	/* a hole in the middle */
	EXPECT_EQ(-ENOENT, ioas_copy_auto(self->fd, dst, &iova, self->id, PAGE, 3 * PAGE, MAP_RW));
	EXPECT_EQ(-EINVAL, ioas_copy_auto(self->fd, dst, &iova, self->id, PAGE, 0, MAP_RW));
	EXPECT_EQ(-EINVAL, ioas_copy_auto(self->fd, dst, &iova, self->id, PAGE, PAGE, 0));
	EXPECT_EQ(-ENOENT, ioas_copy_auto(self->fd, NO_ID, &iova, self->id, PAGE, PAGE, MAP_RW));
	EXPECT_EQ(-ENOENT, ioas_copy_auto(self->fd, dst, &iova, NO_ID, PAGE, PAGE, MAP_RW));
	EXPECT_EQ(0, ioas_unmap_all(self->fd, dst, &iova));
	EXPECT_EQ(0, iova); /* none of them left a mapping */
}

TEST_F(ioas, copy_does_not_widen_access)
{
	__u64 iova;

	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->id, self->mem, PAGE, PAGE, MAP_READ));
	EXPECT_EQ(-EPERM, ioas_copy_auto(self->fd, self->id, &iova, self->id, PAGE, PAGE, MAP_RW));
	EXPECT_EQ(0, ioas_copy_auto(self->fd, self->id, &iova, self->id, PAGE, PAGE, MAP_READ));
}

TEST_F(ioas, copy_overflows)
{
	__u64 iova;

	ASSERT_EQ(0, MAP(PAGE, PAGE));
	EXPECT_EQ(-EOVERFLOW, ioas_copy_auto(self->fd, self->id, &iova, self->id, UINT64_MAX, 1, MAP_RW));
	EXPECT_EQ(-EOVERFLOW, ioas_copy_auto(self->fd, self->id, &iova, self->id, PAGE, UINT64_MAX, MAP_RW));
	EXPECT_EQ(-EOVERFLOW, ioas_copy_auto(self->fd, self->id, &iova, self->id, PAGE, UINT64_MAX - 10, MAP_RW));
	EXPECT_EQ(-EOVERFLOW, ioas_copy_fixed(self->fd, self->id, UINT64_MAX, self->id, PAGE, 1, MAP_RW));
	EXPECT_EQ(-EOVERFLOW, ioas_copy_fixed(self->fd, self->id, LAST_IOVA, self->id, PAGE, PAGE, MAP_RW));
}

TEST_F(ioas, unmapped_memory_matters_only_to_a_device)
{
	void *nothing = (void *)(1UL << 30);

	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->id, nothing, PAGE, PAGE, MAP_RW));
}

TEST_F(ioas, huge_pages_option)
{
	__u64 value = 9, align;
	__u32 num = 0;

	ASSERT_EQ(0, option_get(self->fd, IOMMU_OPTION_HUGE_PAGES, self->id, &value));
	EXPECT_EQ(1, value);
	ASSERT_EQ(0, option_set(self->fd, IOMMU_OPTION_HUGE_PAGES, self->id, 0));
	ASSERT_EQ(0, option_get(self->fd, IOMMU_OPTION_HUGE_PAGES, self->id, &value));
	EXPECT_EQ(0, value);
	/* page by page also means page alignment */
	ioas_iova_ranges(self->fd, self->id, NULL, &num, &align);
	EXPECT_EQ(PAGE, align);
	EXPECT_EQ(-EINVAL, MAP(11, PAGE));
	EXPECT_EQ(-EINVAL, MAP(PAGE, 11));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->id, self->mem + 8, PAGE, PAGE, MAP_RW));
	EXPECT_EQ(0, MAP(PAGE, PAGE));
	EXPECT_EQ(-EINVAL, option_set(self->fd, IOMMU_OPTION_HUGE_PAGES, self->id, 2));
	EXPECT_EQ(0, option_set(self->fd, IOMMU_OPTION_HUGE_PAGES, self->id, 1));
	num = 0;
	ioas_iova_ranges(self->fd, self->id, NULL, &num, &align);
	EXPECT_EQ(1, align);
}

TEST_F(ioas, huge_pages_off_with_an_odd_mapping)
{
	__u64 value = 9;

	ASSERT_EQ(0, MAP(11, PAGE));
	EXPECT_EQ(-EADDRINUSE, option_set(self->fd, IOMMU_OPTION_HUGE_PAGES, self->id, 0));
	EXPECT_EQ(0, option_get(self->fd, IOMMU_OPTION_HUGE_PAGES, self->id, &value));
	EXPECT_EQ(1, value);
}

TEST_F(ioas, rlimit_mode_needs_an_empty_descriptor)
{
	__u64 value = 9;

	ASSERT_EQ(0, option_get(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, &value));
	EXPECT_EQ(0, value);
	EXPECT_EQ(-EBUSY, option_set(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, 1));
	ASSERT_EQ(0, object_destroy(self->fd, self->id));
	EXPECT_EQ(0, option_set(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, 1));
	ASSERT_EQ(0, option_get(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, &value));
	EXPECT_EQ(1, value);
	EXPECT_EQ(-EINVAL, option_set(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, 2));
	EXPECT_EQ(0, option_set(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, 0));
}

TEST_F(ioas, rlimit_mode_needs_the_capability)
{
	__u64 value = 9;

	ASSERT_EQ(0, object_destroy(self->fd, self->id));
	ASSERT_EQ(0, setresuid(4711, 4711, 4711));
	EXPECT_EQ(-EPERM, option_set(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, 1));
	EXPECT_EQ(-EPERM, option_set(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, 7));
	EXPECT_EQ(0, option_get(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, &value));
	EXPECT_EQ(0, value);
}

TEST_F(ioas, vfio_ioas)
{
	__u32 id = 0;

	EXPECT_EQ(-ENODEV, vfio_ioas_get(self->fd, &id));
	EXPECT_EQ(-ENOENT, vfio_ioas_set(self->fd, NO_ID));
	EXPECT_EQ(0, vfio_ioas_clear(self->fd));
	ASSERT_EQ(0, vfio_ioas_set(self->fd, self->id));
	ASSERT_EQ(0, vfio_ioas_get(self->fd, &id));
	EXPECT_EQ(self->id, id);
	ASSERT_EQ(0, vfio_ioas_clear(self->fd));
	EXPECT_EQ(-ENODEV, vfio_ioas_get(self->fd, &id));
	/* clearing does not destroy; destroying clears */
	ASSERT_EQ(0, vfio_ioas_set(self->fd, self->id));
	ASSERT_EQ(0, object_destroy(self->fd, self->id));
	EXPECT_EQ(-ENODEV, vfio_ioas_get(self->fd, &id));
}

TEST(only_root_may_open)
{
	ASSERT_EQ(0, setgroups(0, NULL));
	ASSERT_EQ(0, setresgid(4711, 4711, 4711));
	ASSERT_EQ(0, setresuid(4711, 4711, 4711));
	EXPECT_EQ(-EACCES, iommufd_open());
}

TEST_HARNESS_MAIN
