// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues of a vIOMMU that come and go while somebody uses them: events that are reported (in interrupts) while their
 * queue is read, closed and destroyed; HW queues against every way to unmap their memory; mmap() of a region against the
 * end of its vIOMMU. In the end everything can be closed and nothing is pinned. The kernel's own checkers do the rest.
 *
 * usage: queue_race_test [SECONDS]   for all scenarios together (9); prints TAP
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/race.h"
#include "lib/system.h"
#include "lib/viommu.h"

#define PAGE	4096UL
#define BASE	0x2000000ULL
#define MARK	0xfeedface
#define REGIONS 3
#define EVENTS	IOMMU_VEVENTQ_TYPE_SELFTEST
#define HWQ	IOMMU_HW_QUEUE_TYPE_SELFTEST

struct race {
	int fd;
	__u32 ioas, parent, viommu, vdevice, nested;
	struct mock_dev dev;
	char *mem; /* 2 pages */
	struct {
		atomic_uint viommu;
		atomic_ulong offset;
	} region[REGIONS];
};

/* What nobody may answer: a thing is not as it has to be */
#define WRONG (-EPROTO)

static int do_report(struct race *r, unsigned int x)
{
	(void)x;
	return mock_event(r->fd, r->dev.idev);
}

/* Numbers that only grow, in records that are whole. Behind a loss that is told more events may come at once. */
static int read_all(int queue, size_t size)
{
	struct iommufd_vevent_header header;
	char got[256];
	__s64 last = -1;
	__u32 virt_id;
	ssize_t bytes;

	while ((bytes = read(queue, got, size)) > 0) {
		for (const char *at = got; at < got + bytes;) {
			memcpy(&header, at, sizeof(header));
			at += sizeof(header);
			if (header.sequence <= last || at > got + bytes)
				return WRONG;
			last = header.sequence;
			if (header.flags == IOMMU_VEVENTQ_FLAG_LOST_EVENTS)
				continue;
			memcpy(&virt_id, at, sizeof(virt_id));
			at += sizeof(virt_id);
			if (header.flags || virt_id != 7 || at > got + bytes)
				return WRONG;
		}
	}
	return bytes < 0 ? -errno : 0;
}

static int do_queue(struct race *r, unsigned int x)
{
	__u32 id;
	int queue, rc = veventq_alloc(r->fd, r->viommu, EVENTS, x % 5 + 1, &id, &queue);

	if (rc)
		return rc;
	for (int i = x % 7; i && !rc; i--) {
		struct pollfd p = {.fd = queue, .events = POLLIN};

		poll(&p, 1, 1);
		rc = read_all(queue, 8 + 12 * (x % 13 + 1));
	}
	close(queue);
	return object_destroy(r->fd, id) ?: rc;
}

static const struct race_op report = {"report", do_report, {EOPNOTSUPP}};
static const struct race_op queue = {"queue", do_queue, {EEXIST}};
static const struct race_op *const events[] = {&report, &report, &queue, &queue};

static int do_map(struct race *r, unsigned int x)
{
	return ioas_map_fixed(r->fd, r->ioas, r->mem + x % 2 * PAGE, PAGE, BASE + x % 2 * PAGE, MAP_RW);
}

static int do_unmap(struct race *r, unsigned int x)
{
	return ioas_unmap(r->fd, r->ioas, BASE + x % 2 * PAGE, PAGE, NULL);
}

static int do_unmap_all(struct race *r, unsigned int x)
{
	(void)x;
	return ioas_unmap_all(r->fd, r->ioas, NULL);
}

/* As long as the queue is there, its memory is where it was. */
static int do_hw_queue(struct race *r, unsigned int x)
{
	const __u64 at = BASE + x / 2 % 2 * PAGE;
	__u32 id;
	int rc = hw_queue_alloc(r->fd, r->viommu, HWQ, x % 2, at, PAGE, &id);

	if (rc)
		return rc;
	for (int i = x / 4 % 4; i >= 0; i--)
		if (mock_check_map(r->fd, r->parent, at, PAGE, r->mem + (at - BASE)))
			rc = WRONG;
	/* The other one needs it, for as long as that exists. */
	while (object_destroy(r->fd, id) == -EBUSY)
		;
	return rc;
}

static const struct race_op map_memory = {"map", do_map, {EEXIST}};
static const struct race_op unmap = {"unmap", do_unmap, {ENOENT, EBUSY}};
static const struct race_op unmap_all = {"unmap all", do_unmap_all, {EBUSY}};
static const struct race_op hw_queue = {"HW queue", do_hw_queue, {ENOENT, EEXIST, EIO}};
static const struct race_op *const hw_queues[] = {&map_memory, &unmap, &unmap_all, &hw_queue, &hw_queue, &hw_queue};

static int do_make(struct race *r, unsigned int x)
{
	struct iommu_viommu_selftest data = {.in_data = MARK};
	__u32 id, none = 0;
	int rc = viommu_alloc(r->fd, r->dev.idev, r->parent, IOMMU_VIOMMU_TYPE_SELFTEST, &data, sizeof(data), &id);

	if (rc)
		return rc;
	if (!atomic_compare_exchange_strong(&r->region[x % REGIONS].viommu, &none, id)) {
		while (object_destroy(r->fd, id) == -EBUSY)
			;
		return -EEXIST;
	}
	atomic_store(&r->region[x % REGIONS].offset, data.out_mmap_offset);
	return 0;
}

static int do_end(struct race *r, unsigned int x)
{
	const __u32 id = atomic_load(&r->region[x % REGIONS].viommu);
	int rc;

	/* Mostly it is mapped, and this would do nothing but take the others' time. */
	usleep(x / 8 % 256);
	rc = id ? object_destroy(r->fd, id) : -ENOENT;
	if (!rc)
		atomic_store(&r->region[x % REGIONS].viommu, 0);
	return rc;
}

/* What can be mapped is the memory of a vIOMMU that is there, to the last moment. Guesses reach those that are made. */
static int do_mmap(struct race *r, unsigned int x)
{
	const unsigned long offset = atomic_load(&r->region[x % REGIONS].offset) + x / 8 % 3 * 2 * PAGE;
	volatile __u32 *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, (off_t)offset);
	int rc = 0;

	if (p == MAP_FAILED)
		return -errno;
	for (int i = 0; i < 3; i++)
		if (p[0] != MARK)
			rc = WRONG;
	p[PAGE / 4] = x;
	munmap((void *)p, PAGE);
	munmap((char *)p + PAGE, PAGE);
	return rc;
}

static const struct race_op make = {"make", do_make, {EEXIST}};
static const struct race_op end = {"destroy", do_end, {ENOENT, EBUSY}};
static const struct race_op map_region = {"mmap", do_mmap, {ENXIO}};
static const struct race_op *const regions[] = {&make, &end, &map_region, &map_region, &map_region};

static bool set_up(struct race *r)
{
	r->fd = iommufd_open();
	r->mem = pages_alloc(2 * PAGE);
	return r->fd >= 0 && !ioas_alloc(r->fd, &r->ioas) && !mock_device(r->fd, r->ioas, 0, &r->dev) &&
	       !hwpt_alloc(r->fd, r->dev.idev, r->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &r->parent) &&
	       !viommu_alloc(r->fd, r->dev.idev, r->parent, IOMMU_VIOMMU_TYPE_SELFTEST, NULL, 0, &r->viommu) &&
	       !vdevice_alloc(r->fd, r->viommu, r->dev.idev, 7, &r->vdevice) &&
	       !mock_nested_alloc(r->fd, r->dev.idev, r->viommu, 0, &r->nested) &&
	       !mock_replace(r->fd, &r->dev, r->nested);
}

static bool run_scenario(const struct race_op *const ops[], int n, unsigned int ms)
{
	const long pinned = pinned_pages();
	struct race r = {};
	bool good = set_up(&r) && race_run(&r, ops, n, ms);

	close(r.fd);
	pages_free(r.mem, 2 * PAGE);
	if (pinned >= 0 && wait_pinned_pages(pinned) > pinned) {
		printf("# pages stay pinned\n");
		good = false;
	}
	return good;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		const struct race_op *const *ops;
		int n;
	} all[] = {
		{"events against read, close and destroy", events, sizeof(events) / sizeof(events[0])},
		{"HW queues against unmap", hw_queues, sizeof(hw_queues) / sizeof(hw_queues[0])},
		{"mmap against destroy", regions, sizeof(regions) / sizeof(regions[0])},
	};
	const int n = sizeof(all) / sizeof(all[0]);
	const int seconds = race_seconds(argc, argv, 9);
	int failed = 0;

	mock_load();
	printf("TAP version 13\n1..%d\n", n);
	for (int i = 0; i < n; i++) {
		const bool good = run_scenario(all[i].ops, all[i].n, seconds * 1000 / n);

		printf("%sok %d %s\n", good ? "" : "not ", i + 1, all[i].name);
		fflush(stdout);
		failed += !good;
	}
	return failed ? 1 : 0;
}
