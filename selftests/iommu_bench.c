// SPDX-License-Identifier: GPL-2.0-only
/*
 * What mapping and attaching cost, in guest instructions: run it under
 * ./vm run --icount, where a nanosecond is an instruction. `make bench` runs it
 * on ours and in-tree and compares.
 *
 * usage: iommu_bench intel   an edu device behind the stock intel driver
 *        iommu_bench mock    a mock device (IOMMU_TEST_CMD)
 *
 * Prints a line for each figure: NAME NUMBER UNIT.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/iommufd_test.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/system.h"

#define PAGE       4096ULL
#define MIB        (1ULL << 20)
#define BIG        (256 * MIB)
#define SMALL      (16 * MIB)
#define BIG_IOVA   0x10000000ULL
#define COPY_IOVA  0x40000000ULL
#define SMALL_IOVA 0x2000000ULL

static int fd;
static bool mock;
static struct edu edu;
static __u32 dev_id, stdev_id;

static void must(int rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "iommu_bench: %s: %s\n", what, strerror(-rc));
	exit(1);
}

static unsigned long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void report(const char *name, unsigned long long since, unsigned long long units, const char *unit)
{
	printf("%-24s %8.1f %s\n", name, (double)(now() - since) / units, unit);
}

static int test_cmd(struct iommu_test_cmd *cmd, __u32 op, __u32 id)
{
	cmd->size = sizeof(*cmd);
	cmd->op = op;
	cmd->id = id;
	return iommufd_call(fd, IOMMU_TEST_CMD, cmd);
}

static void attach(__u32 pt)
{
	struct iommu_test_cmd cmd = {};

	if (!mock) {
		must(vfio_attach(&edu.vfio, pt, NULL), "attach");
		return;
	}
	must(test_cmd(&cmd, IOMMU_TEST_OP_MOCK_DOMAIN, pt), "mock device");
	stdev_id = cmd.mock_domain.out_stdev_id;
	dev_id = cmd.mock_domain.out_idev_id;
}

static void detach(void) { must(mock ? object_destroy(fd, stdev_id) : vfio_detach(&edu.vfio), "detach"); }

static void setup(void)
{
	fd = iommufd_open();
	must(fd, "/dev/iommu");
	if (!mock) {
		must(edu_open(&edu, 0), "edu device");
		must(edu_bind(&edu, fd), "bind");
		dev_id = edu.vfio.dev_id;
	}
}

/* Touched memory in small or huge pages, aligned to 2 MiB */
static char *memory(size_t length, int advice)
{
	char *p = mmap(NULL, length + 2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		must(-12, "memory");
	p = (char *)(((unsigned long)p + 2 * MIB - 1) & ~(2 * MIB - 1));
	madvise(p, length, advice);
	memset(p, 1, length);
	return p;
}

/* Bytes of slab memory and IOMMU page tables */
static unsigned long long kernel_memory(void)
{
	unsigned long long pages = 0, value;
	char name[64];
	FILE *f = fopen("/proc/vmstat", "r");

	if (!f)
		must(-2, "/proc/vmstat");
	while (fscanf(f, "%63s %llu", name, &value) == 2)
		if (!strcmp(name, "nr_slab_unreclaimable") || !strcmp(name, "nr_sec_page_table_pages"))
			pages += value;
	fclose(f);
	return pages * PAGE;
}

static void map(__u32 ioas, void *va, __u64 length, __u64 iova)
{
	must(ioas_map_fixed(fd, ioas, va, length, iova, MAP_RW), "map");
}

static void map_and_unmap(__u32 ioas, const char *kind, char *mem)
{
	unsigned long long t, before = kernel_memory();
	char name[32];

	t = now();
	map(ioas, mem, BIG, BIG_IOVA);
	snprintf(name, sizeof(name), "map-%s", kind);
	report(name, t, BIG / PAGE, "per 4K page");
	/* The mock's own page table is beside the point. */
	if (!mock)
		printf("memory-%-17s %8lld bytes per GiB\n", kind, 4 * (long long)(kernel_memory() - before));
	t = now();
	must(ioas_copy_fixed(fd, ioas, COPY_IOVA, ioas, BIG_IOVA, BIG, MAP_RW), "copy");
	snprintf(name, sizeof(name), "copy-%s", kind);
	report(name, t, BIG / PAGE, "per 4K page");
	must(ioas_unmap(fd, ioas, COPY_IOVA, BIG, NULL), "unmap");
	t = now();
	must(ioas_unmap(fd, ioas, BIG_IOVA, BIG, NULL), "unmap");
	snprintf(name, sizeof(name), "unmap-%s", kind);
	report(name, t, BIG / PAGE, "per 4K page");
}

static void single_pages(__u32 ioas, char *mem)
{
	unsigned long long t = now();

	for (int i = 0; i < 10000; i++) {
		map(ioas, mem, PAGE, BIG_IOVA);
		must(ioas_unmap(fd, ioas, BIG_IOVA, PAGE, NULL), "unmap");
	}
	report("map+unmap-one-page", t, 10000, "per pair");
}

/* What a mapping holds beside the page table: many, as slabs come in several pages. */
static void mappings(__u32 ioas, char *mem)
{
	const int count = 4000;
	unsigned long long before = kernel_memory();

	for (unsigned long i = 0; i < count; i++)
		map(ioas, mem + i * PAGE, PAGE, SMALL_IOVA + i * PAGE);
	printf("memory-mapping            %8lld bytes per one-page mapping\n", (long long)(kernel_memory() - before) / count);
	must(ioas_unmap(fd, ioas, SMALL_IOVA, count * PAGE, NULL), "unmap");
}

static void attachments(__u32 ioas)
{
	unsigned long long t = now();

	for (int i = 0; i < 1000; i++) {
		detach();
		attach(ioas);
	}
	report("detach+attach", t, 1000, "per pair");
}

/* How many physically contiguous pieces the memory has: what filling a page table costs depends on it. */
static int physical_runs(const char *mem, unsigned long length)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), runs = 0;
	unsigned long long entry, last = 0;

	if (fd < 0)
		must(-errno, "pagemap");
	for (unsigned long i = 0; i < length / PAGE; i++, last = entry) {
		if (pread(fd, &entry, sizeof(entry), ((unsigned long)mem / PAGE + i) * sizeof(entry)) != sizeof(entry))
			must(-5, "pagemap");
		entry &= (1ull << 55) - 1;
		runs += entry != last + 1;
	}
	close(fd);
	return runs;
}

static void hwpts(__u32 ioas, const char *kind, char *mem, int units, const char *unit)
{
	unsigned long long t;
	char name[32];
	__u32 hwpt;

	map(ioas, mem, SMALL, SMALL_IOVA);
	t = now();
	for (int i = 0; i < 1000; i++) {
		must(hwpt_alloc(fd, dev_id, ioas, 0, &hwpt), "hwpt");
		must(object_destroy(fd, hwpt), "destroy");
	}
	snprintf(name, sizeof(name), "hwpt-%s", kind);
	report(name, t, 1000ull * units, unit);
	must(ioas_unmap(fd, ioas, SMALL_IOVA, SMALL, NULL), "unmap");
}

static void pins(__u32 ioas, char *mem)
{
	struct iommu_test_cmd cmd = {};
	unsigned long long t;
	__u32 access;

	map(ioas, mem, SMALL, SMALL_IOVA);
	cmd.create_access.flags = MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES;
	must(test_cmd(&cmd, IOMMU_TEST_OP_CREATE_ACCESS, ioas), "access");
	access = cmd.create_access.out_access_fd;
	t = now();
	for (int i = 0; i < 100; i++) {
		memset(&cmd, 0, sizeof(cmd));
		cmd.access_pages.iova = SMALL_IOVA;
		cmd.access_pages.length = SMALL;
		must(test_cmd(&cmd, IOMMU_TEST_OP_ACCESS_PAGES, access), "pin");
		cmd.destroy_access_pages.access_pages_id = cmd.access_pages.out_access_pages_id;
		must(test_cmd(&cmd, IOMMU_TEST_OP_DESTROY_ACCESS_PAGES, access), "unpin");
	}
	report("access-pin+unpin", t, 100 * (SMALL / PAGE), "per 4K page");
	close(access);
	must(ioas_unmap(fd, ioas, SMALL_IOVA, SMALL, NULL), "unmap");
}

int main(int argc, char **argv)
{
	char *small, *large;
	__u32 ioas;

	if (argc != 2 || (strcmp(argv[1], "intel") && strcmp(argv[1], "mock"))) {
		fprintf(stderr, "usage: iommu_bench intel|mock\n");
		return 2;
	}
	mock = !strcmp(argv[1], "mock");
	setup();
	must(ioas_alloc(fd, &ioas), "IOAS");
	attach(ioas);
	small = memory(BIG, MADV_NOHUGEPAGE);
	/* What the first mapping costs once and for all is not counted. */
	map(ioas, small, 4 * MIB, BIG_IOVA);
	must(ioas_unmap(fd, ioas, BIG_IOVA, 4 * MIB, NULL), "unmap");
	map_and_unmap(ioas, "4K", small);
	large = memory(BIG, MADV_HUGEPAGE);
	map_and_unmap(ioas, "2M", large);
	single_pages(ioas, small);
	if (!mock)
		mappings(ioas, small);
	/* Its first pages are what the boot has left over, in more pieces or in fewer; its last ones lie in order. */
	hwpts(ioas, "scattered", small, physical_runs(small, SMALL), "per contiguous piece");
	hwpts(ioas, "in-order", small + BIG - SMALL, SMALL / PAGE, "per 4K page");
	if (mock)
		pins(ioas, small);
	attachments(ioas);
	return 0;
}
