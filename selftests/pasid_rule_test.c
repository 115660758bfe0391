// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_ALLOC_PASID on mock devices: which HWPTs a physical device, its PASIDs and slices may be attached to, one
 * beside the other. What a refusal must leave as it was is asked of the mock's PASID table.
 */
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/system.h"

#define IOVA  ((__u64)MOCK_APERTURE_START)
#define PASID 300

FIXTURE(rule)
{
	int fd;
	char *memory; /* 2 pages: the first at IOVA in ioas, the second in other */
	__u32 ioas, other;
	struct mock_dev dev; /* has PASIDs; at the IOAS' automatic HWPT */
	/* HWPTs: for PASIDs, of ioas and other; not for them: of ioas, a nest parent of other; nested on the latter */
	__u32 marked, marked2, plain, parent, nested, plain_nested;
};

FIXTURE_VARIANT(rule) { bool registered; };
/* The mock has told iommufd what it can; or it is one of those drivers that do not know the flag. */
FIXTURE_VARIANT_ADD(rule, driver_knows_the_flag) { .registered = true };
FIXTURE_VARIANT_ADD(rule, driver_does_not) { .registered = false };

typedef FIXTURE_DATA(rule) fixture;

static int nested_alloc(int fd, __u32 dev, __u32 parent, __u32 flags, __u32 *hwpt)
{
	struct iommu_hwpt_selftest data = {.iotlb = IOMMU_TEST_IOTLB_DEFAULT};
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = dev,
		.pt_id = parent,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
	};
	int rc = iommufd_call(fd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt = cmd.out_hwpt_id;
	return rc;
}

/* Not while there are devices, and those of the last test may take a moment. */
static int registered(bool on)
{
	int rc = -EBUSY;

	for (int i = 0; i < 100 && rc == -EBUSY; i++, usleep(rc ? 20 * 1000 : 0))
		rc = mock_switch("replace_pasid", on);
	return rc;
}

FIXTURE_SETUP(rule)
{
	ASSERT_EQ(0, registered(variant->registered));
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	self->memory = pages_alloc(2 * PAGE);
	self->memory[0] = self->memory[PAGE] = 1;
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->other));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->memory, PAGE, IOVA, MAP_RW));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->other, self->memory + PAGE, PAGE, IOVA, MAP_RW));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, MOCK_FLAGS_DEVICE_PASID, &self->dev));
	const __u32 dev = self->dev.idev;
	ASSERT_EQ(0, hwpt_alloc(self->fd, dev, self->ioas, IOMMU_HWPT_ALLOC_PASID, &self->marked));
	ASSERT_EQ(0, hwpt_alloc(self->fd, dev, self->other, IOMMU_HWPT_ALLOC_PASID, &self->marked2));
	ASSERT_EQ(0, hwpt_alloc(self->fd, dev, self->ioas, 0, &self->plain));
	ASSERT_EQ(0, hwpt_alloc(self->fd, dev, self->other, IOMMU_HWPT_ALLOC_NEST_PARENT, &self->parent));
	ASSERT_EQ(0, nested_alloc(self->fd, dev, self->parent, IOMMU_HWPT_ALLOC_PASID, &self->nested));
	ASSERT_EQ(0, nested_alloc(self->fd, dev, self->parent, 0, &self->plain_nested));
}

FIXTURE_TEARDOWN(rule)
{
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, registered(true));
}

static int attach(fixture *self, __u32 pt) { return mock_pasid_attach(self->fd, &self->dev, PASID, pt, NULL); }
static int replace(fixture *self, __u32 pt) { return mock_pasid_replace(self->fd, &self->dev, PASID, pt, NULL); }
static int detach(fixture *self) { return mock_pasid_detach(self->fd, &self->dev, PASID); }
static int is_at(fixture *self, __u32 hwpt) { return mock_pasid_is_at(self->fd, &self->dev, PASID, hwpt); }

/* Where the DMA goes: page 1 or 2 of the memory, or 0: nowhere; a negative errno */
static int dma(fixture *self, __u32 pasid)
{
	__u32 hits[2];
	int rc = mock_dma(self->fd, &self->dev, pasid, 1, IOVA, self->memory, hits);

	return rc ?: (int)(hits[0] + 2 * hits[1]);
}

TEST_F(rule, a_pasid_goes_to_a_hwpt_with_the_flag)
{
	const __u32 wrong[] = {self->plain, self->parent, self->plain_nested, self->dev.hwpt, self->ioas, self->other};
	const __u32 right[] = {self->marked, self->marked2, self->nested, self->marked};

	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, self->marked));
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		/* with its last user, the automatic HWPT is gone */
		EXPECT_EQ(wrong[i] == self->dev.hwpt ? -ENOENT : -EINVAL, attach(self, wrong[i]));
		EXPECT_EQ(0, is_at(self, 0));
	}
	ASSERT_EQ(0, attach(self, right[0]));
	for (unsigned int r = 0; r < ARRAY_SIZE(right); r++) {
		ASSERT_EQ(0, replace(self, right[r]));
		for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
			EXPECT_EQ(wrong[i] == self->dev.hwpt ? -ENOENT : -EINVAL, replace(self, wrong[i]));
			EXPECT_EQ(0, is_at(self, right[r]));
		}
	}
	EXPECT_EQ(1, dma(self, PASID));
	EXPECT_EQ(-EBUSY, attach(self, self->marked));
	EXPECT_EQ(-EBUSY, attach(self, self->plain));
	EXPECT_EQ(0, detach(self));
	EXPECT_EQ(0, detach(self));
	EXPECT_EQ(-EINVAL, replace(self, self->marked));
	EXPECT_EQ(0, is_at(self, 0));
}

TEST_F(rule, beside_a_device_whose_hwpt_has_it)
{
	const __u32 wrong[] = {self->ioas, self->plain, self->parent, self->plain_nested, self->other};

	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		ASSERT_EQ(0, mock_replace(self->fd, &self->dev, wrong[i]));
		EXPECT_EQ(-EINVAL, attach(self, self->marked));
		EXPECT_EQ(-EINVAL, attach(self, self->nested));
		EXPECT_EQ(0, is_at(self, 0));
	}
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, self->nested));
	EXPECT_EQ(0, attach(self, self->marked));
}

TEST_F(rule, the_device_stays_while_a_pasid_is_attached)
{
	const __u32 wrong[] = {self->ioas, self->plain, self->parent, self->plain_nested, self->other};

	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, self->marked));
	ASSERT_EQ(0, attach(self, self->marked2));
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EINVAL, mock_replace(self->fd, &self->dev, wrong[i]));
		EXPECT_EQ(1, dma(self, 0));
		EXPECT_EQ(2, dma(self, PASID));
	}
	EXPECT_EQ(0, mock_replace(self->fd, &self->dev, self->marked));
	EXPECT_EQ(0, mock_replace(self->fd, &self->dev, self->marked2));
	EXPECT_EQ(0, mock_replace(self->fd, &self->dev, self->nested));
	EXPECT_EQ(0, mock_pasid_attach(self->fd, &self->dev, PASID + 1, self->marked, NULL));
	EXPECT_EQ(0, detach(self));
	EXPECT_EQ(-EINVAL, mock_replace(self->fd, &self->dev, self->plain));
	EXPECT_EQ(0, mock_pasid_detach(self->fd, &self->dev, PASID + 1));
	EXPECT_EQ(0, mock_replace(self->fd, &self->dev, self->plain));
	EXPECT_EQ(-EINVAL, attach(self, self->marked));
}

TEST_F(rule, devices_without_pasids)
{
	struct mock_dev none;
	__u32 hwpt;

	ASSERT_EQ(0, mock_device(self->fd, self->marked, 0, &none));
	EXPECT_EQ(0, mock_replace(self->fd, &none, self->nested));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(self->fd, &none, PASID, self->marked, NULL));
	EXPECT_EQ(0, mock_replace(self->fd, &none, self->plain));
	/* what is made for it may be another device's */
	ASSERT_EQ(0, hwpt_alloc(self->fd, none.idev, self->ioas, IOMMU_HWPT_ALLOC_PASID, &hwpt));
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, hwpt));
	EXPECT_EQ(0, attach(self, hwpt));
}

TEST_F(rule, flags)
{
	const __u32 all = IOMMU_HWPT_ALLOC_PASID | IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	__u32 hwpt, queue, nested;
	int fd;

	EXPECT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, all, &hwpt));
	for (__u32 flag = 1 << 4; flag; flag <<= 1) {
		EXPECT_EQ(-EOPNOTSUPP,
			  hwpt_alloc(self->fd, self->dev.idev, self->ioas, IOMMU_HWPT_ALLOC_PASID | flag, &nested));
		EXPECT_EQ(-EOPNOTSUPP,
			  nested_alloc(self->fd, self->dev.idev, hwpt, IOMMU_HWPT_ALLOC_PASID | flag, &nested));
	}
	EXPECT_EQ(-EOPNOTSUPP, nested_alloc(self->fd, self->dev.idev, hwpt,
					    IOMMU_HWPT_ALLOC_PASID | IOMMU_HWPT_ALLOC_NEST_PARENT, &nested));
	EXPECT_EQ(-EOPNOTSUPP, nested_alloc(self->fd, self->dev.idev, hwpt,
					    IOMMU_HWPT_ALLOC_PASID | IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &nested));
	/* with a queue, as any other */
	ASSERT_EQ(0, fault_queue_alloc(self->fd, &queue, &fd));
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_HWPT_ALLOC_PASID | IOMMU_HWPT_FAULT_ID_VALID,
		.dev_id = self->dev.idev,
		.pt_id = self->ioas,
		.fault_id = queue,
	};
	ASSERT_EQ(0, iommufd_call(self->fd, IOMMU_HWPT_ALLOC, &cmd));
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, self->marked));
	EXPECT_EQ(0, attach(self, cmd.out_hwpt_id));
	EXPECT_EQ(0, mock_pasid_request(self->fd, &self->dev, PASID, 1, PAGE, true));
	EXPECT_EQ(0, replace(self, self->marked));
	EXPECT_EQ(0, close(fd));
}

TEST_F(rule, what_a_pasid_uses_is_not_destroyed)
{
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, self->marked));
	ASSERT_EQ(0, attach(self, self->nested));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->nested));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->parent));
	ASSERT_EQ(0, replace(self, self->marked2));
	EXPECT_EQ(0, object_destroy(self->fd, self->nested));
	EXPECT_EQ(-ENOENT, replace(self, self->nested));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->marked2));
	ASSERT_EQ(0, object_destroy(self->fd, self->dev.stdev));
	EXPECT_EQ(0, object_destroy(self->fd, self->marked2));
	/* the fixture closes the descriptor with another device's PASID attached */
	ASSERT_EQ(0, mock_device(self->fd, self->marked, MOCK_FLAGS_DEVICE_PASID, &self->dev));
	ASSERT_EQ(0, attach(self, self->marked));
}

/* A slice's own attachment is not bound by the rule; what is made for it is for PASIDs. */
TEST_F(rule, slices)
{
	struct mock_dev slice;
	__u32 own, at;

	ASSERT_EQ(0, mock_slice(self->fd, self->plain, 100, NULL, &slice));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(self->fd, &slice, PASID, self->plain, NULL));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(self->fd, &slice, PASID, self->plain_nested, NULL));
	EXPECT_EQ(0, mock_pasid_attach(self->fd, &slice, PASID, self->marked, NULL));
	EXPECT_EQ(-EINVAL, mock_pasid_replace(self->fd, &slice, PASID, self->plain, NULL));
	EXPECT_EQ(0, mock_pasid_is_at(self->fd, &slice, PASID, self->marked));
	EXPECT_EQ(0, mock_pasid_replace(self->fd, &slice, PASID, self->other, NULL));
	EXPECT_EQ(0, mock_pasid_replace(self->fd, &slice, PASID, self->nested, NULL));
	ASSERT_EQ(0, hwpt_alloc(self->fd, slice.idev, self->ioas, 0, &own));
	EXPECT_EQ(0, mock_pasid_replace(self->fd, &slice, PASID, own, NULL));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(0, mock_replace(self->fd, &slice, self->ioas));
		EXPECT_EQ(0, mock_replace(self->fd, &slice, self->marked));
		EXPECT_EQ(0, mock_replace(self->fd, &slice, self->plain_nested));
	}
	/* The IOAS has an automatic HWPT, the physical device's: it is not for PASIDs, so there will be another one. */
	EXPECT_EQ(0, mock_pasid_replace(self->fd, &slice, PASID, self->ioas, &at));
	EXPECT_NE(self->dev.hwpt, at);
	EXPECT_EQ(0, mock_pasid_is_at(self->fd, &slice, PASID, at));
	/* not that a physical device's PASID could use that by way of the IOAS */
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, self->marked));
	EXPECT_EQ(-EINVAL, attach(self, self->ioas));
}

int main(int argc, char **argv)
{
	if (!mock_load())
		ksft_exit_skip("no mock_iommu.ko\n");
	return test_harness_run(argc, argv);
}
