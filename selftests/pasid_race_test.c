// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slices of one parent in two descriptors, under everything at once: DMA, page requests with indices that they share,
 * replaces, further PASIDs, slices destroyed and made anew, by whoever is first. What each call answers is one of a few,
 * no DMA gets into the other descriptor's memory, no page request into its queue, each is answered once, and a PASID
 * never has two owners. Once with an IOMMU that replaces in one step, once with one that does not.
 *
 * usage: pasid_race_test [SECONDS]   (10, for each of the two); prints TAP
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/race.h"
#include "lib/system.h"

#define PAGE	4096UL
#define IOVA	((__u64)MOCK_APERTURE_START)
#define SLOTS	2
#define FIRST	100 /* default PASID of slot 0 */
#define FURTHER 300
#define FOUGHT	200 /* the PASID that both want */
#define GROUPS	4

/* One descriptor. Its page tables lead to memory of its own, its requests are for pages in a range of their own. */
struct side {
	int fd;
	char *memory; /* 2 pages, page i at IOVA in ioas[i] */
	__u64 asks;   /* page requests: from here on */
	__u32 ioas[2], pts[5];
	int queue[2];
	struct mock_dev keeper; /* so that the parent stays */
};

struct race {
	struct side a, b;
	_Atomic(struct mock_dev *) slot[SLOTS]; /* of a; never freed before the end */
	__u32 parent;
	atomic_int holders; /* of FOUGHT */
	atomic_ulong asked, strays, wrong_dma, two_owners;
};

static int side_open(struct race *r, struct side *s, __u32 pasid, __u64 asks)
{
	__u32 id;
	int rc;

	s->asks = asks;
	s->memory = pages_alloc(2 * PAGE);
	memset(s->memory, 1, 2 * PAGE);
	s->fd = iommufd_open();
	if (s->fd < 0)
		return s->fd;
	rc = ioas_alloc(s->fd, &s->ioas[0]) ?: ioas_alloc(s->fd, &s->ioas[1]);
	for (int i = 0; !rc && i < 2; i++)
		rc = ioas_map_fixed(s->fd, s->ioas[i], s->memory + i * PAGE, PAGE, IOVA, MAP_RW);
	rc = rc ?: mock_slice_of(s->fd, s->ioas[0], pasid, r->parent, &s->keeper);
	for (int i = 0; !rc && i < 2; i++) {
		struct iommu_hwpt_alloc cmd = {.size = sizeof(cmd), .flags = IOMMU_HWPT_FAULT_ID_VALID};

		rc = fault_queue_alloc(s->fd, &id, &s->queue[i]);
		cmd.dev_id = s->keeper.idev;
		cmd.pt_id = s->ioas[i];
		cmd.fault_id = id;
		rc = rc ?: iommufd_call(s->fd, IOMMU_HWPT_ALLOC, &cmd);
		s->pts[i] = cmd.out_hwpt_id;
		s->pts[2 + i] = s->ioas[i];
	}
	rc = rc ?: hwpt_alloc(s->fd, s->keeper.idev, s->ioas[0], 0, &s->pts[4]);
	return rc ?: mock_replace(s->fd, &s->keeper, s->pts[0]);
}

static void side_close(struct side *s)
{
	close(s->queue[0]);
	close(s->queue[1]);
	close(s->fd);
	pages_free(s->memory, 2 * PAGE);
}

static __u32 a_pt(const struct side *s, unsigned int x) { return s->pts[(x >> 8) % 5]; }

static struct mock_dev *a_slice(struct race *r, unsigned int x)
{
	return atomic_load(&r->slot[x % SLOTS]);
}

static int do_replace(struct race *r, unsigned int x)
{
	return mock_replace(r->a.fd, a_slice(r, x), a_pt(&r->a, x));
}

static int do_further(struct race *r, unsigned int x)
{
	const struct mock_dev *dev = a_slice(r, x);
	const __u32 pasid = FURTHER + (x >> 4) % 2;

	switch ((x >> 16) % 4) {
	case 0:
		return mock_pasid_detach(r->a.fd, dev, pasid);
	case 1:
		return mock_pasid_attach(r->a.fd, dev, pasid, a_pt(&r->a, x), NULL);
	default:
		return mock_pasid_replace(r->a.fd, dev, pasid, a_pt(&r->a, x), NULL);
	}
}

static int ask(struct race *r, const struct side *s, const struct mock_dev *dev, __u32 pasid, unsigned int x)
{
	const bool last = (x >> 12) % 3;
	int rc = mock_pasid_request(s->fd, dev, pasid, x % GROUPS, s->asks + (x >> 8) % 256 * PAGE, last);

	if (!rc && last)
		atomic_fetch_add(&r->asked, 1);
	return rc;
}

static int do_request(struct race *r, unsigned int x)
{
	switch ((x >> 16) % 4) {
	case 0:
		return ask(r, &r->b, &r->b.keeper, 0, x);
	case 1:
		return ask(r, &r->a, a_slice(r, x), FURTHER + (x >> 4) % 2, x);
	default:
		return ask(r, &r->a, a_slice(r, x), 0, x);
	}
}

/* Everything in a queue is for its own descriptor. */
static int do_answer(struct race *r, unsigned int x)
{
	const struct side *s = x % 2 ? &r->a : &r->b;
	struct iommu_hwpt_pgfault got[32];
	struct iommu_hwpt_page_response response = {.code = IOMMUFD_PAGE_RESP_SUCCESS};
	const int queue = s->queue[(x >> 1) % 2];
	ssize_t n = read(queue, got, sizeof(got));

	if (n < 0)
		return -errno;
	for (size_t i = 0; i < n / sizeof(*got); i++) {
		if (got[i].addr < s->asks || got[i].addr >= s->asks + 256 * PAGE)
			atomic_fetch_add(&r->strays, 1);
		if (got[i].pasid && (got[i].pasid < FURTHER || got[i].pasid > FURTHER + 1))
			atomic_fetch_add(&r->strays, 1);
		response.cookie = got[i].cookie;
		/* too late is fine, and of a group only the first is answered */
		if (write(queue, &response, sizeof(response)) < 0 && errno != EINVAL)
			return -errno;
	}
	return 0;
}

/* With PASIDs of the descriptor's own slices only: another one's may have a new owner by now. */
static int do_dma(struct race *r, unsigned int x)
{
	const struct side *s = x % 4 ? &r->a : &r->b, *other = x % 4 ? &r->b : &r->a;
	const struct mock_dev *dev = x % 4 ? a_slice(r, x >> 4) : &s->keeper;
	__u32 hits[2];
	int rc = mock_dma(s->fd, dev, 0, 20, IOVA, other->memory, hits);

	if (!rc && (hits[0] || hits[1]))
		atomic_fetch_add(&r->wrong_dma, 1);
	return rc;
}

/* A slice goes; its PASID may be somebody else's for a moment, and then it is there again. */
static int do_remake(struct race *r, unsigned int x)
{
	const int n = x % SLOTS;
	struct mock_dev *made = malloc(sizeof(*made)), thief;
	int rc = object_destroy(r->a.fd, atomic_load(&r->slot[n])->stdev);

	usleep(x % 300);
	if (!rc && x & 64 && !mock_slice_of(r->b.fd, a_pt(&r->b, x), FIRST + n, r->parent, &thief)) {
		ask(r, &r->b, &thief, 0, x | 1 << 12);
		while (object_destroy(r->b.fd, thief.stdev) == -EBUSY)
			usleep(10);
	}
	while (!rc && (rc = mock_slice_of(r->a.fd, a_pt(&r->a, x), FIRST + n, r->parent, made)) == -EBUSY)
		usleep(10);
	if (!rc)
		atomic_store(&r->slot[n], made);
	return rc; /* made is leaked: others may still look at it */
}

static int fight(struct race *r, struct side *s, unsigned int x)
{
	struct mock_dev dev;
	int rc = mock_slice_of(s->fd, a_pt(s, x), FOUGHT, r->parent, &dev);

	if (rc)
		return rc;
	if (atomic_fetch_add(&r->holders, 1))
		atomic_fetch_add(&r->two_owners, 1);
	usleep(x % 20);
	atomic_fetch_sub(&r->holders, 1);
	/* its id may have been that of a slot a moment ago, and be in use as such */
	while ((rc = object_destroy(s->fd, dev.stdev)) == -EBUSY)
		usleep(10);
	return rc;
}

static int do_fight_a(struct race *r, unsigned int x) { return fight(r, &r->a, x); }
static int do_fight_b(struct race *r, unsigned int x) { return fight(r, &r->b, x); }

/* EINVAL of a further PASID: not attached */
static const struct race_op ops[] = {
	{"replace", do_replace, {ENOENT}},
	{"further", do_further, {ENOENT, EBUSY, EINVAL}},
	{"request", do_request, {ENOENT}},
	{"answer", do_answer, {0}},
	{"dma", do_dma, {ENOENT}},
	{"remake", do_remake, {EBUSY}},
	{"fight_a", do_fight_a, {EBUSY}},
	{"fight_b", do_fight_b, {EBUSY}},
};

static int set_up(struct race *r)
{
	struct mock_dev first = {0};
	int rc = side_open(r, &r->a, 1, 0x10000000);

	first = r->a.keeper;
	r->parent = rc ? 0 : mock_parent(r->a.fd, &first);
	rc = rc ?: side_open(r, &r->b, 2, 0x20000000);
	for (int i = 0; !rc && i < SLOTS; i++) {
		struct mock_dev *dev = malloc(sizeof(*dev));

		rc = mock_slice_of(r->a.fd, r->a.pts[0], FIRST + i, r->parent, dev);
		atomic_store(&r->slot[i], dev);
	}
	return rc;
}

static bool none(const char *what, unsigned long count)
{
	if (count)
		printf("#   %s: %lu times\n", what, count);
	return !count;
}

static bool race(bool one_step, unsigned int seconds)
{
	const struct race_op *const all[] = {&ops[0], &ops[1], &ops[2], &ops[3], &ops[4], &ops[5], &ops[6], &ops[7]};
	long before = pinned_pages(), answers = mock_counter("granted_pages") + mock_counter("refused_pages");
	struct race r = {0};
	bool good;
	int rc = -EBUSY;

	for (int i = 0; i < 100 && rc == -EBUSY; i++, usleep(rc ? 50000 : 0))
		rc = mock_switch("replace_pasid", one_step);
	rc = rc ?: set_up(&r);
	if (rc) {
		printf("# cannot start: %s\n", strerror(-rc));
		return false;
	}
	good = race_run(&r, all, 8, seconds * 1000);
	side_close(&r.a);
	side_close(&r.b);
	answers = mock_counter("granted_pages") + mock_counter("refused_pages") - answers;
	good &= none("a page request in the wrong queue, or with a default PASID", r.strays);
	good &= none("DMA to the other's memory", r.wrong_dma);
	good &= none("a PASID with two owners", r.two_owners);
	printf("#   %lu page requests, %ld answers\n", atomic_load(&r.asked), answers);
	good &= (long)r.asked == answers;
	if (wait_pinned_pages(before) != before || self_status_kb("VmPin"))
		good = none("pages left pinned", 1);
	return good;
}

int main(int argc, char **argv)
{
	const int seconds = race_seconds(argc, argv, 10);
	bool one, two;

	if (!mock_load()) {
		puts("1..0 # SKIP no mock_iommu.ko");
		return 4;
	}
	printf("TAP version 13\n1..2\n");
	one = race(true, seconds);
	printf("%sok 1 slices race, replaced in one step\n", one ? "" : "not ");
	two = race(false, seconds);
	printf("%sok 2 slices race, replaced in two steps\n", two ? "" : "not ");
	mock_switch("replace_pasid", true);
	return !(one && two);
}
