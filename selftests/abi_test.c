// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI of /dev/iommu as a program meets it that was built against the <linux/iommufd.h> of Linux 7.3: numbers, sizes,
 * values, and what each call says to each use. It is a table (abi_rows.h), a line of TAP for each row; what a row is
 * tried on is made anew for it. This file and the table use names of the kernel's header alone, so that they compile
 * against that as well as against ours (selftests/uapi/check does both).
 *
 * usage: abi_test [PART OF A ROW]; prints TAP
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/process.h"
#include "lib/system.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* What a row says where no errno does */
#define WRONG (-9999)

#define PAGE	  4096UL
#define MAPPED	  ((__u64)MOCK_APERTURE_START) /* two pages of w->memory, in ioas */
#define FREE	  (MAPPED + 0x1000000)	       /* nothing there, in any IOAS */
#define NO_ID	  0x7ffffff0
#define VIRT_ID	  0x99
#define SELFTEST  0xdeadbeef /* type of the mock's vIOMMUs, HW queues and invalidations */
#define EVENTS	  0xbeefbeef /* ... and of its events */
#define OP_VEVENT 17	     /* operations of IOMMU_TEST_CMD, on a device; on a size; on a descriptor */
#define OP_DMABUF 22
#define OP_REVOKE 23

/* What the mock's vIOMMU takes */
struct viommu_data {
	__u32 in_data, out_data;
	__aligned_u64 out_mmap_offset, out_mmap_length;
};

struct world {
	int fd, memfd; /* the latter: three pages and a half */
	char *memory;  /* 4 pages; then one that may only be read, and one that may not be used */
	__u32 ioas, other;
	struct mock_dev dev, no_dirty; /* with PASIDs, at the HWPT `parent`; without, and without dirty tracking */
	__u32 hwpt, parent, nested, dirty, marked;
	__u32 queue, viommu;
	int queue_fd;
	struct iommu_iova_range ranges[4];
	__u64 bits[8];
	struct iommu_hwpt_invalidate_selftest entries[2];
	struct viommu_data viommu_data;
};

#define READ_ONLY(w) ((w)->memory + 4 * PAGE)
#define NOTHING(w)   ((w)->memory + 5 * PAGE)
#define U(p)	     ((uintptr_t)(p))

/* --- what rows are tried on */

static int nested_on(struct world *w, __u32 pt, __u32 flags, __u32 *hwpt)
{
	struct iommu_hwpt_selftest data = {.iotlb = IOMMU_TEST_IOTLB_DEFAULT};
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = w->dev.idev,
		.pt_id = pt,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = U(&data),
	};
	int rc = iommufd_call(w->fd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt = cmd.out_hwpt_id;
	return rc;
}

static int world_open(struct world *w)
{
	int rc;

	*w = (struct world){.fd = iommufd_open(), .memfd = memfd_create("abi", 0), .queue_fd = -1};
	if (w->fd < 0 || w->memfd < 0 || ftruncate(w->memfd, 3 * PAGE + PAGE / 2))
		return -EBADF;
	w->memory = pages_alloc(6 * PAGE);
	memset(w->memory, 1, 6 * PAGE);
	if (mprotect(READ_ONLY(w), PAGE, PROT_READ) || mprotect(NOTHING(w), PAGE, PROT_NONE))
		return -errno;
	rc = ioas_alloc(w->fd, &w->ioas) ?: ioas_alloc(w->fd, &w->other);
	rc = rc ?: ioas_map_fixed(w->fd, w->ioas, w->memory, 2 * PAGE, MAPPED, MAP_RW);
	rc = rc ?: mock_device(w->fd, w->ioas, MOCK_FLAGS_DEVICE_PASID, &w->dev);
	rc = rc ?: mock_device(w->fd, w->ioas, MOCK_FLAGS_DEVICE_NO_DIRTY, &w->no_dirty);
	rc = rc ?: hwpt_alloc(w->fd, w->dev.idev, w->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &w->parent);
	rc = rc ?: mock_replace(w->fd, &w->dev, w->parent);
	return rc ?: nested_on(w, w->parent, 0, &w->nested);
}

static void world_close(struct world *w)
{
	if (w->queue_fd >= 0)
		close(w->queue_fd);
	close(w->fd);
	close(w->memfd);
	pages_free(w->memory, 6 * PAGE);
}

static int event_queue(struct world *w, __u32 type, __u32 depth);

/* A HWPT of the kind, or 0 */
static __u32 new_hwpt(struct world *w, __u32 flags)
{
	__u32 hwpt = 0;

	return hwpt_alloc(w->fd, w->dev.idev, w->ioas, flags, &hwpt) ? 0 : hwpt;
}

/* w->dirty, with dirty tracking on */
static __u32 tracking(struct world *w)
{
	if (!w->dirty) {
		w->dirty = new_hwpt(w, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
		if (dirty_tracking_set(w->fd, w->dirty, true))
			return 0;
	}
	return w->dirty;
}

/* A vIOMMU of the mock's; 0: there are none. data: what it gives and takes, or NULL */
static __u32 new_viommu(struct world *w, struct viommu_data *data)
{
	struct iommu_viommu_alloc cmd = {
		.size = sizeof(cmd),
		.type = SELFTEST,
		.dev_id = w->dev.idev,
		.hwpt_id = w->parent,
		.data_len = data ? sizeof(*data) : 0,
		.data_uptr = U(data),
	};

	if (!w->viommu && !iommufd_call(w->fd, IOMMU_VIOMMU_ALLOC, &cmd))
		w->viommu = cmd.out_viommu_id;
	return w->viommu;
}

static __u32 viommu(struct world *w) { return new_viommu(w, NULL); }

static int new_vdevice(struct world *w, __u32 dev, __u64 virt_id, __u32 *vdevice)
{
	struct iommu_vdevice_alloc cmd = {
		.size = sizeof(cmd), .viommu_id = viommu(w), .dev_id = dev, .virt_id = virt_id};
	int rc = iommufd_call(w->fd, IOMMU_VDEVICE_ALLOC, &cmd);

	*vdevice = cmd.out_vdevice_id;
	return rc;
}

static int new_hw_queue(struct world *w, __u32 index, __u32 *queue)
{
	struct iommu_hw_queue_alloc cmd = {
		.size = sizeof(cmd),
		.viommu_id = viommu(w),
		.type = SELFTEST,
		.index = index,
		.nesting_parent_iova = MAPPED,
		.length = PAGE,
	};
	int rc = iommufd_call(w->fd, IOMMU_HW_QUEUE_ALLOC, &cmd);

	*queue = cmd.out_hw_queue_id;
	return rc;
}

/* The guest of the vIOMMU has one device, whose events come into a queue of that depth. */
static int guest_with_events(struct world *w, __u32 depth)
{
	__u32 vdevice, nested;

	return new_vdevice(w, w->dev.idev, VIRT_ID, &vdevice) ?:
	       nested_on(w, w->viommu, 0, &nested) ?: mock_replace(w->fd, &w->dev, nested) ?: event_queue(w, EVENTS, depth);
}

static int event_queue(struct world *w, __u32 type, __u32 depth)
{
	struct iommu_veventq_alloc cmd = {
		.size = sizeof(cmd), .viommu_id = viommu(w), .type = type, .veventq_depth = depth};
	int rc = iommufd_call(w->fd, IOMMU_VEVENTQ_ALLOC, &cmd);

	if (!rc)
		w->queue_fd = (int)cmd.out_veventq_fd;
	return rc;
}

static int event(struct world *w)
{
	struct iommu_test_cmd cmd = {.trigger_iopf.dev_id = w->dev.idev};

	return mock_cmd(w->fd, &cmd, OP_VEVENT, 0);
}

/* The device is attached to a HWPT with a fault queue, w->queue. */
static int with_faults(struct world *w)
{
	__u32 hwpt;

	return fault_queue_alloc(w->fd, &w->queue, &w->queue_fd) ?:
	       hwpt_alloc_with_queue(w->fd, w->dev.idev, w->ioas, w->queue, &hwpt) ?: mock_replace(w->fd, &w->dev, hwpt);
}

static int fault(struct world *w, __u32 group, bool last)
{
	return mock_pasid_request(w->fd, &w->dev, 0, group, MAPPED, last);
}

static int get(int fd, void *to, size_t size)
{
	ssize_t n = read(fd, to, size);

	return n < 0 ? -errno : (int)n;
}

static int put(int fd, const void *from, size_t size)
{
	ssize_t n = write(fd, from, size);

	return n < 0 ? -errno : (int)n;
}

static int ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

/* mmap() of the descriptor, undone; 0 or a negative errno */
static int map_region(struct world *w, __u64 offset, size_t length, int prot, int flags)
{
	void *p = mmap(NULL, length, prot, flags, w->fd, (off_t)offset);

	return p == MAP_FAILED ? -errno : munmap(p, length);
}

static int dmabuf(struct world *w, __u32 length)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd), .op = OP_DMABUF, .pasid_attach = {length, O_RDWR | O_CLOEXEC}};
	int fd = ioctl(w->fd, IOMMU_TEST_CMD, &cmd);

	return fd < 0 ? -errno : fd;
}

static int take_back(struct world *w, int fd)
{
	struct iommu_test_cmd cmd = {.pasid_attach = {(__u32)fd, 1}};

	return mock_cmd(w->fd, &cmd, OP_REVOKE, 0);
}

#include "abi_rows.h"

/* --- the calls' sizes */

static int answer(struct world *w, const struct abi_call *c, void *cmd, __u32 size)
{
	*(__u32 *)cmd = size;
	return iommufd_call(w->fd, c->number, cmd);
}

/* A call that works, `size` bytes of it, before memory that is not there. `tail`: what all bytes are that no kernel
 * knows. */
static int sized(struct world *w, const struct abi_call *c, __u32 size, char tail)
{
	char *end = NOTHING(w), *cmd = end - (size > c->size ? size : c->size);

	if (mprotect(READ_ONLY(w), PAGE, PROT_READ | PROT_WRITE))
		return WRONG;
	memset(READ_ONLY(w), 0, PAGE);
	if (c->fill(w, cmd))
		return WRONG;
	if (size < c->size) {
		memmove(end - size, cmd, size);
		cmd = end - size;
	} else {
		memset(cmd + c->size, tail, size - c->size);
	}
	return answer(w, c, cmd, size);
}

static int size_rule(struct world *w, const struct abi_call *c, enum size_rule rule)
{
	char buffer[64] = {0};

	switch (rule) {
	case NUMBER:
		return c->number == (unsigned long)_IO(';', c->nr) ? 0 : WRONG;
	case SIZE:
		return c->size == c->expected_size ? 0 : WRONG;
	case EXACT:
		return sized(w, c, c->size, 0);
	case LEAST:
		return sized(w, c, c->min, 0);
	case LARGER:
		return sized(w, c, c->size + 40, 0);
	case TOO_SMALL:
		return answer(w, c, buffer, c->min - 1);
	case NO_SIZE:
		return answer(w, c, buffer, 0);
	case TAIL:
		return sized(w, c, c->size + 40, 1);
	case NO_POINTER:
		return iommufd_call(w->fd, c->number, NULL);
	case NOT_THERE:
		return iommufd_call(w->fd, c->number, NOTHING(w));
	}
	return WRONG;
}

/* --- TAP */

static unsigned int number, failed;
static const char *wanted_rows = "";

static const char *errno_name(int rc)
{
	static char text[2][24];
	static int turn;
	char *t = text[turn = !turn];
	const char *name = rc < 0 && rc > -200 ? strerrorname_np(-rc) : NULL;

	if (name)
		return name;
	snprintf(t, sizeof(text[0]), rc == WRONG ? "a wrong result" : "%d", rc);
	return t;
}

static bool begin(struct world *w, const char *row)
{
	int rc;

	if (!strstr(row, wanted_rows))
		return false;
	rc = world_open(w);
	if (!rc)
		return true;
	printf("not ok %u %s: cannot even begin: %s\n", ++number, row, errno_name(rc));
	failed++;
	world_close(w);
	return false;
}

static void end(struct world *w, const char *row, int want, int got)
{
	printf("%sok %u %s: %s", got == want ? "" : "not ", ++number, row, errno_name(want));
	if (got != want)
		printf(", but it is %s", errno_name(got));
	putchar('\n');
	failed += got != want;
	world_close(w);
}

static void try_sizes(const struct abi_call *c)
{
	static const char *const rules[] = {SIZE_RULES(NAME_OF_RULE)};
	static const int errnos[] = {SIZE_RULES(ERRNO_OF_RULE)};
	char row[128];
	struct world w;

	for (unsigned int rule = 0; rule < ARRAY_SIZE(rules); rule++) {
		snprintf(row, sizeof(row), "0x%x %s: %s", c->nr, c->name, rules[rule]);
		if (!begin(&w, row))
			continue;
		const bool works = rule == EXACT || rule == LEAST || rule == LARGER;
		end(&w, row, works ? c->good : errnos[rule], size_rule(&w, c, rule));
	}
}

static void try_values(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
		if (!strstr(values[i].name, wanted_rows))
			continue;
		const bool good = values[i].is == values[i].want;
		printf("%sok %u %s is %#llx", good ? "" : "not ", ++number, values[i].name, values[i].want);
		if (!good)
			printf(", but it is %#llx", values[i].is);
		putchar('\n');
		failed += !good;
	}
}

int main(int argc, char **argv)
{
	struct world w;

	if (argc > 2)
		return 2;
	if (argc == 2)
		wanted_rows = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mock_load()) {
		puts("1..0 # SKIP no mock_iommu.ko");
		return 4;
	}
	puts("TAP version 13");
	try_values();
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		try_sizes(&calls[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		if (begin(&w, rows[i].rule))
			end(&w, rows[i].rule, rows[i].want, rows[i].call(&w));
	printf("1..%u\n# %u rows, %u failed\n", number, number, failed);
	return failed || !number;
}
