/* SPDX-License-Identifier: GPL-2.0-only */
/* The owner's side: what its threads do. Used within the owner's process only. */
#ifndef SELFTESTS_SIOV_RUN_OWNER_H
#define SELFTESTS_SIOV_RUN_OWNER_H

#include <stdbool.h>

#include "lib/slice.h"
#include "run.h"

struct actor {
	struct part *part; /* a copy of the director's: it is not told of changes */
	int port;
	int iommufd; /* the process's */
	struct slice slice;
	__u32 ioas[MEMORIES];
	__u32 queue_id, queue_hwpt; /* a fault queue, and the HWPT that has it */
	int queue;
};

/* 0 with these words; rc with those and what errno it is; -EIO for what was found wrong */
__attribute__((format(printf, 2, 3))) int say_done(struct reply *reply, const char *format, ...);
int say_failed(struct reply *reply, int rc, const char *what);
int say_wrong(struct reply *reply, const char *what);

bool next_request_is_here(struct actor *a);

/* One for each op of run.h */
int do_open(struct actor *a, __u64 arg, struct reply *reply);
int do_map(struct actor *a, __u64 arg, struct reply *reply);
int do_attach(struct actor *a, __u64 arg, struct reply *reply);
int do_dma(struct actor *a, __u64 arg, struct reply *reply);
int do_copy(struct actor *a, __u64 arg, struct reply *reply);
int do_touch(struct actor *a, __u64 arg, struct reply *reply);
int do_busy(struct actor *a, __u64 arg, struct reply *reply);
int do_replace(struct actor *a, __u64 arg, struct reply *reply);
int do_queue(struct actor *a, __u64 arg, struct reply *reply);
int do_fault(struct actor *a, __u64 arg, struct reply *reply);
int do_quiet(struct actor *a, __u64 arg, struct reply *reply);
int do_close(struct actor *a, __u64 arg, struct reply *reply);

#endif /* SELFTESTS_SIOV_RUN_OWNER_H */
