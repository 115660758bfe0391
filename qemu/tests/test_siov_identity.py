# SPDX-License-Identifier: GPL-2.0-or-later
"""siov-edu: what it says of itself."""

from bench import Q35, VIRT, pci, test
from bench.siov_edu import EDU


@test(Q35, VIRT)
def registers(t):
    edu = t.siov_edu()
    t.equal(edu.reg("MAGIC"), int.from_bytes(b"SIOV", "little"), "the magic is SIOV")
    t.equal(edu.reg("VERSION"), EDU["VERSION_VALUE"], "version")
    t.equal(edu.reg("NUM_ADIS"), 4, "as many ADIs as asked for")
    t.equal(edu.reg("BUFFER_SIZE"), EDU["PAGE_SIZE"] - EDU["BUFFER"], "size of the buffer")
    t.ok(edu.reg("QUEUE_DEPTH") > 1 and edu.reg("MAX_LENGTH") >= 4096, "limits")
    t.equal(edu.bar_size, 8 * EDU["PAGE_SIZE"], "BAR 0 has five pages, rounded up")
    t.equal(edu.take_error(), None, "none of this is an error")


@test(Q35, VIRT)
def capabilities(t):
    edu = t.siov_edu()
    t.equal(edu.read(0, 4), EDU["DEVICE_ID"] << 16 | EDU["VENDOR_ID"], "vendor and device")
    msix = edu.capability(pci.CAP_MSIX)
    t.equal(edu.read(msix + 2, 2) & 0x7FF, 4, "five vectors")
    express = edu.capability(pci.CAP_EXPRESS)
    t.ok(edu.read(express + 4, 4) & 1 << 28, "function level reset")
    ats = edu.extended(pci.EXT_ATS)
    t.equal(edu.read(ats + 4, 4), 1 << 5, "ATS: page aligned, off")
    pasid = edu.extended(pci.EXT_PASID)
    t.equal(edu.read(pasid + 4, 4), 20 << 8, "PASID: 20 bits, off")
    pri = edu.extended(pci.EXT_PRI)
    t.equal(edu.read(pri + 4, 4), 0x8100 << 16, "PRI: off, stopped, response with PASID")
    t.ok(edu.read(pri + 8, 4) >= 32, "PRI: room for 32 requests")
    dvsec = edu.extended(pci.EXT_DVSEC)
    t.equal(edu.read(dvsec + 4, 4), 0x18 << 20 | 0x8086, "DVSEC: Intel's, 24 bytes")
    t.equal(edu.read(dvsec + 8, 4), edu.devfn << 16 | 5, "DVSEC: SIOV, link to itself")
    t.equal((edu.read(dvsec + 12, 4), edu.read(dvsec + 16, 4)), (1, 1), "DVSEC: 4 KiB pages")


@test(Q35, VIRT, devices=("siov-edu,addr=4,num-adis=1024",))
def most_adis(t):
    edu = t.siov_edu()
    t.equal(edu.bar_size, 8 << 20, "BAR 0 is 8 MiB")
    last = edu.adis[1023]
    target = t.page()
    last.enable()
    t.equal(last.put(0x1023, target), "OK", "the last ADI works")
    t.equal(t.qtest.read(target, 4), 0x1023, "and has written")
    t.equal(edu.read(edu.capability(pci.CAP_MSIX) + 2, 2) & 0x7FF, 1024, "1025 vectors")


@test(Q35, VIRT, devices=("siov-edu,addr=4,num-adis=1",))
def one_adi(t):
    edu = t.siov_edu()
    t.equal(edu.bar_size, 2 * EDU["PAGE_SIZE"], "BAR 0 is two pages")
    edu.adis[0].enable()
    t.equal(edu.adis[0].put(1, t.page()), "OK", "it works")


@test(Q35, VIRT, devices=())
def wrong_numbers(t):
    for number in (0, 1025, 0xFFFFFFFF):
        said = t.refused(f"siov-edu,addr=4,num-adis={number}")
        t.ok("num-adis" in (said or ""), f"num-adis={number} is refused")
    said = t.refused("pcie-pci-bridge,id=b,addr=5", "siov-edu,bus=b,addr=4")
    t.ok("siov-edu" in (said or "") or "PCI Express" in (said or ""),
         "a conventional bus is refused")
