// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slices that are emulated in software (siov_soft.ko): the same commands as a
 * slice of siov-edu, done by the CPU through the access that the iommufd has for
 * a device without DMA. Their owner uses them as a real slice, except that the
 * page of registers is not mapped. Needs no device, and no IOMMU.
 */
#include "lib/harness.h"

#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "lib/group.h"
#include "lib/iommufd.h"
#include "lib/process.h"
#include "lib/slice.h"
#include "lib/system.h"

#define IOVA    0x10000000ULL
#define SIZE    (16 * PAGE)
#define SECOND  1000000
#define DELAY   (SECOND / 4)
#define CONFIG  ((__u64)VFIO_PCI_CONFIG_REGION_INDEX << 40)
#define MDEV    "/sys/bus/mdev/devices/"
#define SLICES  16 /* that siov_soft.ko has */
#define ASK_MS  5000
#define GONE_US (25ULL * SECOND) /* the second request comes after 10 s */

FIXTURE(soft)
{
	int fd, log;
	char uuid[SLICE_UUID_SIZE];
	struct slice dev;
	__u32 ioas, other;
	char *mem, *mem2; /* SIZE bytes each, at IOVA of ioas and of other; shared with children */
};

typedef FIXTURE_DATA(soft) fixture;

FIXTURE_SETUP(soft)
{
	ASSERT_EQ(0, slice_soft_load());
	ASSERT_EQ(SLICES, slice_soft_available());
	slice_uuid(0, self->uuid);
	ASSERT_EQ(0, slice_soft_create(self->uuid));
	self->log = kmsg_open();
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	self->mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	self->mem2 = pages_alloc(SIZE);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->other));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, SIZE, IOVA, MAP_RW));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->other, self->mem2, SIZE, IOVA, MAP_RW));
	ASSERT_EQ(0, slice_open(&self->dev, self->uuid));
	ASSERT_EQ(0, slice_bind_trapped(&self->dev, self->fd));
	ASSERT_EQ(0, slice_attach(&self->dev, self->ioas));
}

FIXTURE_TEARDOWN(soft)
{
	slice_close(&self->dev);
	if (self->fd >= 0)
		EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, slice_remove(self->uuid));
	EXPECT_EQ(SLICES, slice_soft_available());
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

static bool logged(fixture *self, const char *text)
{
	char line[256];

	return kmsg_find(self->log, text, line, sizeof(line), SECOND) == 1;
}

/* memory[IOVA + at] += operand, with the delay spent while the page is pinned */
static struct siov_command add(__u64 at, __u32 length, __u64 operand)
{
	return (struct siov_command){
		.dst = IOVA + at, .length = length, .operand = operand, .command = SIOV_EDU_FETCH_ADD};
}

TEST_F(soft, commands)
{
	const struct siov_command sum = {.src = IOVA + 5, .length = 3 * PAGE, .command = SIOV_EDU_CHECKSUM};
	const struct siov_command add8 = add(PAGE - 8, 8, 0x100000000ULL), add4 = add(PAGE, 4, 3);
	__u64 *at = (__u64 *)(self->mem + PAGE - 8);

	EXPECT_EQ(1, slice_attr(self->uuid, "attached"));
	/* out of the buffer into memory and back, at odd addresses and over the end of a page */
	slice_set64(&self->dev, SIOV_EDU_BUFFER, 0x8877665544332211ULL);
	EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA + PAGE - 3, 8));
	EXPECT_EQ(0, memcmp(self->mem + PAGE - 3, "\x11\x22\x33\x44\x55\x66\x77\x88", 8));
	EXPECT_EQ(0, bytes_not(self->mem, PAGE - 3, 0));
	EXPECT_EQ(0, bytes_not(self->mem + PAGE + 5, SIZE - PAGE - 5, 0));
	slice_set64(&self->dev, SIOV_EDU_BUFFER, 0);
	EXPECT_EQ(SIOV_EDU_OK, slice_read(&self->dev, IOVA + PAGE - 3, 8));
	EXPECT_EQ(0x8877665544332211ULL, slice_get64(&self->dev, SIOV_EDU_BUFFER));
	/* memory to memory */
	pattern_fill(self->mem, SIZE / 2, 1);
	EXPECT_EQ(SIOV_EDU_OK, slice_copy(&self->dev, IOVA, IOVA + SIZE / 2 + 7, SIZE / 2 - 7));
	EXPECT_EQ(0, pattern_diff(self->mem + SIZE / 2 + 7, SIZE / 2 - 7, 1));
	EXPECT_EQ(SIOV_EDU_OK, slice_run(&self->dev, &sum));
	EXPECT_EQ(siov_checksum(self->mem + 5, 3 * PAGE), slice_get64(&self->dev, SIOV_EDU_RESULT));
	at[0] = 0xfffffffeULL;
	at[1] = 0xfffffffeULL;
	EXPECT_EQ(SIOV_EDU_OK, slice_run(&self->dev, &add8));
	EXPECT_EQ(0xfffffffeULL, slice_get64(&self->dev, SIOV_EDU_RESULT));
	EXPECT_EQ(0x1fffffffeULL, at[0]);
	EXPECT_EQ(SIOV_EDU_OK, slice_run(&self->dev, &add4));
	EXPECT_EQ(0xfffffffeULL, slice_get64(&self->dev, SIOV_EDU_RESULT));
	EXPECT_EQ(1, at[1]); /* four bytes: nothing is carried */
	EXPECT_EQ(6, slice_get32(&self->dev, SIOV_EDU_COMPLETED));
	EXPECT_EQ(6, slice_irqs_wait(&self->dev, 6, 1000));
	EXPECT_EQ(0, self_status_kb("VmPin")); /* an access pins for its commands alone */
}

TEST_F(soft, only_what_is_mapped_and_permitted)
{
	char *ro = pages_alloc(PAGE);
	const struct siov_command add_ro = add(SIZE, 8, 1);

	pattern_fill(ro, PAGE, 3);
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, ro, PAGE, IOVA + SIZE, MAP_READ));
	EXPECT_EQ(SIOV_EDU_OK, slice_read(&self->dev, IOVA + SIZE, 64));
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, slice_write(&self->dev, IOVA + SIZE, 64));
	EXPECT_EQ(IOVA + SIZE, slice_get64(&self->dev, SIOV_EDU_FAULT_ADDRESS));
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, slice_run(&self->dev, &add_ro));
	EXPECT_EQ(0, pattern_diff(ro, PAGE, 3));
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, slice_read(&self->dev, IOVA + SIZE + PAGE, 8));
	EXPECT_EQ(IOVA + SIZE + PAGE, slice_get64(&self->dev, SIOV_EDU_FAULT_ADDRESS));
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, slice_read(&self->dev, IOVA - 8, 8));
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, slice_read(&self->dev, 0, 8));
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, slice_write(&self->dev, ~0ULL - 8, 8));
}

/* Commands and registers that the ADI refuses */
TEST_F(soft, wrong_commands)
{
	const struct {
		struct siov_command command;
		int status;
	} wrong[] = {
		{{.command = 0}, SIOV_EDU_BAD_COMMAND},
		{{.command = 9, .length = 8}, SIOV_EDU_BAD_COMMAND},
		{{.command = 0x401, .length = 8, .src = IOVA}, SIOV_EDU_BAD_COMMAND},
		{{.command = SIOV_EDU_READ, .src = IOVA}, SIOV_EDU_BAD_RANGE},
		{{.command = SIOV_EDU_READ, .src = IOVA, .dst = 2048, .length = 1}, SIOV_EDU_BAD_RANGE},
		{{.command = SIOV_EDU_READ, .src = IOVA, .dst = ~0ULL, .length = 8}, SIOV_EDU_BAD_RANGE},
		{{.command = SIOV_EDU_WRITE, .dst = IOVA, .src = 1, .length = 2048}, SIOV_EDU_BAD_RANGE},
		{{.command = SIOV_EDU_WRITE, .dst = ~0ULL, .length = 8}, SIOV_EDU_BAD_RANGE},
		{{.command = SIOV_EDU_COPY, .src = IOVA, .dst = IOVA, .length = ~0U}, SIOV_EDU_BAD_RANGE},
		{{.command = SIOV_EDU_CHECKSUM, .src = IOVA, .length = 0x100001}, SIOV_EDU_BAD_RANGE},
		{{.command = SIOV_EDU_FETCH_ADD, .dst = IOVA + 4, .length = 8}, SIOV_EDU_BAD_RANGE},
		{{.command = SIOV_EDU_FETCH_ADD, .dst = IOVA, .length = 2}, SIOV_EDU_BAD_RANGE},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		EXPECT_EQ(wrong[i].status, slice_run(&self->dev, &wrong[i].command)) { TH_LOG("%zu", i); }
	}
	EXPECT_EQ(0, bytes_not(self->mem, SIZE, 0));
	/* the queue: one that runs, and 15 that wait */
	ASSERT_EQ(0, slice_debug_set(self->uuid, "delay_us", SECOND));
	for (__u32 i = 0, number; i < 20; i++)
		slice_queue(&self->dev, &(struct siov_command){.dst = IOVA, .length = 8, .command = SIOV_EDU_WRITE},
			    &number);
	EXPECT_EQ(4, slice_get32(&self->dev, SIOV_EDU_REJECTED));
	EXPECT_EQ(16, (slice_get32(&self->dev, SIOV_EDU_STATUS) & SIOV_EDU_STATUS_PENDING) >> 8);
	EXPECT_EQ(0, slice_reset(&self->dev));
	EXPECT_EQ(0, slice_get32(&self->dev, SIOV_EDU_STATUS));
	EXPECT_EQ(0, slice_get32(&self->dev, SIOV_EDU_REJECTED));
}

TEST_F(soft, wrong_accesses)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = VFIO_PCI_BAR0_REGION_INDEX};
	struct iommu_hw_info hw;
	__u64 value = 0;
	__u32 hwpt;
	int fd = self->dev.vfio.fd;

	ASSERT_EQ(0, ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info));
	EXPECT_EQ(PAGE, info.size);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE, info.flags);
	EXPECT_GT(0, slice_map(&self->dev));
	EXPECT_EQ(NULL, self->dev.page);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_EQ(-1, pread(fd, &value, 2, SIOV_EDU_STATUS)); /* half a register */
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pread(fd, &value, 8, PAGE - 4)); /* off the end */
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pread(fd, &value, 4, CONFIG + 254));
	EXPECT_EQ(-1, pread(fd, &value, 4, ~0ULL >> 1));
	EXPECT_EQ(-1, pread(fd, (void *)PAGE, 4, SIOV_EDU_STATUS));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(4, pread(fd, &value, 4, CONFIG));
	EXPECT_EQ(SIOV_EDU_VENDOR_ID, value & 0xffff);
	EXPECT_EQ(~0U, slice_get32(&self->dev, 0x7fc)); /* no such register */
	EXPECT_TRUE(logged(self, "no such register"));
	slice_set32(&self->dev, SIOV_EDU_COMPLETED, 5); /* read-only */
	EXPECT_TRUE(logged(self, "no register takes"));
	EXPECT_EQ(0, slice_get32(&self->dev, SIOV_EDU_COMPLETED));
	EXPECT_EQ(-ENOENT, slice_attach(&self->dev, 12345));
	EXPECT_EQ(-ENOENT, slice_attach(&self->dev, self->dev.vfio.dev_id));
	/* it is no device of an IOMMU */
	EXPECT_GT(0, hwpt_alloc(self->fd, self->dev.vfio.dev_id, self->ioas, 0, &hwpt));
	EXPECT_GT(0, get_hw_info(self->fd, self->dev.vfio.dev_id, NULL, 0, &hw));
	EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, 8));
}

TEST_F(soft, interrupts)
{
	slice_set32(&self->dev, SIOV_EDU_IRQ_MASK, 1);
	EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, 8));
	EXPECT_EQ(1, slice_get32(&self->dev, SIOV_EDU_IRQ_PENDING));
	EXPECT_EQ(0, slice_irqs(&self->dev, 100));
	slice_set32(&self->dev, SIOV_EDU_IRQ_MASK, 0);
	EXPECT_EQ(1, slice_irqs(&self->dev, 1000));
	/* VFIO's mask */
	EXPECT_EQ(0, slice_irq_action(&self->dev, VFIO_IRQ_SET_ACTION_MASK));
	EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, 8));
	EXPECT_EQ(0, slice_irqs(&self->dev, 100));
	EXPECT_EQ(0, slice_irq_action(&self->dev, VFIO_IRQ_SET_ACTION_UNMASK));
	EXPECT_EQ(1, slice_irqs(&self->dev, 1000));
	EXPECT_EQ(0, slice_irq_action(&self->dev, VFIO_IRQ_SET_ACTION_TRIGGER));
	EXPECT_EQ(1, slice_irqs(&self->dev, 1000));
}

/* No bus master bit, no DMA */
TEST_F(soft, bus_master)
{
	__u16 command = 0;
	__u32 number;

	ASSERT_EQ(2, pwrite(self->dev.vfio.fd, &command, 2, CONFIG + 4));
	slice_set64(&self->dev, SIOV_EDU_BUFFER, ~0ULL);
	slice_queue(&self->dev, &(struct siov_command){.dst = IOVA, .length = 8, .command = SIOV_EDU_WRITE}, &number);
	usleep(SECOND / 5);
	EXPECT_EQ(0, slice_get32(&self->dev, SIOV_EDU_COMPLETED));
	EXPECT_EQ(0, bytes_not(self->mem, SIZE, 0));
	command = 4;
	ASSERT_EQ(2, pwrite(self->dev.vfio.fd, &command, 2, CONFIG + 4));
	EXPECT_EQ(SIOV_EDU_OK, slice_wait(&self->dev, number));
	EXPECT_EQ(0, bytes_not(self->mem, 8, 0xff));
	/* cleared with two in the queue: the one that has started is let through, the other waits */
	slice_debug_set(self->uuid, "delay_us", DELAY);
	for (int i = 0; i < 2; i++)
		slice_queue(&self->dev, &(struct siov_command){.dst = IOVA, .length = 8, .command = SIOV_EDU_WRITE},
			    &number);
	usleep(DELAY / 2);
	command = 0;
	ASSERT_EQ(2, pwrite(self->dev.vfio.fd, &command, 2, CONFIG + 4));
	EXPECT_EQ(number - 1, slice_get32(&self->dev, SIOV_EDU_COMPLETED));
	usleep(2 * DELAY);
	EXPECT_EQ(number - 1, slice_get32(&self->dev, SIOV_EDU_COMPLETED));
}

/* Each command goes by the IOAS of its moment. */
TEST_F(soft, replace_and_detach)
{
	slice_set64(&self->dev, SIOV_EDU_BUFFER, ~0ULL);
	for (int i = 0; i < 16; i++) {
		bool first = i % 2;

		ASSERT_EQ(0, slice_attach(&self->dev, first ? self->ioas : self->other));
		EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, 8));
		EXPECT_EQ(0, bytes_not(first ? self->mem : self->mem2, 8, 0xff));
		EXPECT_EQ(0, bytes_not(first ? self->mem2 : self->mem, 8, 0));
		memset(self->mem, 0, 8);
		memset(self->mem2, 0, 8);
	}
	EXPECT_EQ(0, slice_detach(&self->dev));
	EXPECT_EQ(0, slice_attr(self->uuid, "attached"));
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, slice_write(&self->dev, IOVA, 8));
	EXPECT_EQ(0, bytes_not(self->mem, 8, 0));
	EXPECT_EQ(0, object_destroy(self->fd, self->ioas));
	EXPECT_EQ(0, slice_attach(&self->dev, self->other));
	EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, 8));
}

/* An unmap does not wait for a command that copies; that finds nothing there. */
TEST_F(soft, unmapped_before_its_copy)
{
	__u32 number;
	__u64 start;

	slice_debug_set(self->uuid, "delay_us", SECOND);
	slice_set64(&self->dev, SIOV_EDU_BUFFER, ~0ULL);
	slice_queue(&self->dev, &(struct siov_command){.dst = IOVA, .length = 8, .command = SIOV_EDU_WRITE}, &number);
	usleep(SECOND / 10);
	start = now_us();
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, SIZE, NULL));
	EXPECT_GT(SECOND / 2, now_us() - start);
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, slice_wait(&self->dev, number));
	EXPECT_EQ(0, bytes_not(self->mem, SIZE, 0));
}

enum way { UNMAP, REPLACE, DETACH, CLOSE, RESET, WAYS };

static int take_memory(fixture *self, enum way way)
{
	switch (way) {
	case UNMAP:
		return ioas_unmap(self->fd, self->ioas, IOVA, SIZE, NULL);
	case REPLACE:
		return slice_attach(&self->dev, self->other);
	case DETACH:
		return slice_detach(&self->dev);
	case RESET:
		return slice_reset(&self->dev);
	default:
		slice_close(&self->dev);
		return 0;
	}
}

/* A page that a command has pinned: who takes it away waits for the command, or ends it. Never is it written later. */
TEST_F(soft, pinned_while_it_goes)
{
	const struct siov_command plus_one = add(0, 8, 1);

	for (int way = 0; way < WAYS; way++) {
		bool ended = way == CLOSE || way == RESET;
		__u32 number;
		__u64 start, seen;

		memset(self->mem, 0, PAGE);
		slice_debug_set(self->uuid, "delay_us", DELAY);
		slice_queue(&self->dev, &plus_one, &number);
		usleep(DELAY / 4);
		EXPECT_EQ(0, *(volatile __u64 *)self->mem);
		EXPECT_LT(0, pinned_pages());
		start = now_us();
		EXPECT_EQ(0, take_memory(self, way)) { TH_LOG("%d", way); }
		seen = *(volatile __u64 *)self->mem;
		TH_LOG("way %d: %llu us", way, now_us() - start);
		EXPECT_EQ(ended ? 0 : 1, seen) { TH_LOG("%d", way); }
		usleep(2 * DELAY);
		EXPECT_EQ(seen, *(volatile __u64 *)self->mem) { TH_LOG("%d", way); }
		EXPECT_EQ(0, self_status_kb("VmPin"));
		/* from the beginning */
		slice_close(&self->dev);
		slice_debug_set(self->uuid, "delay_us", 0);
		if (way == UNMAP) {
			ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, SIZE, IOVA, MAP_RW));
		}
		ASSERT_EQ(0, slice_open(&self->dev, self->uuid));
		ASSERT_EQ(0, slice_bind_trapped(&self->dev, self->fd));
		ASSERT_EQ(0, slice_attach(&self->dev, self->ioas));
		EXPECT_EQ(0, slice_get32(&self->dev, SIOV_EDU_COMPLETED));
	}
}

static volatile bool stop;

static void *remap(void *data)
{
	fixture *self = data;
	long rounds = 0;

	while (!stop && !ioas_unmap(self->fd, self->ioas, IOVA, SIZE, NULL) &&
	       !ioas_map_fixed(self->fd, self->ioas, self->mem, SIZE, IOVA, MAP_RW))
		rounds++;
	return (void *)rounds;
}

static void *replace(void *data)
{
	fixture *self = data;
	long rounds = 0;

	while (!stop && !slice_attach(&self->dev, rounds % 2 ? self->ioas : self->other))
		rounds++;
	return (void *)rounds;
}

/* Commands, unmap and map, and replace at once: each command is whole or fails, none is lost. */
TEST_F(soft, races)
{
	const struct siov_command plus_one = add(8, 8, 1);
	pthread_t threads[2];
	__u64 end = now_us() + 3 * SECOND, added = 0;
	void *rounds[2];
	int done = 0;

	stop = false;
	pthread_create(&threads[0], NULL, remap, self);
	pthread_create(&threads[1], NULL, replace, self);
	while (now_us() < end) {
		int rc = slice_run(&self->dev, &plus_one);

		ASSERT_TRUE(rc == SIOV_EDU_OK || rc == SIOV_EDU_DMA_FAILED) { TH_LOG("%d", rc); }
		added += rc == SIOV_EDU_OK;
		rc = slice_copy(&self->dev, IOVA + PAGE, IOVA + 8 * PAGE, 2 * PAGE);
		ASSERT_TRUE(rc == SIOV_EDU_OK || rc == SIOV_EDU_DMA_FAILED) { TH_LOG("%d", rc); }
		done += 2;
	}
	stop = true;
	pthread_join(threads[0], &rounds[0]);
	pthread_join(threads[1], &rounds[1]);
	TH_LOG("%d commands, %llu added; %ld unmaps, %ld replaces", done, added, (long)rounds[0], (long)rounds[1]);
	EXPECT_EQ(done, slice_get32(&self->dev, SIOV_EDU_COMPLETED));
	EXPECT_EQ(added, ((__u64 *)self->mem)[1] + ((__u64 *)self->mem2)[1]);
	EXPECT_LT(0, added);
	EXPECT_LT(10, (long)rounds[0]);
	EXPECT_LT(10, (long)rounds[1]);
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

TEST_F(soft, group_and_container_are_refused)
{
	char path[96];
	int group, container;

	snprintf(path, sizeof(path), MDEV "%s", self->uuid);
	slice_close(&self->dev);
	group = group_open_at(path);
	ASSERT_LE(0, group);
	container = container_open();
	ASSERT_LE(0, container);
	ASSERT_EQ(0, group_set_container(group, container));
	EXPECT_EQ(0, container_set_iommu(container, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-EPERM, group_get_device(group, self->uuid));
	EXPECT_TRUE(logged(self, module_is_out_of_tree("iommufd") ? "a slice is used" : "-"));
	EXPECT_EQ(0, group_unset_container(group));
	close(container);
	ASSERT_EQ(0, group_set_container(group, self->fd));
	EXPECT_EQ(-EPERM, group_get_device(group, self->uuid));
	EXPECT_EQ(0, group_unset_container(group));
	close(group);
	EXPECT_EQ(0, slice_attr(self->uuid, "attached"));
	ASSERT_EQ(0, slice_open(&self->dev, self->uuid));
}

TEST_F(soft, wrong_mdev)
{
	char uuid[SLICE_UUID_SIZE];

	EXPECT_EQ(-EEXIST, slice_soft_create(self->uuid));
	EXPECT_EQ(-EINVAL, slice_soft_create("not-a-uuid"));
	for (unsigned int i = 1; i < SLICES; i++) {
		slice_uuid(i, uuid);
		EXPECT_EQ(0, slice_soft_create(uuid));
	}
	EXPECT_EQ(0, slice_soft_available());
	slice_uuid(SLICES, uuid);
	EXPECT_EQ(-EUSERS, slice_soft_create(uuid));
	for (unsigned int i = 1; i < SLICES; i++) {
		slice_uuid(i, uuid);
		EXPECT_EQ(0, slice_remove(uuid));
	}
}

static void *take(void *data)
{
	fixture *self = data;

	return (void *)(long)slice_remove(self->uuid);
}

/* Removed while its owner uses it: asked for, then taken; no DMA and no call afterwards. */
TEST_F(soft, removed)
{
	struct pollfd request = {.fd = vfio_request_eventfd(&self->dev.vfio), .events = POLLIN};
	pthread_t taker;
	__u32 number;
	__u64 start = now_us();
	void *rc;

	ASSERT_LE(0, request.fd);
	pthread_create(&taker, NULL, take, self);
	EXPECT_EQ(1, poll(&request, 1, ASK_MS));
	EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, 8));
	slice_debug_set(self->uuid, "delay_us", DELAY);
	slice_set64(&self->dev, SIOV_EDU_BUFFER, ~0ULL);
	for (int i = 0; i < 4; i++)
		slice_queue(&self->dev, &(struct siov_command){.dst = IOVA, .length = 8, .command = SIOV_EDU_WRITE},
			    &number);
	while (slice_reset(&self->dev) != -ENODEV && now_us() - start < GONE_US)
		usleep(SECOND / 10);
	memset(self->mem, 0, PAGE);
	EXPECT_GT(GONE_US, now_us() - start);
	TH_LOG("taken after %llu ms", (now_us() - start) / 1000);
	EXPECT_EQ(~0U, slice_get32(&self->dev, SIOV_EDU_STATUS));
	usleep(5 * DELAY);
	EXPECT_EQ(0, bytes_not(self->mem, PAGE, 0));
	slice_close(&self->dev);
	pthread_join(taker, &rc);
	EXPECT_EQ(0, (long)rc);
	ASSERT_EQ(0, slice_soft_create(self->uuid));
	close(request.fd);
}

/* SIGKILL in the middle of a command */
TEST_F(soft, killed)
{
	const struct siov_command plus_one = add(0, 8, 1);
	int ready[2];
	pid_t pid;
	char byte = 1;

	slice_close(&self->dev);
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, slice_debug_set(self->uuid, "delay_us", SECOND));
	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		__u32 ioas, number;
		int fd = iommufd_open();

		if (fd < 0 || ioas_alloc(fd, &ioas) || ioas_map_fixed(fd, ioas, self->mem, SIZE, IOVA, MAP_RW) ||
		    slice_open(&self->dev, self->uuid) || slice_bind_trapped(&self->dev, fd) ||
		    slice_attach(&self->dev, ioas))
			_exit(1);
		slice_queue(&self->dev, &plus_one, &number);
		slice_queue(&self->dev, &plus_one, &number);
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	usleep(SECOND / 10);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-ECHILD, child_status(pid));
	EXPECT_EQ(0, slice_attr(self->uuid, "attached"));
	memset(self->mem, 0, PAGE);
	usleep(2 * SECOND);
	EXPECT_EQ(0, bytes_not(self->mem, PAGE, 0));
	/* and is had again, as new */
	self->fd = iommufd_open();
	ASSERT_EQ(0, slice_open(&self->dev, self->uuid));
	ASSERT_EQ(0, slice_bind_trapped(&self->dev, self->fd));
	EXPECT_EQ(0, slice_get32(&self->dev, SIOV_EDU_STATUS));
}

TEST_HARNESS_MAIN
