# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d: first stage, second stage, nested and pass-through, in any mixture."""

from bench import Q35, test
from vtd.rig import (EDU, FIRST, FULL, IOVA, NESTED, PASS_THROUGH, SECOND, Domain, Rig)
from vtd.tables import FS_A, FS_D, FS_P, FS_U, FS_W, SS_A, SS_D, SS_R, SS_W
from vtd.unit import ECAP, bits

NAMES = {FIRST: "first stage", SECOND: "second stage", NESTED: "nested"}
ON = (FULL, EDU)


@test(Q35, devices=ON)
def capabilities(t):
    ecap = Rig(t).unit.read64(ECAP)
    for name, bit in (("NEST", 26), ("PRS", 29), ("PASID", 40), ("PDS", 42), ("SMTS", 43),
                      ("VCS", 44), ("SSADS", 45), ("SSTS", 46), ("FSTS", 47)):
        t.equal(bits(ecap, bit, bit), 1, f"ECAP has {name}")


@test(Q35, devices=())
def options(t):
    plain = "intel-iommu,x-scalable-mode=on"
    for wrong in ("x-slts=off", "x-nested=on", "x-flts=on,x-slts=off,x-nested=on",
                  "x-flts=on,x-slts=off,x-ssads=on", "x-prs=on", "x-vcmd=on",
                  "x-fault-records=0", "x-fault-records=129"):
        t.ok(t.refused(f"{plain},{wrong}"), f"{wrong} is refused")
    for right in ("x-ssads=on", "x-flts=on,x-nested=on", "x-prs=on,device-iotlb=on",
                  "x-fault-records=128"):
        t.equal(t.refused(f"{plain},{right}"), None, f"{right} is taken")


@test(Q35, devices=ON)
def mixture(t):
    rig = Rig(t)
    kinds = {1: FIRST, 2: SECOND, 3: NESTED, 0x10001: NESTED, 0xffffe: SECOND}
    pages = {pasid: rig.domain(kind, 100 + i, pasid).map(IOVA)[0]
             for i, (pasid, kind) in enumerate(kinds.items())}
    rig.pasids.set(4, PASS_THROUGH, 200)
    rid_page, _ = rig.domain(FIRST, 201, 0).map(IOVA)
    rig.unit.flush_all()
    for index, (pasid, page) in enumerate(pages.items()):
        adi = rig.adi(index, pasid)
        t.equal((adi.put(0x100 + index, IOVA), rig.memory(page)), ("OK", 0x100 + index),
                f"PASID {pasid:#x}, {NAMES[kinds[pasid]]}: writes its page")
        t.equal(adi.run("CHECKSUM", src=IOVA, length=4), "OK", f"PASID {pasid:#x} reads it")
    through = t.page()
    t.equal((rig.adi(5, 4).put(0x200, through), rig.memory(through)), ("OK", 0x200),
            "PASID 4, pass-through: writes the address itself")
    t.equal((rig.adi(6).put(0x300, IOVA), rig.memory(rid_page)), ("OK", 0x300),
            "without a PASID: RID_PASID's page")
    t.equal([rig.memory(p) for p in pages.values()], [0x100 + i for i in range(len(pages))],
            "nobody wrote anywhere else")
    t.equal(rig.unit.faults(), [], "no fault")


@test(Q35, devices=ON)
def rid_pasid(t):
    rig = Rig(t)
    page, _ = rig.domain(SECOND, 7, 0x123).map(IOVA)
    rig.unit.contexts.set(rig.sid, rig.pasids, rid_pasid=0x123)
    rig.unit.flush_all()
    t.equal((rig.adi(0).put(1, IOVA), rig.memory(page)), ("OK", 1),
            "RID_PASID of the context entry is used")


@test(Q35, devices=ON)
def large_pages(t):
    rig = Rig(t)
    for pasid, kind in enumerate((FIRST, SECOND), 1):
        domain = rig.domain(kind, pasid, pasid)
        page, _ = domain.map(IOVA, level=2)
        adi = rig.adi(pasid, pasid)
        t.equal((adi.put(pasid, IOVA + 0x5004), rig.memory(page + 0x5004)), ("OK", pasid),
                f"{NAMES[kind]}: 2 MiB")
        t.equal((adi.put(pasid, IOVA + 0x1ff000), rig.memory(page + 0x1ff000)), ("OK", pasid),
                f"{NAMES[kind]}: the end of it, from the IOTLB")


@test(Q35, devices=ON)
def nested_large_first(t):
    """A large page of the first stage over small ones of the second, and the other way."""
    rig = Rig(t)
    gpa = 0x200000000
    domain = rig.domain(NESTED, 5, 1)
    domain.map(IOVA, level=2, address=gpa)
    domain.map(IOVA + 0x200000, address=gpa + 0x203000)
    domain.cover()
    first, second = t.page(), t.page()
    domain.second.map(gpa, first)
    domain.second.map(gpa + 0x1000, second)
    big = t.pages(1, 512)
    domain.second.unmap(gpa + 0x203000)
    domain.second.map(gpa + 0x200000, big, level=2)
    domain.flush()
    adi = rig.adi(0, 1)
    adi.put(1, IOVA + 8)
    adi.put(2, IOVA + 0x1008)
    adi.put(3, IOVA + 0x200008)
    t.equal([rig.memory(first + 8), rig.memory(second + 8), rig.memory(big + 0x3008)], [1, 2, 3],
            "each 4 KiB goes where the second stage has it")


def rights_of(t, rig, domain, adi, iova, readable, writable, what):
    """Checks what an ADI may do."""
    outcome = {True: "OK", False: "DMA_FAILED"}
    domain.flush_iotlb()
    t.equal((adi.run("READ", src=iova), adi.put(1, iova)),
            (outcome[readable], outcome[writable]), what)
    rig.unit.faults()


@test(Q35, devices=ON)
def nested_rights(t):
    rig = Rig(t)
    domain = rig.domain(NESTED, 5, 1)
    adi = rig.adi(0, 1)
    all_first = FS_P | FS_W | FS_U
    for first, second, readable, writable, what in (
            (all_first, SS_R | SS_W, True, True, "both grant all"),
            (FS_P | FS_U, SS_R | SS_W, True, False, "the first stage denies writing"),
            (all_first, SS_R, True, False, "the second stage denies writing"),
            (all_first, SS_W, False, True, "the second stage denies reading"),
            (all_first, 0, False, False, "the second stage has nothing"),
            (FS_P | FS_W, SS_R | SS_W, False, False, "the first stage is for supervisors")):
        page, _ = domain.map(IOVA, first)
        domain.second.map(page, page, second)
        rights_of(t, rig, domain, adi, IOVA, readable, writable, what)


@test(Q35, devices=ON)
def nested_table_faults(t):
    rig = Rig(t)
    domain = rig.domain(NESTED, 5, 1)
    page, _ = domain.map(IOVA)
    adi = rig.adi(0, 1)
    root, leaf = domain.first.tables[0], domain.first.tables[-1]

    def reason(what, want, change, *args):
        domain.cover()
        domain.second.map(page, page)
        change(*args)
        domain.flush()
        adi.put(1, IOVA)
        t.equal([hex(f.reason) for f in rig.unit.faults()], [hex(want)], what)

    second = domain.second
    reason("first-stage root not readable", 0x75, second.map, root, root, SS_W)
    reason("a lower table not readable", 0x76, second.map, leaf, leaf, SS_W)
    reason("a table without write permission for A", 0x77, second.map, leaf, leaf, SS_R)
    reason("a table that the second stage does not have", 0x79, second.unmap, leaf)
    reason("the page itself read-only", 0x85, second.map, page, page, SS_R)
    reason("the page itself absent", 0x79, second.unmap, page)


@test(Q35, devices=ON)
def first_stage_bits(t):
    rig = Rig(t)
    domain = rig.domain(FIRST, 5, 1)
    _, entry = domain.map(IOVA)
    upper = domain.first.entry(IOVA, 2)
    adi = rig.adi(0, 1)
    t.equal(t.qtest.read(entry, 8) & (FS_A | FS_D), 0, "neither at first")
    adi.run("READ", src=IOVA)
    t.equal(t.qtest.read(entry, 8) & (FS_A | FS_D), FS_A, "A after a read")
    t.equal(t.qtest.read(upper, 8) & FS_A, FS_A, "A above it")
    adi.put(1, IOVA)
    t.equal(t.qtest.read(entry, 8) & (FS_A | FS_D), FS_A | FS_D, "D after a write")
    t.equal(t.qtest.read(upper, 8) & FS_D, 0, "no D above it")


@test(Q35, devices=ON)
def second_stage_bits(t):
    rig = Rig(t)
    for pasid, ssade in ((1, True), (2, False)):
        domain = rig.domain(SECOND, pasid, pasid, ssade)
        _, entry = domain.map(IOVA)
        _, other = domain.map(IOVA + 0x1000)
        adi = rig.adi(pasid, pasid)
        name = "SSADE" if ssade else "no SSADE"
        adi.run("READ", src=IOVA)
        t.equal(t.qtest.read(entry, 8) & (SS_A | SS_D), SS_A if ssade else 0, f"{name}: read")
        adi.put(1, IOVA)
        t.equal(t.qtest.read(entry, 8) & (SS_A | SS_D), SS_A | SS_D if ssade else 0,
                f"{name}: then write")
        adi.put(1, IOVA + 0x1000)
        t.equal(t.qtest.read(other, 8) & (SS_A | SS_D), SS_A | SS_D if ssade else 0,
                f"{name}: write at once")
        # What dirty tracking does: clear D, flush, and see it come back
        t.qtest.write(entry, 8, t.qtest.read(entry, 8) & ~SS_D)
        domain.flush_iotlb()
        adi.run("READ", src=IOVA)
        t.equal(t.qtest.read(entry, 8) & SS_D, 0, f"{name}: D stays clear with reads")
        adi.put(2, IOVA)
        t.equal(t.qtest.read(entry, 8) & SS_D, SS_D if ssade else 0, f"{name}: back with a write")


@test(Q35, devices=ON)
def second_stage_bits_large(t):
    rig = Rig(t)
    domain = rig.domain(SECOND, 1, 1, ssade=True)
    _, entry = domain.map(IOVA, level=2)
    adi = rig.adi(0, 1)
    adi.run("READ", src=IOVA + 0x3000)
    t.equal(t.qtest.read(entry, 8) & (SS_A | SS_D), SS_A, "2 MiB: A after a read")
    adi.put(1, IOVA + 0x4000)
    t.equal(t.qtest.read(entry, 8) & (SS_A | SS_D), SS_A | SS_D, "2 MiB: D after a write")


@test(Q35, devices=ON)
def nested_bits(t):
    rig = Rig(t)
    domain = rig.domain(NESTED, 5, 1, ssade=True)
    page, entry = domain.map(IOVA)
    below = domain.second.entry(page)
    table = domain.second.entry(domain.first.tables[-1])
    adi = rig.adi(0, 1)
    adi.run("READ", src=IOVA)
    t.equal([t.qtest.read(entry, 8) & (FS_A | FS_D), t.qtest.read(below, 8) & (SS_A | SS_D)],
            [FS_A, SS_A], "a read sets A in both stages")
    t.equal(t.qtest.read(table, 8) & (SS_A | SS_D), SS_A | SS_D,
            "setting A in a first-stage table is a write to it")
    adi.put(1, IOVA)
    t.equal([t.qtest.read(entry, 8) & FS_D, t.qtest.read(below, 8) & SS_D], [FS_D, SS_D],
            "a write sets D in both")
    t.qtest.write(below, 8, t.qtest.read(below, 8) & ~SS_D)
    rig.unit.flush_iotlb(5)
    adi.put(2, IOVA)
    t.equal(t.qtest.read(below, 8) & SS_D, SS_D, "and again after a domain-selective flush")


@test(Q35, devices=ON)
def interrupt_range_with_pasid(t):
    rig = Rig(t)
    page, _ = rig.domain(FIRST, 5, 1).map(0xfee00000)
    rig.pasids.set(2, PASS_THROUGH, 6)
    rig.unit.flush_all()
    t.equal((rig.adi(0, 1).put(1, 0xfee00000), rig.memory(page)), ("OK", 1),
            "0xfee00000 with a PASID is an address like others")
    t.equal(rig.adi(1, 2).put(1, 0xfee00000), "DMA_FAILED", "but not passed through")
    t.equal([(f.reason, f.pasid, f.address) for f in rig.unit.faults()],
            [(0x87, 2, 0xfee00000)], "as is recorded")


@test(Q35, devices=ON)
def change_of_mode(t):
    """One PASID goes through all kinds of entries, with the invalidations that each needs."""
    rig = Rig(t)
    adi = rig.adi(0, 1)
    old = None
    for did, kind in enumerate((FIRST, SECOND, NESTED, SECOND, FIRST, NESTED), 20):
        if old:
            old.detach()
            t.equal(adi.put(did, IOVA), "DMA_FAILED", f"{NAMES[old.kind]}: gone")
        old = Domain(rig, kind, did, 1)
        page, _ = old.map(IOVA)
        old.attach()
        t.equal((adi.put(did, IOVA), rig.memory(page)), ("OK", did), f"{NAMES[kind]}: there")
