/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls that get in each other's way: several threads, each repeating one call with random arguments, on the same few
 * objects. What a call answers depends on the others, but it must be one of the answers that its description knows.
 */
#ifndef SELFTESTS_LIB_RACE_H
#define SELFTESTS_LIB_RACE_H

#include <stdbool.h>

/* What the threads work on: every program has its own. */
struct race;

/* A call, and what it may answer besides 0 */
struct race_op {
	const char *name;
	int (*run)(struct race *r, unsigned int random);
	int errnos[8];
};

/* 0, or one of its negative errnos */
bool race_knows(const struct race_op *op, int rc);

#define RACE_THREADS 8

/*
 * Runs each of the n calls in a thread of its own, for so many milliseconds, and prints what they answered. False, with
 * the reason printed: an answer that is not known, a call that took more than RACE_LIMIT seconds, or nothing succeeded.
 */
bool race_run(struct race *r, const struct race_op *const ops[], int n, unsigned int ms);
#define RACE_LIMIT 20

/* The one argument of these programs, how long to run; anything else ends them with the usage and status 2. */
int race_seconds(int argc, char **argv, int by_default);

/*
 * Whether the race of a test case, begun at start_us (now_us()), goes on: for so many seconds, and on a slow machine 40
 * times as long at most, until it has met what it is there for. It then leaves the processor to the others now and then.
 */
bool racing(unsigned long long start_us, unsigned int seconds, bool met);

/* Whether time is up, for a call that tries something again and again. */
bool race_is_over(void);

#endif /* SELFTESTS_LIB_RACE_H */
