// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock IOMMU as hardware with vIOMMUs: what its vIOMMUs, the caches of vDEVICEs, events and HW queues refuse and
 * do, for devices and for slices of them. That iommufd passes it on is what the tests of vIOMMUs rely on.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/system.h"
#include "lib/viommu.h"

#define DEFAULT   IOMMU_TEST_DEV_CACHE_DEFAULT
#define VIRT_ID   0x99
#define PASID     7
#define SLOTS     MOCK_DEV_CACHE_NUM
#define ALL_SLOTS IOMMU_TEST_INVALIDATE_FLAG_ALL

typedef struct iommu_viommu_invalidate_selftest entry;

FIXTURE(viommu)
{
	int fd;
	__u32 ioas, parent, viommu, nested;
	struct mock_dev dev;
};

static int nested_alloc(int fd, __u32 dev, __u32 viommu, __u32 flags, __u32 *hwpt)
{
	struct iommu_hwpt_selftest data = {.iotlb = IOMMU_TEST_IOTLB_DEFAULT};

	return hwpt_alloc_typed(fd, dev, viommu, flags, IOMMU_HWPT_DATA_SELFTEST, &data, sizeof(data), hwpt);
}

FIXTURE_SETUP(viommu)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, MOCK_FLAGS_DEVICE_PASID, &self->dev));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas,
				IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_PASID, &self->parent));
	ASSERT_EQ(0, viommu_alloc(self->fd, self->dev.idev, self->parent, IOMMU_VIOMMU_TYPE_SELFTEST, NULL, 0,
				  &self->viommu));
	ASSERT_EQ(0, nested_alloc(self->fd, self->dev.idev, self->viommu, IOMMU_HWPT_ALLOC_PASID, &self->nested));
}

FIXTURE_TEARDOWN(viommu)
{
	close(self->fd);
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

static long module_users(void)
{
	long users = -1;
	FILE *f = fopen("/sys/module/mock_iommu/refcnt", "re");

	if (!f || fscanf(f, "%ld", &users) != 1)
		users = -1;
	if (f)
		fclose(f);
	return users;
}

TEST_F(viommu, user_data)
{
	struct {
		struct iommu_viommu_selftest data;
		__u32 more;
	} u = {.data.in_data = 0xbeef};
	__u32 viommu, second;

#define ALLOC(type, data, length, id) viommu_alloc(self->fd, self->dev.idev, self->parent, type, data, length, id)
	EXPECT_EQ(-EOPNOTSUPP, ALLOC(IOMMU_VIOMMU_TYPE_ARM_SMMUV3, &u, sizeof(u.data), &viommu));
	EXPECT_EQ(-EINVAL, ALLOC(IOMMU_VIOMMU_TYPE_SELFTEST, &u, 7, &viommu));
	EXPECT_EQ(-EINVAL, ALLOC(IOMMU_VIOMMU_TYPE_SELFTEST, &u, sizeof(u), &viommu));
	EXPECT_EQ(-EFAULT, ALLOC(IOMMU_VIOMMU_TYPE_SELFTEST, (void *)PAGE, sizeof(u.data), &viommu));
	EXPECT_EQ(0, u.data.out_mmap_length);
	/* As much as there is room for */
	EXPECT_EQ(0, ALLOC(IOMMU_VIOMMU_TYPE_SELFTEST, &u, 8, &viommu));
	EXPECT_EQ(0xbeef, u.data.out_data);
	EXPECT_EQ(0, u.data.out_mmap_length);
	EXPECT_EQ(0, ALLOC(IOMMU_VIOMMU_TYPE_SELFTEST, &u, sizeof(u.data), &second));
	EXPECT_NE(0, u.data.out_mmap_offset);
	EXPECT_EQ(2 * PAGE, u.data.out_mmap_length);
	EXPECT_EQ(0, object_destroy(self->fd, viommu));
	EXPECT_EQ(0, object_destroy(self->fd, second));
}

/* No place for the results: nothing stays. */
TEST_F(viommu, results_not_writable)
{
	struct iommu_viommu_selftest *data = pages_alloc(PAGE);
	const long before = module_users();
	__u32 viommu;

	data->in_data = 1;
	ASSERT_EQ(0, mprotect(data, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, ALLOC(IOMMU_VIOMMU_TYPE_SELFTEST, data, sizeof(*data), &viommu));
	EXPECT_EQ(before, module_users());
}

TEST_F(viommu, pages)
{
	struct iommu_viommu_selftest data = {.in_data = 0x12345678};
	__u32 viommu;
	char *p;

	ASSERT_EQ(0, ALLOC(IOMMU_VIOMMU_TYPE_SELFTEST, &data, sizeof(data), &viommu));
	for (int i = 0; i < 2; i++) {
		p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, data.out_mmap_offset);
		ASSERT_NE(MAP_FAILED, p);
		EXPECT_EQ(0x12345678, *(__u32 *)p);
		EXPECT_EQ(i, p[2 * PAGE - 1]);
		EXPECT_EQ(0, bytes_not(p + 4, 2 * PAGE - 5, 0));
		p[2 * PAGE - 1] = 1;
		EXPECT_EQ(-EBUSY, object_destroy(self->fd, viommu));
		ASSERT_EQ(0, munmap(p, 2 * PAGE));
	}
	EXPECT_EQ(0, object_destroy(self->fd, viommu));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, self->fd, data.out_mmap_offset));
}

/* The module stays for its vIOMMUs, without devices too. */
TEST_F(viommu, module)
{
	const long before = module_users();
	__u32 viommu;

	ASSERT_LT(0, before);
	ASSERT_EQ(0, ALLOC(IOMMU_VIOMMU_TYPE_SELFTEST, NULL, 0, &viommu));
	EXPECT_EQ(before + 1, module_users());
	ASSERT_EQ(0, object_destroy(self->fd, self->dev.stdev));
	EXPECT_LT(0, module_users());
	ASSERT_EQ(0, object_destroy(self->fd, viommu));
}

TEST_F(viommu, nested_domains)
{
	__u32 iotlb = 0, hwpt;

	EXPECT_EQ(-EOPNOTSUPP,
		  nested_alloc(self->fd, self->dev.idev, self->viommu, IOMMU_HWPT_ALLOC_NEST_PARENT, &hwpt));
	EXPECT_EQ(-EOPNOTSUPP, nested_alloc(self->fd, self->dev.idev, self->viommu, 1u << 30, &hwpt));
	EXPECT_EQ(-EOPNOTSUPP, hwpt_alloc_typed(self->fd, self->dev.idev, self->viommu, 0, IOMMU_HWPT_DATA_VTD_S1,
						&iotlb, sizeof(iotlb), &hwpt));
	EXPECT_EQ(-EINVAL, hwpt_alloc_typed(self->fd, self->dev.idev, self->viommu, 0, IOMMU_HWPT_DATA_SELFTEST, &iotlb,
					    3, &hwpt));
	EXPECT_EQ(0, hwpt_alloc_typed(self->fd, self->dev.idev, self->viommu, 0, IOMMU_HWPT_DATA_SELFTEST, &iotlb, 4,
				      &hwpt));
}

/* Who has no number in the guest gets no domain of it. */
TEST_F(viommu, attach_needs_a_vdevice)
{
	__u32 vdevice;

	EXPECT_EQ(-ENOENT, mock_replace(self->fd, &self->dev, self->nested));
	ASSERT_EQ(0, mock_pasid_is_at(self->fd, &self->dev, 0, self->dev.hwpt));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, VIRT_ID, &vdevice));
	EXPECT_EQ(0, mock_replace(self->fd, &self->dev, self->nested));
	EXPECT_EQ(0, mock_pasid_is_at(self->fd, &self->dev, 0, self->nested));
	/* Its further PASIDs go by the same number. */
	EXPECT_EQ(0, mock_pasid_attach(self->fd, &self->dev, PASID, self->nested, NULL));
	EXPECT_EQ(0, mock_pasid_detach(self->fd, &self->dev, PASID));
	EXPECT_EQ(0, mock_replace(self->fd, &self->dev, self->parent));
	ASSERT_EQ(0, object_destroy(self->fd, vdevice));
	EXPECT_EQ(-ENOENT, mock_pasid_attach(self->fd, &self->dev, PASID, self->nested, NULL));
	EXPECT_EQ(-ENOENT, mock_replace(self->fd, &self->dev, self->nested));
}

/* Does the cache of idev have these values? */
#define EXPECT_CACHE(idev, a, b, c, d) EXPECT_EQ(SLOTS, right_slots(self->fd, idev, a, b, c, d))

static int right_slots(int fd, __u32 idev, __u32 a, __u32 b, __u32 c, __u32 d)
{
	const __u32 values[SLOTS] = {a, b, c, d};
	int right = 0;

	for (__u32 slot = 0; slot < SLOTS; slot++)
		right += mock_check_cache(fd, idev, slot, values[slot]) == 0;
	return right;
}

#define INVALIDATE(entries, count) \
	invalidate(self->fd, self->viommu, IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST, entries, sizeof(entry), count)

TEST_F(viommu, cache_check)
{
	EXPECT_CACHE(self->dev.idev, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
	EXPECT_EQ(-EINVAL, mock_check_cache(self->fd, self->dev.idev, SLOTS, DEFAULT));
	EXPECT_EQ(-EINVAL, mock_check_cache(self->fd, self->dev.idev, 0, 0));
	EXPECT_EQ(-ENOENT, mock_check_cache(self->fd, self->ioas, 0, DEFAULT));
}

/* Each of several devices, and of the slices of one, has a cache of its own. */
TEST_F(viommu, whose_cache)
{
	struct mock_dev other, slices[2];
	__u32 vdevice[4], one = 1;
	entry e = {.vdev_id = VIRT_ID + 3, .cache_id = 2};

	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &other));
	ASSERT_EQ(0, mock_slice(self->fd, self->ioas, PASID, NULL, &slices[0]));
	ASSERT_EQ(0, mock_slice(self->fd, self->ioas, PASID + 1, &slices[0], &slices[1]));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, VIRT_ID, &vdevice[0]));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, other.idev, VIRT_ID + 1, &vdevice[1]));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, slices[0].idev, VIRT_ID + 2, &vdevice[2]));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, slices[1].idev, VIRT_ID + 3, &vdevice[3]));

	ASSERT_EQ(0, INVALIDATE(&e, &one));
	EXPECT_CACHE(self->dev.idev, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
	EXPECT_CACHE(other.idev, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
	EXPECT_CACHE(slices[0].idev, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
	EXPECT_CACHE(slices[1].idev, DEFAULT, DEFAULT, 0, DEFAULT);
	e = (entry){.flags = ALL_SLOTS, .vdev_id = VIRT_ID + 1};
	ASSERT_EQ(0, INVALIDATE(&e, &one));
	EXPECT_CACHE(self->dev.idev, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
	EXPECT_CACHE(other.idev, 0, 0, 0, 0);
	e.vdev_id = VIRT_ID;
	ASSERT_EQ(0, INVALIDATE(&e, &one));
	EXPECT_CACHE(self->dev.idev, 0, 0, 0, 0);
	EXPECT_CACHE(slices[0].idev, DEFAULT, DEFAULT, DEFAULT, DEFAULT);

	/* Without its vDEVICE it is not reached. */
	ASSERT_EQ(0, object_destroy(self->fd, vdevice[2]));
	e.vdev_id = VIRT_ID + 2;
	EXPECT_EQ(-EINVAL, INVALIDATE(&e, &one));
	EXPECT_EQ(0, one);
	EXPECT_CACHE(slices[0].idev, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
}

/* More entries than the mock looks at together, one of them wrong in some way */
TEST_F(viommu, entries)
{
	const struct {
		entry wrong;
		int result;
	} cases[] = {
		{{.flags = 2, .vdev_id = VIRT_ID}, -EOPNOTSUPP},
		{{.flags = 2, .vdev_id = 1}, -EOPNOTSUPP},
		{{.vdev_id = VIRT_ID, .cache_id = SLOTS}, -EINVAL},
		{{.flags = ALL_SLOTS, .vdev_id = VIRT_ID, .cache_id = SLOTS}, -EINVAL},
		{{.vdev_id = 1}, -EINVAL},
	};
	const __u32 places[] = {0, 1, 31, 32, 33, 64, 99};
	__u32 vdevice, count;
	entry array[100];

	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, VIRT_ID, &vdevice));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t p = 0; p < sizeof(places) / sizeof(*places); p++) {
			for (size_t n = 0; n < 100; n++)
				array[n] = (entry){.vdev_id = VIRT_ID, .cache_id = 1};
			array[places[p]] = cases[i].wrong;
			array[99] = places[p] == 99 ? array[99] : (entry){.vdev_id = VIRT_ID, .cache_id = 3};
			count = 100;
			EXPECT_EQ(cases[i].result, INVALIDATE(array, &count))
			TH_LOG("case %zu at %u", i, places[p]);
			EXPECT_EQ(places[p], count);
		}
	}
	/* The last entry was never reached. */
	EXPECT_CACHE(self->dev.idev, DEFAULT, 0, DEFAULT, DEFAULT);
	count = 100;
	array[99] = (entry){.vdev_id = VIRT_ID, .cache_id = 3};
	for (size_t n = 0; n < 99; n++)
		array[n] = array[99];
	EXPECT_EQ(0, INVALIDATE(array, &count));
	EXPECT_EQ(100, count);
	EXPECT_CACHE(self->dev.idev, DEFAULT, 0, DEFAULT, 0);
}

TEST_F(viommu, entry_types)
{
	entry array[2] = {};
	__u32 count = 0;

#define ENTRIES(type, length) invalidate(self->fd, self->viommu, type, array, length, &count)
	EXPECT_EQ(0, ENTRIES(IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST, sizeof(entry)));
	EXPECT_EQ(-EINVAL, ENTRIES(IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST_INVALID, sizeof(entry)));
	count = 1;
	EXPECT_EQ(-EINVAL, ENTRIES(IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST_INVALID, sizeof(entry)));
	EXPECT_EQ(0, count);
	count = 1;
	EXPECT_EQ(-EINVAL, ENTRIES(IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST, sizeof(entry) - 4));
	count = 1;
	EXPECT_EQ(-EINVAL, ENTRIES(IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST, sizeof(entry) + 4));
	EXPECT_EQ(0, count);
}

struct event {
	struct iommufd_vevent_header header;
	struct iommu_viommu_event_selftest data;
};

TEST_F(viommu, events)
{
	const __u32 order[] = {2, 0, 1};
	struct mock_dev slices[2];
	__u32 vdevice, queue_id, plain;
	struct event e;
	int queue;

	/* Attached to nothing on a vIOMMU, to a nested domain that is on none, as number 0, without a listener */
	EXPECT_EQ(-ENOENT, mock_event(self->fd, self->ioas));
	EXPECT_EQ(-ENOENT, mock_event(self->fd, self->dev.idev));
	ASSERT_EQ(0, mock_nested_alloc(self->fd, self->dev.idev, self->parent, 0, &plain));
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, plain));
	EXPECT_EQ(-ENOENT, mock_event(self->fd, self->dev.idev));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, 0, &vdevice));
	EXPECT_EQ(-ENOENT, mock_event(self->fd, self->dev.idev));
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, self->nested));
	EXPECT_EQ(-ENOENT, mock_event(self->fd, self->dev.idev));
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, self->parent));
	ASSERT_EQ(0, object_destroy(self->fd, vdevice));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, VIRT_ID, &vdevice));
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, self->nested));
	EXPECT_EQ(-EOPNOTSUPP, mock_event(self->fd, self->dev.idev));

	ASSERT_EQ(0, veventq_alloc(self->fd, self->viommu, IOMMU_VEVENTQ_TYPE_SELFTEST, 8, &queue_id, &queue));
	ASSERT_EQ(0, mock_slice(self->fd, self->ioas, PASID, NULL, &slices[0]));
	ASSERT_EQ(0, mock_slice(self->fd, self->ioas, PASID + 1, &slices[0], &slices[1]));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(-ENOENT, mock_event(self->fd, slices[i].idev));
		EXPECT_EQ(-ENOENT, mock_replace(self->fd, &slices[i], self->nested));
		ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, slices[i].idev, VIRT_ID + 1 + i, &vdevice));
		ASSERT_EQ(0, mock_replace(self->fd, &slices[i], self->nested));
	}
	EXPECT_EQ(0, mock_event(self->fd, slices[1].idev));
	EXPECT_EQ(0, mock_event(self->fd, self->dev.idev));
	EXPECT_EQ(0, mock_event(self->fd, slices[0].idev));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(sizeof(e), read(queue, &e, sizeof(e)));
		EXPECT_EQ(VIRT_ID + order[i], e.data.virt_id);
		EXPECT_EQ(i, e.header.sequence);
	}
	EXPECT_EQ(0, poll(&(struct pollfd){.fd = queue, .events = POLLIN}, 1, 0));
	/* Replaced by something else */
	ASSERT_EQ(0, mock_replace(self->fd, &slices[0], self->parent));
	EXPECT_EQ(-ENOENT, mock_event(self->fd, slices[0].idev));
	EXPECT_EQ(0, mock_event(self->fd, slices[1].idev));
	close(queue);
}

TEST_F(viommu, hw_queues)
{
	const __u64 iova = MOCK_APERTURE_START;
	__u32 queues[4], viommu;
	char *memory = pages_alloc(2 * PAGE);

	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, memory, 2 * PAGE, iova, MAP_RW));
#define QUEUE(v, type, index, id) hw_queue_alloc(self->fd, v, type, index, iova, PAGE, id)
#define MOCK_QUEUE(v, index, id)  QUEUE(v, IOMMU_HW_QUEUE_TYPE_SELFTEST, index, id)
	EXPECT_EQ(-EOPNOTSUPP, QUEUE(self->viommu, IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV, 0, &queues[0]));
	EXPECT_EQ(-EINVAL, MOCK_QUEUE(self->viommu, IOMMU_TEST_HW_QUEUE_MAX, &queues[0]));
	EXPECT_EQ(-EINVAL, MOCK_QUEUE(self->viommu, UINT32_MAX, &queues[0]));
	EXPECT_EQ(-EIO, MOCK_QUEUE(self->viommu, 1, &queues[0]));
	/* What failed has not pinned anything. */
	ASSERT_EQ(0, mock_check_refs(self->fd, memory, 2 * PAGE, 1));

	/* Each vIOMMU has its own. */
	ASSERT_EQ(0, ALLOC(IOMMU_VIOMMU_TYPE_SELFTEST, NULL, 0, &viommu));
	for (int again = 0; again < 2; again++) {
		ASSERT_EQ(0, MOCK_QUEUE(self->viommu, 0, &queues[0]));
		EXPECT_EQ(-EEXIST, MOCK_QUEUE(self->viommu, 0, &queues[1]));
		EXPECT_EQ(-EIO, MOCK_QUEUE(viommu, 1, &queues[1]));
		ASSERT_EQ(0, MOCK_QUEUE(self->viommu, 1, &queues[1]));
		ASSERT_EQ(0, MOCK_QUEUE(viommu, 0, &queues[2]));
		ASSERT_EQ(0, MOCK_QUEUE(viommu, 1, &queues[3]));
		EXPECT_EQ(-EBUSY, object_destroy(self->fd, queues[0]));
		EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->viommu));
		EXPECT_EQ(-EBUSY, ioas_unmap(self->fd, self->ioas, iova, 2 * PAGE, NULL));
		EXPECT_EQ(0, object_destroy(self->fd, queues[3]));
		EXPECT_EQ(0, object_destroy(self->fd, queues[2]));
		EXPECT_EQ(-EBUSY, object_destroy(self->fd, queues[0]));
		EXPECT_EQ(0, object_destroy(self->fd, queues[1]));
		EXPECT_EQ(0, object_destroy(self->fd, queues[0]));
	}
	EXPECT_EQ(0, ioas_unmap(self->fd, self->ioas, iova, 2 * PAGE, NULL));
	EXPECT_EQ(0, mock_check_refs(self->fd, memory, 2 * PAGE, 0));
}

int main(int argc, char **argv)
{
	if (!mock_load())
		ksft_exit_skip("no mock_iommu.ko\n");
	return test_harness_run(argc, argv);
}
