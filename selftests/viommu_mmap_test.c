// SPDX-License-Identifier: GPL-2.0-only
/*
 * mmap() on /dev/iommu: the region that a driver shows for a vIOMMU, exactly it and nothing else; and how mappings, whole
 * or in part, keep the vIOMMU.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/system.h"
#include "lib/viommu.h"

#define MARK	 0xdadbeefu
#define RW	 (PROT_READ | PROT_WRITE)

FIXTURE(region)
{
	int fd;
	__u32 ioas, parent, viommu;
	struct mock_dev dev;
	struct iommu_viommu_selftest data;
	size_t length;
	off_t offset;
};

static int make(FIXTURE_DATA(region) *self, struct iommu_viommu_selftest *data, __u32 *viommu)
{
	*data = (struct iommu_viommu_selftest){.in_data = MARK};
	return viommu_alloc(self->fd, self->dev.idev, self->parent, IOMMU_VIOMMU_TYPE_SELFTEST, data, sizeof(*data),
			    viommu);
}

FIXTURE_SETUP(region)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &self->dev));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &self->parent));
	ASSERT_EQ(0, make(self, &self->data, &self->viommu));
	self->length = self->data.out_mmap_length;
	self->offset = (off_t)self->data.out_mmap_offset;
	ASSERT_EQ(2 * PAGE, self->length);
}

FIXTURE_TEARDOWN(region)
{
	close(self->fd);
}

/* 0, or a negative errno; *p: where, if that is wanted */
static int try(int fd, size_t length, int prot, int flags, off_t offset, __u32 **p)
{
	void *at = mmap(NULL, length, prot, flags, fd, offset);

	if (at == MAP_FAILED)
		return -errno;
	if (p)
		*p = at;
	else
		munmap(at, length);
	return 0;
}

static int map(FIXTURE_DATA(region) *self, __u32 **p)
{
	return try(self->fd, self->length, RW, MAP_SHARED, self->offset, p);
}

TEST_F(region, is_memory)
{
	__u32 *p = NULL, *q = NULL;

	EXPECT_NE(0, self->offset);
	EXPECT_EQ(0, self->offset % PAGE);
	ASSERT_EQ(0, map(self, &p));
	EXPECT_EQ(MARK, p[0]);
	EXPECT_EQ(0, p[self->length / 4 - 1]);
	p[1] = 5;
	ASSERT_EQ(0, try(self->fd, self->length, PROT_READ, MAP_SHARED, self->offset, &q));
	EXPECT_EQ(5, q[1]);
}

TEST_F_SIGNAL(region, read_only_is_read_only, SIGSEGV)
{
	__u32 *p = NULL;

	ASSERT_EQ(0, try(self->fd, self->length, PROT_READ, MAP_SHARED, self->offset, &p));
	ASSERT_EQ(MARK, p[0]);
	p[0] = 1;
}

TEST_F(region, nothing_else)
{
	const off_t at = self->offset;
	const size_t length = self->length;
	int other = iommufd_open();
	__u32 id;
	struct iommu_viommu_selftest data;

	EXPECT_EQ(-ENXIO, try(self->fd, length, RW, MAP_SHARED, 0, NULL));
	EXPECT_EQ(-ENXIO, try(self->fd, length, RW, MAP_SHARED, at - (off_t)PAGE, NULL));
	EXPECT_EQ(-ENXIO, try(self->fd, length, RW, MAP_SHARED, at + (off_t)PAGE, NULL));
	EXPECT_EQ(-ENXIO, try(self->fd, length, RW, MAP_SHARED, at + (off_t)length, NULL));
	EXPECT_EQ(-ENXIO, try(self->fd, PAGE, RW, MAP_SHARED, at, NULL));
	EXPECT_EQ(-ENXIO, try(self->fd, PAGE, RW, MAP_SHARED, at + (off_t)PAGE, NULL));
	EXPECT_EQ(-ENXIO, try(self->fd, length + PAGE, RW, MAP_SHARED, at, NULL));
	EXPECT_EQ(-ENXIO, try(self->fd, PAGE, RW, MAP_SHARED, (off_t)(~0UL << 13 >> 1), NULL));
	EXPECT_EQ(-EINVAL, try(self->fd, length, RW, MAP_SHARED, at + 1, NULL));
	EXPECT_EQ(-EINVAL, try(self->fd, length, RW, MAP_PRIVATE, at, NULL));
	EXPECT_EQ(-EINVAL, try(self->fd, length, PROT_READ, MAP_PRIVATE, 0, NULL));
	EXPECT_EQ(-EPERM, try(self->fd, length, RW | PROT_EXEC, MAP_SHARED, at, NULL));
	EXPECT_EQ(-EPERM, try(self->fd, length, PROT_EXEC, MAP_SHARED, at, NULL));
	/* In another descriptor's place the number means nothing. */
	EXPECT_EQ(-ENXIO, try(other, length, RW, MAP_SHARED, at, NULL));
	close(other);
	EXPECT_EQ(0, try(self->fd, length, RW, MAP_SHARED, at, NULL));

	/* Two regions are two. */
	ASSERT_EQ(0, make(self, &data, &id));
	EXPECT_NE(at, (off_t)data.out_mmap_offset);
	EXPECT_EQ(-ENXIO, try(self->fd, length + data.out_mmap_length, RW, MAP_SHARED, at, NULL));
	EXPECT_EQ(0, try(self->fd, data.out_mmap_length, RW, MAP_SHARED, (off_t)data.out_mmap_offset, NULL));
}

TEST_F(region, never_to_be_executed)
{
	__u32 *p = NULL;

	ASSERT_EQ(0, map(self, &p));
	EXPECT_EQ(-1, mprotect(p, self->length, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(0, mprotect(p, PAGE, PROT_READ));
	EXPECT_EQ(MARK, p[0]);
	ASSERT_EQ(0, mprotect(p, PAGE, RW));
	p[0] = 3;
	EXPECT_EQ(3, p[0]);
}

/* Neither DMA nor a kernel driver gets at it. */
TEST_F(region, is_no_memory_to_pin)
{
	__u32 *p = NULL;

	ASSERT_EQ(0, map(self, &p));
	p[0] = 1;
	EXPECT_EQ(-EFAULT, ioas_map_fixed(self->fd, self->ioas, p, PAGE, 0x2000000, MAP_RW));
}

TEST_F(region, keeps_its_vIOMMU)
{
	__u32 *p = NULL, *q = NULL;

	ASSERT_EQ(0, map(self, &p));
	ASSERT_EQ(0, map(self, &q));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->viommu));
	munmap(q, self->length);
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->viommu));
	/* In part, from either end */
	munmap(p, PAGE);
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->viommu));
	p[PAGE / 4] = 4;
	munmap((char *)p + PAGE, PAGE);
	EXPECT_EQ(0, object_destroy(self->fd, self->viommu));
	EXPECT_EQ(-ENXIO, map(self, NULL));
}

TEST_F(region, in_two_parts)
{
	__u32 *p = NULL;

	ASSERT_EQ(0, map(self, &p));
	/* The protection cuts it in two, and makes it one again. */
	ASSERT_EQ(0, mprotect((char *)p + PAGE, PAGE, PROT_READ));
	EXPECT_EQ(MARK, p[0]);
	EXPECT_EQ(0, p[PAGE / 4]);
	ASSERT_EQ(0, mprotect((char *)p + PAGE, PAGE, RW));
	p[PAGE / 4] = 1;
	munmap(p, self->length);
	EXPECT_EQ(0, object_destroy(self->fd, self->viommu));
}

TEST_F(region, moved)
{
	__u32 *p = NULL, *q = NULL;

	ASSERT_EQ(0, map(self, &p));
	EXPECT_EQ(MAP_FAILED, mremap(p, self->length, 2 * self->length, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(p, 0, self->length, MREMAP_MAYMOVE));
	q = mmap(NULL, self->length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, q);
	ASSERT_EQ(q, mremap(p, self->length, self->length, MREMAP_MAYMOVE | MREMAP_FIXED, q));
	EXPECT_EQ(MARK, q[0]);
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->viommu));
	munmap(q, self->length);
	EXPECT_EQ(0, object_destroy(self->fd, self->viommu));
}

TEST_F(region, a_child_has_it_too)
{
	int status, ready[2];
	__u32 *p = NULL;
	pid_t child;
	char c;

	ASSERT_EQ(0, map(self, &p));
	ASSERT_EQ(0, pipe(ready));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		close(ready[1]);
		/* Until the parent is done */
		while (read(ready[0], &c, 1) > 0)
			;
		p[2] = p[0] == MARK ? 9 : 8;
		_exit(0);
	}
	close(ready[0]);
	munmap(p, self->length);
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->viommu));
	ASSERT_EQ(0, map(self, &p));
	close(ready[1]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(9, p[2]);
	munmap(p, self->length);
	EXPECT_EQ(0, object_destroy(self->fd, self->viommu));
}

TEST_F(region, outlives_the_descriptor)
{
	__u32 *p = NULL;

	ASSERT_EQ(0, map(self, &p));
	close(self->fd);
	EXPECT_EQ(MARK, p[0]);
	p[self->length / 4 - 1] = 1;
	munmap(p, self->length);
	self->fd = iommufd_open();
}

TEST_F(region, is_gone_with_its_vIOMMU)
{
	struct iommu_viommu_selftest data;
	__u32 id;

	ASSERT_EQ(0, map(self, NULL));
	ASSERT_EQ(0, object_destroy(self->fd, self->viommu));
	EXPECT_EQ(-ENXIO, map(self, NULL));
	/* Its number is not another one's. */
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, make(self, &data, &id));
		EXPECT_NE(self->offset, (off_t)data.out_mmap_offset);
		ASSERT_EQ(0, object_destroy(self->fd, id));
	}
	EXPECT_EQ(-ENXIO, map(self, NULL));
}

/* The driver has made a region, and then the vIOMMU cannot be. */
TEST_F(region, of_a_vIOMMU_that_was_not_made)
{
	struct iommu_viommu_selftest *data = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const off_t next = self->offset + (off_t)self->length;
	__u32 id;

	ASSERT_NE(MAP_FAILED, data);
	data->in_data = MARK;
	ASSERT_EQ(0, mprotect(data, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, viommu_alloc(self->fd, self->dev.idev, self->parent, IOMMU_VIOMMU_TYPE_SELFTEST, data,
					sizeof(*data), &id));
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(-ENXIO, try(self->fd, self->length, RW, MAP_SHARED, next + i * (off_t)self->length, NULL));
	munmap(data, PAGE);
}

/* Who may only read the device, maps nothing. */
TEST_F(region, of_a_descriptor_to_read)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, try(fd, self->length, RW, MAP_SHARED, self->offset, NULL));
	EXPECT_EQ(-EINVAL, try(fd, self->length, PROT_READ, MAP_SHARED, self->offset, NULL));
	close(fd);
}

int main(int argc, char **argv)
{
	mock_load();
	return test_harness_run(argc, argv);
}
