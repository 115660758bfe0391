// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors closed, objects destroyed and processes killed while a call is in its middle: it stands still at memory
 * that lib/stall.h keeps from it, so that is certain. The call ends as if nothing had happened, and then everything is
 * given back. Also: what a call has not finished yet is not there for others.
 *
 * Also runs on the kernel's own iommufd with IOMMUFD_TEST.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/process.h"
#include "lib/stall.h"
#include "lib/system.h"

#define IOVA   0x1000000ULL
#define PAGES  4
#define LEN    (PAGES * PAGE)
#define RECORD sizeof(struct iommu_hwpt_pgfault)

FIXTURE(inside)
{
	int fd;
	__u32 ioas, unused; /* IOASes: of the device; without one */
	struct mock_dev dev;
	__u32 tracked; /* HWPT with dirty tracking */
	int queue;
	__u32 queue_id;
	struct stall stall; /* PAGES pages */
	struct stalled_call call;
	char *mem;
	long pinned;
	long granted, refused; /* page requests, before */
};

typedef FIXTURE_DATA(inside) fixture;

FIXTURE_SETUP(inside)
{
	self->pinned = pinned_pages();
	self->granted = mock_counter("granted_pages");
	self->refused = mock_counter("refused_pages");
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->unused));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &self->dev));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &self->tracked));
	ASSERT_EQ(0, fault_queue_alloc(self->fd, &self->queue_id, &self->queue));
	self->mem = pages_alloc(LEN);
	ASSERT_EQ(0, stall_open(&self->stall, LEN)) TH_LOG("no userfaultfd");
}

FIXTURE_TEARDOWN(inside)
{
	if (self->queue >= 0)
		close(self->queue);
	if (self->fd >= 0)
		close(self->fd);
	stall_close(&self->stall);
	EXPECT_EQ(self->pinned, wait_pinned_pages(self->pinned));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

/* Starts the call, and waits until it stands still. */
#define ENTER(run)                                                                  \
	do {                                                                        \
		ASSERT_EQ(0, stall_start(&self->call, run, self));                  \
		ASSERT_TRUE(stall_wait(&self->stall)) TH_LOG("it does not stop");   \
		ASSERT_TRUE(stall_goes_on(&self->call)) TH_LOG("it has returned");  \
	} while (0)

/* Lets it go on, to its end. */
#define LEAVE(want)                                               \
	do {                                                      \
		EXPECT_TRUE(stall_goes_on(&self->call));          \
		ASSERT_EQ(0, stall_let_go(&self->stall));         \
		EXPECT_EQ(want, stall_join(&self->call));         \
	} while (0)

static void close_descriptors(struct __test_metadata *_metadata, fixture *self)
{
	EXPECT_EQ(0, close(self->queue));
	EXPECT_EQ(0, close(self->fd));
	self->queue = self->fd = -1;
}

/* The calls, by where they touch the memory of their user */
static int run_map(void *arg)
{
	fixture *self = arg;

	return ioas_map_fixed(self->fd, self->ioas, self->stall.mem, LEN, IOVA, MAP_RW);
}

/* Memory that was mapped where no device was is pinned now. */
static int run_copy(void *arg)
{
	fixture *self = arg;

	return ioas_copy_fixed(self->fd, self->ioas, IOVA, self->unused, IOVA, LEN, MAP_RW);
}

static int run_attach(void *arg)
{
	fixture *self = arg;
	struct mock_dev other;

	return mock_device(self->fd, self->unused, 0, &other);
}

static int run_replace(void *arg)
{
	fixture *self = arg;

	return mock_replace(self->fd, &self->dev, self->unused);
}

static int run_hwpt_alloc(void *arg)
{
	fixture *self = arg;
	__u32 hwpt;

	return hwpt_alloc(self->fd, self->dev.idev, self->unused, 0, &hwpt);
}

static int run_dirty_bitmap(void *arg)
{
	fixture *self = arg;

	return dirty_bitmap_get(self->fd, self->tracked, 0, IOVA, LEN, PAGE, self->stall.mem);
}

static int run_iova_ranges(void *arg)
{
	fixture *self = arg;
	__u32 n = 1;

	return ioas_iova_ranges(self->fd, self->ioas, (struct iommu_iova_range *)self->stall.mem, &n, NULL);
}

static int run_allow_iovas(void *arg)
{
	fixture *self = arg;

	return ioas_allow_iovas(self->fd, self->ioas, (struct iommu_iova_range *)self->stall.mem, 1);
}

static int run_hw_info(void *arg)
{
	fixture *self = arg;
	struct iommu_hw_info info;

	return get_hw_info(self->fd, self->dev.idev, self->stall.mem, sizeof(struct iommu_test_hw_info), &info);
}

/* the structure itself: where it is read first */
static int run_structure(void *arg)
{
	fixture *self = arg;

	return iommufd_call(self->fd, IOMMU_IOAS_ALLOC, self->stall.mem);
}

static int run_fault_read(void *arg)
{
	fixture *self = arg;
	ssize_t n = read(self->queue, self->stall.mem, 2 * RECORD);

	return n < 0 ? -errno : n == RECORD ? 0 : -EIO;
}

static int run_fault_write(void *arg)
{
	fixture *self = arg;

	return write(self->queue, self->stall.mem, sizeof(struct iommu_hwpt_page_response)) < 0 ? -errno : 0;
}

#define CLOSED(name, want)                                 \
	TEST_F(inside, name)                               \
	{                                                  \
		prepare_##name(_metadata, self);           \
		ENTER(run_##name);                         \
		close_descriptors(_metadata, self);        \
		LEAVE(want);                               \
		leave_##name(_metadata, self);             \
	}

static void nothing(struct __test_metadata *_metadata, fixture *self)
{
	(void)_metadata;
	(void)self;
}

static void map_unpinned(struct __test_metadata *_metadata, fixture *self)
{
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->unused, self->stall.mem, LEN, IOVA, MAP_RW));
}

static void write_all(struct __test_metadata *_metadata, fixture *self)
{
	unsigned char bits = 0xff;

	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, LEN, IOVA, MAP_RW));
	ASSERT_EQ(0, dirty_tracking_set(self->fd, self->tracked, true));
	ASSERT_EQ(0, mock_make_dirty(self->fd, self->tracked, IOVA, LEN, PAGE / 2, &bits, NULL));
}

static void bits_are_there(struct __test_metadata *_metadata, fixture *self)
{
	EXPECT_EQ((1 << PAGES) - 1, self->stall.mem[0]);
	EXPECT_EQ(0, bytes_not(self->stall.mem + 1, LEN - 1, 0));
}

static void ranges_are_there(struct __test_metadata *_metadata, fixture *self)
{
	const struct iommu_iova_range *range = (void *)self->stall.mem;

	EXPECT_EQ(MOCK_APERTURE_START, range->start);
	EXPECT_EQ(MOCK_APERTURE_LAST, range->last);
}

static void info_is_there(struct __test_metadata *_metadata, fixture *self)
{
	EXPECT_EQ(IOMMU_HW_INFO_SELFTEST_REGVAL, ((struct iommu_test_hw_info *)self->stall.mem)->test_reg);
}

static void request_a_page(struct __test_metadata *_metadata, fixture *self)
{
	__u32 parent, nested;

	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &parent));
	ASSERT_EQ(0, mock_nested_alloc(self->fd, self->dev.idev, parent, self->queue_id, &nested));
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, nested));
	ASSERT_EQ(0, mock_page_request(self->fd, &self->dev, 5, 7 * PAGE));
}

/* It was read; nobody could answer any more. */
static void request_is_there(struct __test_metadata *_metadata, fixture *self)
{
	const struct iommu_hwpt_pgfault *got = (void *)self->stall.mem;

	EXPECT_EQ(5, got->grpid);
	EXPECT_EQ(7 * PAGE, got->addr);
	if (self->granted >= 0) {
		EXPECT_EQ(self->granted, mock_counter("granted_pages"));
		EXPECT_EQ(self->refused + 1, mock_counter("refused_pages"));
	}
}

#define prepare_map nothing
#define leave_map   nothing
CLOSED(map, 0)
#define prepare_copy map_unpinned
#define leave_copy   nothing
CLOSED(copy, 0)
#define prepare_attach map_unpinned
#define leave_attach   nothing
CLOSED(attach, 0)
#define prepare_replace map_unpinned
#define leave_replace   nothing
CLOSED(replace, 0)
#define prepare_hwpt_alloc map_unpinned
#define leave_hwpt_alloc   nothing
CLOSED(hwpt_alloc, 0)
#define prepare_dirty_bitmap write_all
#define leave_dirty_bitmap   bits_are_there
CLOSED(dirty_bitmap, 0)
#define prepare_iova_ranges nothing
#define leave_iova_ranges   ranges_are_there
CLOSED(iova_ranges, 0)
#define prepare_allow_iovas nothing
#define leave_allow_iovas   nothing
CLOSED(allow_iovas, -EINVAL) /* zeros: start and last are the same */
#define prepare_hw_info nothing
#define leave_hw_info   info_is_there
CLOSED(hw_info, 0)
#define prepare_structure nothing
#define leave_structure   nothing
CLOSED(structure, -EINVAL) /* of size 0 */
#define prepare_fault_read request_a_page
#define leave_fault_read   request_is_there
CLOSED(fault_read, 0)
#define prepare_fault_write nothing
#define leave_fault_write   nothing
CLOSED(fault_write, -EINVAL) /* cookie 0 */

/* An access that copies, and the access's own descriptor */
struct copying {
	fixture *self;
	__u32 access;
	char buffer[PAGE];
};

static int run_rw(void *arg)
{
	struct copying *c = arg;

	return access_rw(c->self->fd, c->access, IOVA, PAGE, c->buffer, 0);
}

TEST_F(inside, access_rw)
{
	struct copying c = {.self = self};

	map_unpinned(_metadata, self);
	ASSERT_EQ(0, access_create(self->fd, self->unused, 0, &c.access));
	memset(c.buffer, 1, PAGE);
	ASSERT_EQ(0, stall_start(&self->call, run_rw, &c));
	ASSERT_TRUE(stall_wait(&self->stall));
	ASSERT_TRUE(stall_goes_on(&self->call));
	EXPECT_EQ(0, close(c.access));
	close_descriptors(_metadata, self);
	LEAVE(0);
	EXPECT_EQ(0, bytes_not(c.buffer, PAGE, 0));
}

/* What a call works on cannot be destroyed meanwhile, and nobody waits for it. */
TEST_F(inside, objects_in_use)
{
	map_unpinned(_metadata, self);
	ENTER(run_hwpt_alloc);
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->unused));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->dev.idev));
	LEAVE(0);
}

/* A mapping that is not ready is there for nobody. */
TEST_F(inside, half_a_mapping)
{
	ENTER(run_map);
	EXPECT_EQ(-EEXIST, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(-ENOENT, ioas_copy_fixed(self->fd, self->unused, IOVA, self->ioas, IOVA, PAGE, MAP_RW));
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, IOVA + LEN, MAP_RW));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA + LEN, PAGE, NULL));
	LEAVE(0);
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA, LEN, self->stall.mem));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, LEN, NULL));
}

/* Killed in the middle of a map, with everything still open */
TEST_F(inside, killed)
{
	pid_t child = fork();
	int status;

	ASSERT_LE(0, child);
	if (!child) {
		struct stalled_call call;

		/* the parent's is not ours */
		if (stall_open(&self->stall, LEN) || stall_start(&call, run_map, self) || !stall_wait(&self->stall) ||
		    !stall_goes_on(&call))
			_exit(1);
		kill(getpid(), SIGKILL);
		pause();
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status)) TH_LOG("status %#x", status);
	EXPECT_EQ(self->pinned, wait_pinned_pages(self->pinned));
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, LEN, IOVA, MAP_RW));
}

/* A call whose answer cannot be written yet; `stall` is its structure. */
struct answer {
	int fd;
	unsigned long cmd;
	struct stall stall;
};

static int run_answer(void *arg)
{
	struct answer *a = arg;

	return iommufd_call(a->fd, a->cmd, a->stall.mem);
}

/* The number of a fault queue is known before there is a descriptor behind it: it may not be seen until the call is
 * sure to succeed, nor stay when it fails. */
static void descriptor_on_its_way(struct __test_metadata *_metadata, fixture *self, bool fails)
{
	struct iommu_fault_alloc cmd = {.size = sizeof(cmd)};
	struct answer a = {.fd = self->fd, .cmd = IOMMU_FAULT_QUEUE_ALLOC};
	int number;

	ASSERT_EQ(0, stall_open_for_writes(&a.stall, &cmd, sizeof(cmd)));
	number = dup(0);
	ASSERT_EQ(0, close(number)); /* the next one */
	ASSERT_EQ(0, stall_start(&self->call, run_answer, &a));
	ASSERT_TRUE(stall_wait(&a.stall));
	ASSERT_TRUE(stall_goes_on(&self->call));
	EXPECT_EQ(-1, fcntl(number, F_GETFD));
	EXPECT_EQ(EBADF, errno);
	/* closing it is no way to get at it either */
	EXPECT_EQ(-1, close(number));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, self->queue_id + 1));
	if (fails)
		ASSERT_EQ(0, mprotect(a.stall.mem, PAGE, PROT_READ));
	ASSERT_EQ(0, stall_let_go(&a.stall));
	EXPECT_EQ(fails ? -EFAULT : 0, stall_join(&self->call));
	EXPECT_EQ(fails ? -1 : FD_CLOEXEC, fcntl(number, F_GETFD));
	EXPECT_EQ(fails ? -ENOENT : -EBUSY, object_destroy(self->fd, self->queue_id + 1));
	stall_close(&a.stall);
}

TEST_F(inside, descriptor_that_comes) { descriptor_on_its_way(_metadata, self, false); }

TEST_F(inside, descriptor_that_does_not_come) { descriptor_on_its_way(_metadata, self, true); }

/* The fd is closed while the answer is written: the object goes with it. */
TEST_F(inside, answer)
{
	struct iommu_ioas_alloc cmd = {.size = sizeof(cmd)};
	struct answer a = {.fd = self->fd, .cmd = IOMMU_IOAS_ALLOC};

	ASSERT_EQ(0, stall_open_for_writes(&a.stall, &cmd, sizeof(cmd)));
	ASSERT_EQ(0, stall_start(&self->call, run_answer, &a));
	ASSERT_TRUE(stall_wait(&a.stall));
	close_descriptors(_metadata, self);
	EXPECT_TRUE(stall_goes_on(&self->call));
	ASSERT_EQ(0, stall_let_go(&a.stall));
	EXPECT_EQ(0, stall_join(&self->call));
	EXPECT_NE(0, ((struct iommu_ioas_alloc *)a.stall.mem)->out_ioas_id);
	stall_close(&a.stall);
}

int main(int argc, char **argv)
{
	mock_load();
	return test_harness_run(argc, argv);
}
