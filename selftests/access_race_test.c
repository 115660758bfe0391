// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel driver's access that is moved from one IOAS to another while it is in use. At the same IOVAs one of them has
 * bytes of one kind and the other bytes of another; whatever is read or written in one call is all of one kind. Pins
 * meet moves, unmaps and the notification to let go.
 *
 * Also runs on the kernel's own iommufd with IOMMUFD_TEST.
 *
 * usage: access_race_test [SECONDS]   for all scenarios together (10); prints TAP
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

#define PAGE    4096UL
#define IOVA    0x1000000ULL
#define AREAS   4 /* of one page each */
#define LENGTH  (AREAS * PAGE)
#define MIXED   EILSEQ /* "answered" by a copy that is neither one thing nor the other */
#define THREADS 4

struct race {
	int fd;
	__u32 ioas[2], nothing; /* the last has no mapping */
	__u32 copier, pinner;   /* accesses */
	char *mem[2];           /* mapped in ioas[i], page by page */
	char *out[2];           /* the same for copies that write */
	struct mock_dev dev;
};

/* An odd part of the range, mostly across areas */
static __u64 a_start(unsigned int x) { return x % (2 * PAGE) + 1; }

static __u64 a_length(unsigned int x) { return (x >> 13) % (LENGTH - 2 * PAGE - 1) + 1; }

static __u32 a_path(unsigned int x) { return x >> 28 & 1 ? MOCK_ACCESS_RW_SLOW_PATH : 0; }

static int do_replace(struct race *r, unsigned int x)
{
	return access_replace(r->fd, r->copier, x % 16 == 0 ? r->nothing : r->ioas[x >> 8 & 1]);
}

static int do_read(struct race *r, unsigned int x)
{
	char buffer[LENGTH];
	const __u64 length = a_length(x);
	int rc = access_rw(r->fd, r->copier, IOVA + a_start(x), length, buffer, a_path(x));

	if (rc)
		return rc;
	return bytes_not(buffer, length, 'a') && bytes_not(buffer, length, 'b') ? -MIXED : 0;
}

/* The bytes arrive in one of the two memories, all of them, and nowhere else. */
static int do_write(struct race *r, unsigned int x)
{
	static char stamp; /* of the one thread that writes */
	const __u64 start = a_start(x), length = a_length(x);
	char buffer[LENGTH];
	size_t missing[2];
	int rc;

	memset(buffer, ++stamp, length);
	for (int i = 0; i < 2; i++)
		memset(r->out[i], stamp - 1, LENGTH);
	rc = access_rw(r->fd, r->copier, IOVA + LENGTH + start, length, buffer, MOCK_ACCESS_RW_WRITE | a_path(x));
	for (int i = 0; i < 2; i++) {
		missing[i] = bytes_not(r->out[i] + start, length, stamp);
		if (bytes_not(r->out[i], start, stamp - 1) ||
		    bytes_not(r->out[i] + start + length, LENGTH - start - length, stamp - 1))
			return -MIXED;
	}
	if (rc)
		return missing[0] == length && missing[1] == length ? rc : -MIXED;
	return missing[0] + missing[1] == length && missing[0] % length == 0 ? 0 : -MIXED;
}

static int do_move_pinner(struct race *r, unsigned int x)
{
	return access_replace(r->fd, r->pinner, x % 16 == 0 ? r->nothing : r->ioas[x >> 8 & 1]);
}

static int do_pin(struct race *r, unsigned int x)
{
	__u32 id;
	int rc = access_pin(r->fd, r->pinner, IOVA + x % 2 * PAGE, ((x >> 4) % 3 + 1) * PAGE, NULL,
			    x >> 8 & 1 ? MOCK_FLAGS_ACCESS_WRITE : 0, &id);

	/* half of the pins are left to whoever wants them gone */
	return rc || x >> 9 & 1 ? rc : access_unpin(r->fd, r->pinner, id);
}

/* Takes one area of the first IOAS away, and puts it back. */
static int do_unmap(struct race *r, unsigned int x)
{
	const __u64 at = x % AREAS * PAGE;
	int rc = ioas_unmap(r->fd, r->ioas[0], IOVA + at, PAGE, NULL);

	return rc ? rc : ioas_map_fixed(r->fd, r->ioas[0], r->mem[0] + at, PAGE, IOVA + at, MAP_RW);
}

/* The device takes the page tables with it, and pins keep the pages. */
static int do_device(struct race *r, unsigned int x) { return mock_replace(r->fd, &r->dev, r->ioas[x >> 8 & 1]); }

/*
 * ENOENT: between two IOASes, in one without mappings, or what was pinned is gone already. EINVAL: the area is being
 * unmapped. EBUSY: two moves at once.
 */
/* clang-format off */
static const struct race_op
	replace = { "replace", do_replace, { 0 } },
	replace_too = { "replace", do_replace, { EBUSY, ENOENT } },
	read_ = { "read", do_read, { ENOENT } },
	write_ = { "write", do_write, { ENOENT } },
	move_pinner = { "replace", do_move_pinner, { 0 } },
	move_pinner_too = { "replace", do_move_pinner, { EBUSY, ENOENT } },
	pin = { "pin", do_pin, { ENOENT, EINVAL } },
	unmap = { "unmap", do_unmap, { 0 } },
	device = { "device", do_device, { 0 } };
/* clang-format on */

static const struct scenario {
	const char *name;
	const struct race_op *ops[THREADS];
	int n;
} scenarios[] = {
	{"replace meets reads", {&replace, &read_}, 2},
	{"replace meets reads and writes", {&replace, &read_, &read_, &write_}, 4},
	{"two replaces meet reads", {&replace_too, &replace_too, &read_, &write_}, 4},
	{"replace meets pins", {&move_pinner, &pin}, 2},
	{"unmap meets pins", {&unmap, &pin}, 2},
	{"replace and unmap meet pins", {&move_pinner, &pin, &unmap, &pin}, 4},
	{"two replaces meet pins", {&move_pinner_too, &move_pinner_too, &pin, &unmap}, 4},
	{"a device and pins", {&device, &pin, &unmap, &move_pinner}, 4},
};

static int fill_ioas(struct race *r, int i)
{
	int rc = ioas_alloc(r->fd, &r->ioas[i]);

	r->mem[i] = pages_alloc(LENGTH);
	r->out[i] = pages_alloc(LENGTH);
	memset(r->mem[i], 'a' + i, LENGTH);
	for (__u64 at = 0; at < LENGTH && !rc; at += PAGE) {
		rc = ioas_map_fixed(r->fd, r->ioas[i], r->mem[i] + at, PAGE, IOVA + at, MAP_RW);
		if (!rc)
			rc = ioas_map_fixed(r->fd, r->ioas[i], r->out[i] + at, PAGE, IOVA + LENGTH + at, MAP_RW);
	}
	return rc;
}

static int race_open(struct race *r)
{
	int rc = 0;

	*r = (struct race){.fd = iommufd_open()};
	if (r->fd < 0)
		return r->fd;
	for (int i = 0; i < 2 && !rc; i++)
		rc = fill_ioas(r, i);
	if (!rc)
		rc = ioas_alloc(r->fd, &r->nothing);
	if (!rc)
		rc = mock_device(r->fd, r->ioas[0], 0, &r->dev);
	if (!rc)
		rc = access_create(r->fd, r->ioas[0], 0, &r->copier);
	if (!rc)
		rc = access_create(r->fd, r->ioas[0], MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES, &r->pinner);
	return rc;
}

/* Everything works afterwards, and nothing stays pinned. */
static int race_close(struct race *r)
{
	int rc = object_destroy(r->fd, r->dev.stdev);

	for (int i = 0; i < 2 && !rc; i++) {
		rc = access_replace(r->fd, r->pinner, r->ioas[i]);
		if (!rc)
			rc = ioas_unmap_all(r->fd, r->ioas[i], NULL);
		if (!rc)
			rc = mock_check_refs(r->fd, r->mem[i], LENGTH, 0);
	}
	close(r->copier);
	close(r->pinner);
	for (int i = 0; i < 2 && !rc; i++)
		rc = object_destroy(r->fd, r->ioas[i]);
	close(r->fd);
	for (int i = 0; i < 2; i++) {
		pages_free(r->mem[i], LENGTH);
		pages_free(r->out[i], LENGTH);
	}
	return rc;
}

static bool run_scenario(const struct scenario *s, unsigned int ms)
{
	long before = pinned_pages(), after;
	struct race r;
	bool good;
	int rc = race_open(&r);

	if (rc) {
		printf("# cannot start: %s\n", strerror(-rc));
		return false;
	}
	good = race_run(&r, s->ops, s->n, ms);
	rc = race_close(&r);
	if (rc)
		printf("#   cannot tidy up: %s\n", strerror(-rc));
	after = wait_pinned_pages(before);
	if (after != before)
		printf("#   %ld pages pinned before, %ld after\n", before, after);
	return good && !rc && after == before;
}

int main(int argc, char **argv)
{
	const int n = sizeof(scenarios) / sizeof(scenarios[0]);
	const int seconds = race_seconds(argc, argv, 10);
	int failed = 0;

	mock_load();
	printf("TAP version 13\n1..%d\n", n);
	for (int i = 0; i < n; i++) {
		bool good = run_scenario(&scenarios[i], seconds * 1000 / n);

		printf("%sok %d %s\n", good ? "" : "not ", i + 1, scenarios[i].name);
		fflush(stdout);
		failed += !good;
	}
	return failed ? 1 : 0;
}
