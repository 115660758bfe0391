// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA without a pause: a slice's queue is kept filled with atomic additions of 1 to the word at COUNTER. So the word
 * tells how many commands have reached this memory, none of them forgotten and none done twice.
 */
#include "owner.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "lib/iommufd.h"
#include "lib/system.h"
#include "lib/vfio.h"

#define QUEUED     8 /* commands; the device takes 16 */
#define ENOUGH     500
#define PATIENCE_S 20

struct pump {
	struct slice *slice;
	bool stop;
	__u32 sent;
	__u32 done;
	__u64 longest_us; /* between two looks at the device that found something completed */
	int rc;
};

static __u32 done_by_now(struct pump *pump) { return __atomic_load_n(&pump->done, __ATOMIC_ACQUIRE); }

static void look(struct pump *pump, __u32 base, __u64 *last)
{
	__u32 done = slice_get32(pump->slice, SIOV_EDU_COMPLETED) - base;
	__u64 now = now_us();

	if (done == pump->done)
		return;
	if (*last && now - *last > pump->longest_us)
		pump->longest_us = now - *last;
	*last = now;
	__atomic_store_n(&pump->done, done, __ATOMIC_RELEASE);
}

/* The other registers keep what is written into them once. */
static void prepare(struct pump *pump)
{
	slice_set64(pump->slice, SIOV_EDU_DST, IOVA + COUNTER);
	slice_set64(pump->slice, SIOV_EDU_OPERAND, 1);
	slice_set32(pump->slice, SIOV_EDU_LENGTH, 8);
}

static void send_one(struct pump *pump)
{
	slice_set32(pump->slice, SIOV_EDU_COMMAND, SIOV_EDU_FETCH_ADD);
	pump->sent++;
}

/* Until `stop`, or until a request comes for this actor */
static void pump_run(struct pump *pump, struct actor *a)
{
	__u32 base = slice_get32(pump->slice, SIOV_EDU_COMPLETED);
	__u64 last = 0, end;

	prepare(pump);
	while (a ? !next_request_is_here(a) : !__atomic_load_n(&pump->stop, __ATOMIC_ACQUIRE)) {
		for (int i = 0; i < QUEUED && pump->sent - pump->done < QUEUED; i++)
			send_one(pump);
		look(pump, base, &last);
	}
	end = now_us() + PATIENCE_S * 1000000ULL;
	while (pump->done != pump->sent && now_us() < end)
		look(pump, base, &last);
	if (pump->done != pump->sent)
		pump->rc = -ETIMEDOUT;
	else if ((slice_get32(pump->slice, SIOV_EDU_STATUS) & SIOV_EDU_STATUS_CODE) != SIOV_EDU_OK ||
		 slice_get32(pump->slice, SIOV_EDU_REJECTED))
		pump->rc = -EIO;
}

__u64 part_counter(const struct part *part, int which)
{
	return __atomic_load_n((__u64 *)(part->memory[which] + COUNTER), __ATOMIC_ACQUIRE);
}

int do_busy(struct actor *a, __u64 arg, struct reply *reply)
{
	struct pump pump = {.slice = &a->slice};
	__u64 before = part_counter(a->part, a->part->now);

	(void)arg;
	pump_run(&pump, a);
	if (pump.rc)
		return say_failed(reply, pump.rc, "DMA that goes on");
	if (part_counter(a->part, a->part->now) - before != pump.sent)
		return say_wrong(reply, "DMAs that are completed did not reach the memory");
	reply->n[0] = pump.sent;
	return say_done(reply, "%u DMAs, none failed", pump.sent);
}

static void *pump_thread(void *data)
{
	pump_run(data, NULL);
	return NULL;
}

/* Waits until so many more are completed */
static int wait_done(struct pump *pump, __u32 more)
{
	const struct timespec nap = {.tv_nsec = 1000 * 1000};
	__u32 from = done_by_now(pump);
	__u64 end = now_us() + PATIENCE_S * 1000000ULL;

	while (done_by_now(pump) - from < more) {
		if (now_us() > end)
			return -ETIMEDOUT;
		nanosleep(&nap, NULL);
	}
	return 0;
}

/* The replace, while the pump runs. *left: what the first memory held right after it */
static int replace(struct actor *a, struct pump *pump, struct reply *reply, __u64 *left, __u64 *us)
{
	__u32 hwpt;
	int rc = wait_done(pump, ENOUGH);

	if (rc)
		return say_failed(reply, rc, "continuous DMA before the replace");
	*us = now_us();
	rc = vfio_attach(&a->slice.vfio, a->ioas[SECOND], &hwpt);
	*us = now_us() - *us;
	*left = part_counter(a->part, FIRST);
	if (rc)
		return say_failed(reply, rc, "replace");
	a->part->now = SECOND;
	reply->n[2] = hwpt;
	rc = wait_done(pump, ENOUGH);
	return rc ? say_failed(reply, rc, "continuous DMA after the replace") : 0;
}

int do_replace(struct actor *a, __u64 arg, struct reply *reply)
{
	struct pump pump = {.slice = &a->slice};
	__u64 before = part_counter(a->part, FIRST), left = 0, us = 0;
	pthread_t thread;
	int rc;

	(void)arg;
	if (pthread_create(&thread, NULL, pump_thread, &pump))
		return say_failed(reply, -EAGAIN, "a thread");
	rc = replace(a, &pump, reply, &left, &us);
	__atomic_store_n(&pump.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	if (rc)
		return rc;
	if (pump.rc)
		return say_failed(reply, pump.rc, "continuous DMA");
	reply->n[0] = part_counter(a->part, FIRST) - before;
	reply->n[1] = part_counter(a->part, SECOND);
	if (part_counter(a->part, FIRST) != left)
		return say_wrong(reply, "DMA reached the first memory after the replace");
	if (reply->n[0] + reply->n[1] != pump.sent)
		return say_wrong(reply, "DMAs were lost or done twice");
	return say_done(
		reply,
		"%u DMAs: %llu to the memory of IOAS %u, then %llu to that of IOAS %u; none lost, none failed; the "
		"call took %llu us, no completion for %llu us",
		pump.sent, reply->n[0], a->ioas[FIRST], reply->n[1], a->ioas[SECOND], us, pump.longest_us);
}
