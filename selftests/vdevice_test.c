// SPDX-License-Identifier: GPL-2.0-only
/*
 * vDEVICEs of mock devices and of their slices: numbers, who may have how many, and their end with the device, also
 * while an invalidation is using them.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/stall.h"
#include "lib/system.h"
#include "lib/viommu.h"

#define SELFTEST IOMMU_VIOMMU_TYPE_SELFTEST
#define TYPE     IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST
#define FULL     IOMMU_TEST_DEV_CACHE_DEFAULT

typedef struct iommu_viommu_invalidate_selftest entry;

FIXTURE(vdevice)
{
	int fd;
	__u32 ioas, parent, viommu, viommu2;
	struct mock_dev dev;
};

FIXTURE_SETUP(vdevice)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, MOCK_FLAGS_DEVICE_PASID, &self->dev));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &self->parent));
	ASSERT_EQ(0, viommu_alloc(self->fd, self->dev.idev, self->parent, SELFTEST, NULL, 0, &self->viommu));
	ASSERT_EQ(0, viommu_alloc(self->fd, self->dev.idev, self->parent, SELFTEST, NULL, 0, &self->viommu2));
}

FIXTURE_TEARDOWN(vdevice) { EXPECT_EQ(0, close(self->fd)); }

static int invalidate_all_of(int fd, __u32 viommu, __u32 virt_id)
{
	entry e = {.vdev_id = virt_id, .flags = IOMMU_TEST_INVALIDATE_FLAG_ALL};
	__u32 count = 1;

	return invalidate(fd, viommu, TYPE, &e, sizeof(e), &count);
}

TEST_F(vdevice, one_for_a_device_one_for_a_number)
{
	struct mock_dev other;
	__u32 id, second;

	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &other));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, 5, &id));
	EXPECT_EQ(-EEXIST, vdevice_alloc(self->fd, self->viommu, self->dev.idev, 6, &second));
	EXPECT_EQ(-EEXIST, vdevice_alloc(self->fd, self->viommu2, self->dev.idev, 6, &second));
	EXPECT_EQ(-EEXIST, vdevice_alloc(self->fd, self->viommu, other.idev, 5, &second));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu2, other.idev, 5, &second));
	/* Each is its own vIOMMU's 5. */
	ASSERT_EQ(0, invalidate_all_of(self->fd, self->viommu2, 5));
	EXPECT_EQ(0, mock_check_cache(self->fd, self->dev.idev, 0, FULL));
	EXPECT_EQ(0, mock_check_cache(self->fd, other.idev, 0, 0));
	ASSERT_EQ(0, object_destroy(self->fd, id));
	EXPECT_EQ(-EINVAL, invalidate_all_of(self->fd, self->viommu, 5));
	EXPECT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, 6, &id));
}

TEST_F(vdevice, any_number)
{
	static const __u64 numbers[] = {0, 1, 0xffff, 1ULL << 32, UINT64_MAX};
	__u32 id;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, numbers[i], &id));
		ASSERT_EQ(0, object_destroy(self->fd, id));
	}
}

/* A slice is told apart from its parent's others by its default PASID. */
TEST_F(vdevice, slices)
{
	struct mock_dev one, two;
	__u32 id, first;

	ASSERT_EQ(0, mock_slice(self->fd, self->ioas, 100, NULL, &one));
	ASSERT_EQ(0, mock_slice(self->fd, self->ioas, 101, &one, &two));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, one.idev, 0x100, &first));
	EXPECT_EQ(-EEXIST, vdevice_alloc(self->fd, self->viommu, one.idev, 0x102, &id));
	EXPECT_EQ(-EEXIST, vdevice_alloc(self->fd, self->viommu, two.idev, 0x100, &id));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, two.idev, 0x101, &id));
	ASSERT_EQ(0, invalidate_all_of(self->fd, self->viommu, 0x101));
	EXPECT_EQ(0, mock_check_cache(self->fd, one.idev, 0, FULL));
	EXPECT_EQ(0, mock_check_cache(self->fd, two.idev, 0, 0));
	ASSERT_EQ(0, object_destroy(self->fd, one.stdev));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, first));
	EXPECT_EQ(-EINVAL, invalidate_all_of(self->fd, self->viommu, 0x100));
	EXPECT_EQ(0, invalidate_all_of(self->fd, self->viommu, 0x101));
}

TEST_F(vdevice, goes_with_its_device_and_its_id_stays_dead)
{
	struct mock_dev other;
	__u32 dead, id;

	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, 5, &dead));
	ASSERT_EQ(0, object_destroy(self->fd, self->dev.stdev));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, dead));
	EXPECT_EQ(-ENOENT, invalidate_all_of(self->fd, dead, 5));
	EXPECT_EQ(-EINVAL, invalidate_all_of(self->fd, self->viommu, 5));
	/* Every other id is given out again, the number too. */
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &other));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, other.idev, 5, &id));
	EXPECT_NE(dead, id);
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(0, ioas_alloc(self->fd, &id));
		ASSERT_NE(dead, id);
	}
}

/* An fd with nothing but a dead id in it is not as a new one. */
TEST_F(vdevice, a_dead_id_counts)
{
	__u32 dead;

	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, 5, &dead));
	ASSERT_EQ(0, object_destroy(self->fd, self->dev.stdev));
	ASSERT_EQ(0, object_destroy(self->fd, self->viommu));
	ASSERT_EQ(0, object_destroy(self->fd, self->viommu2));
	ASSERT_EQ(0, object_destroy(self->fd, self->parent));
	ASSERT_EQ(0, object_destroy(self->fd, self->ioas));
	EXPECT_EQ(-EBUSY, option_set(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, 1));
}

/* Closing with everything there: the device goes before the vDEVICE or after it, as it happens. */
TEST_F(vdevice, closed_with_everything)
{
	struct mock_dev more[8];
	__u32 id, nested;

	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, 5, &id));
	ASSERT_EQ(0, mock_nested_alloc(self->fd, self->dev.idev, self->viommu, 0, &nested));
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, nested));
	for (int i = 0; i < 8; i++) {
		ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &more[i]));
		ASSERT_EQ(0, vdevice_alloc(self->fd, i % 2 ? self->viommu : self->viommu2, more[i].idev, 100 + i, &id));
	}
	ASSERT_EQ(0, object_destroy(self->fd, more[3].stdev));
}

struct call {
	int fd;
	__u32 object;
	const void *entries;
	__u32 count; /* in, out */
};

static int call_invalidate(void *arg)
{
	struct call *c = arg;

	return invalidate(c->fd, c->object, TYPE, c->entries, sizeof(entry), &c->count);
}

static int call_destroy(void *arg)
{
	struct call *c = arg;

	return object_destroy(c->fd, c->object);
}

/* What an invalidation may have found stays until it ends: whoever takes it away waits, user space and unbind alike. */
static void taken_away(struct __test_metadata *_metadata, FIXTURE_DATA(vdevice) * self, bool unbind)
{
	struct stall stall;
	struct stalled_call invalidating, destroying;
	struct call what = {.fd = self->fd, .object = self->viommu, .count = 1}, whom = {.fd = self->fd};
	__u32 id;

	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, 5, &id));
	ASSERT_EQ(0, stall_open(&stall, PAGE));
	what.entries = stall.mem;
	whom.object = unbind ? self->dev.stdev : id;
	ASSERT_EQ(0, stall_start(&invalidating, call_invalidate, &what));
	ASSERT_TRUE(stall_wait(&stall));
	ASSERT_EQ(0, stall_start(&destroying, call_destroy, &whom));
	EXPECT_TRUE(stall_goes_on(&destroying));
	/* The vIOMMU does not know it any more, another call does not wait. */
	EXPECT_EQ(-EINVAL, invalidate_all_of(self->fd, self->viommu, 5));
	ASSERT_EQ(0, stall_let_go(&stall));
	EXPECT_EQ(-EINVAL, stall_join(&invalidating)); /* zeros: number 0, which is nobody's */
	EXPECT_EQ(0, stall_join(&destroying));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, id));
	stall_close(&stall);
}

TEST_F(vdevice, destroyed_during_an_invalidation) { taken_away(_metadata, self, false); }
TEST_F(vdevice, unbound_during_an_invalidation) { taken_away(_metadata, self, true); }

int main(int argc, char **argv)
{
	if (!mock_load())
		ksft_exit_skip("no mock_iommu.ko\n");
	return test_harness_run(argc, argv);
}
