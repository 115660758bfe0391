// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that get in each other's way, as lib/race.h says, with a device of a real IOMMU or without one. In the end
 * everything can be closed and nothing is pinned. The kernel's own checkers do the rest.
 *
 * usage: race_test [SECONDS]   for all scenarios together (10); prints TAP
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/race.h"
#include "lib/system.h"

#define PAGE        4096UL
#define IOVA        0x1000000ULL
#define SLOTS       4 /* places for mappings, of up to SLOT_PAGES pages */
#define SLOT_PAGES  8
#define THREADS     4
#define IDS         12 /* object ids that "destroy" tries */

struct race {
	atomic_int fd;
	struct edu edu;
	atomic_uint ioas[2];
	char *mem;
};

static __u32 an_ioas(struct race *r, unsigned int random) { return atomic_load(&r->ioas[random & 1]); }

static __u64 an_iova(unsigned int random) { return IOVA + (random >> 1) % SLOTS * SLOT_PAGES * PAGE; }

static __u64 a_length(unsigned int random) { return ((random >> 4) % SLOT_PAGES + 1) * PAGE; }

static int do_map(struct race *r, unsigned int x)
{
	return ioas_map_fixed(r->fd, an_ioas(r, x), r->mem, a_length(x), an_iova(x), MAP_RW);
}

static int do_map_auto(struct race *r, unsigned int x)
{
	__u32 ioas = an_ioas(r, x);
	__u64 iova;
	int rc = ioas_map_auto(r->fd, ioas, r->mem, a_length(x), &iova, MAP_RW);

	/* leave some of them behind for the others, but not too many */
	if (rc || x % 8 == 0)
		return rc;
	if (x % 32 == 1)
		return ioas_unmap_all(r->fd, ioas, NULL);
	return ioas_unmap(r->fd, ioas, iova, a_length(x), NULL);
}

static int do_unmap(struct race *r, unsigned int x)
{
	return ioas_unmap(r->fd, an_ioas(r, x), an_iova(x), SLOT_PAGES * PAGE, NULL);
}

static int do_unmap_all(struct race *r, unsigned int x) { return ioas_unmap_all(r->fd, an_ioas(r, x), NULL); }

static int do_copy(struct race *r, unsigned int x)
{
	return ioas_copy_fixed(r->fd, an_ioas(r, x), an_iova(x), an_ioas(r, x >> 8), an_iova(x >> 8), PAGE, MAP_RW);
}

static int do_attach(struct race *r, unsigned int x) { return vfio_attach(&r->edu.vfio, an_ioas(r, x), NULL); }

static int do_detach(struct race *r, unsigned int x)
{
	(void)x;
	return vfio_detach(&r->edu.vfio);
}

static int do_hwpt(struct race *r, unsigned int x)
{
	__u32 hwpt;
	int rc = hwpt_alloc(r->fd, r->edu.vfio.dev_id, an_ioas(r, x), 0, &hwpt);

	if (!rc && x & 2)
		vfio_attach(&r->edu.vfio, hwpt, NULL);
	if (rc)
		return rc;
	/* the id may be another object's by now, one that stays in use */
	while ((rc = object_destroy(r->fd, hwpt)) == -EBUSY) {
		if (race_is_over())
			return 0;
		vfio_detach(&r->edu.vfio);
	}
	return rc;
}

/* A new IOAS in place of an old one */
static int do_ioas(struct race *r, unsigned int x)
{
	__u32 id;
	int rc = object_destroy(r->fd, an_ioas(r, x));

	if (!rc)
		rc = ioas_alloc(r->fd, &id);
	if (!rc)
		atomic_store(&r->ioas[x & 1], id);
	return rc;
}

static int do_ranges(struct race *r, unsigned int x)
{
	struct iommu_iova_range ranges[8];
	__u32 num = 8;

	return ioas_iova_ranges(r->fd, an_ioas(r, x), ranges, &num, NULL);
}

static int do_allow(struct race *r, unsigned int x)
{
	struct iommu_iova_range range = {0, an_iova(x) - 1};

	/* now and then one that no device can keep */
	if (x >> 29 == 0)
		range.last = 0xffffffff;
	return ioas_allow_iovas(r->fd, an_ioas(r, x), &range, x >> 3 & 1);
}

static int do_option(struct race *r, unsigned int x)
{
	return option_set(r->fd, IOMMU_OPTION_HUGE_PAGES, an_ioas(r, x), x >> 3 & 1);
}

static int do_hw_info(struct race *r, unsigned int x)
{
	struct iommu_hw_info_vtd data;
	struct iommu_hw_info out;

	(void)x;
	return get_hw_info(r->fd, r->edu.vfio.dev_id, &data, sizeof(data), &out);
}

static int do_vfio_ioas(struct race *r, unsigned int x)
{
	__u32 id;

	switch (x >> 3 & 3) {
	case 0:
		return vfio_ioas_set(r->fd, an_ioas(r, x));
	case 1:
		return vfio_ioas_clear(r->fd);
	default:
		return vfio_ioas_get(r->fd, &id);
	}
}

static int do_dma(struct race *r, unsigned int x)
{
	return x & 1 ? edu_read_memory(&r->edu, an_iova(x), PAGE) : edu_write_memory(&r->edu, an_iova(x), PAGE);
}

static int do_fault_queue(struct race *r, unsigned int x)
{
	__u32 id;
	int queue, rc = fault_queue_alloc(r->fd, &id, &queue);
	char record[sizeof(struct iommu_hwpt_pgfault)];

	if (rc)
		return rc;
	if (x & 1 && read(queue, record, sizeof(record)))
		rc = -EIO;
	close(queue);
	return rc ? rc : object_destroy(r->fd, id);
}

/* An id that may be a HWPT: dirty tracking of it, or how it is refused */
static int do_dirty(struct race *r, unsigned int x)
{
	__u32 id = x % IDS + 1;
	char bits[8];

	if (x & 0x100)
		return dirty_tracking_set(r->fd, id, x & 0x200);
	return dirty_bitmap_get(r->fd, id, 0, IOVA, SLOT_PAGES * PAGE, PAGE, bits);
}

/* Whatever has this id; with a new IOAS for it now and then */
static int do_destroy(struct race *r, unsigned int x)
{
	__u32 id;
	int rc = object_destroy(r->fd, x % IDS + 1);

	if (rc)
		return rc;
	rc = ioas_alloc(r->fd, &id);
	if (!rc)
		atomic_store(&r->ioas[x >> 8 & 1], id);
	return rc;
}

/* Another iommufd under the same number: calls on the old one are cut off. */
static int do_reopen(struct race *r, unsigned int x)
{
	int fd = iommufd_open(), rc;
	__u32 id;

	(void)x;
	if (fd < 0)
		return fd;
	rc = ioas_alloc(fd, &id);
	if (!rc)
		rc = ioas_alloc(fd, &id);
	if (!rc && dup2(fd, r->fd) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

/*
 * What each may answer: gone, there already, in use by somebody. An id that has
 * gone may be that of another object by now: EINVAL or EOPNOTSUPP.
 */
/* clang-format off */
static const struct race_op
	map = { "map", do_map, { EEXIST, ENOENT } },
	map_auto = { "map_auto", do_map_auto, { ENOENT, ENOSPC, EINVAL } },
	unmap = { "unmap", do_unmap, { ENOENT } },
	unmap_all = { "unmap_all", do_unmap_all, { ENOENT } },
	copy = { "copy", do_copy, { EEXIST, ENOENT } },
	attach = { "attach", do_attach, { ENOENT, EADDRINUSE, EINVAL } },
	detach = { "detach", do_detach, { 0 } },
	hwpt = { "hwpt_alloc", do_hwpt, { EINVAL, EADDRINUSE, EOPNOTSUPP } },
	ioas = { "ioas_alloc", do_ioas, { EBUSY, ENOENT } },
	ranges = { "iova_ranges", do_ranges, { ENOENT } },
	allow = { "allow_iovas", do_allow, { ENOENT, EADDRINUSE } },
	option = { "option", do_option, { ENOENT, EINVAL, EADDRINUSE } },
	hw_info = { "get_hw_info", do_hw_info, { 0 } },
	vfio_ioas = { "vfio_ioas", do_vfio_ioas, { ENOENT, ENODEV } },
	dma = { "dma", do_dma, { 0 } },
	reopen = { "reopen", do_reopen, { 0 } },
	fault_queue = { "fault_queue", do_fault_queue, { EBUSY, ENOENT } },
	dirty = { "dirty", do_dirty, { ENOENT, EOPNOTSUPP } },
	destroy = { "destroy", do_destroy, { ENOENT, EBUSY } };
/* clang-format on */

/* Every call there is but the one that closes the descriptor */
static int do_any(struct race *r, unsigned int x)
{
	static const struct race_op *const ops[] = {
		&map, &map_auto, &unmap, &unmap_all, &copy, &attach, &detach, &hwpt, &ranges,
		&allow, &option, &hw_info, &vfio_ioas, &fault_queue, &dirty, &destroy,
	};

	return ops[(x >> 12) % (sizeof(ops) / sizeof(ops[0]))]->run(r, x);
}

/* an id can be that of any object here, so any of their refusals is right */
static const struct race_op any = {"any", do_any,
				   {ENOENT, EBUSY, EINVAL, EOPNOTSUPP, EEXIST, EADDRINUSE, ENOSPC, ENODEV}};

static const struct scenario {
	const char *name;
	bool device;
	const struct race_op *ops[THREADS];
} scenarios[] = {
	{"mappings", false, {&map, &unmap, &copy, &unmap_all}},
	{"automatic IOVAs", false, {&map_auto, &allow, &map_auto, &ranges}},
	{"objects that go away", false, {&ioas, &map, &copy, &vfio_ioas}},
	{"descriptors that close", false, {&reopen, &map, &unmap, &copy}},
	{"mappings of a device", true, {&map, &unmap, &attach, &copy}},
	{"attach and detach", true, {&attach, &detach, &map, &unmap_all}},
	{"page tables", true, {&hwpt, &attach, &map, &unmap}},
	{"objects in use", true, {&ioas, &attach, &hwpt, &hw_info}},
	{"rules that change", true, {&allow, &attach, &option, &map_auto}},
	{"destroy of anything", true, {&destroy, &any, &any, &any}},
	{"destroy of what has no device", false, {&destroy, &fault_queue, &map, &copy}},
	{"DMA", true, {&dma, &map, &unmap, &attach}},
};

static int race_open(struct race *r, bool device)
{
	int rc = 0;

	*r = (struct race){.edu.vfio.fd = -1};
	r->mem = pages_alloc(SLOT_PAGES * PAGE);
	r->fd = iommufd_open();
	if (r->fd < 0)
		return r->fd;
	if (device)
		rc = edu_open(&r->edu, 0);
	if (!rc && device)
		rc = edu_bind(&r->edu, r->fd);
	for (int i = 0; i < 2 && !rc; i++) {
		__u32 id;

		rc = ioas_alloc(r->fd, &id);
		r->ioas[i] = id;
	}
	return rc;
}

static int race_close(struct race *r)
{
	edu_close(&r->edu);
	pages_free(r->mem, SLOT_PAGES * PAGE);
	return close(r->fd) ? -errno : 0;
}

static bool run_scenario(const struct scenario *s, unsigned int ms)
{
	long before = pinned_pages(), after;
	struct race r;
	bool good;
	int rc = race_open(&r, s->device);

	if (rc) {
		printf("# cannot start: %s\n", strerror(-rc));
		return false;
	}
	good = race_run(&r, s->ops, THREADS, ms);
	rc = race_close(&r);
	after = wait_pinned_pages(before);
	if (rc)
		printf("#   close: %s\n", strerror(-rc));
	if (self_status_kb("VmPin") || before < 0 || after != before) {
		printf("#   %ld pages pinned before, %ld after\n", before, after);
		good = false;
	}
	return good && !rc;
}

int main(int argc, char **argv)
{
	const int n = sizeof(scenarios) / sizeof(scenarios[0]);
	const int seconds = race_seconds(argc, argv, 10);
	int failed = 0;

	printf("TAP version 13\n1..%d\n", n);
	for (int i = 0; i < n; i++) {
		bool good = run_scenario(&scenarios[i], seconds * 1000 / n);

		printf("%sok %d %s\n", good ? "" : "not ", i + 1, scenarios[i].name);
		fflush(stdout);
		failed += !good;
	}
	return failed ? 1 : 0;
}
