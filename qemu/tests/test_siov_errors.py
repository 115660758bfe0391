# SPDX-License-Identifier: GPL-2.0-or-later
"""siov-edu: wrong accesses are logged and recorded, and have no other effect."""

from bench import Q35, VIRT, test
from bench.siov_edu import EDU


def wrong(t, edu, what, error, offset, size, value=None):
    """One access that has to end in the record ERROR. Without VALUE it is a read."""
    lines = len(t.qtest.log())
    if value is None:
        t.equal(t.qtest.read(edu.bar + offset, size), (1 << 8 * size) - 1,
                f"{what} reads as ones")
    else:
        t.qtest.write(edu.bar + offset, size, value)
    t.equal(edu.take_error(), (error, value is not None, offset, value or 0),
            f"{what} is recorded")
    t.equal(len(t.qtest.log()), lines + 1, f"{what} is logged")


@test(Q35, VIRT)
def offsets(t):
    edu = t.siov_edu()
    page = EDU["PAGE_SIZE"]
    for what, offset in (("a hole in page 0", 0x01C), ("the end of page 0", page - 4),
                         ("a hole in an ADI's page", page + 0x048),
                         ("before the buffer", page + EDU["BUFFER"] - 4),
                         ("beyond the last ADI", 5 * page), ("the BAR's end", 8 * page - 4)):
        wrong(t, edu, what, "OFFSET", offset, 4)
        wrong(t, edu, what + ", written", "OFFSET", offset, 4, 0x1234)
    t.equal(edu.reg("MAGIC"), EDU["MAGIC_VALUE"], "the device goes on")


@test(Q35, VIRT)
def sizes(t):
    edu = t.siov_edu()
    adi = EDU["PAGE_SIZE"]
    for size in (1, 2):
        wrong(t, edu, f"{size} bytes of page 0", "SIZE", EDU["MAGIC"], size)
        wrong(t, edu, f"{size} bytes of LENGTH, written", "SIZE", adi + EDU["LENGTH"], size, 7)
    for size, offset in ((4, 2), (8, 4)):
        wrong(t, edu, f"{size} bytes at {offset}", "SIZE", adi + offset, size)
        wrong(t, edu, f"{size} bytes at {offset}, written", "SIZE", adi + offset, size, 7)
    wrong(t, edu, "a crooked place in the buffer", "SIZE", adi + EDU["BUFFER"] + 1, 2)
    t.equal(edu.adis[0].reg("LENGTH"), 0, "LENGTH is what it was")
    for size in (1, 2, 4, 8):
        at, value = edu.adis[0].buffer + 8 * size, 0x1122334455667788 & ((1 << 8 * size) - 1)
        t.qtest.write(at, size, value)
        t.equal(t.qtest.read(at, size), value, f"the buffer takes {size} bytes")
    t.qtest.write(edu.bar + adi + EDU["SRC"] + 4, 4, 0xABCD)
    t.equal(edu.adis[0].reg("SRC"), 0xABCD << 32, "half of a register is written alone")
    t.equal(edu.take_error(), None, "that is no error")


@test(Q35, VIRT)
def values(t):
    edu = t.siov_edu()
    adi = EDU["PAGE_SIZE"]
    for name in ("MAGIC", "NUM_ADIS", "ADI_STATE", "ERROR_ADDRESS"):
        wrong(t, edu, f"{name}, written", "READ_ONLY", EDU[name], 4, 1)
    for name in ("STATUS", "COMPLETED", "REJECTED"):
        wrong(t, edu, f"{name}, written", "READ_ONLY", adi + EDU[name], 4, 1)
    for what, offset, value in (
            ("ADI 4 of 4 selected", EDU["ADI_SELECT"], 4),
            ("bits beyond the PASID", EDU["ADI_PASID"], 1 << 20),
            ("unknown control bits", EDU["ADI_CONTROL"], 4),
            ("an unknown reset", EDU["CONTROL"], 2),
            ("an unknown event", EDU["EVENT_ENABLE"], 8),
            ("an unknown mask", adi + EDU["IRQ_MASK"], 2)):
        wrong(t, edu, what, "VALUE", offset, 4, value)
    t.equal(edu.reg("ADI_SELECT"), 0, "the selected ADI is what it was")
    t.equal(edu.adis[0].privileged("ADI_PASID"), 0, "the PASID is what it was")


@test(Q35, VIRT)
def record(t):
    edu = t.siov_edu()
    adi = edu.adis[1]
    adi.submit("READ")
    t.equal(adi.reg("REJECTED"), 1, "a command for a disabled ADI is rejected")
    t.equal((adi.pending(), adi.reg("COMPLETED")), (0, 0), "and not queued")
    edu.set("MAGIC", 1)
    t.ok(edu.reg("ERROR") & EDU["ERROR_OVERFLOW"], "a second error is an overflow")
    t.equal(edu.take_error(), ("DISABLED", True, adi.base - edu.bar + EDU["COMMAND"],
                               EDU["READ"]), "the first one is kept")
    t.equal((edu.reg("ERROR"), edu.take_error()), (0, None), "and cleared")
    edu.set("MAGIC", 1)
    t.equal(edu.take_error()[0], "READ_ONLY", "then the next one is recorded")


@test(Q35, VIRT)
def to_itself(t):
    edu = t.siov_edu()
    adi, other = edu.adis[:2]
    adi.enable(delay=10)
    other.enable()
    edu.set("EVENT_ENABLE", EDU["EVENT_ERROR"])
    for i in range(6):
        t.qtest.write(adi.buffer + 4 * i, 4, EDU["READ"])
    adi.submit("WRITE", dst=other.base + EDU["SRC"], length=24)
    t.qtest.step()
    t.equal(adi.reg("COMPLETED"), 1, "a command that writes to the device ends")
    t.equal(edu.take_error()[0], "REENTRANT", "the write is recorded")
    t.equal([other.reg(n) for n in ("SRC", "DST", "COMMAND", "COMPLETED", "REJECTED")], [0] * 5,
            "and all of it refused")
    adi.enable()
    t.equal(adi.run("READ", src=other.base), "DMA_FAILED", "nor does it read, at once")
    t.equal(other.put(1, t.page()), "OK", "the device goes on")
