// SPDX-License-Identifier: GPL-2.0-only
/* The guest's driver for slices. */
#include "guest_slice.h"

#include <errno.h>
#include <linux/pci_regs.h>

#include "guest.h"
#include "system.h"

#define WAIT_US   (30 * 1000 * 1000ULL)
#define BAR_STEP  0x10000ULL /* room for each BAR */
#define BAR_BITS  0xfU       /* of a BAR that are no address */
#define BARS_MAX  6
#define DEVICE_ID 0x5110 /* of a slice, beside the parent's vendor id */

/* Gives all BARs that are there an address. */
static int place_bars(struct guest_slice *slice)
{
	int rc = 0;

	for (unsigned int bar = 0; bar < BARS_MAX && !rc; bar++) {
		unsigned int reg = PCI_BASE_ADDRESS_0 + 4 * bar;
		__u32 value = 0;

		rc = guest_config_write(slice->vmm, slice->slot, reg, ~0U);
		if (!rc)
			rc = guest_config_read(slice->vmm, slice->slot, reg, &value);
		if (rc || !(value & ~BAR_BITS))
			continue;
		rc = guest_config_write(slice->vmm, slice->slot, reg,
					(__u32)(guest_room(slice->slot) + bar * BAR_STEP));
		if (!rc && (value & PCI_BASE_ADDRESS_MEM_TYPE_64))
			rc = guest_config_write(slice->vmm, slice->slot, PCI_BASE_ADDRESS_0 + 4 * ++bar, 0);
	}
	return rc;
}

static int find_msix(struct guest_slice *slice)
{
	__u32 head, table;
	int rc = guest_find_cap(slice->vmm, slice->slot, PCI_CAP_ID_MSIX, &slice->msix, &head);

	if (!rc)
		rc = guest_config_read(slice->vmm, slice->slot, slice->msix + PCI_MSIX_TABLE, &table);
	if (!rc)
		slice->table = guest_room(slice->slot) + (table & PCI_MSIX_TABLE_BIR) * BAR_STEP +
			       (table & PCI_MSIX_TABLE_OFFSET);
	return rc;
}

int guest_slice_restart(struct guest_slice *slice)
{
	int rc = place_bars(slice);

	if (!rc)
		rc = guest_config_write(slice->vmm, slice->slot, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	return rc ? rc : find_msix(slice);
}

int guest_slice_start(struct guest_slice *slice, struct vmm *vmm, int index)
{
	int rc;

	*slice = (struct guest_slice){.vmm = vmm};
	rc = guest_find(vmm, SIOV_EDU_VENDOR_ID, DEVICE_ID, index, &slice->slot);
	slice->page = guest_room(slice->slot) + SIOV_EDU_BAR * BAR_STEP;
	return rc ? rc : guest_slice_restart(slice);
}

int guest_slice_enable_msix(struct guest_slice *slice, __u32 addr, __u32 data)
{
	__u32 head;
	int rc = guest_config_read(slice->vmm, slice->slot, slice->msix, &head);

	if (!rc)
		rc = guest_config_write(slice->vmm, slice->slot, slice->msix, head | PCI_MSIX_FLAGS_ENABLE << 16);
	if (!rc)
		rc = guest_write32(slice->vmm, slice->table + PCI_MSIX_ENTRY_LOWER_ADDR, addr);
	if (!rc)
		rc = guest_write32(slice->vmm, slice->table + PCI_MSIX_ENTRY_UPPER_ADDR, 0);
	if (!rc)
		rc = guest_write32(slice->vmm, slice->table + PCI_MSIX_ENTRY_DATA, data);
	return rc ? rc : guest_write32(slice->vmm, slice->table + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
}

int guest_slice_get32(struct guest_slice *slice, unsigned int reg, __u32 *value)
{
	return guest_read32(slice->vmm, slice->page + reg, value);
}

static int queue(struct guest_slice *slice, const struct siov_command *command)
{
	int rc = guest_write64(slice->vmm, slice->page + SIOV_EDU_SRC, command->src);

	if (!rc)
		rc = guest_write64(slice->vmm, slice->page + SIOV_EDU_DST, command->dst);
	if (!rc)
		rc = guest_write64(slice->vmm, slice->page + SIOV_EDU_OPERAND, command->operand);
	if (!rc)
		rc = guest_write32(slice->vmm, slice->page + SIOV_EDU_LENGTH, command->length);
	return rc ? rc : guest_write32(slice->vmm, slice->page + SIOV_EDU_COMMAND, command->command);
}

int guest_slice_run(struct guest_slice *slice, const struct siov_command *command)
{
	__u32 before, done, status;
	__u64 end = now_us() + WAIT_US;
	int rc = guest_slice_get32(slice, SIOV_EDU_COMPLETED, &before);

	if (!rc)
		rc = queue(slice, command);
	for (done = before; !rc && done == before;) {
		rc = guest_slice_get32(slice, SIOV_EDU_COMPLETED, &done);
		if (!rc && now_us() > end)
			rc = -ETIMEDOUT;
	}
	if (!rc)
		rc = guest_slice_get32(slice, SIOV_EDU_STATUS, &status);
	return rc ? rc : (int)(status & SIOV_EDU_STATUS_CODE);
}
