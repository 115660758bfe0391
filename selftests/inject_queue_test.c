// SPDX-License-Identifier: GPL-2.0-only
/* As inject_test: the queues of a vIOMMU, its region, and an event from the device to the reader. */
#include <sys/mman.h>

#include "inject_sweep.h"
#include "lib/viommu.h"

#define VIRT_ID 7

static __u32 viommu;
static off_t offset;
static size_t length;

static int with_viommu(struct world *w)
{
	struct iommu_viommu_selftest data = {};
	int rc = ioas_alloc(w->view.fd, &w->ioas) ?:
		 mock_device(w->view.fd, w->ioas, 0, &w->dev) ?:
		 hwpt_alloc(w->view.fd, w->dev.idev, w->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &w->hwpt) ?:
		 viommu_alloc(w->view.fd, w->dev.idev, w->hwpt, IOMMU_VIOMMU_TYPE_SELFTEST, &data, sizeof(data), &viommu);

	offset = (off_t)data.out_mmap_offset;
	length = data.out_mmap_length;
	return rc;
}

static int with_mapping(struct world *w)
{
	return with_viommu(w) ?: ioas_map_fixed(w->view.fd, w->ioas, w->memory, PAGES * PAGE, FIRST, MAP_RW);
}

static int do_veventq(struct world *w)
{
	__u32 id;
	int queue, rc = veventq_alloc(w->view.fd, viommu, IOMMU_VEVENTQ_TYPE_SELFTEST, 100, &id, &queue);

	if (!rc)
		w->view.queue = queue;
	return rc;
}

static int with_queue(struct world *w)
{
	__u32 vdevice;

	return with_viommu(w) ?:
	       vdevice_alloc(w->view.fd, viommu, w->dev.idev, VIRT_ID, &vdevice) ?:
	       mock_nested_alloc(w->view.fd, w->dev.idev, viommu, 0, &w->nested) ?:
	       mock_replace(w->view.fd, &w->dev, w->nested) ?: do_veventq(w);
}

/* What the driver does in an interrupt does not fail here: fault injection is the caller's. */
static int do_event(struct world *w)
{
	struct {
		struct iommufd_vevent_header header;
		__u32 virt_id;
	} got;
	int rc = mock_event(w->view.fd, w->dev.idev);

	if (rc)
		return rc;
	rc = (int)read(w->view.queue, &got, sizeof(got));
	if (rc < 0)
		return -errno;
	return rc == sizeof(got) && got.virt_id == VIRT_ID ? 0 : -EBADMSG;
}

static int do_hw_queue(struct world *w)
{
	__u32 id;

	return hw_queue_alloc(w->view.fd, viommu, IOMMU_HW_QUEUE_TYPE_SELFTEST, 0, FIRST + PAGE, PAGE, &id);
}

/* Undone, as the region is not to be seen otherwise */
static int do_mmap(struct world *w)
{
	char *p = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, w->view.fd, offset);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, length);
	return 0;
}

SWEEP(VEVENTQ_ALLOC, .setup = with_viommu, .call = do_veventq, .errnos = LOOKUP, .least = 5)
SWEEP(event, .setup = with_queue, .call = do_event, .errnos = LOOKUP, .least = 0)
SWEEP(HW_QUEUE_ALLOC, .setup = with_mapping, .call = do_hw_queue, .errnos = PIN, .least = 6)
SWEEP(mmap, .setup = with_viommu, .call = do_mmap, .errnos = LOOKUP | ERRNO(ENXIO), .least = 2)

int main(int argc, char **argv)
{
	if (!mock_load())
		ksft_exit_fail_msg("no mock_iommu.ko\n");
	return test_harness_run(argc, argv);
}
