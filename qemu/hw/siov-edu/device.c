/*
 * siov-edu: the PCI Express function
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/host-utils.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "siov-edu.h"
#include "trace.h"

#define PASID_WIDTH 20

/* Scalable I/O Virtualization's DVSEC, as Intel's specification defines it */
#define DVSEC_SIOV_ID           5
#define DVSEC_SIOV_SIZE         0x18
#define DVSEC_SIOV_LINK         0x0a    /* function dependency link, 8 bits */
#define DVSEC_SIOV_FLAGS        0x0b    /* 8 bits */
#define DVSEC_SIOV_PAGE_SIZES   0x0c    /* supported; bit 0: 4 KiB */
#define DVSEC_SIOV_PAGE_SIZE    0x10    /* in use */
#define DVSEC_SIOV_CAPABILITIES 0x14    /* bit 0: IMS */

static void siov_edu_notify(SiovEduState *s, unsigned vector)
{
    bool mastering = s->mastering; /* an error in the middle of DMA */

    trace_siov_edu_interrupt(vector);
    s->mastering = true;
    msix_notify(PCI_DEVICE(s), vector);
    s->mastering = mastering;
}

/* Without an event: what has happened is enabled later. */
void siov_edu_event(SiovEduState *s, uint32_t event)
{
    s->event |= event;
    if ((event ?: s->event) & s->event_enable) {
        siov_edu_notify(s, SIOV_EDU_VECTOR);
    }
}

void siov_edu_interrupt(SiovEduAdi *adi)
{
    if (adi->irq_masked) {
        adi->irq_pending = true;
        return;
    }
    siov_edu_notify(adi->dev, SIOV_EDU_ADI_VECTOR(adi->index));
}

/* All but config space, and page requests that are outstanding */
void siov_edu_reset(SiovEduState *s)
{
    trace_siov_edu_reset();
    siov_edu_registers_reset(s);
    for (unsigned i = 0; i < s->num_adis; i++) {
        SiovEduAdi *adi = &s->adis[i];

        adi->draining = false;
        adi->control = 0;
        adi->pasid = 0;
        adi->delay = 0;
        siov_edu_adi_reset(adi);
    }
}

static void siov_edu_reset_hold(Object *obj, ResetType type)
{
    SiovEduState *s = SIOV_EDU(obj);
    PCIDevice *pci = PCI_DEVICE(obj);

    siov_edu_reset(s);
    siov_edu_drop_translations(s);
    siov_edu_pri_reset(s);
    pci_set_word(pci->config + pci->exp.ats_cap + PCI_ATS_CTRL, 0);
    pci_set_word(pci->config + pci->exp.pasid_cap + PCI_PASID_CTRL, 0);
    pcie_cap_deverr_reset(pci);
}

static void siov_edu_config_write(PCIDevice *pci, uint32_t addr, uint32_t val,
                                  int len)
{
    SiovEduState *s = SIOV_EDU(pci);
    uint16_t pri = pci_get_word(pci->config + pci->exp.pri_cap + PCI_PRI_CTRL);

    pci_default_write_config(pci, addr, val, len);
    pcie_cap_flr_write_config(pci, addr, val, len);
    if (ranges_overlap(addr, len, pci->exp.pri_cap + PCI_PRI_CTRL, 2)) {
        siov_edu_pri_config(s, pri);
    }
    if (!pcie_ats_enabled(pci)) {
        siov_edu_drop_translations(s);
    }
}

static void siov_edu_add_dvsec(PCIDevice *pci, uint16_t offset)
{
    uint8_t *dvsec = pci->config + offset;

    pcie_add_capability(pci, PCI_EXT_CAP_ID_DVSEC, 1, offset, DVSEC_SIOV_SIZE);
    pci_set_long(dvsec + PCI_DVSEC_HEADER1,
                 PCI_VENDOR_ID_INTEL | DVSEC_SIOV_SIZE << 20);
    pci_set_word(dvsec + PCI_DVSEC_HEADER2, DVSEC_SIOV_ID);
    pci_set_byte(dvsec + DVSEC_SIOV_LINK, pci->devfn);
    pci_set_byte(dvsec + DVSEC_SIOV_FLAGS, 0);
    pci_set_long(dvsec + DVSEC_SIOV_PAGE_SIZES, 1);
    pci_set_long(dvsec + DVSEC_SIOV_PAGE_SIZE, 1);
    pci_set_long(dvsec + DVSEC_SIOV_CAPABILITIES, 0);
}

static bool siov_edu_add_capabilities(PCIDevice *pci, Error **errp)
{
    uint16_t offset = PCI_CONFIG_SPACE_SIZE;

    if (!pci_bus_is_express(pci_get_bus(pci))) {
        error_setg(errp, "siov-edu needs a PCI Express bus");
        return false;
    }
    if (pcie_endpoint_cap_init(pci, 0) < 0) {
        error_setg(errp, "siov-edu: no room for its capabilities");
        return false;
    }
    pcie_cap_deverr_init(pci);
    pcie_cap_flr_init(pci);
    pcie_ats_init(pci, offset, true);
    offset += PCI_EXT_CAP_ATS_SIZEOF;
    pcie_pasid_init(pci, offset, PASID_WIDTH, false, false);
    offset += PCI_EXT_CAP_PASID_SIZEOF;
    pcie_pri_init(pci, offset, SIOV_EDU_MAX_REQUESTS, true);
    offset += PCI_EXT_CAP_PRI_SIZEOF;
    siov_edu_add_dvsec(pci, offset);
    return true;
}

static bool siov_edu_add_vectors(SiovEduState *s, Error **errp)
{
    PCIDevice *pci = PCI_DEVICE(s);
    unsigned vectors = 1 + s->num_adis;

    if (msix_init_exclusive_bar(pci, vectors, SIOV_EDU_MSIX_BAR, errp)) {
        return false;
    }
    for (unsigned i = 0; i < vectors; i++) {
        msix_vector_use(pci, i);
    }
    return true;
}

static void siov_edu_realize(PCIDevice *pci, Error **errp)
{
    SiovEduState *s = SIOV_EDU(pci);
    uint64_t size;

    if (!s->num_adis || s->num_adis > SIOV_EDU_MAX_ADIS) {
        error_setg(errp, "num-adis must be from 1 to %d", SIOV_EDU_MAX_ADIS);
        return;
    }
    if (!siov_edu_add_capabilities(pci, errp)) {
        return;
    }
    if (!siov_edu_add_vectors(s, errp)) {
        pcie_cap_exit(pci);
        return;
    }
    size = pow2ceil(SIOV_EDU_ADI_PAGE((uint64_t)s->num_adis));
    memory_region_init_io(&s->bar, OBJECT(s), &siov_edu_ops, s, "siov-edu",
                          size);
    pci_register_bar(pci, SIOV_EDU_BAR, PCI_BASE_ADDRESS_SPACE_MEMORY |
                     PCI_BASE_ADDRESS_MEM_TYPE_64, &s->bar);
    siov_edu_translations_init(s);
    siov_edu_pri_init(s);
    s->adis = g_new0(SiovEduAdi, s->num_adis);
    for (unsigned i = 0; i < s->num_adis; i++) {
        siov_edu_adi_init(s, i);
    }
}

static void siov_edu_exit(PCIDevice *pci)
{
    SiovEduState *s = SIOV_EDU(pci);

    for (unsigned i = 0; i < s->num_adis; i++) {
        siov_edu_adi_exit(&s->adis[i]);
    }
    g_clear_pointer(&s->adis, g_free);
    siov_edu_pri_exit(s);
    siov_edu_translations_exit(s);
    msix_uninit_exclusive_bar(pci);
    pcie_cap_exit(pci);
}

static const Property siov_edu_properties[] = {
    DEFINE_PROP_UINT32("num-adis", SiovEduState, num_adis, 8),
};

static const VMStateDescription siov_edu_vmstate = {
    .name = TYPE_SIOV_EDU,
    .unmigratable = 1,
};

static void siov_edu_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    pc->realize = siov_edu_realize;
    pc->exit = siov_edu_exit;
    pc->config_write = siov_edu_config_write;
    pc->ats_invalidate = siov_edu_ats_invalidate;
    pc->page_response = siov_edu_page_response;
    pc->vendor_id = SIOV_EDU_VENDOR_ID;
    pc->device_id = SIOV_EDU_DEVICE_ID;
    pc->revision = SIOV_EDU_VERSION_VALUE;
    pc->class_id = PCI_CLASS_OTHERS;
    rc->phases.hold = siov_edu_reset_hold;
    dc->desc = "Test device with assignable interfaces (SIOV)";
    dc->vmsd = &siov_edu_vmstate;
    device_class_set_props(dc, siov_edu_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo siov_edu_types[] = {
    {
        .name = TYPE_SIOV_EDU,
        .parent = TYPE_PCI_DEVICE,
        .instance_size = sizeof(SiovEduState),
        .class_init = siov_edu_class_init,
        .interfaces = (InterfaceInfo[]) {
            { INTERFACE_PCIE_DEVICE },
            { }
        },
    },
};

DEFINE_TYPES(siov_edu_types)
