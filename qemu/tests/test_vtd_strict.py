# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d with strict caching: each cache is stale until it is invalidated.

Each test changes a table, makes all invalidations but one, and must see the old state;
then it makes that one, and must see the new state.
"""

from bench import Q35, test
from vtd.rig import (EDU, FIRST, FULL, IOVA, NESTED, PASS_THROUGH, SECOND, STRICT, STRICT_CM,
                     Domain, Rig)
from vtd.tables import PasidTable
from vtd.unit import TE

ON = (STRICT, EDU)
ON_CM = (STRICT_CM, EDU)
DID, PASID = 5, 1


class Change:
    """A PASID that works, and a second page for the same IOVA to change to."""

    def __init__(self, t, kind, pasid=PASID):
        self.t = t
        self.rig = Rig(t)
        self.unit = self.rig.unit
        self.pasid = pasid
        self.domain = self.rig.domain(kind, DID, pasid or 0)
        self.old, self.entry = self.domain.map(IOVA)
        self.new = t.page()
        if kind == NESTED:
            self.domain.second.map(self.new, self.new)
        self.value = 0x1000
        self.adi = self.rig.adi(0, pasid)
        t.equal(self.where(), "old", "works before the change")

    def where(self):
        """Where a write goes now."""
        self.value += 1
        if self.adi.put(self.value, IOVA) != "OK":
            return "nowhere"
        return {(True, False): "old", (False, True): "new"}.get(
            (self.rig.memory(self.old) == self.value, self.rig.memory(self.new) == self.value),
            "elsewhere")

    def remap(self):
        """Changes the leaf entry to the new page."""
        low = self.t.qtest.read(self.entry, 8) & 0xfff
        self.t.qtest.write(self.entry, 8, self.new | low)

    def expect(self, want, what):
        self.t.equal(self.where(), want, what)


def other_domain(change, kind, did):
    """Tables that have the new page, not yet in the PASID entry."""
    domain = Domain(change.rig, kind, did, change.pasid or 0)
    domain.map(IOVA, address=change.new)
    return domain


@test(Q35, devices=ON)
def context_cache(t):
    change = Change(t, SECOND)
    pasids = PasidTable(t)
    other = other_domain(change, SECOND, DID + 1)
    pasids.set(PASID, SECOND, DID + 1, second=other.second)
    change.unit.contexts.set(change.rig.sid, pasids)
    change.unit.flush_pasid_cache()
    change.unit.flush_iotlb()
    change.expect("old", "PASID-cache and IOTLB flushed: the old context entry is used")
    change.unit.flush_context(change.rig.sid)
    change.unit.flush_pasid_cache()
    change.unit.flush_iotlb()
    change.expect("new", "context-cache flushed, too: the new one")


@test(Q35, devices=ON)
def context_cache_shared(t):
    """One entry serves all requests of a function."""
    change = Change(t, SECOND)
    change.rig.domain(SECOND, 9, 2).map(IOVA)
    change.unit.contexts.clear(change.rig.sid)
    t.equal(change.rig.adi(1, 2).put(1, IOVA), "OK",
            "another PASID's first request uses the entry that is cached")
    change.unit.flush_context(change.rig.sid)
    change.expect("nowhere", "flushed: not present for the one")
    t.equal(change.rig.adi(1, 2).put(1, IOVA), "DMA_FAILED", "and for the other")


@test(Q35, devices=ON)
def context_before_pasid_cache(t):
    """A context-cache flush does not empty the PASID-cache."""
    change = Change(t, SECOND)
    change.rig.pasids.clear(PASID)
    change.unit.flush_context()
    change.unit.flush_iotlb()
    change.expect("old", "the PASID entry is still cached")
    change.unit.flush_pasid_cache(DID, PASID)
    change.expect("nowhere", "until it is flushed")


def pasid_cache(t, kind, pasid):
    change = Change(t, kind, pasid)
    other = other_domain(change, kind, DID + 1)
    other.write_entry()
    change.unit.flush_context()
    change.unit.flush_iotlb()
    change.expect("old", "all but the PASID-cache flushed: old entry")
    change.unit.flush_pasid_cache(DID + 7, pasid or 0)
    change.expect("old", "PASID-cache of another domain flushed: old entry")
    change.unit.flush_pasid_cache(DID, (pasid or 0) + 1)
    change.expect("old", "PASID-cache of another PASID flushed: old entry")
    change.unit.flush_pasid_cache(DID, pasid or 0)
    change.expect("new", "PASID-cache flushed: new entry")


for _kind, _name in ((FIRST, "first"), (SECOND, "second"), (NESTED, "nested")):
    for _pasid, _who in ((PASID, "pasid"), (None, "rid")):
        def _run(t, kind=_kind, pasid=_pasid):
            pasid_cache(t, kind, pasid)
        _run.__name__ = f"pasid_cache_{_name}_{_who}"
        test(Q35, devices=ON)(_run)


@test(Q35, devices=ON)
def pasid_cache_granularities(t):
    change = Change(t, SECOND)
    other = other_domain(change, SECOND, DID + 1)
    other.write_entry()
    change.unit.flush_pasid_cache(DID + 7)
    change.expect("old", "domain-selective, another domain")
    change.unit.flush_pasid_cache(DID)
    change.expect("new", "domain-selective")
    change.domain.write_entry()
    change.unit.flush_pasid_cache()
    change.expect("old", "global")


@test(Q35, devices=ON)
def pass_through_cached(t):
    rig = Rig(t)
    for pasid, who in ((None, "RID"), (PASID, "PASID")):
        number = pasid or 0
        rig.pasids.set(number, PASS_THROUGH, DID)
        rig.unit.flush_pasid_cache(DID, number)
        page = t.page()
        adi = rig.adi(0, pasid)
        t.equal((adi.put(1, page), rig.memory(page)), ("OK", 1), f"{who}: pass-through")
        rig.pasids.clear(number)
        rig.unit.flush_context()
        rig.unit.flush_iotlb()
        t.equal((adi.put(2, page), rig.memory(page)), ("OK", 2), f"{who}: still, as cached")
        rig.unit.flush_pasid_cache(DID, number)
        t.equal(adi.put(3, page), "DMA_FAILED", f"{who}: gone with the PASID-cache entry")


@test(Q35, devices=ON)
def not_present_not_cached(t):
    """Without caching-mode what is not present takes no invalidation."""
    rig = Rig(t)
    adi = rig.adi(0, PASID)
    t.equal(adi.put(1, IOVA), "DMA_FAILED", "no PASID entry")
    domain = Domain(rig, FIRST, DID, PASID)
    domain.write_entry()
    t.equal(adi.put(1, IOVA), "DMA_FAILED", "an entry, but no page")
    domain.map(IOVA)
    t.equal(adi.put(1, IOVA), "OK", "a page")


@test(Q35, devices=ON)
def iotlb_first_stage(t):
    change = Change(t, FIRST)
    change.remap()
    change.unit.flush_context()
    change.unit.flush_pasid_cache()
    change.expect("old", "all but the IOTLB flushed")
    change.unit.flush_pasid_iotlb(DID + 1, PASID)
    change.expect("old", "PASID-IOTLB of another domain")
    change.unit.flush_pasid_iotlb(DID, PASID + 1)
    change.expect("old", "PASID-IOTLB of another PASID")
    change.unit.flush_pasid_iotlb(DID, PASID, IOVA + 0x1000)
    change.expect("old", "PASID-IOTLB of another page")
    change.unit.flush_pasid_iotlb(DID, PASID, IOVA)
    change.expect("new", "PASID-IOTLB of the page")


@test(Q35, devices=ON)
def iotlb_first_stage_granularities(t):
    change = Change(t, FIRST)
    unit = change.unit
    for what, flush, *args in (("a range", unit.flush_pasid_iotlb, DID, PASID, IOVA, 4),
                               ("the PASID", unit.flush_pasid_iotlb, DID, PASID),
                               ("the domain", unit.flush_iotlb, DID),
                               ("a page of the domain", unit.flush_iotlb, DID, 0x1000),
                               ("everything", unit.flush_iotlb)):
        change.remap()
        change.expect("old", f"{what}: not yet")
        flush(*args)
        change.expect("new", what)
        change = Again(change)


class Again(Change):
    """The same once more: the new page is the old one now."""

    def __init__(self, before):  # pylint: disable=super-init-not-called
        self.__dict__.update(before.__dict__)
        self.old, self.new = before.new, before.old


@test(Q35, devices=ON)
def iotlb_second_stage(t):
    change = Change(t, SECOND)
    change.remap()
    change.unit.flush_context()
    change.unit.flush_pasid_cache()
    change.expect("old", "all but the IOTLB flushed")
    change.unit.flush_pasid_iotlb(DID, PASID)
    change.expect("old", "PASID-IOTLB: not for second-stage entries")
    change.unit.flush_iotlb(DID + 1)
    change.expect("old", "IOTLB of another domain")
    change.unit.flush_iotlb(DID, IOVA + 0x1000)
    change.expect("old", "IOTLB of another page")
    change.unit.flush_iotlb(DID, IOVA)
    change.expect("new", "IOTLB of the page")
    change = Again(change)
    change.remap()
    change.unit.flush_iotlb(DID)
    change.expect("new", "IOTLB of the domain")


@test(Q35, devices=ON)
def iotlb_nested_first(t):
    """The first stage of a nested translation changes."""
    change = Change(t, NESTED)
    change.remap()
    change.unit.flush_context()
    change.unit.flush_pasid_cache()
    change.unit.flush_iotlb(DID + 1)
    change.expect("old", "all but this domain's IOTLB flushed")
    change.unit.flush_pasid_iotlb(DID, PASID, IOVA)
    change.expect("new", "PASID-IOTLB of the page")


@test(Q35, devices=ON)
def iotlb_nested_second(t):
    """The second stage of a nested translation changes."""
    change = Change(t, NESTED)
    change.domain.second.map(change.old, change.new)
    change.unit.flush_context()
    change.unit.flush_pasid_cache()
    change.expect("old", "all but the IOTLB flushed")
    change.unit.flush_iotlb(DID, change.old)
    change.expect("new", "IOTLB of the second stage's page")


@test(Q35, devices=ON)
def domain_id_reused(t):
    """Entries are the domain's: whoever gets its number finds them."""
    change = Change(t, SECOND)
    other = Domain(change.rig, SECOND, DID, 2)
    other.map(IOVA, address=change.new)
    other.write_entry()
    change.unit.flush_pasid_cache(DID, 2)
    adi = change.rig.adi(1, 2)
    adi.put(0x77, IOVA)
    t.equal((change.rig.memory(change.old), change.rig.memory(change.new)), (0x77, 0),
            "another PASID with the same domain-id uses the old entry")
    change.unit.flush_iotlb(DID)
    adi.put(0x78, IOVA)
    t.equal(change.rig.memory(change.new), 0x78, "until the domain is flushed")


@test(Q35, devices=ON)
def device_tlb(t):
    for pasid, name in ((None, "without PASID"), (PASID, "with PASID")):
        device_tlb_of(t, pasid, name)
        t.stop()
        if pasid is None:
            t.start(ON)


def device_tlb_of(t, pasid, name):
    t.ok(True, name)
    change = Change(t, FIRST, pasid)
    change.unit.contexts.set(change.rig.sid, change.rig.pasids, change.unit.contexts.ALL)
    change.unit.flush_all()
    change.rig.edu.enable_ats()
    change.expect("old", "with ATS")
    change.remap()
    change.unit.flush_all()
    change.unit.flush_pasid_iotlb(DID, pasid or 0)
    change.expect("old", "all but the device-TLB flushed")
    sid = change.rig.sid
    if pasid is None:
        change.unit.flush_pasid_device_tlb(sid, 0, everybody=True)
        change.expect("old", "those with a PASID, all of them")
        change.unit.flush_device_tlb(sid, IOVA + 0x1000)
        change.expect("old", "another page")
        change.unit.flush_device_tlb(sid + 8)
        change.expect("old", "another device")
        change.unit.flush_device_tlb(sid, IOVA)
        change.expect("new", "the page")
    else:
        change.unit.flush_device_tlb(sid)
        change.expect("old", "those without a PASID")
        change.unit.flush_pasid_device_tlb(sid, PASID + 1)
        change.expect("old", "another PASID")
        change.unit.flush_pasid_device_tlb(sid, PASID, IOVA + 0x1000)
        change.expect("old", "another page")
        change.unit.flush_pasid_device_tlb(sid, PASID, IOVA)
        change.expect("new", "the page")


@test(Q35, devices=ON)
def root_table_pointer(t):
    """Setting it, or switching translation off and on, empties no cache."""
    change = Change(t, SECOND)
    change.unit.contexts.clear(change.rig.sid)
    change.unit.set_root()
    change.expect("old", "new root table: caches are kept")
    change.unit.disable_translation()
    change.unit.command(TE)
    change.expect("old", "translation off and on: caches are kept")
    change.unit.flush_context()
    change.expect("nowhere", "context-cache flushed")


@test(Q35, devices=(FULL, EDU))
def without_strict_caching(t):
    """There only the IOTLB and the context-cache are ever stale."""
    change = Change(t, SECOND)
    other = other_domain(change, SECOND, DID + 1)
    other.write_entry()
    change.expect("new", "a new PASID entry is seen at once")


# With caching-mode: what is not present, or malformed

@test(Q35, devices=ON_CM)
def absent_context_cached(t):
    rig = Rig(t)
    rig.domain(SECOND, DID, PASID).map(IOVA)
    rig.unit.contexts.clear(rig.sid)
    rig.unit.flush_context()
    adi = rig.adi(0, PASID)
    t.equal(adi.put(1, IOVA), "DMA_FAILED", "no context entry")
    rig.unit.contexts.set(rig.sid, rig.pasids)
    rig.unit.flush_pasid_cache()
    rig.unit.flush_iotlb()
    t.equal(adi.put(1, IOVA), "DMA_FAILED", "one is there, but its absence is cached")
    rig.unit.flush_context(rig.sid)
    t.equal(adi.put(1, IOVA), "OK", "context-cache flushed")


@test(Q35, devices=ON_CM)
def absent_pasid_entry_cached(t):
    rig = Rig(t)
    adi = rig.adi(0, PASID)
    rig.pasids.entry(PASID)     # a directory entry, so that only this is missing
    t.equal(adi.put(1, IOVA), "DMA_FAILED", "no PASID entry")
    domain = Domain(rig, SECOND, DID, PASID)
    domain.map(IOVA)
    domain.write_entry()
    rig.unit.flush_context()
    rig.unit.flush_iotlb()
    t.equal(adi.put(1, IOVA), "DMA_FAILED", "one is there, but its absence is cached")
    rig.unit.flush_pasid_cache(DID, PASID)
    t.equal(adi.put(1, IOVA), "OK", "PASID-cache flushed")
    reasons = [f.reason for f in rig.unit.faults()]
    t.equal(reasons, [0x59], "the fault is that of the absence, recorded once until cleared")


def absent_page_cached(t, kind):
    rig = Rig(t)
    domain = rig.domain(kind, DID, PASID)
    adi = rig.adi(0, PASID)
    t.equal(adi.put(1, IOVA), "DMA_FAILED", "no page")
    domain.map(IOVA)
    rig.unit.flush_context()
    rig.unit.flush_pasid_cache()
    t.equal(adi.put(1, IOVA), "DMA_FAILED", "one is there, but its absence is cached")
    if kind == SECOND:
        rig.unit.flush_iotlb(DID, IOVA)
    else:
        rig.unit.flush_pasid_iotlb(DID, PASID, IOVA)
    t.equal(adi.put(1, IOVA), "OK", "IOTLB flushed")


@test(Q35, devices=ON_CM)
def absent_page_cached_first(t):
    absent_page_cached(t, FIRST)


@test(Q35, devices=ON_CM)
def absent_page_cached_second(t):
    absent_page_cached(t, SECOND)


@test(Q35, devices=ON_CM)
def absent_page_cached_nested(t):
    absent_page_cached(t, NESTED)


@test(Q35, devices=("intel-iommu,x-scalable-mode=on,x-strict-caching=on", EDU))
def legacy_context(t):
    """In legacy mode the domain-id and the tables are in the context entry."""
    rig = Rig(t)
    unit = rig.unit
    unit.disable_translation()
    root, context = t.page(), t.page()
    t.qtest.write(root, 8, context | 1)
    at = context + 16 * rig.sid
    first, second = Domain(rig, SECOND, 5, 0), Domain(rig, SECOND, 6, 0)
    old, _ = first.map(IOVA)
    new, _ = second.map(IOVA)
    t.qtest.write(at + 8, 8, 2 | 5 << 8)
    t.qtest.write(at, 8, first.second.root | 1)
    unit.write64(0x20, root)
    unit.command(1 << 30)
    unit.flush_all()
    unit.command(TE)
    adi = rig.adi(0)
    adi.put(1, IOVA)
    t.equal(rig.memory(old), 1, "the first table")
    t.qtest.write(at + 8, 8, 2 | 6 << 8)
    t.qtest.write(at, 8, second.second.root | 1)
    unit.flush_iotlb()
    adi.put(2, IOVA)
    t.equal((rig.memory(old), rig.memory(new)), (2, 0), "IOTLB flushed: still the first")
    unit.flush_context(rig.sid)
    adi.put(3, IOVA)
    t.equal((rig.memory(old), rig.memory(new)), (2, 3), "context-cache flushed: the second")
