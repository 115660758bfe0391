# SPDX-License-Identifier: GPL-2.0-or-later
"""siov-edu behind a VT-d: requests carry the ADI's PASID, or none."""

from bench import Q35, test
from vtd.rig import IOVA, PLAIN, SECOND, Rig

ARGS = ("-device", PLAIN)
LAST_PASID = 0xFFFFF


def ready(t):
    """The rig; PASIDs 1, 2 and the RID map IOVA to pages of their own, which are returned
    in this order."""
    rig = Rig(t)
    pages = []
    for did, pasid in enumerate((1, 2, 0), start=10):
        domain = rig.domain(SECOND, did, pasid)
        pages.append(domain.map(IOVA)[0])
        domain.flush()
    return rig, pages


def values(rig, pages, offset=0):
    """A word of each page"""
    return [rig.memory(p + offset) for p in pages]


@test(Q35, args=ARGS)
def separate_spaces(t):
    rig, pages = ready(t)
    one, two, rid = rig.adi(0, 1), rig.adi(1, 2), rig.adi(2)
    t.equal(one.put(0x11, IOVA), "OK", "PASID 1 writes")
    t.equal(values(rig, pages), [0x11, 0, 0], "to its page")
    t.equal(two.put(0x22, IOVA), "OK", "PASID 2 writes to the same address")
    t.equal(values(rig, pages), [0x11, 0x22, 0], "to its page")
    t.equal(rid.put(0x33, IOVA), "OK", "without a PASID")
    t.equal(values(rig, pages), [0x11, 0x22, 0x33], "it is the RID's page")
    t.equal(two.run("FETCH_ADD", dst=IOVA, operand=1), "OK", "PASID 2 adds")
    t.equal(two.run("COPY", src=IOVA, dst=IOVA + 64), "OK", "and copies")
    t.equal((values(rig, pages), values(rig, pages, 64)), ([0x11, 0x23, 0x33], [0, 0x23, 0]),
            "within its page")


@test(Q35, args=ARGS)
def blocked(t):
    rig, pages = ready(t)
    t.equal(rig.adi(0, 3).put(1, IOVA), "DMA_FAILED", "a PASID without an entry")
    t.equal(rig.adi(0).reg("FAULT_ADDRESS"), IOVA, "the address is told")
    adi = rig.adi(1, 1)
    t.equal(adi.run("COPY", src=IOVA, dst=IOVA + 4096 - 8, length=64), "DMA_FAILED",
            "the end of the mapping")
    t.equal(adi.reg("FAULT_ADDRESS"), IOVA + 4096, "where it stopped")
    t.equal(values(rig, pages), [0, 0, 0], "nothing is written")


@test(Q35, args=ARGS)
def read_only(t):
    rig, _ = ready(t)
    page, _ = rig.domain(SECOND, 20, 4).map(IOVA, rights=1)
    rig.poke(page, 5)
    adi = rig.adi(0, 4)
    t.equal(adi.run("READ", src=IOVA), "OK", "a read-only page is read")
    t.equal(adi.run("FETCH_ADD", dst=IOVA, operand=1), "DMA_FAILED", "not added to")
    t.equal(adi.put(1, IOVA), "DMA_FAILED", "and not written")
    t.equal(rig.memory(page), 5, "it is what it was")


@test(Q35, args=ARGS)
def enable_bit(t):
    rig, pages = ready(t)
    adi, other = rig.adi(0, 1), rig.adi(1)
    rig.edu.enable_pasid(False)
    t.equal(adi.put(1, IOVA), "NO_PASID", "PASIDs are off in configuration space")
    t.equal(adi.run("FETCH_ADD", dst=IOVA), "NO_PASID", "for every command")
    t.equal(values(rig, pages), [0, 0, 0], "nothing is written, to the RID's page either")
    t.equal(other.put(2, IOVA), "OK", "requests without one are not concerned")
    rig.edu.enable_pasid()
    t.equal(adi.put(1, IOVA), "OK", "PASIDs are on again")


@test(Q35, args=ARGS)
def all_bits(t):
    rig, _ = ready(t)
    for pasid in (LAST_PASID, 1 << 19, 0x155):
        page, _ = rig.domain(SECOND, 30, pasid).map(IOVA)
        t.equal(rig.adi(0, pasid).put(pasid, IOVA), "OK", f"PASID {pasid:#x}")
        t.equal(rig.memory(page), pasid, "writes to its page")


@test(Q35, args=ARGS)
def new_pasid_while_queued(t):
    rig, pages = ready(t)
    adi = rig.adi(0, 1)
    adi.set_privileged("ADI_DELAY", 10)
    t.qtest.write(adi.buffer, 4, 0x77)
    adi.submit("WRITE", dst=IOVA)
    adi.submit("WRITE", dst=IOVA + 4)
    adi.control("ENABLE", "PAUSE")
    t.qtest.step()
    adi.set_pasid(2)
    adi.control("ENABLE")
    t.qtest.step()
    t.equal(values(rig, pages), [0x77, 0, 0], "what ran before the change used the old PASID")
    t.equal(values(rig, pages, 4), [0, 0x77, 0], "what was queued uses the new one")
