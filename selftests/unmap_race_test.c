// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmap meets map in the same range. An area on its way in or out is nobody's fault: an unmap takes it along or finds
 * nothing (ENOENT), a map at its place finds it taken (EEXIST). Nobody is ever told EBUSY, and no call goes on for as
 * long as the others do.
 *
 * Also runs on the kernel's own iommufd with IOMMUFD_TEST, which does say EBUSY.
 *
 * usage: unmap_race_test [SECONDS]   for all scenarios together (12); prints TAP
 */
#include <errno.h>
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
#define LENGTH  (256 * PAGE) /* so that mapping takes a while */
#define PARTS   4            /* the range cut into mappings, where there are several */
#define THREADS 4

struct race {
	int fd;
	__u32 ioas;
	char *mem;
};

static int map_part(struct race *r, __u64 offset, __u64 length)
{
	return ioas_map_fixed(r->fd, r->ioas, r->mem + offset, length, IOVA + offset, MAP_RW);
}

/* Maps the range or finds it mapped, and unmaps it or finds it gone. */
static int do_cycle(struct race *r, unsigned int x)
{
	int rc = map_part(r, 0, LENGTH);

	(void)x;
	return rc ? rc : ioas_unmap(r->fd, r->ioas, IOVA, LENGTH, NULL);
}

static int do_map(struct race *r, unsigned int x)
{
	(void)x;
	return map_part(r, 0, LENGTH);
}

static int do_map_a_part(struct race *r, unsigned int x)
{
	return map_part(r, x % PARTS * (LENGTH / PARTS), LENGTH / PARTS);
}

static int do_unmap(struct race *r, unsigned int x)
{
	(void)x;
	return ioas_unmap(r->fd, r->ioas, IOVA, LENGTH, NULL);
}

static int do_unmap_more(struct race *r, unsigned int x)
{
	const __u64 before = (x % 4 + 1) * LENGTH, behind = (x / 4 % 4 + 1) * LENGTH;

	return ioas_unmap(r->fd, r->ioas, IOVA - before, before + LENGTH + behind, NULL);
}

static int do_unmap_all(struct race *r, unsigned int x)
{
	(void)x;
	return ioas_unmap_all(r->fd, r->ioas, NULL);
}

/* Copies within the range: areas that share their memory come and go too. */
static int do_copy(struct race *r, unsigned int x)
{
	return ioas_copy_fixed(r->fd, r->ioas, IOVA + LENGTH, r->ioas, IOVA + x % PARTS * (LENGTH / PARTS),
			       LENGTH / PARTS, MAP_RW);
}

/* clang-format off */
static const struct race_op
	cycle = { "map, unmap", do_cycle, { EEXIST, ENOENT } },
	map = { "map", do_map, { EEXIST } },
	map_a_part = { "map part", do_map_a_part, { EEXIST } },
	copy = { "copy", do_copy, { EEXIST, ENOENT } },
	unmap = { "unmap", do_unmap, { ENOENT } },
	unmap_more = { "unmap more", do_unmap_more, { ENOENT } },
	unmap_all = { "unmap all", do_unmap_all, { 0 } };
/* clang-format on */

static const struct scenario {
	const char *name;
	const struct race_op *ops[THREADS];
	int n;
} scenarios[] = {
	{"unmap of the range", {&cycle, &unmap}, 2},
	{"unmap of more", {&cycle, &unmap_more}, 2},
	{"unmap of everything", {&cycle, &unmap_all}, 2},
	{"all at once", {&map, &unmap, &unmap_more, &unmap_all}, 4},
	{"several areas", {&map_a_part, &map_a_part, &unmap, &unmap_all}, 4},
	{"copies", {&cycle, &copy, &unmap_more, &unmap_all}, 4},
};

#define SCENARIOS (int)(sizeof(scenarios) / sizeof(scenarios[0]))

/* Nobody is in the way any more: not busy, and nothing is left. */
static int check_quiet(struct race *r)
{
	int rc = ioas_unmap_all(r->fd, r->ioas, NULL);

	if (!rc)
		rc = map_part(r, 0, LENGTH);
	if (!rc)
		rc = ioas_unmap(r->fd, r->ioas, IOVA, LENGTH, NULL);
	return rc ? rc : mock_check_refs(r->fd, r->mem, LENGTH, 0);
}

static int race_open(struct race *r, bool device)
{
	struct mock_dev dev;
	int rc;

	*r = (struct race){.fd = iommufd_open(), .mem = pages_alloc(LENGTH)};
	if (r->fd < 0)
		return r->fd;
	memset(r->mem, 1, LENGTH);
	rc = ioas_alloc(r->fd, &r->ioas);
	return rc || !device ? rc : mock_device(r->fd, r->ioas, 0, &dev);
}

static bool run_scenario(const struct scenario *s, bool device, unsigned int ms)
{
	long before = pinned_pages(), after;
	struct race r;
	bool good;
	int rc = race_open(&r, device);

	if (rc) {
		printf("# cannot start: %s\n", strerror(-rc));
		return false;
	}
	good = race_run(&r, s->ops, s->n, ms);
	rc = check_quiet(&r);
	if (rc)
		printf("#   afterwards: %s\n", strerror(-rc));
	close(r.fd);
	pages_free(r.mem, LENGTH);
	after = wait_pinned_pages(before);
	if (after != before)
		printf("#   %ld pages pinned before, %ld after\n", before, after);
	return good && !rc && after == before;
}

int main(int argc, char **argv)
{
	const int seconds = race_seconds(argc, argv, 12);
	int failed = 0;

	mock_load();
	printf("TAP version 13\n1..%d\n", 2 * SCENARIOS);
	for (int i = 0; i < 2 * SCENARIOS; i++) {
		const struct scenario *s = &scenarios[i / 2];
		bool device = i % 2, good = run_scenario(s, device, seconds * 1000 / (2 * SCENARIOS));

		printf("%sok %d %s, %s\n", good ? "" : "not ", i + 1, s->name, device ? "with a device" : "no device");
		fflush(stdout);
		failed += !good;
	}
	return failed ? 1 : 0;
}
