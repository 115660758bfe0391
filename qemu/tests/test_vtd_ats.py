# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d: translation requests and device-TLBs."""

from bench import Q35, test
from vtd.rig import EDU, FIRST, FULL, IOVA, NESTED, PASS_THROUGH, SECOND, Rig
from vtd.tables import FS_A, FS_D, FS_P, FS_U, SS_A, SS_D, ContextTable

ON = (FULL, EDU)
KINDS = {1: FIRST, 2: SECOND, 3: NESTED}


def rig_with_ats(t, flags=ContextTable.ALL):
    """The rig, with device-TLBs enabled on both sides."""
    rig = Rig(t, flags)
    rig.edu.enable_ats()
    return rig


@test(Q35, devices=ON)
def mixture(t):
    rig = rig_with_ats(t)
    pages = {pasid: rig.domain(kind, pasid, pasid).map(IOVA)[0] for pasid, kind in KINDS.items()}
    rig.pasids.set(4, PASS_THROUGH, 9)
    rid_page, _ = rig.domain(SECOND, 8, 0).map(IOVA)
    rig.unit.flush_all()
    for pasid, page in pages.items():
        t.equal((rig.adi(pasid, pasid).put(pasid, IOVA), rig.memory(page)), ("OK", pasid),
                f"PASID {pasid}")
    t.equal((rig.adi(0).put(9, IOVA), rig.memory(rid_page)), ("OK", 9), "without PASID")
    page = t.page()
    t.equal((rig.adi(5, 4).put(4, page), rig.memory(page)), ("OK", 4), "pass-through")
    t.equal(rig.unit.faults(), [], "no fault")


@test(Q35, devices=ON)
def missing_page(t):
    """No rights is an answer, not a fault."""
    rig = rig_with_ats(t)
    for pasid, kind in KINDS.items():
        domain = rig.domain(kind, pasid, pasid)
        if kind == NESTED:
            domain.cover()
        t.equal(rig.adi(pasid, pasid).put(1, IOVA), "DMA_FAILED", f"PASID {pasid}: no page")
    t.equal(rig.unit.faults(), [], "no fault is recorded")


@test(Q35, devices=ON)
def read_only_page(t):
    rig = rig_with_ats(t)
    page, entry = rig.domain(FIRST, 5, 1).map(IOVA, FS_P | FS_U)
    rig.unit.flush_pasid_iotlb(5, 1)
    adi = rig.adi(0, 1)
    t.equal(adi.run("READ", src=IOVA), "OK", "can be read")
    t.equal((adi.put(1, IOVA), rig.memory(page)), ("DMA_FAILED", 0), "not written")
    rig.unit.flush_pasid_device_tlb(rig.sid, 1)
    adi.put(1, IOVA)
    low = t.qtest.read(entry, 8)
    t.qtest.write(entry, 8, 0)
    rig.unit.flush_pasid_iotlb(5, 1)
    t.equal(adi.run("READ", src=IOVA), "OK", "but asking to write has got the right to read")
    t.qtest.write(entry, 8, low)
    t.equal(t.qtest.read(entry, 8) & FS_D, 0, "which does not set D")
    t.equal(rig.unit.faults(), [], "no fault is recorded")


@test(Q35, devices=ON)
def bits(t):
    """NW decides about D: only a translation for writing sets it."""
    rig = rig_with_ats(t)
    for pasid, kind, accessed, dirty in ((1, FIRST, FS_A, FS_D), (2, SECOND, SS_A, SS_D)):
        _, entry = rig.domain(kind, pasid, pasid, ssade=True).map(IOVA)
        adi = rig.adi(pasid, pasid)
        adi.run("READ", src=IOVA)
        t.equal(t.qtest.read(entry, 8) & (accessed | dirty), accessed, f"PASID {pasid}: reading")
        adi.put(1, IOVA)
        t.equal(t.qtest.read(entry, 8) & (accessed | dirty), accessed | dirty,
                f"PASID {pasid}: writing")


@test(Q35, devices=ON)
def refused(t):
    rig = rig_with_ats(t)
    rig.pasids.entry(1)
    adi = rig.adi(0, 1)
    t.equal(adi.put(1, IOVA), "DMA_FAILED", "no PASID entry")
    fault = rig.unit.faults()
    t.equal([(f.reason, f.pasid, f.translation) for f in fault], [(0x59, 1, True)],
            "the fault of a translation request is recorded")
    rig.domain(FIRST, 5, 1).map(IOVA)
    rig.unit.contexts.set(rig.sid, rig.pasids)
    rig.unit.flush_all()
    t.equal(adi.put(1, IOVA), "DMA_FAILED", "DTE clear in the context entry")
    t.equal([f.reason for f in rig.unit.faults()], [0x44], "is recorded")
    rig.edu.enable_ats(False)
    t.equal(adi.put(1, IOVA), "OK", "untranslated requests need no DTE")


@test(Q35, devices=("intel-iommu,x-scalable-mode=on,x-pasid-mode=on", EDU))
def not_offered(t):
    rig = Rig(t)
    rig.domain(SECOND, 5, 1).map(IOVA)
    rig.edu.enable_ats()
    t.equal(rig.adi(0, 1).put(1, IOVA), "DMA_FAILED", "without device-iotlb=on: refused")


@test(Q35, devices=ON)
def invalidation_ranges(t):
    rig = rig_with_ats(t)
    domain = rig.domain(FIRST, 5, 1)
    entries, adi = [], rig.adi(0, 1)
    for i in range(8):
        entries.append(domain.map(IOVA + i * 0x1000)[1])
        adi.put(1, IOVA + i * 0x1000)
    for entry in entries:
        t.qtest.write(entry, 8, 0)
    domain.flush_iotlb()

    def stale():
        return [adi.put(2, IOVA + i * 0x1000) == "OK" for i in range(8)]

    t.equal(stale(), [True] * 8, "IOTLB flushed: all stale in the device")
    rig.unit.flush_pasid_device_tlb(rig.sid, 1, IOVA + 0x2000)
    t.equal(stale(), [True] * 2 + [False] + [True] * 5, "one page")
    rig.unit.flush_pasid_device_tlb(rig.sid, 1, IOVA + 0x4000 | 1 << 11 | 1 << 12)
    t.equal(stale(), [True] * 2 + [False] + [True] + [False] * 4, "16 KiB")
    rig.unit.flush_pasid_device_tlb(rig.sid, 2, everybody=True)
    t.equal(stale(), [False] * 8, "all of all PASIDs")
