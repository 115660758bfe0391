/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * siov-edu: the registers of a PCI Express test device with assignable device
 * interfaces (ADIs). Shared by the device (qemu/hw/siov-edu), its drivers and the
 * tests; docs/siov-edu.md tells what the registers do.
 *
 * BAR 0 is an array of 4 KiB pages: page 0 is for the privileged driver alone,
 * page 1 + i belongs to ADI i and may be given to anybody. BAR 2 holds the MSI-X
 * table: vector 0 is the function's, vector 1 + i is ADI i's.
 *
 * All registers are little endian. Access is by 4 or 8 naturally aligned bytes; 8
 * bytes are two registers, or the halves of one, the lower one first. The buffer
 * takes any naturally aligned size.
 */
#ifndef _UAPI_LINUX_SIOV_EDU_H
#define _UAPI_LINUX_SIOV_EDU_H

#define SIOV_EDU_VENDOR_ID		0x1234
#define SIOV_EDU_DEVICE_ID		0x510f

#define SIOV_EDU_BAR			0
#define SIOV_EDU_MSIX_BAR		2
#define SIOV_EDU_MAX_ADIS		1024
#define SIOV_EDU_PAGE_SIZE		0x1000
#define SIOV_EDU_ADI_PAGE(adi)		(SIOV_EDU_PAGE_SIZE * (1 + (adi)))
#define SIOV_EDU_VECTOR			0
#define SIOV_EDU_ADI_VECTOR(adi)	(1 + (adi))

/* Page 0: the function. RO unless said otherwise. */
#define SIOV_EDU_MAGIC			0x000
#define   SIOV_EDU_MAGIC_VALUE		0x564f4953	/* "SIOV" */
#define SIOV_EDU_VERSION		0x004
#define   SIOV_EDU_VERSION_VALUE	1
#define SIOV_EDU_NUM_ADIS		0x008
#define SIOV_EDU_QUEUE_DEPTH		0x00c	/* commands that an ADI holds, at most */
#define SIOV_EDU_BUFFER_SIZE		0x010	/* bytes */
#define SIOV_EDU_MAX_LENGTH		0x014	/* bytes of memory that a command reads or writes */
#define SIOV_EDU_CONTROL		0x020	/* WO */
#define   SIOV_EDU_CONTROL_RESET	0x1	/* the whole function, config space aside */
#define SIOV_EDU_EVENT_ENABLE		0x024	/* RW: events that raise vector 0 */
#define SIOV_EDU_EVENT			0x028	/* RW1C */
#define   SIOV_EDU_EVENT_ERROR		0x1	/* the error record was filled */
#define   SIOV_EDU_EVENT_PAUSED		0x2	/* some ADI became paused */
#define   SIOV_EDU_EVENT_DRAINED	0x4	/* some ADI became drained */

/* Page 0: the first wrong use since ERROR was cleared */
#define SIOV_EDU_ERROR			0x040	/* RW1C */
#define   SIOV_EDU_ERROR_VALID		0x80000000
#define   SIOV_EDU_ERROR_OVERFLOW	0x40000000	/* there were more */
#define   SIOV_EDU_ERROR_WRITE		0x01000000	/* not a read */
#define   SIOV_EDU_ERROR_CODE		0x000000ff
#define   SIOV_EDU_ERROR_OFFSET		0x1	/* no such register */
#define   SIOV_EDU_ERROR_SIZE		0x2	/* neither 4 nor 8 bytes, or not aligned */
#define   SIOV_EDU_ERROR_READ_ONLY	0x3
#define   SIOV_EDU_ERROR_VALUE		0x4	/* reserved bits, a selector out of range */
#define   SIOV_EDU_ERROR_BUSY		0x5	/* a PASID may not change while commands run */
#define   SIOV_EDU_ERROR_COMMAND	0x6	/* unknown or malformed: completes as such */
#define   SIOV_EDU_ERROR_DISABLED	0x7	/* command rejected: the ADI is disabled */
#define   SIOV_EDU_ERROR_QUEUE_FULL	0x8	/* command rejected: the queue is full */
#define   SIOV_EDU_ERROR_REENTRANT	0x9	/* the device accessed itself by DMA */
#define SIOV_EDU_ERROR_ADDRESS		0x044	/* offset in BAR 0, so page and register */
#define SIOV_EDU_ERROR_DATA		0x048	/* 64 bits: what was written */

/* Page 0: the ADI that ADI_SELECT names */
#define SIOV_EDU_ADI_SELECT		0x080	/* RW */
#define SIOV_EDU_ADI_PASID		0x084	/* RW while disabled or paused */
#define   SIOV_EDU_ADI_PASID_VALID	0x80000000	/* else requests have no PASID */
#define   SIOV_EDU_ADI_PASID_MASK	0x000fffff
#define SIOV_EDU_ADI_CONTROL		0x088	/* RW */
#define   SIOV_EDU_ADI_ENABLE		0x1	/* commands are accepted */
#define   SIOV_EDU_ADI_PAUSE		0x2	/* commands are not started */
#define   SIOV_EDU_ADI_RESET		0x100	/* WO: forget commands, clear its page */
#define   SIOV_EDU_ADI_DRAIN		0x200	/* WO: tell when what has started is over */
#define SIOV_EDU_ADI_STATE		0x08c
#define   SIOV_EDU_ADI_PAUSED		0x1	/* PAUSE is set and nothing runs */
#define   SIOV_EDU_ADI_DRAINING		0x2
#define   SIOV_EDU_ADI_RUNNING		0x4	/* a command has started */
#define   SIOV_EDU_ADI_PAGE_WAIT	0x8	/* it waits for a page response */
#define SIOV_EDU_ADI_DELAY		0x090	/* RW: microseconds from start to DMA */

/* Page 1 + i: ADI i */
#define SIOV_EDU_SRC			0x000	/* RW, 64 bits: IOVA, or offset in the buffer */
#define SIOV_EDU_DST			0x008	/* RW, 64 bits: likewise */
#define SIOV_EDU_LENGTH			0x010	/* RW, bytes */
#define SIOV_EDU_COMMAND		0x014	/* RW: writing queues a command */
#define   SIOV_EDU_COMMAND_MASK		0x000000ff
#define   SIOV_EDU_READ			0x1	/* buffer[DST] = memory[SRC] */
#define   SIOV_EDU_WRITE		0x2	/* memory[DST] = buffer[SRC] */
#define   SIOV_EDU_COPY			0x3	/* memory[DST] = memory[SRC] */
#define   SIOV_EDU_CHECKSUM		0x4	/* RESULT = FNV-1a, 64 bits, of memory[SRC] */
#define   SIOV_EDU_FETCH_ADD		0x5	/* RESULT = memory[DST]; memory[DST] += OPERAND */
#define   SIOV_EDU_COMMAND_IRQ		0x100	/* raise the ADI's vector when completed */
#define   SIOV_EDU_COMMAND_PAGES	0x200	/* request pages that are not there */
#define SIOV_EDU_OPERAND		0x018	/* RW, 64 bits */
#define SIOV_EDU_RESULT			0x020	/* RO, 64 bits: of the last CHECKSUM or FETCH_ADD */
#define SIOV_EDU_STATUS			0x028	/* RO: of the last completed command */
#define   SIOV_EDU_STATUS_CODE		0x000000ff
#define   SIOV_EDU_OK			0x1
#define   SIOV_EDU_DMA_FAILED		0x2	/* blocked, or nothing there; see FAULT_ADDRESS */
#define   SIOV_EDU_BAD_COMMAND		0x3
#define   SIOV_EDU_BAD_RANGE		0x4	/* length, alignment or buffer offset */
#define   SIOV_EDU_NO_PASID		0x5	/* PASIDs are off in config space, or not taken */
#define   SIOV_EDU_NO_BUS_MASTER	0x6
#define   SIOV_EDU_NO_PAGE		0x7	/* pages were requested in vain */
#define   SIOV_EDU_STATUS_PENDING	0x0001ff00	/* commands accepted and not completed */
#define   SIOV_EDU_STATUS_PAGE_WAIT	0x80000000
#define SIOV_EDU_COMPLETED		0x02c	/* RO: commands, counting on */
#define SIOV_EDU_REJECTED		0x030	/* RO: commands that were not accepted */
#define SIOV_EDU_IRQ_MASK		0x034	/* RW: 1 holds interrupts back */
#define SIOV_EDU_IRQ_PENDING		0x038	/* RW1C: one was held back */
#define SIOV_EDU_FAULT_ADDRESS		0x040	/* RO, 64 bits: of the last DMA_FAILED or NO_PAGE */
#define SIOV_EDU_BUFFER			0x800	/* RW, up to the end of the page */

#endif /* _UAPI_LINUX_SIOV_EDU_H */
