/*
 * siov-edu: page requests
 *
 * A command that may request pages first asks for the translations of all that
 * it is going to touch. The pages that are missing go out as a group, with an
 * index that the function chooses; the command goes on with the response. ADIs
 * share the indices and the requests that software allocated: one that finds
 * none left waits for somebody else's response.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/units.h"
#include "hw/pci/pci_bus.h"
#include "siov-edu.h"
#include "trace.h"

#define PAGE        (4 * KiB)
#define GROUP_PAGES 8       /* in one group, at most */
#define GROUPS      64      /* for one command: responses may lie */

typedef struct SiovEduMissing {
    hwaddr addr;
    IOMMUAccessFlags access;
} SiovEduMissing;

static uint8_t *siov_edu_pri_register(SiovEduState *s, unsigned offset)
{
    PCIDevice *pci = PCI_DEVICE(s);

    return pci->config + pci->exp.pri_cap + offset;
}

static bool siov_edu_pri_status(SiovEduState *s, uint16_t bit)
{
    return pci_get_word(siov_edu_pri_register(s, PCI_PRI_STATUS)) & bit;
}

static void siov_edu_set_pri_status(SiovEduState *s, uint16_t bits)
{
    pci_word_test_and_set_mask(siov_edu_pri_register(s, PCI_PRI_STATUS), bits);
}

/* Adds a page, or access to one that is there; whether there is room. */
static bool siov_edu_add_missing(SiovEduMissing *missing, unsigned *n,
                                 hwaddr page, IOMMUAccessFlags access)
{
    unsigned i = 0;

    while (i < *n && missing[i].addr != page) {
        i++;
    }
    if (i == GROUP_PAGES) {
        return false;
    }
    if (i == *n) {
        missing[(*n)++] = (SiovEduMissing) { .addr = page };
    }
    missing[i].access |= access;
    return true;
}

static void siov_edu_find_missing(SiovEduAdi *adi, const SiovEduRange *range,
                                  SiovEduMissing *missing, unsigned *n)
{
    const hwaddr first = range->addr / PAGE;
    const hwaddr last = (range->addr + range->length - 1) / PAGE;

    for (hwaddr page = first; page <= last; page++) {
        if (siov_edu_page_missing(adi, page * PAGE, range->access) &&
            !siov_edu_add_missing(missing, n, page * PAGE, range->access)) {
            return;
        }
    }
}

/* How many requests software lets the function have outstanding */
static unsigned siov_edu_allocation(SiovEduState *s)
{
    uint32_t n = pci_get_long(siov_edu_pri_register(s, PCI_PRI_ALLOC_REQ));

    return MIN(n, SIOV_EDU_MAX_REQUESTS);
}

/* There are more indices than requests, so there is a free one. */
static unsigned siov_edu_take_index(SiovEduState *s)
{
    unsigned index;

    do {
        index = s->next_index++ % SIOV_EDU_PRG_INDICES;
    } while (s->groups[index].outstanding);
    return index;
}

static void siov_edu_release(SiovEduState *s, SiovEduGroup *group)
{
    s->requests -= group->pages;
    if (group->adi) {
        group->adi->group = NULL;
    }
    *group = (SiovEduGroup) { };
    if (!s->requests && !pcie_pri_enabled(PCI_DEVICE(s))) {
        siov_edu_set_pri_status(s, PCI_PRI_STATUS_STOPPED);
    }
}

/* Sends a group; the response may come before the last message has returned. */
static bool siov_edu_send_group(SiovEduAdi *adi, const SiovEduMissing *missing,
                                unsigned n)
{
    SiovEduState *s = adi->dev;
    unsigned index = siov_edu_take_index(s);
    SiovEduGroup *group = &s->groups[index];
    PCIPageRequest req = { .pasid = siov_edu_pasid(adi), .prgi = index };

    *group = (SiovEduGroup) {
        .outstanding = true,
        .pages = n,
        .pasid = req.pasid,
        .adi = adi,
    };
    s->requests += n;
    adi->group = group;
    adi->groups_sent++;
    adi->phase = SIOV_EDU_PAGES;
    for (unsigned i = 0; i < n && group->outstanding; i++) {
        req.addr = missing[i].addr;
        req.read = missing[i].access & IOMMU_RO;
        req.write = missing[i].access & IOMMU_WO;
        req.last = i == n - 1;
        trace_siov_edu_page_request(adi->index, req.pasid, index, req.addr,
                                    req.read, req.write, req.last);
        if (!pci_page_request(PCI_DEVICE(s), &req)) {
            siov_edu_release(s, group);
            return false;
        }
    }
    return true;
}

SiovEduPageState siov_edu_request_pages(SiovEduAdi *adi,
                                        const SiovEduRange *ranges, unsigned n)
{
    SiovEduState *s = adi->dev;
    SiovEduMissing missing[GROUP_PAGES];
    unsigned found = 0, allocation = siov_edu_allocation(s);

    if (adi->pages_denied) {
        return SIOV_EDU_PAGES_REFUSED;
    }
    if (!pcie_ats_enabled(PCI_DEVICE(s)) || !pcie_pri_enabled(PCI_DEVICE(s))) {
        return SIOV_EDU_PAGES_PRESENT;
    }
    for (unsigned i = 0; i < n; i++) {
        siov_edu_find_missing(adi, &ranges[i], missing, &found);
    }
    if (!found) {
        return SIOV_EDU_PAGES_PRESENT;
    }
    adi->fault_address = missing[0].addr;
    if (adi->groups_sent == GROUPS || !allocation ||
        siov_edu_pri_status(s, PCI_PRI_STATUS_RF)) {
        return SIOV_EDU_PAGES_REFUSED;
    }
    if (s->requests >= allocation) {
        trace_siov_edu_no_credit(adi->index, s->requests);
        adi->phase = SIOV_EDU_PAGES;
        return SIOV_EDU_PAGES_AWAITED;
    }
    found = MIN(found, allocation - s->requests);
    return siov_edu_send_group(adi, missing, found) ? SIOV_EDU_PAGES_AWAITED
                                                    : SIOV_EDU_PAGES_REFUSED;
}

static void siov_edu_answer(SiovEduGroup *group, bool granted)
{
    if (group->adi) {
        group->adi->pages_denied = !granted;
        group->adi->phase = SIOV_EDU_READY;
    }
}

void siov_edu_page_response(PCIDevice *dev, const PCIPageResponse *resp)
{
    SiovEduState *s = SIOV_EDU(dev);
    SiovEduGroup *group;

    trace_siov_edu_page_response(resp->pasid, resp->prgi, resp->code);
    group = resp->prgi < SIOV_EDU_PRG_INDICES ? &s->groups[resp->prgi] : NULL;
    if (!group || !group->outstanding || group->pasid != resp->pasid) {
        siov_edu_set_pri_status(s, PCI_PRI_STATUS_UPRGI);
        return;
    }
    if (resp->code == PCI_PRG_FAILURE) {
        siov_edu_set_pri_status(s, PCI_PRI_STATUS_RF);
    }
    siov_edu_answer(group, resp->code == PCI_PRG_SUCCESS);
    siov_edu_release(s, group);
    /* The IOMMU is in the middle of something: no DMA now. */
    qemu_bh_schedule(s->resume);
}

static void siov_edu_resume(void *opaque)
{
    SiovEduState *s = opaque;

    for (unsigned i = 0; i < s->num_adis; i++) {
        SiovEduAdi *adi = &s->adis[i];

        if (adi->phase == SIOV_EDU_PAGES && !adi->group) {
            adi->phase = SIOV_EDU_READY; /* may ask again */
        }
        if (adi->phase == SIOV_EDU_READY) {
            siov_edu_go_on(adi);
        }
    }
}

static void siov_edu_forget_groups(SiovEduState *s)
{
    for (unsigned i = 0; i < SIOV_EDU_PRG_INDICES; i++) {
        if (s->groups[i].outstanding) {
            siov_edu_answer(&s->groups[i], false);
            siov_edu_release(s, &s->groups[i]);
        }
    }
}

/* Acts upon a change of the control register. */
void siov_edu_pri_config(SiovEduState *s, uint16_t old_control)
{
    uint8_t *p = siov_edu_pri_register(s, PCI_PRI_CTRL);
    uint16_t control = pci_get_word(p);
    bool was_enabled = old_control & PCI_PRI_CTRL_ENABLE;
    bool enabled = control & PCI_PRI_CTRL_ENABLE;

    pci_set_word(p, control & ~PCI_PRI_CTRL_RESET);
    if (enabled && !was_enabled) {
        pci_word_test_and_clear_mask(siov_edu_pri_register(s, PCI_PRI_STATUS),
                                     PCI_PRI_STATUS_RF |
                                     PCI_PRI_STATUS_UPRGI |
                                     PCI_PRI_STATUS_STOPPED);
    }
    if (!enabled && (control & PCI_PRI_CTRL_RESET)) {
        siov_edu_forget_groups(s);
    }
    if (!enabled && !s->requests) {
        siov_edu_set_pri_status(s, PCI_PRI_STATUS_STOPPED);
    }
    qemu_bh_schedule(s->resume);
}

void siov_edu_pri_init(SiovEduState *s)
{
    s->resume = qemu_bh_new_guarded(siov_edu_resume, s,
                                    &DEVICE(s)->mem_reentrancy_guard);
}

void siov_edu_pri_exit(SiovEduState *s)
{
    g_clear_pointer(&s->resume, qemu_bh_delete);
}

void siov_edu_pri_reset(SiovEduState *s)
{
    qemu_bh_cancel(s->resume);
    memset(s->groups, 0, sizeof(s->groups));
    s->requests = 0;
    s->next_index = 0;
    pci_set_word(siov_edu_pri_register(s, PCI_PRI_CTRL), 0);
    pci_set_long(siov_edu_pri_register(s, PCI_PRI_ALLOC_REQ), 0);
    pci_set_word(siov_edu_pri_register(s, PCI_PRI_STATUS),
                 PCI_PRI_STATUS_STOPPED | PCI_PRI_STATUS_PASID);
}
