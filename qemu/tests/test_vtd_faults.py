# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d: fault records."""

from bench import Q35, test
from vtd.rig import EDU, FIRST, FULL, IOVA, PASS_THROUGH, SECOND, Rig
from vtd.tables import FS_P, FS_U, FS_W, SS_R, SS_W, ContextTable
from vtd.unit import FECTL, FSTS, RTADDR, TE, bits

ON = (FULL, EDU)
PFO, PPF = 1, 2


def blocked(t, rig, adi, want, what, iova=IOVA):
    """Checks that an ADI's write is blocked, and the reasons recorded."""
    rig.unit.flush_all()
    t.equal(adi.put(1, iova), "DMA_FAILED", f"{what}: blocked")
    t.equal([hex(f.reason) for f in rig.unit.faults()], [hex(want)], f"{what}: recorded")


@test(Q35, devices=ON)
def context_reasons(t):
    rig = Rig(t)
    rig.domain(SECOND, 5, 1).map(IOVA)
    rig.domain(SECOND, 6, 0x2000 * 64).map(IOVA)
    adi, contexts = rig.adi(0, 1), rig.unit.contexts
    contexts.clear(rig.sid)
    blocked(t, rig, adi, 0x41, "context entry not present")
    at = contexts.set(rig.sid, rig.pasids)
    t.qtest.write(at, 8, t.qtest.read(at, 8) | 1 << 5)
    blocked(t, rig, adi, 0x42, "reserved bit in the context entry")
    contexts.set(rig.sid, rig.pasids, ContextTable.PRESENT)
    blocked(t, rig, adi, 0x45, "PASIDE clear")
    at = contexts.set(rig.sid, rig.pasids)
    t.qtest.write(at, 8, rig.pasids.directory | 9)  # PDTS 0: 2^13 PASIDs
    blocked(t, rig, rig.adi(1, 0x2000), 0x46, "PASID beyond the directory")
    t.equal(rig.adi(2, 1).put(1, IOVA), "OK", "PASID within it")
    t.qtest.write(contexts.root, 8, 0)
    blocked(t, rig, adi, 0x39, "root entry not present")
    t.qtest.write(contexts.root, 8, 0x801)
    blocked(t, rig, adi, 0x3a, "reserved bit in the root entry")


@test(Q35, devices=ON)
def pasid_table_reasons(t):
    rig = Rig(t)
    rig.domain(SECOND, 5, 1).map(IOVA)
    adi = rig.adi(0, 1)
    at, directory = rig.pasids.entry(1), rig.pasids.directory_entry(1)
    good = t.qtest.read(at, 8)
    t.qtest.write(at, 8, good & ~(7 << 6))
    blocked(t, rig, adi, 0x5b, "PGTT 0")
    t.qtest.write(at, 8, good & ~(7 << 2) | 5 << 2)
    blocked(t, rig, adi, 0x5b, "address width that does not exist")
    t.qtest.write(at, 8, 0)
    blocked(t, rig, adi, 0x59, "PASID entry not present")
    leaf = t.qtest.read(directory, 8)
    t.qtest.write(directory, 8, leaf & ~1)
    blocked(t, rig, adi, 0x51, "directory entry not present")
    t.qtest.write(directory, 8, t.machine.nowhere | 1)
    blocked(t, rig, adi, 0x58, "PASID table that is nowhere")


@test(Q35, devices=ON)
def paging_reasons(t):
    rig = Rig(t)
    first, second = rig.domain(FIRST, 5, 1), rig.domain(SECOND, 6, 2)
    _, fs_entry = first.map(IOVA)
    _, ss_entry = second.map(IOVA)
    one, two = rig.adi(0, 1), rig.adi(1, 2)
    page = t.page()
    for adi, entry, value, want, what in (
            (one, fs_entry, 0, 0x71, "first stage: not present"),
            (one, fs_entry, page | FS_P | FS_U, 0x85, "first stage: read-only"),
            (one, fs_entry, page | FS_P | FS_W, 0x81, "first stage: supervisor"),
            (one, fs_entry, page | FS_P | FS_U | FS_W | 1 << 50, 0x72, "first stage: reserved"),
            (one, fs_entry, 0xfee00000 | FS_P | FS_U | FS_W, 0x87, "first stage: to interrupts"),
            (two, ss_entry, 0, 0x79, "second stage: not present"),
            (two, ss_entry, page | SS_R, 0x85, "second stage: read-only"),
            (two, ss_entry, page | SS_R | SS_W | 1 << 50, 0x7a, "second stage: reserved"),
            (two, ss_entry, 0xfee00000 | SS_R | SS_W, 0x87, "second stage: to interrupts")):
        t.qtest.write(entry, 8, value)
        blocked(t, rig, adi, want, what)
    t.qtest.write(ss_entry, 8, page | SS_W)
    rig.unit.flush_all()
    t.equal(two.run("READ", src=IOVA), "DMA_FAILED", "second stage: write-only cannot be read")
    t.equal([(hex(f.reason), f.type) for f in rig.unit.faults()], [("0x86", "read")],
            "no read permission")
    blocked(t, rig, one, 0x80, "first stage: not canonical", iova=1 << 47)
    blocked(t, rig, two, 0x84, "second stage: beyond the address width", iova=1 << 48)


@test(Q35, devices=ON)
def table_pointers(t):
    rig = Rig(t)
    nowhere = t.machine.nowhere
    rig.domain(FIRST, 5, 1)
    rig.domain(SECOND, 6, 2)
    at = rig.pasids.entry(1)
    t.qtest.write(at + 16, 8, nowhere)
    blocked(t, rig, rig.adi(0, 1), 0x73, "first-stage tables that are nowhere")
    at = rig.pasids.entry(2)
    t.qtest.write(at, 8, t.qtest.read(at, 8) & 0xfff | nowhere)
    blocked(t, rig, rig.adi(1, 2), 0x7b, "second-stage tables that are nowhere")


@test(Q35, devices=ON)
def fields(t):
    rig = Rig(t)
    rig.domain(SECOND, 5, 0xabcde)
    rig.adi(0, 0xabcde).put(1, IOVA + 0x3123)
    rig.adi(1, 0xabcde)
    fault = rig.unit.faults()[0]
    t.equal((fault.sid, fault.is_pasid, fault.pasid), (rig.sid, True, 0xabcde), "requester")
    t.equal(fault.address, IOVA + 0x3000, "page address")
    t.equal((fault.type, fault.translation), ("write", False), "an untranslated write")
    rig.edu.adis[1].run("READ", src=IOVA)
    t.equal(rig.unit.faults()[0].type, "read", "a read")


@test(Q35, devices=ON)
def several(t):
    rig = Rig(t)
    unit = rig.unit
    records = unit.fault_records()
    t.equal(len(records), 8, "eight records are offered")
    for pasid in range(1, 8):
        rig.domain(SECOND, pasid, pasid)
        rig.adi(pasid, pasid).put(1, IOVA + (pasid << 12))
        rig.edu.adis[pasid].put(1, IOVA)
    t.equal(unit.read32(FSTS) & (PPF | PFO), PPF, "faults are pending, none is lost")
    t.equal([(f.pasid, f.address) for f in unit.faults()],
            [(p, IOVA + (p << 12)) for p in range(1, 8)],
            "one of each PASID, the first, in order")
    t.equal(unit.read32(FSTS) & (PPF | PFO), 0, "none is pending after that")


@test(Q35, devices=ON)
def overflow(t):
    rig = Rig(t)
    unit = rig.unit
    for pasid in range(1, 10):
        rig.adi(0, pasid).put(1, IOVA)
    t.equal(unit.read32(FSTS) & (PPF | PFO), PPF | PFO, "the ninth fault sets PFO")
    t.equal([f.pasid for f in unit.faults()], list(range(1, 9)), "eight are there")
    t.equal(unit.read32(FSTS) & (PPF | PFO), 0, "and are cleared")
    rig.adi(0, 11).put(1, IOVA)
    t.equal([f.pasid for f in unit.faults()], [11], "after that it goes on")


@test(Q35, devices=("intel-iommu,x-scalable-mode=on,x-pasid-mode=on", EDU))
def single(t):
    rig = Rig(t)
    t.equal(len(rig.unit.fault_records()), 1, "one record by default")
    for pasid in (1, 2):
        rig.adi(0, pasid).put(1, IOVA)
    t.equal(rig.unit.read32(FSTS) & (PPF | PFO), PPF | PFO, "the second fault sets PFO")
    t.equal([f.pasid for f in rig.unit.faults()], [1], "the first is there")


@test(Q35, devices=ON)
def kept_quiet(t):
    """Fault Processing Disable, in each of the three places."""
    rig = Rig(t)
    unit = rig.unit
    rig.domain(SECOND, 5, 1)
    adi = rig.adi(0, 1)
    entry, directory = rig.pasids.entry(1), rig.pasids.directory_entry(1)
    context = unit.contexts.entry(rig.sid)
    for at, what in ((entry, "PASID entry"), (directory, "directory entry"),
                     (context, "context entry")):
        value = t.qtest.read(at, 8)
        t.qtest.write(at, 8, value | 2)
        unit.flush_all()
        t.equal((adi.put(1, IOVA), unit.faults()), ("DMA_FAILED", []), f"FPD in the {what}")
        t.qtest.write(at, 8, value & ~1 | 2)
        unit.flush_all()
        t.equal((adi.put(1, IOVA), unit.faults()), ("DMA_FAILED", []),
                f"FPD in the {what}, which is not present")
        t.qtest.write(at, 8, value)
    unit.flush_all()
    adi.put(1, IOVA)
    t.equal(len(unit.faults()), 1, "without it there is a record")


@test(Q35, devices=ON)
def legacy_mode(t):
    """The reasons of legacy mode, and that it takes no PASIDs."""
    rig = Rig(t)
    unit = rig.unit
    table = rig.domain(SECOND, 5, 0).second
    unit.disable_translation()
    root, context = t.page(), t.page()
    t.qtest.write(root, 8, context | 1)
    at = context + 16 * rig.sid
    unit.write64(RTADDR, root)
    unit.command(1 << 30)
    unit.flush_all()
    unit.command(TE)
    adi = rig.adi(0)
    blocked(t, rig, adi, 0x02, "context entry not present")
    t.qtest.write(at + 8, 8, 2 | 5 << 8)
    t.qtest.write(at, 8, table.root | 1)
    blocked(t, rig, adi, 0x05, "page not present")
    page = t.page()
    table.map(IOVA, page)
    unit.flush_all()
    t.equal((adi.put(1, IOVA), rig.memory(page)), ("OK", 1), "page present")
    blocked(t, rig, rig.adi(1, 1), 0x31, "request with PASID")
    t.equal(bits(unit.read32(FECTL), 31, 31), 1, "interrupts stay masked")


@test(Q35, devices=ON)
def quiet_when_fine(t):
    rig = Rig(t)
    rig.pasids.set(1, PASS_THROUGH, 5)
    rig.unit.flush_all()
    t.equal(rig.adi(0, 1).put(1, t.page()), "OK", "pass-through")
    t.equal(rig.unit.faults(), [], "no record")
