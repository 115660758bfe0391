# SPDX-License-Identifier: GPL-2.0-or-later
"""What QEMU 10.0's VT-d gets wrong. Each of these fails there (docs/qemu-vtd.md has the
list), with our device and the PCI hooks for it but without the VT-d patches."""

from bench import Q35, test
from vtd.rig import (EDU, FIRST, IOVA, PASS_THROUGH, PLAIN, PLAIN_FIRST, SECOND, Domain, Rig)
from vtd.tables import FS_D, FS_P, FS_U, SS_R
from vtd.unit import ECAP, bits

RID_DID, DID, PASID = 10, 11, 1


def both_stages(function):
    """A test with second-stage tables, and one with first-stage tables."""
    for props, kind, name in ((PLAIN, SECOND, "second"), (PLAIN_FIRST, FIRST, "first")):
        def run(t, kind=kind):
            function(t, kind)
        run.__name__ = f"{function.__name__}_{name}"
        run.__module__ = function.__module__
        test(Q35, devices=(props, EDU))(run)
    return function


@both_stages
def defect_1_rid_entry_absent(t, kind):
    rig = Rig(t)
    page, _ = rig.domain(kind, DID, PASID).map(IOVA)
    t.equal(rig.adi(0, PASID).put(0x11, IOVA), "OK", "a PASID works without an entry of RID_PASID")
    t.equal(rig.memory(page), 0x11, "and reaches its page")
    t.equal(rig.unit.faults(), [], "no fault")


@both_stages
def defect_2_present_cleared(t, kind):
    rig = Rig(t)
    rig.domain(SECOND if kind == SECOND else FIRST, RID_DID, 0)
    domain = rig.domain(kind, DID, PASID)
    page, _ = domain.map(IOVA)
    adi = rig.adi(0, PASID)
    t.equal(adi.put(0x21, IOVA), "OK", "a PASID works")
    entry = rig.pasids.entry(PASID)
    t.qtest.write(entry, 8, t.qtest.read(entry, 8) & ~1)
    rig.unit.flush_all()
    t.equal(adi.put(0x22, IOVA), "DMA_FAILED", "with only Present cleared it is blocked")
    t.equal(rig.memory(page), 0x21, "nothing is written")
    t.equal([f.reason for f in rig.unit.faults()], [0x59], "PASID entry not present")


def pass_through_to_translated(t, kind, pasid):
    """PASID None is the RID."""
    rig = Rig(t)
    rig.domain(kind, 9, 0 if pasid else 5)
    number = pasid or 0
    adi = rig.adi(0, pasid)
    rig.pasids.set(number, PASS_THROUGH, DID)
    rig.unit.flush_all()
    page = t.page()
    t.equal((adi.put(0x31, page), rig.memory(page)), ("OK", 0x31), "pass-through works")
    rig.pasids.clear(number)
    rig.unit.flush_pasid_cache(DID, number)
    domain = rig.domain(kind, DID, number)
    target, _ = domain.map(page)
    t.equal(adi.put(0x32, page), "OK", "translated works")
    t.equal((rig.memory(page), rig.memory(target)), (0x31, 0x32), "and is translated")


@both_stages
def defect_3_pass_through_pasid(t, kind):
    pass_through_to_translated(t, kind, PASID)


@both_stages
def defect_3_pass_through_rid(t, kind):
    pass_through_to_translated(t, kind, None)


@test(Q35, devices=(PLAIN_FIRST, EDU))
def defect_4_dirty_after_read(t):
    rig = Rig(t)
    for pasid, adi in ((None, rig.adi(0)), (PASID, rig.adi(1, PASID))):
        domain = rig.domain(FIRST, DID, pasid or 0)
        _, entry = domain.map(IOVA)
        who = "RID" if pasid is None else "PASID"
        t.equal(adi.run("READ", src=IOVA), "OK", f"{who}: read")
        t.equal(t.qtest.read(entry, 8) & FS_D, 0, f"{who}: it does not set D")
        t.equal(adi.put(0x41, IOVA), "OK", f"{who}: write")
        t.equal(t.qtest.read(entry, 8) & FS_D, FS_D, f"{who}: it sets D")


@both_stages
def defect_5_read_only_write(t, kind):
    rig = Rig(t)
    domain = rig.domain(kind, DID, PASID)
    rig.domain(kind, RID_DID, 0)
    page, _ = domain.map(IOVA, SS_R if kind == SECOND else FS_P | FS_U)
    adi = rig.adi(0, PASID)
    t.equal(adi.run("READ", src=IOVA), "OK", "a read-only page can be read")
    t.equal(adi.put(0x51, IOVA), "DMA_FAILED", "and is then not written")
    t.equal(rig.memory(page), 0, "indeed not")
    faults = rig.unit.faults()
    t.equal([(f.reason, f.type, f.address) for f in faults], [(0x85, "write", IOVA)],
            "the fault is recorded: no write permission")


@both_stages
def defect_6_zero_entry(t, kind):
    rig = Rig(t)
    rig.domain(kind, RID_DID, 0)
    rig.domain(kind, DID, PASID)
    t.equal(rig.adi(0, 7).put(0x61, IOVA), "DMA_FAILED", "a zero PASID entry blocks")
    t.equal([(f.reason, f.sid, f.is_pasid, f.pasid) for f in rig.unit.faults()],
            [(0x59, rig.sid, True, 7)], "as not present, with the PASID")


@both_stages
def defect_6_rid_has_no_pasid(t, kind):
    rig = Rig(t)
    rig.domain(kind, RID_DID, 0)
    t.equal(rig.adi(0).put(0x62, IOVA), "DMA_FAILED", "an address that is not mapped blocks")
    t.equal([(f.is_pasid, f.pasid) for f in rig.unit.faults()], [(False, 0)],
            "and the record of a request without PASID has none")


@both_stages
def defect_6_pasid_of_20_bits(t, kind):
    rig = Rig(t)
    rig.domain(kind, RID_DID, 0)
    rig.domain(kind, DID, 0x54321)
    t.equal(rig.adi(0, 0x54321).put(0x63, IOVA), "DMA_FAILED", "not mapped: blocked")
    t.equal([(f.is_pasid, f.pasid) for f in rig.unit.faults()], [(True, 0x54321)],
            "the record has the whole PASID")


@both_stages
def defect_7_capabilities(t, kind):
    rig = Rig(t)
    ecap = rig.unit.read64(ECAP)
    t.equal((bits(ecap, 40, 40), bits(ecap, 39, 35)), (1, 19), "PASIDs of 20 bits are offered")
    rig.domain(kind, RID_DID, 0)
    page, _ = rig.domain(kind, DID, 0xfffff).map(IOVA)
    t.equal((rig.adi(0, 0xfffff).put(0x71, IOVA), rig.memory(page)), ("OK", 0x71),
            "the last one works")


@test(Q35, devices=())
def defect_7_combinations(t):
    t.equal(t.refused(PLAIN_FIRST + ",device-iotlb=on"), None,
            "device-TLBs and PASIDs can be had together")
    t.equal(t.refused(PLAIN_FIRST + ",x-slts=on"), None, "and both stages")


@test(Q35, devices=())
def defect_8_pasid_cache(t):
    said = t.refused(PLAIN + ",x-strict-caching=on", EDU)
    t.equal(said, None, "strict caching can be had")
    if said:
        return
    t.start((PLAIN + ",x-strict-caching=on", EDU))
    rig = Rig(t)
    rig.domain(SECOND, RID_DID, 0)
    old, _ = rig.domain(SECOND, DID, PASID).map(IOVA)
    adi = rig.adi(0, PASID)
    adi.put(0x81, IOVA)
    domain = Domain(rig, SECOND, DID + 1, PASID)
    new, _ = domain.map(IOVA)
    domain.write_entry()
    rig.unit.flush_iotlb()
    adi.put(0x82, IOVA)
    t.equal((rig.memory(old), rig.memory(new)), (0x82, 0),
            "without a PASID-cache invalidation the old entry is used")


@test(Q35, devices=(PLAIN_FIRST, EDU))
def abort_interrupt_range(t):
    rig = Rig(t)
    rig.domain(FIRST, RID_DID, 0)
    page, _ = rig.domain(FIRST, DID, PASID).map(0xfee00000)
    t.equal((rig.adi(0, PASID).put(0x91, 0xfee00000), rig.memory(page)), ("OK", 0x91),
            "0xfee00000 with a PASID is translated")
