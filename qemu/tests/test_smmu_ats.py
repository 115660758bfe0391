# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: translation requests, with and without SubstreamID, and CMD_ATC_INV."""

from bench import VIRT, test
from smmu.rig import ATS, EATS, EDU, IOVA, SUBSTREAMS, Rig
from smmu.tables import (ABORT, AF, AP_RO, BYPASS, BYPASS_STAGE1, NESTED, OAS, S2AP_R, SSID0,
                         STAGE1, STAGE2, TABLE, VALID)
from smmu.unit import IDR0, Event, Unit, bits

STAGES = {STAGE1: "stage 1", NESTED: "nested"}


def rig_with_ats(t, *args, **how):
    """The rig, with ATS enabled on both sides."""
    rig = Rig(t, *args, **how)
    rig.change_ste(eats=EATS)
    rig.edu.enable_ats()
    return rig


@test(VIRT, devices=EDU, args=ATS)
def capability(t):
    t.equal(bits(Unit(t).read32(IDR0), 11, 10), 3, "IDR0.ATS, NS1ATS")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def default_off(t):
    rig = rig_with_ats(t)
    rig.context(1, 1).map()
    t.equal(bits(rig.unit.read32(IDR0), 10, 10), 0, "IDR0.ATS is 0")
    t.equal(rig.adi(0, 1).put(1, IOVA), "DMA_FAILED", "translation requests are refused")
    t.equal(rig.unit.events(), [], "no event")


@test(VIRT, devices=EDU, args=ATS)
def translated(t):
    for kind, name in STAGES.items():
        rig = rig_with_ats(t, kind, s1dss=SSID0)
        zero, one = rig.context(0, 1).map(), rig.context(5, 2).map()
        t.ok(rig.lands(rig.adi(0), 1, IOVA, zero), f"{name}: without SubstreamID")
        t.ok(rig.lands(rig.adi(1, 5), 2, IOVA, one), f"{name}: SubstreamID 5")
        t.equal(rig.unit.events(), [], f"{name}: no event")
        rig.edu.enable_ats(False)


@test(VIRT, devices=EDU, args=ATS)
def stage2_and_skipped(t):
    rig = rig_with_ats(t, NESTED, s1dss=BYPASS_STAGE1)
    page = t.page()
    rig.second.map(IOVA, page)
    t.ok(rig.lands(rig.adi(0), 1, IOVA, page), "stage 1 skipped: stage 2")
    rig.change_ste(config=STAGE2, eats=EATS)
    rig.unit.invalidate_atc(rig.sid)
    t.ok(rig.lands(rig.adi(0), 2, IOVA, page), "stage 2 alone")
    rig.change_ste(config=STAGE1, second=None, eats=EATS)
    rig.unit.invalidate_atc(rig.sid)
    page = t.page()
    t.ok(rig.lands(rig.adi(0), 3, page, page), "stage 1 skipped, no other: the address itself")


@test(VIRT, devices=EDU, args=ATS)
def large_page(t):
    rig = rig_with_ats(t)
    page = rig.context(1, 1).map(level=2)
    t.ok(rig.lands(rig.adi(0, 1), 1, IOVA + 0x123004, page + 0x123004), "a block of 2 MiB")


@test(VIRT, devices=EDU, args=ATS)
def no_access(t):
    """Faults of translation are an answer, and not recorded."""
    for kind, name in STAGES.items():
        rig = rig_with_ats(t, kind)
        context = rig.context(1, 1)
        adi = rig.adi(0, 1)
        page = t.page()
        for what, entry in (("no page", 0), ("output too large", 1 << OAS | AF | VALID | TABLE),
                            ("without AF", page | VALID | TABLE)):
            context.map(rights=entry, address=0)
            context.flush()
            t.equal(adi.put(1, IOVA), "DMA_FAILED", f"{name}, {what}: no access")
        context.map(address=page, rights=AF | VALID | AP_RO)
        context.flush()
        t.equal((adi.run("READ", src=IOVA), adi.put(1, IOVA)), ("OK", "DMA_FAILED"),
                f"{name}, read only: can be read only")
        t.equal(rig.unit.events(), [], f"{name}: no event")
        rig.edu.enable_ats(False)


@test(VIRT, devices=EDU, args=ATS)
def stage2_rights(t):
    rig = rig_with_ats(t, NESTED)
    page = rig.context(1, 1).map()
    rig.second.map(page, page, AF | VALID | S2AP_R)
    rig.unit.flush_all()
    adi = rig.adi(0, 1)
    t.equal((adi.run("READ", src=IOVA), adi.put(1, IOVA)), ("OK", "DMA_FAILED"),
            "stage 2 grants reading only")
    rig.second.unmap(rig.cds.base)
    rig.unit.flush_all()
    rig.unit.invalidate_atc(rig.sid, 1)
    t.equal((adi.run("READ", src=IOVA), rig.unit.events()), ("DMA_FAILED", []),
            "the CD has no stage 2: no event")


@test(VIRT, devices=EDU, args=ATS)
def refused(t):
    rig = Rig(t)
    rig.context(1, 1).map()
    rig.edu.enable_ats()
    adi = rig.adi(0, 1)

    def outcome():
        return adi.put(1, IOVA), rig.unit.events()
    event = [Event("F_BAD_ATS_TREQ", rig.sid, 1, address=IOVA)]
    t.equal(outcome(), ("DMA_FAILED", event), "EATS 0: F_BAD_ATS_TREQ")
    rig.change_ste(eats=2)
    t.equal(outcome(), ("DMA_FAILED", event), "EATS 2, split stage: F_BAD_ATS_TREQ")
    rig.change_ste(eats=EATS)
    t.equal(outcome(), ("OK", []), "EATS 1: translated")
    rig.unit.invalidate_atc(rig.sid, 1)
    rig.change_ste(config=ABORT, eats=EATS)
    t.equal(outcome(), ("DMA_FAILED", []), "abort: no event")
    rig.change_ste(config=BYPASS, eats=EATS)
    plain = rig.adi(1)
    t.equal((plain.put(1, IOVA), rig.unit.events()),
            ("DMA_FAILED", [Event("F_BAD_ATS_TREQ", rig.sid, address=IOVA)]),
            "bypass: F_BAD_ATS_TREQ")
    rig.unit.disable_translation()
    t.equal(outcome(), ("DMA_FAILED", event), "SMMU off: F_BAD_ATS_TREQ")


@test(VIRT, devices=EDU, args=ATS)
def aborted(t):
    """Configuration errors are not recorded."""
    rig = rig_with_ats(t)
    rig.context(1, 1).map()
    for what, adi in (("S1DSS terminate", rig.adi(0)), ("SubstreamID out of range", rig.adi(1, 99)),
                      ("no CD", rig.adi(2, 2))):
        t.equal((adi.put(1, IOVA), rig.unit.events()), ("DMA_FAILED", []), f"{what}: no event")
    rig.unit.streams.clear(rig.sid)
    rig.unit.flush_all()
    t.equal((rig.adi(3, 1).put(1, IOVA), rig.unit.events()), ("DMA_FAILED", []),
            "no STE: no event")


@test(VIRT, devices=EDU, args=ATS)
def invalidation(t):
    """Who still has a translation after each command."""
    def one(unit, sid):
        unit.invalidate_atc(sid, 1)

    def everybody(unit, sid):
        unit.invalidate_atc(sid, 1, everybody=True)

    def none(unit, sid):
        unit.invalidate_atc(sid)

    for what, command, kept in (
            ("another StreamID", lambda u, sid: u.invalidate_atc(sid + 8, 1), [None, 1, 2]),
            ("SubstreamID 1", one, [None, 2]), ("without", none, [1, 2]),
            ("all SubstreamIDs", everybody, [None]),
            ("its page", lambda u, sid: u.invalidate_atc(sid, 1, IOVA, 0), [None, 2]),
            ("the next page", lambda u, sid: u.invalidate_atc(sid, 1, IOVA + 0x1000, 0),
             [None, 1, 2]),
            ("two pages from it", lambda u, sid: u.invalidate_atc(sid, 1, IOVA + 0x1000, 1),
             [None, 2])):
        rig = rig_with_ats(t, s1dss=SSID0)
        ssids = (None, 1, 2)
        for index, ssid in enumerate(ssids):
            context = rig.context(ssid or 0, index + 1)
            context.map()
            rig.adi(index, ssid).put(1, IOVA)
            context.table.unmap(IOVA)
        rig.unit.flush_all()
        command(rig.unit, rig.sid)
        have = [s for i, s in enumerate(ssids) if rig.edu.adis[i].put(2, IOVA) == "OK"]
        t.equal(have, kept, f"ATC_INV, {what}")
        rig.edu.enable_ats(False)
