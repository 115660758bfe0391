// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device and its page tables: bind, attach, replace, detach, and what the
 * device can reach after each. All DMA is real, by one or two edu devices.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/probe.h"
#include "lib/system.h"

#define NO_ID           12345
#define IOVA            0x1000000ULL
#define MSI_WINDOW      0xfee00000ULL /* of every x86 device */
#define MSI_WINDOW_LAST 0xfeefffffULL

FIXTURE(device)
{
	int fd;
	struct edu edu;
	struct vfio_dev *dev;
	struct probe probe;
	__u32 ioas, hwpt;
	char *mem; /* 4 pages, at IOVA of ioas */
};

typedef FIXTURE_DATA(device) fixture;

/* The device is bound; the memory and the mirror are mapped; no attachment. */
FIXTURE_SETUP(device)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, edu_open(&self->edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
	self->dev = &self->edu.vfio;
	probe_init(&self->probe, &self->edu);
	self->mem = pages_alloc(4 * PAGE);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, probe_map(&self->probe, self->fd, self->ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, 4 * PAGE, IOVA, MAP_RW));
}

FIXTURE_TEARDOWN(device)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

#define ATTACH(pt)          vfio_attach(self->dev, pt, &self->hwpt)
#define REACHES(iova, page) probe_rw(&self->probe, iova, page)

/* A second IOAS with a page of its own at IOVA and the mirror. */
static int other_ioas(fixture *self, __u32 *ioas, char **page)
{
	int rc = ioas_alloc(self->fd, ioas);

	*page = pages_alloc(PAGE);
	if (!rc)
		rc = probe_map(&self->probe, self->fd, *ioas);
	if (!rc)
		rc = ioas_map_fixed(self->fd, *ioas, *page, PAGE, IOVA, MAP_RW);
	return rc;
}

/* How many ranges an IOAS offers: one as long as no device restricts it. */
static int usable_ranges(int fd, __u32 ioas)
{
	struct iommu_iova_range ranges[8];
	__u32 num = ARRAY_SIZE(ranges);
	int rc = ioas_iova_ranges(fd, ioas, ranges, &num, NULL);

	return rc ? rc : (int)num;
}

TEST_F(device, bind_only_once)
{
	struct vfio_dev second;
	int fd = iommufd_open();

	ASSERT_LE(0, fd);
	EXPECT_EQ(1, self->dev->dev_id);
	EXPECT_EQ(-EINVAL, vfio_bind(self->dev, self->fd));
	EXPECT_EQ(-EINVAL, vfio_bind(self->dev, fd));
	ASSERT_EQ(0, vfio_open(&second, self->dev->bdf));
	EXPECT_EQ(-EINVAL, vfio_bind(&second, self->fd));
	EXPECT_EQ(-EINVAL, vfio_bind(&second, fd));
	vfio_close(&second);
	EXPECT_EQ(0, close(fd));
}

TEST_F(device, bind_to_something_else)
{
	int null = open("/dev/null", O_RDWR);
	struct vfio_dev dev;

	ASSERT_LE(0, null);
	edu_close(&self->edu);
	ASSERT_EQ(0, vfio_open(&dev, self->dev->bdf));
	EXPECT_EQ(-EBADFD, vfio_bind(&dev, null));
	EXPECT_EQ(-EBADF, vfio_bind(&dev, 999));
	EXPECT_EQ(-EINVAL, vfio_bind(&dev, -1));
	EXPECT_EQ(0, vfio_bind(&dev, self->fd));
	vfio_close(&dev);
}

TEST_F(device, bind_again_after_close)
{
	for (int i = 0; i < 3; i++) {
		edu_close(&self->edu);
		ASSERT_EQ(0, edu_open(&self->edu, 0));
		ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
		ASSERT_EQ(0, ATTACH(self->ioas));
	}
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
}

TEST_F(device, device_cannot_be_destroyed)
{
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->dev->dev_id));
	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->dev->dev_id));
	edu_close(&self->edu);
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, self->dev->dev_id));
}

TEST_F(device, nothing_without_an_attachment)
{
	EXPECT_EQ(0, self_status_kb("VmPin"));
	pattern_fill(self->mem, PAGE, 1);
	EXPECT_EQ(0, edu_write_memory(&self->edu, IOVA, PAGE));
	EXPECT_EQ(0, pattern_diff(self->mem, PAGE, 1));
}

TEST_F(device, attach_by_ioas)
{
	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_NE(self->ioas, self->hwpt);
	EXPECT_EQ(5 * 4, self_status_kb("VmPin"));
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
	EXPECT_EQ(1, REACHES(IOVA + 3 * PAGE, self->mem + 3 * PAGE));
	ASSERT_EQ(0, vfio_detach(self->dev));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	pattern_fill(self->mem, PAGE, 1);
	EXPECT_EQ(0, edu_write_memory(&self->edu, IOVA, PAGE));
	EXPECT_EQ(0, pattern_diff(self->mem, PAGE, 1));
}

TEST_F(device, automatic_hwpt_lives_with_the_attachment)
{
	__u32 same;

	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->hwpt));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->ioas));
	ASSERT_EQ(0, vfio_attach(self->dev, self->ioas, &same));
	EXPECT_EQ(self->hwpt, same);
	ASSERT_EQ(0, vfio_attach(self->dev, self->hwpt, &same));
	EXPECT_EQ(self->hwpt, same);
	ASSERT_EQ(0, vfio_detach(self->dev));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, self->hwpt));
	EXPECT_EQ(0, object_destroy(self->fd, self->ioas));
}

TEST_F(device, attach_by_hwpt)
{
	__u32 hwpt, out;

	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev->dev_id, self->ioas, 0, &hwpt));
	/* the page table is filled, and the memory pinned, at once */
	EXPECT_EQ(5 * 4, self_status_kb("VmPin"));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->ioas));
	ASSERT_EQ(0, vfio_attach(self->dev, hwpt, &out));
	EXPECT_EQ(hwpt, out);
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, hwpt));
	ASSERT_EQ(0, vfio_detach(self->dev));
	EXPECT_EQ(5 * 4, self_status_kb("VmPin"));
	ASSERT_EQ(0, vfio_attach(self->dev, hwpt, NULL));
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
	ASSERT_EQ(0, vfio_detach(self->dev));
	EXPECT_EQ(0, object_destroy(self->fd, hwpt));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, object_destroy(self->fd, self->ioas));
}

TEST_F(device, automatic_attach_leaves_user_hwpts_alone)
{
	__u32 hwpt;

	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev->dev_id, self->ioas, 0, &hwpt));
	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_NE(hwpt, self->hwpt);
	EXPECT_EQ(0, object_destroy(self->fd, hwpt));
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
}

TEST_F(device, attach_to_nonsense)
{
	EXPECT_EQ(-ENOENT, ATTACH(0));
	EXPECT_EQ(-ENOENT, ATTACH(NO_ID));
	EXPECT_EQ(-EINVAL, ATTACH(self->dev->dev_id));
	EXPECT_EQ(0, vfio_detach(self->dev)); /* nothing to detach is fine */
	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(-ENOENT, ATTACH(0));
	EXPECT_EQ(-ENOENT, ATTACH(NO_ID));
	EXPECT_EQ(-EINVAL, ATTACH(self->dev->dev_id));
	/* a replace that fails changes nothing */
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
	EXPECT_EQ(0, vfio_detach(self->dev));
	EXPECT_EQ(0, vfio_detach(self->dev));
}

TEST_F(device, replace)
{
	__u32 other, hwpt, old;
	char *page;

	ASSERT_EQ(0, other_ioas(self, &other, &page));
	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
	old = self->hwpt;
	ASSERT_EQ(0, ATTACH(other));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, old));
	EXPECT_EQ(2 * 4, self_status_kb("VmPin"));
	EXPECT_EQ(1, REACHES(IOVA, page));
	EXPECT_EQ(0, REACHES(IOVA, self->mem));
	/* the restrictions have moved along */
	EXPECT_EQ(1, usable_ranges(self->fd, self->ioas));
	EXPECT_LE(2, usable_ranges(self->fd, other));

	/* from an automatic HWPT to one of the user, of the first IOAS */
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev->dev_id, self->ioas, 0, &hwpt));
	ASSERT_EQ(0, ATTACH(hwpt));
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
	/* and on to an automatic one of the same IOAS */
	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_NE(hwpt, self->hwpt);
	EXPECT_EQ(0, object_destroy(self->fd, hwpt));
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
	EXPECT_EQ(0, object_destroy(self->fd, other));
}

TEST_F(device, map_while_attached)
{
	char *more = pages_alloc(2 * PAGE);

	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(0, REACHES(2 * IOVA, more));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, more, 2 * PAGE, 2 * IOVA, MAP_RW));
	EXPECT_EQ(1, REACHES(2 * IOVA, more));
	EXPECT_EQ(1, REACHES(2 * IOVA + PAGE, more + PAGE));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, 2 * IOVA, 2 * PAGE, NULL));
	EXPECT_EQ(0, REACHES(2 * IOVA, more));
	EXPECT_EQ(0, REACHES(2 * IOVA + PAGE, more + PAGE));
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
	/* the same IOVA for other memory: nothing of the old one is cached */
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, more + PAGE, PAGE, 2 * IOVA, MAP_RW));
	EXPECT_EQ(1, REACHES(2 * IOVA, more + PAGE));
}

TEST_F(device, one_page_at_two_iovas)
{
	__u64 iova;

	ASSERT_EQ(0, ATTACH(self->ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, 2 * IOVA, MAP_RW));
	ASSERT_EQ(0, ioas_copy_auto(self->fd, self->ioas, &iova, self->ioas, IOVA, PAGE, MAP_RW));
	EXPECT_EQ(1, REACHES(2 * IOVA, self->mem));
	ASSERT_GE(EDU_IOVA_LIMIT, iova + PAGE);
	EXPECT_EQ(1, REACHES(iova, self->mem));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, 4 * PAGE, NULL));
	EXPECT_EQ(0, REACHES(IOVA, self->mem));
	EXPECT_EQ(1, REACHES(2 * IOVA, self->mem));
}

TEST_F(device, read_only_mapping)
{
	ASSERT_EQ(0, ATTACH(self->ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, 2 * IOVA, MAP_READ));
	EXPECT_EQ(0, probe_write(&self->probe, 2 * IOVA, self->mem));
	EXPECT_EQ(1, probe_read(&self->probe, 2 * IOVA, self->mem));
}

TEST_F(device, write_only_mapping)
{
	ASSERT_EQ(0, ATTACH(self->ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, 2 * IOVA, MAP_WRITE));
	EXPECT_EQ(1, probe_write(&self->probe, 2 * IOVA, self->mem));
	/* not checked: QEMU 10.0's VT-d lets reads through as well */
}

TEST_F(device, page_offsets)
{
	const size_t len = 100, at = PAGE - 50; /* across two pages */

	ASSERT_EQ(0, ATTACH(self->ioas));
	pattern_fill(self->mem, 2 * PAGE, 1);
	memset(self->probe.mirror, 0xff, PAGE); /* no byte of a pattern */
	EXPECT_EQ(0, edu_read_memory(&self->edu, MIRROR_IOVA, len));
	EXPECT_EQ(0, edu_write_memory(&self->edu, IOVA + at, len));
	EXPECT_EQ(0, bytes_not(self->mem + at, len, 0xff));
	EXPECT_EQ(2 * PAGE - len, bytes_not(self->mem, 2 * PAGE, 0xff));
}

TEST_F(device, ranges_shrink_with_the_attachment)
{
	struct iommu_iova_range r[8];
	__u64 align;
	__u32 num = 8;

	ASSERT_EQ(0, ATTACH(self->ioas));
	ASSERT_EQ(0, ioas_iova_ranges(self->fd, self->ioas, r, &num, &align));
	EXPECT_EQ(PAGE, align);
	ASSERT_LE(2, num);
	for (__u32 i = 0; i < num; i++) {
		TH_LOG("usable: %#llx - %#llx", r[i].start, r[i].last);
		EXPECT_TRUE(r[i].last < MSI_WINDOW || r[i].start > MSI_WINDOW_LAST);
		EXPECT_NE(UINT64_MAX, r[i].last);
	}
	ASSERT_EQ(0, vfio_detach(self->dev));
	num = 8;
	ASSERT_EQ(0, ioas_iova_ranges(self->fd, self->ioas, r, &num, &align));
	EXPECT_EQ(1, num);
	EXPECT_EQ(0, r[0].start);
	EXPECT_EQ(UINT64_MAX, r[0].last);
}

TEST_F(device, reserved_window)
{
	struct iommu_iova_range range = {MSI_WINDOW - PAGE, MSI_WINDOW};
	__u64 high;

	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, MSI_WINDOW, MAP_RW));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->ioas, self->mem, 2 * PAGE, MSI_WINDOW - PAGE, MAP_RW));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, MSI_WINDOW_LAST + 1 - PAGE, MAP_RW));
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, MSI_WINDOW - PAGE, MAP_RW));
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, MSI_WINDOW_LAST + 1, MAP_RW));
	EXPECT_EQ(-EADDRINUSE, ioas_allow_iovas(self->fd, self->ioas, &range, 1));
	/* the allowed list is still the old, empty one */
	EXPECT_EQ(0, ioas_map_auto(self->fd, self->ioas, self->mem, PAGE, &high, MAP_RW));
}

TEST_F(device, mapping_in_the_window_forbids_the_attachment)
{
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, MSI_WINDOW, MAP_RW));
	EXPECT_EQ(-EADDRINUSE, ATTACH(self->ioas));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, MSI_WINDOW, PAGE, NULL));
	EXPECT_EQ(0, ATTACH(self->ioas));
}

TEST_F(device, allowed_range_in_the_window_forbids_the_attachment)
{
	struct iommu_iova_range range = {MSI_WINDOW - PAGE, MSI_WINDOW};

	ASSERT_EQ(0, ioas_allow_iovas(self->fd, self->ioas, &range, 1));
	EXPECT_EQ(-EADDRINUSE, ATTACH(self->ioas));
	range.last = MSI_WINDOW - 1;
	ASSERT_EQ(0, ioas_allow_iovas(self->fd, self->ioas, &range, 1));
	EXPECT_EQ(0, ATTACH(self->ioas));
}

TEST_F(device, mapping_beyond_the_iommu_forbids_the_attachment)
{
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, 1ULL << 60, MAP_RW));
	EXPECT_EQ(-EADDRINUSE, ATTACH(self->ioas));
	EXPECT_EQ(-EADDRINUSE, hwpt_alloc(self->fd, self->dev->dev_id, self->ioas, 0, &self->hwpt));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

TEST_F(device, odd_mapping_forbids_the_attachment)
{
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, 100, 2 * IOVA, MAP_RW));
	EXPECT_EQ(-EADDRINUSE, ATTACH(self->ioas));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, 2 * IOVA, 100, NULL));
	EXPECT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
}

TEST_F(device, failed_replace_keeps_the_old_one)
{
	__u32 other;
	char *page;

	ASSERT_EQ(0, other_ioas(self, &other, &page));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, other, page, PAGE, MSI_WINDOW, MAP_RW));
	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(-EADDRINUSE, vfio_attach(self->dev, other, NULL));
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
	EXPECT_EQ(5 * 4, self_status_kb("VmPin"));
	EXPECT_EQ(1, usable_ranges(self->fd, other));
	EXPECT_EQ(0, object_destroy(self->fd, other));
	/* the device still restricts the old IOAS, and only that one */
	EXPECT_LE(2, usable_ranges(self->fd, self->ioas));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, MSI_WINDOW, MAP_RW));
}

TEST_F(device, bad_memory_forbids_the_attachment)
{
	char *hole = pages_alloc(3 * PAGE);

	pages_free(hole + PAGE, PAGE);
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, hole, 3 * PAGE, 2 * IOVA, MAP_RW));
	EXPECT_EQ(-EFAULT, ATTACH(self->ioas));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(-EFAULT, hwpt_alloc(self->fd, self->dev->dev_id, self->ioas, 0, &self->hwpt));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, 2 * IOVA, 3 * PAGE, NULL));
	EXPECT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
}

TEST_F(device, bad_memory_while_attached)
{
	char *hole = pages_alloc(3 * PAGE);

	pages_free(hole + PAGE, PAGE);
	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(-EFAULT, ioas_map_fixed(self->fd, self->ioas, hole, 3 * PAGE, 2 * IOVA, MAP_RW));
	EXPECT_EQ(5 * 4, self_status_kb("VmPin"));
	/* the IOVA is free again */
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->ioas, hole, PAGE, 2 * IOVA, MAP_RW));
	EXPECT_EQ(1, REACHES(2 * IOVA, hole));
}

TEST_F(device, copy_to_another_ioas)
{
	__u32 other;
	char *page;

	ASSERT_EQ(0, other_ioas(self, &other, &page));
	ASSERT_EQ(0, ATTACH(self->ioas));
	ASSERT_EQ(0, ioas_copy_fixed(self->fd, other, 2 * IOVA, self->ioas, IOVA + PAGE, 2 * PAGE, MAP_RW));
	ASSERT_EQ(0, ATTACH(other));
	EXPECT_EQ(1, REACHES(2 * IOVA, self->mem + PAGE));
	EXPECT_EQ(1, REACHES(2 * IOVA + PAGE, self->mem + 2 * PAGE));
	/* the copy does not need what it was copied from */
	ASSERT_EQ(0, object_destroy(self->fd, self->ioas));
	EXPECT_EQ(1, REACHES(2 * IOVA, self->mem + PAGE));
	EXPECT_EQ(4 * 4, self_status_kb("VmPin"));
}

TEST_F(device, copy_pins_once)
{
	__u64 iova;

	ASSERT_EQ(0, ATTACH(self->ioas));
	EXPECT_EQ(5 * 4, self_status_kb("VmPin"));
	ASSERT_EQ(0, ioas_copy_auto(self->fd, self->ioas, &iova, self->ioas, IOVA, 4 * PAGE, MAP_RW));
	EXPECT_EQ(5 * 4, self_status_kb("VmPin"));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, 4 * PAGE, NULL));
	EXPECT_EQ(5 * 4, self_status_kb("VmPin"));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, iova, 4 * PAGE, NULL));
	EXPECT_EQ(4, self_status_kb("VmPin"));
}

TEST_F(device, memory_outlives_munmap)
{
	char *page = self->mem + PAGE;

	ASSERT_EQ(0, ATTACH(self->ioas));
	pattern_fill(page, PAGE, 1);
	pages_free(page, PAGE);
	EXPECT_EQ(1, probe_sees(&self->probe, IOVA + PAGE, 1));
	/* something else at the same address is something else */
	ASSERT_EQ(page, mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	pattern_fill(page, PAGE, 2);
	EXPECT_EQ(1, probe_sees(&self->probe, IOVA + PAGE, 1));
}

TEST_F(device, fork_keeps_memory_with_the_parent)
{
	int status;
	pid_t child;

	ASSERT_EQ(0, ATTACH(self->ioas));
	pattern_fill(self->mem, PAGE, 1);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pattern_fill(self->mem, PAGE, 2);
		_exit(pattern_diff(self->mem, PAGE, 2) ? 1 : 0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, probe_sees(&self->probe, IOVA, 1));
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
}

TEST_F(device, iommufd_closed_first)
{
	ASSERT_EQ(0, ATTACH(self->ioas));
	ASSERT_EQ(0, close(self->fd));
	/* the device keeps the context alive */
	EXPECT_EQ(1, REACHES(IOVA, self->mem));
	edu_close(&self->edu);
	EXPECT_EQ(0, self_status_kb("VmPin"));
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, edu_open(&self->edu, 0));
	EXPECT_EQ(0, edu_bind(&self->edu, self->fd));
}

TEST_F(device, device_closed_first)
{
	ASSERT_EQ(0, ATTACH(self->ioas));
	edu_close(&self->edu); /* detaches and unbinds */
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, self->hwpt));
	EXPECT_EQ(0, object_destroy(self->fd, self->ioas));
}

TEST_F(device, move_to_another_iommufd)
{
	int fd = iommufd_open();
	__u32 ioas;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ATTACH(self->ioas));
	edu_close(&self->edu);
	ASSERT_EQ(0, edu_open(&self->edu, 0));
	ASSERT_EQ(0, edu_bind(&self->edu, fd));
	EXPECT_EQ(-ENOENT, ATTACH(self->ioas));
	ASSERT_EQ(0, ioas_alloc(fd, &ioas));
	ASSERT_EQ(0, probe_map(&self->probe, fd, ioas));
	ASSERT_EQ(0, ATTACH(ioas));
	EXPECT_EQ(0, REACHES(IOVA, self->mem));
	edu_close(&self->edu);
	EXPECT_EQ(0, close(fd));
}

TEST_HARNESS_MAIN
