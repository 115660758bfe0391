// SPDX-License-Identifier: GPL-2.0-only
/*
 * KCOV: for each thread a list of the points in our modules that its calls ran through. Two successive points are an
 * edge. A program is worth keeping when a call has an edge that this call never had: the same code reached by another
 * call counts again, as a signal, but not as an edge in the reports.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

enum { POINTS = 1 << 16 };

static struct {
	int fd;
	volatile __u64 *trace; /* [0]: how many follow */
} handle[THREADS];

int cover_open(void)
{
	for (unsigned int i = 0; i < THREADS; i++) {
		const int fd = own_fd(open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC));

		if (fd < 0)
			return -errno;
		if (ioctl(fd, KCOV_INIT_TRACE, (unsigned long)POINTS))
			return -errno;
		handle[i].trace = mmap(NULL, POINTS * 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (handle[i].trace == MAP_FAILED)
			return -errno;
		handle[i].fd = fd;
	}
	return 0;
}

int cover_enable(unsigned int thread)
{
	return ioctl(handle[thread].fd, KCOV_ENABLE, (unsigned long)KCOV_TRACE_PC) ? -errno : 0;
}

void cover_begin(unsigned int thread) { __atomic_store_n(&handle[thread].trace[0], 0, __ATOMIC_RELAXED); }

static inline __u32 mix(__u64 x)
{
	x *= 0x9e3779b97f4a7c15ULL;
	return x >> (64 - MAP_BITS);
}

/* Both threads write into the maps: the bytes only ever become 1. */
static void count(__u64 edge, unsigned int desc)
{
	const __u32 e = mix(edge), s = mix(edge ^ (__u64)(desc + 1) << 48);

	if (!shared->edge[e]) {
		shared->edge[e] = 1;
		__atomic_add_fetch(&shared->edges, 1, __ATOMIC_RELAXED);
	}
	shared->hit[s] = shared->runs;
	if (!shared->signal[s]) {
		shared->signal[s] = 1;
		__atomic_add_fetch(&shared->signals, 1, __ATOMIC_RELAXED);
		const unsigned int at = __atomic_fetch_add(&shared->fresh_count, 1, __ATOMIC_RELAXED);
		if (at < FRESH)
			shared->fresh[at] = s;
	}
}

void cover_end(unsigned int thread, unsigned int desc)
{
	volatile __u64 *trace = handle[thread].trace;
	const __u64 n = __atomic_load_n(&trace[0], __ATOMIC_RELAXED);
	__u64 last = 0;

	if (n >= POINTS - 1)
		shared->cut_traces++;
	for (__u64 i = 1; i <= n; i++) {
		const __u64 point = trace[i];
		count(point * 31 + last, desc);
		last = point;
	}
}

void cover_start(void) { shared->fresh_count = 0; }

unsigned int cover_fresh(const __u32 **list)
{
	*list = shared->fresh;
	return shared->fresh_count < FRESH ? shared->fresh_count : FRESH;
}

bool cover_has(const __u32 *signals, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (shared->hit[signals[i]] != (__u32)shared->runs)
			return false;
	return true;
}
