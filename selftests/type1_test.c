// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that was written for VFIO's type1: a container, a group, a device,
 * MAP_DMA and UNMAP_DMA, with what the device reaches after each. In all of the
 * forms that there are:
 *
 *   type1     an unmap may take a part out of a mapping
 *   type1v2   an unmap takes whole mappings
 *   compat    type1 on /dev/iommu, with an IOAS of the user's choice
 *
 * Needs an edu device and huge pages.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>

#include "lib/edu.h"
#include "lib/group.h"
#include "lib/iommufd.h"
#include "lib/probe.h"
#include "lib/process.h"
#include "lib/system.h"

#define IOVA       0x1000000ULL
#define HUGE_IOVA  0x2000000ULL
#define MSI_WINDOW 0xfee00000ULL
#define PAGES      12
#define HUGE       (2UL << 20)
#define READ       VFIO_DMA_MAP_FLAG_READ
#define WRITE      VFIO_DMA_MAP_FLAG_WRITE
#define LIMIT      8 /* pages that an ordinary user may pin */
#define USER       4713

FIXTURE(type1)
{
	int container, group;
	struct edu edu;
	struct probe probe;
	char *mem; /* PAGES pages */
};

FIXTURE_VARIANT(type1)
{
	const char *path;
	unsigned long type;
	bool own_ioas;
};

FIXTURE_VARIANT_ADD(type1, v1){.path = "/dev/vfio/vfio", .type = VFIO_TYPE1_IOMMU};
FIXTURE_VARIANT_ADD(type1, v2){.path = "/dev/vfio/vfio", .type = VFIO_TYPE1v2_IOMMU};
FIXTURE_VARIANT_ADD(type1, compat){.path = "/dev/iommu", .type = VFIO_TYPE1_IOMMU, .own_ioas = true};

typedef FIXTURE_DATA(type1) fixture;

#define MAP(page, n, iova) dma_map(self->container, self->mem + (page)*PAGE, (n)*PAGE, iova, READ | WRITE)
#define UNMAP(iova, size)  dma_unmap(self->container, iova, size, &bytes)
#define AT(page)           (IOVA + (page)*PAGE)
#define SPLITS             (variant->type == VFIO_TYPE1_IOMMU)
/* the device writes this page of the memory where MAP(0, n, IOVA) has it */
#define REACHES(page) probe_write(&self->probe, AT(page), self->mem + (page)*PAGE)

static int map_mirror(fixture *self)
{
	return dma_map(self->container, self->probe.mirror, PAGE, MIRROR_IOVA, READ | WRITE);
}

FIXTURE_SETUP(type1)
{
	char bdf[16];
	__u32 ioas;

	ASSERT_EQ(0, vfio_find(EDU_VENDOR, EDU_DEVICE, 0, bdf)) TH_LOG("no edu device");
	ASSERT_EQ(0, vfio_take(bdf));
	self->container = open(variant->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->container);
	self->group = group_open(bdf);
	ASSERT_LE(0, self->group);
	if (variant->own_ioas) {
		ASSERT_EQ(0, ioas_alloc(self->container, &ioas));
		ASSERT_EQ(0, vfio_ioas_set(self->container, ioas));
	}
	ASSERT_EQ(0, group_set_container(self->group, self->container));
	ASSERT_EQ(0, container_set_iommu(self->container, variant->type));
	self->edu = (struct edu){.vfio.fd = group_get_device(self->group, bdf)};
	ASSERT_LE(0, self->edu.vfio.fd);
	ASSERT_EQ(0, edu_start(&self->edu));
	probe_init(&self->probe, &self->edu);
	ASSERT_EQ(0, map_mirror(self));
	self->mem = pages_alloc(PAGES * PAGE);
}

FIXTURE_TEARDOWN(type1)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->group));
	EXPECT_EQ(0, close(self->container));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, self_status_kb("VmLck"));
}

TEST_F(type1, dma)
{
	__u64 bytes;

	EXPECT_EQ(0, REACHES(0));
	ASSERT_EQ(0, MAP(0, 2, IOVA));
	EXPECT_EQ(1, probe_rw(&self->probe, AT(0), self->mem));
	EXPECT_EQ(1, REACHES(1));
	EXPECT_EQ(0, REACHES(2));
	EXPECT_EQ(0, UNMAP(IOVA, 2 * PAGE));
	EXPECT_EQ(2 * PAGE, bytes);
	EXPECT_EQ(0, REACHES(0));
}

TEST_F(type1, access_rights)
{
	char *r = self->mem, *w = self->mem + PAGE;

	ASSERT_EQ(0, dma_map(self->container, r, PAGE, AT(0), READ));
	ASSERT_EQ(0, dma_map(self->container, w, PAGE, AT(1), WRITE));
	EXPECT_EQ(1, probe_read(&self->probe, AT(0), r));
	EXPECT_EQ(0, probe_write(&self->probe, AT(0), r));
	EXPECT_EQ(1, probe_write(&self->probe, AT(1), w));
}

/* What a wrong call changes in a good one */
struct change {
	const char *what;
	struct vfio_iommu_type1_dma_map to; /* the fields that are not 0 */
	int want;
};

TEST_F(type1, wrong_maps)
{
	static const struct change list[] = {
		{"flag VADDR", {.flags = VFIO_DMA_MAP_FLAG_VADDR}, -EINVAL},
		{"flag 3", {.flags = 1 << 3 | READ}, -EINVAL},
		{"flag 31", {.flags = 1u << 31 | READ}, -EINVAL},
		{"argsz 1", {.argsz = 1}, -EINVAL},
		{"argsz too small", {.argsz = 31}, -EINVAL},
		{"size below a page", {.size = PAGE - 1}, -EINVAL},
		{"size with a part of a page", {.size = PAGE + 1}, -EINVAL},
		{"size of all", {.size = UINT64_MAX}, -EINVAL},
		{"iova within a page", {.iova = IOVA + 1}, -EINVAL},
		{"iova wraps", {.iova = UINT64_MAX - PAGE + 1, .size = 2 * PAGE}, -EOVERFLOW},
		{"iova in use", {.iova = MIRROR_IOVA}, -EEXIST},
		{"iova reserved", {.iova = MSI_WINDOW}, -EINVAL},
		{"iova beyond the IOMMU", {.iova = 1ULL << 60}, -EINVAL},
		{"vaddr in the kernel", {.vaddr = 1ULL << 63}, -EFAULT},
		{"vaddr wraps", {.vaddr = UINT64_MAX - PAGE + 1}, -EOVERFLOW},
	};
	long pinned = self_status_kb("VmPin");

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		const struct vfio_iommu_type1_dma_map *to = &list[i].to;
		struct vfio_iommu_type1_dma_map map = {
			.argsz = to->argsz ? to->argsz : sizeof(map),
			.flags = to->flags ? to->flags : READ | WRITE,
			.vaddr = to->vaddr ? to->vaddr : (uintptr_t)self->mem,
			.iova = to->iova ? to->iova : IOVA,
			.size = to->size ? to->size : PAGE,
		};

		EXPECT_EQ(list[i].want, iommufd_call(self->container, VFIO_IOMMU_MAP_DMA, &map))
		TH_LOG("%s", list[i].what);
		EXPECT_EQ(pinned, self_status_kb("VmPin")) TH_LOG("%s", list[i].what);
	}
	EXPECT_EQ(-EINVAL, MAP(0, 0, IOVA));
	EXPECT_EQ(-EFAULT, dma_map(self->container, NULL, PAGE, IOVA, READ));
	EXPECT_EQ(-EINVAL, dma_map(self->container, self->mem + 1, PAGE, IOVA, READ));
	EXPECT_EQ(-EINVAL, dma_map(self->container, self->mem, PAGE, IOVA, 0));
	EXPECT_EQ(-EFAULT, iommufd_call(self->container, VFIO_IOMMU_MAP_DMA, NULL));
	ASSERT_EQ(0, mprotect(self->mem, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, dma_map(self->container, self->mem, PAGE, IOVA, READ | WRITE));
	EXPECT_EQ(0, dma_map(self->container, self->mem, PAGE, IOVA, READ));
	ASSERT_EQ(0, mprotect(self->mem, PAGE, PROT_READ | PROT_WRITE));
}

static int unmap_with(int container, __u32 argsz, __u32 flags, __u64 iova, __u64 size)
{
	struct vfio_iommu_type1_dma_unmap cmd = {.argsz = argsz, .flags = flags, .iova = iova, .size = size};

	return iommufd_call(container, VFIO_IOMMU_UNMAP_DMA, &cmd);
}

TEST_F(type1, wrong_unmaps)
{
	const __u32 full = sizeof(struct vfio_iommu_type1_dma_unmap);
	int fd = self->container;

	ASSERT_EQ(0, MAP(0, 2, IOVA));
	EXPECT_EQ(-EINVAL, unmap_with(fd, 0, 0, IOVA, 2 * PAGE));
	EXPECT_EQ(-EINVAL, unmap_with(fd, full - 1, 0, IOVA, 2 * PAGE));
	EXPECT_EQ(-EINVAL, unmap_with(fd, full, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, IOVA, 2 * PAGE));
	EXPECT_EQ(-EINVAL, unmap_with(fd, full, VFIO_DMA_UNMAP_FLAG_VADDR, IOVA, 2 * PAGE));
	EXPECT_EQ(-EINVAL, unmap_with(fd, full, 1u << 31, IOVA, 2 * PAGE));
	EXPECT_EQ(-EINVAL, unmap_with(fd, full, VFIO_DMA_UNMAP_FLAG_ALL, IOVA, 0));
	EXPECT_EQ(-EINVAL, unmap_with(fd, full, VFIO_DMA_UNMAP_FLAG_ALL, 0, PAGE));
	EXPECT_EQ(-EINVAL, unmap_with(fd, full, VFIO_DMA_UNMAP_FLAG_ALL, 0, UINT64_MAX));
	EXPECT_EQ(-EINVAL, unmap_with(fd, full, 0, 4 * IOVA, 0));
	EXPECT_EQ(-EOVERFLOW, unmap_with(fd, full, 0, UINT64_MAX, 2));
	EXPECT_EQ(-EOVERFLOW, unmap_with(fd, full, 0, PAGE, UINT64_MAX));
	EXPECT_EQ(-EFAULT, iommufd_call(fd, VFIO_IOMMU_UNMAP_DMA, NULL));
	/* all of it is still there */
	EXPECT_EQ(1, REACHES(0));
	EXPECT_EQ(1, REACHES(1));
	EXPECT_EQ(0, unmap_with(fd, full, 0, IOVA, 2 * PAGE));
	EXPECT_EQ(0, REACHES(0));
}

/* Type1 never minded unmapping nothing. */
TEST_F(type1, unmap_of_nothing)
{
	__u64 bytes = 1;

	EXPECT_EQ(0, UNMAP(IOVA, PAGE));
	EXPECT_EQ(0, bytes);
	EXPECT_EQ(0, UNMAP(0, IOVA));
	EXPECT_EQ(0, bytes);
	ASSERT_EQ(0, MAP(0, 1, AT(4)));
	EXPECT_EQ(0, UNMAP(AT(0), 8 * PAGE));
	EXPECT_EQ(PAGE, bytes);
}

TEST_F(type1, unmap_all)
{
	__u64 bytes = 0;

	ASSERT_EQ(0, MAP(0, 2, IOVA));
	ASSERT_EQ(0, MAP(2, 3, 4 * IOVA));
	EXPECT_EQ(0, dma_unmap_all(self->container, &bytes));
	EXPECT_EQ(6 * PAGE, bytes); /* with the mirror */
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, dma_unmap_all(self->container, &bytes));
	EXPECT_EQ(0, bytes);
	ASSERT_EQ(0, map_mirror(self));
	ASSERT_EQ(0, MAP(0, 2, IOVA));
	EXPECT_EQ(1, REACHES(1));
}

TEST_F(type1, unmap_of_several)
{
	__u64 bytes = 0;

	for (int i = 0; i < PAGES; i += 4)
		ASSERT_EQ(0, MAP(i, 4, AT(i)));
	EXPECT_EQ(0, UNMAP(AT(0), 8 * PAGE));
	EXPECT_EQ(8 * PAGE, bytes);
	EXPECT_EQ(0, REACHES(7));
	EXPECT_EQ(1, REACHES(8));
}

/* A hole in the middle: type1 makes it, type1v2 refuses. */
TEST_F(type1, unmap_in_the_middle)
{
	__u64 bytes = 1;

	ASSERT_EQ(0, MAP(0, 8, IOVA));
	EXPECT_EQ(SPLITS ? 0 : -ENOENT, UNMAP(AT(3), 2 * PAGE));
	EXPECT_EQ(SPLITS ? 2 * PAGE : 0, bytes);
	for (int i = 0; i < 8; i++) {
		EXPECT_EQ(SPLITS && (i == 3 || i == 4) ? 0 : 1, REACHES(i))
		TH_LOG("page %d", i);
	}
	EXPECT_EQ(4 * (SPLITS ? 7 : 9), self_status_kb("VmPin"));
	/* the hole can be filled */
	EXPECT_EQ(SPLITS ? 0 : -EEXIST, MAP(3, 2, AT(3)));
	EXPECT_EQ(1, REACHES(3));
	EXPECT_EQ(0, UNMAP(AT(0), 8 * PAGE));
	EXPECT_EQ(8 * PAGE, bytes);
	EXPECT_EQ(0, REACHES(3));
	EXPECT_EQ(4, self_status_kb("VmPin"));
}

TEST_F(type1, unmap_of_an_end)
{
	__u64 bytes = 1;

	ASSERT_EQ(0, MAP(0, 4, IOVA));
	EXPECT_EQ(SPLITS ? 0 : -ENOENT, UNMAP(AT(0), PAGE));
	EXPECT_EQ(SPLITS ? PAGE : 0, bytes);
	EXPECT_EQ(SPLITS ? 0 : -ENOENT, UNMAP(AT(3), PAGE));
	EXPECT_EQ(SPLITS ? PAGE : 0, bytes);
	EXPECT_EQ(!SPLITS, REACHES(0));
	EXPECT_EQ(1, REACHES(1));
	EXPECT_EQ(1, REACHES(2));
	EXPECT_EQ(!SPLITS, REACHES(3));
}

/* From within one mapping into another: v2 does what it can, up to there. */
TEST_F(type1, unmap_across_mappings)
{
	__u64 bytes = 1;

	for (int i = 0; i < PAGES; i += 4)
		ASSERT_EQ(0, MAP(i, 4, AT(i)));
	EXPECT_EQ(SPLITS ? 0 : -ENOENT, UNMAP(AT(2), 8 * PAGE));
	EXPECT_EQ(SPLITS ? 8 * PAGE : 0, bytes);
	EXPECT_EQ(1, REACHES(1));
	EXPECT_EQ(!SPLITS, REACHES(2));
	EXPECT_EQ(!SPLITS, REACHES(9));
	EXPECT_EQ(1, REACHES(10));
	if (!SPLITS) {
		EXPECT_EQ(-ENOENT, UNMAP(AT(0), 6 * PAGE));
		EXPECT_EQ(4 * PAGE, bytes);
		EXPECT_EQ(0, REACHES(0));
		EXPECT_EQ(1, REACHES(4));
	}
}

/* One page out of 2 MiB, where one large entry would have been enough */
TEST_F(type1, unmap_within_a_huge_page)
{
	const __u64 middle = HUGE / 2;
	char *huge = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	__u64 bytes = 1;

	ASSERT_NE(MAP_FAILED, huge) TH_LOG("no huge page");
	ASSERT_EQ(0, dma_map(self->container, huge, HUGE, HUGE_IOVA, READ | WRITE));
	EXPECT_EQ(SPLITS ? 0 : -ENOENT, UNMAP(HUGE_IOVA + middle, PAGE));
	EXPECT_EQ(SPLITS ? PAGE : 0, bytes);
	EXPECT_EQ(1, probe_write(&self->probe, HUGE_IOVA, huge));
	EXPECT_EQ(1, probe_write(&self->probe, HUGE_IOVA + middle - PAGE, huge + middle - PAGE));
	EXPECT_EQ(!SPLITS, probe_write(&self->probe, HUGE_IOVA + middle, huge + middle));
	EXPECT_EQ(1, probe_write(&self->probe, HUGE_IOVA + middle + PAGE, huge + middle + PAGE));
	EXPECT_EQ(1, probe_write(&self->probe, HUGE_IOVA + HUGE - PAGE, huge + HUGE - PAGE));
	EXPECT_EQ(0, UNMAP(HUGE_IOVA, HUGE));
	EXPECT_EQ(SPLITS ? HUGE - PAGE : HUGE, bytes);
	EXPECT_EQ(4, self_status_kb("VmPin"));
	munmap(huge, HUGE);
}

/* VFIO's way: each process pays for itself (VmLck), up to its limit. On
 * /dev/iommu it is the account of the user. */
TEST_F(type1, memlock)
{
	bool vfio = !variant->own_ioas;
	__u64 bytes;

	ASSERT_EQ(0, dma_unmap_all(self->container, NULL));
	ASSERT_EQ(0, set_memlock(LIMIT * PAGE));
	ASSERT_EQ(0, become_user(USER));
	ASSERT_EQ(0, MAP(0, LIMIT, IOVA));
	EXPECT_EQ(LIMIT * 4, self_status_kb("VmPin"));
	EXPECT_EQ(vfio ? LIMIT * 4 : 0, self_status_kb("VmLck"));
	EXPECT_EQ(-ENOMEM, MAP(LIMIT, 1, 4 * IOVA));
	EXPECT_EQ(LIMIT * 4, self_status_kb("VmPin"));
	EXPECT_EQ(vfio ? LIMIT * 4 : 0, self_status_kb("VmLck"));
	if (SPLITS) {
		EXPECT_EQ(0, UNMAP(AT(2), PAGE));
		EXPECT_EQ((LIMIT - 1) * 4, self_status_kb("VmPin"));
		EXPECT_EQ(vfio ? (LIMIT - 1) * 4 : 0, self_status_kb("VmLck"));
		EXPECT_EQ(0, MAP(LIMIT, 1, 4 * IOVA));
		EXPECT_EQ(-ENOMEM, MAP(LIMIT, 1, 8 * IOVA));
	}
	EXPECT_EQ(0, dma_unmap_all(self->container, NULL));
	EXPECT_EQ(0, self_status_kb("VmLck"));
	EXPECT_EQ(0, MAP(0, LIMIT, IOVA));
}

#define INFO_ROOM 512

/* The info with this argsz; what is behind must stay as it was. */
static int get_info(int container, unsigned char *buf, __u32 argsz)
{
	struct vfio_iommu_type1_info *info = (void *)buf;
	int rc;

	memset(buf, 0x55, INFO_ROOM);
	info->argsz = argsz;
	rc = iommufd_call(container, VFIO_IOMMU_GET_INFO, info);
	if (!rc && argsz < INFO_ROOM && bytes_not(buf + argsz, INFO_ROOM - argsz, 0x55))
		return -EXDEV;
	return rc;
}

/* A capability of the chain, or NULL */
static void *find_cap(unsigned char *buf, __u16 id)
{
	const struct vfio_iommu_type1_info *info = (void *)buf;

	for (__u32 at = info->cap_offset, n = 0; at && n < 16; n++) {
		struct vfio_info_cap_header *cap = (void *)(buf + at);

		if (at + sizeof(*cap) > info->argsz)
			return NULL;
		if (cap->id == id)
			return cap;
		at = cap->next;
	}
	return NULL;
}

TEST_F(type1, info_of_every_size)
{
	const __u32 least = offsetof(struct vfio_iommu_type1_info, cap_offset);
	struct vfio_iommu_type1_info *info;
	unsigned char buf[INFO_ROOM];
	__u32 total;

	info = (void *)buf;
	ASSERT_EQ(0, get_info(self->container, buf, least));
	total = info->argsz;
	ASSERT_LT(sizeof(*info), total);
	ASSERT_GE(INFO_ROOM, total);
	for (__u32 argsz = 0; argsz <= total + 16; argsz++) {
		ASSERT_EQ(argsz < least ? -EINVAL : 0, get_info(self->container, buf, argsz))
		TH_LOG("argsz %u", argsz);
		if (argsz < least)
			continue;
		ASSERT_EQ(total, info->argsz) TH_LOG("argsz %u", argsz);
		ASSERT_EQ(VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS, info->flags);
		ASSERT_NE(0, info->iova_pgsizes & PAGE);
		ASSERT_EQ(0, info->iova_pgsizes & (PAGE - 1));
		if (argsz < sizeof(*info))
			continue;
		ASSERT_EQ(argsz < total ? 0 : sizeof(*info), info->cap_offset) TH_LOG("argsz %u", argsz);
	}
	EXPECT_EQ(-EFAULT, iommufd_call(self->container, VFIO_IOMMU_GET_INFO, NULL));
}

TEST_F(type1, info_capabilities)
{
	struct vfio_iommu_type1_info_cap_iova_range *ranges;
	struct vfio_iommu_type1_info_dma_avail *avail;
	struct iommu_iova_range want[16];
	unsigned char buf[INFO_ROOM];
	__u32 ioas, n = 16;

	ASSERT_EQ(0, get_info(self->container, buf, INFO_ROOM));
	avail = find_cap(buf, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	ASSERT_NE(NULL, avail);
	EXPECT_EQ(1, avail->header.version);
	EXPECT_EQ(UINT32_MAX, avail->avail);
	EXPECT_EQ(NULL, find_cap(buf, VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION));

	ranges = find_cap(buf, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	ASSERT_NE(NULL, ranges);
	EXPECT_EQ(1, ranges->header.version);
	ASSERT_EQ(0, vfio_ioas_get(self->container, &ioas));
	ASSERT_EQ(0, ioas_iova_ranges(self->container, ioas, want, &n, NULL));
	ASSERT_EQ(n, ranges->nr_iovas);
	ASSERT_LE(2, n); /* before and behind the MSI window */
	for (__u32 i = 0; i < n; i++) {
		EXPECT_EQ(want[i].start, ranges->iova_ranges[i].start);
		EXPECT_EQ(want[i].last, ranges->iova_ranges[i].end);
	}
}

TEST_F(type1, info_in_bad_memory)
{
	unsigned char *buf = pages_alloc(2 * PAGE), *edge = buf + PAGE - 64;
	struct vfio_iommu_type1_info *info = (void *)edge;

	ASSERT_EQ(0, mprotect(buf + PAGE, PAGE, PROT_NONE));
	info->argsz = INFO_ROOM; /* the chain runs out of the page */
	EXPECT_EQ(-EFAULT, iommufd_call(self->container, VFIO_IOMMU_GET_INFO, info));
	info->argsz = 64;
	EXPECT_EQ(0, iommufd_call(self->container, VFIO_IOMMU_GET_INFO, info));
	info->argsz = INFO_ROOM;
	ASSERT_EQ(0, mprotect(buf, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, iommufd_call(self->container, VFIO_IOMMU_GET_INFO, info));
	pages_free(buf, 2 * PAGE);
}

TEST_HARNESS_MAIN
