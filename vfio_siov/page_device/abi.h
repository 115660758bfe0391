/* SPDX-License-Identifier: GPL-2.0-only */
/* The numbers of VFIO's device ABI for PCI devices that the driver decides upon; glue_vfio.c compares them with
 * <linux/vfio.h>, which C++ does not include.
 */
#pragma once

/* The PCI device ID of an ADI that is a device by itself; siov-edu's own, and the vendor's, are in the device's header
 */
#define PD_DEVICE_ID 0x5110

enum pd_vfio_abi {
	PD_REGION_SHIFT = 40, /* offset in the device's file: the region's index, then the place in it */

	PD_REGION_BAR0 = 0,
	PD_REGION_BAR2 = 2,
	PD_REGION_ROM = 6,
	PD_REGION_CONFIG = 7,
	PD_REGIONS = 9,

	PD_REGION_READ = 1,
	PD_REGION_WRITE = 2,
	PD_REGION_MMAP = 4,

	PD_IRQ_INTX = 0,
	PD_IRQ_MSI = 1,
	PD_IRQ_MSIX = 2,
	PD_IRQ_ERR = 3,
	PD_IRQ_REQ = 4,
	PD_IRQS = 5,

	PD_IRQ_EVENTFD = 1,
	PD_IRQ_MASKABLE = 2,
	PD_IRQ_NORESIZE = 8,

	PD_IRQ_DATA_NONE = 1,
	PD_IRQ_DATA_BOOL = 2,
	PD_IRQ_DATA_EVENTFD = 4,
	PD_IRQ_DATA = 7,
	PD_IRQ_MASK = 8,
	PD_IRQ_UNMASK = 16,
	PD_IRQ_TRIGGER = 32,
};

/* One VFIO_DEVICE_SET_IRQS whose numbers VFIO has checked: count is 0 or 1 */
struct pd_irq_set {
	unsigned int index, flags, count;
	int data; /* an eventfd or -1, or a truth value */
};

struct pd_region_info {
	unsigned long long size; /* bytes, 0: there is none */
	unsigned int flags;
};

struct pd_irq_info {
	unsigned int count, flags;
};
