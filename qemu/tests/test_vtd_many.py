# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d: 16 ADIs, each with a PASID and a kind of translation of its own that change over
and over, with exactly the invalidations that they need. 1,000 DMAs, each must do what the
tables say."""

import random

from bench import Q35, test
from vtd.rig import FIRST, FULL, IOVA, NESTED, SECOND, STRICT, STRICT_CM, Domain, Rig

ADIS = 16
PAGES = 4
STEPS = 1000
EDU16 = f"siov-edu,addr=4,num-adis={ADIS}"


class Owner:
    """An ADI, its domain, and what is mapped for it."""

    def __init__(self, rig, chance, index):
        self.rig = rig
        self.chance = chance
        self.adi = rig.edu.adis[index]
        self.pasid = chance.choice((1, 0x3f, 0x40, 0x1000, 0x80000)) + 0x100 * index
        self.did = 100 + index
        self.pool = [rig.t.page() for _ in range(PAGES)]
        self.domain = None
        self.mapped = {}
        self.adi.enable(self.pasid)

    def attach(self):
        """A new domain of any kind. Caching mode asks for a flush, nothing else does."""
        self.domain = Domain(self.rig, self.chance.choice((FIRST, SECOND, NESTED)), self.did,
                             self.pasid)
        self.domain.attach()

    def detach(self):
        self.domain.detach()
        self.drop_from_device()
        self.domain = None
        self.mapped = {}

    def map(self, slot):
        page = self.chance.choice(self.pool)
        self.domain.map(IOVA + slot * 0x1000, address=page)
        self.flush_page(slot)
        self.mapped[slot] = page

    def unmap(self, slot):
        self.domain.table.unmap(IOVA + slot * 0x1000)
        self.flush_page(slot)
        self.mapped.pop(slot, None)

    def flush_page(self, slot):
        unit, iova = self.rig.unit, IOVA + slot * 0x1000
        if self.domain.kind == SECOND:
            unit.flush_iotlb(self.did, iova)
        else:
            unit.flush_pasid_iotlb(self.did, self.pasid, iova)
        self.drop_from_device(iova)

    def drop_from_device(self, iova=None):
        self.rig.unit.flush_pasid_device_tlb(self.rig.sid, self.pasid, iova)

    def change(self):
        """One change of the tables."""
        slot = self.chance.randrange(PAGES)
        if not self.domain:
            self.attach()
        elif self.chance.random() < 0.1:
            self.detach()
        elif self.chance.random() < 0.3:
            self.unmap(slot)
        else:
            self.map(slot)

    def dma(self, value):
        """One DMA: what it did, and what the tables say."""
        slot = self.chance.randrange(PAGES)
        page = self.mapped.get(slot)
        code = self.adi.put(value, IOVA + slot * 0x1000)
        if page is None:
            return code, "DMA_FAILED"
        return (code, self.rig.memory(page)), ("OK", value)


def many(t, ats):
    rig = Rig(t, 0x1d if ats else 0x9)
    rig.edu.enable_ats(ats)
    chance = random.Random(1)
    owners = [Owner(rig, chance, i) for i in range(ADIS)]
    wrong, done = 0, 0
    for step in range(STEPS):
        if chance.random() < 0.5:
            chance.choice(owners).change()
        have, want = chance.choice(owners).dma(step + 1)
        wrong += have != want
        done += want != "DMA_FAILED"
        if step % 100 == 0:
            rig.unit.faults()
    t.equal(wrong, 0, f"{STEPS} DMAs on {ADIS} ADIs do what the tables say")
    t.ok(STEPS / 4 < done < STEPS * 3 / 4, "some of them reach memory, some must not")


@test(Q35, devices=(FULL, EDU16))
def usual(t):
    many(t, ats=False)


@test(Q35, devices=(STRICT, EDU16))
def strict(t):
    many(t, ats=False)


@test(Q35, devices=(STRICT, EDU16))
def strict_ats(t):
    many(t, ats=True)


@test(Q35, devices=(STRICT_CM, EDU16))
def caching_mode(t):
    many(t, ats=False)
