/*
 * siov-edu: a PCI Express test device with assignable device interfaces
 *
 * One function, N assignable device interfaces (ADIs). An ADI is a page of
 * registers, a queue of DMA commands and a PASID; docs/siov-edu.md and the
 * header with the registers say what software sees. In here:
 *
 *   device.c        the function: config space, interrupts, reset
 *   registers.c     BAR 0
 *   command.c       an ADI's queue, from the doorbell to the completion
 *   dma.c           memory accesses, and the translations kept for ATS
 *   page-request.c  page request groups
 *
 * Everything runs under the BQL.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_MISC_SIOV_EDU_H
#define HW_MISC_SIOV_EDU_H

#include "hw/pci/pci_device.h"
#include "qemu/timer.h"
#include "qom/object.h"
#include "standard-headers/linux/siov_edu.h"

#define TYPE_SIOV_EDU "siov-edu"
OBJECT_DECLARE_SIMPLE_TYPE(SiovEduState, SIOV_EDU)

#define SIOV_EDU_DEPTH          16
#define SIOV_EDU_LENGTH_MAX     (64 * KiB)
#define SIOV_EDU_BUFFER_BYTES   (SIOV_EDU_PAGE_SIZE - SIOV_EDU_BUFFER)
#define SIOV_EDU_PRG_INDICES    512     /* 9 bits in the messages */
#define SIOV_EDU_MAX_REQUESTS   64      /* page requests outstanding */

typedef struct SiovEduCommand {
    uint64_t src;
    uint64_t dst;
    uint64_t operand;
    uint32_t length;
    uint32_t word;          /* the COMMAND register */
    uint8_t bad;            /* the status it ends with, when malformed */
} SiovEduCommand;

/* Where the command at the head of an ADI's queue is */
typedef enum SiovEduPhase {
    SIOV_EDU_IDLE,          /* there is none, or it has not started */
    SIOV_EDU_DELAYED,       /* the timer runs */
    SIOV_EDU_PAGES,         /* waits for a page response, or until it may ask */
    SIOV_EDU_READY,         /* can go on: the response is there */
} SiovEduPhase;

typedef struct SiovEduAdi SiovEduAdi;

/* A page request group, at its index */
typedef struct SiovEduGroup {
    bool outstanding;
    unsigned pages;
    uint32_t pasid;
    SiovEduAdi *adi;        /* NULL: it was reset meanwhile */
} SiovEduGroup;

struct SiovEduAdi {
    SiovEduState *dev;
    unsigned index;

    /* Set by the privileged driver */
    uint32_t pasid;         /* the ADI_PASID register */
    uint32_t control;       /* ENABLE and PAUSE */
    uint32_t delay;

    /* The ADI's page */
    SiovEduCommand regs;
    uint64_t result;
    uint64_t fault_address;
    uint32_t completed;
    uint32_t rejected;
    uint8_t status;
    bool irq_masked;
    bool irq_pending;
    uint8_t buffer[SIOV_EDU_BUFFER_BYTES];

    /* The queue */
    SiovEduCommand queue[SIOV_EDU_DEPTH];
    unsigned head;
    unsigned pending;
    SiovEduPhase phase;
    QEMUTimer timer;
    SiovEduGroup *group;    /* the one that it waits for */
    unsigned groups_sent;   /* for this command */
    bool pages_denied;
    bool draining;
    unsigned drain_left;    /* commands to complete until drained */
};

struct SiovEduState {
    PCIDevice parent_obj;

    MemoryRegion bar;
    uint32_t num_adis;
    SiovEduAdi *adis;

    /* Page 0 */
    uint32_t select;
    uint32_t event;
    uint32_t event_enable;
    uint32_t error;
    uint32_t error_address;
    uint64_t error_data;

    bool mastering;         /* makes a request, DMA or an interrupt */
    GHashTable *translations;   /* those kept for ATS */

    SiovEduGroup groups[SIOV_EDU_PRG_INDICES];
    unsigned next_index;
    unsigned requests;      /* outstanding pages of all groups */
    QEMUBH *resume;
};

/* device.c */
void siov_edu_event(SiovEduState *s, uint32_t event);
void siov_edu_interrupt(SiovEduAdi *adi);
void siov_edu_reset(SiovEduState *s);

/* registers.c */
extern const MemoryRegionOps siov_edu_ops;
void siov_edu_error(SiovEduState *s, uint32_t code, hwaddr addr, uint64_t data);
void siov_edu_registers_reset(SiovEduState *s);

/* command.c */
void siov_edu_adi_init(SiovEduState *s, unsigned index);
void siov_edu_adi_exit(SiovEduAdi *adi);
void siov_edu_adi_reset(SiovEduAdi *adi);
void siov_edu_doorbell(SiovEduAdi *adi);
void siov_edu_set_control(SiovEduAdi *adi, uint32_t control);
void siov_edu_drain(SiovEduAdi *adi);
void siov_edu_go_on(SiovEduAdi *adi);
bool siov_edu_paused(const SiovEduAdi *adi);

/* dma.c: these return a SIOV_EDU_* status */
uint8_t siov_edu_dma(SiovEduAdi *adi, hwaddr addr, void *buf, size_t len,
                     bool write);
uint8_t siov_edu_fetch_add(SiovEduAdi *adi, hwaddr addr, size_t size,
                           uint64_t operand, uint64_t *old);
bool siov_edu_page_missing(SiovEduAdi *adi, hwaddr addr,
                           IOMMUAccessFlags access);
uint32_t siov_edu_pasid(const SiovEduAdi *adi);
void siov_edu_translations_init(SiovEduState *s);
void siov_edu_translations_exit(SiovEduState *s);
void siov_edu_drop_translations(SiovEduState *s);
void siov_edu_ats_invalidate(PCIDevice *dev, const PCIATSInvalidation *inv);

/* page-request.c */
typedef struct SiovEduRange {
    hwaddr addr;
    uint32_t length;
    IOMMUAccessFlags access;
} SiovEduRange;

typedef enum SiovEduPageState {
    SIOV_EDU_PAGES_PRESENT, /* as far as can be told in advance */
    SIOV_EDU_PAGES_AWAITED, /* the ADI's phase is PAGES, or READY already */
    SIOV_EDU_PAGES_REFUSED,
} SiovEduPageState;

SiovEduPageState siov_edu_request_pages(SiovEduAdi *adi,
                                        const SiovEduRange *ranges, unsigned n);
void siov_edu_page_response(PCIDevice *dev, const PCIPageResponse *resp);
void siov_edu_pri_config(SiovEduState *s, uint16_t old_control);
void siov_edu_pri_init(SiovEduState *s);
void siov_edu_pri_exit(SiovEduState *s);
void siov_edu_pri_reset(SiovEduState *s);

#endif
