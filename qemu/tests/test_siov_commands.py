# SPDX-License-Identifier: GPL-2.0-or-later
"""siov-edu: what the commands do, and what becomes of malformed ones."""

from bench import Q35, VIRT, pci, test
from bench.siov_edu import EDU

PATTERN = bytes((7 * i + i // 256) & 0xFF for i in range(3 * 4096))


def ready(t, index=0):
    """The device and an enabled ADI without a PASID."""
    edu = t.siov_edu()
    edu.adis[index].enable()
    return edu, edu.adis[index]


def fnv1a(data):
    """FNV-1a with 64 bits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


@test(Q35, VIRT)
def read_and_write(t):
    _, adi = ready(t)
    memory = t.pages(2)
    t.qtest.put(memory + 100, PATTERN[:500])
    t.equal(adi.run("READ", src=memory + 100, dst=16, length=500), "OK", "memory to buffer")
    t.equal(t.qtest.get(adi.buffer + 16, 500), PATTERN[:500], "the bytes are in the buffer")
    t.equal(t.qtest.get(adi.buffer, 16) + t.qtest.get(adi.buffer + 516, 4), bytes(20),
            "and nothing else is")
    t.equal(adi.run("WRITE", src=16, dst=memory + 4000, length=500), "OK",
            "buffer to memory, over the end of a page")
    t.equal(t.qtest.get(memory + 4000, 500), PATTERN[:500], "the bytes are in memory")
    t.equal(t.qtest.get(memory + 4500, 4) + t.qtest.get(memory + 3996, 4), bytes(8),
            "and nothing else is")
    t.equal(adi.reg("COMPLETED"), 2, "two are counted")
    whole = EDU["PAGE_SIZE"] - EDU["BUFFER"]
    t.equal(adi.run("READ", src=memory, dst=0, length=whole), "OK", "the whole buffer")


@test(Q35, VIRT)
def copy(t):
    edu, adi = ready(t)
    src, dst = t.pages(3), t.pages(4)
    t.qtest.put(src, PATTERN)
    t.equal(adi.run("COPY", src=src + 5, dst=dst + 9, length=9000), "OK", "memory to memory")
    t.equal(t.qtest.get(dst + 9, 9000), PATTERN[5:9005], "the bytes are there")
    t.equal(t.qtest.get(dst, 9) + t.qtest.get(dst + 9009, 8), bytes(17), "and nothing else is")
    t.equal(t.qtest.get(adi.buffer, 64), bytes(64), "the buffer is left alone")
    longest = edu.reg("MAX_LENGTH")
    big, other = t.pages(longest // 4096), t.pages(longest // 4096)
    t.qtest.fill(big, longest, 0xA5)
    t.equal(adi.run("COPY", src=big, dst=other, length=longest), "OK", "the longest")
    t.equal(t.qtest.get(other, longest), bytes([0xA5]) * longest, "the bytes are there")


@test(Q35, VIRT)
def checksum(t):
    _, adi = ready(t)
    memory = t.pages(3)
    t.qtest.put(memory, PATTERN)
    t.equal(adi.run("CHECKSUM", src=memory + 3, length=9001), "OK", "checksum")
    t.equal(adi.reg("RESULT"), fnv1a(PATTERN[3:9004]), "is FNV-1a")
    t.equal(t.qtest.get(memory, len(PATTERN)), PATTERN, "memory is left alone")


@test(Q35, VIRT)
def fetch_add(t):
    _, adi = ready(t)
    memory = t.page()
    t.qtest.write(memory + 8, 8, 0xFFFFFFFF00000005)
    t.equal(adi.run("FETCH_ADD", dst=memory + 8, length=8, operand=0x100000000), "OK",
            "8 bytes")
    t.equal(adi.reg("RESULT"), 0xFFFFFFFF00000005, "the old value")
    t.equal(t.qtest.read(memory + 8, 8), 5, "the sum, without the carry")
    t.qtest.write(memory + 20, 4, 0xFFFFFFFF)
    t.equal(adi.run("FETCH_ADD", dst=memory + 20, length=4, operand=3), "OK", "4 bytes")
    t.equal(adi.reg("RESULT"), 0xFFFFFFFF, "the old value")
    t.equal(t.qtest.read(memory + 20, 8), 2, "the carry goes nowhere")
    t.equal(adi.run("FETCH_ADD", dst=t.machine.window, length=4), "DMA_FAILED",
            "not on a device's registers")


@test(Q35, VIRT)
def malformed(t):
    edu, adi = ready(t, 2)
    memory = t.page()
    buffer, longest = edu.reg("BUFFER_SIZE"), edu.reg("MAX_LENGTH")
    end = 0xFFFFFFFFFFFFF000
    cases = (
        ("no operation", "BAD_COMMAND", 0, {}),
        ("an unknown operation", "BAD_COMMAND", 6, {}),
        ("a reserved bit", "BAD_COMMAND", EDU["READ"] | 1 << 31, {}),
        ("no length", "BAD_RANGE", "READ", {"length": 0}),
        ("more than the buffer", "BAD_RANGE", "READ", {"length": buffer + 1}),
        ("beyond the buffer", "BAD_RANGE", "READ", {"dst": buffer - 3}),
        ("far beyond the buffer", "BAD_RANGE", "READ", {"dst": end}),
        ("from beyond the buffer", "BAD_RANGE", "WRITE", {"src": buffer}),
        ("more than the longest", "BAD_RANGE", "COPY", {"length": longest + 1}),
        ("addresses that wrap", "BAD_RANGE", "COPY", {"dst": end, "length": 8192}),
        ("a checksum of nothing", "BAD_RANGE", "CHECKSUM", {"length": 0}),
        ("3 bytes to add to", "BAD_RANGE", "FETCH_ADD", {"length": 3}),
        ("a crooked address to add to", "BAD_RANGE", "FETCH_ADD",
         {"dst": memory + 4, "length": 8}),
    )
    for number, (what, code, command, args) in enumerate(cases):
        lines = len(t.qtest.log())
        have = adi.run(command, **({"src": 0, "dst": 0} | args))
        t.equal(have, code, f"{what} completes with {code}")
        t.equal(adi.reg("COMPLETED"), number + 1, f"{what} is counted")
        record = edu.take_error()
        t.equal(record and record[:3], ("COMMAND", True, adi.base - edu.bar + EDU["COMMAND"]),
                f"{what} is recorded")
        t.equal(len(t.qtest.log()), lines + 1, f"{what} is logged")


@test(Q35, VIRT)
def dma_that_fails(t):
    edu, adi = ready(t)
    memory = t.pages(2)
    t.equal(adi.run("COPY", src=memory, dst=t.machine.nowhere, length=64), "DMA_FAILED",
            "nothing is there to write to")
    t.equal(adi.reg("FAULT_ADDRESS"), t.machine.nowhere, "the address is told")
    t.equal(adi.run("READ", src=t.machine.nowhere + 4096, length=64), "DMA_FAILED",
            "nothing is there to read from")
    t.equal(adi.reg("FAULT_ADDRESS"), t.machine.nowhere + 4096, "the address is told")
    t.equal(adi.run("FETCH_ADD", dst=t.machine.nowhere, length=8), "DMA_FAILED",
            "nothing is there to add to")
    edu.set_command(pci.COMMAND_MEMORY)
    t.equal(adi.put(1, memory), "NO_BUS_MASTER", "without bus mastering")
    t.equal(t.qtest.read(memory, 4), 0, "nothing is written")
    edu.set_command(pci.COMMAND_MEMORY | pci.COMMAND_MASTER)
    t.equal(adi.put(1, memory), "OK", "and with it")
    t.equal(edu.take_error(), None, "failing DMA is no error of the driver's")


@test(Q35, VIRT)
def pasid_without_iommu(t):
    edu = t.siov_edu()
    adi, memory = edu.adis[0], t.page()
    adi.enable(pasid=5)
    t.equal(adi.put(1, memory), "NO_PASID", "PASIDs are off in configuration space")
    edu.enable_pasid()
    t.equal(adi.put(1, memory), "NO_PASID", "nobody takes requests with PASID")
    t.equal(t.qtest.read(memory, 4), 0, "nothing is written")


@test(Q35, VIRT)
def ats_without_iommu(t):
    edu, adi = ready(t)
    memory = t.page()
    edu.enable_ats()
    edu.enable_pri()
    t.equal(adi.put(1, memory, flags=("PAGES",)), "DMA_FAILED", "no translation is given")
    t.equal(t.qtest.read(memory, 4), 0, "nothing is written")
    edu.enable_ats(False)
    t.equal(adi.put(1, memory, flags=("PAGES",)), "OK", "untranslated requests work")
