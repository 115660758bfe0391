// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page requests of slices: to the queue of their HWPT, without a PASID, and to nobody else's, whatever the indices of
 * their groups; those of further PASIDs carry theirs. The mock counts the answers.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/system.h"

#define RECORD	  sizeof(struct iommu_hwpt_pgfault)
#define SUCCESS	  IOMMUFD_PAGE_RESP_SUCCESS
#define LAST	  IOMMU_PGFAULT_FLAGS_LAST_PAGE
#define WITH_PASID IOMMU_PGFAULT_FLAGS_PASID_VALID
#define FURTHER	  200

/* A descriptor with two slices, and a HWPT with a queue for each */
struct owner {
	int fd;
	__u32 ioas, parent, plain; /* HWPTs: nesting parent; nested without a queue */
	struct mock_dev slice[2];  /* PASIDs first and first + 1, each at its HWPT */
	__u32 queue_id[2], hwpt[2];
	int queue[2];
};

FIXTURE(fault)
{
	struct owner a, b; /* of one parent */
	struct iommu_hwpt_pgfault got[8];
	long granted, refused;
};

typedef FIXTURE_DATA(fault) fixture;

static int owner_open(struct owner *o, __u32 first, __u32 parent)
{
	int rc;

	o->queue[0] = o->queue[1] = -1;
	o->fd = iommufd_open();
	if (o->fd < 0)
		return o->fd;
	rc = ioas_alloc(o->fd, &o->ioas) ?: mock_slice_of(o->fd, o->ioas, first, parent, &o->slice[0]) ?:
	     mock_slice(o->fd, o->ioas, first + 1, &o->slice[0], &o->slice[1]) ?:
	     hwpt_alloc(o->fd, o->slice[0].idev, o->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &o->parent) ?:
	     mock_nested_alloc(o->fd, o->slice[0].idev, o->parent, 0, &o->plain);
	for (int i = 0; !rc && i < 2; i++)
		rc = fault_queue_alloc(o->fd, &o->queue_id[i], &o->queue[i]) ?:
		     mock_nested_alloc(o->fd, o->slice[i].idev, o->parent, o->queue_id[i], &o->hwpt[i]) ?:
		     mock_replace(o->fd, &o->slice[i], o->hwpt[i]);
	return rc;
}

static void owner_close(struct owner *o)
{
	for (int i = 0; i < 2; i++)
		if (o->queue[i] >= 0)
			close(o->queue[i]);
	if (o->fd >= 0)
		close(o->fd);
	o->fd = o->queue[0] = o->queue[1] = -1;
}

FIXTURE_SETUP(fault)
{
	ASSERT_EQ(0, owner_open(&self->a, 100, 0));
	ASSERT_EQ(0, owner_open(&self->b, 110, mock_parent(self->a.fd, &self->a.slice[0])));
	self->granted = mock_counter("granted_pages");
	self->refused = mock_counter("refused_pages");
}

FIXTURE_TEARDOWN(fault)
{
	mock_set("fail_attaches", 0);
	owner_close(&self->a);
	owner_close(&self->b);
}

/* How many answers the devices have got so far */
#define EXPECT_ANSWERS(yes, no)                                                         \
	do {                                                                            \
		EXPECT_EQ(yes, mock_counter("granted_pages") - self->granted);          \
		EXPECT_EQ(no, mock_counter("refused_pages") - self->refused);           \
	} while (0)

/* Reads up to 8 records: how many there were, or a negative errno */
static int take(fixture *self, const struct owner *o, int q)
{
	ssize_t got = read(o->queue[q], self->got, sizeof(self->got));

	return got < 0 ? -errno : (int)(got / (ssize_t)RECORD);
}

static int answer(const struct owner *o, int q, __u32 cookie)
{
	struct iommu_hwpt_page_response r = {.cookie = cookie, .code = SUCCESS};
	ssize_t n = write(o->queue[q], &r, sizeof(r));

	return n < 0 ? -errno : n == sizeof(r) ? 0 : -EIO;
}

static int ask(const struct owner *o, int slice, __u32 group, __u64 addr)
{
	return mock_pasid_request(o->fd, &o->slice[slice], 0, group, addr, true);
}

static int begin(const struct owner *o, int slice, __u32 group, __u64 addr)
{
	return mock_pasid_request(o->fd, &o->slice[slice], 0, group, addr, false);
}

static void expect_record(struct __test_metadata *_metadata, const fixture *self, int i, __u32 dev, __u32 flags,
			  __u32 pasid, __u32 group, __u64 addr)
{
	const struct iommu_hwpt_pgfault *r = &self->got[i];

	EXPECT_EQ(dev, r->dev_id);
	EXPECT_EQ(flags, r->flags);
	EXPECT_EQ(pasid, r->pasid);
	EXPECT_EQ(group, r->grpid);
	EXPECT_EQ(addr, r->addr);
}

TEST_F(fault, as_if_without_a_pasid)
{
	const struct owner *owners[] = {&self->a, &self->b};

	for (int o = 0; o < 2; o++)
		for (int s = 0; s < 2; s++)
			ASSERT_EQ(0, ask(owners[o], s, 10 * o + s, (10 * o + s + 1) * PAGE));
	for (int o = 0; o < 2; o++)
		for (int s = 0; s < 2; s++) {
			ASSERT_EQ(1, take(self, owners[o], s));
			expect_record(_metadata, self, 0, owners[o]->slice[s].idev, LAST, 0, 10 * o + s,
				      (10 * o + s + 1) * PAGE);
			EXPECT_EQ(0, answer(owners[o], s, self->got[0].cookie));
		}
	EXPECT_ANSWERS(4, 0);
}

/* Groups of three: all of their records are without */
TEST_F(fault, no_record_of_a_group_has_the_pasid)
{
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, begin(&self->a, 0, 5, (10 + i) * PAGE));
	EXPECT_EQ(0, take(self, &self->a, 0));
	ASSERT_EQ(0, ask(&self->a, 0, 5, 12 * PAGE));
	ASSERT_EQ(3, take(self, &self->a, 0));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(i == 2 ? LAST : 0, self->got[i].flags);
		EXPECT_EQ(0, self->got[i].pasid);
		EXPECT_EQ(self->got[0].cookie, self->got[i].cookie);
	}
	EXPECT_EQ(0, answer(&self->a, 0, self->got[0].cookie));
	EXPECT_ANSWERS(1, 0);
}

TEST_F(fault, further_pasids_carry_theirs)
{
	struct owner *a = &self->a;

	ASSERT_EQ(0, mock_pasid_attach(a->fd, &a->slice[0], FURTHER, a->hwpt[0], NULL));
	ASSERT_EQ(0, mock_pasid_request(a->fd, &a->slice[0], FURTHER, 7, PAGE, true));
	ASSERT_EQ(0, ask(a, 0, 8, 2 * PAGE));
	ASSERT_EQ(2, take(self, a, 0));
	expect_record(_metadata, self, 0, a->slice[0].idev, LAST | WITH_PASID, FURTHER, 7, PAGE);
	expect_record(_metadata, self, 1, a->slice[0].idev, LAST, 0, 8, 2 * PAGE);
	EXPECT_EQ(0, answer(a, 0, self->got[0].cookie));
	/* what was read and not answered goes with the PASID, and nothing of the slice's */
	ASSERT_EQ(0, mock_pasid_request(a->fd, &a->slice[0], FURTHER, 9, PAGE, true));
	ASSERT_EQ(0, ask(a, 0, 10, PAGE));
	ASSERT_EQ(0, mock_pasid_detach(a->fd, &a->slice[0], FURTHER));
	EXPECT_ANSWERS(1, 1);
	EXPECT_EQ(0, answer(a, 0, self->got[1].cookie));
	ASSERT_EQ(1, take(self, a, 0));
	expect_record(_metadata, self, 0, a->slice[0].idev, LAST, 0, 10, PAGE);
	/* no attachment any more: refused, and not taken for another's */
	ASSERT_EQ(0, mock_pasid_request(a->fd, &a->slice[0], FURTHER, 11, PAGE, true));
	EXPECT_EQ(0, take(self, a, 0));
	EXPECT_ANSWERS(2, 2);
}

/* The kernel collects a group by its index alone. */
TEST_F(fault, two_slices_with_one_index)
{
	int log = kmsg_open();
	char line[256];

	ASSERT_LE(0, log);
	/* a's two requests are put into b's group; and one of a's further PASID into its own group */
	ASSERT_EQ(0, begin(&self->a, 0, 5, PAGE));
	ASSERT_EQ(0, begin(&self->a, 0, 5, 2 * PAGE));
	ASSERT_EQ(0, begin(&self->b, 0, 5, 3 * PAGE));
	ASSERT_EQ(0, ask(&self->b, 0, 5, 4 * PAGE));
	EXPECT_EQ(0, take(self, &self->a, 0));
	ASSERT_EQ(2, take(self, &self->b, 0));
	expect_record(_metadata, self, 0, self->b.slice[0].idev, 0, 0, 5, 3 * PAGE);
	expect_record(_metadata, self, 1, self->b.slice[0].idev, LAST, 0, 5, 4 * PAGE);
	EXPECT_EQ(0, answer(&self->b, 0, self->got[0].cookie));
	EXPECT_EQ(1, kmsg_find(log, "dropped", line, sizeof(line), 100 * 1000));
	EXPECT_EQ(NULL, strstr(line, "100"));
	EXPECT_EQ(0, kmsg_find(log, "dropped", line, sizeof(line), 0));
	/* a's group goes on without them */
	ASSERT_EQ(0, ask(&self->a, 0, 5, 6 * PAGE));
	ASSERT_EQ(1, take(self, &self->a, 0));
	expect_record(_metadata, self, 0, self->a.slice[0].idev, LAST, 0, 5, 6 * PAGE);
	EXPECT_EQ(0, answer(&self->a, 0, self->got[0].cookie));
	EXPECT_ANSWERS(2, 0);
	close(log);
}

/* The same between slices of one descriptor, and between a slice and its further PASID */
TEST_F(fault, one_index_in_one_descriptor)
{
	struct owner *a = &self->a;

	ASSERT_EQ(0, mock_pasid_attach(a->fd, &a->slice[0], FURTHER, a->hwpt[0], NULL));
	ASSERT_EQ(0, begin(a, 0, 5, PAGE));
	ASSERT_EQ(0, ask(a, 1, 5, 2 * PAGE));
	ASSERT_EQ(1, take(self, a, 1));
	expect_record(_metadata, self, 0, a->slice[1].idev, LAST, 0, 5, 2 * PAGE);
	ASSERT_EQ(0, begin(a, 0, 6, PAGE));
	ASSERT_EQ(0, mock_pasid_request(a->fd, &a->slice[0], FURTHER, 6, 2 * PAGE, true));
	ASSERT_EQ(1, take(self, a, 0));
	expect_record(_metadata, self, 0, a->slice[0].idev, LAST | WITH_PASID, FURTHER, 6, 2 * PAGE);
}

/* The first part of a group waits in the kernel for the rest. Its PASID's next owner does not get it. */
TEST_F(fault, first_part_of_the_last_owner)
{
	struct mock_dev heir;

	ASSERT_EQ(0, begin(&self->a, 0, 5, PAGE));
	ASSERT_EQ(0, object_destroy(self->a.fd, self->a.slice[0].stdev));
	ASSERT_EQ(0, mock_slice(self->b.fd, self->b.ioas, 100, &self->b.slice[0], &heir));
	ASSERT_EQ(0, mock_replace(self->b.fd, &heir, self->b.hwpt[0]));
	ASSERT_EQ(0, mock_pasid_request(self->b.fd, &heir, 0, 5, 2 * PAGE, true));
	ASSERT_EQ(1, take(self, &self->b, 0));
	expect_record(_metadata, self, 0, heir.idev, LAST, 0, 5, 2 * PAGE);
	/* nor that of a further PASID */
	ASSERT_EQ(0, mock_pasid_attach(self->a.fd, &self->a.slice[1], FURTHER, self->a.hwpt[1], NULL));
	ASSERT_EQ(0, mock_pasid_request(self->a.fd, &self->a.slice[1], FURTHER, 6, PAGE, false));
	ASSERT_EQ(0, mock_pasid_detach(self->a.fd, &self->a.slice[1], FURTHER));
	ASSERT_EQ(0, mock_pasid_attach(self->b.fd, &heir, FURTHER, self->b.hwpt[0], NULL));
	ASSERT_EQ(0, mock_pasid_request(self->b.fd, &heir, FURTHER, 6, 2 * PAGE, true));
	ASSERT_EQ(1, take(self, &self->b, 0));
	expect_record(_metadata, self, 0, heir.idev, LAST | WITH_PASID, FURTHER, 6, 2 * PAGE);
}

/* Page requests of the parent are on as long as any of its slices wants them. */
TEST_F(fault, enabled_for_as_long_as_needed)
{
	struct owner *a = &self->a, *b = &self->b;

	ASSERT_EQ(0, mock_replace(a->fd, &a->slice[0], a->plain));
	ASSERT_EQ(0, ask(a, 1, 1, PAGE));
	ASSERT_EQ(1, take(self, a, 1));
	owner_close(a);
	EXPECT_ANSWERS(0, 1);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, ask(b, i, 2, PAGE));
		ASSERT_EQ(1, take(self, b, i));
		EXPECT_EQ(0, answer(b, i, self->got[0].cookie));
	}
	EXPECT_ANSWERS(2, 1);
	/* off and on again */
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, mock_replace(b->fd, &b->slice[i], b->plain));
	ASSERT_EQ(0, ask(b, 0, 3, PAGE));
	EXPECT_ANSWERS(2, 2);
	ASSERT_EQ(0, mock_replace(b->fd, &b->slice[0], b->hwpt[0]));
	ASSERT_EQ(0, ask(b, 0, 4, PAGE));
	ASSERT_EQ(1, take(self, b, 0));
	ASSERT_EQ(0, object_destroy(b->fd, b->slice[0].stdev));
	EXPECT_ANSWERS(2, 3);
	EXPECT_EQ(-EINVAL, answer(b, 0, self->got[0].cookie));
}

/* What is in flight at a replace is answered, once; what comes later goes to the new queue. */
TEST_F(fault, in_flight_at_a_replace)
{
	struct owner *a = &self->a;
	__u32 late;

	ASSERT_EQ(0, ask(a, 0, 1, PAGE));
	ASSERT_EQ(1, take(self, a, 0));
	late = self->got[0].cookie;
	ASSERT_EQ(0, ask(a, 0, 2, PAGE));
	ASSERT_EQ(0, ask(a, 1, 3, PAGE));
	ASSERT_EQ(0, mock_replace(a->fd, &a->slice[0], a->hwpt[1]));
	EXPECT_ANSWERS(0, 2);
	EXPECT_EQ(-EINVAL, answer(a, 0, late));
	EXPECT_EQ(0, take(self, a, 0));
	ASSERT_EQ(0, ask(a, 0, 4, PAGE));
	ASSERT_EQ(2, take(self, a, 1));
	expect_record(_metadata, self, 0, a->slice[1].idev, LAST, 0, 3, PAGE);
	expect_record(_metadata, self, 1, a->slice[0].idev, LAST, 0, 4, PAGE);
	/* detached: only its own */
	ASSERT_EQ(0, object_destroy(a->fd, a->slice[0].stdev));
	EXPECT_ANSWERS(0, 3);
	EXPECT_EQ(-EINVAL, answer(a, 1, self->got[1].cookie));
	EXPECT_EQ(0, answer(a, 1, self->got[0].cookie));
	EXPECT_ANSWERS(1, 3);
}

TEST_F(fault, in_flight_at_a_replace_that_fails)
{
	struct owner *a = &self->a;

	ASSERT_EQ(0, ask(a, 0, 1, PAGE));
	ASSERT_EQ(1, take(self, a, 0));
	ASSERT_EQ(0, ask(a, 0, 2, PAGE));
	ASSERT_EQ(0, mock_set("fail_attaches", 1));
	EXPECT_EQ(-ENOMEM, mock_replace(a->fd, &a->slice[0], a->hwpt[1]));
	EXPECT_ANSWERS(0, 0);
	EXPECT_EQ(0, answer(a, 0, self->got[0].cookie));
	ASSERT_EQ(0, ask(a, 0, 3, PAGE));
	ASSERT_EQ(2, take(self, a, 0));
	EXPECT_EQ(2, self->got[0].grpid);
	EXPECT_EQ(3, self->got[1].grpid);
	EXPECT_ANSWERS(1, 0);
}

/* A slice moved to a HWPT without a queue does not make that one take requests, of whomever. */
TEST_F(fault, hwpt_without_a_queue_stays_one)
{
	struct owner *a = &self->a;
	struct mock_dev other_parent;

	ASSERT_EQ(0, mock_slice(a->fd, a->ioas, 100, NULL, &other_parent));
	ASSERT_EQ(0, mock_replace(a->fd, &other_parent, a->plain));
	ASSERT_EQ(0, mock_replace(a->fd, &a->slice[0], a->plain));
	ASSERT_EQ(0, mock_page_request(a->fd, &other_parent, 1, PAGE));
	EXPECT_ANSWERS(0, 1);
	ASSERT_EQ(0, ask(a, 0, 2, PAGE));
	EXPECT_ANSWERS(0, 2);
}

struct storm {
	const struct owner *o;
	atomic_bool stop;
	atomic_int bad;
	unsigned long asked;
};

static void *ask_again(void *arg)
{
	struct storm *s = arg;

	for (__u32 group = 1; !atomic_load(&s->stop); group = group % 500 + 1) {
		int rc = ask(s->o, 0, group, group * PAGE);

		if (rc)
			atomic_store(&s->bad, rc);
		s->asked++;
	}
	return NULL;
}

static bool readable(const struct owner *o, int q)
{
	struct pollfd p = {.fd = o->queue[q], .events = POLLIN};

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

/* Replaces that fail, under requests all the time: none of these may get into the queue that it never came to. */
TEST_F(fault, replace_that_fails_under_requests)
{
	struct owner *a = &self->a;
	struct storm s = {.o = a};
	__u64 end = now_us() + 2 * 1000 * 1000;
	unsigned long failed = 0, strays = 0, answered = 0;
	pthread_t asking;

	ASSERT_EQ(0, object_destroy(a->fd, a->slice[1].stdev));
	ASSERT_EQ(0, pthread_create(&asking, NULL, ask_again, &s));
	while (now_us() < end && !s.bad) {
		int n = take(self, a, 0);

		ASSERT_LE(0, n);
		for (int i = 0; i < n; i++, answered++)
			ASSERT_EQ(0, answer(a, 0, self->got[i].cookie));
		ASSERT_EQ(0, mock_set("fail_attaches", 1));
		ASSERT_EQ(-ENOMEM, mock_replace(a->fd, &a->slice[0], a->hwpt[1]));
		failed++;
		strays += readable(a, 1);
	}
	atomic_store(&s.stop, true);
	ASSERT_EQ(0, pthread_join(asking, NULL));
	EXPECT_EQ(0, s.bad);
	EXPECT_EQ(0, strays);
	TH_LOG("%lu requests, %lu answered, %lu replaces failed", s.asked, answered, failed);
	ASSERT_EQ(0, object_destroy(a->fd, a->slice[0].stdev));
	EXPECT_EQ(0, take(self, a, 0));
	EXPECT_EQ(0, take(self, a, 1));
	EXPECT_EQ(s.asked, mock_counter("granted_pages") - self->granted + mock_counter("refused_pages") - self->refused);
}

int main(int argc, char **argv)
{
	if (!mock_load())
		ksft_exit_skip("no mock_iommu.ko\n");
	return test_harness_run(argc, argv);
}
