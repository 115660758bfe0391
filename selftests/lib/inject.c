// SPDX-License-Identifier: GPL-2.0-only
/* /proc/thread-self/fail-nth, and the attributes of the injectors in debugfs */
#include "inject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vfio.h"

#define DEBUGFS "/sys/kernel/debug/"

static int nth_fd = -1;

int inject_open(void)
{
	/* each would else leave out the allocations that may sleep, which are nearly all of them */
	static const char *const unwilling[] = {
		DEBUGFS "failslab/ignore-gfp-wait",
		DEBUGFS "fail_page_alloc/ignore-gfp-wait",
		DEBUGFS "fail_page_alloc/ignore-gfp-highmem",
	};
	static const char *const loud[] = {
		DEBUGFS "failslab/verbose",
		DEBUGFS "fail_page_alloc/verbose",
		DEBUGFS "fail_iommufd/verbose",
	};
	int rc;

	for (unsigned int i = 0; i < sizeof(unwilling) / sizeof(*unwilling); i++) {
		rc = attr_write(unwilling[i], "N");
		if (rc)
			return rc;
	}
	/* The kernel's smallest order to fail is 1: of its own accord it spares single pages. */
	rc = attr_write(DEBUGFS "fail_page_alloc/min-order", "0");
	for (unsigned int i = 0; !rc && i < sizeof(loud) / sizeof(*loud); i++)
		rc = attr_write(loud[i], "0");
	if (rc || nth_fd >= 0)
		return rc;
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return nth_fd < 0 ? -errno : 0;
}

int inject_arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	return pwrite(nth_fd, text, len, 0) == len ? 0 : -errno;
}

/* The file says how many steps are left until the one that fails. */
int inject_disarm(void)
{
	char text[16] = "";
	ssize_t len = pread(nth_fd, text, sizeof(text) - 1, 0);

	if (pwrite(nth_fd, "0", 1, 0) != 1 || len < 1)
		return -EIO;
	return atoi(text) == 0;
}
