// SPDX-License-Identifier: GPL-2.0-only
/* What a program can see, by asking every id what it is; see snapshot.h. */
#include "snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "iommufd.h"
#include "mock.h"
#include "system.h"

#define PAGE	 4096UL
#define LAST_ID	 16
#define FREE_IDS 3 /* so many of the next ids are told */
#define RANGES	 16
#define MAX_PINS 4

struct text {
	char *at;
	size_t left;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(t->at, t->left, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= t->left)
		len = (int)t->left - 1;
	t->at += len;
	t->left -= len;
}

/* The number of the page behind iova as a kernel driver reads it, or a negative errno */
static int page_behind(int fd, __u32 access, __u64 iova)
{
	unsigned char first = 0;
	int rc = access_rw(fd, access, iova, 1, &first, MOCK_ACCESS_RW_SLOW_PATH);

	return rc ? rc : first;
}

static void say_ioas(struct text *t, const struct view *v, __u32 id)
{
	struct iommu_iova_range ranges[RANGES];
	__u32 num = RANGES, access;
	__u64 align = 0, huge = 0;
	int rc = ioas_iova_ranges(v->fd, id, ranges, &num, &align);
	int option = option_get(v->fd, IOMMU_OPTION_HUGE_PAGES, id, &huge);

	say(t, "%u: IOAS rc %d align %llu large pages %d %llu\n" SNAPSHOT_RANGES, id, rc, align, option, huge);
	for (__u32 i = 0; i < num && i < RANGES; i++)
		say(t, " %llx-%llx", ranges[i].start, ranges[i].last);
	rc = access_create(v->fd, id, 0, &access);
	if (rc) {
		say(t, " access %d\n", rc);
		return;
	}
	for (const struct window *w = v->windows; w < v->windows + v->num_windows; w++) {
		say(t, "\n  reads");
		for (unsigned int i = 0; i < w->pages; i++)
			say(t, " %d", page_behind(v->fd, access, w->iova + i * PAGE));
	}
	say(t, "\n");
	close((int)access);
}

static void say_hwpt(struct text *t, const struct view *v, __u32 id)
{
	say(t, "%u: HWPT", id);
	for (const struct window *w = v->windows; w < v->windows + v->num_windows; w++) {
		__u64 bits[8] = {0};
		int rc = dirty_bitmap_get(v->fd, id, IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR, w->iova, w->pages * PAGE,
					  PAGE, bits);

		say(t, " maps ");
		for (unsigned int i = 0; i < w->pages; i++)
			say(t, "%s", mock_check_map(v->fd, id, w->iova + i * PAGE, PAGE, w->memory + i * PAGE) ? "-"
													      : "x");
		say(t, " dirty %d %llx", rc, bits[0]);
	}
	say(t, "\n");
}

/* Which of the values that tests put there is in it? */
static void say_nested(struct text *t, const struct view *v, __u32 id)
{
	static const __u32 known[] = {IOMMU_TEST_IOTLB_DEFAULT, 0};

	say(t, "%u: nested HWPT", id);
	for (__u32 slot = 0; slot < MOCK_NESTED_DOMAIN_IOTLB_NUM; slot++) {
		const char *which = "?d0";

		for (int k = 0; k < 2; k++) {
			struct iommu_test_cmd cmd = {.check_iotlb = {slot, known[k]}};

			if (!mock_cmd(v->fd, &cmd, IOMMU_TEST_OP_MD_CHECK_IOTLB, id))
				which = k ? "0" : "d";
		}
		say(t, " %s", which);
	}
	say(t, "\n");
}

static void say_object(struct text *t, const struct view *v, __u32 id)
{
	struct iommu_test_cmd slot = {.check_iotlb = {0, 0}};
	struct iommu_hw_info info;
	__u32 num = 0;

	if (ioas_iova_ranges(v->fd, id, NULL, &num, NULL) != -ENOENT)
		say_ioas(t, v, id);
	else if (mock_check_map(v->fd, id, 0, PAGE, NULL) != -ENOENT)
		say_hwpt(t, v, id);
	else if (mock_cmd(v->fd, &slot, IOMMU_TEST_OP_MD_CHECK_IOTLB, id) != -ENOENT)
		say_nested(t, v, id);
	else if (get_hw_info(v->fd, id, NULL, 0, &info) != -ENOENT)
		say(t, "%u: device\n", id);
}

static void say_free_ids(struct text *t, const struct view *v)
{
	__u32 ids[FREE_IDS] = {0};

	say(t, "free ids");
	for (int i = 0; i < FREE_IDS; i++) {
		int rc = ioas_alloc(v->fd, &ids[i]);

		say(t, " %d", rc ? rc : (int)ids[i]);
	}
	for (int i = 0; i < FREE_IDS; i++)
		if (ids[i])
			object_destroy(v->fd, ids[i]);
}

static int pins_of(const struct view *v, const char *page)
{
	for (int pins = 0; pins < MAX_PINS; pins++)
		if (!mock_check_refs(v->fd, page, PAGE, pins))
			return pins;
	return -1;
}

static void say_pasid(struct text *t, const struct view *v, const struct pasid_of *p)
{
	if (!p->dev->stdev)
		return;
	say(t, "%u: PASID %u", p->dev->stdev, p->pasid);
	for (const struct window *w = v->windows; w < v->windows + v->num_windows; w++) {
		__u32 hits[2];
		int rc = mock_dma(v->fd, p->dev, p->pasid, 1, w->iova, w->memory, hits);

		say(t, " %d %u", rc, rc ? 0 : hits[0]);
	}
	say(t, "\n");
}

/* How many are on their bus */
static int mock_devices(void)
{
	DIR *dir = opendir("/sys/bus/platform/devices");
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir)))
		count += !strncmp(entry->d_name, "iommufd_mock.", 13);
	if (dir)
		closedir(dir);
	return count;
}

static void say_process(struct text *t, const struct view *v)
{
	struct pollfd queue = {.fd = v->queue, .events = POLLIN};
	const struct window *w = v->windows;
	int next = dup(v->fd), ready = poll(&queue, 1, 0);
	__u64 mode = 0;
	__u32 compat = 0;
	int has_compat = vfio_ioas_get(v->fd, &compat);
	int has_mode = option_get(v->fd, IOMMU_OPTION_RLIMIT_MODE, 0, &mode);

	close(next);
	say(t, "\nnext fd %d queue %d %x vfio ioas %d %u rlimit mode %d %llu\n", next, ready, queue.revents, has_compat,
	    compat, has_mode, mode);
	say(t, "VmPin %ld VmLck %ld pinned %ld pins", self_status_kb("VmPin"), self_status_kb("VmLck"), pinned_pages());
	for (unsigned int i = 0; i < w->pages; i++)
		say(t, " %d", pins_of(v, w->memory + i * PAGE));
	say(t, "\n");
}

void snapshot_take(const struct view *view, char text[SNAPSHOT_SIZE])
{
	struct text t = {text, SNAPSHOT_SIZE};

	for (__u32 id = 1; id <= LAST_ID; id++)
		say_object(&t, view, id);
	for (unsigned int i = 0; i < view->num_pasids; i++)
		say_pasid(&t, view, &view->pasids[i]);
	say(&t, "mock devices %d\n", mock_devices());
	say_free_ids(&t, view);
	say_process(&t, view);
}
