/* SPDX-License-Identifier: GPL-2.0-only */
/* PCIe hotplug slots: a device that is switched off there is unplugged by QEMU, and nothing plugs it in again. */
#ifndef SELFTESTS_LIB_UNPLUG_H
#define SELFTESTS_LIB_UNPLUG_H

#include <stdbool.h>
#include <stddef.h>

/* Is there a PCI device at this address? */
bool pci_present(const char *bdf);
/* The slot that the device is in, or -ENODEV */
int slot_of(const char *bdf);
/* 0 or a negative errno; -ENODEV: the slot is empty */
int slot_power(int slot, bool on);

/*
 * Writes to what takes a device away, in a process of its own, which has nothing open and not this page (may be NULL) of
 * the device mapped, as it would wait for itself: it ends when the device has gone. Its id
 */
int take_away_apart(const char *path, const char *text, const volatile void *page, size_t size);
/* The same by switching the slot off */
int slot_power_off_apart(int slot, const volatile void *page, size_t size);
/* Has the process ended after at most ms, with status 0? */
bool ends_within(int pid, int ms);

#endif /* SELFTESTS_LIB_UNPLUG_H */
