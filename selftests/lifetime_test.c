// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is mapped for a device belongs to the mapping until it is
 * unmapped, whatever its owner does meanwhile: fork, mremap, munmap, madvise,
 * exec. The device goes on with the page that was pinned, and everything is
 * given back in the end. Also: a descriptor that another user gets, one that is
 * closed during a call, and an unmap that meets a map. Needs an edu device.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/probe.h"
#include "lib/process.h"
#include "lib/stall.h"
#include "lib/system.h"

#define IOVA  0x1000000ULL
#define PAGES 4
#define LEN   (PAGES * PAGE)
#define USER  4714
#define LIMIT 8 /* pages that this user may pin */

FIXTURE(lifetime)
{
	int fd;
	struct edu edu;
	struct probe probe;
	__u32 ioas;
	char *mem;  /* PAGES pages, shared memory, at IOVA */
	char *view; /* the same pages, seen from elsewhere */
	int memfd;
	long pinned; /* pages in the whole system, before */
};

typedef FIXTURE_DATA(lifetime) fixture;

static char *map_memfd(int fd)
{
	char *p = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

FIXTURE_SETUP(lifetime)
{
	self->pinned = pinned_pages();
	ASSERT_LE(0, self->pinned);
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, edu_open(&self->edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
	probe_init(&self->probe, &self->edu);
	self->memfd = memfd_create("lifetime", MFD_CLOEXEC);
	ASSERT_LE(0, self->memfd);
	ASSERT_EQ(0, ftruncate(self->memfd, LEN));
	self->mem = map_memfd(self->memfd);
	self->view = map_memfd(self->memfd);
	ASSERT_TRUE(self->mem && self->view);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, NULL));
	ASSERT_EQ(0, probe_map(&self->probe, self->fd, self->ioas));
}

FIXTURE_TEARDOWN(lifetime)
{
	edu_close(&self->edu);
	if (self->fd >= 0)
		EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(self->pinned, wait_pinned_pages(self->pinned));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

#define MAP(va)             ioas_map_fixed(self->fd, self->ioas, va, LEN, IOVA, MAP_RW)
#define UNMAP()             ioas_unmap(self->fd, self->ioas, IOVA, LEN, NULL)
#define REACHES(page, at)   probe_rw(&self->probe, IOVA + (page)*PAGE, (at) + (page)*PAGE)
#define PINNED_BY_DEVICES() (pinned_pages() - self->pinned)

/* A child shares nothing with the device; the parent keeps its pages. */
TEST_F(lifetime, fork)
{
	char *private = pages_alloc(LEN);
	int go[2];
	pid_t child;
	char byte;

	pattern_fill(private, LEN, 7);
	ASSERT_EQ(0, MAP(private));
	ASSERT_EQ(0, pipe(go));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		/* the device has written by then, but not to the child's copy */
		if (read(go[0], &byte, 1) != 1 || pattern_diff(private, LEN, 7))
			_exit(1);
		memset(private, 0, LEN);
		_exit(0);
	}
	for (int i = 0; i < PAGES; i++)
		EXPECT_EQ(1, REACHES(i, private));
	pattern_fill(private, PAGE, 8);
	EXPECT_EQ(1, probe_sees(&self->probe, IOVA, 8));
	ASSERT_EQ(1, write(go[1], "", 1));
	EXPECT_EQ(0, child_status(child));
	EXPECT_EQ(0, pattern_diff(private, PAGE, 8));
	EXPECT_EQ(1, REACHES(1, private));
	EXPECT_EQ(0, UNMAP());
}

TEST_F(lifetime, child_of_fork_exits_with_everything)
{
	pid_t child;

	ASSERT_EQ(0, MAP(self->mem));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(0);
	EXPECT_EQ(0, child_status(child));
	EXPECT_EQ(PAGES + 1, PINNED_BY_DEVICES());
	EXPECT_EQ(1, REACHES(0, self->mem));
}

TEST_F(lifetime, mremap)
{
	char *to = pages_alloc(LEN), *old = pages_alloc(LEN), *moved;

	ASSERT_EQ(0, MAP(old));
	moved = mremap(old, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	ASSERT_EQ(to, moved);
	for (int i = 0; i < PAGES; i++)
		EXPECT_EQ(1, REACHES(i, moved));
	/* something else where it was */
	ASSERT_EQ(old, mmap(old, LEN, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	EXPECT_EQ(0, REACHES(0, old));
	EXPECT_EQ(1, REACHES(0, moved));
	EXPECT_EQ(0, UNMAP());
	/* and now that one */
	ASSERT_EQ(0, MAP(old));
	EXPECT_EQ(1, REACHES(0, old));
	EXPECT_EQ(0, REACHES(0, moved));
}

TEST_F(lifetime, munmap)
{
	ASSERT_EQ(0, MAP(self->mem));
	ASSERT_EQ(0, munmap(self->mem, LEN));
	EXPECT_EQ(PAGES + 1, PINNED_BY_DEVICES());
	for (int i = 0; i < PAGES; i++)
		EXPECT_EQ(1, REACHES(i, self->view));
	EXPECT_EQ(0, UNMAP());
	EXPECT_EQ(1, PINNED_BY_DEVICES());
	EXPECT_EQ(0, REACHES(0, self->view));
}

/* A second page table takes the pages from the first one, not from the owner. */
TEST_F(lifetime, munmap_and_a_second_page_table)
{
	__u32 hwpt;

	ASSERT_EQ(0, MAP(self->mem));
	ASSERT_EQ(0, munmap(self->mem, LEN));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->edu.vfio.dev_id, self->ioas, 0, &hwpt));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, hwpt, NULL));
	EXPECT_EQ(PAGES + 1, PINNED_BY_DEVICES());
	for (int i = 0; i < PAGES; i++)
		EXPECT_EQ(1, REACHES(i, self->view));
}

/* Memory that nothing has pinned yet, and then it is gone */
TEST_F(lifetime, munmap_before_a_page_table)
{
	char *old = self->mem;
	__u32 other;

	ASSERT_EQ(0, ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, other, self->mem, LEN, IOVA, MAP_RW));
	ASSERT_EQ(0, munmap(self->mem, LEN));
	EXPECT_EQ(-EFAULT, vfio_attach(&self->edu.vfio, other, NULL));
	EXPECT_EQ(1, PINNED_BY_DEVICES());
	/* back again, at the same place: the address is what counts */
	ASSERT_EQ(old, mmap(old, LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, self->memfd, 0));
	ASSERT_EQ(0, probe_map(&self->probe, self->fd, other));
	EXPECT_EQ(0, vfio_attach(&self->edu.vfio, other, NULL));
	EXPECT_EQ(1, REACHES(1, self->view));
}

TEST_F(lifetime, dontneed)
{
	char *private = pages_alloc(LEN);

	pattern_fill(private, LEN, 7);
	ASSERT_EQ(0, MAP(private));
	ASSERT_EQ(0, madvise(private, LEN, MADV_DONTNEED));
	/* the device has the old page, the owner a new one of zeros */
	EXPECT_EQ(0, REACHES(0, private));
	EXPECT_EQ(PAGES + 1, PINNED_BY_DEVICES());
	EXPECT_EQ(0, UNMAP());
	ASSERT_EQ(0, MAP(private));
	EXPECT_EQ(1, REACHES(0, private));
}

TEST_F(lifetime, hole_in_the_file)
{
	ASSERT_EQ(0, MAP(self->mem));
	ASSERT_EQ(0, fallocate(self->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
	EXPECT_EQ(1, REACHES(0, self->mem));
	EXPECT_EQ(0, REACHES(1, self->mem));
	EXPECT_EQ(1, REACHES(2, self->mem));
	EXPECT_EQ(0, ftruncate(self->memfd, 0));
	EXPECT_EQ(PAGES + 1, PINNED_BY_DEVICES());
	EXPECT_EQ(0, UNMAP());
	EXPECT_EQ(-EFAULT, MAP(self->mem));
}

TEST_F(lifetime, protection_changes_later)
{
	ASSERT_EQ(0, MAP(self->mem));
	ASSERT_EQ(0, mprotect(self->mem, LEN, PROT_NONE));
	EXPECT_EQ(1, REACHES(0, self->view));
	EXPECT_EQ(0, UNMAP());
	EXPECT_EQ(-EFAULT, MAP(self->mem));
}

/* Starts a child that maps the shared memory and says so through the pipe. */
static pid_t owner(fixture *self, int done[2], __u32 ioas)
{
	pid_t child;

	if (pipe2(done, O_CLOEXEC))
		return -1;
	child = fork();
	if (child)
		return child;
	if (ioas_map_fixed(self->fd, ioas, self->mem, LEN, IOVA, MAP_RW))
		_exit(1);
	if (write(done[1], "", 1) != 1)
		_exit(2);
	pause();
	_exit(3);
}

/* exec takes the owner's memory away, and the descriptor of the iommufd. */
TEST_F(lifetime, exec)
{
	int done[2], status;
	pid_t child;
	char byte;

	ASSERT_EQ(0, pipe2(done, O_CLOEXEC));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (MAP(self->mem))
			_exit(1);
		execlp("sleep", "sleep", "1000", (char *)NULL);
		_exit(127);
	}
	close(done[1]);
	/* the end of the pipe: exec has closed the child's side */
	ASSERT_EQ(0, read(done[0], &byte, 1));
	EXPECT_EQ(PAGES + 1, PINNED_BY_DEVICES());
	for (int i = 0; i < PAGES; i++)
		EXPECT_EQ(1, REACHES(i, self->view));
	EXPECT_EQ(0, UNMAP());
	EXPECT_EQ(1, PINNED_BY_DEVICES());
	EXPECT_EQ(0, kill(child, SIGKILL));
	EXPECT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status)) TH_LOG("the child did not sleep");
}

/* An owner that is dead cannot be asked for its memory any more. */
TEST_F(lifetime, owner_dies_before_a_page_table)
{
	int done[2], status;
	__u32 other;
	pid_t child;
	char byte;

	ASSERT_EQ(0, ioas_alloc(self->fd, &other));
	child = owner(self, done, other);
	ASSERT_LE(0, child);
	ASSERT_EQ(1, read(done[0], &byte, 1));
	/* as long as it lives, it is the child's memory that is pinned */
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, other, NULL));
	EXPECT_EQ(LEN / 1024, status_kb(child, "VmPin"));
	EXPECT_EQ(0, self_status_kb("VmPin")); /* the mirror is in the other one */
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, NULL));
	EXPECT_EQ(0, status_kb(child, "VmPin"));
	EXPECT_EQ(0, kill(child, SIGKILL));
	EXPECT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(-EFAULT, vfio_attach(&self->edu.vfio, other, NULL));
	/* still attached to the first one */
	ASSERT_EQ(0, MAP(self->mem));
	EXPECT_EQ(1, REACHES(0, self->view));
	EXPECT_EQ(0, ioas_unmap(self->fd, other, IOVA, LEN, NULL));
	EXPECT_EQ(0, object_destroy(self->fd, other));
}

/* The iommufd is sent to another user, who pays for what he maps. */
TEST_F(lifetime, sent_to_another_user)
{
	int sock[2];
	pid_t child;
	char byte;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		char *mem = pages_alloc((LIMIT + 1) * PAGE);
		int fd;

		close(self->fd);
		close(sock[0]);
		if (set_memlock(LIMIT * PAGE) || become_user(USER))
			_exit(1);
		fd = receive_fd(sock[1]);
		if (fd < 0)
			_exit(2);
		if (ioas_map_fixed(fd, self->ioas, mem, (LIMIT + 1) * PAGE, IOVA, MAP_RW) != -ENOMEM)
			_exit(3);
		if (ioas_map_fixed(fd, self->ioas, mem, LIMIT * PAGE, IOVA, MAP_RW))
			_exit(4);
		if (self_status_kb("VmPin") != (long)(LIMIT * PAGE / 1024))
			_exit(5);
		if (ioas_map_fixed(fd, self->ioas, mem, PAGE, 2 * IOVA, MAP_RW) != -ENOMEM)
			_exit(6);
		/* the parent unmaps it, and the child may map again */
		if (write(sock[1], "", 1) != 1 || read(sock[1], &byte, 1) != 1)
			_exit(7);
		if (self_status_kb("VmPin") || ioas_map_fixed(fd, self->ioas, mem, LIMIT * PAGE, IOVA, MAP_RW))
			_exit(8);
		_exit(0);
	}
	close(sock[1]);
	ASSERT_EQ(0, send_fd(sock[0], self->fd));
	ASSERT_EQ(1, read(sock[0], &byte, 1));
	/* this one has no limit, and is not charged for the other's pages */
	EXPECT_EQ(4, self_status_kb("VmPin"));
	EXPECT_EQ(LIMIT + 1, PINNED_BY_DEVICES());
	EXPECT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, LEN, 4 * IOVA, MAP_RW));
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, LIMIT * PAGE, NULL));
	ASSERT_EQ(1, write(sock[0], "", 1));
	EXPECT_EQ(0, child_status(child));
	/* its pages outlive it */
	EXPECT_EQ(LIMIT + 1 + PAGES, PINNED_BY_DEVICES());
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, LIMIT * PAGE, NULL));
	EXPECT_EQ(1 + PAGES, PINNED_BY_DEVICES());
}

/* A map call that stands still in its middle */
struct slow_map {
	int fd;
	__u32 ioas;
	struct stall stall;
};

static int map_slowly(void *arg)
{
	struct slow_map *m = arg;

	return ioas_map_fixed(m->fd, m->ioas, m->stall.mem, LEN, IOVA * 2, MAP_RW);
}

static int close_device(void *arg)
{
	edu_close(arg);
	return 0;
}

/* With device_first, the device goes while the call fills its page table: that has to wait for the call. */
static void close_in_the_middle(struct __test_metadata *_metadata, fixture *self, bool device_first)
{
	struct slow_map m = {.fd = self->fd, .ioas = self->ioas};
	struct stalled_call map, device;

	ASSERT_EQ(0, stall_open(&m.stall, LEN)) TH_LOG("no userfaultfd");
	ASSERT_EQ(0, stall_start(&map, map_slowly, &m));
	ASSERT_TRUE(stall_wait(&m.stall));
	if (device_first)
		ASSERT_EQ(0, stall_start(&device, close_device, &self->edu));
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_TRUE(stall_goes_on(&map));
	if (device_first)
		EXPECT_TRUE(stall_goes_on(&device));
	ASSERT_EQ(0, stall_let_go(&m.stall));
	EXPECT_EQ(0, stall_join(&map));
	if (device_first)
		stall_join(&device);
	else
		edu_close(&self->edu);
	EXPECT_EQ(self->pinned, wait_pinned_pages(self->pinned));
	stall_close(&m.stall);
}

TEST_F(lifetime, closed_during_a_call) { close_in_the_middle(_metadata, self, false); }

TEST_F(lifetime, device_closed_during_a_call) { close_in_the_middle(_metadata, self, true); }

struct mapper {
	int fd;
	__u32 ioas;
	char *mem;
	atomic_bool stop;
	unsigned long maps;
	int bad;
};

/* Maps and unmaps the same range, again and again */
static void *map_again(void *arg)
{
	struct mapper *m = arg;

	while (!atomic_load(&m->stop)) {
		int rc = ioas_map_fixed(m->fd, m->ioas, m->mem, LEN, IOVA, MAP_RW);

		m->maps += !rc;
		if (rc && rc != -EEXIST)
			m->bad = rc;
		rc = ioas_unmap(m->fd, m->ioas, IOVA, LEN, NULL);
		if (rc && rc != -ENOENT)
			m->bad = rc;
	}
	return NULL;
}

/* The unmaps that this thread makes meanwhile; the longest in us */
static __u64 unmap_against(struct mapper *m, bool all, unsigned long *done, int *bad)
{
	__u64 end = now_us() + 1500 * 1000, longest = 0;

	while (now_us() < end) {
		__u64 start = now_us(), took;
		int rc = all ? ioas_unmap_all(m->fd, m->ioas, NULL) : ioas_unmap(m->fd, m->ioas, IOVA, LEN, NULL);

		took = now_us() - start;
		longest = took > longest ? took : longest;
		*done += !rc;
		if (rc && rc != -ENOENT)
			*bad = rc;
	}
	return longest;
}

static void unmap_meets_map(struct __test_metadata *_metadata, fixture *self, bool all)
{
	struct mapper m = {.fd = self->fd, .mem = self->mem};
	unsigned long done = 0;
	pthread_t thread;
	__u64 longest;
	int bad = 0;

	ASSERT_EQ(0, ioas_alloc(self->fd, &m.ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, m.ioas, self->probe.mirror, PAGE, MIRROR_IOVA, MAP_RW));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, m.ioas, NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, map_again, &m));
	longest = unmap_against(&m, all, &done, &bad);
	atomic_store(&m.stop, true);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, bad);
	EXPECT_EQ(0, m.bad);
	EXPECT_LT(0, m.maps);
	EXPECT_LT(0, done);
	EXPECT_GT(5 * 1000 * 1000, longest);
	/* nobody is in the way any more: not busy, and nothing left */
	EXPECT_EQ(0, ioas_map_fixed(m.fd, m.ioas, m.mem, LEN, IOVA, MAP_RW));
	EXPECT_EQ(0, ioas_unmap(m.fd, m.ioas, IOVA, LEN, NULL));
	EXPECT_EQ(0, ioas_unmap_all(m.fd, m.ioas, NULL));
}

TEST_F(lifetime, unmap_meets_map_of_the_same_range) { unmap_meets_map(_metadata, self, false); }

TEST_F(lifetime, unmap_all_meets_map) { unmap_meets_map(_metadata, self, true); }

/* Ranges of their own: neither is ever busy for the other. */
TEST_F(lifetime, unmap_beside_a_map)
{
	struct mapper m = {.fd = self->fd, .ioas = self->ioas, .mem = self->mem};
	__u64 end = now_us() + 1500 * 1000;
	unsigned long wrong = 0, done = 0;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, map_again, &m));
	while (now_us() < end) {
		wrong += ioas_map_fixed(m.fd, m.ioas, m.mem, LEN, IOVA + LEN, MAP_RW) != 0;
		wrong += ioas_unmap(m.fd, m.ioas, IOVA + LEN, LEN, NULL) != 0;
		done++;
	}
	atomic_store(&m.stop, true);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, m.bad);
	EXPECT_LT(0, done);
	EXPECT_LT(0, m.maps);
}

TEST_HARNESS_MAIN
