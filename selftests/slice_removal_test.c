// SPDX-License-Identifier: GPL-2.0-only
/*
 * What slice_end_test leaves out about slices that go, or change hands, with DMA in flight: the parent is unplugged
 * from its PCIe slot; several slices go at once with it, one of them mapped twice; an owner gives the slice to another
 * process (SCM_RIGHTS) or has a child with it (fork); memory, attachment and commands are taken away under a command
 * that has started. In each case the rest goes on, and what was taken is not written to any more.
 *
 * Needs siov-edu behind a pcie-root-port with hotplug. A kernel with lockdep reports its own hotplug driver at a
 * power-off (unplug_test): there, `slice_removal_test -T unplugged` is what can be run.
 */
#include "lib/harness.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/iommufd.h"
#include "lib/process.h"
#include "lib/slice.h"
#include "lib/system.h"
#include "lib/unplug.h"

#define SLICES   3
#define IOVA     0x10000000ULL
#define SIZE     (16 * PAGE)
#define SECOND   1000000
#define DELAY    (SECOND / 5)
#define GONE_US  (25ULL * SECOND) /* the second request, upon which a slice is taken, comes after 10 s */
#define AFTER_MS 15000            /* until all is over, once the slices are closed */

FIXTURE(removal)
{
	int free;
	char bdf[16];
	struct user {
		int fd;
		char uuid[SLICE_UUID_SIZE];
		struct slice dev;
		__u32 ioas;
		char *mem; /* SIZE bytes, shared, at IOVA of ioas */
	} users[SLICES];
};

typedef FIXTURE_DATA(removal) fixture;

static int user_start(struct user *user)
{
	int rc;

	user->fd = iommufd_open();
	rc = user->fd < 0 ? user->fd : ioas_alloc(user->fd, &user->ioas);
	if (!rc)
		rc = ioas_map_fixed(user->fd, user->ioas, user->mem, SIZE, IOVA, MAP_RW);
	if (!rc)
		rc = slice_open(&user->dev, user->uuid);
	if (!rc)
		rc = slice_bind(&user->dev, user->fd);
	return rc ? rc : slice_attach(&user->dev, user->ioas);
}

static void user_end(struct user *user)
{
	slice_close(&user->dev);
	if (user->fd >= 0)
		close(user->fd);
	user->fd = -1;
}

FIXTURE_SETUP(removal)
{
	ASSERT_EQ(0, slice_parent(0, self->bdf)) { TH_LOG("no siov-edu, or siov_edu refused it"); }
	self->free = slice_available(self->bdf);
	for (unsigned int i = 0; i < SLICES; i++) {
		struct user *user = &self->users[i];

		*user = (struct user){.fd = -1, .dev.vfio.fd = -1, .dev.irq = -1};
		slice_uuid(i, user->uuid);
		ASSERT_EQ(0, slice_create(self->bdf, user->uuid));
		user->mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		ASSERT_NE(MAP_FAILED, user->mem);
		ASSERT_EQ(0, user_start(user));
	}
}

FIXTURE_TEARDOWN(removal)
{
	char path[64];

	for (int i = 0; i < SLICES; i++) {
		user_end(&self->users[i]);
		slice_remove(self->users[i].uuid);
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.15s", self->bdf);
	if (!access(path, F_OK)) {
		EXPECT_EQ(self->free, slice_available(self->bdf));
	}
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

static const struct siov_command write8 = {.dst = IOVA, .length = 8, .command = SIOV_EDU_WRITE};

/* Four writes of ones to IOVA, DELAY us each; number: what COMPLETED will be */
static void start_dma(struct user *user, __u32 *number)
{
	slice_debug_set(user->uuid, "delay_us", DELAY);
	slice_set64(&user->dev, SIOV_EDU_BUFFER, ~0ULL);
	for (int i = 0; i < 4; i++)
		slice_queue(&user->dev, &write8, number);
}

/* Is nothing written any more? */
static bool quiet(struct user *user)
{
	memset(user->mem, 0, SIZE);
	usleep(5 * DELAY);
	return !bytes_not(user->mem, SIZE, 0);
}

/* The slice works, with a memory of its own */
static bool works(struct user *user)
{
	slice_debug_set(user->uuid, "delay_us", 0);
	memset(user->mem, 0, PAGE);
	slice_set64(&user->dev, SIOV_EDU_BUFFER, 0x1122334455667788ULL);
	return slice_write(&user->dev, IOVA + 8, 8) == SIOV_EDU_OK &&
	       ((volatile __u64 *)user->mem)[1] == 0x1122334455667788ULL;
}

static sigjmp_buf fault;
static void on_fault(int signal) { siglongjmp(fault, signal); }

/* The signal that a read of the page ends in, 0: none */
static int touch(volatile unsigned char *page)
{
	struct sigaction action = {.sa_handler = on_fault}, old;
	int signal = sigsetjmp(fault, 1);

	if (signal)
		return signal;
	sigaction(SIGBUS, &action, &old);
	siov_get32(page, SIOV_EDU_STATUS);
	sigaction(SIGBUS, &old, NULL);
	return 0;
}

/* What takes the parent away, in a process that has nothing of ours open or mapped: it would wait for itself. */
static pid_t take_away(fixture *self, const char *path, const char *text)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	close_range(3, ~0U, 0);
	for (int i = 0; i < SLICES; i++)
		if (self->users[i].dev.page)
			munmap((void *)self->users[i].dev.page, SIOV_EDU_PAGE_SIZE);
	_exit(attr_write(path, text) ? 1 : 0);
}

/* The slices of a parent that goes are taken one after the other, 10 s for each whose owner does not answer. */
static void lose_all(struct __test_metadata *_metadata, fixture *self, const char *path, const char *text)
{
	__u64 start;
	__u32 number;
	pid_t taker;

	for (int i = 0; i < SLICES; i++)
		start_dma(&self->users[i], &number);
	start = now_us();
	taker = take_away(self, path, text);
	ASSERT_LT(0, taker);
	for (int i = 0; i < SLICES; i++) {
		struct user *user = &self->users[i];

		/* mdev removes them in the order of its list */
		while (!touch(user->dev.page) && now_us() - start < (__u64)SLICES * GONE_US)
			usleep(10000);
		TH_LOG("slice %d: taken after %llu ms", i, (now_us() - start) / 1000);
		EXPECT_EQ(SIGBUS, touch(user->dev.page));
		EXPECT_EQ(-ENODEV, slice_reset(&user->dev));
		EXPECT_TRUE(quiet(user));
		EXPECT_TRUE(pci_present(self->bdf));
		user_end(user);
	}
	EXPECT_TRUE(ends_within(taker, AFTER_MS));
}

/* Also the processes that have the page by a fork, and their mapping alone */
TEST_F(removal, driver_unbound)
{
	pid_t child;
	int ready[2];
	char byte;

	ASSERT_EQ(0, pipe(ready));
	child = fork();
	if (!child) {
		volatile unsigned char *page = self->users[0].dev.page;
		__u64 start = now_us();

		close_range(3, ready[0] - 1U, 0);
		while (!touch(page) && now_us() - start < SLICES * GONE_US)
			usleep(10000);
		_exit(touch(page) == SIGBUS ? 0 : 1);
	}
	close(ready[1]);
	lose_all(_metadata, self, "/sys/bus/pci/drivers/siov_edu/unbind", self->bdf);
	EXPECT_EQ(0, child_status(child));
	EXPECT_EQ(0, read(ready[0], &byte, 1));
	ASSERT_EQ(0, slice_parent(0, self->bdf));
	EXPECT_EQ(self->free, slice_available(self->bdf));
}

/* One slice goes, its neighbours do DMA all the time. */
TEST_F(removal, one_of_three)
{
	struct user *gone = &self->users[1];
	struct pollfd request = {.fd = vfio_request_eventfd(&gone->dev.vfio), .events = POLLIN};
	char path[96];
	__u32 number;
	__u64 rounds = 0;
	pid_t taker;

	ASSERT_LE(0, request.fd);
	start_dma(gone, &number);
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/remove", gone->uuid);
	taker = take_away(self, path, "1");
	while (poll(&request, 1, 0) != 1 && rounds < 100000) {
		ASSERT_EQ(SIOV_EDU_OK, slice_write(&self->users[0].dev, IOVA, 8));
		ASSERT_EQ(SIOV_EDU_OK, slice_write(&self->users[2].dev, IOVA, 8));
		rounds++;
	}
	slice_close(&gone->dev);
	EXPECT_TRUE(quiet(gone));
	EXPECT_TRUE(ends_within(taker, AFTER_MS));
	EXPECT_TRUE(works(&self->users[0]));
	EXPECT_TRUE(works(&self->users[2]));
	EXPECT_EQ(0, bytes_not(gone->mem, SIZE, 0));
	EXPECT_EQ(-ENOENT, slice_attr(gone->uuid, "adi"));
	/* its ADI and PASID serve the next one, who finds nothing of the last owner */
	ASSERT_EQ(0, slice_create(self->bdf, gone->uuid));
	user_end(gone);
	ASSERT_EQ(0, user_start(gone));
	EXPECT_EQ(0, slice_get64(&gone->dev, SIOV_EDU_BUFFER));
	EXPECT_EQ(0, slice_get32(&gone->dev, SIOV_EDU_COMPLETED));
	EXPECT_TRUE(works(gone));
	close(request.fd);
}

/* Commands in the queue when their memory, their IOAS or all of them are taken away: each is as if it had been before
 * or after, and what was taken is not written. */
TEST_F(removal, taken_under_dma)
{
	struct user *user = &self->users[0];
	__u32 number, other;
	char *mem2 = pages_alloc(SIZE);

	/* unmap: what comes later fails */
	start_dma(user, &number);
	EXPECT_EQ(0, ioas_unmap(user->fd, user->ioas, IOVA, SIZE, NULL));
	EXPECT_TRUE(quiet(user));
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, slice_wait(&user->dev, number));
	ASSERT_EQ(0, ioas_map_fixed(user->fd, user->ioas, user->mem, SIZE, IOVA, MAP_RW));
	/* replace: what has started is let through, the rest goes to the new one, and nothing fails */
	ASSERT_EQ(0, ioas_alloc(user->fd, &other));
	ASSERT_EQ(0, ioas_map_fixed(user->fd, other, mem2, SIZE, IOVA, MAP_RW));
	start_dma(user, &number);
	EXPECT_EQ(0, slice_attach(&user->dev, other));
	TH_LOG("replace under DMA: held for %ld us", slice_attr(user->uuid, "last_pause_us"));
	EXPECT_TRUE(quiet(user));
	EXPECT_EQ(SIOV_EDU_OK, slice_wait(&user->dev, number));
	EXPECT_EQ(0, bytes_not(mem2, 8, 0xff));
	/* detach */
	start_dma(user, &number);
	EXPECT_EQ(0, slice_detach(&user->dev));
	memset(mem2, 0, PAGE);
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, slice_wait(&user->dev, number));
	EXPECT_EQ(0, bytes_not(mem2, PAGE, 0));
	/* reset: nothing of it comes */
	ASSERT_EQ(0, slice_attach(&user->dev, user->ioas));
	start_dma(user, &number);
	EXPECT_EQ(0, slice_reset(&user->dev));
	EXPECT_TRUE(quiet(user));
	EXPECT_EQ(0, slice_get32(&user->dev, SIOV_EDU_COMPLETED));
	EXPECT_TRUE(works(user));
}

/* The descriptor in another process is the slice: its first owner may go. */
TEST_F(removal, given_away)
{
	struct user *user = &self->users[0], third;
	int socks[2], fd;
	pid_t pid;

	user_end(user);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	pid = fork();
	if (!pid) {
		__u32 number;

		if (user_start(user))
			_exit(1);
		start_dma(user, &number);
		if (send_fd(socks[1], user->dev.vfio.fd))
			_exit(2);
		pause();
	}
	fd = receive_fd(socks[0]);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-ECHILD, child_status(pid));
	/* bound and attached as before; its memory is what the first owner mapped, pinned by the iommufd */
	EXPECT_EQ(1, slice_attr(user->uuid, "attached"));
	user->dev = (struct slice){.vfio.fd = fd, .irq = -1};
	ASSERT_EQ(0, slice_map(&user->dev));
	EXPECT_EQ(SIOV_EDU_OK, slice_wait(&user->dev, 4));
	EXPECT_EQ(0, bytes_not(user->mem, 8, 0xff));
	EXPECT_TRUE(works(user));
	/* nobody else gets it: VFIO answers a second bind so */
	third = *user;
	EXPECT_EQ(-EINVAL, user_start(&third));
	user_end(&third);
	slice_close(&user->dev);
	EXPECT_TRUE(quiet(user));
	EXPECT_EQ(0, slice_attr(user->uuid, "attached"));
	ASSERT_EQ(0, user_start(user));
	EXPECT_TRUE(works(user));
}

/* Parent and child have the slice until the last of them has closed it, and the page by a mapping alone, too. */
TEST_F(removal, forked)
{
	struct user *user = &self->users[0];
	int go[2];
	pid_t pid;
	char byte = 0;

	ASSERT_EQ(0, pipe(go));
	pid = fork();
	if (!pid) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 1 || !works(user))
			_exit(1);
		/* the mapping holds the slice */
		close(user->dev.vfio.fd);
		user->dev.vfio.fd = -1;
		if (slice_write(&user->dev, IOVA, 8) != SIOV_EDU_OK)
			_exit(2);
		_exit(0);
	}
	slice_close(&user->dev);
	close(user->fd);
	user->fd = -1;
	EXPECT_EQ(1, slice_attr(user->uuid, "attached"));
	ASSERT_EQ(1, write(go[1], &byte, 1));
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(0, slice_attr(user->uuid, "attached"));
	EXPECT_TRUE(quiet(user));
	ASSERT_EQ(0, user_start(user));
	EXPECT_TRUE(works(user));
}

/* last: nothing plugs it in again. QEMU unplugs the function when the slot's power is off, after the driver has let go.
 */
TEST_F(removal, unplugged)
{
	char path[64];
	int slot = slot_of(self->bdf);

	ASSERT_LT(0, slot) { TH_LOG("siov-edu is in no hotplug slot"); }
	snprintf(path, sizeof(path), "/sys/bus/pci/slots/%d/power", slot);
	lose_all(_metadata, self, path, "0");
	for (int i = 0; i < 500 && pci_present(self->bdf); i++)
		usleep(10000);
	EXPECT_FALSE(pci_present(self->bdf));
	EXPECT_EQ(-ENOENT, slice_create(self->bdf, self->users[0].uuid));
	EXPECT_EQ(-ENODEV, slot_power(slot, true)); /* it is empty */
}

TEST_HARNESS_MAIN
