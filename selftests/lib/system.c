// SPDX-License-Identifier: GPL-2.0-only
/* Kernel counters, kernel log, clock and patterned memory. */
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static void sleep_us(unsigned int us)
{
	const struct timespec t = {
		.tv_sec = us / 1000000,
		.tv_nsec = (us % 1000000) * 1000L,
	};

	nanosleep(&t, NULL);
}

__u64 now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * 1000000 + (__u64)t.tv_nsec / 1000;
}

/* The number behind `name` in a file of "name value" or "name: value" lines */
static long number_in(const char *path, const char *name)
{
	size_t len = strlen(name);
	char line[256];
	long value = -1;
	FILE *f = fopen(path, "re");

	if (!f)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && strchr(": \t", line[len]))
			value = strtol(line + len + 1, NULL, 10);
	fclose(f);
	return value;
}

long self_status_kb(const char *name) { return number_in("/proc/self/status", name); }

long status_kb(int pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return number_in(path, name);
}

/* The counters are kept per CPU and summed up about once a second: ask for it */
static void refresh_vmstat(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0)
		sleep_us(1100 * 1000);
	close(fd);
}

long pinned_pages(void)
{
	long acquired, released;

	refresh_vmstat();
	/* in this order, so that a pin that goes away meanwhile counts */
	released = number_in("/proc/vmstat", "nr_foll_pin_released");
	acquired = number_in("/proc/vmstat", "nr_foll_pin_acquired");
	if (acquired < 0 || released < 0)
		return -1;
	return acquired - released;
}

long io_table_pages(void)
{
	refresh_vmstat();
	return number_in("/proc/vmstat", "nr_iommu_pages");
}

long wait_pinned_pages(long pages)
{
	__u64 end = now_us() + 5 * 1000 * 1000;
	long n = pinned_pages();

	while (n > pages && now_us() < end) {
		sleep_us(50 * 1000);
		n = pinned_pages();
	}
	return n;
}

bool module_is_out_of_tree(const char *name)
{
	char path[64], taint[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/%.32s/taint", name);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(taint, sizeof(taint), f))
		taint[0] = '\0';
	fclose(f);
	return strchr(taint, 'O');
}

int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	lseek(fd, 0, SEEK_END);
	return fd;
}

int kmsg_find(int fd, const char *text, char *line, size_t len, __u64 wait_us)
{
	__u64 end = now_us() + wait_us;
	char record[2048];
	char *message;
	ssize_t n;

	for (;;) {
		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			continue; /* lines were lost; go on */
		if (n < 0 && errno != EAGAIN)
			return -errno;
		if (n < 0) {
			if (now_us() > end)
				return 0;
			sleep_us(10 * 1000);
			continue;
		}
		record[n] = '\0';
		message = strchr(record, ';'); /* prefix;message\n more */
		if (!message || !strstr(message, text))
			continue;
		message[strcspn(message, "\n")] = '\0';
		snprintf(line, len, "%s", message + 1);
		return 1;
	}
}

__u64 physical_address(const void *p)
{
	const __u64 page = (uintptr_t)p / 4096;
	__u64 entry = 0; /* bit 63: present; bits 54:0: page frame number */
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, sizeof(entry), (off_t)(page * sizeof(entry))) != sizeof(entry) || !(entry >> 63))
		entry = 0;
	close(fd);
	return (entry & ((1ULL << 55) - 1)) * 4096 + (uintptr_t)p % 4096;
}

void *pages_alloc(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap of test memory");
		exit(1);
	}
	return p;
}

void pages_free(void *p, size_t len) { munmap(p, len); }

static unsigned char pattern_byte(size_t i, unsigned int seed)
{
	return (unsigned char)((i * 7 + (i >> 8) * 13 + seed * 61 + 1) % 251);
}

void pattern_fill(void *p, size_t len, unsigned int seed)
{
	unsigned char *b = p;

	for (size_t i = 0; i < len; i++)
		b[i] = pattern_byte(i, seed);
}

size_t pattern_diff(const void *p, size_t len, unsigned int seed)
{
	/* volatile: a device writes it behind the compiler's back */
	const volatile unsigned char *b = p;
	size_t diff = 0;

	for (size_t i = 0; i < len; i++)
		diff += b[i] != pattern_byte(i, seed);
	return diff;
}

size_t bytes_not(const void *p, size_t len, unsigned char value)
{
	const volatile unsigned char *b = p;
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += b[i] != value;
	return n;
}
