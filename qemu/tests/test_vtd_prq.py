# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d: page requests, their queue, and the responses."""

from bench import Q35, test
from vtd.rig import EDU, FIRST, FULL, IOVA, NESTED, Domain, Rig
from vtd.tables import ContextTable
from vtd.unit import FSTS, PECTL, PQH, PQT, PRS, PageRequest

ON = (FULL, EDU)
PPR, PRO = 1, 2
SUCCESS, INVALID, FAILURE = 0, 1, 15


def rig_with_pri(t, flags=ContextTable.ALL):
    """The rig, with page requests enabled on both sides."""
    rig = Rig(t, flags)
    rig.edu.enable_ats()
    rig.edu.enable_pri()
    rig.unit.enable_page_requests()
    return rig


def outcome(adi):
    """How a command ends that the device tries again and again for a while."""
    for _ in range(1000):
        if not adi.pending():
            break
    return adi.code()


@test(Q35, devices=ON)
def demand_paging(t):
    rig = rig_with_pri(t)
    domain = rig.domain(FIRST, 5, 0x12345)
    adi = rig.adi(0, 0x12345)
    t.qtest.write(adi.buffer, 4, 0x55)
    adi.submit("WRITE", dst=IOVA, flags=("PAGES",))
    t.ok(adi.waits_for_page(), "the command waits")
    t.equal(rig.unit.read32(PRS), PPR, "a request is pending")
    requests = rig.unit.page_requests()
    t.equal(requests, [PageRequest(rig.sid, True, 0x12345, False, True, True,
                                   requests[0].group, IOVA)], "one request, as the device made it")
    t.equal(rig.unit.read32(PRS), 0, "none is pending after that")
    page, _ = domain.map(IOVA)
    rig.unit.respond(requests[0])
    t.equal((adi.code(), rig.memory(page)), ("OK", 0x55), "it goes on with the response")
    t.equal(rig.unit.faults(), [], "no fault")


@test(Q35, devices=ON)
def without_pasid(t):
    rig = rig_with_pri(t)
    domain = rig.domain(FIRST, 5, 0)
    adi = rig.adi(0)
    adi.submit("READ", src=IOVA, flags=("PAGES",))
    request, = rig.unit.page_requests()
    t.equal((request.is_pasid, request.pasid, request.read, request.write),
            (False, 0, True, False), "a request for reading, without PASID")
    domain.map(IOVA)
    rig.unit.respond(request)
    t.equal(adi.code(), "OK", "done")


@test(Q35, devices=ON)
def nested(t):
    rig = rig_with_pri(t)
    domain = rig.domain(NESTED, 5, 1)
    domain.cover()
    adi = rig.adi(0, 1)
    adi.submit("WRITE", dst=IOVA, flags=("PAGES",))
    request, = rig.unit.page_requests()
    domain.map(IOVA)
    rig.unit.respond(request)
    t.equal(adi.code(), "OK", "a page of a nested translation")


@test(Q35, devices=ON)
def groups(t):
    """Several pages in a group, several groups; each gets its own response."""
    rig = rig_with_pri(t)
    domain = rig.domain(FIRST, 5, 1)
    first, second = rig.adi(0, 1), rig.adi(1, 1)
    first.submit("WRITE", dst=IOVA + 0xffe, length=4, flags=("PAGES",))
    second.submit("WRITE", dst=IOVA + 0x8000, flags=("PAGES",))
    requests = rig.unit.page_requests()
    t.equal([(r.address - IOVA, r.last) for r in requests],
            [(0, False), (0x1000, True), (0x8000, True)], "three requests in two groups")
    t.ok(requests[0].group == requests[1].group != requests[2].group, "of different indices")
    for request in requests:
        domain.map(request.address)
    rig.unit.respond(requests[2])
    t.equal((first.waits_for_page(), second.code()), (True, "OK"), "the second is answered")
    rig.unit.respond(requests[1])
    t.equal(first.code(), "OK", "the first is answered")


@test(Q35, devices=ON)
def denied(t):
    rig = rig_with_pri(t)
    rig.domain(FIRST, 5, 1)
    adi = rig.adi(0, 1)
    adi.submit("WRITE", dst=IOVA, flags=("PAGES",))
    rig.unit.respond(rig.unit.page_requests()[0], INVALID)
    t.equal(adi.code(), "NO_PAGE", "Invalid Request ends the command")
    t.equal(rig.edu.pri_status() & 1, 0, "and nothing else")
    adi.submit("WRITE", dst=IOVA, flags=("PAGES",))
    rig.unit.respond(rig.unit.page_requests()[0], FAILURE)
    t.equal((adi.code(), rig.edu.pri_status() & 1), ("NO_PAGE", 1), "Response Failure is kept")


@test(Q35, devices=ON)
def answered_by_hardware(t):
    """Without PRE there is a fault record and no request in the queue."""
    rig = rig_with_pri(t, ContextTable.PRESENT | ContextTable.PASIDE | ContextTable.DTE)
    rig.domain(FIRST, 5, 1)
    adi = rig.adi(0, 1)
    adi.submit("WRITE", dst=IOVA, flags=("PAGES",))
    t.equal(adi.code(), "NO_PAGE", "answered at once")
    t.equal([(f.reason, f.type, f.pasid, f.address) for f in rig.unit.faults()],
            [(0x47, "page request", 1, IOVA)], "and recorded: PRE clear")
    t.equal(rig.unit.page_requests(), [], "nothing is in the queue")


@test(Q35, devices=ON)
def overflow(t):
    rig = rig_with_pri(t)
    unit = rig.unit
    domain = rig.domain(FIRST, 5, 1)
    unit.write64(PQT, 0x1000 - 32 - 32)     # one entry is left before the head
    adi, late = rig.adi(0, 1), rig.adi(1, 1)
    adi.submit("WRITE", dst=IOVA, flags=("PAGES",))
    t.equal((adi.waits_for_page(), unit.read32(PRS)), (True, PPR), "the last entry is taken")
    late.submit("WRITE", dst=IOVA + 0x5000, flags=("PAGES",))
    t.equal(unit.read32(PRS), PPR | PRO, "the next request overflows")
    t.equal(outcome(late), "NO_PAGE", "answered until the device gives up")
    t.equal(unit.read64(PQT), 0x1000 - 32, "nothing was written")
    unit.write64(PQH, 0x1000 - 64)
    request, = unit.page_requests()
    late.submit("WRITE", dst=IOVA + 0x6000, flags=("PAGES",))
    outcome(late)
    t.equal(unit.page_requests(), [], "and nothing is as long as PRO is set")
    unit.write32(PRS, PRO)
    late.submit("WRITE", dst=IOVA + 0x7000, flags=("PAGES",))
    t.equal([r.address for r in unit.page_requests()], [IOVA + 0x7000], "then it goes on")
    domain.map(IOVA)
    unit.respond(request)
    t.equal(adi.code(), "OK", "the first request is still good")
    t.equal(unit.faults(), [], "no fault")


@test(Q35, devices=ON)
def event(t):
    """The event's interrupt pending bit, with the interrupt masked."""
    rig = rig_with_pri(t)
    rig.domain(FIRST, 5, 1)
    t.equal(rig.unit.read32(PECTL) >> 30, 2, "masked, none pending")
    rig.adi(0, 1).submit("WRITE", dst=IOVA, flags=("PAGES",))
    t.equal(rig.unit.read32(PECTL) >> 30, 3, "pending with the first request")
    rig.unit.page_requests()
    t.equal(rig.unit.read32(PECTL) >> 30, 2, "not any more with PPR cleared")


@test(Q35, devices=ON)
def drain(t):
    rig = rig_with_pri(t)
    t.ok(rig.unit.wait(1 << 7), "a wait descriptor with Page-request Drain is taken")
    t.equal(rig.unit.read32(FSTS) >> 4 & 1, 0, "no queue error")


@test(Q35, devices=("intel-iommu,x-scalable-mode=on,x-pasid-mode=on,device-iotlb=on", EDU))
def not_offered(t):
    rig = Rig(t, ContextTable.PRESENT | ContextTable.PASIDE | ContextTable.DTE)
    Domain(rig, 2, 5, 1).attach()
    rig.edu.enable_ats()
    rig.edu.enable_pri()
    adi = rig.adi(0, 1)
    adi.submit("WRITE", dst=IOVA, flags=("PAGES",))
    t.equal(adi.code(), "NO_PAGE", "nobody takes the request")
    rig.unit.submit(9 | 1 << 4 | rig.sid << 16 | 1 << 32)
    t.equal(rig.unit.read32(FSTS) >> 4 & 1, 1, "a response descriptor is a queue error")
