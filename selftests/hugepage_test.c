// SPDX-License-Identifier: GPL-2.0-only
/*
 * Large pages in memory and in the I/O page table. How many tables the IOMMU
 * driver takes (nr_iommu_pages in /proc/vmstat) tells which page size it used:
 * each 2 MiB that are mapped page by page take one table more.
 *
 * Needs an edu device and 8 huge pages of 2 MiB (./vm run --hugepages 8).
 */
#include "lib/harness.h"

#include <errno.h>
#include <sys/mman.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/probe.h"
#include "lib/system.h"

#define HUGE  (2UL << 20)
#define COUNT 8
#define LEN   (COUNT * HUGE)
#define IOVA  0x4000000ULL /* a multiple of 2 MiB */

FIXTURE(huge)
{
	int fd;
	struct edu edu;
	struct probe probe;
	__u32 ioas;
	char *mem; /* LEN bytes, in huge pages */
};

FIXTURE_VARIANT(huge) { __u64 option; /* IOMMU_OPTION_HUGE_PAGES */ };

FIXTURE_VARIANT_ADD(huge, on){.option = 1};
FIXTURE_VARIANT_ADD(huge, off){.option = 0};

typedef FIXTURE_DATA(huge) fixture;

FIXTURE_SETUP(huge)
{
	self->mem = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem) { TH_LOG("needs %d huge pages: ./vm run --hugepages %d", COUNT, COUNT); }
	memset(self->mem, 0, LEN);
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, edu_open(&self->edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, option_set(self->fd, IOMMU_OPTION_HUGE_PAGES, self->ioas, variant->option));
	probe_init(&self->probe, &self->edu);
	ASSERT_EQ(0, probe_map(&self->probe, self->fd, self->ioas));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, NULL));
}

FIXTURE_TEARDOWN(huge)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

#define REACHES(iova, p) probe_rw(&self->probe, iova, p)

/* How many of the ends of the range and of its first huge page are reached: 4
 * when the IOVAs lead to the right places. */
static int ends_reached(fixture *self, __u64 iova, size_t len)
{
	const size_t at[] = {0, HUGE - PAGE, HUGE, len - PAGE};
	__u64 iovas[ARRAY_SIZE(at)];
	void *pages[ARRAY_SIZE(at)];

	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		iovas[i] = iova + at[i];
		pages[i] = self->mem + at[i];
	}
	return probe_write_many(&self->probe, iovas, pages, ARRAY_SIZE(at));
}

TEST_F(huge, aligned)
{
	long tables = io_table_pages();

	ASSERT_LE(0, tables);
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, LEN, IOVA, MAP_RW));
	tables = io_table_pages() - tables;
	if (variant->option) {
		EXPECT_GT(COUNT, tables);
	} else {
		EXPECT_LE(COUNT, tables);
	}
	EXPECT_EQ((long)(LEN + PAGE) / 1024, self_status_kb("VmPin"));
	EXPECT_EQ(4, ends_reached(self, IOVA, LEN));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, LEN, NULL));
	EXPECT_EQ(0, ends_reached(self, IOVA, LEN));
	EXPECT_EQ(4, self_status_kb("VmPin"));
}

TEST_F(huge, at_an_iova_that_does_not_fit)
{
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, LEN, IOVA + PAGE, MAP_RW));
	EXPECT_EQ(4, ends_reached(self, IOVA + PAGE, LEN));
}

TEST_F(huge, part_of_a_huge_page)
{
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem + 3 * PAGE, 2 * PAGE, IOVA, MAP_RW));
	EXPECT_EQ(1, REACHES(IOVA, self->mem + 3 * PAGE));
	EXPECT_EQ(1, REACHES(IOVA + PAGE, self->mem + 4 * PAGE));
	EXPECT_EQ(0, REACHES(IOVA + 2 * PAGE, self->mem + 5 * PAGE));
	EXPECT_EQ(3 * 4, self_status_kb("VmPin"));
}

/* The second page table is filled from the first one, not from memory. */
TEST_F(huge, copied_and_in_two_page_tables)
{
	__u32 hwpt, other;

	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, LEN, IOVA, MAP_RW));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->edu.vfio.dev_id, self->ioas, 0, &hwpt));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, hwpt, NULL));
	EXPECT_EQ(4, ends_reached(self, IOVA, LEN));
	ASSERT_EQ(0, ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, probe_map(&self->probe, self->fd, other));
	ASSERT_EQ(0, ioas_copy_fixed(self->fd, other, IOVA + PAGE, self->ioas, IOVA, 2 * HUGE, MAP_RW));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, other, NULL));
	EXPECT_EQ(4, ends_reached(self, IOVA + PAGE, 2 * HUGE));
}

TEST_F(huge, automatic_iova_fits_the_memory)
{
	__u64 iova;

	ASSERT_EQ(0, ioas_map_auto(self->fd, self->ioas, self->mem, LEN, &iova, MAP_RW));
	EXPECT_EQ(0, iova % HUGE);
	EXPECT_EQ(4, ends_reached(self, iova, LEN));
}

TEST_F(huge, transparent)
{
	char *p = mmap(NULL, 4 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *thp = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, madvise(thp, 2 * HUGE, MADV_HUGEPAGE));
	memset(thp, 0, 2 * HUGE);
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, thp, 2 * HUGE, IOVA, MAP_RW));
	EXPECT_EQ(1, REACHES(IOVA, thp));
	EXPECT_EQ(1, REACHES(IOVA + 2 * HUGE - PAGE, thp + 2 * HUGE - PAGE));
	/* freeing half of it splits the huge page, not the mapping */
	pattern_fill(thp, PAGE, 1);
	ASSERT_EQ(0, madvise(thp, HUGE / 2, MADV_DONTNEED));
	EXPECT_EQ(1, probe_sees(&self->probe, IOVA, 1));
	EXPECT_EQ(1, REACHES(IOVA + HUGE, thp + HUGE));
}

TEST_HARNESS_MAIN
