/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fuzzer's parts. The master process forks workers, each of which runs some hundred programs and exits; all that is
 * to outlive a worker is in memory that they share (struct shared). Only one worker runs at a time.
 */
#ifndef SELFTESTS_FUZZ_FUZZ_H
#define SELFTESTS_FUZZ_FUZZ_H

#include <sys/types.h>

#include "model.h"

enum { MAP_BITS = 20, MAP_SIZE = 1 << MAP_BITS, CORPUS = 4096, RING = 8, DESCS = 96, ERRNOS = 134, FRESH = 4096 };
enum { CLOSE_ALL = DESCS - 1 }; /* in place of a call: what the end of a program closes */

/* How a worker ends */
enum { WELL, COMPLAINT = 10, CANNOT };

struct stats {
	__u32 runs, successes;
	__u64 us, longest_us; /* that they took */
	__u32 errnos[ERRNOS];
};

/* What a thread is at; since 0: nothing */
struct activity {
	__u64 since; /* us */
	__u32 desc;
};

struct shared {
	__u64 rng;
	__u64 runs;    /* programs, so far; also the watch's sign of life */
	__u32 edges;   /* pairs of successive points in the code, of all calls */
	__u32 signals; /* the same, for each call on its own: what the corpus is chosen by */
	__u32 corpus_size, complaint, cut_traces;
	struct stats stats[DESCS];
	struct activity at[THREADS]; /* of each enum thread */
	__u8 edge[MAP_SIZE], signal[MAP_SIZE];
	__u32 fresh[FRESH], fresh_count; /* signals that no program had before this one; some are found by children */
	__u32 hit[MAP_SIZE];             /* the last run that had it */
	__u32 found_at[CORPUS];          /* seconds */
	struct prog corpus[CORPUS];
	struct prog ring[RING]; /* the last programs, at runs % RING */
};
extern struct shared *shared;

/* random.c */
__u64 random_u64(void);
unsigned int below(unsigned int n);
bool chance(unsigned int percent);
__u64 random_value(const struct desc *d, unsigned int i, bool *is_reg);

/* mutate.c */
void prog_generate(struct prog *p);
void prog_mutate(struct prog *p);
void prog_drop(struct prog *p, unsigned int at);

/* cover.c: one handle for each enum thread. cover_open(): 0 or -errno, in the master. */
int cover_open(void);
int cover_enable(unsigned int thread);
void cover_begin(unsigned int thread);
void cover_end(unsigned int thread, unsigned int desc);
/* A program begins; after it, what no program had before: the number of new signals, and their places in the map */
void cover_start(void);
unsigned int cover_fresh(const __u32 **fresh);
/* Did the last program have all of these? */
bool cover_has(const __u32 *signals, unsigned int n);

/* exec.c: in a worker. exec_init(): 0 or -errno */
int exec_init(void);
void exec_run(const struct prog *p);

/* memory.c: the arena, and where the calls' data are; thread: enum thread */
void memory_init(void);
void memory_reset(void);
bool memory_within(__u64 va, __u64 length);
void memory_spoiled(void);
void *memory_data(unsigned int thread, bool at_end, unsigned int bytes);

/* kmsg.c */
int kmsg_init(void);
void kmsg_say(const char *text);
/* Has the kernel complained since? */
bool kmsg_complaint(void);
/* Prints what the kernel has said since. */
void kmsg_show(void);

/* stacks.c: prints what the processes of a group are at. */
void stacks_show(pid_t group);

/* system_calls.c: descriptors of programs are below this one, the fuzzer's own from it on */
enum { OWN_FDS = 500, FIRST_FD = 3 };
int own_fd(int fd);
void reg_store(unsigned int type, unsigned int number, __u64 value);
__u64 reg_load(unsigned int type, unsigned int number);

#endif /* SELFTESTS_FUZZ_FUZZ_H */
