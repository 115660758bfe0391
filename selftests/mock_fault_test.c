// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page requests in flight while their HWPT goes: still in the queue, or read and not yet answered, or the first part of
 * a group. The device gets exactly one answer for each group, whoever gives it, and a late one is refused. Mock devices
 * ask for the pages, and mock_iommu.ko counts the answers.
 *
 * Also runs on the kernel's own iommufd with IOMMUFD_TEST, where nobody counts (and there are no partial groups).
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/stall.h"
#include "lib/system.h"

#define RECORD  sizeof(struct iommu_hwpt_pgfault)
#define SUCCESS IOMMUFD_PAGE_RESP_SUCCESS
#define INVALID IOMMUFD_PAGE_RESP_INVALID

FIXTURE(inflight)
{
	int fd;
	__u32 ioas, parent;
	struct mock_dev dev;
	int queue[2];
	__u32 queue_id[2];
	__u32 nested[2];      /* with queue[i] */
	__u32 same, without;  /* nested: with queue[0] too; without a queue */
	long granted, refused; /* before */
	struct iommu_hwpt_pgfault got[8];
};

typedef FIXTURE_DATA(inflight) fixture;

FIXTURE_SETUP(inflight)
{
	self->granted = mock_counter("granted_pages");
	self->refused = mock_counter("refused_pages");
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &self->dev));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &self->parent));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, fault_queue_alloc(self->fd, &self->queue_id[i], &self->queue[i]));
		ASSERT_EQ(0, mock_nested_alloc(self->fd, self->dev.idev, self->parent, self->queue_id[i],
					       &self->nested[i]));
	}
	ASSERT_EQ(0, mock_nested_alloc(self->fd, self->dev.idev, self->parent, self->queue_id[0], &self->same));
	ASSERT_EQ(0, mock_nested_alloc(self->fd, self->dev.idev, self->parent, 0, &self->without));
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, self->nested[0]));
}

static void close_all(fixture *self)
{
	for (int i = 0; i < 2; i++)
		if (self->queue[i] >= 0)
			close(self->queue[i]);
	if (self->fd >= 0)
		close(self->fd);
	self->queue[0] = self->queue[1] = self->fd = -1;
}

FIXTURE_TEARDOWN(inflight)
{
	if (self->granted >= 0)
		mock_switch("partial_groups", false);
	close_all(self);
}

/* How many answers the device has got so far */
#define EXPECT_ANSWERS(yes, no)                                                                 \
	do {                                                                                    \
		if (self->granted >= 0) {                                                       \
			EXPECT_EQ(yes, mock_counter("granted_pages") - self->granted);          \
			EXPECT_EQ(no, mock_counter("refused_pages") - self->refused);           \
		}                                                                               \
	} while (0)

/* Requests for n pages, each a group of its own, numbered from `first` on */
static int ask(fixture *self, __u32 first, int n)
{
	for (int i = 0; i < n; i++) {
		int rc = mock_page_request(self->fd, &self->dev, first + i, (first + i) * PAGE);

		if (rc)
			return rc;
	}
	return 0;
}

/* Reads up to n records: how many there were, or a negative errno */
static int take(fixture *self, int q, int n)
{
	ssize_t got = read(self->queue[q], self->got, n * RECORD);

	return got < 0 ? -errno : (int)(got / (ssize_t)RECORD);
}

static int answer(fixture *self, int q, __u32 cookie, __u32 code)
{
	struct iommu_hwpt_page_response r = {.cookie = cookie, .code = code};
	ssize_t n = write(self->queue[q], &r, sizeof(r));

	return n < 0 ? -errno : n == sizeof(r) ? 0 : -EIO;
}

static bool readable(const fixture *self, int q)
{
	struct pollfd p = {.fd = self->queue[q], .events = POLLIN};

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

static int move_to(fixture *self, __u32 pt) { return mock_replace(self->fd, &self->dev, pt); }

TEST_F(inflight, answered_in_time)
{
	ASSERT_EQ(0, ask(self, 1, 2));
	ASSERT_EQ(2, take(self, 0, 8));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(self->dev.idev, self->got[i].dev_id);
		EXPECT_EQ(i + 1, self->got[i].grpid);
		EXPECT_EQ((i + 1) * PAGE, self->got[i].addr);
		EXPECT_EQ(IOMMU_PGFAULT_FLAGS_LAST_PAGE, self->got[i].flags);
	}
	EXPECT_ANSWERS(0, 0);
	EXPECT_EQ(0, answer(self, 0, self->got[1].cookie, SUCCESS));
	EXPECT_ANSWERS(1, 0);
	EXPECT_EQ(0, answer(self, 0, self->got[0].cookie, INVALID));
	EXPECT_ANSWERS(1, 1);
	EXPECT_EQ(-EINVAL, answer(self, 0, self->got[0].cookie, SUCCESS));
	EXPECT_EQ(-EINVAL, answer(self, 1, self->got[1].cookie, SUCCESS));
	EXPECT_ANSWERS(1, 1);
}

/* Where the device goes while two of its four requests have been read */
enum way {
	OTHER_QUEUE,
	SAME_QUEUE,
	NO_QUEUE,
	PAGING,
	DETACHED,
};

static int leave(fixture *self, enum way way)
{
	switch (way) {
	case OTHER_QUEUE:
		return move_to(self, self->nested[1]);
	case SAME_QUEUE:
		return move_to(self, self->same);
	case NO_QUEUE:
		return move_to(self, self->without);
	case PAGING:
		return move_to(self, self->ioas);
	case DETACHED:
		return object_destroy(self->fd, self->dev.stdev);
	}
	return -EINVAL;
}

/* The requests of the old HWPT are answered, each once; `late` are cookies that were read, `n` of them. */
static void all_refused(struct __test_metadata *_metadata, fixture *self, enum way way, int n)
{
	__u32 late[4];

	ASSERT_EQ(0, ask(self, 1, 4));
	if (n)
		ASSERT_EQ(n, take(self, 0, n));
	for (int i = 0; i < n; i++)
		late[i] = self->got[i].cookie;
	EXPECT_EQ(n < 4, readable(self, 0));
	EXPECT_ANSWERS(0, 0);
	ASSERT_EQ(0, leave(self, way));
	EXPECT_ANSWERS(0, 4);
	EXPECT_FALSE(readable(self, 0));
	EXPECT_EQ(0, take(self, 0, 8));
	for (int i = 0; i < n; i++) {
		EXPECT_EQ(-EINVAL, answer(self, 0, late[i], SUCCESS));
		EXPECT_EQ(-EINVAL, answer(self, 1, late[i], INVALID));
	}
	EXPECT_ANSWERS(0, 4);
	if (way == OTHER_QUEUE || way == SAME_QUEUE) {
		int q = way == OTHER_QUEUE;

		ASSERT_EQ(0, ask(self, 9, 1));
		ASSERT_EQ(1, take(self, q, 8));
		EXPECT_EQ(9, self->got[0].grpid);
		EXPECT_EQ(0, answer(self, q, self->got[0].cookie, SUCCESS));
		EXPECT_ANSWERS(1, 4);
	}
	EXPECT_EQ(0, object_destroy(self->fd, self->nested[0]));
	close_all(self);
	EXPECT_ANSWERS(way == OTHER_QUEUE || way == SAME_QUEUE, 4);
}

#define WAYS(name, way)                                                                          \
	TEST_F(inflight, name##_unread) { all_refused(_metadata, self, way, 0); }                \
	TEST_F(inflight, name##_half_read) { all_refused(_metadata, self, way, 2); }             \
	TEST_F(inflight, name##_unanswered) { all_refused(_metadata, self, way, 4); }
WAYS(other_queue, OTHER_QUEUE)
WAYS(same_queue, SAME_QUEUE)
WAYS(no_queue, NO_QUEUE)
WAYS(paging, PAGING)
WAYS(detached, DETACHED)

TEST_F(inflight, wakes_who_polls)
{
	struct stalled_call poller;

	ASSERT_EQ(0, stall_start(&poller, poll_readable, &self->queue[0]));
	EXPECT_TRUE(stall_goes_on(&poller));
	ASSERT_EQ(0, ask(self, 1, 1));
	EXPECT_EQ(1, stall_join(&poller));
	EXPECT_EQ(1, take(self, 0, 8));
}

/* Nobody handles them then: the kernel refuses at once. */
TEST_F(inflight, asked_without_a_queue)
{
	ASSERT_EQ(0, move_to(self, self->without));
	EXPECT_EQ(0, ask(self, 1, 3));
	EXPECT_ANSWERS(0, 3);
	ASSERT_EQ(0, move_to(self, self->nested[1]));
	EXPECT_EQ(0, take(self, 0, 8));
	EXPECT_EQ(0, take(self, 1, 8));
	EXPECT_ANSWERS(0, 3);
}

/* What waits for another device stays. */
TEST_F(inflight, other_device_of_the_queue)
{
	struct mock_dev other;
	__u32 cookie;

	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &other));
	ASSERT_EQ(0, mock_replace(self->fd, &other, self->nested[0]));
	ASSERT_EQ(0, mock_page_request(self->fd, &other, 21, PAGE));
	ASSERT_EQ(0, ask(self, 1, 1));
	ASSERT_EQ(1, take(self, 0, 1));
	EXPECT_EQ(other.idev, self->got[0].dev_id);
	cookie = self->got[0].cookie;
	ASSERT_EQ(0, mock_page_request(self->fd, &other, 22, PAGE));
	ASSERT_EQ(0, leave(self, DETACHED));
	EXPECT_ANSWERS(0, 1);
	EXPECT_EQ(0, answer(self, 0, cookie, SUCCESS));
	ASSERT_EQ(1, take(self, 0, 8));
	EXPECT_EQ(22, self->got[0].grpid);
	EXPECT_EQ(0, answer(self, 0, self->got[0].cookie, SUCCESS));
	EXPECT_ANSWERS(2, 1);
}

/* A replace that fails leaves everything where it was. */
TEST_F(inflight, replace_that_fails)
{
	ASSERT_EQ(0, ask(self, 1, 2));
	ASSERT_EQ(1, take(self, 0, 1));
	EXPECT_EQ(-EINVAL, move_to(self, self->queue_id[0]));
	EXPECT_EQ(-ENOENT, move_to(self, 12345));
	EXPECT_EQ(0, move_to(self, self->nested[0]));
	EXPECT_ANSWERS(0, 0);
	EXPECT_EQ(0, answer(self, 0, self->got[0].cookie, SUCCESS));
	ASSERT_EQ(1, take(self, 0, 8));
	EXPECT_EQ(0, answer(self, 0, self->got[0].cookie, SUCCESS));
	EXPECT_ANSWERS(2, 0);
}

TEST_F(inflight, queue_closed_first)
{
	ASSERT_EQ(0, ask(self, 1, 3));
	ASSERT_EQ(1, take(self, 0, 1));
	EXPECT_EQ(0, close(self->queue[0]));
	self->queue[0] = -1;
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->queue_id[0]));
	EXPECT_EQ(0, ask(self, 4, 1));
	EXPECT_ANSWERS(0, 0);
	ASSERT_EQ(0, move_to(self, self->nested[1]));
	EXPECT_ANSWERS(0, 4);
	EXPECT_EQ(0, object_destroy(self->fd, self->nested[0]));
	EXPECT_EQ(0, object_destroy(self->fd, self->same));
	EXPECT_EQ(0, object_destroy(self->fd, self->queue_id[0]));
	EXPECT_ANSWERS(0, 4);
}

/* The queue's descriptor keeps the rest alive; with it everything goes. */
TEST_F(inflight, iommufd_closed_first)
{
	ASSERT_EQ(0, ask(self, 1, 3));
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	ASSERT_EQ(2, take(self, 0, 2));
	EXPECT_EQ(0, answer(self, 0, self->got[0].cookie, SUCCESS));
	EXPECT_ANSWERS(1, 0);
	close_all(self);
	EXPECT_ANSWERS(1, 2);
}

/* A group of three: two requests that are not the last, and one that is */
static void ask_for_three(struct __test_metadata *_metadata, fixture *self, __u32 group)
{
	ASSERT_EQ(0, mock_switch("partial_groups", true));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, mock_page_request(self->fd, &self->dev, group, (10 + i) * PAGE));
	ASSERT_EQ(0, mock_switch("partial_groups", false));
	EXPECT_FALSE(readable(self, 0));
	EXPECT_EQ(0, take(self, 0, 8));
}

static void finish_three(struct __test_metadata *_metadata, fixture *self, __u32 group)
{
	ASSERT_EQ(0, mock_page_request(self->fd, &self->dev, group, 12 * PAGE));
}

/* The records of a group, in any order but for the last one */
static bool are_three(const struct iommu_hwpt_pgfault *r)
{
	__u64 pages = 0;

	for (int i = 0; i < 3; i++) {
		pages |= 1ULL << (r[i].addr / PAGE);
		if (r[i].cookie != r[0].cookie || r[i].grpid != r[0].grpid)
			return false;
		if (r[i].flags != (i == 2 ? IOMMU_PGFAULT_FLAGS_LAST_PAGE : 0))
			return false;
	}
	return pages == 7ULL << 10;
}

#define NEEDS_PARTIAL_GROUPS() \
	if (self->granted < 0) \
	SKIP(return, "the kernel's own mock has no partial groups")

TEST_F(inflight, group_is_read_whole)
{
	NEEDS_PARTIAL_GROUPS();
	ask_for_three(_metadata, self, 5);
	finish_three(_metadata, self, 5);
	EXPECT_TRUE(readable(self, 0));
	EXPECT_EQ(-EINVAL, take(self, 0, 1));
	EXPECT_EQ(-EINVAL, take(self, 0, 2));
	EXPECT_EQ(-EINVAL, answer(self, 0, 1, SUCCESS));
	EXPECT_TRUE(readable(self, 0));
	ASSERT_EQ(0, ask(self, 6, 1));
	ASSERT_EQ(3, take(self, 0, 3));
	EXPECT_TRUE(are_three(self->got));
	EXPECT_EQ(0, answer(self, 0, self->got[0].cookie, SUCCESS));
	EXPECT_ANSWERS(1, 0);
	ASSERT_EQ(1, take(self, 0, 8));
	EXPECT_EQ(0, answer(self, 0, self->got[0].cookie, INVALID));
	EXPECT_ANSWERS(1, 1);
}

/* Memory ends within the second group of two: the first one is read, the other stays. */
TEST_F(inflight, group_that_cannot_be_written)
{
	char *mem = pages_alloc(2 * PAGE), *at = mem + PAGE - 3 * RECORD;
	struct iommu_hwpt_pgfault first;

	NEEDS_PARTIAL_GROUPS();
	ASSERT_EQ(0, mprotect(mem + PAGE, PAGE, PROT_NONE));
	ask_for_three(_metadata, self, 5);
	ASSERT_EQ(0, ask(self, 4, 1));
	finish_three(_metadata, self, 5);
	/* not even the single one: it was never read, so it cannot be answered */
	EXPECT_EQ(-1, read(self->queue[0], mem + PAGE, 4 * RECORD));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-EINVAL, answer(self, 0, 1, SUCCESS));
	ASSERT_EQ(RECORD, read(self->queue[0], at, 4 * RECORD));
	memcpy(&first, at, RECORD);
	EXPECT_EQ(4, first.grpid);
	EXPECT_EQ(-1, read(self->queue[0], at + RECORD, 4 * RECORD));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(readable(self, 0));
	EXPECT_EQ(0, answer(self, 0, first.cookie, SUCCESS));
	EXPECT_ANSWERS(1, 0);
	ASSERT_EQ(3, take(self, 0, 8));
	EXPECT_TRUE(are_three(self->got));
	ASSERT_EQ(0, leave(self, OTHER_QUEUE));
	EXPECT_ANSWERS(1, 1);
}

/* The first part of a group belongs to the device: the rest may come by another HWPT. */
TEST_F(inflight, first_part_before_a_replace)
{
	NEEDS_PARTIAL_GROUPS();
	ask_for_three(_metadata, self, 5);
	ASSERT_EQ(0, leave(self, OTHER_QUEUE));
	EXPECT_ANSWERS(0, 0);
	finish_three(_metadata, self, 5);
	EXPECT_FALSE(readable(self, 0));
	ASSERT_EQ(3, take(self, 1, 8));
	EXPECT_TRUE(are_three(self->got));
	EXPECT_EQ(0, answer(self, 1, self->got[0].cookie, SUCCESS));
	EXPECT_ANSWERS(1, 0);
}

/* Where no requests are taken it is forgotten, without an answer: only the last one of a group wants one. */
TEST_F(inflight, first_part_is_forgotten)
{
	NEEDS_PARTIAL_GROUPS();
	ask_for_three(_metadata, self, 5);
	ASSERT_EQ(0, leave(self, NO_QUEUE));
	ASSERT_EQ(0, move_to(self, self->nested[0]));
	EXPECT_EQ(0, take(self, 0, 8));
	finish_three(_metadata, self, 5);
	ASSERT_EQ(1, take(self, 0, 8));
	EXPECT_EQ(12 * PAGE, self->got[0].addr);
	EXPECT_EQ(0, answer(self, 0, self->got[0].cookie, SUCCESS));
	EXPECT_ANSWERS(1, 0);
	ask_for_three(_metadata, self, 6);
	ASSERT_EQ(0, leave(self, DETACHED));
	EXPECT_ANSWERS(1, 0);
}

struct storm {
	fixture *self;
	atomic_bool stop;
	atomic_int bad; /* an errno that none of these calls may give */
	atomic_long asked, answered, late;
};

static void *ask_again(void *arg)
{
	struct storm *s = arg;

	for (__u32 group = 1; !atomic_load(&s->stop); group = group % 500 + 1) {
		int rc = mock_page_request(s->self->fd, &s->self->dev, group, group * PAGE);

		if (rc)
			atomic_store(&s->bad, rc);
		else
			atomic_fetch_add(&s->asked, 1);
	}
	return NULL;
}

/* Reads from both queues and answers, if it is not too late */
static void *answer_again(void *arg)
{
	struct storm *s = arg;
	struct iommu_hwpt_pgfault got[4];

	for (int q = 0; !atomic_load(&s->stop); q = !q) {
		ssize_t n = read(s->self->queue[q], got, sizeof(got));

		if (n < 0)
			atomic_store(&s->bad, -errno);
		for (ssize_t i = 0; i < n / (ssize_t)RECORD; i++) {
			int rc = answer(s->self, q, got[i].cookie, SUCCESS);

			if (!rc)
				atomic_fetch_add(&s->answered, 1);
			else if (rc == -EINVAL)
				atomic_fetch_add(&s->late, 1);
			else
				atomic_store(&s->bad, rc);
		}
	}
	return NULL;
}

/* Every request gets one answer, whoever is faster. */
TEST_F(inflight, requests_reads_and_replaces_at_once)
{
	const __u32 pts[] = {self->nested[1], self->same, self->without, self->nested[0], self->ioas, self->nested[0]};
	struct storm s = {.self = self};
	__u64 end = now_us() + 3 * 1000 * 1000;
	pthread_t asking, answering;
	unsigned long moves = 0;

	ASSERT_EQ(0, pthread_create(&asking, NULL, ask_again, &s));
	ASSERT_EQ(0, pthread_create(&answering, NULL, answer_again, &s));
	while (now_us() < end && !s.bad) {
		ASSERT_EQ(0, move_to(self, pts[moves++ % ARRAY_SIZE(pts)]));
		usleep(200);
	}
	atomic_store(&s.stop, true);
	ASSERT_EQ(0, pthread_join(asking, NULL));
	ASSERT_EQ(0, pthread_join(answering, NULL));
	EXPECT_EQ(0, s.bad);
	EXPECT_LT(0, s.answered);
	EXPECT_LT(1, moves);
	TH_LOG("%ld requests, %ld answered, %ld too late, %lu replaces", (long)s.asked, (long)s.answered, (long)s.late,
	       moves);
	ASSERT_EQ(0, leave(self, DETACHED));
	EXPECT_ANSWERS(s.answered, s.asked - s.answered);
}

int main(int argc, char **argv)
{
	mock_load();
	return test_harness_run(argc, argv);
}
