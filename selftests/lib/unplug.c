// SPDX-License-Identifier: GPL-2.0-only
/* Slots, and processes that empty them. */
#include "unplug.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system.h"
#include "vfio.h"

#define SLOTS    "/sys/bus/pci/slots"
#define MAX_SLOT 8

bool pci_present(const char *bdf)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.15s", bdf);
	return !access(path, F_OK);
}

int slot_of(const char *bdf)
{
	for (int slot = 1; slot <= MAX_SLOT; slot++) {
		char path[64], address[16] = "";
		bool found;
		FILE *f;

		snprintf(path, sizeof(path), SLOTS "/%d/address", slot);
		f = fopen(path, "r");
		if (!f)
			continue;
		/* a slot's address has no function */
		found = fscanf(f, "%12s", address) == 1 && !strncmp(address, bdf, strlen(address));
		fclose(f);
		if (found)
			return slot;
	}
	return -ENODEV;
}

static void power_of(int slot, char path[64]) { snprintf(path, 64, SLOTS "/%d/power", slot); }

int slot_power(int slot, bool on)
{
	char path[64];

	power_of(slot, path);
	return attr_write(path, on ? "1" : "0");
}

int take_away_apart(const char *path, const char *text, const volatile void *page, size_t size)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	close_range(3, ~0U, 0);
	if (page)
		munmap((void *)page, size);
	_exit(attr_write(path, text) ? 1 : 0);
}

int slot_power_off_apart(int slot, const volatile void *page, size_t size)
{
	char path[64];

	power_of(slot, path);
	return take_away_apart(path, "0", page, size);
}

bool ends_within(int pid, int ms)
{
	__u64 end = now_us() + ms * 1000ULL;
	int status = 1;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (now_us() > end)
			return false;
		usleep(10 * 1000);
	}
	return !status;
}
