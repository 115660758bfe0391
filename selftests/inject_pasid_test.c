// SPDX-License-Identifier: GPL-2.0-only
/*
 * As inject_test: binding, attaching, replacing and detaching slices and further PASIDs, beside physical devices and each
 * other, with each of their steps failed in turn; replaced in one step, and in the two steps of 6.12's drivers.
 */
#include "inject_sweep.h"

#define ATTACH	(PIN | RESERVATION | ERRNO(ENODEV))
#define FIRST_PASID 100
#define FURTHER 300

static const struct pasid_of *view_of(struct world *w)
{
	static struct pasid_of pasids[6];
	const struct pasid_of all[] = {{&w->dev, 0},	   {&w->dev2, 0},	{&w->dev, FIRST_PASID},
				       {&w->dev, FURTHER}, {&w->dev2, FURTHER}, {&w->dev, FIRST_PASID + 1}};

	memcpy(pasids, all, sizeof(all));
	return pasids;
}

/* Both IOASes are mapped. */
static int with_two_ioases(struct world *w)
{
	w->view.pasids = view_of(w);
	w->view.num_pasids = 6;
	return ioas_alloc(w->view.fd, &w->ioas) ?:
	       ioas_alloc(w->view.fd, &w->other) ?:
	       ioas_map_fixed(w->view.fd, w->ioas, w->memory, PAGES * PAGE, FIRST, MAP_RW) ?:
	       ioas_map_fixed(w->view.fd, w->other, w->memory, PAGES * PAGE, SECOND, MAP_RW);
}

/* Not while there are devices, and those of the last world may take a moment. */
static int replace_in(bool one_step)
{
	int rc = -EBUSY;

	for (int i = 0; i < 100 && rc == -EBUSY; i++, usleep(rc ? 20 * 1000 : 0))
		rc = mock_switch("replace_pasid", one_step);
	return rc;
}

static int with_slice_only(struct world *w)
{
	return with_two_ioases(w) ?: mock_slice(w->view.fd, w->ioas, FIRST_PASID, NULL, &w->dev);
}

static int with_slice(struct world *w) { return replace_in(true) ?: with_slice_only(w); }
static int with_slice_two_steps(struct world *w) { return replace_in(false) ?: with_slice_only(w); }

static int with_physical(struct world *w)
{
	return replace_in(true) ?:
	       with_two_ioases(w) ?: mock_device(w->view.fd, w->ioas, MOCK_FLAGS_DEVICE_PASID, &w->dev);
}

/* Attached to a HWPT for PASIDs; there is another one, of the other IOAS. */
static int with_physical_for_pasids(struct world *w)
{
	return with_physical(w) ?:
	       hwpt_alloc(w->view.fd, w->dev.idev, w->ioas, IOMMU_HWPT_ALLOC_PASID, &w->hwpt) ?:
	       hwpt_alloc(w->view.fd, w->dev.idev, w->other, IOMMU_HWPT_ALLOC_PASID, &w->hwpt2) ?:
	       mock_replace(w->view.fd, &w->dev, w->hwpt);
}

static int with_slice_and_physical(struct world *w)
{
	return with_slice(w) ?: mock_device(w->view.fd, w->other, 0, &w->dev2);
}

/* a HWPT with a queue, of the other IOAS */
static int add_queue(struct world *w)
{
	struct iommu_hwpt_alloc cmd = {.size = sizeof(cmd), .flags = IOMMU_HWPT_FAULT_ID_VALID, .dev_id = w->dev.idev};
	int rc = fault_queue_alloc(w->view.fd, &w->fault, &w->view.queue);

	cmd.pt_id = w->other;
	cmd.fault_id = w->fault;
	rc = rc ?: iommufd_call(w->view.fd, IOMMU_HWPT_ALLOC, &cmd);
	w->hwpt = cmd.out_hwpt_id;
	return rc;
}

static int with_slice_and_queue(struct world *w) { return with_slice(w) ?: add_queue(w); }
static int with_slice_and_queue_two_steps(struct world *w) { return with_slice_two_steps(w) ?: add_queue(w); }

static int add_request(struct world *w)
{
	return add_queue(w) ?:
	       mock_replace(w->view.fd, &w->dev, w->hwpt) ?: mock_page_request(w->view.fd, &w->dev, 7, FIRST);
}

static int with_request(struct world *w) { return with_slice(w) ?: add_request(w); }
static int with_request_two_steps(struct world *w) { return with_slice_two_steps(w) ?: add_request(w); }

static int add_further(struct world *w)
{
	return mock_pasid_attach(w->view.fd, &w->dev, FURTHER, w->ioas, NULL);
}

static int with_further(struct world *w) { return with_slice(w) ?: add_further(w); }
static int with_further_and_physical(struct world *w) { return with_slice_and_physical(w) ?: add_further(w); }
static int with_further_two_steps(struct world *w) { return with_slice_two_steps(w) ?: add_further(w); }
static int with_physical_further(struct world *w)
{
	return with_physical_for_pasids(w) ?: mock_pasid_attach(w->view.fd, &w->dev, FURTHER, w->hwpt, NULL);
}

/* --- calls */

/* What a failed call left of its device is none. */
static int made(int rc, struct mock_dev *dev)
{
	if (rc)
		dev->stdev = 0;
	return rc;
}

static int do_slice(struct world *w)
{
	return made(mock_slice(w->view.fd, w->ioas, FIRST_PASID, NULL, &w->dev), &w->dev);
}

/* To the automatic HWPT of others by its id: an IOAS's is taken or not, and EINVAL (injected, too) means not. */
static int do_sibling(struct world *w)
{
	return made(mock_slice(w->view.fd, w->dev.hwpt, FIRST_PASID + 1, &w->dev, &w->dev2), &w->dev2);
}

static int do_sibling_elsewhere(struct world *w)
{
	return made(mock_slice(w->view.fd, w->other, FIRST_PASID + 1, &w->dev, &w->dev2), &w->dev2);
}

static int do_sibling_faulting(struct world *w)
{
	return made(mock_slice(w->view.fd, w->hwpt, FIRST_PASID + 1, &w->dev, &w->dev2), &w->dev2);
}

static int do_physical(struct world *w)
{
	return made(mock_device(w->view.fd, w->dev.hwpt, MOCK_FLAGS_DEVICE_PASID, &w->dev2), &w->dev2);
}

static int do_replace_ioas(struct world *w) { return mock_replace(w->view.fd, &w->dev, w->other); }
static int do_replace_shared(struct world *w) { return mock_replace(w->view.fd, &w->dev, w->dev2.hwpt); }
static int do_replace_back(struct world *w) { return mock_replace(w->view.fd, &w->dev, w->ioas); }
static int do_replace_hwpt(struct world *w) { return mock_replace(w->view.fd, &w->dev, w->hwpt); }

static int do_detach(struct world *w)
{
	int rc = object_destroy(w->view.fd, w->dev.stdev);

	if (!rc)
		w->dev.stdev = 0;
	return rc;
}

static int do_further(struct world *w)
{
	return mock_pasid_attach(w->view.fd, &w->dev, FURTHER, w->other, NULL);
}

static int do_further_of_physical(struct world *w)
{
	return mock_pasid_attach(w->view.fd, &w->dev, FURTHER, w->hwpt2, NULL);
}

static int do_replace_further_of_physical(struct world *w)
{
	return mock_pasid_replace(w->view.fd, &w->dev, FURTHER, w->hwpt2, NULL);
}

/* its own attachment, beside that of a PASID */
static int do_replace_beside_further(struct world *w) { return mock_replace(w->view.fd, &w->dev, w->hwpt2); }

static int do_alloc_for_pasids(struct world *w)
{
	return hwpt_alloc(w->view.fd, w->dev.idev, w->other, IOMMU_HWPT_ALLOC_PASID, &w->hwpt);
}

static int do_replace_further(struct world *w)
{
	return mock_pasid_replace(w->view.fd, &w->dev, FURTHER, w->other, NULL);
}

static int do_detach_further(struct world *w) { return mock_pasid_detach(w->view.fd, &w->dev, FURTHER); }

SWEEP(first_slice, .setup = with_two_ioases, .call = do_slice, .errnos = ATTACH, .least = 20)
SWEEP(second_slice, .setup = with_slice, .call = do_sibling, .errnos = ATTACH, .least = 6)
SWEEP(second_slice_in_another_IOAS, .setup = with_slice, .call = do_sibling_elsewhere, .errnos = ATTACH, .least = 10)
SWEEP(second_slice_with_requests, .setup = with_request, .call = do_sibling_faulting, .errnos = ATTACH, .least = 6)
SWEEP(physical_beside_a_slice, .setup = with_slice, .call = do_physical, .errnos = ATTACH, .least = 20)
SWEEP(replace_IOAS, .setup = with_slice, .call = do_replace_ioas, .errnos = ATTACH, .least = 8)
SWEEP(replace_HWPT_of_a_physical, .setup = with_slice_and_physical, .call = do_replace_shared,
      .errnos = ATTACH, .least = 2)
SWEEP(replace_by_a_first_queue, .setup = with_slice_and_queue, .call = do_replace_hwpt, .errnos = ATTACH, .least = 3)
SWEEP(replace_by_a_first_queue_in_two_steps, .setup = with_slice_and_queue_two_steps, .call = do_replace_hwpt,
      .errnos = ATTACH, .least = 3)
SWEEP(replace_with_a_request, .setup = with_request, .call = do_replace_back, .errnos = ATTACH, .least = 5)
SWEEP(replace_with_a_request_in_two_steps, .setup = with_request_two_steps, .call = do_replace_back,
      .errnos = ATTACH, .least = 5)
SWEEP(replace_IOAS_in_two_steps, .setup = with_slice_two_steps, .call = do_replace_ioas, .errnos = ATTACH, .least = 8)
SWEEP(detach_slice, .setup = with_further_and_physical, .call = do_detach, .errnos = LOOKUP, .least = 0)
SWEEP(attach_further, .setup = with_slice, .call = do_further, .errnos = ATTACH, .least = 5)
SWEEP(replace_further, .setup = with_further, .call = do_replace_further, .errnos = ATTACH, .least = 8)
SWEEP(replace_further_in_two_steps, .setup = with_further_two_steps, .call = do_replace_further,
      .errnos = ATTACH, .least = 8)
SWEEP(detach_further, .setup = with_further, .call = do_detach_further, .errnos = LOOKUP, .least = 1)
SWEEP(attach_further_of_a_physical, .setup = with_physical_for_pasids, .call = do_further_of_physical,
      .errnos = ATTACH, .least = 5)
SWEEP(replace_further_of_a_physical, .setup = with_physical_further, .call = do_replace_further_of_physical,
      .errnos = ATTACH, .least = 3)
SWEEP(replace_beside_further, .setup = with_physical_further, .call = do_replace_beside_further,
      .errnos = ATTACH, .least = 3)
SWEEP(HWPT_ALLOC_for_PASIDs, .setup = with_physical, .call = do_alloc_for_pasids, .errnos = PIN | RESERVATION, .least = 8)

int main(int argc, char **argv)
{
	int rc;

	if (!mock_load())
		ksft_exit_fail_msg("no mock_iommu.ko\n");
	rc = test_harness_run(argc, argv);
	replace_in(true);
	return rc;
}
