// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the n-th slice of one siov-edu costs while those before it live: from its creation until it is attached, in
 * guest instructions (run it under ./vm run --icount, where a nanosecond is an instruction), and in kernel memory. Both
 * have to be flat from the first to the 256th. Twice: each slice with an IOAS of its own, which has a page mapped, and
 * all with one.
 *
 * Prints a line for each figure, NAME NUMBER UNIT. Exit status 1 when the last slices cost more than LIMIT percent of
 * what the first ones do.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/iommufd.h"
#include "lib/slice.h"
#include "lib/system.h"

#define SLICES 256
#define GROUP  32 /* slices whose cost is averaged */
#define GROUPS (SLICES / GROUP)
#define LIMIT  125
#define PAGE   4096UL
#define IOVA   0x100000ULL

typedef unsigned long long u64;

static char parent[16];
static struct slice slices[SLICES];
static u64 cost[SLICES];             /* instructions */
static long long memory[GROUPS + 1]; /* bytes held, before each group */

static void must(int rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "slice_bench: %s: %s\n", what, strerror(-rc));
	exit(1);
}

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Bytes of slab memory and page tables, the IOMMU's and the processes' */
static long long kernel_memory(void)
{
	static const char *const kinds[] = {"nr_slab_unreclaimable", "nr_slab_reclaimable", "nr_sec_page_table_pages",
					    "nr_page_table_pages"};
	long long pages = 0, value;
	char name[64];
	FILE *f;

	pinned_pages(); /* folds the counters of each CPU */
	f = fopen("/proc/vmstat", "r");
	if (!f)
		must(-errno, "/proc/vmstat");
	while (fscanf(f, "%63s %lld", name, &value) == 2)
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			pages += strcmp(name, kinds[i]) ? 0 : value;
	fclose(f);
	return pages * (long long)PAGE;
}

static __u32 space(int fd, char *page)
{
	__u32 ioas;

	must(ioas_alloc(fd, &ioas), "IOAS");
	must(ioas_map_fixed(fd, ioas, page, PAGE, IOVA, MAP_RW), "map");
	return ioas;
}

static void create_and_attach(int fd, struct slice *slice, unsigned int n, __u32 ioas)
{
	char uuid[SLICE_UUID_SIZE];

	slice_uuid(n, uuid);
	must(slice_create(parent, uuid), "create");
	must(slice_open(slice, uuid), "open");
	must(vfio_bind(&slice->vfio, fd), "bind");
	must(slice_attach(slice, ioas), "attach");
}

static void grow(int fd, char *page, bool shared)
{
	__u32 ioas = shared ? space(fd, page) : 0;

	for (unsigned int i = 0; i < SLICES; i++) {
		u64 t;

		if (i % GROUP == 0)
			memory[i / GROUP] = kernel_memory();
		t = now();
		create_and_attach(fd, &slices[i], i, shared ? ioas : space(fd, page));
		cost[i] = now() - t;
	}
	memory[GROUPS] = kernel_memory();
}

static void shrink(void)
{
	for (unsigned int i = 0; i < SLICES; i++) {
		char uuid[SLICE_UUID_SIZE];

		slice_uuid(i, uuid);
		slice_close(&slices[i]);
		must(slice_remove(uuid), "remove");
	}
}

static bool flat(const char *name, double first, double last)
{
	if (last * 100 <= first * LIMIT)
		return true;
	printf("%s: not flat, %.0f at the beginning and %.0f at the end\n", name, first, last);
	return false;
}

static bool report_time(const char *kind)
{
	double average[GROUPS] = {0};

	for (int g = 0; g < GROUPS; g++) {
		for (int i = 0; i < GROUP; i++)
			average[g] += (double)cost[g * GROUP + i] / GROUP;
		printf("%s-%03d-to-%03d %12.0f instructions per slice\n", kind, g * GROUP + 1, (g + 1) * GROUP,
		       average[g]);
	}
	return flat(kind, average[0], average[GROUPS - 1]);
}

static bool report_memory(void)
{
	double average[GROUPS];

	for (int g = 0; g < GROUPS; g++) {
		average[g] = (double)(memory[g + 1] - memory[g]) / GROUP;
		printf("memory-%03d-to-%03d %14.0f bytes per slice\n", g * GROUP + 1, (g + 1) * GROUP, average[g]);
	}
	return flat("memory", average[0], average[GROUPS - 1]);
}

int main(void)
{
	static const char *const kinds[] = {"own-ioas", "one-ioas"};
	char *page = pages_alloc(PAGE);
	bool good = true;
	int fd;

	must(slice_parent(0, parent), "no siov-edu device");
	if (slice_available(parent) != SLICES)
		must(-ENODEV, "a siov-edu with 256 ADIs");
	memset(page, 1, PAGE);
	for (int shared = 0; shared < 2; shared++) {
		fd = iommufd_open();
		must(fd, "/dev/iommu");
		/* What the first one of all costs once is not counted. */
		create_and_attach(fd, &slices[0], 0, space(fd, page));
		slice_close(&slices[0]);
		must(slice_remove(slices[0].uuid), "remove");
		grow(fd, page, shared);
		good = report_time(kinds[shared]) && good;
		if (!shared)
			good = report_memory() && good;
		shrink();
		close(fd);
	}
	return good ? 0 : 1;
}
