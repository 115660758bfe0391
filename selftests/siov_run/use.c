// SPDX-License-Identifier: GPL-2.0-only
/* What the owners are told to do with the slices, and what has to come of it. */
#include "director.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/process.h"
#include "lib/system.h"

#define ROUNDS    100
#define QUIET_MS  100
#define DELAY_US  200
#define BUSY_DMAS 200
#define WAIT_US   (30 * 1000 * 1000ULL)

#define REPLACED (&r->parts[0])
#define KILLED   (&r->parts[2])
/* in one process */
#define FAULTING     (&r->parts[1])
#define NOT_FAULTING (&r->parts[3])

static void nap(unsigned int ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

int step_open(struct run *r)
{
	struct part *one[] = {&r->parts[0], &r->parts[1]}, *two[] = {&r->parts[2]}, *three[] = {&r->parts[3]};
	int rc = owner_start(one, 2);

	if (!rc)
		rc = owner_start(two, 1);
	if (!rc)
		rc = owner_start(three, 1);
	return rc ? fail(r, "cannot start three processes", rc) : ask_each(r, OP_OPEN, 0, NULL);
}

int step_map(struct run *r)
{
	struct reply replies[SLICES];
	int rc = ask_each(r, OP_MAP, FIRST, replies);

	for (int i = 0; i < SLICES && !rc; i++)
		r->parts[i].ioas = (__u32)replies[i].n[0];
	return rc;
}

static void draw(struct run *r)
{
	static const char *const lines[SLICES] = {"--.", "--+-- PCI ", "--+", "--'"};

	printf("\n     memory            I/O addresses    page table      slice         device\n");
	for (int i = 0; i < SLICES; i++) {
		struct part *p = &r->parts[i];

		printf("     process %-4d <--- IOAS %-3u <------ HWPT %-3u <---- slice %d <%s%s\n", p->owner, p->ioas,
		       p->hwpt, p->number, lines[i], i == 1 ? r->parent : "");
	}
	putchar('\n');
	fflush(stdout);
}

int step_attach(struct run *r)
{
	struct reply replies[SLICES];
	int rc = ask_each(r, OP_ATTACH, 0, replies);

	if (rc)
		return rc;
	for (int i = 0; i < SLICES; i++)
		r->parts[i].hwpt = (__u32)replies[i].n[0];
	draw(r);
	return 0;
}

int step_dma(struct run *r) { return ask_all_at_once(r, OP_DMA, ROUNDS, NULL); }

static void fill_all(struct run *r)
{
	for (int i = 0; i < SLICES; i++)
		for (int which = 0; which < MEMORIES; which++)
			pattern_fill(r->parts[i].memory[which], MEMORY, (unsigned int)(i * MEMORIES + which + 1));
	expect_all(r);
}

/* Each in turn writes, at the same IOVA; its own memory changes as it should, and no byte of the others' */
int step_isolated(struct run *r)
{
	fill_all(r);
	for (int i = 0; i < SLICES; i++) {
		struct part *part = &r->parts[i];
		char *expected = expected_of(r, part, FIRST);
		size_t others = 0;
		int rc = ask(r, part, OP_COPY, 0, NULL);

		if (rc)
			return rc;
		memcpy(expected + OUT, expected + IN, PART);
		if (changed(r, part))
			return fail_of(r, part, "its own memory is not as it should be", 0);
		for (int j = 0; j < SLICES; j++)
			others += j == i ? 0 : changed(r, &r->parts[j]);
		say_of(r, part,
		       "writes %lu bytes at IOVA %#llx: its own memory is right, of the others' %lu bytes %zu have "
		       "changed",
		       PART, IOVA + OUT, (SLICES - 1) * MEMORIES * MEMORY, others);
		if (others)
			return -EIO;
	}
	return 0;
}

/* How long a DMA takes from its start on, so that some are in flight whatever happens */
static int slow_down(struct run *r, const struct part *part, long us)
{
	int rc = slice_debug_set(part->uuid, "delay_us", us);

	if (rc)
		return fail_of(r, part, "debugfs: delay_us", rc);
	if (us)
		say_of(r, part, "each of its DMAs now takes %ld us", us);
	return 0;
}

/* Waits until so many more DMAs of a busy slice have reached its memory */
static int wait_counter(struct run *r, const struct part *part, __u64 more)
{
	__u64 from = part_counter(part, part->now), end = now_us() + WAIT_US;

	while (part_counter(part, part->now) - from < more) {
		if (now_us() > end)
			return fail_of(r, part, "its DMA does not go on", 0);
		nap(1);
	}
	return 0;
}

/* The others, kept busy while something happens to one slice. */

static int others_go_on(struct run *r, const struct part *one)
{
	int rc = 0;

	for (int i = 0; i < SLICES && !rc; i++)
		if (&r->parts[i] != one)
			rc = wait_counter(r, &r->parts[i], BUSY_DMAS);
	return rc;
}

static int others_busy(struct run *r, const struct part *one)
{
	int rc = 0;

	for (int i = 0; i < SLICES && !rc; i++)
		if (&r->parts[i] != one)
			rc = make_busy(r, &r->parts[i]);
	return rc ? rc : others_go_on(r, one);
}

static int others_idle(struct run *r, const struct part *one)
{
	int rc = others_go_on(r, one), at = 0;
	char text[160];

	for (int i = 0; i < SLICES && !rc; i++) {
		__u64 n;

		if (&r->parts[i] == one)
			continue;
		rc = make_idle(r, &r->parts[i], &n);
		at += snprintf(text + at, sizeof(text) - at, "%s%d (%llu DMAs)", at ? ", " : "", r->parts[i].number, n);
	}
	if (!rc)
		say_of(r, one, "before and after it the others go on, and none of their DMAs fails: slices %s", text);
	return rc;
}

/* Each in turn reads where only the next one has memory, and where nobody has. */
int step_blocked(struct run *r)
{
	fill_all(r);
	for (int i = 0; i < SLICES; i++) {
		struct part *part = &r->parts[i];
		int next = r->parts[(i + 1) % SLICES].number;
		int rc = others_busy(r, part);

		if (!rc)
			rc = ask(r, part, OP_TOUCH, OWN_IOVA(next), NULL);
		if (!rc)
			rc = ask(r, part, OP_TOUCH, OWN_IOVA(SLICES + 1), NULL);
		if (!rc)
			rc = others_idle(r, part);
		if (rc)
			return rc;
	}
	return 0;
}

/* Two slices have a fault queue each; one touches what is not there yet. */
int step_fault(struct run *r)
{
	struct part *part = FAULTING, *other = NOT_FAULTING;
	struct reply reply;
	int rc = ask(r, part, OP_QUEUE, 0, &reply);

	part->hwpt = (__u32)reply.n[0];
	if (!rc)
		rc = ask(r, other, OP_QUEUE, 0, &reply);
	other->hwpt = (__u32)reply.n[0];
	if (!rc)
		rc = ask(r, part, OP_FAULT, 0, NULL);
	return rc ? rc : ask(r, other, OP_QUIET, 0, NULL);
}

int step_replace(struct run *r)
{
	struct part *part = REPLACED;
	struct reply reply;
	int rc;

	for (int which = 0; which < MEMORIES; which++)
		memset(part->memory[which], 0, MEMORY);
	rc = ask(r, part, OP_MAP, SECOND, &reply);
	if (rc)
		return rc;
	part->ioas = (__u32)reply.n[0];
	rc = slow_down(r, part, DELAY_US);
	if (!rc)
		rc = ask(r, part, OP_REPLACE, 0, &reply);
	if (!rc)
		rc = slow_down(r, part, 0);
	if (rc)
		return rc;
	say_of(r, part, "paused for %ld us, says the device's driver; the DMA in flight is let through first",
	       slice_attr(part->uuid, "last_pause_us"));
	part->hwpt = (__u32)reply.n[2];
	part->now = SECOND;
	if (!reply.n[0] || !reply.n[1])
		return fail_of(r, part, "the replace was not in the middle of it", 0);
	draw(r);
	return 0;
}

/* SIGKILL; when the process is gone, so is its DMA */
static int kill_owner(struct run *r, struct part *part)
{
	__u64 dmas;
	int rc;

	if (kill(part->owner, SIGKILL) || child_status(part->owner) != -ECHILD)
		return fail_of(r, part, "its process was not killed", 0);
	dmas = part_counter(part, part->now);
	close(part->port);
	part->port = -1;
	say_of(r, part, "process %d is killed in the middle of DMA", part->owner);
	part->owner = 0;
	expect_all(r);
	nap(QUIET_MS);
	rc = changed(r, part) ? -EIO : 0;
	say_of(r, part, "%llu DMAs had reached its memory then, and %s in the %d ms since", dmas,
	       rc ? "more have come" : "none has", QUIET_MS);
	return rc;
}

int step_kill(struct run *r)
{
	struct part *part = KILLED;
	int rc;

	fill_all(r);
	*(__u64 *)(part->memory[part->now] + COUNTER) = 0;
	rc = slow_down(r, part, DELAY_US);
	if (!rc)
		rc = others_busy(r, part);
	if (!rc)
		rc = make_busy(r, part);
	if (!rc)
		rc = wait_counter(r, part, BUSY_DMAS);
	if (!rc)
		rc = kill_owner(r, part);
	return rc ? rc : others_idle(r, part);
}

/* Another process, and other memory: what the first one left behind is not touched. */
int step_reopen(struct run *r)
{
	struct part *part = KILLED;
	char *old = part->memory[FIRST];
	struct reply reply;
	int rc;

	part->memory[FIRST] = part->memory[SECOND];
	part->memory[SECOND] = old;
	expect_all(r);
	rc = owner_start(&part, 1);
	if (rc)
		return fail(r, "cannot start a process", rc);
	rc = slow_down(r, part, 0);
	if (!rc)
		rc = ask(r, part, OP_OPEN, 0, NULL);
	if (!rc)
		rc = ask(r, part, OP_MAP, FIRST, &reply);
	part->ioas = (__u32)reply.n[0];
	if (!rc)
		rc = ask(r, part, OP_ATTACH, 0, &reply);
	part->hwpt = (__u32)reply.n[0];
	if (!rc)
		rc = ask(r, part, OP_DMA, ROUNDS, NULL);
	if (rc)
		return rc;
	if (memcmp(old, expected_of(r, part, SECOND), MEMORY))
		return fail_of(r, part, "the memory of the killed process has changed", 0);
	draw(r);
	return 0;
}

int step_close(struct run *r)
{
	int rc = ask_each(r, OP_CLOSE, 0, NULL);
	long pinned;

	for (int i = 0; i < SLICES && !rc; i++) {
		struct part *part = &r->parts[i];

		if (part->owner > 0 && (i == 0 || r->parts[i - 1].owner != part->owner) && child_status(part->owner))
			return fail_of(r, part, "its process did not end well", 0);
	}
	if (rc)
		return rc;
	pinned = wait_pinned_pages(r->pinned);
	say(r, "all processes have ended, %ld pages of theirs are pinned", pinned - r->pinned);
	return pinned == r->pinned ? 0 : -EIO;
}
