// SPDX-License-Identifier: GPL-2.0-only
/*
 * What events of a vIOMMU cost, in guest instructions (run it under ./vm run --icount, where a nanosecond is an
 * instruction): one delivered to a vEVENTQ, one lost because that is full, and one read, in one go and by itself. The mock
 * reports an event in an interrupt that a call asks for; what that costs without a queue is taken off.
 *
 * Prints a line for each figure, NAME NUMBER UNIT.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/viommu.h"

#define EVENTS 10000
#define RECORD (sizeof(struct iommufd_vevent_header) + sizeof(__u32))

static char buffer[EVENTS * RECORD];

static void must(int rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "event_bench: %s: %s\n", what, strerror(-rc));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* Lines in the log are not what is to be measured. */
static void be_quiet(void)
{
	static const char *const modules[] = {"iommufd", "mock_iommu"};
	char path[80];

	for (int i = 0; i < 2; i++) {
		int fd;

		snprintf(path, sizeof(path), "/sys/module/%s/parameters/log_rejected", modules[i]);
		fd = open(path, O_WRONLY);
		if (fd < 0 || write(fd, "N", 1) != 1)
			must(-errno, path);
		close(fd);
	}
}

/* Instructions for each of EVENTS reports, which all end in rc */
static double report(int fd, __u32 idev, int rc)
{
	const double start = now();

	for (int i = 0; i < EVENTS; i++)
		if (mock_event(fd, idev) != rc)
			must(-EPROTO, "event");
	return (now() - start) / EVENTS;
}

static double read_all(int queue, size_t size)
{
	const double start = now();

	for (size_t bytes = 0; bytes < sizeof(buffer);) {
		const ssize_t got = read(queue, buffer, size);

		must(got > 0 ? 0 : -EPROTO, "read");
		bytes += got;
	}
	return (now() - start) / EVENTS;
}

static void print(const char *name, double cost)
{
	printf("%-26s %10.1f instructions per event\n", name, cost);
}

int main(void)
{
	__u32 ioas, parent, viommu, vdevice, nested, id;
	struct mock_dev dev;
	double nothing, delivered;
	int fd, queue;

	if (!mock_load())
		must(-ENOENT, "mock_iommu.ko");
	be_quiet();
	fd = iommufd_open();
	must(fd, "/dev/iommu");
	must(ioas_alloc(fd, &ioas), "IOAS");
	must(mock_device(fd, ioas, 0, &dev), "device");
	must(hwpt_alloc(fd, dev.idev, ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &parent), "nest parent");
	must(viommu_alloc(fd, dev.idev, parent, IOMMU_VIOMMU_TYPE_SELFTEST, NULL, 0, &viommu), "vIOMMU");
	must(vdevice_alloc(fd, viommu, dev.idev, 1, &vdevice), "vDEVICE");
	must(mock_nested_alloc(fd, dev.idev, viommu, 0, &nested), "nested HWPT");
	must(mock_replace(fd, &dev, nested), "replace");
	memset(buffer, 1, sizeof(buffer));

	report(fd, dev.idev, -EOPNOTSUPP);
	nothing = report(fd, dev.idev, -EOPNOTSUPP);
	must(veventq_alloc(fd, viommu, IOMMU_VEVENTQ_TYPE_SELFTEST, EVENTS, &id, &queue), "vEVENTQ");
	delivered = report(fd, dev.idev, 0);
	print("event-call-alone", nothing);
	print("event-delivered", delivered - nothing);
	print("event-lost", report(fd, dev.idev, 0) - nothing);
	print("event-read-at-once", read_all(queue, sizeof(buffer)));
	/* The header of what was lost */
	must(read(queue, buffer, sizeof(buffer)) == sizeof(struct iommufd_vevent_header) ? 0 : -EPROTO, "lost events");
	report(fd, dev.idev, 0);
	print("event-read-by-itself", read_all(queue, RECORD));
	return 0;
}
