# SPDX-License-Identifier: GPL-2.0-or-later
"""What an SMMUv3 reads from memory: stream table, CD tables, translation tables.

Field names are those of Arm's specification IHI 0070, chapter 5.
"""

from vtd.tables import PAGE, PageTable

# STE.Config
ABORT, BYPASS, STAGE1, STAGE2, NESTED = 0, 4, 5, 6, 7
# STE.S1DSS
TERMINATE, BYPASS_STAGE1, SSID0 = 0, 1, 2
# STE.S1Fmt
LINEAR, LEAF_4K, LEAF_64K = 0, 1, 2
LEAF_BITS = {LEAF_4K: 6, LEAF_64K: 10}

# Descriptors of translation tables
VALID, TABLE, AF = 1, 2, 1 << 10
AP_RW, AP_RO = 1 << 6, 3 << 6
S2AP_R, S2AP_RW = 1 << 6, 3 << 6

VMID = 9
OAS = 44


class TranslationTable(PageTable):
    """Four levels of 4 KiB tables; the smallest page's level is called 1, as in PageTable."""

    def __init__(self, bench, rights):
        super().__init__(bench, VALID | TABLE, VALID | AF | rights)

    def map(self, iova, address, rights=None, level=1):
        entry = self.entry(iova, level)
        rights = self.leaf_rights if rights is None else rights
        self.bench.qtest.write(entry, 8, address | rights | (TABLE if level == 1 else 0))
        return entry


def stage1(bench):
    """A stage 1 table that grants all rights."""
    return TranslationTable(bench, AP_RW)


def stage2(bench):
    """A stage 2 table that grants all rights."""
    return TranslationTable(bench, S2AP_RW)


class CdTable:
    """The CDs of a stream, 2^bits of them; leaf tables are made as they are needed."""

    def __init__(self, bench, bits, fmt=LINEAR):
        self.bench = bench
        self.bits = bits
        self.fmt = fmt
        self.pages = []
        self.leaf_bits = LEAF_BITS.get(fmt, 0) if bits else 0
        size = 8 << max(bits - self.leaf_bits, 0) if self.leaf_bits else 64 << bits
        self.base = self._take(size)

    def _take(self, size):
        count = max(size // PAGE, 1)
        at = self.bench.pages(count, count)
        self.pages += [at + PAGE * i for i in range(count)]
        return at

    def l1cd(self, ssid):
        """Where the level 1 descriptor for a SubstreamID is."""
        return self.base + 8 * (ssid >> self.leaf_bits)

    def cd(self, ssid):
        """Where the CD is."""
        if not self.leaf_bits:
            return self.base + 64 * ssid
        at = self.l1cd(ssid)
        value = self.bench.qtest.read(at, 8)
        if not value & VALID:
            value = self._take(64 << self.leaf_bits) | VALID
            self.bench.qtest.write(at, 8, value)
        return (value & ~(PAGE - 1)) + 64 * (ssid & ((1 << self.leaf_bits) - 1))

    def set(self, ssid, table, asid):
        """A valid CD for TTB0: 48 bits, 4 KiB granule, faults terminated and recorded."""
        at = self.cd(ssid)
        self.bench.qtest.write(at + 8, 8, table.root)
        self.bench.qtest.write(at, 8, 16 | 1 << 30 | 1 << 31 | 4 << 32 | 1 << 41 | 1 << 45
                               | 1 << 46 | asid << 48)
        return at

    def clear(self, ssid):
        """Makes the CD invalid."""
        self.bench.qtest.write(self.cd(ssid), 8, 0)


class StreamTable:
    """A linear stream table for the functions of bus 0."""

    BITS = 8

    def __init__(self, bench):
        self.bench = bench
        count = (64 << self.BITS) // PAGE
        self.base = bench.pages(count, count)

    def set(self, sid, config, cds=None, second=None, s1dss=TERMINATE, **changes):
        """A valid STE; CHANGES are S1CDMax, S1Fmt and S1ContextPtr other than the table's,
        and EATS."""
        at = self.base + 64 * sid
        words = [1 | config << 1, s1dss | changes.get("eats", 0) << 28, VMID,
                 second.root if second else 0]
        if cds:
            words[0] |= (changes.get("s1fmt", cds.fmt) << 4
                         | changes.get("s1contextptr", cds.base)
                         | changes.get("s1cdmax", cds.bits) << 59)
        if second:
            # 44 bits from level 0, 4 KiB granule, PA of 44 bits, AArch64, faults recorded
            words[2] |= (20 | 2 << 6 | 4 << 16 | 1 << 19 | 1 << 26) << 32
        for index in (3, 2, 1, 0):
            self.bench.qtest.write(at + 8 * index, 8, words[index])
        return at

    def clear(self, sid):
        """Makes the STE invalid."""
        self.bench.qtest.write(self.base + 64 * sid, 8, 0)
