// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-bufs as DMA targets, by IOAS_MAP_FILE, and their end: those of the mock, compared with the mock's page tables, and
 * the page of a slice of siov-edu (fixture slice), which another device (edu) writes. Here and in slices the memory
 * goes away while it is mapped: nothing of it may be left in any domain when that call returns. slot_power needs siov-edu
 * in a hotplug slot, and a kernel without lockdep (unplug_test).
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/process.h"
#include "lib/race.h"
#include "lib/slice.h"
#include "lib/system.h"
#include "lib/unplug.h"
#include "../include/uapi/linux/vfio_dma_buf.h"

#define IOVA  0x10000000ULL
#define PAGES 16
#define SIZE  (PAGES * PAGE)

static int map_at(int fd, __u32 ioas, int file, __u64 start, __u64 length, __u64 iova)
{
	return ioas_map_file_fixed(fd, ioas, file, start, length, iova, MAP_RW);
}

/* A dma-buf whose exporter says nothing about addresses */
static int foreign_dmabuf(void)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = PAGE };
	int maker = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), made;

	create.memfd = memfd_create("foreign", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if (maker < 0 || ftruncate(create.memfd, PAGE) || fcntl(create.memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -1;
	made = ioctl(maker, UDMABUF_CREATE, &create);
	close(create.memfd);
	close(maker);
	return made;
}

FIXTURE(mock)
{
	int fd, buf;
	__u32 ioas;
	struct mock_dev dev;
	char *memory; /* the dma-buf's */
};

FIXTURE_SETUP(mock)
{
	mock_load();
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &self->dev));
	self->buf = mock_dmabuf(self->fd, SIZE);
	ASSERT_LE(0, self->buf);
	self->memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->buf, 0);
	ASSERT_NE(MAP_FAILED, self->memory);
}

FIXTURE_TEARDOWN(mock)
{
	munmap(self->memory, SIZE);
	close(self->buf);
	EXPECT_EQ(0, close(self->fd));
}

TEST_F(mock, what_is_refused)
{
	int foreign = foreign_dmabuf(), memfd = memfd_create("no dma-buf", MFD_CLOEXEC), f = self->fd, b = self->buf;
	__u64 iova = IOVA;

	EXPECT_EQ(-EINVAL, mock_dmabuf(f, 0));
	EXPECT_EQ(-EINVAL, mock_dmabuf(f, 512 * PAGE + 1));
	EXPECT_EQ(-EINVAL, mock_dmabuf(f, ~0U));
	EXPECT_EQ(-EINVAL, mock_dmabuf_revoke(f, memfd, true));
	EXPECT_EQ(-EBADF, mock_dmabuf_revoke(f, -1, true));
	ASSERT_LE(0, foreign);
	EXPECT_EQ(-EOPNOTSUPP, mock_dmabuf_revoke(f, foreign, true));
	EXPECT_EQ(-EOPNOTSUPP, map_at(f, self->ioas, foreign, 0, PAGE, IOVA));

	EXPECT_EQ(-EINVAL, map_at(f, self->ioas, b, 0, 0, IOVA));
	EXPECT_EQ(-EINVAL, map_at(f, self->ioas, b, 0, SIZE + 1, IOVA));
	EXPECT_EQ(-EINVAL, map_at(f, self->ioas, b, SIZE, PAGE, IOVA));
	EXPECT_EQ(-EINVAL, map_at(f, self->ioas, b, PAGE, SIZE, IOVA));
	EXPECT_EQ(-EOVERFLOW, map_at(f, self->ioas, b, -PAGE, 2 * PAGE, IOVA));
	EXPECT_EQ(-EOPNOTSUPP, ioas_map_file_auto(f, self->ioas, b, 0, PAGE, &iova, MAP_RW | 1 << 30));
	EXPECT_EQ(-EINVAL, ioas_map_file_fixed(f, self->ioas, b, 0, PAGE, IOVA, 0));
	EXPECT_EQ(-ENOENT, map_at(f, 12345, b, 0, PAGE, IOVA));
	EXPECT_EQ(-ENOENT, map_at(f, self->dev.idev, b, 0, PAGE, IOVA));
	EXPECT_EQ(-EINVAL, map_at(f, self->ioas, b, 0, PAGE, IOVA + 1));
	/* nothing has been left behind */
	EXPECT_EQ(0, map_at(f, self->ioas, b, 0, SIZE, IOVA));
	EXPECT_EQ(-EEXIST, map_at(f, self->ioas, b, 0, PAGE, IOVA + PAGE));
	close(foreign);
	close(memfd);
}

TEST_F(mock, mapped_is_the_dma_bufs_memory)
{
	__u64 iova = 0;

	ASSERT_EQ(0, map_at(self->fd, self->ioas, self->buf, 0, SIZE, IOVA));
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA, SIZE, self->memory));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, self->dev.hwpt, IOVA, PAGE, self->memory + PAGE));
	ASSERT_EQ(0, map_at(self->fd, self->ioas, self->buf, 3 * PAGE, 2 * PAGE, IOVA + SIZE));
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA + SIZE, 2 * PAGE, self->memory + 3 * PAGE));
	/* Part of a page, as the mock's page tables are finer. */
	ASSERT_EQ(0, map_at(self->fd, self->ioas, self->buf, PAGE / 2, PAGE, IOVA + 2 * SIZE + PAGE / 2));
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA + 2 * SIZE + PAGE / 2, PAGE,
				    self->memory + PAGE / 2));
	ASSERT_EQ(0, ioas_map_file_auto(self->fd, self->ioas, self->buf, 0, SIZE, &iova, MAP_READ));
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, iova, SIZE, self->memory));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, SIZE, NULL));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, self->dev.hwpt, IOVA, PAGE, self->memory));
}

/* As ordinary users, who may pin nothing */
TEST_F(mock, nothing_is_charged)
{
	char *page = pages_alloc(PAGE);

	ASSERT_EQ(0, set_memlock(0));
	ASSERT_EQ(0, become_user(1000));
	ASSERT_EQ(-ENOMEM, ioas_map_fixed(self->fd, self->ioas, page, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(0, map_at(self->fd, self->ioas, self->buf, 0, SIZE, IOVA));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, self_status_kb("VmLck"));
}

TEST_F(mock, kernel_drivers_get_nothing)
{
	__u32 access, id;
	char byte;

	ASSERT_EQ(0, map_at(self->fd, self->ioas, self->buf, 0, SIZE, IOVA));
	ASSERT_EQ(0, access_create(self->fd, self->ioas, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES, &access));
	EXPECT_EQ(-EINVAL, access_rw(self->fd, access, IOVA, 1, &byte, 0));
	EXPECT_EQ(-EINVAL, access_rw(self->fd, access, IOVA, 1, &byte, MOCK_ACCESS_RW_WRITE));
	EXPECT_EQ(-EINVAL, access_rw(self->fd, access, IOVA, 1, &byte, MOCK_ACCESS_RW_SLOW_PATH));
	EXPECT_EQ(-EINVAL, access_pin(self->fd, access, IOVA, PAGE, NULL, 0, &id));
	ASSERT_EQ(0, mock_dmabuf_revoke(self->fd, self->buf, true));
	EXPECT_EQ(-EINVAL, access_rw(self->fd, access, IOVA, 1, &byte, 0));
	EXPECT_EQ(-EINVAL, access_pin(self->fd, access, IOVA, PAGE, NULL, 0, &id));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, SIZE, NULL));
	close(access);
}

TEST_F(mock, revoked_is_gone_for_good)
{
	char *page = pages_alloc(PAGE);
	__u64 bytes = 0;
	__u32 late, other;

	ASSERT_EQ(0, map_at(self->fd, self->ioas, self->buf, 0, SIZE, IOVA));
	ASSERT_EQ(0, mock_dmabuf_revoke(self->fd, self->buf, true));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, self->dev.hwpt, IOVA, PAGE, self->memory));
	/* once more is no different */
	ASSERT_EQ(0, mock_dmabuf_revoke(self->fd, self->buf, true));
	EXPECT_EQ(-ENODEV, map_at(self->fd, self->ioas, self->buf, 0, SIZE, IOVA + SIZE));
	/* The IOVAs are taken; who comes later gets nothing there, nor does a copy. */
	EXPECT_EQ(-EEXIST, ioas_map_fixed(self->fd, self->ioas, page, PAGE, IOVA, MAP_RW));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, 0, &late));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, late, IOVA, PAGE, self->memory));
	ASSERT_EQ(0, ioas_alloc(self->fd, &other));
	EXPECT_EQ(0, ioas_copy_fixed(self->fd, other, IOVA, self->ioas, IOVA, SIZE, MAP_RW));

	ASSERT_EQ(0, mock_dmabuf_revoke(self->fd, self->buf, false));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, self->dev.hwpt, IOVA, PAGE, self->memory));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, other, 0, &late));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, late, IOVA, PAGE, self->memory));
	ASSERT_EQ(0, map_at(self->fd, self->ioas, self->buf, 0, SIZE, IOVA + SIZE));
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA + SIZE, SIZE, self->memory));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, SIZE, &bytes));
	EXPECT_EQ(SIZE, bytes);
	ASSERT_EQ(0, map_at(self->fd, self->ioas, self->buf, 0, SIZE, IOVA));
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA, SIZE, self->memory));
}

/* Two page tables of one IOAS, another IOAS by IOAS_COPY, another descriptor, part of it twice */
TEST_F(mock, revoked_everywhere_at_once)
{
	int second = iommufd_open();
	struct mock_dev copied, stranger;
	__u32 copy, far, twin;

	ASSERT_LE(0, second);
	ASSERT_EQ(0, map_at(self->fd, self->ioas, self->buf, 0, SIZE, IOVA));
	ASSERT_EQ(0, map_at(self->fd, self->ioas, self->buf, PAGE, PAGE, IOVA + SIZE));
	ASSERT_EQ(0, ioas_alloc(self->fd, &copy));
	ASSERT_EQ(0, ioas_copy_fixed(self->fd, copy, IOVA, self->ioas, IOVA + PAGE, PAGE, MAP_RW));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, 0, &twin));
	ASSERT_EQ(0, mock_device(self->fd, copy, 0, &copied));
	ASSERT_EQ(0, ioas_alloc(second, &far));
	ASSERT_EQ(0, mock_device(second, far, 0, &stranger));
	ASSERT_EQ(0, map_at(second, far, self->buf, 0, SIZE, IOVA));

	ASSERT_EQ(0, mock_check_map(self->fd, twin, IOVA, SIZE, self->memory));
	ASSERT_EQ(0, mock_check_map(self->fd, copied.hwpt, IOVA, PAGE, self->memory + PAGE));
	ASSERT_EQ(0, mock_check_map(second, stranger.hwpt, IOVA, SIZE, self->memory));
	ASSERT_EQ(0, mock_dmabuf_revoke(self->fd, self->buf, true));
	for (int i = 0; i < PAGES; i++) {
		const __u64 at = IOVA + i * PAGE;

		EXPECT_EQ(-EINVAL, mock_check_map(self->fd, self->dev.hwpt, at, PAGE, self->memory + i * PAGE));
		EXPECT_EQ(-EINVAL, mock_check_map(self->fd, twin, at, PAGE, self->memory + i * PAGE));
		EXPECT_EQ(-EINVAL, mock_check_map(second, stranger.hwpt, at, PAGE, self->memory + i * PAGE));
	}
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, self->dev.hwpt, IOVA + SIZE, PAGE, self->memory + PAGE));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, twin, IOVA + SIZE, PAGE, self->memory + PAGE));
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, copied.hwpt, IOVA, PAGE, self->memory + PAGE));
	EXPECT_EQ(0, close(second));
}

/* Each may go first. */
TEST_F(mock, ends_in_any_order)
{
	int buf = mock_dmabuf(self->fd, SIZE), fd = iommufd_open();
	__u32 ioas;

	ASSERT_LE(0, buf);
	ASSERT_EQ(0, map_at(self->fd, self->ioas, buf, 0, SIZE, IOVA));
	close(buf);
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, SIZE, NULL));
	ASSERT_EQ(0, ioas_alloc(fd, &ioas));
	ASSERT_EQ(0, map_at(fd, ioas, self->buf, 0, SIZE, IOVA));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(0, mock_dmabuf_revoke(self->fd, self->buf, true));
}

/*
 * One thread takes the memory away and gives it back; another one maps and unmaps, and a third attaches and detaches
 * domains. While the memory is away no domain may have it, whatever the others do.
 */
struct churn {
	int fd, buf;
	__u32 ioas, dev;
	volatile bool stop;
	volatile long done, errors;
};

static void *churn_maps(void *arg)
{
	struct churn *c = arg;

	for (int i = 0; !c->stop; i++) {
		int rc = map_at(c->fd, c->ioas, c->buf, 0, SIZE, IOVA + (i % 4) * SIZE);

		if (rc && rc != -ENODEV)
			c->errors++;
		c->done += !rc;
		if (!rc && ioas_unmap(c->fd, c->ioas, IOVA + (i % 4) * SIZE, SIZE, NULL))
			c->errors++;
	}
	return NULL;
}

static void *churn_domains(void *arg)
{
	struct churn *c = arg;
	__u32 hwpt;

	while (!c->stop) {
		if (hwpt_alloc(c->fd, c->dev, c->ioas, 0, &hwpt) || object_destroy(c->fd, hwpt))
			c->errors++;
		c->done++;
	}
	return NULL;
}

TEST_F(mock, revoke_races_map_and_attach)
{
	struct churn maps = { .fd = self->fd, .buf = self->buf, .ioas = self->ioas, .dev = self->dev.idev };
	struct churn domains = maps;
	const __u64 start = now_us();
	pthread_t threads[2];
	long rounds = 0, seen = 0;
	__u32 twin;

	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, 0, &twin));
	/* there throughout, dead after the first revocation */
	ASSERT_EQ(0, map_at(self->fd, self->ioas, self->buf, 0, SIZE, IOVA + 4 * SIZE));
	ASSERT_EQ(0, pthread_create(&threads[0], NULL, churn_maps, &maps));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, churn_domains, &domains));
	for (; racing(start, 4, rounds > 10 && maps.done > 10 && domains.done > 10 && seen); rounds++) {
		for (int i = 0; i < 4; i++)
			seen += !mock_check_map(self->fd, self->dev.hwpt, IOVA + i * SIZE, PAGE, self->memory);
		ASSERT_EQ(0, mock_dmabuf_revoke(self->fd, self->buf, true));
		for (int i = 0; i < 5; i++) {
			ASSERT_EQ(-EINVAL, mock_check_map(self->fd, self->dev.hwpt, IOVA + i * SIZE, PAGE, self->memory));
			ASSERT_EQ(-EINVAL, mock_check_map(self->fd, twin, IOVA + i * SIZE, PAGE, self->memory));
		}
		ASSERT_EQ(0, mock_dmabuf_revoke(self->fd, self->buf, false));
		sched_yield();
	}
	maps.stop = domains.stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	TH_LOG("%ld revocations, %ld maps, %ld domains, %ld times seen mapped", rounds, maps.done, domains.done, seen);
	EXPECT_EQ(0, maps.errors + domains.errors);
	EXPECT_LT(10, rounds);
	EXPECT_LT(10, maps.done);
	EXPECT_LT(10, domains.done);
	EXPECT_LT(0, seen);
	EXPECT_EQ(-EINVAL, mock_check_map(self->fd, self->dev.hwpt, IOVA + 4 * SIZE, PAGE, self->memory));
}

/*
 * A slice's page, which edu writes: what it writes is the slice's buffer.
 */
FIXTURE(slice)
{
	int fd;
	char bdf[16], uuid[SLICE_UUID_SIZE];
	struct slice dev;
	struct edu edu;
	__u32 ioas;
	char *mem; /* a page at IOVA of ioas */
	bool gone; /* and its parent */
};

typedef FIXTURE_DATA(slice) slice_fixture;

/* open_flags, flags and such as the uAPI has them; rc: the descriptor or a negative errno */
static int dma_buf_with(int device, __u32 what, __u32 argsz_less, __u32 region, __u32 flags, __u32 ranges, __u64 offset,
			__u64 length)
{
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_feature_dma_buf buf;
		struct vfio_region_dma_range ranges[2];
	} cmd = {
		.feature = { .argsz = sizeof(cmd) - argsz_less, .flags = VFIO_DEVICE_FEATURE_DMA_BUF | what },
		.buf = { .region_index = region, .open_flags = O_CLOEXEC | O_RDWR, .flags = flags, .nr_ranges = ranges },
		.ranges = { { offset, length }, { offset, length } },
	};
	int rc = ioctl(device, VFIO_DEVICE_FEATURE, &cmd);

	return rc < 0 ? -errno : rc;
}

static int page_dmabuf(slice_fixture *self)
{
	return dma_buf_with(self->dev.vfio.fd, VFIO_DEVICE_FEATURE_GET, 0, VFIO_PCI_BAR0_REGION_INDEX, 0, 1, 0, PAGE);
}

static int command(slice_fixture *self, __u8 value)
{
	const off_t at = ((off_t)VFIO_PCI_CONFIG_REGION_INDEX << 40) + 4;

	return pwrite(self->dev.vfio.fd, &value, 1, at) == 1 ? 0 : -errno;
}

FIXTURE_SETUP(slice)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, slice_set_up(&self->dev, self->bdf, self->uuid, self->fd)) { TH_LOG("no usable siov-edu"); }
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	self->mem = pages_alloc(PAGE);
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, 0, MAP_RW));
	ASSERT_EQ(0, command(self, 6));
	ASSERT_EQ(0, edu_open(&self->edu, 0));
	ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, NULL));
}

FIXTURE_TEARDOWN(slice)
{
	edu_close(&self->edu);
	slice_close(&self->dev);
	EXPECT_EQ(0, close(self->fd));
	if (!self->gone)
		EXPECT_EQ(0, slice_remove(self->uuid));
}

#define TARGET 0x100000ULL /* IOVA of the page; edu has 28 bits */

/* edu writes a word there: does the slice's buffer have it? 1, 0, or a negative errno */
static int reaches(slice_fixture *self, __u32 value)
{
	int rc;

	*(volatile __u32 *)self->mem = value;
	slice_set32(&self->dev, SIOV_EDU_BUFFER, ~value);
	rc = edu_read_memory(&self->edu, 0, 4);
	if (!rc)
		rc = edu_write_memory(&self->edu, TARGET + SIOV_EDU_BUFFER, 4);
	return rc ? rc : slice_get32(&self->dev, SIOV_EDU_BUFFER) == value;
}

TEST_F(slice, what_is_refused)
{
	const int dev = self->dev.vfio.fd;
	const __u32 get = VFIO_DEVICE_FEATURE_GET, bar0 = VFIO_PCI_BAR0_REGION_INDEX;
	const __u32 range = sizeof(struct vfio_region_dma_range);

	EXPECT_EQ(0, dma_buf_with(dev, get | VFIO_DEVICE_FEATURE_PROBE, 0, bar0, 0, 1, 0, PAGE));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, VFIO_DEVICE_FEATURE_SET, 0, bar0, 0, 1, 0, PAGE));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, get, 3 * range, bar0, 0, 1, 0, PAGE));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, get, 2 * range, bar0, 0, 1, 0, PAGE));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, get, 0, bar0, 1, 1, 0, PAGE));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, get, 0, bar0, 0, 0, 0, PAGE));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, get, 0, bar0, 0, 2, 0, PAGE));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, get, 0, bar0, 0, 1, 0, 0));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, get, 0, bar0, 0, 1, 0, PAGE / 2));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, get, 0, bar0, 0, 1, PAGE / 2, PAGE / 2));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, get, 0, bar0, 0, 1, 0, 2 * PAGE));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, get, 0, bar0, 0, 1, PAGE, PAGE));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, get, 0, bar0, 0, 1, -PAGE, 2 * PAGE));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, get, 0, VFIO_PCI_BAR2_REGION_INDEX, 0, 1, 0, PAGE));
	EXPECT_EQ(-EINVAL, dma_buf_with(dev, get, 0, VFIO_PCI_BAR1_REGION_INDEX, 0, 1, 0, PAGE));
	EXPECT_EQ(-ENODEV, dma_buf_with(dev, get, 0, VFIO_PCI_ROM_REGION_INDEX, 0, 1, 0, PAGE));
	EXPECT_EQ(-ENODEV, dma_buf_with(dev, get, 0, VFIO_PCI_CONFIG_REGION_INDEX, 0, 1, 0, PAGE));
	EXPECT_EQ(-ENODEV, dma_buf_with(dev, get, 0, ~0U, 0, 1, 0, PAGE));
}

TEST_F(slice, another_device_writes_its_page)
{
	int buf = page_dmabuf(self);

	ASSERT_LE(0, buf);
	EXPECT_EQ(0, reaches(self, 0x11111111)) { TH_LOG("without a mapping"); }
	ASSERT_EQ(0, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET));
	EXPECT_EQ(1, reaches(self, 0x22222222));
	close(buf);
	EXPECT_EQ(1, reaches(self, 0x33333333));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, TARGET, PAGE, NULL));
	EXPECT_EQ(0, reaches(self, 0x44444444));
}

TEST_F(slice, reset_takes_it_away)
{
	int buf = page_dmabuf(self);

	ASSERT_LE(0, buf);
	ASSERT_EQ(0, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET));
	EXPECT_EQ(1, reaches(self, 1));
	ASSERT_EQ(0, slice_reset(&self->dev));
	EXPECT_EQ(0, reaches(self, 2));
	EXPECT_EQ(-EEXIST, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, TARGET, PAGE, NULL));
	ASSERT_EQ(0, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET));
	EXPECT_EQ(1, reaches(self, 3));
	close(buf);
}

TEST_F(slice, disabled_memory_takes_it_away)
{
	int buf = page_dmabuf(self), early;

	ASSERT_LE(0, buf);
	ASSERT_EQ(0, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET));
	EXPECT_EQ(1, reaches(self, 1));
	ASSERT_EQ(0, command(self, 4));
	EXPECT_EQ(0, reaches(self, 2));
	EXPECT_EQ(-ENODEV, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET + PAGE));
	early = page_dmabuf(self);
	ASSERT_LE(0, early);
	EXPECT_EQ(-ENODEV, map_at(self->fd, self->ioas, early, 0, PAGE, TARGET + PAGE));
	ASSERT_EQ(0, slice_reset(&self->dev));
	EXPECT_EQ(-ENODEV, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET + PAGE));

	ASSERT_EQ(0, command(self, 6));
	EXPECT_EQ(0, reaches(self, 3)) { TH_LOG("what was mapped stays dead"); }
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, TARGET, PAGE, NULL));
	ASSERT_EQ(0, map_at(self->fd, self->ioas, early, 0, PAGE, TARGET));
	EXPECT_EQ(1, reaches(self, 4));
	close(early);
	close(buf);
}

/* The next owner of the slice is nobody whom a descriptor of the last one reaches. */
TEST_F(slice, close_takes_it_away)
{
	int buf = page_dmabuf(self);

	ASSERT_LE(0, buf);
	ASSERT_EQ(0, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET));
	EXPECT_EQ(1, reaches(self, 1));
	slice_close(&self->dev);
	EXPECT_EQ(-ENODEV, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET + PAGE));
	ASSERT_EQ(0, slice_open(&self->dev, self->uuid));
	ASSERT_EQ(0, slice_bind(&self->dev, self->fd));
	ASSERT_EQ(0, command(self, 6));
	EXPECT_EQ(0, reaches(self, 2));
	EXPECT_EQ(-ENODEV, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET + PAGE));
	close(buf);
}

/* VFIO wants it back and the owner has not said how to be asked: it is taken, dma-buf and all. */
static void *remove_slice(void *uuid)
{
	return (void *)(long)slice_remove(uuid);
}

#define TAKEN_US (60ULL * 1000000)

/* Has the slice been taken back after at most us? */
static bool taken_within(slice_fixture *self, __u64 us)
{
	const __u64 end = now_us() + us;
	int buf;

	while ((buf = page_dmabuf(self)) != -ENODEV) {
		close(buf);
		if (now_us() > end)
			return false;
		usleep(10000);
	}
	return true;
}

TEST_F(slice, removal_takes_it_away)
{
	int buf = page_dmabuf(self);
	pthread_t remover;
	void *rc = NULL;

	ASSERT_LE(0, buf);
	ASSERT_EQ(0, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET));
	EXPECT_EQ(1, reaches(self, 1));
	ASSERT_EQ(0, pthread_create(&remover, NULL, remove_slice, self->uuid));
	EXPECT_TRUE(taken_within(self, TAKEN_US));
	EXPECT_EQ(-ENODEV, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET + PAGE));
	EXPECT_EQ(0, edu_write_memory(&self->edu, TARGET + SIOV_EDU_BUFFER, 4));
	slice_close(&self->dev);
	ASSERT_EQ(0, pthread_join(remover, &rc));
	EXPECT_EQ(0, (long)rc);
	ASSERT_EQ(0, slice_create(self->bdf, self->uuid));
	ASSERT_EQ(0, slice_open(&self->dev, self->uuid));
	ASSERT_EQ(0, slice_bind(&self->dev, self->fd));
	EXPECT_EQ(0, reaches(self, 2)) { TH_LOG("the next slice on the same page"); }
	close(buf);
}

/* The parent is unplugged, with all its slices: the last test, as nothing plugs it in again. */
TEST_F(slice, slot_power)
{
	const int slot = slot_of(self->bdf), buf = page_dmabuf(self);
	int remover;

	ASSERT_LT(0, slot) { TH_LOG("siov-edu is in no hotplug slot"); }
	ASSERT_LE(0, buf);
	ASSERT_EQ(0, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET));
	EXPECT_EQ(1, reaches(self, 1));
	remover = slot_power_off_apart(slot, self->dev.page, SIOV_EDU_PAGE_SIZE);
	ASSERT_LT(0, remover);
	self->gone = true;
	EXPECT_TRUE(taken_within(self, TAKEN_US));
	EXPECT_EQ(-ENODEV, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET + PAGE));
	EXPECT_EQ(0, edu_write_memory(&self->edu, TARGET + SIOV_EDU_BUFFER, 4));
	EXPECT_TRUE(pci_present(self->bdf)) { TH_LOG("gone while it is open"); }
	slice_close(&self->dev);
	EXPECT_TRUE(ends_within(remover, 60000));
	EXPECT_FALSE(pci_present(self->bdf));
	/* The dma-buf is still there, the IOVAs are, and nothing is behind them. */
	EXPECT_EQ(-ENODEV, map_at(self->fd, self->ioas, buf, 0, PAGE, TARGET + PAGE));
	EXPECT_EQ(-EEXIST, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, TARGET, MAP_RW));
	EXPECT_EQ(0, edu_write_memory(&self->edu, TARGET + SIOV_EDU_BUFFER, 4));
	close(buf);
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, TARGET, PAGE, NULL));
}

TEST_HARNESS_MAIN
