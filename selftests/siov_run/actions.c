// SPDX-License-Identifier: GPL-2.0-only
/* What an owner does with one slice, a function for each op. DMA that goes on by itself is in pump.c. */
#include "owner.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/iommufd.h"
#include "lib/system.h"
#include "lib/vfio.h"

#define BUFFER      (SIOV_EDU_PAGE_SIZE - SIOV_EDU_BUFFER) /* bytes in the slice's own page */
#define IRQ_WAIT_MS 5000

int do_open(struct actor *a, __u64 arg, struct reply *reply)
{
	__u64 t = now_us();
	int rc;

	(void)arg;
	rc = slice_open(&a->slice, a->part->uuid);
	if (rc)
		return say_failed(reply, rc, "open");
	rc = slice_bind(&a->slice, a->iommufd);
	if (rc)
		return say_failed(reply, rc, "bind");
	if (slice_get32(&a->slice, SIOV_EDU_COMPLETED) ||
	    bytes_not((const void *)(a->slice.page + SIOV_EDU_BUFFER), BUFFER, 0))
		return say_wrong(reply, "something of a former owner is left in it");
	return say_done(reply, "process %d opens %s, object %u of its /dev/iommu; %llu us", getpid(),
			a->slice.vfio.path, a->slice.vfio.dev_id, now_us() - t);
}

int do_map(struct actor *a, __u64 which, struct reply *reply)
{
	char *memory = a->part->memory[which];
	__u64 own = OWN_IOVA(a->part->number);
	__u64 t = now_us();
	int rc;

	memset(memory, 0, MEMORY); /* so that it has an address */
	rc = ioas_alloc(a->iommufd, &a->ioas[which]);

	if (!rc)
		rc = ioas_map_fixed(a->iommufd, a->ioas[which], memory, MEMORY, IOVA, MAP_RW);
	if (!rc)
		rc = ioas_map_fixed(a->iommufd, a->ioas[which], memory + OWN_OFFSET, PAGE, own, MAP_RW);
	if (rc)
		return say_failed(reply, rc, "map");
	reply->n[0] = a->ioas[which];
	return say_done(
		reply,
		"IOAS %u: IOVA %#llx -> %lu KiB of process %d (physical %#llx); IOVA %#llx -> the last page of it; "
		"%llu us",
		a->ioas[which], IOVA, MEMORY / 1024, getpid(), physical_address(memory), own, now_us() - t);
}

int do_attach(struct actor *a, __u64 arg, struct reply *reply)
{
	__u64 t = now_us();
	__u32 hwpt;
	int rc;

	(void)arg;
	rc = vfio_attach(&a->slice.vfio, a->ioas[FIRST], &hwpt);
	if (rc)
		return say_failed(reply, rc, "attach");
	reply->n[0] = hwpt;
	return say_done(reply, "-> HWPT %u -> IOAS %u; %llu us", hwpt, a->ioas[FIRST], now_us() - t);
}

/* One command and its interrupt. 0, -EIO: it failed, -ENOMSG: no interrupt, or more than one */
static int run_one(struct actor *a, const struct siov_command *command)
{
	int status = slice_run(&a->slice, command);

	if (status != SIOV_EDU_OK)
		return status < 0 ? status : -EIO;
	return slice_irqs(&a->slice, IRQ_WAIT_MS) == 1 ? 0 : -ENOMSG;
}

/* Memory to the device's buffer, and from there to memory; new bytes each time. -EILSEQ: others came back */
static int round_trip(struct actor *a, unsigned int seed)
{
	const struct siov_command read = {.src = IOVA + IN, .length = BUFFER, .command = SIOV_EDU_READ};
	const struct siov_command write = {.dst = IOVA + OUT, .length = BUFFER, .command = SIOV_EDU_WRITE};
	char *memory = a->part->memory[a->part->now];
	int rc;

	pattern_fill(memory + IN, BUFFER, seed);
	rc = run_one(a, &read);
	if (!rc)
		rc = run_one(a, &write);
	if (!rc && pattern_diff(memory + OUT, BUFFER, seed))
		rc = -EILSEQ;
	return rc;
}

/* What an errno of run_one() and round_trip() stands for */
static int say_dma_failed(struct reply *reply, int rc)
{
	const char *why = rc == -ENOMSG   ? "a DMA is completed, but its interrupt does not come, or comes twice"
			  : rc == -EILSEQ ? "a DMA is completed, but other bytes are there than those that were sent"
			  : rc == -EIO    ? "the device says that its DMA was blocked"
					  : NULL;

	if (!why)
		return say_failed(reply, rc, "DMA");
	say_done(reply, "%s", why);
	return rc;
}

int do_dma(struct actor *a, __u64 rounds, struct reply *reply)
{
	__u32 before = slice_get32(&a->slice, SIOV_EDU_COMPLETED), dmas = (__u32)(2 * rounds);
	__u64 t = now_us();

	for (__u64 i = 0; i < rounds; i++) {
		int rc = round_trip(a, (unsigned int)(i * SLICES) + a->part->number);

		if (rc)
			return say_dma_failed(reply, rc);
	}
	t = now_us() - t;
	if (slice_get32(&a->slice, SIOV_EDU_COMPLETED) - before != dmas || slice_irqs(&a->slice, 0))
		return say_wrong(reply, "more completions or interrupts than commands");
	return say_done(reply,
			"%u DMAs, to the device and back: %llu bytes right, %u completions, %u interrupts; %llu us",
			dmas, rounds * BUFFER, dmas, dmas, t);
}

int do_copy(struct actor *a, __u64 arg, struct reply *reply)
{
	const struct siov_command copy = {
		.src = IOVA + IN, .dst = IOVA + OUT, .length = PART, .command = SIOV_EDU_COPY};
	int rc;

	(void)arg;
	rc = run_one(a, &copy);
	return rc ? say_dma_failed(reply, rc) : 0;
}

int do_touch(struct actor *a, __u64 iova, struct reply *reply)
{
	const struct siov_command read = {.src = iova, .length = BUFFER, .command = SIOV_EDU_READ};
	int status = slice_run(&a->slice, &read);
	__u64 where = slice_get64(&a->slice, SIOV_EDU_FAULT_ADDRESS);

	if (status < 0)
		return say_failed(reply, status, "DMA");
	if (status != SIOV_EDU_DMA_FAILED)
		return say_wrong(reply, "a DMA that should be blocked goes through");
	if (where != iova || slice_irqs(&a->slice, IRQ_WAIT_MS) != 1)
		return say_wrong(reply, "a blocked DMA is not told of as it should be");
	return say_done(reply, "reads IOVA %#llx: blocked, and its own FAULT_ADDRESS is %#llx", iova, where);
}

int do_close(struct actor *a, __u64 arg, struct reply *reply)
{
	(void)arg;
	slice_close(&a->slice);
	return say_done(reply, "closed");
}
