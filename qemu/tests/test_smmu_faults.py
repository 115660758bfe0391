# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: each fault's event, with the SubstreamID of the transaction."""

from bench import VIRT, test
from smmu.rig import EDU, IOVA, PLAIN, SSID_BITS, SUBSTREAMS, Rig
from smmu.tables import (AF, AP_RO, AP_RW, BYPASS, LEAF_4K, LEAF_64K, NESTED, OAS, SSID0, STAGE2,
                         TABLE, VALID)
from smmu.unit import CD, IN, TT, Event

SSID = 0x1b


def only(t, rig, adi, what, *event, iova=IOVA, read=False, sid=None):
    """A write, or read, is refused and leaves exactly this event; EVENT goes on after its
    SID."""
    outcome = adi.run("READ", src=iova) if read else adi.put(0xbad, iova)
    name, *rest = event
    t.equal(outcome, "DMA_FAILED", f"{what}: refused")
    t.equal(rig.unit.events(), [Event(name, rig.sid if sid is None else sid, *rest)],
            f"{what}: {name}")


def both(t, rig, name, *rest):
    """Without a SubstreamID (S1DSS has to be SSID0) and with one."""
    only(t, rig, rig.adi(0), "no SubstreamID", name, None, *rest)
    only(t, rig, rig.adi(1, SSID), f"SubstreamID {SSID:#x}", name, SSID, *rest)


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def bad_streamid(t):
    rig = Rig(t, s1dss=SSID0)
    rig.unit.set_streams(log2size=5)
    rig.unit.flush_all()
    both(t, rig, "C_BAD_STREAMID")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def ste_fetch(t):
    rig = Rig(t, s1dss=SSID0)
    nowhere = t.machine.nowhere
    rig.unit.set_streams(nowhere)
    rig.unit.flush_all()
    fetch = (None,) * 4 + (nowhere + 64 * rig.sid,)
    both(t, rig, "F_STE_FETCH", *fetch)


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def bad_ste(t):
    rig = Rig(t, s1dss=SSID0)
    rig.context(0, 1)
    rig.context(SSID, 2)
    rig.unit.streams.clear(rig.sid)
    rig.unit.flush_all()
    both(t, rig, "C_BAD_STE")
    rig.change_ste(s1cdmax=SSID_BITS + 1)
    both(t, rig, "C_BAD_STE")


@test(VIRT, devices=EDU, args=PLAIN)
def many_cds_unsupported(t):
    rig = Rig(t, bits=5, s1dss=SSID0)
    rig.context(0, 1).map()
    only(t, rig, rig.adi(0), "S1CDMax 5 with SSIDSIZE 0", "C_BAD_STE", None)


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def stream_disabled(t):
    rig = Rig(t)
    rig.context(0, 1).map()
    only(t, rig, rig.adi(0), "none, S1DSS terminate", "F_STREAM_DISABLED", None)
    rig.change_ste(s1dss=SSID0)
    only(t, rig, rig.adi(1, 0), "0, which is the default's", "F_STREAM_DISABLED", None)


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def bad_substreamid(t):
    rig = Rig(t, NESTED)
    rig.context(1, 1).map()
    one = rig.adi(0, 1)
    only(t, rig, rig.adi(1, 32), "S1CDMax 5, SubstreamID 32", "C_BAD_SUBSTREAMID", 32)
    only(t, rig, rig.adi(1, 0xfffff), "the largest PASID", "C_BAD_SUBSTREAMID", 0xfffff)
    rig.change_ste(s1cdmax=0)
    only(t, rig, one, "S1CDMax 0", "C_BAD_SUBSTREAMID", 1)
    only(t, rig, rig.adi(1, 0), "S1CDMax 0", "C_BAD_SUBSTREAMID", 0)
    rig.change_ste(config=BYPASS)
    only(t, rig, one, "bypass", "C_BAD_SUBSTREAMID", 1)
    rig.change_ste(config=STAGE2)
    only(t, rig, one, "stage 2 alone", "C_BAD_SUBSTREAMID", 1)
    rig.change_ste(config=STAGE2, s1cdmax=SSID_BITS + 1)
    only(t, rig, one, "stage 2 alone, where S1CDMax is ignored", "C_BAD_SUBSTREAMID", 1)


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def bad_l1cd(t):
    for fmt in (LEAF_4K, LEAF_64K):
        rig = Rig(t, bits=16, fmt=fmt, s1dss=SSID0)
        rig.context(1, 1).map()
        far = 2 << 10
        what = f"S1Fmt {fmt}"
        only(t, rig, rig.adi(0, far), f"{what}, L1CD not valid", "C_BAD_SUBSTREAMID", far)
        t.qtest.write(rig.cds.l1cd(far), 8, 1 << OAS | VALID)
        only(t, rig, rig.adi(0, far), f"{what}, L2Ptr out of range", "C_BAD_SUBSTREAMID", far)
        t.qtest.write(rig.cds.l1cd(0), 8, 0)
        rig.unit.flush_all()
        only(t, rig, rig.adi(1), f"{what}, of a transaction without", "C_BAD_SUBSTREAMID", 0)


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def cd_fetch(t):
    rig = Rig(t, s1dss=SSID0)
    nowhere = t.machine.nowhere
    rig.change_ste(s1contextptr=nowhere)
    none = (None,) * 4
    only(t, rig, rig.adi(0), "CD 0", "F_CD_FETCH", None, *none, nowhere)
    only(t, rig, rig.adi(1, 3), "CD 3", "F_CD_FETCH", 3, *none, nowhere + 3 * 64)
    rig.change_ste(s1contextptr=nowhere, s1cdmax=16, s1fmt=LEAF_4K)
    only(t, rig, rig.adi(1, 0x1c3), "its L1CD", "F_CD_FETCH", 0x1c3, *none, nowhere + 7 * 8)
    rig.change_ste(s1contextptr=nowhere, s1cdmax=16, s1fmt=LEAF_64K)
    only(t, rig, rig.adi(1, 0xc03), "its L1CD", "F_CD_FETCH", 0xc03, *none, nowhere + 3 * 8)


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def bad_cd(t):
    rig = Rig(t, s1dss=SSID0)
    both(t, rig, "C_BAD_CD")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def stage1(t):
    rig = Rig(t, s1dss=SSID0)
    contexts = {None: rig.context(0, 1), SSID: rig.context(SSID, 2)}
    page = t.page()
    rights = AF | VALID
    for index, (ssid, context) in enumerate(contexts.items()):
        adi = rig.adi(index, ssid)
        what = f"SubstreamID {ssid}"
        for cause, entry, event in (
                ("empty", 0, "F_TRANSLATION"),
                ("1 << OAS", 1 << OAS | rights | AP_RW, "F_ADDR_SIZE"),
                ("without AF", page | VALID | AP_RW, "F_ACCESS"),
                ("read only", page | rights | AP_RO, "F_PERMISSION")):
            context.map(rights=entry | (TABLE if entry else 0), address=0)
            context.flush()
            only(t, rig, adi, f"{what}, {cause}", event, ssid, False, 1, IN, IOVA)
            if event == "F_PERMISSION":
                t.equal((adi.run("READ", src=IOVA), rig.unit.events()), ("OK", []),
                        f"{what}, {cause}: may be read")
            else:
                only(t, rig, adi, f"{what}, {cause}, read", event, ssid, True, 1, IN, IOVA,
                     read=True)
        t.qtest.write(context.table.root, 8, t.machine.nowhere | VALID | TABLE)
        context.flush()
        fetch = t.machine.nowhere + 8 * (IOVA >> 30)
        only(t, rig, adi, f"{what}, table nowhere", "F_WALK_EABT", ssid, False, 1, TT, IOVA, fetch)


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def quiet(t):
    """CD.R 0: no events of translation."""
    rig = Rig(t)
    at = rig.context(1, 1).write_cd()
    t.qtest.write(at, 8, t.qtest.read(at, 8) & ~(1 << 45))
    rig.unit.flush_all()
    t.equal((rig.adi(0, 1).put(1, IOVA), rig.unit.events()), ("DMA_FAILED", []),
            "refused, no event")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def stage2(t):
    """What stage 2 does not let stage 1 fetch, and where it does not let it go."""
    rig = Rig(t, NESTED, bits=16, fmt=LEAF_4K)
    context = rig.context(SSID, 2)
    page = context.map()
    cd = rig.cds.cd(SSID)
    adi = rig.adi(0, SSID)
    t.ok(rig.lands(adi, 1, IOVA, page), "all is well")
    event = ("F_TRANSLATION", SSID, False, 2)
    for what, address, cls, ipa in (
            ("L1CD", rig.cds.base, CD, rig.cds.l1cd(SSID)),
            ("CD", cd & ~0xfff, CD, cd),
            ("TTB0", context.table.root, TT, context.table.root),
            ("a table", context.table.tables[-1], TT, context.table.tables[-1]),
            ("the page", page, IN, page)):
        entry = rig.second.entry(address)
        old = t.qtest.read(entry, 8)
        t.qtest.write(entry, 8, 0)
        rig.unit.flush_all()
        only(t, rig, adi, f"{what} has no stage 2", *event, cls, IOVA, ipa)
        t.qtest.write(entry, 8, old)
    rig.unit.flush_all()
    t.ok(rig.lands(adi, 2, IOVA, page), "all is well again")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def whose_record_bit(t):
    """STE.S2R, not CD.R, is for faults of stage 2, those of table walks included."""
    rig = Rig(t, NESTED)
    context = rig.context(SSID, 2)
    context.map()
    adi = rig.adi(0, SSID)
    at = rig.cds.cd(SSID)
    t.qtest.write(at, 8, t.qtest.read(at, 8) & ~(1 << 45))
    for what, table in (("TTB0", context.table.root), ("a table", context.table.tables[-1])):
        rig.second.unmap(table)
        rig.unit.flush_all()
        only(t, rig, adi, f"CD.R 0, {what}", "F_TRANSLATION", SSID, False, 2, TT, IOVA, table)
        rig.second.map(table, table)
