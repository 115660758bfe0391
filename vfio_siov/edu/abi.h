/* SPDX-License-Identifier: GPL-2.0-only */
/* The numbers of VFIO's device ABI for PCI devices that the driver decides upon; glue_vfio.c compares them with
 * <linux/vfio.h>, which C++ does not include.
 */
#pragma once

/* The PCI device ID of an ADI that is a device by itself; siov-edu's own, and the vendor's, are in the device's header
 */
#define EDU_ADI_DEVICE_ID 0x5110

enum edu_vfio_abi {
	EDU_REGION_SHIFT = 40, /* offset in the device's file: the region's index, then the place in it */

	EDU_REGION_BAR0 = 0,
	EDU_REGION_BAR2 = 2,
	EDU_REGION_ROM = 6,
	EDU_REGION_CONFIG = 7,
	EDU_REGIONS = 9,

	EDU_REGION_READ = 1,
	EDU_REGION_WRITE = 2,
	EDU_REGION_MMAP = 4,

	EDU_IRQ_INTX = 0,
	EDU_IRQ_MSI = 1,
	EDU_IRQ_MSIX = 2,
	EDU_IRQ_ERR = 3,
	EDU_IRQ_REQ = 4,
	EDU_IRQS = 5,

	EDU_IRQ_EVENTFD = 1,
	EDU_IRQ_MASKABLE = 2,
	EDU_IRQ_NORESIZE = 8,

	EDU_IRQ_DATA_NONE = 1,
	EDU_IRQ_DATA_BOOL = 2,
	EDU_IRQ_DATA_EVENTFD = 4,
	EDU_IRQ_DATA = 7,
	EDU_IRQ_MASK = 8,
	EDU_IRQ_UNMASK = 16,
	EDU_IRQ_TRIGGER = 32,
};

/* One VFIO_DEVICE_SET_IRQS whose numbers VFIO has checked: count is 0 or 1 */
struct edu_irq_set {
	unsigned int index, flags, count;
	int data; /* an eventfd or -1, or a truth value */
};

struct edu_region_info {
	unsigned long long size; /* bytes, 0: there is none */
	unsigned int flags;
};

struct edu_irq_info {
	unsigned int count, flags;
};
