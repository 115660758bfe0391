// SPDX-License-Identifier: GPL-2.0-only
/* Threads that repeat calls, and the account of what these answered. */
#include "race.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "system.h"

#define ERRNOS 134 /* one more than the largest */

struct thread {
	pthread_t id;
	struct race *race;
	const struct race_op *op;
	unsigned int random;
	unsigned long calls, answers[ERRNOS];
	__u64 longest; /* microseconds */
};

static atomic_bool over;

bool race_is_over(void) { return atomic_load(&over); }

bool racing(unsigned long long start_us, unsigned int seconds, bool met)
{
	const __u64 took = now_us() - start_us, usual = seconds * 1000000ULL;

	if (took < usual)
		return true;
	if (!met)
		usleep(10000);
	return !met && took < 40 * usual;
}

bool race_knows(const struct race_op *op, int rc)
{
	for (size_t i = 0; i < sizeof(op->errnos) / sizeof(op->errnos[0]); i++)
		if (rc == -op->errnos[i])
			return true;
	return !rc;
}

static void *run(void *arg)
{
	struct thread *t = arg;

	while (!race_is_over()) {
		__u64 start = now_us(), took;
		int rc;

		t->random = t->random * 1664525 + 1013904223;
		rc = t->op->run(t->race, t->random >> 1);
		took = now_us() - start;
		t->longest = took > t->longest ? took : t->longest;
		t->calls++;
		t->answers[rc <= 0 && rc > -ERRNOS ? -rc : ERRNOS - 1]++;
	}
	return NULL;
}

static bool report(const struct thread *t)
{
	bool good = t->calls && t->longest < RACE_LIMIT * 1000000ULL;

	printf("#   %-12s %8lu calls, %8lu did something, at most %llu us", t->op->name, t->calls, t->answers[0],
	       (unsigned long long)t->longest);
	for (int e = 1; e < ERRNOS; e++)
		if (t->answers[e])
			printf(", %lu %s", t->answers[e], strerrorname_np(e) ? strerrorname_np(e) : "?");
	puts(t->calls ? "" : ": never returned");
	for (int e = 1; e < ERRNOS; e++) {
		if (!t->answers[e] || race_knows(t->op, -e))
			continue;
		printf("#   %s must not answer %s\n", t->op->name, strerror(e));
		good = false;
	}
	if (t->longest >= RACE_LIMIT * 1000000ULL)
		printf("#   %s took too long\n", t->op->name);
	return good;
}

bool race_run(struct race *r, const struct race_op *const ops[], int n, unsigned int ms)
{
	const struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
	static struct thread threads[RACE_THREADS];
	unsigned long succeeded = 0;
	bool good = true;

	atomic_store(&over, false);
	for (int i = 0; i < n; i++) {
		threads[i] = (struct thread){.race = r, .op = ops[i], .random = i + 1};
		if (pthread_create(&threads[i].id, NULL, run, &threads[i])) {
			perror("pthread_create");
			exit(1);
		}
	}
	nanosleep(&pause, NULL);
	atomic_store(&over, true);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i].id, NULL);
	for (int i = 0; i < n; i++) {
		good &= report(&threads[i]);
		succeeded += threads[i].answers[0];
	}
	if (!succeeded)
		puts("#   nothing succeeded");
	return good && succeeded;
}

int race_seconds(int argc, char **argv, int by_default)
{
	const int seconds = argc > 1 ? atoi(argv[1]) : by_default;

	if (argc > 2 || seconds < 1) {
		fprintf(stderr, "usage: %s [SECONDS]\n", argv[0]);
		exit(2);
	}
	return seconds;
}
