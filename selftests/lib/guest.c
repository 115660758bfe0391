// SPDX-License-Identifier: GPL-2.0-only
/* The guest's PCI and edu drivers. */
#include "guest.h"

#include <errno.h>
#include <linux/pci_regs.h>

enum {
	PCI_ADDRESS = 0xcf8,
	PCI_DATA = 0xcfc,
	PCI_ENABLE = 1u << 31,
	PCI_SLOTS = 32,

	BARS = 0xe0000000, /* in the hole for PCI of a machine with little memory */
	BAR_ROOM = 1 << 20,
};

int guest_config_read(struct vmm *vmm, unsigned int slot, unsigned int reg, __u32 *value)
{
	int rc = guest_out(vmm, PCI_ADDRESS, PCI_ENABLE | slot << 11 | reg);

	return rc ? rc : guest_in(vmm, PCI_DATA, value);
}

int guest_config_write(struct vmm *vmm, unsigned int slot, unsigned int reg, __u32 value)
{
	int rc = guest_out(vmm, PCI_ADDRESS, PCI_ENABLE | slot << 11 | reg);

	return rc ? rc : guest_out(vmm, PCI_DATA, value);
}

static __u32 bus_read(struct edu *edu, unsigned int reg)
{
	struct guest_edu *guest = (struct guest_edu *)edu;
	__u32 value;

	guest_read32(guest->vmm, guest->base + reg, &value); /* all ones when it fails */
	return value;
}

static void bus_write(struct edu *edu, unsigned int reg, __u64 value)
{
	struct guest_edu *guest = (struct guest_edu *)edu;

	guest_write64(guest->vmm, guest->base + reg, value); /* lost: the next read shows it */
}

static const struct edu_bus guest_bus = {.read = bus_read, .write = bus_write};

int guest_find(struct vmm *vmm, unsigned int vendor, unsigned int device, int index, unsigned int *slot)
{
	for (*slot = 0; *slot < PCI_SLOTS; ++*slot) {
		__u32 id;
		int rc = guest_config_read(vmm, *slot, PCI_VENDOR_ID, &id);

		if (rc)
			return rc;
		if (id == (device << 16 | vendor) && index-- == 0)
			return 0;
	}
	return -ENODEV;
}

__u64 guest_room(unsigned int slot) { return BARS + (__u64)slot * BAR_ROOM; }

int guest_edu_restart(struct guest_edu *edu)
{
	int rc = guest_config_write(edu->vmm, edu->slot, PCI_BASE_ADDRESS_0, edu->base);

	if (!rc)
		rc = guest_config_write(edu->vmm, edu->slot, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	if (rc)
		return rc;
	return (bus_read(&edu->edu, EDU_REG_ID) & 0xffff) == 0x00ed ? 0 : -ENXIO;
}

int guest_edu_start(struct guest_edu *edu, struct vmm *vmm, int index)
{
	int rc;

	*edu = (struct guest_edu){.edu = {.vfio.fd = -1, .bus = &guest_bus}, .vmm = vmm};
	rc = guest_find(vmm, EDU_VENDOR, EDU_DEVICE, index, &edu->slot);
	edu->base = guest_room(edu->slot);
	return rc ? rc : guest_edu_restart(edu);
}

int guest_find_cap(struct vmm *vmm, unsigned int slot, unsigned int id, unsigned int *at, __u32 *head)
{
	__u32 value;
	int rc = guest_config_read(vmm, slot, PCI_CAPABILITY_LIST, &value);

	for (*at = value & 0xfc; !rc && *at; *at = *head >> 8 & 0xfc) {
		rc = guest_config_read(vmm, slot, *at, head);
		if (!rc && (*head & 0xff) == id)
			return 0;
	}
	return rc ? rc : -ENODEV;
}

int guest_edu_enable_msi(struct guest_edu *edu, __u32 addr, __u16 data)
{
	unsigned int at;
	__u32 head;
	int rc = guest_find_cap(edu->vmm, edu->slot, PCI_CAP_ID_MSI, &at, &head);

	if (rc)
		return rc;
	if (!(head >> 16 & PCI_MSI_FLAGS_64BIT))
		return -ENOTSUP;
	rc = guest_config_write(edu->vmm, edu->slot, at + PCI_MSI_ADDRESS_LO, addr);
	if (!rc)
		rc = guest_config_write(edu->vmm, edu->slot, at + PCI_MSI_ADDRESS_HI, 0);
	if (!rc)
		rc = guest_config_write(edu->vmm, edu->slot, at + PCI_MSI_DATA_64, data);
	if (!rc)
		rc = guest_config_write(edu->vmm, edu->slot, at, head | PCI_MSI_FLAGS_ENABLE << 16);
	return rc;
}
