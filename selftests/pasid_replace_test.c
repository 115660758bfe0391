// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replacing what a slice is attached to, under DMA: a thread plays it all the time. In one step, where the IOMMU driver
 * can, no DMA meets neither of the two page tables. In two steps, as with the drivers of 6.12, it does, unless the
 * slice's driver holds it meanwhile. A replace that fails leaves everything as it was.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/system.h"

#define IOVA     ((__u64)MOCK_APERTURE_START)
#define BATCH    100   /* DMAs of one call */
#define TIMES    10000 /* of the cheapest replace */
#define FEWER    2000
#define PATIENCE 20000000 /* us */
#define FURTHER  200

FIXTURE(replace)
{
	int fd;
	__u32 ioas[2], hwpt[2];
	char *memory; /* page i is at IOVA in ioas[i] */
	struct mock_dev slice, sibling;
	long replaced, pauses, resumes; /* before */
};

typedef FIXTURE_DATA(replace) fixture;

FIXTURE_VARIANT(replace) { bool one_step, pause; };

FIXTURE_VARIANT_ADD(replace, one_step){
	.one_step = true,
	.pause = true,
};

FIXTURE_VARIANT_ADD(replace, two_steps){
	.pause = true,
};

FIXTURE_VARIANT_ADD(replace, two_steps_unpaused){};

/* Not while there are devices, and the last ones may take a moment to go. */
static int choose(bool one_step)
{
	int rc = -EBUSY;

	for (int i = 0; i < 100 && rc == -EBUSY; i++) {
		rc = mock_switch("replace_pasid", one_step);
		if (rc == -EBUSY)
			usleep(50 * 1000);
	}
	return rc;
}

FIXTURE_SETUP(replace)
{
	ASSERT_EQ(0, choose(variant->one_step));
	ASSERT_EQ(0, mock_switch("pause_slices", variant->pause));
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	self->memory = pages_alloc(2 * PAGE);
	memset(self->memory, 1, 2 * PAGE);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas[i]));
		ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas[i], self->memory + i * PAGE, PAGE, IOVA, MAP_RW));
	}
	ASSERT_EQ(0, mock_slice(self->fd, self->ioas[0], 100, NULL, &self->slice));
	ASSERT_EQ(0, mock_slice(self->fd, self->ioas[0], 101, &self->slice, &self->sibling));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, hwpt_alloc(self->fd, self->slice.idev, self->ioas[i], 0, &self->hwpt[i]));
	self->replaced = mock_counter("replaced_pasids");
	self->pauses = mock_counter("pauses");
	self->resumes = mock_counter("resumes");
}

FIXTURE_TEARDOWN(replace)
{
	EXPECT_EQ(mock_counter("pauses"), mock_counter("resumes"));
	mock_set("fail_attaches", 0);
	mock_set("fail_pauses", 0);
	close(self->fd);
	EXPECT_EQ(0, choose(true));
	mock_switch("pause_slices", true);
}

#define EXPECT_COUNTED(in_one_step, paused, resumed)                                      \
	do {                                                                              \
		EXPECT_EQ(in_one_step, mock_counter("replaced_pasids") - self->replaced); \
		EXPECT_EQ(paused, mock_counter("pauses") - self->pauses);                 \
		EXPECT_EQ(resumed, mock_counter("resumes") - self->resumes);              \
	} while (0)

struct watch {
	const fixture *self;
	__u32 pasid;
	int times; /* at least; then: so often */
	bool gap;  /* some DMA should be blocked */
	atomic_bool stop;
	atomic_ulong seen[2], missed;
	int rc;
};

static void *keep_looking(void *arg)
{
	struct watch *w = arg;
	__u32 hits[2];

	while (!atomic_load(&w->stop) && !w->rc) {
		w->rc = mock_dma(w->self->fd, &w->self->slice, w->pasid, BATCH, IOVA, w->self->memory, hits);
		atomic_fetch_add(&w->seen[0], hits[0]);
		atomic_fetch_add(&w->seen[1], hits[1]);
		atomic_fetch_add(&w->missed, BATCH - hits[0] - hits[1]);
	}
	return NULL;
}

/* Where its DMA goes: the number of the page, or -1; -2 and less: an errno */
static int page_of(const fixture *self, const struct mock_dev *dev, __u32 pasid)
{
	__u32 hits[2];
	int rc = mock_dma(self->fd, dev, pasid, 1, IOVA, self->memory, hits);

	return rc ? rc - 1 : hits[0] ? 0 : hits[1] ? 1 : -1;
}

static int move_to(const fixture *self, __u32 pasid, __u32 pt)
{
	return pasid ? mock_pasid_replace(self->fd, &self->slice, pasid, pt, NULL)
		     : mock_replace(self->fd, &self->slice, pt);
}

/* On a busy machine the one thread may hardly have run while the other was at it. */
static bool seen_enough(const struct watch *w) { return w->seen[0] && w->seen[1] && (!w->gap || w->missed); }

/* Replaces back and forth, and tells what the DMA of the meantime met. */
static void under_dma(struct __test_metadata *_metadata, fixture *self, struct watch *w, const __u32 pts[2])
{
	unsigned long wrong = 0;
	pthread_t looking;
	__u64 start;
	int done;

	ASSERT_EQ(0, pthread_create(&looking, NULL, keep_looking, w));
	start = now_us();
	for (done = 0; done < w->times || done % 2 || (!seen_enough(w) && now_us() - start < PATIENCE); done++) {
		ASSERT_EQ(0, move_to(self, w->pasid, pts[(done + 1) % 2]));
		/* from here on it is the new one alone */
		wrong += page_of(self, &self->slice, w->pasid) != (done + 1) % 2;
	}
	w->times = done;
	start = now_us() - start;
	atomic_store(&w->stop, true);
	ASSERT_EQ(0, pthread_join(looking, NULL));
	EXPECT_EQ(0, w->rc);
	EXPECT_EQ(0, wrong);
	TH_LOG("%d replaces, %llu us each; DMA: %lu to the one, %lu to the other, %lu blocked", w->times,
	       (unsigned long long)start / w->times, (unsigned long)w->seen[0], (unsigned long)w->seen[1],
	       (unsigned long)w->missed);
	EXPECT_LT(0, w->seen[0]);
	EXPECT_LT(0, w->seen[1]);
}

static void expect_times(struct __test_metadata *_metadata, fixture *self, const FIXTURE_VARIANT(replace) * variant,
			 int times)
{
	const int held = variant->pause && !variant->one_step ? times : 0;

	EXPECT_COUNTED(variant->one_step ? times : 0, held, held);
}

static void no_gap(struct __test_metadata *_metadata, fixture *self, const FIXTURE_VARIANT(replace) * variant,
		   const __u32 pts[2], int times)
{
	/* without either there has to be a gap, or else this test would notice nothing */
	struct watch w = {.self = self, .times = times, .gap = !variant->one_step && !variant->pause};

	under_dma(_metadata, self, &w, pts);
	EXPECT_EQ(w.gap, w.missed != 0);
	expect_times(_metadata, self, variant, w.times);
	EXPECT_EQ(0, page_of(self, &self->sibling, 0));
}

TEST_F(replace, hwpts_without_a_gap) { no_gap(_metadata, self, variant, self->hwpt, TIMES); }
TEST_F(replace, ioases_without_a_gap) { no_gap(_metadata, self, variant, self->ioas, FEWER); }

TEST_F(replace, further_pasid_without_a_gap)
{
	struct watch w = {.self = self, .pasid = FURTHER, .times = FEWER, .gap = !variant->one_step && !variant->pause};

	ASSERT_EQ(0, mock_pasid_attach(self->fd, &self->slice, FURTHER, self->hwpt[0], NULL));
	under_dma(_metadata, self, &w, self->hwpt);
	EXPECT_EQ(w.gap, w.missed != 0);
	expect_times(_metadata, self, variant, w.times);
}

TEST_F(replace, by_the_same)
{
	EXPECT_EQ(0, mock_replace(self->fd, &self->slice, self->slice.hwpt));
	EXPECT_EQ(0, mock_replace(self->fd, &self->slice, self->ioas[0]));
	EXPECT_COUNTED(0, 0, 0);
}

TEST_F(replace, refused)
{
	const int moves = variant->one_step ? 0 : variant->pause;
	const __u32 pts[] = {self->hwpt[1], self->ioas[1]};

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, mock_set("fail_attaches", 1));
		EXPECT_EQ(-ENOMEM, mock_replace(self->fd, &self->slice, pts[i]));
		EXPECT_EQ(0, mock_counter("fail_attaches"));
		EXPECT_EQ(0, page_of(self, &self->slice, 0));
		EXPECT_EQ(0, mock_pasid_is_at(self->fd, &self->slice, 0, self->slice.hwpt));
	}
	EXPECT_COUNTED(0, 2 * moves, 2 * moves);
	EXPECT_EQ(0, object_destroy(self->fd, self->hwpt[1]));
	EXPECT_EQ(0, mock_replace(self->fd, &self->slice, self->ioas[1]));
	EXPECT_EQ(1, page_of(self, &self->slice, 0));
	EXPECT_COUNTED(variant->one_step, 3 * moves, 3 * moves);
}

/* Two steps: the new one is refused, and then the old one, too. The slice is blocked, and stays usable. */
TEST_F(replace, refused_for_good)
{
	int log = kmsg_open();
	char line[256];

	ASSERT_LE(0, log);
	ASSERT_EQ(0, mock_pasid_attach(self->fd, &self->slice, FURTHER, self->ioas[0], NULL));
	for (__u32 pasid = 0; pasid <= FURTHER; pasid += FURTHER) {
		ASSERT_EQ(0, mock_set("fail_attaches", 2));
		EXPECT_EQ(-ENOMEM, move_to(self, pasid, self->ioas[1]));
		EXPECT_EQ(variant->one_step, mock_counter("fail_attaches"));
		ASSERT_EQ(0, mock_set("fail_attaches", 0));
		EXPECT_EQ(variant->one_step ? 0 : -1, page_of(self, &self->slice, pasid));
		EXPECT_EQ(!variant->one_step, kmsg_find(log, "DMA is blocked", line, sizeof(line), 100 * 1000));
		EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->ioas[0]));
		EXPECT_EQ(0, page_of(self, &self->sibling, 0));
		/* not back by chance: by a replace */
		ASSERT_EQ(0, move_to(self, pasid, self->ioas[1]));
		EXPECT_EQ(1, page_of(self, &self->slice, pasid));
		ASSERT_EQ(0, move_to(self, pasid, self->ioas[0]));
		EXPECT_EQ(0, page_of(self, &self->slice, pasid));
		/* and once more, for what follows to meet it blocked */
		ASSERT_EQ(0, mock_set("fail_attaches", 2));
		EXPECT_EQ(-ENOMEM, move_to(self, pasid, self->ioas[1]));
		ASSERT_EQ(0, mock_set("fail_attaches", 0));
	}
	close(log);
	ASSERT_EQ(0, mock_pasid_detach(self->fd, &self->slice, FURTHER));
	ASSERT_EQ(0, object_destroy(self->fd, self->slice.stdev));
	EXPECT_EQ(0, page_of(self, &self->sibling, 0));
}

TEST_F(replace, cannot_be_held)
{
	const bool held = variant->pause && !variant->one_step;

	ASSERT_EQ(0, mock_set("fail_pauses", 1));
	EXPECT_EQ(held ? -EBUSY : 0, mock_replace(self->fd, &self->slice, self->hwpt[1]));
	EXPECT_EQ(held ? 0 : 1, page_of(self, &self->slice, 0));
	EXPECT_COUNTED(variant->one_step, 0, 0);
	ASSERT_EQ(0, mock_set("fail_pauses", 0));
	EXPECT_EQ(0, mock_replace(self->fd, &self->slice, self->hwpt[1]));
	EXPECT_EQ(1, page_of(self, &self->slice, 0));
}

int main(int argc, char **argv)
{
	if (!mock_load())
		ksft_exit_skip("no mock_iommu.ko\n");
	return test_harness_run(argc, argv);
}
