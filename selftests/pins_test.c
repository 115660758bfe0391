// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process is killed in the middle of its work: nothing may stay pinned,
 * nothing may stay on its user's account, and the device must be free for the
 * next one. The moments are random, but the same in every run. Needs an edu
 * device.
 */
#include "lib/harness.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/system.h"

#define IOVA   0x1000000ULL
#define LIMIT  64 /* pages that the user may pin */
#define USER   4712
#define ROUNDS 30

/* xorshift: small, and the same everywhere */
static unsigned int random_next(unsigned int *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void sleep_us(unsigned int us)
{
	const struct timespec t = {
		.tv_sec = us / 1000000,
		.tv_nsec = (us % 1000000) * 1000L,
	};

	nanosleep(&t, NULL);
}

struct job {
	int fd;
	struct edu edu;
	__u32 ioas[2];
	char *mem;
	unsigned int random;
	volatile long *steps; /* done, as the parent sees it */
};

/* As root: everything that needs a file. Then an ordinary user with a limit. */
static int job_open(struct job *j)
{
	const struct rlimit limit = {LIMIT * PAGE, LIMIT * PAGE};
	int rc;

	j->fd = iommufd_open();
	if (j->fd < 0)
		return j->fd;
	rc = edu_open(&j->edu, 0);
	if (!rc)
		rc = edu_bind(&j->edu, j->fd);
	for (int i = 0; i < 2 && !rc; i++)
		rc = ioas_alloc(j->fd, &j->ioas[i]);
	if (rc)
		return rc;
	j->mem = pages_alloc(LIMIT * PAGE);
	if (setrlimit(RLIMIT_MEMLOCK, &limit) || setgroups(0, NULL) || setresgid(USER, USER, USER) ||
	    setresuid(USER, USER, USER))
		return -errno;
	return 0;
}

/* One random step; whether it succeeds does not matter here. */
static void job_step(struct job *j)
{
	unsigned int r = random_next(&j->random);
	__u32 ioas = j->ioas[r >> 8 & 1];
	__u64 iova = IOVA + (r >> 9 & 3) * LIMIT * PAGE;
	__u64 len = ((r >> 12) % LIMIT + 1) * PAGE;
	__u32 hwpt;

	switch (r % 8) {
	case 0:
	case 1:
		ioas_map_fixed(j->fd, ioas, j->mem, len, iova, MAP_RW);
		break;
	case 2:
		ioas_unmap(j->fd, ioas, iova, LIMIT * PAGE, NULL);
		break;
	case 3:
		ioas_copy_fixed(j->fd, j->ioas[0], iova, j->ioas[1], IOVA + (r >> 20 & 3) * LIMIT * PAGE, PAGE, MAP_RW);
		break;
	case 4:
	case 5:
		vfio_attach(&j->edu.vfio, ioas, NULL);
		break;
	case 6:
		if (!hwpt_alloc(j->fd, j->edu.vfio.dev_id, ioas, 0, &hwpt))
			object_destroy(j->fd, hwpt);
		break;
	case 7:
		edu_start_write(&j->edu, iova, PAGE);
		vfio_detach(&j->edu.vfio);
		break;
	}
	++*j->steps;
}

static void *job_forever(void *arg)
{
	struct job j = *(struct job *)arg;

	j.random ^= 0x5a5a5a;
	for (;;)
		job_step(&j);
	return NULL;
}

__attribute__((noreturn)) static void victim(unsigned int seed, int threads, volatile long *steps)
{
	struct job j = {.random = seed, .steps = steps};
	pthread_t t;

	if (job_open(&j))
		_exit(1);
	while (--threads > 0)
		pthread_create(&t, NULL, job_forever, &j);
	for (;;)
		job_step(&j);
}

/* The whole limit can be used again: 0, or what fails. */
static int account_is_empty(void)
{
	struct job j = {.random = 1};
	int status, rc;
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (!child) {
		rc = job_open(&j);
		if (!rc)
			rc = ioas_map_fixed(j.fd, j.ioas[0], j.mem, LIMIT * PAGE, IOVA, MAP_RW);
		if (!rc)
			rc = vfio_attach(&j.edu.vfio, j.ioas[0], NULL);
		_exit(-rc);
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

/* What a victim had done when it was killed */
struct end {
	long steps;
	long pinned_kb;
};

/*
 * us: time to live, from the fork or (late) from its first step.
 * 0: killed while it lived; else it could not start.
 */
static int run_and_kill(unsigned int seed, unsigned int us, bool late, int threads, volatile long *steps,
			struct end *end)
{
	__u64 give_up = now_us() + 20 * 1000 * 1000;
	int status;
	pid_t child;

	*steps = 0;
	child = fork();
	if (child < 0)
		return -errno;
	if (!child)
		victim(seed, threads, steps);
	while (late && !*steps && now_us() < give_up)
		sleep_us(1000);
	sleep_us(us);
	end->pinned_kb = status_kb(child, "VmPin");
	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child)
		return -errno;
	end->steps = *steps;
	return WIFSIGNALED(status) ? 0 : -EIO;
}

static void kill_many(struct __test_metadata *_metadata, int threads)
{
	long before = pinned_pages();
	unsigned int random = 20241117 + threads;
	volatile long *steps;
	int worked = 0, pinned = 0;
	struct end end = {0};

	steps = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)steps);
	ASSERT_LE(0, before);
	ASSERT_EQ(0, account_is_empty());
	for (int i = 0; i < ROUNDS; i++) {
		unsigned int us = random_next(&random) % 100000;

		ASSERT_EQ(0, run_and_kill(random, us, i % 2, threads, steps, &end))
		{
			TH_LOG("round %d: the device was not free", i);
		}
		ASSERT_EQ(before, wait_pinned_pages(before)) { TH_LOG("round %d, killed after %u us", i, us); }
		worked += end.steps > 0;
		pinned += end.pinned_kb > 0;
	}
	ASSERT_EQ(0, account_is_empty()) { TH_LOG("something is still on the user's account"); }
	EXPECT_EQ(before, wait_pinned_pages(before));
	/* it was about something: they worked, and memory was pinned */
	EXPECT_LE(ROUNDS / 2, worked);
	EXPECT_LE(1, pinned);
}

TEST(killed_at_any_moment) { kill_many(_metadata, 1); }

TEST(killed_with_two_threads) { kill_many(_metadata, 2); }

/* Long enough that most of the kills hit the pinning itself. */
TEST(killed_while_pinning)
{
	const size_t len = 96UL << 20;
	long before = pinned_pages();
	char *mem = pages_alloc(len);
	unsigned int random = 4711;
	int status;

	memset(mem, 1, len);
	for (int i = 0; i < 10; i++) {
		pid_t child = fork();

		ASSERT_LE(0, child);
		if (!child) {
			struct edu edu;
			int fd = iommufd_open();
			__u32 ioas;

			if (fd < 0 || edu_open(&edu, 0) || edu_bind(&edu, fd) || ioas_alloc(fd, &ioas) ||
			    vfio_attach(&edu.vfio, ioas, NULL))
				_exit(1);
			for (;;) {
				ioas_map_fixed(fd, ioas, mem, len, IOVA, MAP_RW);
				ioas_unmap_all(fd, ioas, NULL);
			}
		}
		sleep_us(30000 + random_next(&random) % 200000);
		kill(child, SIGKILL);
		ASSERT_EQ(child, waitpid(child, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status));
		ASSERT_EQ(before, wait_pinned_pages(before));
	}
}

/* The memory belongs to the descriptor, not to the process that mapped it. */
TEST(descriptor_outlives_the_process)
{
	long before = pinned_pages();
	int fd = iommufd_open();
	struct edu edu;
	__u32 ioas;
	pid_t child;
	int status;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, edu_open(&edu, 0));
	ASSERT_EQ(0, edu_bind(&edu, fd));
	ASSERT_EQ(0, ioas_alloc(fd, &ioas));
	ASSERT_EQ(0, vfio_attach(&edu.vfio, ioas, NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		char *mem = pages_alloc(16 * PAGE);

		if (ioas_map_fixed(fd, ioas, mem, 16 * PAGE, IOVA, MAP_RW))
			_exit(1);
		raise(SIGKILL);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(before + 16, pinned_pages());
	EXPECT_EQ(0, ioas_unmap(fd, ioas, IOVA, 16 * PAGE, NULL));
	EXPECT_EQ(before, pinned_pages());
	edu_close(&edu);
	EXPECT_EQ(0, close(fd));
}

/* The victim dies without any of its descriptors closed, in each order. */
TEST(exit_with_everything_open)
{
	long before = pinned_pages();

	for (int order = 0; order < 2; order++) {
		int status;
		pid_t child = fork();

		ASSERT_LE(0, child);
		if (!child) {
			struct edu edu;
			int fd, rc = order ? 0 : edu_open(&edu, 0);
			__u32 ioas;
			char *mem = pages_alloc(16 * PAGE);

			fd = iommufd_open();
			if (order)
				rc = edu_open(&edu, 0);
			if (fd < 0 || rc || edu_bind(&edu, fd) || ioas_alloc(fd, &ioas) ||
			    ioas_map_fixed(fd, ioas, mem, 16 * PAGE, IOVA, MAP_RW) ||
			    vfio_attach(&edu.vfio, ioas, NULL) || edu_start_write(&edu, IOVA, PAGE))
				_exit(1);
			_exit(0);
		}
		ASSERT_EQ(child, waitpid(child, &status, 0));
		ASSERT_EQ(0, status);
		ASSERT_EQ(before, wait_pinned_pages(before));
	}
}

TEST_HARNESS_MAIN
