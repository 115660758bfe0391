// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_ALLOC_PASID on the intel driver, which does not know it, and what that driver refuses on a PASID: a
 * slice's, as no program can attach another one. On a strict VT-d, a device beside slices of another one; elsewhere the
 * flag alone.
 */
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "lib/edu.h"
#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/slice.h"
#include "lib/system.h"

#define IOVA	0x10000000ULL
#define SSADS	(1ULL << 45) /* ECAP: dirty bits, nested translation, PASIDs */
#define NEST	(1ULL << 26)
#define PASIDS	(1ULL << 40)
#define ALL	(IOMMU_HWPT_ALLOC_PASID | IOMMU_HWPT_ALLOC_NEST_PARENT)

FIXTURE(device)
{
	int fd;
	__u32 ioas;
	struct edu edu;
	__u64 ecap;
	char *mem; /* a page, at IOVA */
};

typedef FIXTURE_DATA(device) fixture;

FIXTURE_SETUP(device)
{
	struct iommu_hw_info_vtd vtd = {0};
	struct iommu_hw_info info;

	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, edu_open(&self->edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
	ASSERT_EQ(0, get_hw_info(self->fd, self->edu.vfio.dev_id, &vtd, sizeof(vtd), &info));
	ASSERT_EQ(IOMMU_HW_INFO_TYPE_INTEL_VTD, info.out_data_type);
	self->ecap = vtd.ecap_reg;
	self->mem = pages_alloc(PAGE);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, IOVA, MAP_RW));
}

FIXTURE_TEARDOWN(device)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

static int alloc(fixture *self, __u32 flags, __u32 *hwpt)
{
	return hwpt_alloc(self->fd, self->edu.vfio.dev_id, self->ioas, flags, hwpt);
}

static int alloc_nested(fixture *self, __u32 parent, __u32 flags, __u32 *hwpt)
{
	struct iommu_hwpt_vtd_s1 s1 = {.pgtbl_addr = IOVA, .addr_width = 48};
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = self->edu.vfio.dev_id,
		.pt_id = parent,
		.data_type = IOMMU_HWPT_DATA_VTD_S1,
		.data_len = sizeof(s1),
		.data_uptr = (uintptr_t)&s1,
	};
	int rc = iommufd_call(self->fd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt = cmd.out_hwpt_id;
	return rc;
}

/* It is the IOMMU that has to have PASIDs: edu has none. */
TEST_F(device, the_flag_does_not_reach_the_driver)
{
	const int want = self->ecap & PASIDS ? 0 : -EOPNOTSUPP;
	struct iommu_hw_info info;
	__u32 hwpt, nested;

	ksft_print_msg("the IOMMU has %s\n", want ? "no PASIDs" : "PASIDs");
	ASSERT_EQ(0, get_hw_info(self->fd, self->edu.vfio.dev_id, NULL, 0, &info));
	EXPECT_EQ(0, info.out_max_pasid_log2);
	EXPECT_TRUE(info.out_capabilities & IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED);
	ASSERT_EQ(want, alloc(self, IOMMU_HWPT_ALLOC_PASID, &hwpt));
	EXPECT_EQ(-EOPNOTSUPP, alloc(self, IOMMU_HWPT_ALLOC_PASID | 1 << 4, &nested));
	if (!want)
		EXPECT_EQ(0, vfio_attach(&self->edu.vfio, hwpt, NULL));
	EXPECT_EQ(!want && self->ecap & SSADS ? 0 : -EOPNOTSUPP,
		  alloc(self, IOMMU_HWPT_ALLOC_PASID | IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &nested));
	if (!(self->ecap & NEST))
		return;
	ASSERT_EQ(want, alloc(self, ALL, &hwpt));
	EXPECT_EQ(0, alloc_nested(self, hwpt, IOMMU_HWPT_ALLOC_PASID, &nested));
	EXPECT_EQ(-EOPNOTSUPP, alloc_nested(self, hwpt, ALL, &nested));
}

struct on_slice {
	char bdf[16], uuid[SLICE_UUID_SIZE];
	struct slice dev;
};

/* A slice, bound to the same descriptor and attached to the IOAS */
static int slice_begin(fixture *self, struct on_slice *s)
{
	return slice_set_up(&s->dev, s->bdf, s->uuid, self->fd) ?: slice_attach(&s->dev, self->ioas);
}

TEST_F(device, what_the_driver_refuses_on_a_pasid)
{
	const __u32 flags[] = {IOMMU_HWPT_ALLOC_PASID, 0, IOMMU_HWPT_ALLOC_NEST_PARENT, ALL};
	__u32 hwpt, parent, nested, dirty;
	struct iommu_hw_info info;
	struct on_slice s;

	if (!(self->ecap & SSADS) || !(self->ecap & NEST))
		SKIP(return, "no dirty bits, or no nested translation");
	ASSERT_EQ(0, slice_begin(self, &s));
	ASSERT_EQ(0, get_hw_info(self->fd, s.dev.vfio.dev_id, NULL, 0, &info));
	EXPECT_FALSE(info.out_capabilities & IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED);
	EXPECT_NE(0, info.out_max_pasid_log2);

	/* dirty tracking: by the slice itself not even allocated */
	EXPECT_EQ(-EOPNOTSUPP,
		  hwpt_alloc(self->fd, s.dev.vfio.dev_id, self->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &dirty));
	ASSERT_EQ(0, alloc(self, IOMMU_HWPT_ALLOC_DIRTY_TRACKING | IOMMU_HWPT_ALLOC_PASID, &dirty));
	EXPECT_EQ(-EINVAL, slice_attach(&s.dev, dirty));
	/* nested */
	ASSERT_EQ(0, alloc(self, ALL, &parent));
	ASSERT_EQ(0, alloc_nested(self, parent, IOMMU_HWPT_ALLOC_PASID, &nested));
	EXPECT_EQ(-EOPNOTSUPP, slice_attach(&s.dev, nested));
	/* it has stayed where it was */
	self->mem[0] = 1;
	EXPECT_EQ(SIOV_EDU_OK, slice_read(&s.dev, IOVA, 16));
	/* all others it takes */
	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		ASSERT_EQ(0, alloc(self, flags[i], &hwpt));
		EXPECT_EQ(0, slice_attach(&s.dev, hwpt));
		EXPECT_EQ(SIOV_EDU_OK, slice_read(&s.dev, IOVA, 16));
	}
	ASSERT_EQ(0, hwpt_alloc(self->fd, s.dev.vfio.dev_id, self->ioas, 0, &hwpt));
	EXPECT_EQ(0, slice_attach(&s.dev, hwpt));
	slice_close(&s.dev);
	EXPECT_EQ(0, slice_remove(s.uuid));
}

TEST_HARNESS_MAIN
