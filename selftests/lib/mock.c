// SPDX-License-Identifier: GPL-2.0-only
/* The operations of IOMMU_TEST_CMD: fill the structure, call, hand back. */
#include "mock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <string.h>

#include "iommufd.h"
#include "vfio.h"
#include "viommu.h"

#define PARAMETERS "/sys/module/mock_iommu/parameters/"

#define NEWEST     "7.3"

bool mock_load_as(const char *generation)
{
	char now[16], command[80];
	FILE *f = fopen(PARAMETERS "generation", "re");

	if (f) {
		if (fscanf(f, "%15s", now) == 1 && strcmp(now, generation) != 0 && system("rmmod mock_iommu") != 0) {
			printf("Bail out! mock_iommu generation=%s is in use\n", now);
			exit(1);
		}
		fclose(f);
	}
	snprintf(command, sizeof(command), "modprobe mock_iommu generation=%s 2>/dev/null", generation);
	return system(command) == 0;
}

bool mock_load(void) { return mock_load_as(NEWEST); }

long mock_counter(const char *name)
{
	char path[128];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (fscanf(f, "%ld", &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

int mock_switch(const char *name, bool on)
{
	char path[128];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	return attr_write(path, on ? "Y" : "N");
}

int mock_set(const char *name, int value)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	snprintf(text, sizeof(text), "%d", value);
	return attr_write(path, text);
}

int mock_cmd(int fd, struct iommu_test_cmd *cmd, __u32 op, __u32 id)
{
	cmd->size = sizeof(*cmd);
	cmd->op = op;
	cmd->id = id;
	return iommufd_call(fd, IOMMU_TEST_CMD, cmd);
}

int mock_device(int fd, __u32 pt, __u32 flags, struct mock_dev *dev)
{
	struct iommu_test_cmd cmd = {.mock_domain_flags.dev_flags = flags};
	int rc = mock_cmd(fd, &cmd, IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS, pt);

	*dev = (struct mock_dev){
		.stdev = cmd.mock_domain_flags.out_stdev_id,
		.idev = cmd.mock_domain_flags.out_idev_id,
		.hwpt = cmd.mock_domain_flags.out_hwpt_id,
	};
	return rc;
}

int mock_replace(int fd, const struct mock_dev *dev, __u32 pt)
{
	struct iommu_test_cmd cmd = {.mock_domain_replace.pt_id = pt};

	return mock_cmd(fd, &cmd, IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE, dev->stdev);
}

int mock_page_request(int fd, const struct mock_dev *dev, __u32 group, __u64 addr)
{
	struct iommu_test_cmd cmd = {
		.trigger_iopf = {.dev_id = dev->idev, .grpid = group, .perm = IOMMU_PGFAULT_PERM_READ, .addr = addr},
	};

	return mock_cmd(fd, &cmd, IOMMU_TEST_OP_TRIGGER_IOPF, 0);
}

int mock_slice_of(int fd, __u32 pt, __u32 pasid, __u32 parent, struct mock_dev *dev)
{
	struct iommu_test_cmd cmd = {.mock_domain = {.pasid = pasid, .parent = parent}};
	int rc = mock_cmd(fd, &cmd, IOMMU_TEST_OP_MOCK_DOMAIN, pt);

	*dev = (struct mock_dev){cmd.mock_domain.out_stdev_id, cmd.mock_domain.out_idev_id, cmd.mock_domain.out_hwpt_id};
	return rc;
}

int mock_slice(int fd, __u32 pt, __u32 pasid, const struct mock_dev *parent, struct mock_dev *dev)
{
	return mock_slice_of(fd, pt, pasid, parent ? parent->stdev : 0, dev);
}

int mock_whole(int fd, __u32 pt, __u32 parent, struct mock_dev *dev)
{
	struct iommu_test_cmd cmd = {.mock_domain_flags.parent = parent};
	int rc = mock_cmd(fd, &cmd, IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS, pt);

	*dev = (struct mock_dev){cmd.mock_domain.out_stdev_id, cmd.mock_domain.out_idev_id, cmd.mock_domain.out_hwpt_id};
	return rc;
}

__u32 mock_parent(int fd, const struct mock_dev *dev)
{
	struct iommu_test_cmd cmd = {};

	return mock_cmd(fd, &cmd, IOMMU_TEST_OP_DEVICE_NUMBER, dev->stdev)
		       ? 0
		       : MOCK_PARENT_NUMBER | cmd.device_number.out_number;
}

static int pasid_to(int fd, const struct mock_dev *dev, __u32 op, __u32 pasid, __u32 pt, __u32 *hwpt)
{
	struct iommu_test_cmd cmd = {.pasid_attach = {pasid, pt}};
	int rc = mock_cmd(fd, &cmd, op, dev->stdev);

	if (hwpt)
		*hwpt = cmd.pasid_attach.pt_id;
	return rc;
}

int mock_pasid_attach(int fd, const struct mock_dev *dev, __u32 pasid, __u32 pt, __u32 *hwpt)
{
	return pasid_to(fd, dev, IOMMU_TEST_OP_PASID_ATTACH, pasid, pt, hwpt);
}

int mock_pasid_replace(int fd, const struct mock_dev *dev, __u32 pasid, __u32 pt, __u32 *hwpt)
{
	return pasid_to(fd, dev, IOMMU_TEST_OP_PASID_REPLACE, pasid, pt, hwpt);
}

int mock_pasid_detach(int fd, const struct mock_dev *dev, __u32 pasid)
{
	return pasid_to(fd, dev, IOMMU_TEST_OP_PASID_DETACH, pasid, 0, NULL);
}

int mock_pasid_is_at(int fd, const struct mock_dev *dev, __u32 pasid, __u32 hwpt)
{
	return pasid_to(fd, dev, IOMMU_TEST_OP_PASID_CHECK_HWPT, pasid, hwpt, NULL);
}

int mock_pasid_request(int fd, const struct mock_dev *dev, __u32 pasid, __u32 group, __u64 addr, bool last)
{
	struct iommu_test_cmd cmd = {
		.trigger_iopf = {dev->idev, pasid, group, IOMMU_PGFAULT_PERM_READ, addr, last ? 0 : MOCK_IOPF_NOT_LAST},
	};

	return mock_cmd(fd, &cmd, IOMMU_TEST_OP_TRIGGER_IOPF, 0);
}

int mock_dma(int fd, const struct mock_dev *dev, __u32 pasid, __u32 count, __u64 iova, const void *memory,
	     __u32 hits[2])
{
	struct iommu_test_cmd cmd = {.translate = {pasid, count, iova, (uintptr_t)memory}};
	int rc = mock_cmd(fd, &cmd, IOMMU_TEST_OP_TRANSLATE, dev->stdev);

	hits[0] = cmd.translate.out_first;
	hits[1] = cmd.translate.out_second;
	return rc;
}

int mock_dmabuf(int fd, __u32 length)
{
	struct iommu_test_cmd cmd = { .dmabuf_get = { .length = length, .open_flags = O_CLOEXEC | O_RDWR } };
	int rc;

	cmd.size = sizeof(cmd);
	cmd.op = IOMMU_TEST_OP_DMABUF_GET;
	rc = ioctl(fd, IOMMU_TEST_CMD, &cmd);
	return rc < 0 ? -errno : rc;
}

int mock_dmabuf_revoke(int fd, int dmabuf, bool revoked)
{
	struct iommu_test_cmd cmd = { .dmabuf_revoke = { .dmabuf_fd = dmabuf, .revoked = revoked } };

	return mock_cmd(fd, &cmd, IOMMU_TEST_OP_DMABUF_REVOKE, 0);
}

int mock_nested_alloc(int fd, __u32 idev, __u32 parent, __u32 queue, __u32 *hwpt)
{
	struct iommu_hwpt_selftest data = {.iotlb = IOMMU_TEST_IOTLB_DEFAULT};
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = queue ? IOMMU_HWPT_FAULT_ID_VALID : 0,
		.dev_id = idev,
		.pt_id = parent,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
		.fault_id = queue,
	};
	int rc = iommufd_call(fd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt = cmd.out_hwpt_id;
	return rc;
}

int mock_hwpt_alloc(int fd, __u32 idev, __u32 ioas, __u32 flags, __u32 table, __u32 *hwpt)
{
	struct iommu_hwpt_selftest data = {.pagetable_type = table};

	return hwpt_alloc_typed(fd, idev, ioas, flags, IOMMU_HWPT_DATA_SELFTEST, &data, sizeof(data), hwpt);
}

int mock_check_cache(int fd, __u32 idev, __u32 slot, __u32 value)
{
	struct iommu_test_cmd cmd = {.check_dev_cache = {slot, value}};

	return mock_cmd(fd, &cmd, IOMMU_TEST_OP_DEV_CHECK_CACHE, idev);
}

int mock_event(int fd, __u32 idev)
{
	struct iommu_test_cmd cmd = {.trigger_vevent.dev_id = idev};

	return mock_cmd(fd, &cmd, IOMMU_TEST_OP_TRIGGER_VEVENT, 0);
}

int mock_check_map(int fd, __u32 hwpt, __u64 iova, __u64 length, const void *va)
{
	struct iommu_test_cmd cmd = {.check_map = {iova, length, (uintptr_t)va}};

	return mock_cmd(fd, &cmd, IOMMU_TEST_OP_MD_CHECK_MAP, hwpt);
}

int mock_check_refs(int fd, const void *va, __u64 length, __u32 refs)
{
	struct iommu_test_cmd cmd = {.check_refs = {length, (uintptr_t)va, refs}};

	return mock_cmd(fd, &cmd, IOMMU_TEST_OP_MD_CHECK_REFS, 0);
}

int mock_reserve(int fd, __u32 ioas, __u64 start, __u64 length)
{
	struct iommu_test_cmd cmd = {.add_reserved = {start, length}};

	return mock_cmd(fd, &cmd, IOMMU_TEST_OP_ADD_RESERVED, ioas);
}

int mock_make_dirty(int fd, __u32 hwpt, __u64 iova, __u64 length, __u64 page_size, const void *bits, __u64 *count)
{
	struct iommu_test_cmd cmd = {.dirty = {0, iova, length, page_size, (uintptr_t)bits, 0}};
	int rc = mock_cmd(fd, &cmd, IOMMU_TEST_OP_DIRTY, hwpt);

	if (count)
		*count = cmd.dirty.out_nr_dirty;
	return rc;
}

int access_create(int fd, __u32 ioas, __u32 flags, __u32 *access)
{
	struct iommu_test_cmd cmd = {.create_access.flags = flags};
	int rc = mock_cmd(fd, &cmd, IOMMU_TEST_OP_CREATE_ACCESS, ioas);

	*access = cmd.create_access.out_access_fd;
	return rc;
}

int access_replace(int fd, __u32 access, __u32 ioas)
{
	struct iommu_test_cmd cmd = {.access_replace_ioas.ioas_id = ioas};

	return mock_cmd(fd, &cmd, IOMMU_TEST_OP_ACCESS_REPLACE_IOAS, access);
}

int access_pin(int fd, __u32 access, __u64 iova, __u64 length, const void *va, __u32 flags, __u32 *id)
{
	struct iommu_test_cmd cmd = {.access_pages = {flags, 0, iova, length, (uintptr_t)va}};
	int rc = mock_cmd(fd, &cmd, IOMMU_TEST_OP_ACCESS_PAGES, access);

	*id = cmd.access_pages.out_access_pages_id;
	return rc;
}

int access_unpin(int fd, __u32 access, __u32 id)
{
	struct iommu_test_cmd cmd = {.destroy_access_pages = {id}};

	return mock_cmd(fd, &cmd, IOMMU_TEST_OP_DESTROY_ACCESS_PAGES, access);
}

int access_rw(int fd, __u32 access, __u64 iova, __u64 length, void *va, __u32 flags)
{
	struct iommu_test_cmd cmd = {.access_rw = {iova, length, (uintptr_t)va, flags}};

	return mock_cmd(fd, &cmd, IOMMU_TEST_OP_ACCESS_RW, access);
}
