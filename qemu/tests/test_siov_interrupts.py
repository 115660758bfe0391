# SPDX-License-Identifier: GPL-2.0-or-later
"""siov-edu: a vector for each ADI and one for the function. They write into memory here."""

from bench import Q35, VIRT, test
from bench.siov_edu import EDU


def ready(t):
    """The device with MSI-X on, and what its vectors 0 to 4 write to."""
    edu = t.siov_edu()
    edu.enable_msix()
    return edu, [edu.route(v, 0x4000 + v) for v in range(5)]


def taken(t, addrs):
    """The vectors that have been raised since the last call."""
    found = [v for v, addr in enumerate(addrs) if t.qtest.read(addr, 4) == 0x4000 + v]
    for addr in addrs:
        t.qtest.write(addr, 4, 0)
    return found


@test(Q35, VIRT)
def completion(t):
    edu, addrs = ready(t)
    memory = t.page()
    for i in (0, 3):
        adi = edu.adis[i]
        adi.enable()
        adi.put(1, memory)
        t.equal(taken(t, addrs), [], f"ADI {i}: none unless asked for")
        adi.put(1, memory, flags=("IRQ",))
        t.equal(taken(t, addrs), [1 + i], f"ADI {i}: its own vector")
    adi = edu.adis[3]
    adi.submit(0, flags=("IRQ",))
    t.equal(taken(t, addrs), [4], "a malformed command completes like others")


@test(Q35, VIRT)
def mask(t):
    edu, addrs = ready(t)
    adi, memory = edu.adis[1], t.page()
    adi.enable()
    adi.set("IRQ_MASK", 1)
    adi.put(1, memory, flags=("IRQ",))
    t.equal(taken(t, addrs), [], "held back")
    t.equal(adi.reg("IRQ_PENDING"), 1, "which can be seen")
    adi.set("IRQ_MASK", 0)
    t.equal((taken(t, addrs), adi.reg("IRQ_PENDING")), ([2], 0), "raised when unmasked")
    adi.set("IRQ_MASK", 1)
    adi.put(1, memory, flags=("IRQ",))
    adi.set("IRQ_PENDING", 1)
    adi.set("IRQ_MASK", 0)
    t.equal(taken(t, addrs), [], "unless taken back")


@test(Q35, VIRT)
def events(t):
    edu, addrs = ready(t)
    adi = edu.adis[0]
    edu.set("MAGIC", 0)
    adi.control("PAUSE")
    adi.control("DRAIN")
    everything = EDU["EVENT_ERROR"] | EDU["EVENT_PAUSED"] | EDU["EVENT_DRAINED"]
    t.equal(edu.reg("EVENT"), everything, "all three have happened")
    t.equal(taken(t, addrs), [], "none raises an interrupt unless enabled")
    edu.set("EVENT_ENABLE", EDU["EVENT_DRAINED"])
    t.equal(taken(t, addrs), [0], "enabling what has happened does")
    edu.set("EVENT", everything)
    t.equal(edu.reg("EVENT"), 0, "they are cleared by writing ones")
    edu.set("EVENT_ENABLE", EDU["EVENT_ERROR"])
    adi.control("DRAIN")
    t.equal(taken(t, addrs), [], "one that is not enabled raises none")
    edu.take_error()
    edu.set("MAGIC", 0)
    t.equal(taken(t, addrs), [0], "one that is enabled does")
    edu.set("MAGIC", 0)
    t.equal(taken(t, addrs), [], "an error that is not recorded does not")
