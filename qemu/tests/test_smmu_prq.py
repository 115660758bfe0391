# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: page requests, their queue, and the responses."""

from bench import VIRT, test
from smmu.rig import ATS, EATS, EDU, IOVA, PLAIN, PRI, Rig
from smmu.tables import NESTED, SSID0, STAGE1
from smmu.unit import (CMDQ_CONS, FAILURE, GERROR, GERRORN, IDR0, IDR1, INVALID, IRQ_CTRL, OVERFLOW,
                       PRIQ_ABT_ERR, PRIQ_BASE, PRIQ_CONS, PRIQ_PROD, PageRequest, Unit, bits)

FAILED, UNEXPECTED = 1, 2    # in the PRI status of the function


def rig_with_pri(t, *args, **how):
    """The rig, with page requests enabled on both sides."""
    rig = Rig(t, *args, s1dss=SSID0, **how)
    rig.change_ste(eats=EATS)
    rig.edu.enable_ats()
    rig.edu.enable_pri()
    rig.unit.enable_page_requests()
    return rig


def wanted(t, adi, value=0x55, iova=IOVA):
    """A write that asks for its page."""
    t.qtest.write(adi.buffer, 4, value)
    adi.submit("WRITE", dst=iova, flags=("PAGES",))


def outcome(adi):
    """How a command ends that the device tries again for a while."""
    for _ in range(1000):
        if not adi.pending():
            break
    return adi.code()


@test(VIRT, devices=EDU, args=PRI)
def capability(t):
    unit = Unit(t)
    t.equal(bits(unit.read32(IDR0), 16, 16), 1, "IDR0.PRI")
    t.equal(bits(unit.read32(IDR1), 15, 11), 19, "IDR1.PRIQS")
    t.equal(bits(unit.read32(0x0c), 5, 5), 1, "IDR3.PPS")
    unit.write64(PRIQ_BASE, 0x4123456780 | 5)
    t.equal(t.qtest.read(0x09050000 + PRIQ_BASE, 8), 0x4123456785, "PRIQ_BASE, 8 bytes")
    t.equal((unit.read32(PRIQ_BASE), unit.read32(PRIQ_BASE + 4)), (0x23456785, 0x41),
            "PRIQ_BASE, 4 bytes")


@test(VIRT, devices=())
def options(t):
    pri = ("-global", "arm-smmuv3.pri=on")
    t.ok("needs ats" in (t.refused(*EDU, args=(*PLAIN, *pri)) or ""), "pri without ats is refused")
    t.equal(t.refused(*EDU, args=(*PLAIN, "-global", "arm-smmuv3.ats=on", *pri)), None,
            "with ats it is taken")


@test(VIRT, devices=EDU, args=ATS)
def default_off(t):
    rig = rig_with_pri(t)
    rig.context(1, 1)
    t.equal(bits(rig.unit.read32(IDR0), 16, 16), 0, "IDR0.PRI is 0")
    t.equal(rig.unit.read32(PRIQ_BASE), 0, "PRIQ_BASE is not there")
    adi = rig.adi(0, 1)
    wanted(t, adi)
    t.equal(adi.code(), "NO_PAGE", "nobody takes page requests")


@test(VIRT, devices=EDU, args=PRI)
def demand_paging(t):
    for kind in (STAGE1, NESTED):
        rig = rig_with_pri(t, kind)
        context = rig.context(0x1b, 1)
        context.cover()
        adi = rig.adi(0, 0x1b)
        wanted(t, adi)
        t.ok(adi.waits_for_page(), "the command waits")
        requests = rig.unit.page_requests()
        t.equal(requests, [PageRequest(rig.sid, 0x1b, False, True, True, requests[0].group, IOVA)],
                "one request, as the device made it")
        page = context.map()
        rig.unit.respond(requests[0])
        t.equal((adi.code(), rig.memory(page)), ("OK", 0x55), "it goes on with the response")
        t.equal(rig.unit.events(), [], "no event")
        rig.edu.enable_pri(False)
        rig.edu.enable_ats(False)


@test(VIRT, devices=EDU, args=PRI)
def without_ssid(t):
    rig = rig_with_pri(t)
    context = rig.context(0, 1)
    adi = rig.adi(0)
    adi.submit("READ", src=IOVA, flags=("PAGES",))
    request, = rig.unit.page_requests()
    t.equal((request.ssid, request.read, request.write), (None, True, False),
            "a request for reading, without SubstreamID")
    context.map()
    rig.unit.respond(request)
    t.equal(adi.code(), "OK", "it goes on")


@test(VIRT, devices=EDU, args=PRI)
def group(t):
    rig = rig_with_pri(t)
    context = rig.context(1, 1)
    adi = rig.adi(0, 1)
    adi.submit("CHECKSUM", src=IOVA, length=0x3000, flags=("PAGES",))
    requests = rig.unit.page_requests()
    t.equal([(r.address, r.last) for r in requests],
            [(IOVA, False), (IOVA + 0x1000, False), (IOVA + 0x2000, True)], "three pages, one group")
    for i in range(3):
        context.map(IOVA + 0x1000 * i)
    rig.unit.respond(requests[-1])
    t.equal(adi.code(), "OK", "one response for all")


@test(VIRT, devices=EDU, args=PRI)
def responses(t):
    rig = rig_with_pri(t)
    rig.context(1, 1)
    adi = rig.adi(0, 1)
    wanted(t, adi)
    request, = rig.unit.page_requests()
    rig.unit.respond(request._replace(group=request.group ^ 1))
    t.ok(adi.waits_for_page(), "a response for another group")
    rig.unit.respond(request._replace(ssid=2))
    t.ok(adi.waits_for_page(), "a response for another SubstreamID")
    rig.unit.respond(request._replace(sid=rig.sid + 8))
    t.ok(adi.waits_for_page(), "a response for another StreamID")
    rig.unit.respond(request, INVALID)
    t.equal((adi.code(), rig.edu.pri_status() & FAILED), ("NO_PAGE", 0), "Invalid Request")
    wanted(t, adi)
    request, = rig.unit.page_requests()
    rig.unit.respond(request, FAILURE)
    t.equal((adi.code(), rig.edu.pri_status() & FAILED), ("NO_PAGE", FAILED), "Response Failure")


@test(VIRT, devices=EDU, args=PRI)
def reserved_response(t):
    rig = rig_with_pri(t)
    try:
        rig.unit.submit(0x41 | rig.sid << 32, 3 << 12)
    except AssertionError:
        pass
    t.equal(bits(rig.unit.read32(CMDQ_CONS), 30, 24), 1, "Resp 3 is CERROR_ILL")


@test(VIRT, devices=EDU, args=PRI)
def queue_off(t):
    """PRIQEN 0: Response Failure, without PASID."""
    rig = rig_with_pri(t)
    rig.unit.write32(0x20, 1 | 1 << 2 | 1 << 3)
    rig.context(0, 1)
    rig.context(1, 2)
    with_one, without = rig.adi(0, 1), rig.adi(1)
    wanted(t, with_one)
    t.equal((with_one.waits_for_page(), rig.edu.pri_status() & (FAILED | UNEXPECTED)),
            (True, UNEXPECTED), "a request with PASID gets a response without")
    wanted(t, without)
    t.equal((without.code(), rig.edu.pri_status() & FAILED), ("NO_PAGE", FAILED),
            "a request without PASID fails")
    t.equal(rig.unit.read32(PRIQ_PROD), 0, "nothing is queued")


@test(VIRT, devices=EDU, args=PRI)
def overflow(t):
    rig = rig_with_pri(t)
    rig.unit.enable_page_requests(log2size=1)
    context = rig.context(1, 1)
    adis = [rig.adi(i, 1) for i in range(3)]
    for index, adi in enumerate(adis):
        wanted(t, adi, iova=IOVA + 0x1000 * index)
    t.equal(outcome(adis[2]), "NO_PAGE", "with Success for an answer it asks until it gives up")
    t.equal(rig.unit.read32(PRIQ_PROD), 2 | OVERFLOW, "two are queued, OVFLG is set")
    t.equal(rig.edu.pri_status() & (FAILED | UNEXPECTED), 0, "the answers have its PASID")
    rig.unit.write32(PRIQ_CONS, 1)
    wanted(t, adis[2], iova=IOVA + 0x2000)
    t.equal(outcome(adis[2]), "NO_PAGE", "room, but not acknowledged")
    rig.unit.write32(PRIQ_CONS, 0)
    requests = rig.unit.page_requests()
    t.equal([r.address for r in requests], [IOVA, IOVA + 0x1000], "the two")
    for index, request in enumerate(requests):
        context.map(IOVA + 0x1000 * index)
        rig.unit.respond(request)
    t.equal([a.code() for a in adis[:2]], ["OK", "OK"], "they go on")
    wanted(t, adis[2], iova=IOVA + 0x2000)
    t.equal([r.address for r in rig.unit.page_requests()], [IOVA + 0x2000],
            "acknowledged, it is queued")
    t.equal(rig.unit.read32(PRIQ_PROD), 3 | OVERFLOW, "OVFLG stays as it is")


@test(VIRT, devices=EDU, args=PRI)
def wraps(t):
    rig = rig_with_pri(t)
    rig.unit.enable_page_requests(log2size=1)
    context = rig.context(1, 1)
    adi = rig.adi(0, 1)
    for index in range(5):
        wanted(t, adi, iova=IOVA + 0x1000 * index)
        request, = rig.unit.page_requests()
        context.map(IOVA + 0x1000 * index)
        rig.unit.respond(request)
        t.equal((request.address, adi.code()), (IOVA + 0x1000 * index, "OK"), f"request {index}")


@test(VIRT, devices=EDU, args=PRI)
def queue_nowhere(t):
    rig = rig_with_pri(t)
    rig.unit.enable_page_requests(queue=t.machine.nowhere)
    rig.context(0, 1)
    adi = rig.adi(0)
    wanted(t, adi)
    t.equal(adi.code(), "NO_PAGE", "Response Failure")
    t.equal(rig.unit.read32(GERROR) ^ rig.unit.read32(GERRORN), PRIQ_ABT_ERR, "PRIQ_ABT_ERR")
    rig.unit.enable_page_requests()
    rig.edu.enable_pri(False)
    rig.edu.enable_pri()
    wanted(t, adi)
    t.equal((adi.code(), rig.unit.page_requests()), ("NO_PAGE", []), "until it is acknowledged")
    rig.unit.write32(GERRORN, rig.unit.read32(GERROR))
    rig.edu.enable_pri(False)
    rig.edu.enable_pri()
    wanted(t, adi)
    t.equal(len(rig.unit.page_requests()), 1, "then they are queued")


@test(VIRT, devices=EDU, args=(*PRI, "-trace", "smmuv3_trigger_irq"))
def interrupt(t):
    rig = rig_with_pri(t)
    rig.context(1, 1)

    def raised():
        return sum("smmuv3_trigger_irq irq=1" in line for line in t.qtest.log())
    wanted(t, rig.adi(0, 1))
    t.equal(raised(), 0, "PRI_IRQEN 0: none")
    rig.unit.write32(IRQ_CTRL, 1 << 1)
    wanted(t, rig.adi(1, 1), iova=IOVA + 0x1000)
    t.equal(raised(), 1, "PRI_IRQEN 1: one")
