// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same as inject_test for the calls that VFIO makes on behalf of a real PCI device, on the IOMMU driver that the
 * kernel has: binding, attaching, replacing and detaching through the cdev, and the way through group and container.
 * Their steps are also those of vfio.ko, of vfio-pci and of the IOMMU driver. Needs an edu device.
 */
#include "inject_sweep.h"

#include <linux/vfio.h>

#include "lib/edu.h"
#include "lib/group.h"

/* anything that the in-kernel API and vfio.ko hand on: no memory, no object, no pages, a reserved region */
#define ERRNOS (ERRNO(ENOMEM) | ERRNO(ENOENT) | ERRNO(EFAULT) | ERRNO(EINVAL))

/* Of these calls only the first steps: then vfio-pci enables the device, and ACPICA in 6.12 crashes when some of its
 * allocations fail. */
#define OURS 8

static char bdf[16];

static int map_at(struct world *w, __u32 ioas, __u64 iova)
{
	return ioas_map_fixed(w->view.fd, ioas, w->memory, PAGES * PAGE, iova, MAP_RW);
}

static int with_full_ioas(struct world *w) { return ioas_alloc(w->view.fd, &w->ioas) ?: map_at(w, w->ioas, FIRST); }
static int with_open(struct world *w) { return with_full_ioas(w) ?: vfio_open(&w->vfio, bdf); }
static int with_bound(struct world *w) { return with_open(w) ?: vfio_bind(&w->vfio, w->view.fd); }
static int with_attached(struct world *w) { return with_bound(w) ?: vfio_attach(&w->vfio, w->ioas, NULL); }

static int with_other_ioas(struct world *w)
{
	return with_attached(w) ?: ioas_alloc(w->view.fd, &w->other) ?: map_at(w, w->other, SECOND);
}

static int with_hwpt(struct world *w)
{
	return with_attached(w) ?: hwpt_alloc(w->view.fd, w->vfio.dev_id, w->ioas, 0, &w->hwpt);
}

static int with_group(struct world *w)
{
	w->group = group_open(bdf);
	return w->group < 0 ? w->group : 0;
}

static int with_container(struct world *w) { return with_group(w) ?: group_set_container(w->group, w->view.fd); }

static int with_container_mapping(struct world *w)
{
	return with_container(w) ?: vfio_ioas_get(w->view.fd, &w->ioas) ?: map_at(w, w->ioas, FIRST);
}

static int with_bar(struct world *w)
{
	int rc = with_attached(w);

	if (rc)
		return rc;
	w->bar = vfio_map_bar(&w->vfio, 0, &w->bar_size);
	return w->bar ? attr_write("/sys/module/iommufd/parameters/map_pfnmap", "1") : -errno;
}

static int do_map_bar(struct world *w)
{
	return ioas_map_fixed(w->view.fd, w->ioas, w->bar, PAGES * PAGE, SECOND, MAP_RW);
}

static int do_bind(struct world *w) { return vfio_bind(&w->vfio, w->view.fd); }
static int do_attach(struct world *w) { return vfio_attach(&w->vfio, w->ioas, NULL); }
static int do_replace(struct world *w) { return vfio_attach(&w->vfio, w->other, NULL); }
static int do_replace_hwpt(struct world *w) { return vfio_attach(&w->vfio, w->hwpt, NULL); }
static int do_detach(struct world *w) { return vfio_detach(&w->vfio); }
static int do_hwpt(struct world *w) { return hwpt_alloc(w->view.fd, w->vfio.dev_id, w->ioas, 0, &w->hwpt); }
static int do_map(struct world *w) { return map_at(w, w->ioas, SECOND); }
static int do_unmap(struct world *w) { return ioas_unmap(w->view.fd, w->ioas, FIRST, PAGES * PAGE, NULL); }

static int do_hw_info(struct world *w)
{
	struct iommu_hw_info_vtd data;
	struct iommu_hw_info info;

	return get_hw_info(w->view.fd, w->vfio.dev_id, &data, sizeof(data), &info);
}

static int do_set_container(struct world *w) { return group_set_container(w->group, w->view.fd); }

static int do_get_device(struct world *w)
{
	w->vfio.fd = group_get_device(w->group, bdf);
	return w->vfio.fd < 0 ? w->vfio.fd : 0;
}

SWEEP(BIND_IOMMUFD, .setup = with_open, .call = do_bind, .errnos = ERRNOS, .least = 2,
      .most = OURS)
SWEEP(ATTACH_IOMMUFD_PT, .setup = with_bound, .call = do_attach, .errnos = ERRNOS, .least = 6,
      .may_lose_region = true)
SWEEP(ATTACH_replaces_IOAS, .setup = with_other_ioas, .call = do_replace, .errnos = ERRNOS, .least = 6,
      .may_lose_region = true)
SWEEP(ATTACH_replaces_HWPT, .setup = with_hwpt, .call = do_replace_hwpt, .errnos = ERRNOS, .least = 3)
SWEEP(DETACH_IOMMUFD_PT, .setup = with_attached, .call = do_detach, .errnos = 0, .least = 0)
SWEEP(HWPT_ALLOC, .setup = with_attached, .call = do_hwpt, .errnos = ERRNOS, .least = 5)
SWEEP(IOAS_MAP, .setup = with_attached, .call = do_map, .errnos = ERRNOS, .least = 4)
SWEEP(IOAS_MAP_bar, .setup = with_bar, .call = do_map_bar, .errnos = ERRNOS, .least = 4)
SWEEP(IOAS_UNMAP, .setup = with_attached, .call = do_unmap, .errnos = ERRNO(ENOENT), .least = 1)
SWEEP(GET_HW_INFO, .setup = with_attached, .call = do_hw_info, .errnos = ERRNOS, .least = 1)
SWEEP(GROUP_SET_CONTAINER, .setup = with_group, .call = do_set_container, .errnos = ERRNOS, .least = 2)
SWEEP(GROUP_GET_DEVICE_FD, .setup = with_container_mapping, .call = do_get_device, .errnos = ERRNOS | ERRNO(ENODEV), .least = 3,
      .most = OURS)

int main(int argc, char **argv)
{
	int rc = vfio_find(EDU_VENDOR, EDU_DEVICE, 0, bdf) ?: vfio_take(bdf);

	if (rc)
		ksft_exit_fail_msg("no edu device for vfio-pci: %d\n", rc);
	if (!mock_load())
		ksft_exit_fail_msg("no mock_iommu.ko\n");
	return test_harness_run(argc, argv);
}
