/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The SIOV demonstration: who is in it.
 *
 *   director   the program itself: makes and removes the slices, tells the owners what to do, prints each line, and
 *              checks all memory, which it shares with the owners
 *   owner      a process with one slice or two, a /dev/iommu of its own, and a thread for each slice that does as it
 *              is told over a socket: a struct request, then a struct reply
 */
#ifndef SELFTESTS_SIOV_RUN_RUN_H
#define SELFTESTS_SIOV_RUN_RUN_H

#include <linux/types.h>
#include <stddef.h>

#include "lib/slice.h"

#define SLICES 4
#define PAGE   4096UL

/* A slice's memory, as large parts of it as there are: the device takes from IN, puts into OUT, adds to the word at
 * COUNTER, and leaves the rest alone. */
#define PART       (16 * 1024UL)
#define IN         0
#define OUT        PART
#define COUNTER    (2 * PART)
#define MEMORY     (4 * PART)
#define OWN_OFFSET (MEMORY - PAGE) /* this page is mapped once more, at an IOVA that no other slice has */

#define IOVA        0x100000ULL /* of the memory, for all slices */
#define OWN_IOVA(n) (0x10000000ULL * (n))
#define LATE_IOVA   0x200000ULL /* gets memory only when the slice asks for it */

/* The two memories of a slice: the second one is for the replace. */
enum { FIRST, SECOND, MEMORIES };

enum op {
	OP_OPEN,    /* opens the slice and binds it */
	OP_MAP,     /* arg: FIRST or SECOND. An IOAS with that memory. n[0]: its id */
	OP_ATTACH,  /* to the first IOAS. n[0]: the HWPT's id */
	OP_DMA,     /* arg: rounds, of two DMAs each */
	OP_COPY,    /* IN to OUT, by one DMA */
	OP_TOUCH,   /* arg: an IOVA; a DMA from there has to be blocked */
	OP_BUSY,    /* DMA until the next request */
	OP_IDLE,    /* nothing */
	OP_REPLACE, /* while DMA goes on: the first IOAS by the second. n[0], n[1]: commands that reached the first and
		       the second memory; n[2]: the HWPT's id */
	OP_QUEUE,   /* a HWPT of the first IOAS with a fault queue, and the slice on it. n[0]: the HWPT's id */
	OP_FAULT,   /* a DMA to LATE_IOVA, which asks for the page, gets it and goes on */
	OP_QUIET,   /* nothing may be in the fault queue */
	OP_CLOSE,   /* the slice; and the thread ends */
	OPS,
};

struct request {
	enum op op;
	__u64 arg;
};

struct reply {
	int rc; /* 0 or a negative errno */
	__u64 n[4];
	char text[240]; /* what was done or, with rc, what went wrong */
};

/* A slice as the director knows it, and each owner in a copy of its own; numbers begin with 1. */
struct part {
	int number;
	char uuid[SLICE_UUID_SIZE];
	char *memory[MEMORIES];
	int now;   /* FIRST or SECOND: where its DMA goes */
	int owner; /* pid; 0: nobody */
	int port;  /* to its thread there; -1 */
	__u32 ioas, hwpt;
};

/* The word to which a busy slice adds */
__u64 part_counter(const struct part *part, int which);

/* Starts a process that owns n slices; their ports lead to it then. */
int owner_start(struct part *const *parts, int n);

/* Requests and replies. -EPIPE: the owner is dead; -ETIMEDOUT: no reply for a minute */
int part_tell(struct part *part, enum op op, __u64 arg);
int part_hear(struct part *part, struct reply *reply);

#endif /* SELFTESTS_SIOV_RUN_RUN_H */
