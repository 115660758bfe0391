// SPDX-License-Identifier: GPL-2.0-only
/* Page requests: a DMA to where no memory is yet, which waits until the slice's owner has seen to it. */
#include "owner.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "lib/iommufd.h"
#include "lib/system.h"
#include "lib/vfio.h"

#define WAIT_MS  20000
#define QUIET_MS 50

int do_queue(struct actor *a, __u64 arg, struct reply *reply)
{
	__u64 t = now_us();
	int rc = fault_queue_alloc(a->iommufd, &a->queue_id, &a->queue);

	(void)arg;
	if (!rc)
		rc = hwpt_alloc_with_queue(a->iommufd, a->slice.vfio.dev_id, a->ioas[FIRST], a->queue_id,
					   &a->queue_hwpt);
	if (rc)
		return say_failed(reply, rc, "a HWPT with a fault queue");
	rc = slice_attach(&a->slice, a->queue_hwpt);
	if (rc)
		return say_failed(reply, rc, "attach to it");
	reply->n[0] = a->queue_hwpt;
	return say_done(reply, "-> HWPT %u -> IOAS %u, page requests to fault queue %u; %llu us", a->queue_hwpt,
			a->ioas[FIRST], a->queue_id, now_us() - t);
}

/* The one request that is expected, and its answer */
static int serve(struct actor *a, struct reply *reply)
{
	struct pollfd p = {.fd = a->queue, .events = POLLIN};
	struct iommu_hwpt_page_response response = {.code = IOMMUFD_PAGE_RESP_SUCCESS};
	struct iommu_hwpt_pgfault request;
	int rc;

	if (poll(&p, 1, WAIT_MS) != 1 || read(a->queue, &request, sizeof(request)) != sizeof(request))
		return say_failed(reply, -ETIMEDOUT, "the slice's page request does not come");
	if (request.dev_id != a->slice.vfio.dev_id || request.addr != LATE_IOVA || request.pasid ||
	    request.flags & IOMMU_PGFAULT_FLAGS_PASID_VALID)
		return say_wrong(reply, "another page request than that of the slice, or one with a PASID");
	rc = ioas_map_fixed(a->iommufd, a->ioas[FIRST], a->part->memory[FIRST] + IN, PART, LATE_IOVA, MAP_RW);
	if (rc)
		return say_failed(reply, rc, "map");
	response.cookie = request.cookie;
	if (write(a->queue, &response, sizeof(response)) != sizeof(response))
		return say_failed(reply, -errno, "answer");
	return 0;
}

int do_fault(struct actor *a, __u64 arg, struct reply *reply)
{
	const struct siov_command copy = {.src = LATE_IOVA,
					  .dst = IOVA + OUT,
					  .length = PAGE,
					  .command = SIOV_EDU_COPY | SIOV_EDU_COMMAND_PAGES | SIOV_EDU_COMMAND_IRQ};
	char *memory = a->part->memory[FIRST];
	__u64 t = now_us();
	__u32 number;
	int rc;

	(void)arg;
	pattern_fill(memory + IN, PAGE, a->part->number);
	slice_queue(&a->slice, &copy, &number);
	rc = serve(a, reply);
	if (rc)
		return rc;
	if (slice_wait(&a->slice, number) != SIOV_EDU_OK || slice_irqs(&a->slice, WAIT_MS) != 1)
		return say_wrong(reply, "the DMA does not go on");
	if (pattern_diff(memory + OUT, PAGE, a->part->number))
		return say_wrong(reply, "the DMA went on with other bytes");
	return say_done(reply,
			"DMA from IOVA %#llx, where nothing is: its own queue %u has the request, of object %u, no "
			"PASID in it; "
			"mapped, answered, the DMA went on; %llu us",
			copy.src, a->queue_id, a->slice.vfio.dev_id, now_us() - t);
}

int do_quiet(struct actor *a, __u64 arg, struct reply *reply)
{
	struct pollfd p = {.fd = a->queue, .events = POLLIN};

	(void)arg;
	if (poll(&p, 1, QUIET_MS))
		return say_wrong(reply, "its fault queue has a request of another slice");
	return say_done(reply, "nothing in fault queue %u", a->queue_id);
}
