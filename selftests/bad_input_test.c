// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every ioctl with every single mistake, starting from a call that works: so
 * each errno is the answer to exactly that mistake. Needs an edu device; what
 * serves guests is tried on the mock.
 *
 * Also: a call that fails pins nothing and leaves no object behind.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/process.h"
#include "lib/system.h"
#include "lib/viommu.h"

#include "bad_input_cases.h"

#define KERNEL_ADDRESS ((void *)0xffff888000000000UL)

FIXTURE(ioctl)
{
	struct world w;
	const struct ioctl_case *c;
	char *two; /* a page, and behind it one without access */
};

FIXTURE_VARIANT(ioctl) { unsigned long nr; };

#define VARIANT(name) \
	FIXTURE_VARIANT_ADD(ioctl, name) { .nr = IOMMU_##name }
VARIANT(DESTROY);
VARIANT(IOAS_ALLOC);
VARIANT(IOAS_ALLOW_IOVAS);
VARIANT(IOAS_IOVA_RANGES);
VARIANT(IOAS_MAP);
VARIANT(IOAS_MAP_FILE);
VARIANT(IOAS_CHANGE_PROCESS);
VARIANT(IOAS_COPY);
VARIANT(IOAS_UNMAP);
VARIANT(OPTION);
VARIANT(VFIO_IOAS);
VARIANT(HWPT_ALLOC);
VARIANT(GET_HW_INFO);
VARIANT(HWPT_SET_DIRTY_TRACKING);
VARIANT(HWPT_GET_DIRTY_BITMAP);
VARIANT(HWPT_INVALIDATE);
VARIANT(FAULT_QUEUE_ALLOC);
VARIANT(VIOMMU_ALLOC);
VARIANT(VDEVICE_ALLOC);
VARIANT(VEVENTQ_ALLOC);
VARIANT(HW_QUEUE_ALLOC);

typedef FIXTURE_DATA(ioctl) fixture;

static int guest_start(struct world *w)
{
	struct guest *g = &w->guest;
	int rc = mock_load() ? 0 : -ENODEV;

	rc = rc ?: mock_device(w->fd, w->other, 0, &g->dev);
	rc = rc ?: mock_device(w->fd, w->other, 0, &g->taken);
	rc = rc ?: hwpt_alloc(w->fd, g->dev.idev, w->other, IOMMU_HWPT_ALLOC_NEST_PARENT, &g->parent);
	rc = rc ?: viommu_alloc(w->fd, g->dev.idev, g->parent, IOMMU_VIOMMU_TYPE_SELFTEST, NULL, 0, &g->viommu);
	rc = rc ?: viommu_alloc(w->fd, g->dev.idev, g->parent, IOMMU_VIOMMU_TYPE_SELFTEST, NULL, 0, &g->in_use);
	rc = rc ?: vdevice_alloc(w->fd, g->in_use, g->taken.idev, NUMBER_IN_USE, &g->vdevice);
	rc = rc ?: veventq_alloc(w->fd, g->in_use, IOMMU_VEVENTQ_TYPE_SELFTEST, 1, &g->veventq, &g->events);
	return rc ?: hw_queue_alloc(w->fd, g->in_use, IOMMU_HW_QUEUE_TYPE_SELFTEST, 0, MAPPED, PAGE, &g->hw_queue);
}

/* The last made goes first. */
static int guest_end(struct world *w)
{
	const struct guest *g = &w->guest;
	const __u32 ids[] = {g->hw_queue, g->veventq, g->vdevice, g->in_use, g->viommu, g->parent,
			     g->taken.stdev, g->dev.stdev};
	int rc = close(g->events) ? -errno : 0;

	for (size_t i = 0; !rc && i < ARRAY_SIZE(ids); i++)
		rc = object_destroy(w->fd, ids[i]);
	return rc;
}

FIXTURE_SETUP(ioctl)
{
	struct world *w = &self->w;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (cases[i].nr == variant->nr)
			self->c = &cases[i];
	ASSERT_NE(NULL, self->c);

	self->two = pages_alloc(2 * PAGE);
	ASSERT_EQ(0, mprotect(self->two + PAGE, PAGE, PROT_NONE));
	w->info = (void *)(pages_alloc(2 * PAGE) + PAGE - sizeof(*w->info));
	ASSERT_EQ(0, mprotect(w->info + 1, PAGE, PROT_NONE));
	w->mem = pages_alloc(2 * PAGE);
	w->readonly = pages_alloc(PAGE);
	ASSERT_EQ(0, mprotect(w->readonly, PAGE, PROT_READ));
	w->nothing = pages_alloc(PAGE);
	ASSERT_EQ(0, mprotect(w->nothing, PAGE, PROT_NONE));

	w->memfd = memfd_create("bad_input", 0);
	ASSERT_LE(0, w->memfd);
	ASSERT_EQ(0, ftruncate(w->memfd, 3 * PAGE + 100));
	w->memfd_ro = open_again(w->memfd, O_RDONLY);
	ASSERT_LE(0, w->memfd_ro);
	w->text = open("/proc/self/comm", O_RDWR);
	ASSERT_LE(0, w->text);

	w->fd = iommufd_open();
	ASSERT_LE(0, w->fd);
	ASSERT_EQ(0, edu_open(&w->edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&w->edu, w->fd));
	ASSERT_EQ(0, ioas_alloc(w->fd, &w->ioas));
	ASSERT_EQ(0, ioas_alloc(w->fd, &w->other));
	ASSERT_EQ(0, ioas_map_fixed(w->fd, w->ioas, w->mem, 2 * PAGE, MAPPED, MAP_RW));
	ASSERT_EQ(0, ioas_map_fixed(w->fd, w->other, w->mem, 2 * PAGE, MAPPED, MAP_RW));
	ASSERT_EQ(0, vfio_attach(&w->edu.vfio, w->ioas, &w->hwpt));
	if (self->c->for_guests)
		ASSERT_EQ(0, guest_start(w));
}

FIXTURE_TEARDOWN(ioctl)
{
	struct world *w = &self->w;

	if (self->c->for_guests)
		EXPECT_EQ(0, guest_end(w));
	EXPECT_EQ(0, vfio_detach(&w->edu.vfio));
	edu_close(&w->edu);
	EXPECT_EQ(0, object_destroy(w->fd, w->ioas));
	EXPECT_EQ(0, object_destroy(w->fd, w->other));
	if (w->spare)
		object_destroy(w->fd, w->spare);
	EXPECT_EQ(0, self_status_kb("VmPin"));
	/* allowed only when the descriptor has no object left */
	EXPECT_EQ(0, option_set(w->fd, IOMMU_OPTION_RLIMIT_MODE, 0, 1));
	EXPECT_EQ(0, close(w->fd));
	EXPECT_EQ(0, close(w->memfd));
	EXPECT_EQ(0, close(w->memfd_ro));
	EXPECT_EQ(0, close(w->text));
}

/* A call that works, in a buffer of a page */
static void fill(fixture *self, void *cmd)
{
	memset(cmd, 0, PAGE);
	*(__u32 *)cmd = self->c->size;
	self->c->fill(&self->w, cmd);
}

static int call(fixture *self, void *cmd) { return iommufd_call(self->w.fd, self->c->nr, cmd); }

static void undo(fixture *self, void *cmd)
{
	if (self->c->undo)
		self->c->undo(&self->w, cmd);
}

TEST_F(ioctl, size_too_small)
{
	const size_t sizes[] = {0, 1, 4, self->c->min - 1};
	char *cmd = self->two;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill(self, cmd);
		*(__u32 *)cmd = sizes[i];
		EXPECT_EQ(-EINVAL, call(self, cmd))
		TH_LOG("size %zu", sizes[i]);
	}
}

TEST_F(ioctl, size_of_every_version)
{
	char *cmd = self->two;

	for (size_t size = self->c->min; size <= self->c->size; size += 4) {
		fill(self, cmd);
		*(__u32 *)cmd = size;
		ASSERT_EQ(self->c->good, call(self, cmd)) TH_LOG("size %zu", size);
		undo(self, cmd);
	}
}

TEST_F(ioctl, size_larger_with_zeros)
{
	const size_t sizes[] = {self->c->size + 1, self->c->size + 8, PAGE};
	char *cmd = self->two;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill(self, cmd);
		*(__u32 *)cmd = sizes[i];
		ASSERT_EQ(self->c->good, call(self, cmd)) TH_LOG("size %zu", sizes[i]);
		undo(self, cmd);
	}
}

TEST_F(ioctl, size_larger_with_something)
{
	const size_t sizes[] = {self->c->size + 1, self->c->size + 8, PAGE};
	char *cmd = self->two;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill(self, cmd);
		*(__u32 *)cmd = sizes[i];
		cmd[sizes[i] - 1] = 1;
		EXPECT_EQ(-E2BIG, call(self, cmd)) TH_LOG("size %zu", sizes[i]);
	}
}

TEST_F(ioctl, bad_pointer)
{
	char *edge = self->two + PAGE - 4; /* only the size can be read */
	char *cmd = self->two;

	EXPECT_EQ(-EFAULT, call(self, NULL));
	EXPECT_EQ(-EFAULT, call(self, self->w.nothing));
	EXPECT_EQ(-EFAULT, call(self, KERNEL_ADDRESS));
	*(__u32 *)edge = self->c->size;
	EXPECT_EQ(-EFAULT, call(self, edge));
	fill(self, cmd);
	*(__u32 *)cmd = PAGE + 8; /* the tail cannot be read */
	EXPECT_EQ(-EFAULT, call(self, cmd));
	*(__u32 *)cmd = UINT32_MAX;
	EXPECT_EQ(-EFAULT, call(self, cmd));
}

TEST_F(ioctl, structure_cannot_be_written)
{
	char *cmd = self->two;
	int want = self->c->answers ? -EFAULT : self->c->good;

	fill(self, cmd);
	ASSERT_EQ(0, mprotect(cmd, PAGE, PROT_READ));
	EXPECT_EQ(want, call(self, cmd));
	ASSERT_EQ(0, mprotect(cmd, PAGE, PROT_READ | PROT_WRITE));
}

static __u64 value_of(const struct world *w, const struct change *change)
{
	switch (change->when) {
	case LITERAL:
		return change->value;
	case IOAS_ID:
		return w->ioas;
	case HWPT_ID:
		return w->hwpt;
	case DEVICE_ID:
		return w->edu.vfio.dev_id;
	case NOTHING_VA:
		return U(w->nothing);
	case READONLY_VA:
		return U(w->readonly);
	case ODD_VA:
		return U(w->mem) + 1;
	case BAR_VA:
		return U(w->edu.bar);
	case IOMMUFD:
		return w->fd;
	case MEMFD_READ_ONLY:
		return w->memfd_ro;
	case PROC_FILE:
		return w->text;
	case MOCK_HWPT_ID:
		return w->guest.dev.hwpt;
	case TAKEN_DEVICE_ID:
		return w->guest.taken.idev;
	case VIOMMU_ID:
		return w->guest.viommu;
	case VIOMMU_IN_USE_ID:
		return w->guest.in_use;
	}
	abort();
}

static void apply(const struct world *w, const struct mistake *m, char *cmd)
{
	for (size_t i = 0; i < ARRAY_SIZE(m->change); i++) {
		__u64 value = value_of(w, &m->change[i]);

		memcpy(cmd + m->change[i].offset, &value, m->change[i].size);
	}
}

TEST_F(ioctl, each_mistake)
{
	long pinned = self_status_kb("VmPin");
	const struct mistake *m;
	char *cmd = self->two;

	for (m = self->c->mistakes; m->what; m++) {
		fill(self, cmd);
		apply(&self->w, m, cmd);
		EXPECT_EQ(m->want, call(self, cmd)) TH_LOG("%s", m->what);
		EXPECT_EQ(pinned, self_status_kb("VmPin"))
		TH_LOG("%s: pinned memory changed", m->what);
		if (self->c->left_well) {
			EXPECT_TRUE(self->c->left_well(cmd))
			TH_LOG("%s: wrong answer in the structure", m->what);
		}
	}
	/* and the good call still works */
	fill(self, cmd);
	EXPECT_EQ(self->c->good, call(self, cmd));
	undo(self, cmd);
}

TEST(unknown_ioctls)
{
	static const unsigned long numbers[] = {
		_IO(IOMMUFD_TYPE, 0x00),
		_IO(IOMMUFD_TYPE, 0x7f),
		_IO(IOMMUFD_TYPE, 0x9f),
		_IO(IOMMUFD_TYPE, 0xff),
		_IO('V', 0x81),
		_IO(0, 0x81),
		_IO(0xff, 0x81),
		_IOWR(IOMMUFD_TYPE, 0x81, struct iommu_ioas_alloc),
		_IOR(IOMMUFD_TYPE, 0x81, __u32),
		0,
		~0UL,
	};
	struct iommu_ioas_alloc cmd = {.size = sizeof(cmd)};
	int fd = iommufd_open();

	ASSERT_LE(0, fd);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_EQ(-ENOTTY, iommufd_call(fd, numbers[i], &cmd))
		TH_LOG("ioctl %#lx", numbers[i]);
	}
	EXPECT_EQ(0, cmd.out_ioas_id);
	EXPECT_EQ(0, close(fd));
}

/* Up to the number of the test call, which is the last one, a pointer that cannot be read goes first. */
TEST(unknown_ioctls_with_a_bad_pointer)
{
	struct iommu_ioas_alloc cmd = {.size = sizeof(cmd)};
	int fd = iommufd_open();

	ASSERT_LE(0, fd);
	for (unsigned int nr = 0; nr < 0x100; nr++) {
		const unsigned long number = _IO(IOMMUFD_TYPE, nr);
		const bool in_table = nr >= 0x80 && nr <= 0xa0;

		/* VFIO's calls are there too, from 100 on */
		if (nr >= 100 && nr < 0x80)
			continue;
		EXPECT_EQ(in_table ? -EFAULT : -ENOTTY, iommufd_call(fd, number, NULL)) TH_LOG("ioctl %#lx", number);
		EXPECT_EQ(in_table ? -EFAULT : -ENOTTY, iommufd_call(fd, number, KERNEL_ADDRESS))
		TH_LOG("ioctl %#lx", number);
		if (nr <= 0x95 || nr == 0xa0)
			continue;
		EXPECT_EQ(-ENOTTY, iommufd_call(fd, number, &cmd)) TH_LOG("ioctl %#lx", number);
	}
	EXPECT_EQ(0, close(fd));
}

TEST_HARNESS_MAIN
