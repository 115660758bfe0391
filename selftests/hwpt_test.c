// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the IOMMU in front of a device can do (GET_HW_INFO), and page tables
 * that the user allocates (HWPT_ALLOC). What is expected of a flag is read from
 * the capability registers. Needs an Intel IOMMU and an edu device.
 */
#include "lib/harness.h"

#include <errno.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/system.h"

#define IOVA 0x1000000ULL

/* VT-d specification, Extended Capability Register */
#define ECAP_NEST  (1ULL << 26) /* nested translation */
#define ECAP_SMTS  (1ULL << 43) /* scalable mode */
#define ECAP_SSADS (1ULL << 45) /* second-stage accessed and dirty bits */

FIXTURE(hwpt)
{
	int fd;
	struct edu edu;
	__u32 dev, ioas;
	char *mem;
};

typedef FIXTURE_DATA(hwpt) fixture;

FIXTURE_SETUP(hwpt)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, edu_open(&self->edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
	self->dev = self->edu.vfio.dev_id;
	self->mem = pages_alloc(2 * PAGE);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, 2 * PAGE, IOVA, MAP_RW));
}

FIXTURE_TEARDOWN(hwpt)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

/* A register of the first IOMMU, as its driver shows it in sysfs */
static unsigned long long sysfs_register(const char *name)
{
	unsigned long long value = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/iommu/dmar0/intel-iommu/%s", name);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (fscanf(f, "%llx", &value) != 1)
		value = 0;
	fclose(f);
	return value;
}

TEST_F(hwpt, info_content)
{
	struct iommu_hw_info_vtd vtd;
	struct iommu_hw_info out;

	memset(&vtd, 0xff, sizeof(vtd));
	ASSERT_EQ(0, get_hw_info(self->fd, self->dev, &vtd, sizeof(vtd), &out));
	EXPECT_EQ(IOMMU_HW_INFO_TYPE_INTEL_VTD, out.out_data_type);
	EXPECT_EQ(sizeof(vtd), out.data_len);
	EXPECT_EQ(0, out.out_max_pasid_log2); /* edu has no PASIDs */
	EXPECT_EQ(0, out.__reserved[0] | out.__reserved[1] | out.__reserved[2]);
	EXPECT_EQ(0, vtd.__reserved);
	EXPECT_EQ(0, vtd.flags & ~IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17);
	ASSERT_NE(0, vtd.cap_reg);
	EXPECT_EQ(sysfs_register("cap"), vtd.cap_reg);
	EXPECT_EQ(sysfs_register("ecap"), vtd.ecap_reg);
	EXPECT_EQ((vtd.ecap_reg & ECAP_SMTS) && (vtd.ecap_reg & ECAP_SSADS),
		  !!(out.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING));
	/* edu has no ATS, which kernels before 7.1 do not tell */
	EXPECT_EQ(0, out.out_capabilities & ~(IOMMU_HW_CAP_DIRTY_TRACKING | IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED));
}

TEST_F(hwpt, info_in_a_long_buffer_is_padded)
{
	unsigned char buf[3 * sizeof(struct iommu_hw_info_vtd)];
	const size_t len = sizeof(struct iommu_hw_info_vtd);
	struct iommu_hw_info out;

	memset(buf, 0xff, sizeof(buf));
	ASSERT_EQ(0, get_hw_info(self->fd, self->dev, buf, 2 * len, &out));
	EXPECT_EQ(len, out.data_len);
	EXPECT_EQ(0, bytes_not(buf + len, len, 0));
	EXPECT_EQ(0, bytes_not(buf + 2 * len, len, 0xff));
}

TEST_F(hwpt, info_in_a_short_buffer_is_cut)
{
	struct iommu_hw_info_vtd vtd;
	unsigned char buf[32];
	struct iommu_hw_info out;

	ASSERT_EQ(0, get_hw_info(self->fd, self->dev, &vtd, sizeof(vtd), &out));
	memset(buf, 0xff, sizeof(buf));
	ASSERT_EQ(0, get_hw_info(self->fd, self->dev, buf, 12, &out));
	EXPECT_EQ(sizeof(vtd), out.data_len);
	EXPECT_EQ(0, memcmp(buf, &vtd, 12));
	EXPECT_EQ(0, bytes_not(buf + 12, 20, 0xff));
}

TEST_F(hwpt, info_without_a_buffer)
{
	struct iommu_hw_info out;

	ASSERT_EQ(0, get_hw_info(self->fd, self->dev, NULL, 0, &out));
	EXPECT_EQ(sizeof(struct iommu_hw_info_vtd), out.data_len);
	EXPECT_EQ(IOMMU_HW_INFO_TYPE_INTEL_VTD, out.out_data_type);
}

TEST_F(hwpt, info_needs_a_bound_device)
{
	struct iommu_hw_info out;

	edu_close(&self->edu);
	EXPECT_EQ(-ENOENT, get_hw_info(self->fd, self->dev, NULL, 0, &out));
}

/* 0 or -EOPNOTSUPP, as the hardware has it */
static int expected(fixture *self, unsigned long long ecap_bits)
{
	struct iommu_hw_info_vtd vtd = {0};
	struct iommu_hw_info out;

	if (get_hw_info(self->fd, self->dev, &vtd, sizeof(vtd), &out))
		return -EIO;
	return (vtd.ecap_reg & ecap_bits) == ecap_bits ? 0 : -EOPNOTSUPP;
}

TEST_F(hwpt, alloc_flags_follow_the_hardware)
{
	int nest = expected(self, ECAP_SMTS | ECAP_NEST);
	int dirty = expected(self, ECAP_SMTS | ECAP_SSADS);
	__u32 id;

	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev, self->ioas, 0, &id));
	EXPECT_EQ(0, object_destroy(self->fd, id));
	EXPECT_EQ(nest, hwpt_alloc(self->fd, self->dev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &id));
	EXPECT_EQ(dirty, hwpt_alloc(self->fd, self->dev, self->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &id));
	EXPECT_EQ(nest && dirty ? -EOPNOTSUPP : nest | dirty,
		  hwpt_alloc(self->fd, self->dev, self->ioas,
			     IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &id));
}

TEST_F(hwpt, parent_must_be_a_nest_parent)
{
	__u64 table[3] = {0};
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.dev_id = self->dev,
		.data_type = IOMMU_HWPT_DATA_VTD_S1,
		.data_len = sizeof(struct iommu_hwpt_vtd_s1),
		.data_uptr = (uintptr_t)table,
	};
	__u32 plain, automatic;

	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev, self->ioas, 0, &plain));
	cmd.pt_id = plain;
	EXPECT_EQ(-EINVAL, iommufd_call(self->fd, IOMMU_HWPT_ALLOC, &cmd));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, &automatic));
	cmd.pt_id = automatic;
	EXPECT_EQ(-EINVAL, iommufd_call(self->fd, IOMMU_HWPT_ALLOC, &cmd));
	/* a nested table needs data */
	cmd.data_type = IOMMU_HWPT_DATA_NONE;
	cmd.data_len = 0;
	EXPECT_EQ(-EOPNOTSUPP, iommufd_call(self->fd, IOMMU_HWPT_ALLOC, &cmd));
}

TEST_F(hwpt, many_of_one_ioas_pin_once)
{
	__u32 ids[8];

	for (int i = 0; i < 8; i++) {
		ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev, self->ioas, 0, &ids[i]));
		EXPECT_EQ(2 * 4, self_status_kb("VmPin"));
	}
	/* in any order, the memory stays pinned until the last one goes */
	for (int i = 0; i < 8; i++) {
		EXPECT_EQ(2 * 4, self_status_kb("VmPin"));
		EXPECT_EQ(0, object_destroy(self->fd, ids[(i * 3) % 8]));
	}
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

TEST_F(hwpt, outlives_the_device)
{
	__u32 id;

	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev, self->ioas, 0, &id));
	edu_close(&self->edu);
	EXPECT_EQ(2 * 4, self_status_kb("VmPin"));
	EXPECT_EQ(0, object_destroy(self->fd, id));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

TEST_F(hwpt, huge_pages_off_needs_an_ioas_without_page_tables)
{
	__u32 id;

	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev, self->ioas, 0, &id));
	EXPECT_EQ(-EINVAL, option_set(self->fd, IOMMU_OPTION_HUGE_PAGES, self->ioas, 0));
	ASSERT_EQ(0, ioas_unmap_all(self->fd, self->ioas, NULL));
	EXPECT_EQ(0, option_set(self->fd, IOMMU_OPTION_HUGE_PAGES, self->ioas, 0));
	ASSERT_EQ(0, option_set(self->fd, IOMMU_OPTION_HUGE_PAGES, self->ioas, 1));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(0, object_destroy(self->fd, id));
	EXPECT_EQ(0, option_set(self->fd, IOMMU_OPTION_HUGE_PAGES, self->ioas, 0));
}

TEST_HARNESS_MAIN
