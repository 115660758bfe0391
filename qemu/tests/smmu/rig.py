# SPDX-License-Identifier: GPL-2.0-or-later
"""siov-edu below the emulated SMMUv3, with translation on."""

from .tables import (LINEAR, NESTED, STAGE1, STAGE2, TERMINATE, CdTable, stage1, stage2)
from .unit import Unit

EDU = ("siov-edu,addr=4,num-adis=8",)
IOVA = 0x40000000
SSID_BITS = 16

PLAIN = ("-machine", "iommu=smmuv3")
SUBSTREAMS = (*PLAIN, "-global", f"arm-smmuv3.ssidsize={SSID_BITS}")
ATS = (*SUBSTREAMS, "-global", "arm-smmuv3.ats=on")
PRI = (*ATS, "-global", "arm-smmuv3.pri=on")
EATS = 1    # STE.EATS: full ATS


class Rig:
    """The SMMU, the device with PASIDs enabled, and an STE of kind CONFIG."""

    def __init__(self, t, config=STAGE1, bits=5, fmt=LINEAR, s1dss=TERMINATE):
        self.t = t
        self.edu = t.siov_edu()
        self.edu.enable_pasid()
        self.sid = self.edu.rid
        self.unit = Unit(t)
        self.config = config
        self.s1dss = s1dss
        self.cds = CdTable(t, bits, fmt) if config in (STAGE1, NESTED) else None
        self.second = stage2(t) if config in (STAGE2, NESTED) else None
        self.cover()
        self.set_ste()
        self.unit.enable()

    def set_ste(self, **changes):
        """Writes the STE; no invalidation."""
        words = {"config": self.config, "cds": self.cds, "second": self.second,
                 "s1dss": self.s1dss, **changes}
        self.unit.streams.set(self.sid, **words)

    def change_ste(self, **changes):
        """Writes the STE and lets the SMMU know."""
        self.set_ste(**changes)
        self.unit.flush_all()

    def cover(self):
        """Gives the CD tables stage 2 mappings, to where they are."""
        if self.second and self.cds:
            for page in self.cds.pages:
                self.second.map(page, page)

    def context(self, ssid, asid):
        """A CD with a table of its own, known to the SMMU."""
        context = Context(self, ssid, asid)
        context.attach()
        return context

    def adi(self, index, ssid=None):
        """An ADI, enabled."""
        adi = self.edu.adis[index]
        adi.enable(ssid)
        return adi

    def memory(self, address):
        """A word of memory."""
        return self.t.qtest.read(address, 4)

    def lands(self, adi, value, iova, address):
        """Writes by DMA; whether that ended well and at ADDRESS."""
        return (adi.put(value, iova), self.memory(address)) == ("OK", value)


class Context:
    """A CD and its stage 1 table."""

    def __init__(self, rig, ssid, asid):
        self.rig = rig
        self.ssid = ssid
        self.asid = asid
        self.table = stage1(rig.t)

    def write_cd(self):
        """Makes the CD valid; no invalidation. Returns its address."""
        at = self.rig.cds.set(self.ssid, self.table, self.asid)
        self.cover()
        return at

    def attach(self):
        """Makes the CD valid, with the invalidations of a change."""
        at = self.write_cd()
        self.flush()
        return at

    def flush(self):
        """The CD, and the ASID's translations."""
        self.rig.unit.flush_cd(self.rig.sid, self.ssid)
        self.rig.unit.flush_asid(self.asid)

    def cover(self):
        """With stage 2, gives the tables mappings to where they are."""
        if self.rig.second:
            self.rig.cover()
            for table in self.table.tables:
                self.rig.second.map(table, table)

    def map(self, iova=IOVA, rights=None, level=1, address=None):
        """Maps a page of memory; no invalidation. Returns its address."""
        if address is None:
            address = self.rig.t.pages(1, 512 if level == 2 else 1)
        self.table.map(iova, address, rights, level)
        if self.rig.second:
            self.cover()
            self.rig.second.map(address, address)
        return address
