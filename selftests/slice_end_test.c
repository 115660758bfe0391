// SPDX-License-Identifier: GPL-2.0-only
/*
 * How slices of siov-edu end while they are in use: their process is killed, the
 * slice is removed, its parent loses its driver or is removed. Afterwards there
 * is no DMA and no way to the page, and everything can be had again. Also what
 * siov_edu.ko does with few PASIDs.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "lib/iommufd.h"
#include "lib/process.h"
#include "lib/slice.h"
#include "lib/system.h"

#define IOVA      0x10000000ULL
#define SIZE      (16 * PAGE)
#define SECOND    1000000
#define ASK_MS    5000  /* until the kernel asks for the slice */
#define REVOKE_MS 20000 /* until it takes it, when nobody answers: the second request comes after 10 s */
#define FINISH_US (5ULL * SECOND)
#define DRIVER    "/sys/bus/pci/drivers/siov_edu/"

FIXTURE(end)
{
	int fd, free;
	char bdf[16], uuid[SLICE_UUID_SIZE];
	struct slice dev;
	__u32 ioas;
	char *mem; /* SIZE bytes, shared, at IOVA of ioas */
};

typedef FIXTURE_DATA(end) fixture;

FIXTURE_SETUP(end)
{
	ASSERT_EQ(0, slice_parent(0, self->bdf)) { TH_LOG("no siov-edu, or siov_edu refused it"); }
	slice_remove_leftovers();
	self->free = slice_available(self->bdf);
	slice_uuid(0, self->uuid);
	ASSERT_EQ(0, slice_create(self->bdf, self->uuid));
	self->mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->dev.vfio.fd = self->fd = -1;
}

FIXTURE_TEARDOWN(end)
{
	slice_close(&self->dev);
	if (self->fd >= 0)
		EXPECT_EQ(0, close(self->fd));
	slice_remove(self->uuid);
	EXPECT_EQ(self->free, slice_available(self->bdf));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

/* Opened, bound, attached; 0 or a negative errno */
static int use(fixture *self)
{
	int rc;

	self->fd = iommufd_open();
	if (self->fd < 0)
		return self->fd;
	rc = ioas_alloc(self->fd, &self->ioas);
	if (!rc)
		rc = ioas_map_fixed(self->fd, self->ioas, self->mem, SIZE, IOVA, MAP_RW);
	if (!rc)
		rc = slice_open(&self->dev, self->uuid);
	if (!rc)
		rc = slice_bind(&self->dev, self->fd);
	return rc ? rc : slice_attach(&self->dev, self->ioas);
}

/* Four writes to memory, which take their time */
static void start_dma(fixture *self)
{
	const struct siov_command write = {.dst = IOVA, .length = 8, .command = SIOV_EDU_WRITE};
	__u32 number;

	slice_debug_set(self->uuid, "delay_us", SECOND / 5);
	slice_set64(&self->dev, SIOV_EDU_BUFFER, ~0ULL);
	for (int i = 0; i < 4; i++)
		slice_queue(&self->dev, &write, &number);
}

static sigjmp_buf fault;
static void on_fault(int signal) { siglongjmp(fault, signal); }

/* The signal that a read of the page ends in, 0: none */
static int touch(fixture *self)
{
	struct sigaction action = {.sa_handler = on_fault}, old;
	int signal = sigsetjmp(fault, 1);

	if (signal)
		return signal;
	sigaction(SIGBUS, &action, &old);
	slice_get32(&self->dev, SIOV_EDU_STATUS);
	sigaction(SIGBUS, &old, NULL);
	return 0;
}

/* What takes the slice away, in a thread of its own: it comes back when the slice is closed. */
struct taker {
	const char *path;
	const char *text;
	pthread_t thread;
	int rc;
	volatile bool done;
};

static void *take(void *data)
{
	struct taker *t = data;

	t->rc = attr_write(t->path, t->text);
	t->done = true;
	return NULL;
}

static bool done_within(struct taker *t, __u64 us)
{
	for (__u64 end = now_us() + us; !t->done && now_us() < end;)
		usleep(10000);
	return t->done;
}

TEST_F(end, killed)
{
	int ready[2], pid;
	char byte;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		if (!use(self)) {
			start_dma(self);
			byte = 1;
			if (write(ready[1], &byte, 1) == 1)
				pause();
		}
		_exit(1);
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_EQ(1, slice_attr(self->uuid, "attached"));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-ECHILD, child_status(pid));
	EXPECT_EQ(0, slice_attr(self->uuid, "attached"));
	memset(self->mem, 0, PAGE);
	usleep(SECOND);
	EXPECT_EQ(0, bytes_not(self->mem, PAGE, 0));
	ASSERT_EQ(0, slice_debug_set(self->uuid, "delay_us", 0));
	ASSERT_EQ(0, use(self));
	EXPECT_EQ(0, slice_get32(&self->dev, SIOV_EDU_COMPLETED));
	EXPECT_EQ(0, slice_get64(&self->dev, SIOV_EDU_BUFFER));
	EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, 8));
}

/* What is left of a slice that was taken back */
static void expect_revoked(struct __test_metadata *_metadata, fixture *self)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = VFIO_PCI_BAR0_REGION_INDEX};
	__u32 value;

	EXPECT_EQ(SIGBUS, touch(self));
	EXPECT_EQ(-1, pread(self->dev.vfio.fd, &value, 4, SIOV_EDU_STATUS));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-ENODEV, slice_reset(&self->dev));
	EXPECT_EQ(-ENODEV, slice_irq_action(&self->dev, VFIO_IRQ_SET_ACTION_TRIGGER));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->dev.vfio.fd, 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(0, ioctl(self->dev.vfio.fd, VFIO_DEVICE_GET_REGION_INFO, &info));
	memset(self->mem, 0, PAGE);
	usleep(SECOND);
	EXPECT_EQ(0, bytes_not(self->mem, PAGE, 0));
}

static const struct way {
	const char *name, *path;
	bool with_parent;
} ways[] = {
	{"slice", "/sys/bus/mdev/devices/%2$s/remove", false},
	{"unbind", DRIVER "unbind", true},
	{"remove", "/sys/bus/pci/devices/%1$s/remove", true},
};

static void start_taking(struct taker *t, const struct way *way, fixture *self, char path[96])
{
	snprintf(path, 96, way->path, self->bdf, self->uuid);
	*t = (struct taker){.path = path, .text = strstr(path, "unbind") ? self->bdf : "1"};
	pthread_create(&t->thread, NULL, take, t);
}

/* Afterwards there is a parent again, and a new slice. */
static int begin_again(fixture *self, const struct way *way)
{
	if (!strcmp(way->name, "remove") && attr_write("/sys/bus/pci/rescan", "1"))
		return -EIO;
	if (way->with_parent && slice_parent(0, self->bdf))
		return -ENODEV;
	return slice_create(self->bdf, self->uuid);
}

/* Who says how to be asked is asked first, and nothing happens to him before he closes the slice. */
TEST_F(end, asked)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct taker taker;
		struct pollfd request;
		char path[96];

		ASSERT_EQ(0, use(self)) { TH_LOG("%s", ways[i].name); }
		request = (struct pollfd){.fd = vfio_request_eventfd(&self->dev.vfio), .events = POLLIN};
		ASSERT_LE(0, request.fd);
		start_taking(&taker, &ways[i], self, path);
		EXPECT_EQ(1, poll(&request, 1, ASK_MS)) { TH_LOG("%s", ways[i].name); }
		EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, 8));
		EXPECT_FALSE(taker.done);
		slice_close(&self->dev);
		EXPECT_TRUE(done_within(&taker, FINISH_US));
		pthread_join(taker.thread, NULL);
		EXPECT_EQ(0, taker.rc);
		close(request.fd);
		EXPECT_EQ(0, close(self->fd));
		self->fd = -1;
		ASSERT_EQ(0, begin_again(self, &ways[i])) { TH_LOG("%s", ways[i].name); }
	}
}

/* Who does not answer, or said nothing, loses it, DMA in flight included. */
TEST_F(end, taken)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct taker taker;
		char path[96];
		__u64 start;

		ASSERT_EQ(0, use(self)) { TH_LOG("%s", ways[i].name); }
		start_dma(self);
		if (!i)
			ASSERT_LE(0, vfio_request_eventfd(&self->dev.vfio));
		start_taking(&taker, &ways[i], self, path);
		start = now_us();
		while (!touch(self) && now_us() - start < REVOKE_MS * 1000ULL)
			usleep(10000);
		TH_LOG("%s: taken after %llu ms", ways[i].name, (now_us() - start) / 1000);
		usleep(SECOND / 2); /* DMA that had started is let through */
		expect_revoked(_metadata, self);
		EXPECT_FALSE(taker.done);
		slice_close(&self->dev);
		EXPECT_TRUE(done_within(&taker, FINISH_US));
		pthread_join(taker.thread, NULL);
		EXPECT_EQ(0, taker.rc);
		EXPECT_EQ(0, close(self->fd));
		self->fd = -1;
		ASSERT_EQ(0, begin_again(self, &ways[i])) { TH_LOG("%s", ways[i].name); }
	}
}

/* The cdev is open, and bound only after the slice has been asked for. */
TEST_F(end, too_late_to_bind)
{
	struct taker taker;
	char path[96];

	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, slice_open(&self->dev, self->uuid));
	start_taking(&taker, &ways[0], self, path);
	EXPECT_FALSE(done_within(&taker, SECOND));
	EXPECT_EQ(-ENODEV, vfio_bind(&self->dev.vfio, self->fd));
	slice_close(&self->dev);
	EXPECT_TRUE(done_within(&taker, FINISH_US));
	pthread_join(taker.thread, NULL);
	EXPECT_EQ(0, taker.rc);
	EXPECT_EQ(-ENOENT, slice_remove(self->uuid));
}

static int modprobe(const char *options)
{
	char command[64];

	snprintf(command, sizeof(command), "modprobe %s", options);
	return system(command);
}

TEST_F(end, pasids_exhausted)
{
	char uuid[SLICE_UUID_SIZE];
	int log = kmsg_open(), n = 0, rc;
	char line[256];

	ASSERT_EQ(0, slice_remove(self->uuid));
	ASSERT_EQ(0, system("rmmod siov_edu"));
	ASSERT_EQ(0, modprobe("siov_edu max_pasid=3"));
	ASSERT_EQ(0, slice_parent(0, self->bdf));
	do {
		slice_uuid((unsigned int)n, uuid);
		rc = slice_create(self->bdf, uuid);
	} while (!rc && ++n < 8);
	EXPECT_EQ(-ENOSPC, rc);
	EXPECT_EQ(3, n);
	EXPECT_EQ(1, kmsg_find(log, "no PASID for the slice", line, sizeof(line), SECOND));
	EXPECT_EQ(self->free - 3, slice_available(self->bdf));
	/* one that goes leaves its PASID */
	slice_uuid(1, uuid);
	EXPECT_EQ(0, slice_remove(uuid));
	EXPECT_EQ(0, slice_create(self->bdf, uuid));
	while (n-- > 0) {
		slice_uuid((unsigned int)n, uuid);
		EXPECT_EQ(0, slice_remove(uuid));
	}
	ASSERT_EQ(0, system("rmmod siov_edu"));
	ASSERT_EQ(0, modprobe("siov_edu"));
	ASSERT_EQ(0, slice_create(self->bdf, self->uuid));
}

TEST_HARNESS_MAIN
