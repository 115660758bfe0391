# SPDX-License-Identifier: GPL-2.0-or-later
"""siov-edu: the queue, delayed commands, pause, drain and the resets."""

from bench import Q35, VIRT, test
from bench.siov_edu import EDU

DELAY = 50              # microseconds
STEP = DELAY * 1000


def ready(t, delay=0):
    """The device, and its first ADI enabled."""
    edu = t.siov_edu()
    edu.adis[0].enable(delay=delay)
    return edu, edu.adis[0], t.page()


def put(adi, value, addr):
    """Queues a write of VALUE to ADDR; which part of the buffer holds it depends on ADDR."""
    offset = addr & 0x7FC
    adi.edu.bench.qtest.write(adi.buffer + offset, 4, value)
    adi.submit("WRITE", src=offset, dst=addr)


@test(Q35, VIRT)
def delay(t):
    _, adi, memory = ready(t, DELAY)
    put(adi, 1, memory)
    t.qtest.step(STEP - 1)
    t.equal((adi.pending(), t.qtest.read(memory, 4)), (1, 0), "nothing before its time")
    t.ok(adi.state("RUNNING"), "it has started")
    t.qtest.step(1)
    t.equal((adi.pending(), t.qtest.read(memory, 4)), (0, 1), "done at its time")
    t.ok(not adi.state("RUNNING"), "nothing runs")


@test(Q35, VIRT)
def order(t):
    edu, adi, memory = ready(t, DELAY)
    depth = edu.reg("QUEUE_DEPTH")
    for i in range(depth):
        put(adi, i + 1, memory + 4 * i)
    t.equal((adi.pending(), adi.reg("REJECTED")), (depth, 0), "the queue takes its depth")
    put(adi, 99, memory + 4 * depth)
    t.equal((adi.pending(), adi.reg("REJECTED")), (depth, 1), "and no more")
    t.equal(edu.take_error()[0], "QUEUE_FULL", "which is recorded")
    for i in range(depth):
        t.qtest.step(STEP)
        if i in (0, depth - 1):
            t.equal([t.qtest.read(memory + 4 * k, 4) for k in range(depth)],
                    [k + 1 if k <= i else 0 for k in range(depth)], f"{i + 1} have run")
    t.equal((adi.pending(), adi.reg("COMPLETED")), (0, depth), "all are counted")
    put(adi, 7, memory)
    t.qtest.step(STEP)
    t.equal(t.qtest.read(memory, 4), 7, "the queue goes round")


@test(Q35, VIRT)
def pause_idle(t):
    edu, adi, memory = ready(t)
    edu.adis[1].enable()
    adi.control("ENABLE", "PAUSE")
    t.ok(adi.state("PAUSED"), "an idle ADI is paused at once")
    t.equal(edu.reg("EVENT"), EDU["EVENT_PAUSED"], "which is an event")
    put(adi, 1, memory)
    put(adi, 2, memory + 4)
    t.equal((adi.pending(), adi.reg("REJECTED")), (2, 0), "commands are queued")
    t.equal(t.qtest.read(memory, 8), 0, "and do nothing")
    t.equal(edu.adis[1].put(3, memory + 8), "OK", "another ADI works")
    adi.control("ENABLE")
    t.equal((adi.pending(), adi.reg("COMPLETED")), (0, 2), "then they run")
    t.equal(t.qtest.read(memory, 8), 2 << 32 | 1, "in full")
    t.ok(not adi.state("PAUSED"), "no longer paused")


@test(Q35, VIRT)
def pause_running(t):
    edu, adi, memory = ready(t, DELAY)
    put(adi, 1, memory)
    put(adi, 2, memory + 4)
    adi.control("ENABLE", "PAUSE")
    t.ok(not adi.state("PAUSED"), "not paused while a command runs")
    t.equal(edu.reg("EVENT"), 0, "no event yet")
    t.qtest.step(STEP)
    t.equal(t.qtest.read(memory, 8), 1, "what ran is done, the next one has not started")
    t.ok(adi.state("PAUSED"), "paused")
    t.equal(edu.reg("EVENT"), EDU["EVENT_PAUSED"], "which is an event")
    t.qtest.step(10 * STEP)
    t.equal(t.qtest.read(memory, 8), 1, "it stays so")
    adi.control("ENABLE")
    t.qtest.step(STEP)
    t.equal(t.qtest.read(memory, 8), 2 << 32 | 1, "then the next one runs")


@test(Q35, VIRT)
def drain(t):
    edu, adi, memory = ready(t, DELAY)
    put(adi, 1, memory)
    put(adi, 2, memory + 4)
    adi.control("DRAIN")
    put(adi, 3, memory + 8)
    t.equal(adi.reg("REJECTED"), 1, "a disabled ADI takes no more")
    t.qtest.step(STEP)
    t.ok(adi.state("DRAINING"), "draining while something is left")
    t.equal(edu.reg("EVENT") & EDU["EVENT_DRAINED"], 0, "no event yet")
    t.qtest.step(STEP)
    t.ok(not adi.state("DRAINING"), "drained")
    t.equal(edu.reg("EVENT") & EDU["EVENT_DRAINED"], EDU["EVENT_DRAINED"], "which is an event")
    t.equal(t.qtest.read(memory, 8), 2 << 32 | 1, "what was accepted is done")
    edu.set("EVENT", EDU["EVENT_DRAINED"])
    adi.control("DRAIN")
    t.equal(edu.reg("EVENT") & EDU["EVENT_DRAINED"], EDU["EVENT_DRAINED"],
            "an idle ADI is drained at once")


@test(Q35, VIRT)
def drain_paused(t):
    _, adi, memory = ready(t, DELAY)
    put(adi, 1, memory)
    put(adi, 2, memory + 4)
    adi.control("ENABLE", "PAUSE", "DRAIN")
    t.ok(adi.state("DRAINING"), "what has started is waited for")
    t.qtest.step(STEP)
    t.ok(not adi.state("DRAINING") and adi.state("PAUSED"), "what has not started is not")
    t.equal(adi.pending(), 1, "it stays queued")


@test(Q35, VIRT)
def reset_adi(t):
    edu, adi, memory = ready(t, DELAY)
    other = edu.adis[1]
    other.enable(delay=DELAY)
    adi.control()
    adi.set_pasid(7)
    adi.control("ENABLE")
    put(adi, 1, memory)
    put(adi, 2, memory + 4)
    put(other, 3, memory + 8)
    adi.set("IRQ_MASK", 1)
    adi.control("ENABLE", "RESET")
    t.qtest.step(3 * STEP)
    t.equal(t.qtest.read(memory, 8), 0, "no DMA comes later")
    t.equal(t.qtest.read(memory + 8, 4), 3, "another ADI's does")
    t.equal([adi.reg(n) for n in ("SRC", "DST", "LENGTH", "COMMAND", "STATUS", "COMPLETED",
                                  "REJECTED", "IRQ_MASK")], [0] * 8, "the page is clear")
    t.equal(t.qtest.get(adi.buffer, 0x800), bytes(0x800), "so is the buffer")
    t.equal(adi.privileged("ADI_PASID"), EDU["ADI_PASID_VALID"] | 7, "the PASID stays")
    t.equal(adi.privileged("ADI_DELAY"), DELAY, "the delay stays")
    t.equal(adi.privileged("ADI_CONTROL"), EDU["ADI_ENABLE"], "and it is enabled")


def everything_reset(t, edu, adi, memory):
    """After a reset of the function"""
    t.qtest.step(3 * STEP)
    t.equal(t.qtest.read(memory, 4), 0, "no DMA comes later")
    t.equal([adi.privileged(n) for n in ("ADI_PASID", "ADI_CONTROL", "ADI_STATE",
                                         "ADI_DELAY")], [0] * 4, "the ADI's control is clear")
    t.equal([edu.reg(n) for n in ("ERROR", "EVENT", "EVENT_ENABLE")], [0] * 3,
            "page 0 is clear")
    t.equal(adi.reg("COMPLETED"), 0, "the ADI's page is clear")


def busy(t):
    """The device with something of everything to reset"""
    edu, adi, memory = ready(t)
    adi.put(0, memory)
    edu.set("EVENT_ENABLE", EDU["EVENT_ERROR"])
    edu.set("MAGIC", 0)
    adi.control()
    adi.set_privileged("ADI_PASID", 3)
    adi.set_privileged("ADI_DELAY", DELAY)
    adi.control("ENABLE")
    put(adi, 1, memory)
    return edu, adi, memory


@test(Q35, VIRT)
def reset_function(t):
    edu, adi, memory = busy(t)
    edu.enable_pasid()
    edu.set("CONTROL", EDU["CONTROL_RESET"])
    everything_reset(t, edu, adi, memory)
    t.equal(edu.read(edu.extended(0x1B) + 6, 2), 1, "configuration space stays")
    adi.enable()
    t.equal(adi.put(4, memory), "OK", "it works again")


@test(Q35, VIRT)
def function_level_reset(t):
    edu, adi, memory = busy(t)
    edu.enable_pasid()
    edu.enable_ats()
    edu.enable_pri()
    edu.flr()
    t.equal([edu.read(edu.extended(cap) + at, 2) for cap, at in
             ((0x1B, 6), (0x0F, 6), (0x13, 4), (0x13, 12))], [0] * 4,
            "PASID, ATS and PRI are off")
    t.equal(edu.pri_status(), 0x8100, "PRI is stopped")
    edu.restore()
    everything_reset(t, edu, adi, memory)
    adi.enable()
    t.equal(adi.put(4, memory), "OK", "it works again")


@test(Q35, VIRT)
def pasid_change(t):
    edu, adi, memory = ready(t, DELAY)
    adi.set_privileged("ADI_PASID", 9)
    t.equal((edu.take_error() or [None])[0], "BUSY", "refused while enabled")
    put(adi, 1, memory)
    adi.control()
    adi.set_privileged("ADI_PASID", 9)
    t.equal((edu.take_error() or [None])[0], "BUSY", "refused while a command runs")
    adi.control("PAUSE")
    adi.set_privileged("ADI_PASID", 9)
    t.equal((edu.take_error() or [None])[0], "BUSY", "refused while not yet paused")
    t.qtest.step(STEP)
    adi.set_privileged("ADI_PASID", 9)
    t.equal((edu.take_error(), adi.privileged("ADI_PASID")), (None, 9), "taken when paused")
    adi.control()
    adi.set_privileged("ADI_PASID", 10)
    t.equal((edu.take_error(), adi.privileged("ADI_PASID")), (None, 10), "or disabled")
