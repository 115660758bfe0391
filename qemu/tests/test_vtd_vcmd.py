# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d: the virtual command interface, and the policy that a test sets."""

from bench import Q35, test
from vtd.qmp import Qmp
from vtd.rig import FULL
from vtd.unit import VCCAP, VCRSP, Unit

ALLOC, FREE = 1, 2
OK, UNSUPPORTED, NO_PASID, BAD_PASID = 0, 1, 16, 16


@test(Q35, devices=(FULL,))
def allocate_and_free(t):
    unit = Unit(t)
    t.equal(unit.read64(VCCAP), 1, "PASIDs are what can be asked for")
    t.equal([unit.virtual_command(ALLOC) for _ in range(3)], [(OK, 1), (OK, 2), (OK, 3)],
            "PASIDs, all different, none of them 0")
    t.equal(unit.read64(VCRSP) & 1, 0, "nothing is in progress")
    t.equal(unit.virtual_command(FREE, 2), (OK, 0), "one is freed")
    t.equal(unit.virtual_command(FREE, 2), (BAD_PASID, 0), "which cannot be done twice")
    t.equal(unit.virtual_command(FREE, 0xfffff), (BAD_PASID, 0), "nor before it is allocated")
    t.equal(unit.virtual_command(ALLOC), (OK, 2), "and handed out again")
    t.equal(unit.virtual_command(7), (UNSUPPORTED, 0), "other commands do not exist")


@test(Q35, devices=(FULL + ",x-vcmd-pasid-min=0xffffe,x-vcmd-pasid-max=0xfffff",))
def exhaustion(t):
    unit = Unit(t)
    t.equal([unit.virtual_command(ALLOC) for _ in range(3)],
            [(OK, 0xffffe), (OK, 0xfffff), (NO_PASID, 0)], "two there are, then no more")
    unit.virtual_command(FREE, 0xffffe)
    t.equal(unit.virtual_command(ALLOC), (OK, 0xffffe), "one that was freed can be had")


@test(Q35, devices=("intel-iommu,x-scalable-mode=on,x-pasid-mode=on",))
def not_offered(t):
    unit = Unit(t)
    unit.virtual_command(ALLOC)
    t.equal((unit.read64(VCCAP), unit.read64(VCRSP)), (0, 0), "without x-vcmd=on: nothing")


@test(Q35, devices=())
def policy(t):
    """Everything can be changed while the machine runs."""
    qmp = Qmp()
    t.start((FULL + ",id=iommu",), qmp.args)
    qmp.connect()
    unit = Unit(t)

    def policy_is(**properties):
        for name, value in properties.items():
            said = qmp.run("qom-set", path="/machine/peripheral/iommu",
                           property="x-vcmd-" + name.replace("_", "-"), value=value)
            t.equal(said, {}, f"{name} becomes {value}")

    def allocated():
        return qmp.run("qom-get", path="/machine/peripheral/iommu", property="x-vcmd-allocated")

    policy_is(pasid_min=100, pasid_max=101)
    t.equal([unit.virtual_command(ALLOC) for _ in range(3)],
            [(OK, 100), (OK, 101), (NO_PASID, 0)], "range")
    t.equal(allocated(), 2, "two are counted")
    policy_is(alloc_status=5, free_status=6)
    t.equal(unit.virtual_command(ALLOC), (5, 0), "allocations fail as they are told to")
    t.equal(unit.virtual_command(FREE, 100), (6, 0), "freeing, too")
    t.equal(allocated(), 2, "and frees nothing")
    policy_is(alloc_status=0, free_status=0)
    t.equal([unit.virtual_command(FREE, p) for p in (100, 101)], [(OK, 0)] * 2, "freed")
    t.equal(allocated(), 0, "none is left")
    said = qmp.run("qom-set", path="/machine/peripheral/iommu", property="x-vcmd-pasid-max",
                   value=1 << 20)
    t.ok(isinstance(said, str), "a PASID of 21 bits is refused")
    unit.virtual_command(ALLOC)
    qmp.run("system_reset")
    t.ok(any(allocated() == 0 for _ in range(1000)), "a reset forgets all")
    qmp.close()
