/* SPDX-License-Identifier: GPL-2.0-only */
/* The director's side: what is printed, and the steps. A step returns 0, or an errno after a line that says what
 * failed. */
#ifndef SELFTESTS_SIOV_RUN_DIRECTOR_H
#define SELFTESTS_SIOV_RUN_DIRECTOR_H

#include "run.h"

struct run {
	struct part parts[SLICES];
	char parent[16];
	int available;  /* slices to be had, before */
	long pinned;    /* pages in the whole system, before */
	char *expected; /* a copy of all memory, as it should be */
	const char *step;
	int number;
};

/* One line for the step; later lines of the same step have no number. */
__attribute__((format(printf, 2, 3))) void say(struct run *r, const char *format, ...);
__attribute__((format(printf, 3, 4))) void say_of(struct run *r, const struct part *part, const char *format, ...);
/* The same, for what failed; returns rc, which may be 0 for -EIO. */
int fail(struct run *r, const char *what, int rc);
int fail_of(struct run *r, const struct part *part, const char *what, int rc);

/* A request to the slice's owner, and its line */
int ask(struct run *r, struct part *part, enum op op, __u64 arg, struct reply *reply);
/* Likewise for each slice: one after the other, or all at once; replies may be NULL or has room for all. */
int ask_each(struct run *r, enum op op, __u64 arg, struct reply *replies);
int ask_all_at_once(struct run *r, enum op op, __u64 arg, struct reply *replies);
/* Without a line: the slice is busy until it is told to be idle. */
int make_busy(struct run *r, struct part *part);
/* n: how many DMAs it has done meanwhile */
int make_idle(struct run *r, struct part *part, __u64 *n);

/* How many bytes of this slice's memories are not as expected */
size_t changed(struct run *r, const struct part *part);
/* All memory is expected to be as it is now. */
void expect_all(struct run *r);
char *expected_of(struct run *r, const struct part *part, int which);

/* slices.c: with mdevctl */
int step_device(struct run *r);
int step_define(struct run *r);
int step_start(struct run *r);
int step_list(struct run *r);
int step_stop(struct run *r);

/* use.c */
int step_open(struct run *r);
int step_map(struct run *r);
int step_attach(struct run *r);
int step_dma(struct run *r);
int step_isolated(struct run *r);
int step_blocked(struct run *r);
int step_fault(struct run *r);
int step_replace(struct run *r);
int step_kill(struct run *r);
int step_reopen(struct run *r);
int step_close(struct run *r);

#endif /* SELFTESTS_SIOV_RUN_DIRECTOR_H */
