# SPDX-License-Identifier: GPL-2.0-or-later
"""siov-edu below the emulated VT-d, with translation on: what nearly all tests begin with."""

from .tables import FIRST, NESTED, PASS_THROUGH, SECOND, PasidTable, first_stage, second_stage
from .unit import Unit

EDU = "siov-edu,addr=4,num-adis=8"
IOVA = 0x40000000

# What QEMU's own VT-d has, too
PLAIN = "intel-iommu,x-scalable-mode=on,x-pasid-mode=on"
PLAIN_FIRST = PLAIN + ",x-flts=on"
# All that ours can
FULL = (PLAIN_FIRST + ",x-nested=on,x-ssads=on,device-iotlb=on,x-prs=on,x-vcmd=on,"
        "x-fault-records=8")
STRICT = FULL + ",x-strict-caching=on"
STRICT_CM = STRICT + ",caching-mode=on"


class Rig:
    """The unit, the device, a PASID table, and translation on."""

    def __init__(self, t, flags=None):
        self.t = t
        self.edu = t.siov_edu()
        self.edu.enable_pasid()
        self.sid = self.edu.rid
        self.unit = Unit(t)
        self.pasids = PasidTable(t)
        args = () if flags is None else (flags,)
        self.unit.contexts.set(self.sid, self.pasids, *args)
        self.unit.enable()

    def adi(self, index, pasid=None):
        """An ADI, enabled."""
        adi = self.edu.adis[index]
        adi.enable(pasid)
        return adi

    def domain(self, kind, did, pasid, ssade=False):
        """A PASID with tables of its own, and what a driver does to make it known."""
        domain = Domain(self, kind, did, pasid, ssade)
        domain.attach()
        return domain

    def memory(self, address):
        """A word of memory."""
        return self.t.qtest.read(address, 4)

    def poke(self, address, value):
        """Sets a word of memory."""
        self.t.qtest.write(address, 4, value)


class Domain:
    """The page tables of a PASID and its entry."""

    def __init__(self, rig, kind, did, pasid, ssade=False):
        self.rig = rig
        self.kind = kind
        self.did = did
        self.pasid = pasid
        self.ssade = ssade
        self.first = first_stage(rig.t) if kind in (FIRST, NESTED) else None
        self.second = second_stage(rig.t) if kind in (SECOND, NESTED) else None

    @property
    def table(self):
        """The table that IOVAs are looked up in."""
        return self.first or self.second

    def write_entry(self):
        """Makes the PASID entry present; no invalidation."""
        return self.rig.pasids.set(self.pasid, self.kind, self.did, self.first, self.second,
                                   self.ssade)

    def attach(self):
        """Makes the PASID entry present, with the invalidations of a change."""
        at = self.write_entry()
        self.flush()
        return at

    def detach(self):
        """Clears the PASID entry, with the invalidations of a change."""
        self.rig.pasids.clear(self.pasid)
        self.flush()

    def flush(self):
        """PASID-cache, and all IOTLB entries of the PASID or the domain."""
        self.rig.unit.flush_pasid_cache(self.did, self.pasid)
        self.flush_iotlb()

    def flush_iotlb(self):
        """What the kind of table needs after its entries have changed."""
        if self.kind in (FIRST, NESTED):
            self.rig.unit.flush_pasid_iotlb(self.did, self.pasid)
        if self.kind in (SECOND, NESTED):
            self.rig.unit.flush_iotlb(self.did)

    def map(self, iova, rights=None, level=1, address=None):
        """Maps a page of memory, and for nested translation its tables; no invalidation.
        Returns the page and the address of the entry."""
        if address is None:
            address = self.rig.t.pages(1, 512 if level == 2 else 1)
        entry = self.table.map(iova, address, rights, level)
        if self.kind == NESTED:
            self.cover()
            self.second.map(address, address)
        return address, entry

    def cover(self):
        """Gives the first stage's tables second-stage mappings, to where they are."""
        for table in self.first.tables:
            self.second.map(table, table)


__all__ = ["EDU", "FIRST", "FULL", "IOVA", "NESTED", "PASS_THROUGH", "PLAIN", "PLAIN_FIRST",
           "SECOND", "STRICT", "STRICT_CM", "Domain", "Rig"]
