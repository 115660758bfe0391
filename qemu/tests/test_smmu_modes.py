# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: PASIDs are SubstreamIDs, with each kind of CD table and of S1DSS."""

from bench import VIRT, test
from smmu.rig import EDU, IOVA, PLAIN, SSID_BITS, SUBSTREAMS, Rig
from smmu.tables import (ABORT, BYPASS, BYPASS_STAGE1, LEAF_4K, LEAF_64K, LINEAR, NESTED, SSID0,
                         STAGE1, STAGE2, TERMINATE)
from smmu.unit import IDR0, IDR1, Unit, bits

STAGES = {STAGE1: "stage 1", NESTED: "nested"}


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def capabilities(t):
    unit = Unit(t)
    t.equal(bits(unit.read32(IDR1), 10, 6), SSID_BITS, "IDR1.SSIDSIZE")
    t.equal(bits(unit.read32(IDR0), 19, 19), 1, "IDR0.CD2L")


@test(VIRT, devices=EDU, args=PLAIN)
def default_off(t):
    rig = Rig(t, bits=0)
    t.equal(bits(rig.unit.read32(IDR1), 10, 6), 0, "IDR1.SSIDSIZE is 0")
    t.equal(bits(rig.unit.read32(IDR0), 19, 19), 0, "IDR0.CD2L is 0")
    page = rig.context(0, 1).map()
    t.ok(rig.lands(rig.adi(0), 1, IOVA, page), "requests without a PASID are translated")
    t.equal(rig.adi(1, 1).put(2, IOVA), "NO_PASID", "requests with one are not taken")


@test(VIRT, devices=())
def options(t):
    def refused(size, *more):
        return t.refused(*EDU, args=(*PLAIN, "-global", f"arm-smmuv3.ssidsize={size}", *more))
    for size in (0, 1, 20):
        t.equal(refused(size), None, f"ssidsize={size} is taken")
    t.ok("at most 20" in refused(21), "ssidsize=21 is refused")
    alone = ("-machine", "virt-9.1", "-global", "arm-smmuv3.stage=2")
    t.ok("needs stage 1" in (refused(8, *alone) or ""), "so it is without stage 1")
    t.equal(refused(0, *alone), None, "unless it is 0")


def each_substream(t, rig, ssids, what):
    """Checks that each SubstreamID has its own address space."""
    pages = {ssid: rig.context(ssid, 10 + i).map() for i, ssid in enumerate(ssids)}
    for index, (ssid, page) in enumerate(pages.items()):
        adi = rig.adi(index, ssid)
        t.ok(rig.lands(adi, 0x100 + index, IOVA, page), f"{what}: {ssid:#x} writes its page")
        t.equal(adi.run("CHECKSUM", src=IOVA), "OK", f"{what}: {ssid:#x} reads it")
    t.equal([rig.memory(page) for page in pages.values()],
            [0x100 + i for i in range(len(ssids))], f"{what}: nobody wrote anywhere else")
    t.equal(rig.unit.events(), [], f"{what}: no event")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def linear(t):
    each_substream(t, Rig(t, bits=5), (0, 1, 2, 31), "linear")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def linear_largest(t):
    each_substream(t, Rig(t, bits=16), (0, 1, 0x8000, 0xffff), "linear, 64 Ki")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def linear_nested(t):
    each_substream(t, Rig(t, NESTED, bits=7), (0, 1, 63, 64, 127), "linear, nested")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def two_levels(t):
    each_substream(t, Rig(t, bits=16, fmt=LEAF_4K), (0, 1, 63, 64, 0xffff), "4 KiB leaves")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def two_levels_large(t):
    each_substream(t, Rig(t, bits=16, fmt=LEAF_64K), (0, 1023, 1024, 0xffff), "64 KiB leaves")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def two_levels_few(t):
    each_substream(t, Rig(t, bits=4, fmt=LEAF_4K), (1, 15), "4 KiB leaves, 16 CDs")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def two_levels_nested(t):
    each_substream(t, Rig(t, NESTED, bits=16, fmt=LEAF_4K), (1, 63, 64, 0xfedc),
                   "4 KiB leaves, nested")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def reserved_format(t):
    rig = Rig(t, bits=5)
    rig.change_ste(s1fmt=3)
    each_substream(t, rig, (1, 31), "reserved S1Fmt is linear")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def really_nested(t):
    """Tables, and the page, at IPAs that are not their addresses."""
    rig = Rig(t, NESTED, bits=5)
    ipa = 0x200000000
    context = rig.context(3, 1)
    page = t.page()
    context.map(address=ipa)
    rig.second.map(ipa, page)
    rig.second.map(ipa + 0x1000, rig.cds.base)
    rig.change_ste(s1contextptr=ipa + 0x1000)
    t.ok(rig.lands(rig.adi(0, 3), 7, IOVA, page), "CD and page are behind stage 2")
    t.equal(rig.unit.events(), [], "no event")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def default_terminate(t):
    for kind, name in STAGES.items():
        rig = Rig(t, kind, s1dss=TERMINATE)
        page = rig.context(0, 1).map()
        t.ok(rig.lands(rig.adi(0, 0), 1, IOVA, page), f"{name}: SubstreamID 0 can be used")
        for reserved in (TERMINATE, 3):
            rig.change_ste(s1dss=reserved)
            t.equal(rig.adi(1).put(2, IOVA), "DMA_FAILED",
                    f"{name}, S1DSS {reserved}: none is terminated")
            t.equal([e.type for e in rig.unit.events()], ["F_STREAM_DISABLED"],
                    f"{name}, S1DSS {reserved}: which is recorded")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def default_bypass(t):
    for kind, name in STAGES.items():
        rig = Rig(t, kind, s1dss=BYPASS_STAGE1)
        zero, one = rig.context(0, 1).map(), rig.context(1, 2).map()
        target = ipa = t.page()
        if rig.second:
            ipa = 0x300000000
            rig.second.map(ipa, target)
        t.ok(rig.lands(rig.adi(0), 1, ipa, target), f"{name}: without one, no stage 1")
        t.ok(rig.lands(rig.adi(1, 0), 2, IOVA, zero), f"{name}: SubstreamID 0 is translated")
        t.ok(rig.lands(rig.adi(2, 1), 3, IOVA, one), f"{name}: SubstreamID 1 is translated")
        t.equal(rig.unit.events(), [], f"{name}: no event")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def default_zero(t):
    for kind, name in STAGES.items():
        for fmt in (LINEAR, LEAF_4K):
            rig = Rig(t, kind, bits=8, fmt=fmt, s1dss=SSID0)
            zero, one = rig.context(0, 1).map(), rig.context(1, 2).map()
            what = f"{name}, format {fmt}"
            t.ok(rig.lands(rig.adi(0), 1, IOVA, zero), f"{what}: without one, it is CD 0")
            t.ok(rig.lands(rig.adi(1, 1), 2, IOVA, one), f"{what}: SubstreamID 1 has its own")
            t.equal(rig.unit.events(), [], f"{what}: no event")
            t.equal(rig.adi(2, 0).put(3, IOVA), "DMA_FAILED", f"{what}: 0 is not to be used")
            t.equal([e.type for e in rig.unit.events()], ["F_STREAM_DISABLED"],
                    f"{what}: which is recorded")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def single_cd(t):
    """With S1CDMax 0, S1Fmt and S1DSS are ignored."""
    rig = Rig(t, bits=0)
    page = rig.context(0, 1).map()
    for fmt in (LINEAR, LEAF_4K):
        for s1dss in (TERMINATE, BYPASS_STAGE1, SSID0):
            rig.change_ste(s1fmt=fmt, s1dss=s1dss)
            t.ok(rig.lands(rig.adi(0), fmt + s1dss + 1, IOVA, page),
                 f"S1CDMax 0, S1Fmt {fmt}, S1DSS {s1dss}: translated")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def without_stage1(t):
    rig = Rig(t, STAGE2)
    page = t.page()
    rig.second.map(IOVA, page)
    t.ok(rig.lands(rig.adi(0), 1, IOVA, page), "stage 2 alone")
    rig.change_ste(config=BYPASS, s1dss=TERMINATE)
    t.ok(rig.lands(rig.adi(0), 2, page, page), "bypass")
    rig.change_ste(config=ABORT)
    t.equal((rig.adi(0).put(3, page), rig.adi(1, 1).put(3, page)), ("DMA_FAILED",) * 2,
            "abort, with and without SubstreamID")
    t.equal(rig.unit.events(), [], "no event")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def unit_off(t):
    rig = Rig(t)
    rig.unit.disable_translation()
    page = t.page()
    t.ok(rig.lands(rig.adi(0, 5), 5, page, page), "SubstreamIDs pass an SMMU that is off")


@test(VIRT, devices=EDU, args=SUBSTREAMS)
def blocks_and_shared_asid(t):
    rig = Rig(t)
    one = rig.context(1, 1)
    page = one.map(level=2)
    rig.cds.set(2, one.table, 1)
    rig.unit.flush_cd(rig.sid, 2)
    t.ok(rig.lands(rig.adi(0, 1), 1, IOVA + 0x5004, page + 0x5004), "a block of 2 MiB")
    t.ok(rig.lands(rig.adi(1, 2), 2, IOVA + 0x1ff000, page + 0x1ff000),
         "two SubstreamIDs of one ASID")
