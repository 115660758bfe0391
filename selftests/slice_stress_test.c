// SPDX-License-Identifier: GPL-2.0-only
/*
 * 256 slices of one siov-edu on 2 CPUs. Two threads, each with a /dev/iommu and half of the slices, create, open,
 * attach, use, replace, detach, close and remove them in random order, in three parts:
 *
 *   grow    until all are attached at once; then each is used
 *   churn   whatever a slice's state allows
 *   shrink  until none is left
 *
 * Each use proves where DMA goes: a checksum of the memory behind the slice's IOAS, which each IOAS has another, and an
 * atomic addition, which is counted for each IOAS. A failure can be repeated with the seed, as far as two CPUs can be.
 *
 * usage: slice_stress_test [SEED [STEPS]]   steps of the churn for each thread
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/iommufd.h"
#include "lib/slice.h"
#include "lib/system.h"

#define THREADS 2
#define SLICES  128 /* of a thread */
#define IOASES  8   /* of a thread */
#define PAGE    4096UL
#define IOVA    0x100000ULL /* of a page to read, and one with a counter */
#define STEPS   2000
#define IRQ_MS  10000

enum state { ABSENT, MADE, BOUND, ATTACHED, STATES };

enum action { CREATE, OPEN, ATTACH, USE, REPLACE, DETACH, CLOSE, REMOVE, ACTIONS };

static const char *const action_names[ACTIONS] = {"create",  "open",   "attach", "use",
						  "replace", "detach", "close",  "remove"};

struct one {
	enum state state;
	unsigned int ioas; /* while attached */
	char uuid[SLICE_UUID_SIZE];
	struct slice slice;
};

struct space {
	__u32 id;
	char *memory;
	__u64 checksum, added;
};

struct thread {
	pthread_t id;
	unsigned int number;
	unsigned int steps;
	__u64 random;
	int fd;
	struct one slices[SLICES];
	struct space spaces[IOASES];
	unsigned int done[ACTIONS];
};

static char parent[16];
static pthread_barrier_t barrier;
static atomic_bool failed;

static unsigned int roll(struct thread *t, unsigned int below)
{
	t->random ^= t->random << 13; /* Marsaglia's xorshift64 */
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return (unsigned int)(t->random >> 33) % below;
}

static int add(struct thread *t, struct one *one)
{
	const struct siov_command command = {
		.dst = IOVA + PAGE, .operand = 1, .length = 8, .command = SIOV_EDU_FETCH_ADD};
	int status = slice_run(&one->slice, &command);

	if (status != SIOV_EDU_OK)
		return status < 0 ? status : -EIO;
	t->spaces[one->ioas].added++;
	return slice_irqs(&one->slice, IRQ_MS) == 1 ? 0 : -ENOMSG;
}

static int use(struct thread *t, struct one *one)
{
	const struct siov_command command = {.src = IOVA, .length = PAGE, .command = SIOV_EDU_CHECKSUM};
	int status = slice_run(&one->slice, &command);

	if (status != SIOV_EDU_OK)
		return status < 0 ? status : -EIO;
	if (slice_irqs(&one->slice, IRQ_MS) != 1)
		return -ENOMSG;
	if (slice_get64(&one->slice, SIOV_EDU_RESULT) != t->spaces[one->ioas].checksum)
		return -EILSEQ;
	return add(t, one);
}

static int attach(struct thread *t, struct one *one)
{
	one->ioas = roll(t, IOASES);
	return slice_attach(&one->slice, t->spaces[one->ioas].id);
}

static int open_and_bind(struct thread *t, struct one *one)
{
	int rc = slice_open(&one->slice, one->uuid);

	return rc ? rc : slice_bind(&one->slice, t->fd);
}

static int act(struct thread *t, struct one *one, enum action action)
{
	static const enum state next[ACTIONS] = {
		[CREATE] = MADE,      [OPEN] = BOUND,   [ATTACH] = ATTACHED, [USE] = ATTACHED,
		[REPLACE] = ATTACHED, [DETACH] = BOUND, [CLOSE] = MADE,      [REMOVE] = ABSENT,
	};
	int rc = 0;

	switch (action) {
	case CREATE:
		rc = slice_create(parent, one->uuid);
		break;
	case OPEN:
		rc = open_and_bind(t, one);
		break;
	case ATTACH:
	case REPLACE:
		rc = attach(t, one);
		break;
	case USE:
		rc = use(t, one);
		break;
	case DETACH:
		rc = slice_detach(&one->slice);
		break;
	case CLOSE:
		slice_close(&one->slice);
		break;
	case REMOVE:
		rc = slice_remove(one->uuid);
		break;
	default:
		rc = -EINVAL;
	}
	if (rc) {
		printf("# %s of %s: %s\n", action_names[action], one->uuid, strerror(-rc));
		atomic_store(&failed, true);
	}
	one->state = next[action];
	t->done[action]++;
	return rc;
}

/* What a slice in this state may be told; the likelier, the more often it is here. */
static enum action choose(struct thread *t, enum state state)
{
	static const enum action choices[STATES][8] = {
		[ABSENT] = {CREATE, CREATE, CREATE, CREATE, CREATE, CREATE, CREATE, CREATE},
		[MADE] = {OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, REMOVE, REMOVE},
		[BOUND] = {ATTACH, ATTACH, ATTACH, ATTACH, ATTACH, ATTACH, CLOSE, CLOSE},
		[ATTACHED] = {USE, USE, USE, USE, REPLACE, REPLACE, DETACH, CLOSE},
	};

	return choices[state][roll(t, 8)];
}

/* One slice after the other, in random order, step by step to the state that is wanted */
static int bring_all_to(struct thread *t, enum state wanted)
{
	static const enum action up[] = {[ABSENT] = CREATE, [MADE] = OPEN, [BOUND] = ATTACH};
	static const enum action down[] = {[MADE] = REMOVE, [BOUND] = CLOSE, [ATTACHED] = DETACH};
	unsigned int left = SLICES;
	int rc = 0;

	while (left && !rc && !atomic_load(&failed)) {
		struct one *one = &t->slices[roll(t, SLICES)];

		if (one->state != wanted)
			rc = act(t, one, one->state < wanted ? up[one->state] : down[one->state]);
		left = 0;
		for (int i = 0; i < SLICES; i++)
			left += t->slices[i].state != wanted;
	}
	return rc;
}

static int churn(struct thread *t)
{
	int rc = 0;

	for (unsigned int i = 0; i < t->steps && !rc && !atomic_load(&failed); i++) {
		struct one *one = &t->slices[roll(t, SLICES)];

		rc = act(t, one, choose(t, one->state));
	}
	return rc;
}

static void *run(void *data)
{
	struct thread *t = data;
	int rc = bring_all_to(t, ATTACHED);

	pthread_barrier_wait(&barrier);
	for (int i = 0; i < SLICES && !rc && !atomic_load(&failed); i++)
		rc = act(t, &t->slices[i], USE);
	pthread_barrier_wait(&barrier);
	if (!rc)
		rc = churn(t);
	if (!rc)
		bring_all_to(t, ABSENT);
	return NULL;
}

static int prepare_space(struct thread *t, struct space *space, unsigned int seed)
{
	int rc = ioas_alloc(t->fd, &space->id);

	space->memory = pages_alloc(2 * PAGE);
	pattern_fill(space->memory, PAGE, seed);
	space->checksum = siov_checksum(space->memory, PAGE);
	return rc ? rc : ioas_map_fixed(t->fd, space->id, space->memory, 2 * PAGE, IOVA, MAP_RW);
}

static int prepare(struct thread *t, __u64 seed, unsigned int steps)
{
	int rc = 0;

	t->random = seed * 2 + t->number + 1;
	t->steps = steps;
	t->fd = iommufd_open();
	if (t->fd < 0)
		return t->fd;
	for (unsigned int i = 0; i < SLICES; i++)
		slice_uuid(t->number * SLICES + i, t->slices[i].uuid);
	for (unsigned int i = 0; i < IOASES && !rc; i++)
		rc = prepare_space(t, &t->spaces[i], t->number * IOASES + i);
	return rc;
}

/* Every addition is in its memory, and what is only read is as it was. */
static bool check(struct thread *t)
{
	bool good = true;

	for (unsigned int i = 0; i < IOASES; i++) {
		struct space *space = &t->spaces[i];

		if (*(volatile __u64 *)(space->memory + PAGE) != space->added ||
		    pattern_diff(space->memory, PAGE, t->number * IOASES + i)) {
			printf("# thread %u: the memory of IOAS %u is not as it should be\n", t->number, space->id);
			good = false;
		}
	}
	printf("# thread %u:", t->number);
	for (int i = 0; i < ACTIONS; i++)
		printf(" %u %s%s", t->done[i], action_names[i], i + 1 < ACTIONS ? "," : "\n");
	return good;
}

static bool stress(__u64 seed, unsigned int steps)
{
	static struct thread threads[THREADS];
	int rc = slice_parent(0, parent), available = slice_available(parent);
	bool good = true;

	if (rc || available != THREADS * SLICES) {
		printf("# no siov-edu with %d slices to be had: %s, %d\n", THREADS * SLICES, strerror(-rc), available);
		return false;
	}
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (unsigned int i = 0; i < THREADS; i++) {
		threads[i].number = i;
		rc = prepare(&threads[i], seed, steps);
		if (rc || pthread_create(&threads[i].id, NULL, run, &threads[i])) {
			printf("# thread %u: %s\n", i, strerror(-rc));
			exit(1);
		}
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		pthread_join(threads[i].id, NULL);
		good = check(&threads[i]) && good;
		close(threads[i].fd);
	}
	if (slice_available(parent) != available) {
		printf("# %d slices are left of %d\n", slice_available(parent), available);
		good = false;
	}
	return good && !atomic_load(&failed);
}

int main(int argc, char **argv)
{
	__u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : now_us();
	unsigned int steps = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 0) : STEPS;
	long pinned = pinned_pages(), after;
	bool good;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..1\n# seed %llu, %u steps\n", seed, steps);
	good = stress(seed, steps);
	after = wait_pinned_pages(pinned);
	if (after != pinned)
		printf("# %ld pages pinned before, %ld after\n", pinned, after);
	good = good && after == pinned;
	printf("%sok 1 %d slices in random order\n", good ? "" : "not ", THREADS * SLICES);
	return good ? 0 : 1;
}
