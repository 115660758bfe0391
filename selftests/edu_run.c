// SPDX-License-Identifier: GPL-2.0-only
/*
 * `make run-pci`: a user program gives a device DMA to its own memory, through
 * /dev/iommu and nothing else. Each step is one line; the first that goes
 * wrong ends the run.
 *
 *   page A, B   memory behind the first I/O address space (IOAS)
 *   page C, D   memory behind the second one, at the same two IOVAs
 *
 * The device (QEMU's edu) has a 4 KiB buffer that the CPU cannot see. What it
 * read is shown by letting it write the buffer back somewhere else.
 *
 * Output is the same on every iommufd that works: only the numbers in front of
 * "us" differ.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/system.h"

#define PAGE   4096
#define IOVA_1 0x100000ULL /* page A or C */
#define IOVA_2 0x200000ULL /* page B or D */

/* seeds of the byte patterns, one for each page and one that is new */
enum { SEED_A = 1, SEED_B, SEED_C, SEED_D, SEED_NEW };

struct run {
	struct edu edu;
	int iommufd, kmsg;
	__u32 ioas[2], hwpt[2];
	char *a, *b, *c, *d;
	const char *step;
	int number;
};

/* One line for the step; later lines of the same step have no number. */
__attribute__((format(printf, 2, 3))) static void say(struct run *r, const char *format, ...)
{
	va_list ap;

	if (r->step)
		printf("%2d  %-9s ", ++r->number, r->step);
	else
		printf("%13s ", "");
	r->step = NULL;
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static int fail(struct run *r, const char *what, int rc)
{
	if (rc < 0)
		say(r, "%s: %s", what, strerror(-rc));
	else
		say(r, "%s", what);
	return rc < 0 ? rc : -EIO;
}

static int step_open(struct run *r)
{
	int rc = edu_open(&r->edu, 0);

	if (rc == -ENODEV)
		return fail(r, "no edu device in this machine (QEMU: -device edu)", rc);
	if (rc)
		return fail(r, "edu device", rc);
	r->iommufd = iommufd_open();
	if (r->iommufd < 0)
		return fail(r, "/dev/iommu", r->iommufd);
	r->kmsg = kmsg_open();
	say(r, "%s (PCI %s, QEMU's edu) and /dev/iommu", r->edu.vfio.path, r->edu.vfio.bdf);
	return 0;
}

static int step_bind(struct run *r)
{
	__u64 t = now_us();
	int rc = edu_bind(&r->edu, r->iommufd);

	if (rc)
		return fail(r, "bind", rc);
	say(r, "the device now belongs to this program, as object %u; %llu us", r->edu.vfio.dev_id, now_us() - t);
	return 0;
}

static int map_two(struct run *r, int which, char *first, char *second, const char *names)
{
	__u32 ioas = r->ioas[which];
	__u64 t = now_us();
	int rc = ioas_map_fixed(r->iommufd, ioas, first, PAGE, IOVA_1, MAP_RW);

	if (!rc)
		rc = ioas_map_fixed(r->iommufd, ioas, second, PAGE, IOVA_2, MAP_RW);
	if (rc)
		return fail(r, "map", rc);
	say(r, "IOAS %u: IOVA %#llx -> page %c, IOVA %#llx -> page %c, %d bytes each; %llu us", ioas, IOVA_1, names[0],
	    IOVA_2, names[1], PAGE, now_us() - t);
	return 0;
}

static int step_map(struct run *r)
{
	int rc = 0;

	r->a = pages_alloc(4 * PAGE);
	r->b = r->a + PAGE;
	r->c = r->b + PAGE;
	r->d = r->c + PAGE;
	for (int i = 0; i < 4; i++)
		pattern_fill(r->a + i * PAGE, PAGE, SEED_A + i);
	for (int i = 0; i < 2 && !rc; i++)
		rc = ioas_alloc(r->iommufd, &r->ioas[i]);
	if (rc)
		return fail(r, "allocate an IOAS", rc);
	rc = map_two(r, 0, r->a, r->b, "AB");
	return rc ? rc : map_two(r, 1, r->c, r->d, "CD");
}

/* The objects as they hang together now; at: the IOAS that the device uses. */
static void draw(struct run *r, int at)
{
	static const char *const pages[] = {"pages A B", "pages C D"};

	printf("\n     memory            I/O addresses    page table      device\n");
	for (int i = 0; i < 2; i++) {
		printf("     %s <------- IOAS %u", pages[i], r->ioas[i]);
		if (i == at)
			printf(" <-------- HWPT %u <------ edu %s", r->hwpt[i], r->edu.vfio.bdf);
		putchar('\n');
	}
	putchar('\n');
	fflush(stdout);
}

static int step_attach(struct run *r)
{
	__u64 t = now_us();
	int rc = vfio_attach(&r->edu.vfio, r->ioas[0], &r->hwpt[0]);

	if (rc)
		return fail(r, "attach", rc);
	say(r, "device -> HWPT %u -> IOAS %u, %ld bytes of memory pinned; %llu us", r->hwpt[0], r->ioas[0],
	    self_status_kb("VmPin") * 1024, now_us() - t);
	draw(r, 0);
	return 0;
}

static int device_reads(struct run *r, __u64 iova)
{
	__u64 t = now_us();
	int rc = edu_read_memory(&r->edu, iova, PAGE);

	if (rc)
		return fail(r, "the device does not finish reading", rc);
	say(r, "device reads  %d bytes at IOVA %#llx; %llu us", PAGE, iova, now_us() - t);
	return 0;
}

static int device_writes(struct run *r, __u64 iova)
{
	__u64 t = now_us();
	int rc = edu_write_memory(&r->edu, iova, PAGE);

	if (rc)
		return fail(r, "the device does not finish writing", rc);
	say(r, "device writes %d bytes at IOVA %#llx; %llu us", PAGE, iova, now_us() - t);
	return 0;
}

/* How many bytes of a page are right; an error unless all of them are. */
static int expect_page(struct run *r, const char *name, const void *page, const char *content, unsigned int seed)
{
	size_t wrong = pattern_diff(page, PAGE, seed);

	say(r, "page %s %s: %zu of %d bytes right", name, content, PAGE - wrong, PAGE);
	return wrong ? -EIO : 0;
}

static int step_dma(struct run *r)
{
	int rc = device_reads(r, IOVA_1);

	if (!rc)
		rc = device_writes(r, IOVA_2);
	if (!rc)
		rc = expect_page(r, "B", r->b, "holds what was in page A", SEED_A);
	return rc ? rc : expect_page(r, "A", r->a, "is as it was", SEED_A);
}

static int step_replace(struct run *r)
{
	__u64 t = now_us();
	int rc = vfio_attach(&r->edu.vfio, r->ioas[1], &r->hwpt[1]);

	if (rc)
		return fail(r, "replace", rc);
	say(r, "device -> HWPT %u -> IOAS %u, in one call; %llu us", r->hwpt[1], r->ioas[1], now_us() - t);
	draw(r, 1);
	return 0;
}

/* The same two IOVAs again: they lead to C and D now, and not to A and B. */
static int step_dma_again(struct run *r)
{
	int rc;

	pattern_fill(r->b, PAGE, SEED_B);
	rc = device_reads(r, IOVA_1);
	if (!rc)
		rc = device_writes(r, IOVA_2);
	if (!rc)
		rc = expect_page(r, "D", r->d, "holds what was in page C", SEED_C);
	if (!rc)
		rc = expect_page(r, "A", r->a, "is as it was", SEED_A);
	return rc ? rc : expect_page(r, "B", r->b, "is as it was", SEED_B);
}

static int step_unmap(struct run *r)
{
	__u64 t = now_us(), bytes;
	int rc = ioas_unmap(r->iommufd, r->ioas[1], IOVA_1, PAGE, &bytes);

	if (rc)
		return fail(r, "unmap", rc);
	say(r, "IOVA %#llx of IOAS %u is gone, %llu bytes; %llu us", IOVA_1, r->ioas[1], bytes, now_us() - t);
	return 0;
}

/* What the IOMMU has put into the kernel log about the blocked access. */
static void report_fault(struct run *r)
{
	char line[256];

	if (r->kmsg >= 0 && kmsg_find(r->kmsg, "fault addr", line, sizeof(line), 2000000) == 1)
		say(r, "kernel log: %s", line);
}

/* New bytes in the device's buffer would be seen in page C. */
static int step_blocked_write(struct run *r)
{
	int rc;

	pattern_fill(r->d, PAGE, SEED_NEW);
	rc = device_reads(r, IOVA_2);
	if (!rc)
		rc = device_writes(r, IOVA_1);
	if (rc)
		return rc;
	report_fault(r);
	return expect_page(r, "C", r->c, "is untouched", SEED_C);
}

/* What a blocked read left in the device's buffer, as page D shows it. */
static void describe_buffer(struct run *r)
{
	unsigned char first = (unsigned char)r->d[0];

	if (!pattern_diff(r->d, PAGE, SEED_NEW))
		say(r, "the device kept its old bytes, it got nothing of page C");
	else if (!bytes_not(r->d, PAGE, first))
		say(r, "the device got %d bytes of 0x%02x, nothing of page C", PAGE, first);
	else
		say(r, "the device got other bytes than those of page C");
}

static int step_blocked_read(struct run *r)
{
	int rc = device_reads(r, IOVA_1);

	if (rc)
		return rc;
	report_fault(r);
	rc = device_writes(r, IOVA_2);
	if (rc)
		return rc;
	/* equal bytes by chance: one in 251 when all are the same value */
	if (pattern_diff(r->d, PAGE, SEED_C) < PAGE - PAGE / 64)
		return fail(r, "the device read page C", -EIO);
	describe_buffer(r);
	return 0;
}

static int step_detach(struct run *r)
{
	__u64 t = now_us();
	int rc = vfio_detach(&r->edu.vfio);
	long pinned;

	if (rc)
		return fail(r, "detach", rc);
	t = now_us() - t;
	pinned = self_status_kb("VmPin") * 1024;
	say(r, "the device reaches no memory, %ld bytes pinned; %llu us", pinned, t);
	return pinned ? -EIO : 0;
}

static int step_close(struct run *r)
{
	edu_close(&r->edu);
	if (close(r->iommufd))
		return fail(r, "close /dev/iommu", -errno);
	pages_free(r->a, 4 * PAGE);
	say(r, "the device and /dev/iommu");
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct run *r);
} steps[] = {
	{"open", step_open},
	{"bind", step_bind},
	{"map", step_map},
	{"attach", step_attach},
	{"dma", step_dma},
	{"replace", step_replace},
	{"dma", step_dma_again},
	{"unmap", step_unmap},
	{"blocked", step_blocked_write},
	{"blocked", step_blocked_read},
	{"detach", step_detach},
	{"close", step_close},
};

int main(int argc, char **argv)
{
	struct run r = {.iommufd = -1, .kmsg = -1};

	if (argc > 1) {
		printf("usage: %s\n"
		       "Gives QEMU's edu device DMA to memory of this program through\n"
		       "/dev/iommu, checks every byte, and takes it away again.\n",
		       argv[0]);
		return strcmp(argv[1], "--help") ? 2 : 0;
	}
	printf("A device reaches exactly the memory that this program gives it.\n"
	       "(edu takes 100000 us for each copy, whatever the IOMMU does.)\n\n");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		r.step = steps[i].name;
		if (steps[i].run(&r)) {
			printf("run: FAIL (%s)\n", steps[i].name);
			return 1;
		}
	}
	printf("run: PASS\n");
	return 0;
}
