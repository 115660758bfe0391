# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: CDs are cached by StreamID and SubstreamID, until a command that names them."""

from bench import VIRT, test
from smmu.rig import EDU, IOVA, PLAIN, SUBSTREAMS, Context, Rig
from smmu.tables import BYPASS_STAGE1, LEAF_4K, NESTED, SSID0

SSIDS = (None, 1, 2)    # None's CD is that of 0


class Stale:
    """CDs of SSIDS that are cached, and others in memory."""

    def __init__(self, t, **how):
        self.rig = Rig(t, s1dss=SSID0, **how)
        self.adis = [self.rig.adi(i, ssid) for i, ssid in enumerate(SSIDS)]
        self.old = self.write_cds(10)
        self.write_all(0)
        self.new = self.write_cds(20)

    def write_cds(self, asid):
        """Valid CDs with tables of their own; no invalidation. Returns the pages."""
        pages = []
        for index, ssid in enumerate(SSIDS):
            context = Context(self.rig, ssid or 0, asid + index)
            pages.append(context.map())
            context.write_cd()
        return pages

    def write_all(self, value):
        """A write of each ADI."""
        for adi in self.adis:
            adi.put(value, IOVA)

    def fresh(self):
        """The SubstreamIDs whose new CD is in use."""
        for page in (*self.old, *self.new):
            self.rig.t.qtest.write(page, 4, 0)
        self.write_all(1)
        seen = [(self.rig.memory(old), self.rig.memory(new))
                for old, new in zip(self.old, self.new)]
        assert set(seen) <= {(1, 0), (0, 1)}, seen
        return [ssid for ssid, pair in zip(SSIDS, seen) if pair == (0, 1)]


COMMANDS = (
    ("CFGI_CD 1", lambda unit, sid: unit.flush_cd(sid, 1), [1]),
    ("CFGI_CD 2", lambda unit, sid: unit.flush_cd(sid, 2), [2]),
    ("CFGI_CD 0", lambda unit, sid: unit.flush_cd(sid, 0), [None]),
    ("CFGI_CD of another", lambda unit, sid: unit.flush_cd(sid, 3), []),
    ("CFGI_CD of another StreamID", lambda unit, sid: unit.flush_cd(sid + 8, 1), []),
    ("TLBI_NSNH_ALL", lambda unit, sid: unit.flush_tlb(), []),
    ("CFGI_CD_ALL", lambda unit, sid: unit.flush_cds(sid), [None, 1, 2]),
    ("CFGI_CD_ALL of another StreamID", lambda unit, sid: unit.flush_cds(sid + 8), []),
    ("CFGI_STE", lambda unit, sid: unit.flush_ste(sid), [None, 1, 2]),
    ("CFGI_STE of another StreamID", lambda unit, sid: unit.flush_ste(sid + 8), []),
    ("CFGI_STE_RANGE", lambda unit, sid: unit.flush_ste_range(sid, 3), [None, 1, 2]),
    ("CFGI_STE_RANGE of others", lambda unit, sid: unit.flush_ste_range(sid + 8, 3), []),
    ("CFGI_ALL", lambda unit, sid: unit.flush_configs(), [None, 1, 2]),
)


def each_command(t, name, **how):
    """What each command makes the SMMU look at again."""
    for command, flush, wanted in COMMANDS:
        stale = Stale(t, **how)
        t.equal(stale.fresh(), [], f"{name}: without a command, the old ones")
        flush(stale.rig.unit, stale.rig.sid)
        t.equal(stale.fresh(), wanted, f"{name}, {command}")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def linear(t):
    each_command(t, "linear")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def two_levels(t):
    each_command(t, "two levels", bits=10, fmt=LEAF_4K)


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def nested(t):
    each_command(t, "nested", config=NESTED)


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def detach(t):
    rig = Rig(t, s1dss=BYPASS_STAGE1)
    contexts = [rig.context(ssid, ssid) for ssid in (1, 2)]
    pages = [context.map() for context in contexts]
    adis = [rig.adi(ssid, ssid) for ssid in (1, 2)]
    for adi, page in zip(adis, pages):
        t.ok(rig.lands(adi, 1, IOVA, page), "attached")
    rig.cds.clear(1)
    t.ok(rig.lands(adis[0], 2, IOVA, pages[0]), "cleared, not invalidated")
    contexts[0].flush()
    t.equal(adis[0].put(3, IOVA), "DMA_FAILED", "cleared and invalidated")
    t.equal([(e.type, e.ssid) for e in rig.unit.events()], [("C_BAD_CD", 1)], "C_BAD_CD")
    t.ok(rig.lands(adis[1], 4, IOVA, pages[1]), "the other one is not concerned")
    page = t.page()
    t.ok(rig.lands(rig.adi(3), 5, page, page), "nor are requests without")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def faults_not_cached(t):
    rig = Rig(t)
    t.equal(rig.adi(0, 1).put(1, IOVA), "DMA_FAILED", "no CD")
    context = Context(rig, 1, 1)
    page = context.map()
    context.write_cd()
    t.ok(rig.lands(rig.adi(0, 1), 2, IOVA, page), "a new CD needs no invalidation")


@test(VIRT, devices=EDU, args=PLAIN)
def ssid_ignored(t):
    """With SSIDSIZE 0, CFGI_CD is for the stream, whatever its SubstreamID."""
    rig = Rig(t, bits=0)
    rig.context(0, 1).map()
    rig.adi(0).put(1, IOVA)
    context = Context(rig, 0, 2)
    page = context.map()
    context.write_cd()
    rig.unit.flush_cd(rig.sid, 5)
    t.ok(rig.lands(rig.adi(0), 2, IOVA, page), "the new CD is used")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def off_and_on(t):
    rig = Rig(t)
    rig.context(1, 1).map()
    rig.adi(0, 1).put(1, IOVA)
    rig.unit.disable_translation()
    page = t.page()
    t.ok(rig.lands(rig.adi(0, 1), 2, page, page), "switched off")
    context = Context(rig, 1, 2)
    new = context.map()
    context.write_cd()
    rig.unit.enable()
    t.ok(rig.lands(rig.adi(0, 1), 3, IOVA, new), "switched on, all flushed")
