// SPDX-License-Identifier: GPL-2.0-only
/*
 * As inject_test: the calls about a guest's IOMMU, with each of their steps failed in turn, on the mock IOMMU.
 */
#include "inject_sweep.h"
#include "lib/viommu.h"

#define TYPE    IOMMU_VIOMMU_TYPE_SELFTEST
#define VIRT_ID 7

static __u32 viommu;

static int with_parent(struct world *w)
{
	return ioas_alloc(w->view.fd, &w->ioas) ?:
	       ioas_map_fixed(w->view.fd, w->ioas, w->memory, PAGES * PAGE, FIRST, MAP_RW) ?:
	       mock_device(w->view.fd, w->ioas, MOCK_FLAGS_DEVICE_PASID, &w->dev) ?:
	       hwpt_alloc(w->view.fd, w->dev.idev, w->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &w->hwpt);
}

static int with_viommu(struct world *w)
{
	return with_parent(w) ?: viommu_alloc(w->view.fd, w->dev.idev, w->hwpt, TYPE, NULL, 0, &viommu);
}

static int with_slice_and_viommu(struct world *w)
{
	return with_viommu(w) ?: mock_slice(w->view.fd, w->ioas, 100, NULL, &w->dev2);
}

static int with_vdevice(struct world *w)
{
	__u32 id;

	return with_viommu(w) ?: vdevice_alloc(w->view.fd, viommu, w->dev.idev, VIRT_ID, &id);
}

static int with_nested(struct world *w)
{
	return with_vdevice(w) ?: mock_nested_alloc(w->view.fd, w->dev.idev, viommu, 0, &w->nested);
}

/* --- calls */

static int do_viommu(struct world *w)
{
	__u32 id;

	return viommu_alloc(w->view.fd, w->dev.idev, w->hwpt, TYPE, NULL, 0, &id);
}

static int do_viommu_with_data(struct world *w)
{
	struct iommu_viommu_selftest data = {.in_data = 5};
	__u32 id;

	return viommu_alloc(w->view.fd, w->dev.idev, w->hwpt, TYPE, &data, sizeof(data), &id);
}

static int do_core_viommu(struct world *w)
{
	__u32 id;

	return viommu_alloc(w->view.fd, w->dev.idev, w->hwpt, IOMMU_VIOMMU_TYPE_CORE, NULL, 0, &id);
}

static int do_vdevice(struct world *w)
{
	__u32 id;

	return vdevice_alloc(w->view.fd, viommu, w->dev.idev, VIRT_ID, &id);
}

static int do_vdevice_of_slice(struct world *w)
{
	__u32 id;

	return vdevice_alloc(w->view.fd, viommu, w->dev2.idev, VIRT_ID, &id);
}

static int do_nested(struct world *w)
{
	__u32 id;

	return mock_nested_alloc(w->view.fd, w->dev.idev, viommu, 0, &id);
}

static int do_attach_nested(struct world *w) { return mock_replace(w->view.fd, &w->dev, w->nested); }

static int do_invalidate(struct world *w)
{
	struct iommu_viommu_invalidate_selftest e = {.vdev_id = VIRT_ID, .flags = IOMMU_TEST_INVALIDATE_FLAG_ALL};
	__u32 count = 1;
	int rc = invalidate(w->view.fd, viommu, IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST, &e, sizeof(e), &count);

	return rc ?: count == 1 ? 0 : -EPROTO;
}

static int do_unbind(struct world *w)
{
	int rc = object_destroy(w->view.fd, w->dev.stdev);

	if (!rc)
		w->dev.stdev = 0;
	return rc;
}

SWEEP(VIOMMU_ALLOC, .setup = with_parent, .call = do_viommu, .errnos = LOOKUP, .least = 6)
SWEEP(VIOMMU_ALLOC_with_data, .setup = with_parent, .call = do_viommu_with_data, .errnos = LOOKUP, .least = 8)
SWEEP(VIOMMU_ALLOC_core, .setup = with_parent, .call = do_core_viommu, .errnos = LOOKUP, .least = 5)
SWEEP(VDEVICE_ALLOC, .setup = with_viommu, .call = do_vdevice, .errnos = LOOKUP, .least = 6)
SWEEP(VDEVICE_ALLOC_of_a_slice, .setup = with_slice_and_viommu, .call = do_vdevice_of_slice, .errnos = LOOKUP,
      .least = 6)
SWEEP(HWPT_ALLOC_on_a_vIOMMU, .setup = with_viommu, .call = do_nested, .errnos = LOOKUP | ERRNO(EINVAL), .least = 4)
SWEEP(attach_to_it, .setup = with_nested, .call = do_attach_nested, .errnos = RESERVATION | ERRNO(ENODEV), .least = 2)
SWEEP(HWPT_INVALIDATE, .setup = with_vdevice, .call = do_invalidate, .errnos = LOOKUP, .least = 1)
SWEEP(unbind_with_a_vDEVICE, .setup = with_nested, .call = do_unbind, .errnos = LOOKUP, .least = 0)

int main(int argc, char **argv)
{
	if (!mock_load())
		ksft_exit_fail_msg("no mock_iommu.ko\n");
	return test_harness_run(argc, argv);
}
