// SPDX-License-Identifier: GPL-2.0-only
/*
 * HW queues: which ones the driver takes, and that their memory stays where it is, mapped and pinned, for as long as they
 * exist, whoever wants to unmap it.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/system.h"
#include "lib/viommu.h"

#define TYPE IOMMU_HW_QUEUE_TYPE_SELFTEST
#define BASE 0x2000000UL
#define HUGE (2UL << 20)

FIXTURE(queue)
{
	int fd;
	__u32 ioas, parent, viommu;
	struct mock_dev dev;
	char *mem; /* 4 pages */
	__u32 id[2];
};

FIXTURE_SETUP(queue)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	self->mem = pages_alloc(4 * PAGE);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &self->dev));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &self->parent));
	ASSERT_EQ(0, viommu_alloc(self->fd, self->dev.idev, self->parent, IOMMU_VIOMMU_TYPE_SELFTEST, NULL, 0,
				  &self->viommu));
}

FIXTURE_TEARDOWN(queue)
{
	close(self->fd);
	pages_free(self->mem, 4 * PAGE);
}

static int make(FIXTURE_DATA(queue) *self, __u32 index, __u64 base, __u64 length)
{
	__u32 id;
	int rc = hw_queue_alloc(self->fd, self->viommu, TYPE, index, base, length, &id);

	if (!rc)
		self->id[index] = id;
	return rc;
}

static int map(FIXTURE_DATA(queue) *self, const void *va, __u64 length, __u64 iova)
{
	return ioas_map_fixed(self->fd, self->ioas, va, length, iova, MAP_RW);
}

TEST_F(queue, wrong_calls)
{
	struct iommu_hw_queue_alloc good = {
		.size = sizeof(good),
		.viommu_id = self->viommu,
		.type = TYPE,
		.nesting_parent_iova = BASE,
		.length = PAGE,
	};
	struct iommu_hw_queue_alloc cmd;
	__u32 core, id;

#define REFUSED(error, field, value)                                                     \
	do {                                                                             \
		cmd = good;                                                              \
		cmd.field = value;                                                       \
		EXPECT_EQ(-(error), iommufd_call(self->fd, IOMMU_HW_QUEUE_ALLOC, &cmd)); \
	} while (0)
	ASSERT_EQ(0, map(self, self->mem, PAGE, BASE));
	REFUSED(EOPNOTSUPP, flags, 1);
	REFUSED(EOPNOTSUPP, type, IOMMU_HW_QUEUE_TYPE_DEFAULT);
	REFUSED(EOPNOTSUPP, type, IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV);
	REFUSED(EINVAL, length, 0);
	REFUSED(EINVAL, size, 32);
	REFUSED(EOVERFLOW, nesting_parent_iova, ~0ULL);
	REFUSED(EOVERFLOW, length, ~0ULL);
	REFUSED(ENOENT, viommu_id, 0);
	REFUSED(ENOENT, viommu_id, self->dev.idev);
	REFUSED(ENOENT, viommu_id, self->parent);
	/* Mapped in part, or not at all; as long as can be asked for */
	REFUSED(ENOENT, nesting_parent_iova, BASE - 1);
	REFUSED(ENOENT, nesting_parent_iova, BASE + PAGE);
	REFUSED(ENOENT, length, PAGE + 1);
	REFUSED(ENOENT, length, ~0ULL - BASE + 1);
	/* What the driver says */
	REFUSED(EINVAL, index, IOMMU_TEST_HW_QUEUE_MAX);
	REFUSED(EINVAL, index, ~0u);
	REFUSED(EIO, index, 1);
	/* A vIOMMU without queues */
	ASSERT_EQ(0, viommu_alloc(self->fd, self->dev.idev, self->parent, IOMMU_VIOMMU_TYPE_CORE, NULL, 0, &core));
	EXPECT_EQ(-EOPNOTSUPP, hw_queue_alloc(self->fd, core, TYPE, 0, BASE, PAGE, &id));

	/* Nothing of all that holds the memory. */
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, BASE, PAGE, NULL));
}

TEST_F(queue, memory_that_hardware_may_not_write)
{
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, BASE, MAP_READ));
	EXPECT_EQ(-EPERM, make(self, 0, BASE, PAGE));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, BASE, PAGE, NULL));
}

TEST_F(queue, stays_mapped)
{
	__u64 bytes;

	ASSERT_EQ(0, map(self, self->mem, 4 * PAGE, BASE));
	ASSERT_EQ(0, map(self, self->mem, PAGE, BASE - PAGE));
	ASSERT_EQ(0, make(self, 0, BASE + PAGE, PAGE));
	EXPECT_EQ(-EBUSY, ioas_unmap(self->fd, self->ioas, BASE, 4 * PAGE, NULL));
	EXPECT_EQ(-EBUSY, ioas_unmap_all(self->fd, self->ioas, NULL));
	/* What comes before went with the attempt. */
	EXPECT_EQ(-ENOENT, ioas_unmap(self->fd, self->ioas, BASE - PAGE, PAGE, NULL));
	EXPECT_EQ(0, mock_check_map(self->fd, self->parent, BASE, 4 * PAGE, self->mem));
	/* The IOAS, the parent and the vIOMMU stay, too. */
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->ioas));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->parent));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->viommu));
	ASSERT_EQ(0, object_destroy(self->fd, self->id[0]));
	EXPECT_EQ(0, ioas_unmap_all(self->fd, self->ioas, &bytes));
	EXPECT_EQ(4 * PAGE, bytes);
	EXPECT_EQ(0, mock_check_refs(self->fd, self->mem, 4 * PAGE, 0));
}

TEST_F(queue, by_the_container_too)
{
	struct vfio_iommu_type1_dma_unmap unmap = {.argsz = sizeof(unmap), .iova = BASE, .size = 4 * PAGE};
	struct vfio_iommu_type1_dma_unmap all = {.argsz = sizeof(all), .flags = VFIO_DMA_UNMAP_FLAG_ALL};

	ASSERT_EQ(0, map(self, self->mem, 4 * PAGE, BASE));
	ASSERT_EQ(0, make(self, 0, BASE, PAGE));
	ASSERT_EQ(0, vfio_ioas_set(self->fd, self->ioas));
	EXPECT_EQ(-EBUSY, iommufd_call(self->fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	EXPECT_EQ(-EBUSY, iommufd_call(self->fd, VFIO_IOMMU_UNMAP_DMA, &all));
	ASSERT_EQ(0, object_destroy(self->fd, self->id[0]));
	unmap = (struct vfio_iommu_type1_dma_unmap){.argsz = sizeof(unmap), .iova = BASE, .size = 4 * PAGE};
	EXPECT_EQ(0, iommufd_call(self->fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	EXPECT_EQ(4 * PAGE, unmap.size);
}

TEST_F(queue, copies_are_free_to_go)
{
	__u32 other;

	ASSERT_EQ(0, ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, map(self, self->mem, PAGE, BASE));
	ASSERT_EQ(0, ioas_copy_fixed(self->fd, other, BASE, self->ioas, BASE, PAGE, MAP_RW));
	ASSERT_EQ(0, ioas_copy_fixed(self->fd, self->ioas, BASE + PAGE, self->ioas, BASE, PAGE, MAP_RW));
	ASSERT_EQ(0, make(self, 0, BASE, PAGE));
	EXPECT_EQ(0, ioas_unmap_all(self->fd, other, NULL));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, BASE + PAGE, PAGE, NULL));
	EXPECT_EQ(-EBUSY, ioas_unmap(self->fd, self->ioas, BASE, PAGE, NULL));
	EXPECT_EQ(0, mock_check_refs(self->fd, self->mem, PAGE, 1));
}

/* The process may do with its memory what it likes: the pages are the queue's. */
TEST_F(queue, the_process_unmaps_its_memory)
{
	char *mine = pages_alloc(PAGE);
	const long before = pinned_pages();
	__u64 at;

	mine[0] = 1;
	at = physical_address(mine);
	ASSERT_EQ(0, map(self, mine, PAGE, BASE));
	ASSERT_EQ(0, make(self, 0, BASE, PAGE));
	ASSERT_EQ(0, madvise(mine, PAGE, MADV_DONTNEED));
	mine[0] = 2;
	EXPECT_NE(at, physical_address(mine));
	pages_free(mine, PAGE);
	if (before >= 0)
		EXPECT_LT(before, pinned_pages());
	/* The driver compares with what its parent domain says. */
	ASSERT_EQ(0, object_destroy(self->fd, self->id[0]));
	EXPECT_EQ(0, make(self, 0, BASE, PAGE));
}

TEST_F(queue, bytes_and_not_pages)
{
	ASSERT_EQ(0, map(self, self->mem, PAGE, BASE));
	ASSERT_EQ(0, make(self, 0, BASE + 0x123, 1));
	ASSERT_EQ(0, make(self, 1, BASE + PAGE - 1, 1));
	EXPECT_EQ(-EBUSY, ioas_unmap_all(self->fd, self->ioas, NULL));
}

TEST_F(queue, must_be_one_piece)
{
	const long before = pinned_pages();
	char *many = pages_alloc(64 * PAGE);
	int at = 0;

	for (int i = 0; i < 64; i++)
		many[i * PAGE] = 1;
	/* Neighbours in reverse order are never in one piece. */
	while (at < 62 && physical_address(many + (at + 1) * PAGE) == physical_address(many + at * PAGE) + PAGE)
		at++;
	ASSERT_EQ(0, map(self, many + (at + 1) * PAGE, PAGE, BASE));
	ASSERT_EQ(0, map(self, many + at * PAGE, PAGE, BASE + PAGE));
	if (physical_address(many + at * PAGE) != physical_address(many + (at + 1) * PAGE) + PAGE)
		EXPECT_EQ(-EFAULT, make(self, 0, BASE, 2 * PAGE));
	EXPECT_EQ(-EFAULT, make(self, 0, BASE + PAGE - 1, PAGE));
	EXPECT_EQ(0, make(self, 0, BASE + PAGE, PAGE));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, BASE, PAGE, NULL));
	EXPECT_EQ(-EBUSY, ioas_unmap(self->fd, self->ioas, BASE + PAGE, PAGE, NULL));
	ASSERT_EQ(0, object_destroy(self->fd, self->id[0]));
	EXPECT_EQ(0, ioas_unmap_all(self->fd, self->ioas, NULL));
	if (before >= 0)
		EXPECT_EQ(before, wait_pinned_pages(before));
	pages_free(many, 64 * PAGE);
}

/* A hugepage is, also in two areas of which only one goes with the queue's. */
TEST_F(queue, long_ones)
{
	char *huge = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	ASSERT_NE(MAP_FAILED, huge);
	ASSERT_EQ(0, map(self, huge, HUGE / 2, BASE));
	ASSERT_EQ(0, map(self, huge + HUGE / 2, HUGE / 4, BASE + HUGE / 2));
	ASSERT_EQ(0, map(self, huge + HUGE / 4 * 3, HUGE / 4, BASE + HUGE / 4 * 3));
	ASSERT_EQ(0, make(self, 0, BASE + 7, HUGE / 4 * 3 - 7));
	EXPECT_EQ(-EBUSY, ioas_unmap(self->fd, self->ioas, BASE, HUGE / 2, NULL));
	EXPECT_EQ(-EBUSY, ioas_unmap(self->fd, self->ioas, BASE + HUGE / 2, HUGE / 4, NULL));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, BASE + HUGE / 4 * 3, HUGE / 4, NULL));
	EXPECT_EQ(-ENOENT, make(self, 1, BASE, HUGE));
	ASSERT_EQ(0, object_destroy(self->fd, self->id[0]));
	EXPECT_EQ(0, ioas_unmap_all(self->fd, self->ioas, NULL));
	munmap(huge, HUGE);
}

TEST_F(queue, one_needs_the_other)
{
	ASSERT_EQ(0, map(self, self->mem, PAGE, BASE));
	ASSERT_EQ(0, make(self, 0, BASE, PAGE));
	EXPECT_EQ(-EEXIST, make(self, 0, BASE, PAGE));
	/* The second may share the memory. */
	ASSERT_EQ(0, make(self, 1, BASE, PAGE));
	EXPECT_EQ(-EEXIST, make(self, 1, BASE, PAGE));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->id[0]));
	ASSERT_EQ(0, object_destroy(self->fd, self->id[1]));
	EXPECT_EQ(-EBUSY, ioas_unmap_all(self->fd, self->ioas, NULL));
	ASSERT_EQ(0, object_destroy(self->fd, self->id[0]));
	EXPECT_EQ(0, ioas_unmap_all(self->fd, self->ioas, NULL));
}

/* The fd is closed with both: the teardown does. Their ids are in the wrong order here. */
TEST_F(queue, left_to_the_fd)
{
	ASSERT_EQ(0, map(self, self->mem, 2 * PAGE, BASE));
	ASSERT_EQ(0, make(self, 0, BASE, PAGE));
	ASSERT_EQ(0, make(self, 1, BASE + PAGE, PAGE));
}

TEST_F(queue, moves_of_the_device_change_nothing)
{
	__u32 other;

	ASSERT_EQ(0, ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, map(self, self->mem, PAGE, BASE));
	ASSERT_EQ(0, make(self, 0, BASE, PAGE));
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, other));
	EXPECT_EQ(-EBUSY, ioas_unmap_all(self->fd, self->ioas, NULL));
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, self->parent));
	EXPECT_EQ(-EBUSY, ioas_unmap_all(self->fd, self->ioas, NULL));
	EXPECT_EQ(0, mock_check_map(self->fd, self->parent, BASE, PAGE, self->mem));
}

/* The answer cannot be written: no queue, no lock on the memory, and its index is free. */
TEST_F(queue, fails_late)
{
	struct iommu_hw_queue_alloc *cmd = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, cmd);
	ASSERT_EQ(0, map(self, self->mem, PAGE, BASE));
	*cmd = (struct iommu_hw_queue_alloc){
		.size = sizeof(*cmd), .viommu_id = self->viommu, .type = TYPE, .nesting_parent_iova = BASE, .length = PAGE};
	ASSERT_EQ(0, mprotect(cmd, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, iommufd_call(self->fd, IOMMU_HW_QUEUE_ALLOC, cmd));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, BASE, PAGE, NULL));
	ASSERT_EQ(0, map(self, self->mem, PAGE, BASE));
	EXPECT_EQ(0, make(self, 0, BASE, PAGE));
	munmap(cmd, PAGE);
}

int main(int argc, char **argv)
{
	mock_load();
	return test_harness_run(argc, argv);
}
