/* SPDX-License-Identifier: GPL-2.0-only */
/* One sweep of inject_test and inject_vfio_test: a call, and what it needs, with each of its steps failed in turn. */
#ifndef SELFTESTS_INJECT_SWEEP_H
#define SELFTESTS_INJECT_SWEEP_H

#include "lib/harness.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#include "lib/inject.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/snapshot.h"
#include "lib/system.h"
#include "lib/vfio.h"

#define PAGES	   6 /* of memory; more would make sweeps longer, not better */
#define FIRST	   ((__u64)MOCK_APERTURE_START)
#define SECOND	   (FIRST + 0x100000)
#define DIRTY_BITS 0x19ULL /* of those pages */
#define MOST	   400	   /* points of one call */

/* a set of them */
#define ERRNO(e) (1ULL << (e))

#define NO_MEMORY   ERRNO(ENOMEM)
#define LOOKUP	    (NO_MEMORY | ERRNO(ENOENT)) /* of an object, or a map of the mock */
#define PIN	    (LOOKUP | ERRNO(EFAULT))
#define RESERVATION (LOOKUP | ERRNO(EINVAL))

struct world {
	struct view view;
	struct window windows[2];
	char *memory; /* PAGES */
	__u32 ioas, other, hwpt, hwpt2, nested, fault, cookie, access;
	struct mock_dev dev, dev2;
	struct vfio_dev vfio;
	int group, file;
	void *bar; /* of vfio, mapped */
	size_t bar_size;
};

struct sweep {
	const char *name;
	int (*setup)(struct world *w);
	int (*call)(struct world *w);
	__u64 errnos;	    /* what the call may say; ENOMEM .. ENOENT are all below 64 */
	unsigned int least; /* so many points have to make it fail */
	unsigned int most;  /* where to stop; 0: behind the last one */
	/* The IOMMU driver tells of its reserved regions without a way to fail: short of memory, 6.12's intel driver
	 * leaves one out, and iommufd cannot know. */
	bool may_lose_region;
};

static void world_open(struct __test_metadata *_metadata, const struct sweep *s, struct world *w)
{
	*w = (struct world){.view = {.queue = -1, .num_windows = 2}, .vfio.fd = -1, .group = -1, .file = -1};
	w->memory = pages_alloc(PAGES * PAGE);
	for (int i = 0; i < PAGES; i++)
		w->memory[i * PAGE] = i + 1;
	w->windows[0] = (struct window){FIRST, w->memory, PAGES};
	w->windows[1] = (struct window){SECOND, w->memory, PAGES};
	w->view.windows = w->windows;
	w->view.fd = iommufd_open();
	ASSERT_LE(0, w->view.fd);
	ASSERT_EQ(0, s->setup(w)) TH_LOG("%s: what it needs", s->name);
}

static void world_close(struct __test_metadata *_metadata, struct world *w)
{
	if (w->bar)
		EXPECT_EQ(0, munmap(w->bar, w->bar_size));
	if (w->vfio.fd >= 0)
		vfio_close(&w->vfio);
	if (w->group >= 0)
		EXPECT_EQ(0, close(w->group));
	if (w->file >= 0)
		EXPECT_EQ(0, close(w->file));
	if (w->access)
		EXPECT_EQ(0, close((int)w->access));
	if (w->view.queue >= 0)
		EXPECT_EQ(0, close(w->view.queue));
	EXPECT_EQ(0, close(w->view.fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, pinned_pages());
	pages_free(w->memory, PAGES * PAGE);
}

static void expect_same(struct __test_metadata *_metadata, const char *what, const char *want, const char *got)
{
	EXPECT_EQ(0, strcmp(want, got)) {
		TH_LOG("%s: not the state that it should be", what);
		ksft_print_msg("wanted:\n%s\ngot:\n%s\n", want, got);
	}
}

/* Without the lines of usable ranges */
static void forget_ranges(char *text)
{
	for (char *line; (line = strstr(text, SNAPSHOT_RANGES));) {
		char *end = strchr(line, '\n');

		memmove(line, end, strlen(end) + 1);
	}
}

/* The n-th step fails. 1: it was there, and the call failed; 2: the call survived it; 0: there was none. */
static int run_point(struct __test_metadata *_metadata, const struct sweep *s, unsigned int n, const char *done)
{
	char before[SNAPSHOT_SIZE], after[SNAPSHOT_SIZE], want[SNAPSHOT_SIZE];
	struct world w;
	int rc, met;

	world_open(_metadata, s, &w);
	snapshot_take(&w.view, before);
	ASSERT_EQ(0, inject_arm(n));
	rc = s->call(&w);
	met = inject_disarm();
	ASSERT_LE(0, met);
	snapshot_take(&w.view, after);
	if (rc) {
		EXPECT_EQ(1, met) TH_LOG("%s fails without an injected fault: %d", s->name, rc);
		EXPECT_TRUE(rc > -64 && (s->errnos & ERRNO(-rc))) TH_LOG("%s: point %u: %d", s->name, n, rc);
		expect_same(_metadata, "after the failure", before, after);
		EXPECT_EQ(0, s->call(&w)) TH_LOG("%s: point %u: does not work afterwards", s->name, n);
		snapshot_take(&w.view, after);
	}
	snprintf(want, sizeof(want), "%s", done);
	if (s->may_lose_region && met && !rc) {
		forget_ranges(want);
		forget_ranges(after);
	}
	expect_same(_metadata, "when it is done", want, after);
	world_close(_metadata, &w);
	return !met ? 0 : rc ? 1 : 2;
}

static void run_sweep(struct __test_metadata *_metadata, const struct sweep *s)
{
	unsigned int n, failed = 0, most = s->most ?: MOST;
	char done[SNAPSHOT_SIZE];
	struct world w;
	int met;

	ASSERT_EQ(0, inject_open());
	world_open(_metadata, s, &w);
	ASSERT_EQ(0, s->call(&w)) TH_LOG("%s does not work at all", s->name);
	snapshot_take(&w.view, done);
	world_close(_metadata, &w);

	for (n = 1; n <= most && _metadata->exit_code == KSFT_PASS; n++) {
		met = run_point(_metadata, s, n, done);
		if (!met)
			break;
		failed += met == 1;
	}
	ksft_print_msg("%s: %u points, %u of them failed the call\n", s->name, n - 1, failed);
	EXPECT_TRUE(s->most || n <= most);
	EXPECT_LE(s->least, failed);
}

#define SWEEP(what, ...)                                                \
	TEST(sweep_##what)                                              \
	{                                                               \
		static const struct sweep sweep = {.name = #what, __VA_ARGS__}; \
		run_sweep(_metadata, &sweep);                           \
	}

#endif /* SELFTESTS_INJECT_SWEEP_H */
