// SPDX-License-Identifier: GPL-2.0-only
/*
 * DESTROY meets every other call: one thread destroys whatever has an id, the others make objects and call everything
 * on ids that may be anything, or nothing. Any refusal is right, and in the end everything can be closed and nothing is
 * pinned. The rest is for the kernel's own checkers to notice.
 *
 * Also runs on the kernel's own iommufd with IOMMUFD_TEST.
 *
 * usage: destroy_race_test [SECONDS]   (10); prints TAP
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
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
#define PAGES   8
#define IDS     16 /* what is made beyond that goes at once */
#define THREADS 4
#define PACE    6

enum kind { IOAS, PARENT, TRACKED, NESTED, QUEUE, DEVICE, MOCK_DEVICE, KINDS };

struct race {
	int fd;
	char *mem;
	atomic_uint recent[KINDS]; /* the last id of each kind, which may have become anything */
};

/* An id of this kind, if it lives, or any id at all */
static __u32 an_id(struct race *r, enum kind kind, unsigned int x)
{
	return x % 8 ? atomic_load(&r->recent[kind]) : x / 8 % IDS + 1;
}

static __u64 an_iova(unsigned int x) { return IOVA + (x >> 16) % 2 * PAGES * PAGE; }

/* Keeps the number of objects small. */
static int made(struct race *r, enum kind kind, int rc, __u32 id)
{
	if (rc)
		return rc;
	if (id > IDS)
		return object_destroy(r->fd, id);
	atomic_store(&r->recent[kind], id);
	return 0;
}

static int do_ioas_alloc(struct race *r, unsigned int x)
{
	__u32 id;
	int rc = ioas_alloc(r->fd, &id);

	(void)x;
	return made(r, IOAS, rc, id);
}

static int do_map(struct race *r, unsigned int x)
{
	return ioas_map_fixed(r->fd, an_id(r, IOAS, x), r->mem, PAGES * PAGE, an_iova(x), MAP_RW);
}

static int do_unmap(struct race *r, unsigned int x)
{
	return ioas_unmap(r->fd, an_id(r, IOAS, x), an_iova(x), PAGES * PAGE, NULL);
}

static int do_copy(struct race *r, unsigned int x)
{
	return ioas_copy_fixed(r->fd, an_id(r, IOAS, x), IOVA + 64 * PAGE, an_id(r, IOAS, x >> 8), an_iova(x), PAGE,
			       MAP_RW);
}

static int do_ranges(struct race *r, unsigned int x)
{
	struct iommu_iova_range ranges[8];
	__u32 num = 8;

	return ioas_iova_ranges(r->fd, an_id(r, IOAS, x), ranges, &num, NULL);
}

static int do_allow(struct race *r, unsigned int x)
{
	struct iommu_iova_range range = {MOCK_APERTURE_START, MOCK_APERTURE_LAST};

	return ioas_allow_iovas(r->fd, an_id(r, IOAS, x), &range, x >> 8 & 1);
}

static int do_option(struct race *r, unsigned int x)
{
	return option_set(r->fd, IOMMU_OPTION_HUGE_PAGES, an_id(r, IOAS, x), x >> 8 & 1);
}

static int do_vfio_ioas(struct race *r, unsigned int x)
{
	__u32 id;

	if (x & 0x100)
		return vfio_ioas_set(r->fd, an_id(r, IOAS, x));
	return x & 0x200 ? vfio_ioas_clear(r->fd) : vfio_ioas_get(r->fd, &id);
}

static int do_hwpt_alloc(struct race *r, unsigned int x)
{
	const enum kind kind = x & 0x10000 ? PARENT : TRACKED;
	__u32 id;
	int rc = hwpt_alloc(r->fd, an_id(r, DEVICE, x), an_id(r, IOAS, x >> 8),
			    kind == PARENT ? IOMMU_HWPT_ALLOC_NEST_PARENT : IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &id);

	return made(r, kind, rc, id);
}

static int do_nested_alloc(struct race *r, unsigned int x)
{
	const __u32 queue = x & 0x10000 ? an_id(r, QUEUE, x >> 17) : 0;
	__u32 id;
	int rc = mock_nested_alloc(r->fd, an_id(r, DEVICE, x), an_id(r, PARENT, x >> 8), queue, &id);

	return made(r, NESTED, rc, id);
}

static int do_invalidate(struct race *r, unsigned int x)
{
	struct iommu_hwpt_invalidate_selftest entry = {.iotlb_id = x % 4};
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd),
		.hwpt_id = an_id(r, NESTED, x),
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
		.data_uptr = (uintptr_t)&entry,
		.entry_len = sizeof(entry),
		.entry_num = 1,
	};

	return iommufd_call(r->fd, IOMMU_HWPT_INVALIDATE, &cmd);
}

static int do_hw_info(struct race *r, unsigned int x)
{
	struct iommu_test_hw_info data;
	struct iommu_hw_info out;

	return get_hw_info(r->fd, an_id(r, DEVICE, x), &data, sizeof(data), &out);
}

static int do_tracking(struct race *r, unsigned int x)
{
	return dirty_tracking_set(r->fd, an_id(r, TRACKED, x), x & 0x300);
}

static int do_bitmap(struct race *r, unsigned int x)
{
	unsigned char bits[PAGES] = {};

	return dirty_bitmap_get(r->fd, an_id(r, TRACKED, x), 0, an_iova(x), PAGES * PAGE, PAGE, bits);
}

static int do_fault_queue(struct race *r, unsigned int x)
{
	__u32 id;
	int queue, rc = fault_queue_alloc(r->fd, &id, &queue);

	(void)x;
	if (!rc)
		close(queue);
	return made(r, QUEUE, rc, id);
}

static int do_device(struct race *r, unsigned int x)
{
	struct mock_dev dev;
	int rc = mock_device(r->fd, an_id(r, IOAS, x), 0, &dev);

	if (rc)
		return rc;
	if (dev.idev > IDS)
		return object_destroy(r->fd, dev.stdev);
	atomic_store(&r->recent[DEVICE], dev.idev);
	atomic_store(&r->recent[MOCK_DEVICE], dev.stdev);
	return 0;
}

static int do_replace(struct race *r, unsigned int x)
{
	const struct mock_dev dev = {.stdev = an_id(r, MOCK_DEVICE, x)};

	return mock_replace(r->fd, &dev, an_id(r, (x >> 16) % (NESTED + 1), x >> 8));
}

static int do_page_request(struct race *r, unsigned int x)
{
	const struct mock_dev dev = {.idev = an_id(r, DEVICE, x)};

	return mock_page_request(r->fd, &dev, x % 512, PAGE);
}

/* A kernel driver that comes, works, moves on and goes; what it answers is what its first step did */
static int do_access(struct race *r, unsigned int x)
{
	const bool pins = x & 0x10000;
	char buffer[PAGE] = {};
	__u32 access, id;
	int rc = access_create(r->fd, an_id(r, IOAS, x), pins ? MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES : 0, &access);

	if (rc)
		return rc;
	if (pins)
		access_pin(r->fd, access, an_iova(x), PAGE, NULL, 0, &id);
	else
		access_rw(r->fd, access, an_iova(x), PAGE, buffer, 0);
	access_replace(r->fd, access, an_id(r, IOAS, x >> 8));
	close(access);
	return 0;
}

static struct call {
	const char *name;
	int (*run)(struct race *r, unsigned int x);
	atomic_ulong good;
} calls[] = {
	{"ioas_alloc", do_ioas_alloc, 0}, {"map", do_map, 0},
	{"unmap", do_unmap, 0},           {"copy", do_copy, 0},
	{"ranges", do_ranges, 0},         {"allow", do_allow, 0},
	{"option", do_option, 0},         {"vfio_ioas", do_vfio_ioas, 0},
	{"hwpt_alloc", do_hwpt_alloc, 0}, {"nested", do_nested_alloc, 0},
	{"invalidate", do_invalidate, 0}, {"hw_info", do_hw_info, 0},
	{"tracking", do_tracking, 0},     {"bitmap", do_bitmap, 0},
	{"queue", do_fault_queue, 0},     {"device", do_device, 0},
	{"replace", do_replace, 0},       {"request", do_page_request, 0},
	{"access", do_access, 0},
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

static atomic_ulong turns; /* of do_any() */

static int do_any(struct race *r, unsigned int x)
{
	struct call *c = &calls[(x >> 24) % CALLS];
	int rc = c->run(r, x);

	atomic_fetch_add(&turns, 1);
	if (!rc)
		atomic_fetch_add(&c->good, 1);
	return rc;
}

/* The first object that lets itself be destroyed, from a random one on */
static int destroy_something(struct race *r, unsigned int x)
{
	int rc = -ENOENT;

	for (unsigned int i = 0; i < IDS && rc; i++)
		rc = object_destroy(r->fd, (x / 4 + i) % IDS + 1);
	return rc;
}

/* One in several turns, so that objects live long enough to be used */
static int do_destroy(struct race *r, unsigned int x)
{
	const unsigned long next = atomic_load(&turns) + PACE;

	while (atomic_load(&turns) < next && !race_is_over())
		usleep(50);
	return destroy_something(r, x);
}

static const struct race_op any = {"any",
				   do_any,
				   {ENOENT, EBUSY, EINVAL, EOPNOTSUPP, EEXIST, EADDRINUSE, ENODEV}};
static const struct race_op destroy = {"destroy", do_destroy, {ENOENT, EBUSY}};

/* The same in turn, until each call has succeeded: so none is there that never can. */
static bool each_works(struct race *r)
{
	unsigned int x = 1;
	size_t working = 0;

	for (int i = 0; i < 200000 && working < CALLS; i++) {
		x = x * 1664525 + 1013904223;
		if (i % PACE == 0)
			destroy_something(r, x >> 8);
		do_any(r, x >> 1);
		working = 0;
		for (size_t c = 0; c < CALLS; c++)
			working += calls[c].good > 0;
	}
	for (size_t c = 0; c < CALLS; c++)
		if (!calls[c].good)
			printf("#   %s never works\n", calls[c].name);
	return working == CALLS;
}

static void print_successes(void)
{
	for (size_t c = 0; c < CALLS; c++)
		printf("#   %-12s %8lu times\n", calls[c].name, atomic_load(&calls[c].good));
}

static bool race(unsigned int seconds)
{
	static const struct race_op *const ops[THREADS] = {&destroy, &any, &any, &any};
	struct race r = {.fd = iommufd_open(), .mem = pages_alloc(PAGES * PAGE)};
	long before = pinned_pages(), after;
	bool good;

	if (r.fd < 0) {
		printf("# cannot start: %s\n", strerror(-r.fd));
		return false;
	}
	good = each_works(&r) && race_run(&r, ops, THREADS, seconds * 1000);
	print_successes();
	close(r.fd);
	after = wait_pinned_pages(before);
	if (after != before || self_status_kb("VmPin"))
		printf("#   %ld pages pinned before, %ld after\n", before, after);
	return good && after == before;
}

int main(int argc, char **argv)
{
	const int seconds = race_seconds(argc, argv, 10);
	bool good;

	mock_load();
	printf("TAP version 13\n1..1\n");
	good = race(seconds);
	printf("%sok 1 destroy meets every other call\n", good ? "" : "not ");
	return !good;
}
