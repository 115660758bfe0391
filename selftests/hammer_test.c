// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two threads hammer one IOAS with every call there is: mappings, page tables, devices that come, move and go, a kernel
 * driver's access, dirty tracking, rules, page requests. Each call has to give one of its answers and to have worked at
 * least once; in the end the IOAS does what it should, everything can be closed, and nothing is pinned. What else may
 * go wrong is for the debug kernel to notice.
 *
 * Also runs on the kernel's own iommufd with IOMMUFD_TEST.
 *
 * usage: hammer_test [SECONDS]   (10); prints TAP
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

#define PAGE         4096UL
#define IOVA         0x1000000ULL
#define SLOTS        4
#define SLOT_PAGES   64
#define LENGTH       (SLOT_PAGES * PAGE)
#define APART        (2 * LENGTH) /* from one slot to the next */
#define GRANULE      2048         /* of the mock's page tables */
#define RESERVED     0x70000000ULL
#define RESERVATIONS 500
#define THREADS      2
#define HWPTS        4
#define CROWD 64

struct race {
	int fd;
	__u32 ioas;
	char *mem;
	struct mock_dev dev, mover; /* they stay; the first one where it is */
	atomic_uint hwpt[HWPTS];    /* 0: none. [0] and [1] with dirty tracking, [2] a parent, [3] nested on it */
	__u32 crowded_out[CROWD];   /* HWPTs in use whose place was filled meanwhile: for the end */
	atomic_uint crowd;
	__u32 pinner, copier;       /* accesses */
	atomic_uint pin;            /* id of a pin + 1, 0: none */
	int queue;
	__u32 queue_id;
	atomic_uint reservations; /* they stay for good: not too many */
};

static __u64 a_slot(unsigned int x) { return IOVA + x % SLOTS * APART; }

static __u64 a_length(unsigned int x) { return ((x >> 4) % SLOT_PAGES + 1) * PAGE; }

static __u32 a_hwpt(struct race *r, unsigned int x) { return atomic_load(&r->hwpt[x % HWPTS]); }

static int do_map(struct race *r, unsigned int x)
{
	return ioas_map_fixed(r->fd, r->ioas, r->mem, a_length(x), a_slot(x), MAP_RW);
}

static int do_map_auto(struct race *r, unsigned int x)
{
	__u64 iova;
	int rc = ioas_map_auto(r->fd, r->ioas, r->mem, a_length(x), &iova, x & 1 ? MAP_RW : MAP_READ);

	return rc ? rc : ioas_unmap(r->fd, r->ioas, iova, a_length(x), NULL);
}

static int do_unmap(struct race *r, unsigned int x)
{
	return ioas_unmap(r->fd, r->ioas, a_slot(x), x & 0x80 ? LENGTH : a_length(x), NULL);
}

static int do_unmap_all(struct race *r, unsigned int x)
{
	(void)x;
	return ioas_unmap_all(r->fd, r->ioas, NULL);
}

static int do_copy(struct race *r, unsigned int x)
{
	return ioas_copy_fixed(r->fd, r->ioas, a_slot(x), r->ioas, a_slot(x >> 4) + (x >> 8) % 4 * PAGE, PAGE, MAP_RW);
}

static int crowd_out(struct race *r, __u32 id)
{
	const unsigned int at = atomic_fetch_add(&r->crowd, 1);

	if (at >= CROWD)
		return -ENFILE;
	r->crowded_out[at] = id;
	return -EBUSY;
}

/* Fills an empty place, or takes what is there out and destroys it. */
static int do_hwpt(struct race *r, unsigned int x)
{
	const __u32 flags[] = {IOMMU_HWPT_ALLOC_DIRTY_TRACKING, IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
			       IOMMU_HWPT_ALLOC_NEST_PARENT};
	const unsigned int i = x % HWPTS;
	__u32 id = atomic_exchange(&r->hwpt[i], 0), none = 0;
	int rc;

	if (id) {
		rc = object_destroy(r->fd, id);
		/* back, for another time, unless the other thread has filled the place */
		if (rc == -EBUSY && !atomic_compare_exchange_strong(&r->hwpt[i], &none, id))
			return crowd_out(r, id);
		return rc;
	}
	if (i == 3)
		rc = mock_nested_alloc(r->fd, r->dev.idev, atomic_load(&r->hwpt[2]), r->queue_id, &id);
	else
		rc = hwpt_alloc(r->fd, r->dev.idev, r->ioas, flags[i], &id);
	if (!rc && !atomic_compare_exchange_strong(&r->hwpt[i], &none, id))
		return object_destroy(r->fd, id);
	return rc;
}

/* A device comes, is attached to one thing and another, and goes. */
static int do_device(struct race *r, unsigned int x)
{
	struct mock_dev dev;
	int rc = mock_device(r->fd, r->ioas, x & 1 ? MOCK_FLAGS_DEVICE_NO_DIRTY : 0, &dev);

	if (rc)
		return rc;
	mock_replace(r->fd, &dev, a_hwpt(r, x >> 4));
	return object_destroy(r->fd, dev.stdev);
}

static int do_replace(struct race *r, unsigned int x)
{
	return mock_replace(r->fd, &r->mover, x & 0x100 ? r->ioas : a_hwpt(r, x));
}

static int do_pin(struct race *r, unsigned int x)
{
	const __u64 iova = a_slot(x) + (x >> 4) % 8 * PAGE;
	__u32 id = atomic_exchange(&r->pin, 0);
	int rc;

	if (id)
		return access_unpin(r->fd, r->pinner, id - 1);
	rc = access_pin(r->fd, r->pinner, iova, a_length(x), NULL, x & 0x100 ? MOCK_FLAGS_ACCESS_WRITE : 0, &id);
	/* who finds a pin there forgets it: it goes with the area */
	if (!rc)
		atomic_store(&r->pin, id + 1);
	return rc;
}

static int do_rw(struct race *r, unsigned int x)
{
	char buffer[3 * PAGE];
	const __u32 flags = (x & 0x100 ? MOCK_ACCESS_RW_WRITE : 0) | (x & 0x200 ? MOCK_ACCESS_RW_SLOW_PATH : 0);

	memset(buffer, 1, sizeof(buffer));
	return access_rw(r->fd, r->copier, a_slot(x) + (x >> 10) % PAGE, (x >> 4) % sizeof(buffer) + 1, buffer, flags);
}

static int do_move_access(struct race *r, unsigned int x)
{
	__u32 access, other;
	int rc = ioas_alloc(r->fd, &other);

	if (rc)
		return rc;
	rc = access_create(r->fd, r->ioas, x & 1 ? MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES : 0, &access);
	if (!rc) {
		rc = access_replace(r->fd, access, other);
		close(access);
	}
	object_destroy(r->fd, other);
	return rc;
}

static int do_tracking(struct race *r, unsigned int x) { return dirty_tracking_set(r->fd, a_hwpt(r, x & 1), x & 0x10); }

static int do_bitmap(struct race *r, unsigned int x)
{
	unsigned char bits[LENGTH / GRANULE / 8];
	const __u64 length = a_length(x);
	const __u32 hwpt = a_hwpt(r, x & 1);

	memset(bits, 0x55, sizeof(bits));
	if (x & 0x1000)
		return mock_make_dirty(r->fd, hwpt, a_slot(x >> 2), length, GRANULE, bits, NULL);
	return dirty_bitmap_get(r->fd, hwpt, x & 0x2000 ? IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR : 0, a_slot(x >> 2),
				length, GRANULE, bits);
}

static int do_rules(struct race *r, unsigned int x)
{
	struct iommu_iova_range all = {IOVA, RESERVED - 1}, ranges[RESERVATIONS + 4];
	__u32 num = sizeof(ranges) / sizeof(ranges[0]);

	switch (x % 4) {
	case 0:
		return ioas_allow_iovas(r->fd, r->ioas, &all, x >> 4 & 1);
	case 1:
		return option_set(r->fd, IOMMU_OPTION_HUGE_PAGES, r->ioas, x >> 4 & 1);
	case 2:
		if (atomic_fetch_add(&r->reservations, 1) < RESERVATIONS)
			return mock_reserve(r->fd, r->ioas, RESERVED + (x >> 8) % 0x1000 * PAGE, PAGE);
		return 0;
	default:
		return ioas_iova_ranges(r->fd, r->ioas, ranges, &num, NULL);
	}
}

/* The device that moves asks for a page, and whoever reads that answers. */
static int do_request(struct race *r, unsigned int x)
{
	struct iommu_hwpt_page_response answer;
	struct iommu_hwpt_pgfault got;
	int rc = mock_page_request(r->fd, &r->mover, x % 512, x % 4096 * PAGE);

	if (rc || x & 0x1000)
		return rc;
	if (read(r->queue, &got, sizeof(got)) != sizeof(got))
		return 0;
	answer = (struct iommu_hwpt_page_response){.cookie = got.cookie, .code = IOMMUFD_PAGE_RESP_SUCCESS};
	return write(r->queue, &answer, sizeof(answer)) < 0 ? -errno : 0;
}

/*
 * Somebody is always on the way: ENOENT (gone), EEXIST (there), EBUSY (in use), EINVAL (an id that is something else by
 * now, a hole where pages were, tracking that was switched off), EPERM (mapped read-only by now).
 */
/* clang-format off */
static struct counted {
	struct race_op op;
	atomic_ulong done;
} ops[] = {
	{ { "map", do_map, { EEXIST, EINVAL } }, 0 },
	{ { "map auto", do_map_auto, { ENOENT, ENOSPC, EINVAL } }, 0 },
	{ { "unmap", do_unmap, { ENOENT } }, 0 },
	{ { "unmap all", do_unmap_all, { ENOENT } }, 0 },
	{ { "copy", do_copy, { ENOENT, EEXIST, EINVAL, EPERM } }, 0 },
	{ { "hwpt", do_hwpt, { ENOENT, EBUSY, EINVAL, EADDRINUSE } }, 0 },
	{ { "device", do_device, { EADDRINUSE } }, 0 },
	{ { "replace", do_replace, { ENOENT, EINVAL, EADDRINUSE } }, 0 },
	{ { "pin", do_pin, { ENOENT, EINVAL, EPERM } }, 0 },
	{ { "rw", do_rw, { ENOENT, EINVAL, EPERM } }, 0 },
	{ { "move access", do_move_access, { EBUSY } }, 0 },
	{ { "tracking", do_tracking, { ENOENT, EOPNOTSUPP } }, 0 },
	{ { "bitmap", do_bitmap, { ENOENT, EINVAL, EOPNOTSUPP } }, 0 },
	{ { "rules", do_rules, { EADDRINUSE, EINVAL } }, 0 },
	{ { "request", do_request, { EINVAL } }, 0 },
};
/* clang-format on */

#define OPS (sizeof(ops) / sizeof(ops[0]))

static int do_any(struct race *r, unsigned int x)
{
	struct counted *c = &ops[(x >> 16) % OPS];
	int rc = c->op.run(r, x);

	if (!rc)
		atomic_fetch_add(&c->done, 1);
	if (race_knows(&c->op, rc))
		return 0;
	printf("#   %s must not answer %s\n", c->op.name, strerror(-rc));
	return rc;
}

static const struct race_op any = {"any", do_any, {0}};

static int race_open(struct race *r)
{
	int rc;

	*r = (struct race){.fd = iommufd_open(), .mem = pages_alloc(LENGTH)};
	if (r->fd < 0)
		return r->fd;
	memset(r->mem, 1, LENGTH);
	rc = ioas_alloc(r->fd, &r->ioas);
	if (!rc)
		rc = fault_queue_alloc(r->fd, &r->queue_id, &r->queue);
	if (!rc)
		rc = mock_device(r->fd, r->ioas, 0, &r->dev);
	if (!rc)
		rc = mock_device(r->fd, r->ioas, 0, &r->mover);
	if (!rc)
		rc = access_create(r->fd, r->ioas, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES, &r->pinner);
	return rc ? rc : access_create(r->fd, r->ioas, 0, &r->copier);
}

/* After all that, the IOAS still does what it should. */
static int check_sane(struct race *r)
{
	int rc = ioas_unmap_all(r->fd, r->ioas, NULL);

	if (!rc)
		rc = mock_check_refs(r->fd, r->mem, LENGTH, 0);
	if (!rc)
		rc = ioas_map_fixed(r->fd, r->ioas, r->mem, LENGTH, IOVA, MAP_RW);
	if (!rc)
		rc = mock_check_map(r->fd, r->dev.hwpt, IOVA, LENGTH, r->mem);
	for (int i = 0; i < 3 && !rc; i++)
		if (r->hwpt[i])
			rc = mock_check_map(r->fd, r->hwpt[i], IOVA, LENGTH, r->mem);
	if (!rc)
		rc = ioas_unmap(r->fd, r->ioas, IOVA, LENGTH, NULL);
	return rc;
}

/* In whatever order they let go of each other. */
static int destroy_hwpts(struct race *r)
{
	__u32 ids[HWPTS + CROWD] = {};
	int left = 0, before, rc = 0;

	for (int i = 0; i < HWPTS; i++)
		if (r->hwpt[i])
			ids[left++] = r->hwpt[i];
	for (unsigned int i = 0; i < r->crowd && i < CROWD; i++)
		ids[left++] = r->crowded_out[i];
	do {
		before = left;
		left = 0;
		for (int i = 0; i < before; i++) {
			int failed = object_destroy(r->fd, ids[i]);

			if (failed) {
				ids[left++] = ids[i];
				rc = failed;
			}
		}
	} while (left && left < before);
	return left ? rc : 0;
}

static int race_close(struct race *r)
{
	int rc = 0;

	close(r->pinner);
	close(r->copier);
	close(r->queue);
	if (object_destroy(r->fd, r->mover.stdev) || object_destroy(r->fd, r->dev.stdev))
		rc = -EBUSY;
	if (!rc)
		rc = destroy_hwpts(r);
	if (!rc)
		rc = object_destroy(r->fd, r->queue_id);
	if (!rc)
		rc = object_destroy(r->fd, r->ioas);
	close(r->fd);
	pages_free(r->mem, LENGTH);
	return rc;
}

static bool all_worked(void)
{
	bool good = true;

	for (size_t i = 0; i < OPS; i++) {
		printf("#   %-12s %8lu times\n", ops[i].op.name, atomic_load(&ops[i].done));
		good &= ops[i].done > 0;
	}
	if (!good)
		puts("#   some never worked");
	return good;
}

static bool hammer(unsigned int seconds)
{
	const struct race_op *const both[THREADS] = {&any, &any};
	long before = pinned_pages(), after;
	int sane, closed, rc;
	struct race r;
	bool good;

	rc = race_open(&r);
	if (rc) {
		printf("# cannot start: %s\n", strerror(-rc));
		return false;
	}
	good = race_run(&r, both, THREADS, seconds * 1000) & all_worked();
	sane = check_sane(&r);
	closed = race_close(&r);
	after = wait_pinned_pages(before);
	printf("#   afterwards: %s; closing: %s; HWPTs without a place: %u; pinned pages: %ld before, %ld after\n",
	       strerror(-sane), strerror(-closed), atomic_load(&r.crowd), before, after);
	return good && !sane && !closed && before == after;
}

int main(int argc, char **argv)
{
	const int seconds = race_seconds(argc, argv, 10);
	bool good;

	mock_load();
	printf("TAP version 13\n1..1\n");
	good = hammer(seconds);
	printf("%sok 1 two threads, one IOAS, %d s\n", good ? "" : "not ", seconds);
	return !good;
}
