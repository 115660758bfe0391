// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PASID is attached while the device itself moves to a HWPT that is not for PASIDs: of the two, exactly one succeeds,
 * whichever comes first, and the other is EINVAL. The mock does not keep these calls apart. The same with a PASID of a
 * slice, which is not bound by what another device does: there both succeed.
 *
 * usage: pasid_rule_race_test [SECONDS]   (8); prints TAP
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/race.h"
#include "lib/system.h"

#define PASID 300

struct world {
	int fd;
	struct mock_dev dev, mover; /* one device, or a slice and another device */
	__u32 marked, plain;
	atomic_uint turn, begun; /* the other thread is to begin its call, and does */
	atomic_bool over;
	int attached; /* what the other thread's call said */
};

/* The other thread: a PASID of `dev`, each time that the turn is odd. */
static void *attach_pasids(void *arg)
{
	struct world *w = arg;

	for (unsigned int turn = 1;; turn += 2) {
		while (atomic_load(&w->turn) != turn) {
			if (atomic_load(&w->over))
				return NULL;
			sched_yield();
		}
		atomic_store(&w->begun, turn);
		w->attached = mock_pasid_attach(w->fd, &w->dev, PASID, w->marked, NULL);
		atomic_store(&w->turn, turn + 1);
	}
}

struct score {
	unsigned long turns, pasid_first, device_first, both, neither, others;
};

static void count(struct score *s, int attached, int moved)
{
	s->turns++;
	if (!attached && moved == -EINVAL)
		s->pasid_first++;
	else if (attached == -EINVAL && !moved)
		s->device_first++;
	else if (!attached && !moved)
		s->both++;
	else if (attached == -EINVAL && moved == -EINVAL)
		s->neither++;
	else
		s->others++;
}

/* One turn: both calls at once, then everything as it was. Every other time, this one begins behind the other. */
static int turn(struct world *w, unsigned int number, struct score *s)
{
	int moved, rc;

	atomic_store(&w->turn, number);
	while (number & 2 && atomic_load(&w->begun) != number)
		sched_yield();
	for (volatile unsigned int i = number * 7919 % 4000; i; i--)
		;
	moved = mock_replace(w->fd, &w->mover, w->plain);
	while (atomic_load(&w->turn) == number)
		sched_yield();
	count(s, w->attached, moved);
	rc = mock_pasid_detach(w->fd, &w->dev, PASID);
	return rc ?: mock_replace(w->fd, &w->mover, w->marked);
}

static int race(struct world *w, int seconds, struct score *s)
{
	const __u64 end = now_us() + seconds * 1000000ULL;
	pthread_t other;
	int rc = 0;

	if (pthread_create(&other, NULL, attach_pasids, w))
		return -EAGAIN;
	for (unsigned int number = 1; !rc && now_us() < end; number += 2)
		rc = turn(w, number, s);
	atomic_store(&w->over, true);
	pthread_join(other, NULL);
	printf("#   %lu turns: PASID first %lu, device first %lu, both %lu, neither %lu, other answers %lu\n", s->turns,
	       s->pasid_first, s->device_first, s->both, s->neither, s->others);
	if (rc)
		printf("#   cannot go back: %s\n", strerror(-rc));
	return rc;
}

static int set_up(struct world *w, bool slice)
{
	__u32 ioas;
	int rc;

	*w = (struct world){.fd = iommufd_open()};
	if (w->fd < 0)
		return w->fd;
	rc = ioas_alloc(w->fd, &ioas) ?: mock_device(w->fd, ioas, MOCK_FLAGS_DEVICE_PASID, &w->mover);
	rc = rc ?: hwpt_alloc(w->fd, w->mover.idev, ioas, IOMMU_HWPT_ALLOC_PASID, &w->marked);
	rc = rc ?: hwpt_alloc(w->fd, w->mover.idev, ioas, 0, &w->plain);
	rc = rc ?: mock_replace(w->fd, &w->mover, w->marked);
	if (slice)
		return rc ?: mock_slice(w->fd, w->plain, 100, NULL, &w->dev);
	w->dev = w->mover;
	return rc;
}

static bool run(bool slice, int seconds)
{
	struct score s = {0};
	struct world w;
	int rc = set_up(&w, slice);

	if (rc) {
		printf("#   cannot start: %s\n", strerror(-rc));
		return false;
	}
	rc = race(&w, seconds, &s);
	close(w.fd);
	if (slice)
		return !rc && s.turns && s.both == s.turns;
	return !rc && s.turns && s.pasid_first + s.device_first == s.turns;
}

int main(int argc, char **argv)
{
	const int seconds = race_seconds(argc, argv, 8);
	bool physical, slice;

	if (!mock_load()) {
		puts("1..0 # SKIP no mock_iommu.ko");
		return 4;
	}
	printf("TAP version 13\n1..2\n");
	physical = run(false, (seconds + 1) / 2);
	printf("%sok 1 a PASID against its device\n", physical ? "" : "not ");
	slice = run(true, (seconds + 1) / 2);
	printf("%sok 2 a PASID of a slice against another device\n", slice ? "" : "not ");
	return !(physical && slice);
}
