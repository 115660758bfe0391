// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vDEVICEs cost, in guest instructions (run it under ./vm run --icount, where a nanosecond is an instruction): one
 * made, one destroyed, and one entry of an array of 100,000 invalidations, with 1, 100 and 10,000 of them in one
 * vIOMMU, which are slices of one mock device. For an entry the mock driver looks up its vDEVICE, then the slice's
 * cache; what the former costs alone is the difference that LOOKUPS more of them make.
 *
 * Prints a line for each figure, NAME NUMBER UNIT. Exit status 1 when something costs more than LIMIT percent with
 * 10,000 vDEVICEs of what it costs with 100.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/system.h"
#include "lib/viommu.h"

#define SELFTEST IOMMU_VIOMMU_TYPE_SELFTEST
#define TYPE     IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST
#define DEVICES  10000
#define ENTRIES  100000
#define LIMIT    130
#define LOOKUPS  10

typedef unsigned long long u64;
typedef struct iommu_viommu_invalidate_selftest entry;

static const __u32 sizes[] = {1, 100, DEVICES};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static struct mock_dev slices[DEVICES];
static __u32 vdevices[DEVICES];
static entry entries[ENTRIES];

static void must(int rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "vdevice_bench: %s: %s\n", what, strerror(-rc));
	exit(1);
}

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Instructions for one of ENTRIES entries, which go round the first n vDEVICEs */
static double invalidate_round(int fd, __u32 viommu, __u32 n)
{
	__u32 count = ENTRIES;
	u64 start;

	for (__u32 i = 0; i < ENTRIES; i++)
		entries[i] = (entry){.vdev_id = (__u32)(i * 7919ULL % n), .cache_id = i % MOCK_DEV_CACHE_NUM};
	start = now();
	must(invalidate(fd, viommu, TYPE, entries, sizeof(entry), &count), "invalidate");
	if (count != ENTRIES)
		must(-5, "not all entries were done");
	return (double)(now() - start) / ENTRIES;
}

/* Instructions for one lookup more */
static double lookup_round(int fd, __u32 viommu, __u32 n, double entry_cost)
{
	double more;

	must(mock_set("more_lookups", LOOKUPS), "more_lookups");
	more = invalidate_round(fd, viommu, n);
	must(mock_set("more_lookups", 0), "more_lookups");
	return (more - entry_cost) / LOOKUPS;
}

/* Without entries: is the type known? */
static double bare_call(int fd, __u32 viommu)
{
	const u64 start = now();

	for (__u32 i = 0; i < 1000; i++) {
		__u32 count = 0;

		must(invalidate(fd, viommu, TYPE, NULL, 0, &count), "ask for the type");
	}
	return (double)(now() - start) / 1000;
}

static void make(int fd, __u32 viommu, __u32 from, __u32 to, double *cost)
{
	const u64 start = now();

	for (__u32 i = from; i < to; i++)
		must(vdevice_alloc(fd, viommu, slices[i].idev, i, &vdevices[i]), "vDEVICE");
	*cost = (double)(now() - start) / (to - from);
}

static double destroy(int fd, __u32 from, __u32 to)
{
	const u64 start = now();

	for (__u32 i = from; i < to; i++)
		must(object_destroy(fd, vdevices[i]), "destroy");
	return (double)(now() - start) / (to - from);
}

static bool flat(const char *name, double with_100, double with_all)
{
	if (with_all * 100 <= with_100 * LIMIT)
		return true;
	printf("%s: not flat, %.0f with 100 and %.0f with %d\n", name, with_100, with_all, DEVICES);
	return false;
}

static __u32 set_up(int fd)
{
	struct mock_dev dev;
	__u32 ioas, parent, viommu;

	must(ioas_alloc(fd, &ioas), "IOAS");
	must(mock_device(fd, ioas, MOCK_FLAGS_DEVICE_PASID, &dev), "device");
	must(hwpt_alloc(fd, dev.idev, ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &parent), "nest parent");
	must(viommu_alloc(fd, dev.idev, parent, SELFTEST, NULL, 0, &viommu), "vIOMMU");
	for (__u32 i = 0; i < DEVICES; i++)
		must(mock_slice(fd, ioas, i + 2000, i ? &slices[0] : NULL, &slices[i]), "slice");
	return viommu;
}

int main(void)
{
	double entry_cost[SIZES], lookup_cost[SIZES], make_cost[SIZES], last_100, first_100;
	bool good = true;
	__u32 viommu;
	int fd;

	if (!mock_load())
		must(-2, "no mock_iommu.ko");
	fd = iommufd_open();
	must(fd, "/dev/iommu");
	viommu = set_up(fd);
	memset(entries, 0, sizeof(entries));
	printf("%-26s %10.0f instructions per call\n", "invalidate-nothing", bare_call(fd, viommu));
	for (size_t s = 0; s < SIZES; s++) {
		make(fd, viommu, s ? sizes[s - 1] : 0, sizes[s], &make_cost[s]);
		invalidate_round(fd, viommu, sizes[s]); /* what the first round costs once is not counted */
		entry_cost[s] = invalidate_round(fd, viommu, sizes[s]);
		lookup_cost[s] = lookup_round(fd, viommu, sizes[s], entry_cost[s]);
		printf("vdevice-made-up-to-%-7u %10.0f instructions per vDEVICE\n", sizes[s], make_cost[s]);
		printf("invalidate-with-%-10u %10.1f instructions per entry\n", sizes[s], entry_cost[s]);
		printf("lookup-with-%-14u %10.1f instructions per lookup\n", sizes[s], lookup_cost[s]);
	}
	last_100 = destroy(fd, DEVICES - 100, DEVICES);
	destroy(fd, 100, DEVICES - 100);
	first_100 = destroy(fd, 0, 100);
	printf("vdevice-destroyed-with-%-3u %10.0f instructions per vDEVICE\n", 100, first_100);
	printf("vdevice-destroyed-of-%u %10.0f instructions per vDEVICE\n", DEVICES, last_100);
	good = flat("invalidate", entry_cost[1], entry_cost[2]) && good;
	good = flat("lookup", lookup_cost[1], lookup_cost[2]) && good;
	good = flat("vdevice-made", make_cost[1], make_cost[2]) && good;
	good = flat("vdevice-destroyed", first_100, last_100) && good;
	close(fd);
	return good ? 0 : 1;
}
