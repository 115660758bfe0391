/*
 * siov-edu: memory accesses
 *
 * A request carries the ADI's PASID if it has one. With ATS enabled the device
 * asks for translations, page by page, keeps them until it is told to drop them
 * or ATS is disabled, and makes its accesses with them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/bswap.h"
#include "qemu/rcu.h"
#include "qemu/units.h"
#include "hw/pci/pci_bus.h"
#include "siov-edu.h"
#include "trace.h"

#define PAGE            (4 * KiB)   /* ATS's unit, whatever the host's */
#define PAGE_OFFSET     (PAGE - 1)
#define TRANSLATIONS    4096

typedef struct SiovEduTranslation {
    /* The key */
    hwaddr page;
    uint32_t pasid;

    AddressSpace *as;
    hwaddr target;
    IOMMUAccessFlags perm;
} SiovEduTranslation;

/* Where a request goes once the IOMMU's part is known */
typedef struct SiovEduTarget {
    AddressSpace *as;
    hwaddr addr;
} SiovEduTarget;

static guint siov_edu_translation_hash(gconstpointer p)
{
    const SiovEduTranslation *t = p;
    uint64_t h = (t->page / PAGE) ^ ((uint64_t)t->pasid << 36);

    return h ^ h >> 32;
}

static gboolean siov_edu_translation_equal(gconstpointer a, gconstpointer b)
{
    const SiovEduTranslation *x = a, *y = b;

    return x->page == y->page && x->pasid == y->pasid;
}

void siov_edu_translations_init(SiovEduState *s)
{
    s->translations = g_hash_table_new_full(siov_edu_translation_hash,
                                            siov_edu_translation_equal,
                                            g_free, NULL);
}

void siov_edu_translations_exit(SiovEduState *s)
{
    g_clear_pointer(&s->translations, g_hash_table_unref);
}

void siov_edu_drop_translations(SiovEduState *s)
{
    g_hash_table_remove_all(s->translations);
}

static gboolean siov_edu_is_invalidated(gpointer key, gpointer value,
                                        gpointer opaque)
{
    const SiovEduTranslation *t = key;
    const PCIATSInvalidation *inv = opaque;

    return (t->page & ~inv->mask) == (inv->addr & ~inv->mask) &&
           (t->pasid == inv->pasid ||
            (inv->global && t->pasid != PCI_NO_PASID));
}

void siov_edu_ats_invalidate(PCIDevice *dev, const PCIATSInvalidation *inv)
{
    SiovEduState *s = SIOV_EDU(dev);
    PCIATSInvalidation pages = *inv;
    guint n;

    pages.mask |= PAGE_OFFSET;
    n = g_hash_table_foreach_remove(s->translations, siov_edu_is_invalidated,
                                    &pages);
    trace_siov_edu_invalidate(inv->addr, inv->mask, inv->pasid, inv->global, n);
}

uint32_t siov_edu_pasid(const SiovEduAdi *adi)
{
    return adi->pasid & SIOV_EDU_ADI_PASID_VALID
           ? adi->pasid & SIOV_EDU_ADI_PASID_MASK : PCI_NO_PASID;
}

static bool siov_edu_grants(const SiovEduTranslation *t,
                            IOMMUAccessFlags access)
{
    return (t->perm & access) == access;
}

/* A kept translation that grants the access, or whatever a fresh one grants */
static const SiovEduTranslation *siov_edu_translate(SiovEduAdi *adi,
                                                    hwaddr addr,
                                                    IOMMUAccessFlags access)
{
    static const SiovEduTranslation nothing;
    SiovEduState *s = adi->dev;
    const PCIATSRequest req = {
        .addr = addr & ~PAGE_OFFSET,
        .pasid = siov_edu_pasid(adi),
        .no_write = !(access & IOMMU_WO),
    };
    const SiovEduTranslation key = { .page = req.addr, .pasid = req.pasid };
    SiovEduTranslation *t = g_hash_table_lookup(s->translations, &key);
    IOMMUTLBEntry entry = { };

    if (t && siov_edu_grants(t, access)) {
        return t;
    }
    if (!pci_ats_translate(PCI_DEVICE(s), &req, &entry)) {
        trace_siov_edu_translation_refused(adi->index, req.pasid, req.addr);
        return NULL;
    }
    trace_siov_edu_translation(adi->index, req.pasid, req.addr,
                               entry.translated_addr, entry.addr_mask,
                               entry.perm);
    if (req.no_write) {
        entry.perm &= ~IOMMU_WO;
    }
    if (entry.perm == IOMMU_NONE) {
        /* Not to be kept: there will be no invalidation for it. */
        g_hash_table_remove(s->translations, &key);
        return &nothing;
    }
    if (!t && g_hash_table_size(s->translations) == TRANSLATIONS) {
        siov_edu_drop_translations(s);
    }
    t = g_new(SiovEduTranslation, 1);
    *t = key;
    t->as = entry.target_as;
    t->target = (entry.translated_addr & ~entry.addr_mask) |
                (req.addr & entry.addr_mask);
    t->perm = entry.perm;
    g_hash_table_add(s->translations, t);
    return t;
}

/* Why the ADI cannot make requests at all; OK if it can */
static uint8_t siov_edu_may_request(const SiovEduAdi *adi)
{
    const PCIDevice *pci = PCI_DEVICE(adi->dev);

    if (!(pci_get_word(pci->config + PCI_COMMAND) & PCI_COMMAND_MASTER)) {
        return SIOV_EDU_NO_BUS_MASTER;
    }
    if (siov_edu_pasid(adi) != PCI_NO_PASID && !pcie_pasid_enabled(pci)) {
        return SIOV_EDU_NO_PASID;
    }
    return SIOV_EDU_OK;
}

/* ADDR's target, for an access that does not leave the page */
static uint8_t siov_edu_target(SiovEduAdi *adi, hwaddr addr,
                               IOMMUAccessFlags access, SiovEduTarget *target)
{
    PCIDevice *pci = PCI_DEVICE(adi->dev);
    uint32_t pasid = siov_edu_pasid(adi);
    uint8_t status = siov_edu_may_request(adi);

    if (status != SIOV_EDU_OK) {
        return status;
    }
    if (pcie_ats_enabled(pci)) {
        const SiovEduTranslation *t = siov_edu_translate(adi, addr, access);

        if (!t || !siov_edu_grants(t, access)) {
            return SIOV_EDU_DMA_FAILED;
        }
        target->as = t->as;
        target->addr = t->target | (addr & PAGE_OFFSET);
        return SIOV_EDU_OK;
    }
    target->as = pasid == PCI_NO_PASID ? pci_get_address_space(pci)
                 : pci_device_iommu_address_space_pasid(pci, pasid);
    target->addr = addr;
    return target->as ? SIOV_EDU_OK : SIOV_EDU_NO_PASID;
}

static MemTxAttrs siov_edu_attrs(const SiovEduAdi *adi)
{
    return (MemTxAttrs) {
        .requester_id = pci_requester_id(PCI_DEVICE(adi->dev)),
    };
}

static uint8_t siov_edu_access(SiovEduAdi *adi, hwaddr addr, void *buf,
                               size_t len, bool write)
{
    SiovEduTarget target;
    MemTxResult result;
    uint8_t status = siov_edu_target(adi, addr, write ? IOMMU_WO : IOMMU_RO,
                                     &target);

    if (status != SIOV_EDU_OK) {
        return status;
    }
    result = address_space_rw(target.as, target.addr, siov_edu_attrs(adi), buf,
                              len, write);
    return result == MEMTX_OK ? SIOV_EDU_OK : SIOV_EDU_DMA_FAILED;
}

static uint8_t siov_edu_result(SiovEduAdi *adi, hwaddr addr, size_t len,
                               bool write, uint8_t status)
{
    trace_siov_edu_dma(adi->index, siov_edu_pasid(adi), addr, len, write,
                       status);
    if (status == SIOV_EDU_DMA_FAILED) {
        adi->fault_address = addr;
    }
    return status;
}

uint8_t siov_edu_dma(SiovEduAdi *adi, hwaddr addr, void *buf, size_t len,
                     bool write)
{
    uint8_t status = SIOV_EDU_OK;

    adi->dev->mastering = true;
    while (len && status == SIOV_EDU_OK) {
        size_t n = MIN(len, PAGE - (addr & PAGE_OFFSET));

        status = siov_edu_result(adi, addr, n, write,
                                 siov_edu_access(adi, addr, buf, n, write));
        addr += n;
        buf += n;
        len -= n;
    }
    adi->dev->mastering = false;
    return status;
}

static uint32_t siov_edu_add32(uint32_t *p, uint32_t operand)
{
    uint32_t old;

    do {
        old = qatomic_read(p);
    } while (qatomic_cmpxchg(p, old,
                             cpu_to_le32(le32_to_cpu(old) + operand)) != old);
    return le32_to_cpu(old);
}

static uint64_t siov_edu_add64(uint64_t *p, uint64_t operand)
{
    uint64_t old;

#ifdef CONFIG_ATOMIC64
    do {
        old = qatomic_read__nocheck(p);
    } while (qatomic_cmpxchg__nocheck(p, old,
                                      cpu_to_le64(le64_to_cpu(old) + operand))
             != old);
#else
    /* The host has nothing better: guest CPUs may see it in two parts. */
    old = *p;
    *p = cpu_to_le64(le64_to_cpu(old) + operand);
#endif
    return le64_to_cpu(old);
}

/* Whether all of it is memory, and may be accessed so */
static bool siov_edu_is_memory(const SiovEduAdi *adi, SiovEduTarget target,
                               hwaddr size, bool write)
{
    MemTxAttrs attrs = siov_edu_attrs(adi);
    hwaddr xlat, len = size;
    MemoryRegion *mr = address_space_translate(target.as, target.addr, &xlat,
                                               &len, write, attrs);

    return len == size && memory_access_is_direct(mr, write, attrs);
}

static uint8_t siov_edu_fetch_add_at(SiovEduAdi *adi, SiovEduTarget target,
                                     hwaddr size, uint64_t operand,
                                     uint64_t *old)
{
    hwaddr len = size;
    void *p;

    RCU_READ_LOCK_GUARD();
    if (!siov_edu_is_memory(adi, target, size, false) ||
        !siov_edu_is_memory(adi, target, size, true)) {
        return SIOV_EDU_DMA_FAILED;
    }
    p = address_space_map(target.as, target.addr, &len, true,
                          siov_edu_attrs(adi));
    if (!p) {
        return SIOV_EDU_DMA_FAILED;
    }
    *old = size == 8 ? siov_edu_add64(p, operand) : siov_edu_add32(p, operand);
    address_space_unmap(target.as, p, len, true, size);
    return SIOV_EDU_OK;
}

/* An AtomicOp: needs both permissions, and goes to memory only. */
uint8_t siov_edu_fetch_add(SiovEduAdi *adi, hwaddr addr, size_t size,
                           uint64_t operand, uint64_t *old)
{
    SiovEduTarget target;
    uint8_t status;

    adi->dev->mastering = true;
    status = siov_edu_target(adi, addr, IOMMU_RW, &target);
    if (status == SIOV_EDU_OK) {
        status = siov_edu_fetch_add_at(adi, target, size, operand, old);
    }
    adi->dev->mastering = false;
    return siov_edu_result(adi, addr, size, true, status);
}

/* Whether the page has to be requested first */
bool siov_edu_page_missing(SiovEduAdi *adi, hwaddr addr,
                           IOMMUAccessFlags access)
{
    const SiovEduTranslation *t;

    if (siov_edu_may_request(adi) != SIOV_EDU_OK) {
        return false;
    }
    t = siov_edu_translate(adi, addr, access);
    return t && !siov_edu_grants(t, access);
}
