# SPDX-License-Identifier: GPL-2.0-or-later
"""What VT-d reads from memory: context tables, PASID tables, page tables.

Numbers and field names are those of the VT-d specification, chapter 9.
"""

PAGE = 0x1000

# PASID granular translation types
FIRST, SECOND, NESTED, PASS_THROUGH = 1, 2, 3, 4

# First-stage paging entries
FS_P, FS_W, FS_U, FS_A, FS_D = 1, 2, 4, 0x20, 0x40
# Second-stage paging entries
SS_R, SS_W, SS_A, SS_D = 1, 2, 0x100, 0x200
LARGE = 0x80

ADDRESS = 0x000ffffffffff000


class PageTable:
    """A tree of four levels; `table` are the rights of entries that point to tables."""

    def __init__(self, bench, table, leaf):
        self.bench = bench
        self.table_rights = table
        self.leaf_rights = leaf
        self.tables = []
        self.root = self.new_table()

    def new_table(self):
        self.tables.append(self.bench.page())
        return self.tables[-1]

    def next_table(self, entry):
        value = self.bench.qtest.read(entry, 8)
        if not value & self.table_rights:
            value = self.new_table() | self.table_rights
            self.bench.qtest.write(entry, 8, value)
        return value & ADDRESS

    def entry(self, iova, level=1):
        """Where the entry for an address is; tables on the way are made."""
        table = self.root
        for upper in range(4, level, -1):
            table = self.next_table(table + 8 * (iova >> (3 + 9 * upper) & 0x1ff))
        return table + 8 * (iova >> (3 + 9 * level) & 0x1ff)

    def map(self, iova, address, rights=None, level=1):
        """Maps a page of 4 KiB, 2 MiB (level 2) or 1 GiB; returns its entry's address."""
        entry = self.entry(iova, level)
        rights = self.leaf_rights if rights is None else rights
        self.bench.qtest.write(entry, 8, address | rights | (LARGE if level > 1 else 0))
        return entry

    def unmap(self, iova, level=1):
        self.bench.qtest.write(self.entry(iova, level), 8, 0)


def first_stage(bench):
    """A first-stage table that grants all rights."""
    return PageTable(bench, FS_P | FS_W | FS_U, FS_P | FS_W | FS_U)


def second_stage(bench):
    """A second-stage table that grants all rights."""
    return PageTable(bench, SS_R | SS_W, SS_R | SS_W)


class PasidTable:
    """The PASID directory of a function; its leaf tables are made as they are needed."""

    def __init__(self, bench, directory_pages=32):
        self.bench = bench
        self.directory = bench.pages(directory_pages)
        # PDTS: the directory has 2^(PDTS + 7) entries of 8 bytes
        self.pdts = (directory_pages * PAGE // 8).bit_length() - 1 - 7

    def directory_entry(self, pasid):
        return self.directory + 8 * (pasid >> 6)

    def entry(self, pasid):
        at = self.directory_entry(pasid)
        value = self.bench.qtest.read(at, 8)
        if not value & 1:
            value = self.bench.page() | 1
            self.bench.qtest.write(at, 8, value)
        return (value & ADDRESS) + 64 * (pasid & 63)

    def set(self, pasid, pgtt, did, first=None, second=None, ssade=False):
        """Makes an entry present. Second-stage tables have four levels (AW 2)."""
        at = self.entry(pasid)
        words = [1 | 2 << 2 | pgtt << 6 | (second.root if second else 0)
                 | (1 << 9 if ssade else 0), did, first.root if first else 0]
        self.bench.qtest.write(at, 8, 0)
        for index in (1, 2, 0):
            self.bench.qtest.write(at + 8 * index, 8, words[index])
        return at

    def clear(self, pasid):
        at = self.entry(pasid)
        for index in range(8):
            self.bench.qtest.write(at + 8 * index, 8, 0)


class ContextTable:
    """Root table and scalable-mode context tables; one of each per bus number used."""

    PRESENT, DTE, PASIDE, PRE = 1, 1 << 2, 1 << 3, 1 << 4
    ALL = PRESENT | DTE | PASIDE | PRE

    def __init__(self, bench):
        self.bench = bench
        self.root = bench.page()

    def entry(self, sid):
        root_entry = self.root + 16 * (sid >> 8) + (8 if sid & 0x80 else 0)
        value = self.bench.qtest.read(root_entry, 8)
        if not value & 1:
            value = self.bench.page() | 1
            self.bench.qtest.write(root_entry, 8, value)
        return (value & ADDRESS) + 32 * (sid & 0x7f)

    def set(self, sid, pasids, flags=PRESENT | PASIDE, rid_pasid=0):
        at = self.entry(sid)
        self.bench.qtest.write(at + 8, 8, rid_pasid)
        self.bench.qtest.write(at, 8, pasids.directory | pasids.pdts << 9 | flags)
        return at

    def clear(self, sid):
        at = self.entry(sid)
        self.bench.qtest.write(at, 8, 0)
        self.bench.qtest.write(at + 8, 8, 0)
