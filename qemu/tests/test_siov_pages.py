# SPDX-License-Identifier: GPL-2.0-or-later
"""siov-edu behind a VT-d with ATS and page requests: kept translations, groups, credits."""

from bench import Q35, test
from vtd.rig import FIRST, FULL, IOVA, Rig
from vtd.tables import ContextTable

ARGS = ("-device", FULL)
DEVICES = ("siov-edu,addr=4,num-adis=16",)
RESPONSE_FAILURE, UNEXPECTED, STOPPED, PASID_REQUIRED = 1, 2, 0x100, 0x8000
INVALID, FAILURE = 1, 15


def ready(t, allocation=32):
    """The rig with page requests on, and the domain of PASID 1, in which IOVA's page
    table is there and empty."""
    rig = Rig(t, ContextTable.ALL)
    rig.unit.enable_page_requests()
    rig.edu.enable_ats()
    rig.edu.enable_pri(allocation=allocation)
    domain = rig.domain(FIRST, 10, 1)
    domain.map(IOVA - 4096)
    return rig, domain


def ask(adi, page=0, length=4, command="WRITE", **args):
    """A command that may request pages, from IOVA on."""
    adi.submit(command, dst=IOVA + 4096 * page, length=length, flags=("PAGES",), **args)


@test(Q35, args=ARGS, devices=DEVICES)
def translations_are_kept(t):
    rig, domain = ready(t)
    adi, old, new = rig.adi(0, 1), domain.map(IOVA)[0], t.page()
    t.equal(adi.put(1, IOVA), "OK", "a translated write")
    domain.map(IOVA, address=new)
    domain.flush()
    adi.put(2, IOVA)
    t.equal((rig.memory(old), rig.memory(new)), (2, 0), "kept over an IOTLB invalidation")
    rig.unit.flush_pasid_device_tlb(rig.sid, 2)
    adi.put(3, IOVA)
    t.equal((rig.memory(old), rig.memory(new)), (3, 0), "and that of another PASID")
    rig.unit.flush_pasid_device_tlb(rig.sid, 1)
    adi.put(4, IOVA)
    t.equal((rig.memory(old), rig.memory(new)), (3, 4), "but not over its own")
    domain.map(IOVA, address=old)
    domain.flush()
    rig.edu.enable_ats(False)
    rig.edu.enable_ats()
    adi.put(5, IOVA)
    t.equal((rig.memory(old), rig.memory(new)), (5, 4), "nor over disabling ATS")


@test(Q35, args=ARGS, devices=DEVICES)
def one_page(t):
    rig, domain = ready(t)
    adi = rig.adi(0, 1)
    t.qtest.write(adi.buffer, 4, 0x1234)
    ask(adi)
    t.ok(adi.waits_for_page() and adi.state("PAGE_WAIT"), "it waits")
    request, = rig.unit.page_requests()
    t.equal((request.sid, request.is_pasid, request.pasid, request.address),
            (rig.sid, True, 1, IOVA), "for the page")
    t.equal((request.read, request.write, request.last), (False, True, True),
            "to write to, the last of its group")
    page, _ = domain.map(IOVA)
    rig.unit.respond(request)
    t.equal((adi.code(), adi.waits_for_page()), ("OK", False), "and goes on")
    t.equal(rig.memory(page), 0x1234, "it has written")
    t.equal(rig.unit.faults(), [], "no fault is recorded")
    t.equal(rig.edu.pri_status(), PASID_REQUIRED, "nothing is wrong")


@test(Q35, args=ARGS, devices=DEVICES)
def groups(t):
    rig, domain = ready(t)
    adi = rig.adi(0, 1)
    ask(adi, length=9000, command="COPY", src=IOVA + 0x1000 + 8)
    found = rig.unit.page_requests()
    t.equal([(r.address - IOVA) >> 12 for r in found], [1, 2, 3, 0], "all pages in one group")
    t.equal([(r.read, r.write) for r in found],
            [(True, True), (True, True), (True, False), (False, True)], "with both accesses")
    t.equal([r.last for r in found], [False] * 3 + [True], "the last one marked")
    t.equal(len({r.group for r in found}), 1, "with one index")
    for page in range(3):
        domain.map(IOVA + 4096 * page)
    rig.unit.respond(found[-1])
    again, = rig.unit.page_requests()
    t.equal(again.address, IOVA + 0x3000, "what is still missing is requested again")
    t.ok(again.group != found[0].group, "with another index")
    domain.map(IOVA + 0x3000)
    rig.unit.respond(again)
    t.equal(adi.code(), "OK", "then it goes on")
    ask(adi, page=16, length=0x10000, command="COPY", src=IOVA + 0x40000)
    t.equal(len(rig.unit.page_requests()), 8, "a group has 8 pages at most")


@test(Q35, args=ARGS, devices=DEVICES)
def indices_are_unique(t):
    rig, domain = ready(t)
    adis = [rig.adi(i, 1) for i in range(16)]
    for i, adi in enumerate(adis):
        ask(adi, page=i)
    found = rig.unit.page_requests()
    t.equal(len({r.group for r in found}), 16, "16 ADIs, 16 indices")
    for page in range(16):
        domain.map(IOVA + 4096 * page)
    for request in reversed(found):
        rig.unit.respond(request)
        t.equal(sum(a.waits_for_page() for a in adis), request.group - found[0].group,
                f"response {request.group} resumes one ADI")
    t.equal([a.code() for a in adis], ["OK"] * 16, "all are done")


@test(Q35, args=ARGS, devices=DEVICES)
def index_in_use_is_skipped(t):
    rig, _ = ready(t)
    adi, other = rig.adi(0, 1), rig.adi(1, 1)
    ask(adi)
    first, = rig.unit.page_requests()
    seen = []
    for _ in range(512):
        ask(other, page=1)
        request, = rig.unit.page_requests()
        seen.append(request.group)
        rig.unit.respond(request, INVALID)
    t.equal(sorted(set(seen) ^ set(range(512))), [first.group], "all indices but that in use")
    t.ok(adi.waits_for_page(), "which still waits")


@test(Q35, args=ARGS, devices=DEVICES)
def credits(t):
    rig, domain = ready(t, allocation=3)
    adis = [rig.adi(i, 1) for i in range(3)]
    ask(adis[0], command="CHECKSUM", src=IOVA, length=8192)
    ask(adis[1], command="CHECKSUM", src=IOVA + 0x8000, length=8192)
    ask(adis[2], page=12)
    found = rig.unit.page_requests()
    t.equal([(r.address - IOVA) >> 12 for r in found], [0, 1, 8], "no more than were allocated")
    t.ok(all(a.waits_for_page() for a in adis), "all wait")
    for page in range(16):
        domain.map(IOVA + 4096 * page)
    for request in found:
        if request.last:
            rig.unit.respond(request)
    t.equal([a.code() for a in adis], ["OK"] * 3, "responses let the others go on")
    rig.edu.enable_pri(allocation=0)
    ask(adis[0], page=20)
    t.equal(adis[0].code(), "NO_PAGE", "with nothing allocated there is no request")


@test(Q35, args=ARGS, devices=DEVICES)
def refusals(t):
    rig, domain = ready(t)
    adi, other = rig.adi(0, 1), rig.adi(1, 1)
    ask(adi, page=1)
    request, = rig.unit.page_requests()
    rig.unit.respond(request, INVALID)
    t.equal((adi.code(), adi.reg("FAULT_ADDRESS")), ("NO_PAGE", IOVA + 4096),
            "an invalid request ends the command")
    t.equal(rig.edu.pri_status(), PASID_REQUIRED, "and nothing else")
    ask(adi)
    request, = rig.unit.page_requests()
    rig.unit.respond(request, FAILURE)
    t.equal(adi.code(), "NO_PAGE", "so does a failure")
    t.equal(rig.edu.pri_status(), PASID_REQUIRED | RESPONSE_FAILURE, "which the status tells")
    ask(other)
    t.equal((other.code(), rig.unit.page_requests()), ("NO_PAGE", []),
            "nothing is requested after it")
    rig.edu.enable_pri(False)
    t.equal(rig.edu.pri_status(), PASID_REQUIRED | RESPONSE_FAILURE | STOPPED, "disabled")
    rig.edu.enable_pri()
    t.equal(rig.edu.pri_status(), PASID_REQUIRED, "enabling it anew clears that")
    ask(other)
    request, = rig.unit.page_requests()
    domain.map(IOVA)
    rig.unit.respond(request)
    t.equal(other.code(), "OK", "and works")


@test(Q35, args=ARGS, devices=DEVICES)
def unexpected_responses(t):
    rig, domain = ready(t)
    adi = rig.adi(0, 1)
    ask(adi)
    request, = rig.unit.page_requests()
    for what, wrong in (("index", request._replace(group=(request.group + 1) % 512)),
                        ("PASID", request._replace(pasid=2)),
                        ("missing PASID", request._replace(is_pasid=False, pasid=0))):
        rig.unit.respond(wrong)
        t.equal(rig.edu.pri_status(), PASID_REQUIRED | UNEXPECTED, f"a wrong {what}")
        rig.edu.write(rig.edu.extended(0x13) + 6, 2, UNEXPECTED)
    t.ok(adi.waits_for_page(), "it still waits")
    domain.map(IOVA)
    rig.unit.respond(request)
    t.equal(adi.code(), "OK", "for the right one")
    rig.unit.respond(request)
    t.equal(rig.edu.pri_status(), PASID_REQUIRED | UNEXPECTED, "which comes once")


@test(Q35, args=ARGS, devices=DEVICES)
def pause_and_reset(t):
    rig, domain = ready(t)
    adi, other = rig.adi(0, 1), rig.adi(1, 1)
    ask(adi)
    request, = rig.unit.page_requests()
    adi.control("ENABLE", "PAUSE")
    t.ok(adi.state("PAUSED"), "waiting for pages is paused")
    page, _ = domain.map(IOVA)
    t.qtest.write(adi.buffer, 4, 9)
    rig.unit.respond(request)
    t.equal((adi.pending(), rig.memory(page)), (1, 0), "the response changes nothing")
    adi.control("ENABLE")
    t.equal((adi.code(), rig.memory(page)), ("OK", 9), "until the pause is over")
    ask(adi, page=1)
    request, = rig.unit.page_requests()
    adi.control("ENABLE", "RESET")
    t.ok(not adi.state("PAGE_WAIT"), "a reset forgets the wait")
    ask(other, page=2)
    second, = rig.unit.page_requests()
    t.ok(second.group != request.group, "the index stays in use")
    domain.map(IOVA + 4096)
    domain.map(IOVA + 8192)
    rig.unit.respond(request)
    t.equal(rig.edu.pri_status(), PASID_REQUIRED, "its response is expected")
    t.equal((adi.reg("COMPLETED"), other.waits_for_page()), (0, True), "and ignored")
    rig.unit.respond(second)
    t.equal(other.code(), "OK", "the other ADI's is not")


@test(Q35, args=ARGS, devices=DEVICES)
def stopping(t):
    rig, domain = ready(t)
    adi = rig.adi(0, 1)
    ask(adi)
    request, = rig.unit.page_requests()
    rig.edu.enable_pri(False)
    t.equal(rig.edu.pri_status(), PASID_REQUIRED, "not stopped while one is outstanding")
    domain.map(IOVA)
    rig.unit.respond(request)
    t.equal(rig.edu.pri_status(), PASID_REQUIRED | STOPPED, "stopped after its response")
    t.equal(adi.code(), "OK", "which still counts")
    rig.edu.enable_pri()
    ask(adi, page=1)
    rig.unit.page_requests()
    rig.edu.enable_pri(False)
    rig.edu.write(rig.edu.extended(0x13) + 4, 2, 2)
    t.equal(rig.edu.pri_status(), PASID_REQUIRED | STOPPED, "a reset of PRI stops at once")
    t.equal(adi.code(), "NO_PAGE", "and ends the wait")


@test(Q35, args=ARGS, devices=DEVICES)
def without_the_flag(t):
    rig, _ = ready(t)
    adi = rig.adi(0, 1)
    t.equal(adi.put(1, IOVA), "DMA_FAILED", "not asked for, no page is requested")
    t.equal(rig.unit.page_requests(), [], "the queue is empty")


@test(Q35, args=ARGS, devices=DEVICES)
def patience_ends(t):
    rig, _ = ready(t)
    adi, groups = rig.adi(0, 1), 0
    ask(adi)
    while adi.waits_for_page() and groups < 1000:
        request, = rig.unit.page_requests()
        rig.unit.respond(request)
        groups += 1
    t.equal((adi.code(), groups), ("NO_PAGE", 64), "responses that lie are believed 64 times")
