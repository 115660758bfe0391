// SPDX-License-Identifier: GPL-2.0-only
/*
 * vIOMMUs of the mock IOMMU and of the core type: typed data of every length, nested HWPTs, and invalidations: what of
 * an array is done, and how many the caller is told of. What each argument may be is in abi_test.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/system.h"
#include "lib/viommu.h"

#define SELFTEST IOMMU_VIOMMU_TYPE_SELFTEST
#define TYPE     IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST
#define FULL     IOMMU_TEST_DEV_CACHE_DEFAULT
#define MOST     (1U << 19)

typedef struct iommu_viommu_invalidate_selftest entry;

FIXTURE(viommu)
{
	int fd;
	__u32 ioas, parent, viommu, vdevice;
	struct mock_dev dev; /* number 7 in the guest */
};

FIXTURE_SETUP(viommu)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &self->dev));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &self->parent));
	ASSERT_EQ(0, viommu_alloc(self->fd, self->dev.idev, self->parent, SELFTEST, NULL, 0, &self->viommu));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, 7, &self->vdevice));
}

FIXTURE_TEARDOWN(viommu) { EXPECT_EQ(0, close(self->fd)); }

static int with_data(const FIXTURE_DATA(viommu) * self, void *data, __u32 length)
{
	__u32 id;
	int rc = viommu_alloc(self->fd, self->dev.idev, self->parent, SELFTEST, data, length, &id);

	return rc ?: object_destroy(self->fd, id);
}

/* All of the guest's device's cache */
static void expect_cache(struct __test_metadata *_metadata, const FIXTURE_DATA(viommu) * self, const __u32 *want)
{
	for (__u32 slot = 0; slot < MOCK_DEV_CACHE_NUM; slot++) {
		EXPECT_EQ(0, mock_check_cache(self->fd, self->dev.idev, slot, want[slot])) TH_LOG("slot %u", slot);
	}
}

/* An older user space has the first fields only, a newer one has more than we know. */
TEST_F(viommu, data_of_every_length)
{
	unsigned char data[64];
	struct iommu_viommu_selftest *d = (void *)data;

	for (__u32 length = 1; length <= sizeof(data); length++) {
		const bool good = length >= 8 && length <= sizeof(*d);

		memset(data, 0x5a, sizeof(data));
		ASSERT_EQ(good ? 0 : -EINVAL, with_data(self, data, length)) TH_LOG("length %u", length);
		EXPECT_EQ(good ? d->in_data : 0x5a5a5a5a, d->out_data);
		/* Nothing is written behind it, nor where the user has no room for it. */
		for (size_t i = good ? length : 0; i < sizeof(data); i++) {
			ASSERT_EQ(0x5a, data[i]) TH_LOG("length %u: byte %zu", length, i);
		}
		if (length == sizeof(*d)) {
			EXPECT_EQ(2 * PAGE, d->out_mmap_length);
		}
	}
}

TEST_F(viommu, data_that_is_not_there)
{
	char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, page);
	EXPECT_EQ(-EFAULT, with_data(self, (void *)PAGE, sizeof(struct iommu_viommu_selftest)));
	EXPECT_EQ(-EFAULT, with_data(self, page, sizeof(struct iommu_viommu_selftest))); /* the results */
	EXPECT_EQ(0, mprotect(page, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, with_data(self, page, sizeof(struct iommu_viommu_selftest)));
}

TEST_F(viommu, is_kept_by_what_is_made_on_it)
{
	__u32 nested;

	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->parent));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->viommu));
	ASSERT_EQ(0, mock_nested_alloc(self->fd, self->dev.idev, self->viommu, 0, &nested));
	ASSERT_EQ(0, object_destroy(self->fd, self->vdevice));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->viommu));
	ASSERT_EQ(0, object_destroy(self->fd, nested));
	ASSERT_EQ(0, object_destroy(self->fd, self->viommu));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, self->viommu));
	EXPECT_EQ(-ENOENT, vdevice_alloc(self->fd, self->viommu, self->dev.idev, 7, &nested));
	EXPECT_EQ(0, object_destroy(self->fd, self->parent));
}

/* The IOMMU itself outlives the device by which it was found. */
TEST_F(viommu, outlives_its_device)
{
	struct mock_dev other;
	__u32 id;

	ASSERT_EQ(0, object_destroy(self->fd, self->dev.stdev));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &other));
	EXPECT_EQ(0, vdevice_alloc(self->fd, self->viommu, other.idev, 7, &id));
	EXPECT_EQ(0, mock_nested_alloc(self->fd, other.idev, self->viommu, 0, &id));
	EXPECT_EQ(0, mock_replace(self->fd, &other, id));
}

TEST_F(viommu, core_type)
{
	const __u32 *want = (__u32[]){FULL, FULL, FULL, FULL};
	entry e = {.vdev_id = 9};
	__u32 core, nested, vdevice, count = 1;
	char data[8] = "";

	EXPECT_EQ(-EINVAL,
		  viommu_alloc(self->fd, self->dev.idev, self->dev.hwpt, IOMMU_VIOMMU_TYPE_CORE, NULL, 0, &core));
	EXPECT_EQ(-EOPNOTSUPP,
		  viommu_alloc(self->fd, self->dev.idev, self->parent, IOMMU_VIOMMU_TYPE_CORE, data, 8, &core));
	ASSERT_EQ(0, viommu_alloc(self->fd, self->dev.idev, self->parent, IOMMU_VIOMMU_TYPE_CORE, NULL, 0, &core));
	EXPECT_EQ(-EEXIST, vdevice_alloc(self->fd, core, self->dev.idev, 9, &vdevice));
	ASSERT_EQ(0, object_destroy(self->fd, self->vdevice));
	ASSERT_EQ(0, vdevice_alloc(self->fd, core, self->dev.idev, 9, &vdevice));
	EXPECT_EQ(-EOPNOTSUPP, invalidate(self->fd, core, TYPE, &e, sizeof(e), &count));
	EXPECT_EQ(0, count);
	expect_cache(_metadata, self, want);
	/* As on the parent: invalidated by itself, attached without a vDEVICE of the mock's */
	ASSERT_EQ(0, mock_nested_alloc(self->fd, self->dev.idev, core, 0, &nested));
	EXPECT_EQ(0, mock_replace(self->fd, &self->dev, nested));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, core));
}

TEST_F(viommu, invalidates_one_slot_or_all)
{
	entry e = {.vdev_id = 7, .cache_id = 2};
	__u32 count = 1;

	ASSERT_EQ(0, invalidate(self->fd, self->viommu, TYPE, &e, sizeof(e), &count));
	EXPECT_EQ(1, count);
	expect_cache(_metadata, self, (__u32[]){FULL, FULL, 0, FULL});
	e = (entry){.vdev_id = 7, .flags = IOMMU_TEST_INVALIDATE_FLAG_ALL};
	ASSERT_EQ(0, invalidate(self->fd, self->viommu, TYPE, &e, sizeof(e), &count));
	expect_cache(_metadata, self, (__u32[]){0, 0, 0, 0});
}

/* The entry that fails and those behind it are not done; the caller is told how many were. */
TEST_F(viommu, stops_at_the_first_that_fails)
{
	static const struct {
		entry bad;
		int rc;
	} cases[] = {
		{{.vdev_id = 7, .flags = 2}, -EOPNOTSUPP},
		{{.vdev_id = 7, .cache_id = MOCK_DEV_CACHE_NUM}, -EINVAL},
		{{.vdev_id = 8}, -EINVAL},
	};

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
		for (__u32 at = 0; at < 3; at++) {
			entry e[3] = {{.vdev_id = 7}, {.vdev_id = 7, .cache_id = 1}, {.vdev_id = 7, .cache_id = 3}};
			__u32 count = 3;

			e[at] = cases[c].bad;
			ASSERT_EQ(cases[c].rc, invalidate(self->fd, self->viommu, TYPE, e, sizeof(*e), &count));
			EXPECT_EQ(at, count);
		}
	expect_cache(_metadata, self, (__u32[]){0, 0, FULL, FULL});
}

/* Longer than a batch of the driver's, with the end in the middle of one, and memory that ends there */
TEST_F(viommu, many_entries)
{
	const __u32 many = 100 * 1000, room = many * sizeof(entry) / PAGE * PAGE;
	char *memory = mmap(NULL, room + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	entry *e = (entry *)memory;
	__u32 count = many;

	ASSERT_NE(MAP_FAILED, memory);
	for (__u32 i = 0; i < many; i++)
		e[i] = (entry){.vdev_id = 7, .cache_id = i % 3};
	EXPECT_EQ(0, invalidate(self->fd, self->viommu, TYPE, e, sizeof(*e), &count));
	EXPECT_EQ(many, count);
	expect_cache(_metadata, self, (__u32[]){0, 0, 0, FULL});
	e[many - 5].vdev_id = 8;
	EXPECT_EQ(-EINVAL, invalidate(self->fd, self->viommu, TYPE, e, sizeof(*e), &count));
	EXPECT_EQ(many - 5, count);
	ASSERT_EQ(0, munmap(memory + room, PAGE));
	count = many;
	EXPECT_EQ(-EFAULT, invalidate(self->fd, self->viommu, TYPE, e, sizeof(*e), &count));
	EXPECT_LT(0, count);
	EXPECT_GE(room / sizeof(*e), count);
}

TEST_F(viommu, limits_of_an_array)
{
	const __u64 length = MOST * sizeof(entry);
	entry *e = mmap(NULL, length + sizeof(entry), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u32 count = MOST + 1;

	ASSERT_NE(MAP_FAILED, e);
	EXPECT_EQ(-EINVAL, invalidate(self->fd, self->viommu, TYPE, e, sizeof(*e), &count));
	EXPECT_EQ(0, count);
	for (__u32 len = 0; len < 2 * sizeof(entry); len++) {
		count = 1;
		if (len == sizeof(entry))
			continue;
		EXPECT_EQ(-EINVAL, invalidate(self->fd, self->viommu, TYPE, e, len, &count));
		EXPECT_EQ(0, count);
	}
	count = 1;
	EXPECT_EQ(-EINVAL, invalidate(self->fd, self->viommu, TYPE, e, PAGE + 1, &count));
	count = 1;
	EXPECT_EQ(-EINVAL, invalidate(self->fd, self->viommu, TYPE, NULL, sizeof(*e), &count));
	count = 1;
	EXPECT_EQ(-EFAULT, invalidate(self->fd, self->viommu, TYPE, (void *)PAGE, sizeof(*e), &count));
	EXPECT_EQ(0, count);
	for (__u32 i = 0; i < MOST; i++)
		e[i].vdev_id = 7;
	count = MOST;
	EXPECT_EQ(0, invalidate(self->fd, self->viommu, TYPE, e, sizeof(*e), &count));
	EXPECT_EQ(MOST, count);
}

/* Of another one's device the vIOMMU knows nothing. */
TEST_F(viommu, invalidates_its_own_only)
{
	entry e = {.vdev_id = 7, .flags = IOMMU_TEST_INVALIDATE_FLAG_ALL};
	const __u32 wrong[] = {self->vdevice, self->dev.idev, self->parent};
	__u32 other, count = 1;

	ASSERT_EQ(0, viommu_alloc(self->fd, self->dev.idev, self->parent, SELFTEST, NULL, 0, &other));
	EXPECT_EQ(-EINVAL, invalidate(self->fd, other, TYPE, &e, sizeof(e), &count));
	expect_cache(_metadata, self, (__u32[]){FULL, FULL, FULL, FULL});
	for (size_t i = 0; i < 3; i++) {
		count = 1;
		EXPECT_EQ(-EINVAL, invalidate(self->fd, wrong[i], TYPE, &e, sizeof(e), &count));
		EXPECT_EQ(0, count);
	}
}

int main(int argc, char **argv)
{
	if (!mock_load())
		ksft_exit_skip("no mock_iommu.ko\n");
	return test_harness_run(argc, argv);
}
