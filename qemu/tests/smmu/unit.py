# SPDX-License-Identifier: GPL-2.0-or-later
"""The SMMU: its registers, command queue and event queue."""

from collections import namedtuple

from .tables import VMID, StreamTable

BASE = 0x09050000   # of the machine virt

IDR0, IDR1, CR0 = 0x00, 0x04, 0x20
STRTAB_BASE, STRTAB_BASE_CFG = 0x80, 0x88
CMDQ_BASE, CMDQ_PROD, CMDQ_CONS = 0x90, 0x98, 0x9c
EVENTQ_BASE, EVENTQ_PROD, EVENTQ_CONS = 0xa0, 0x100a8, 0x100ac
PRIQ_BASE, PRIQ_PROD, PRIQ_CONS = 0xc0, 0x100c8, 0x100cc
IRQ_CTRL, GERROR, GERRORN = 0x50, 0x60, 0x64

SMMUEN, PRIQEN, EVENTQEN, CMDQEN = 1, 1 << 1, 1 << 2, 1 << 3
PRIQ_ABT_ERR = 1 << 3
OVERFLOW = 1 << 31

CMD_BITS, EVENT_BITS = 8, 7     # a page each

EVENTS = {0x02: "C_BAD_STREAMID", 0x03: "F_STE_FETCH", 0x04: "C_BAD_STE",
          0x05: "F_BAD_ATS_TREQ", 0x06: "F_STREAM_DISABLED", 0x08: "C_BAD_SUBSTREAMID", 0x09: "F_CD_FETCH",
          0x0a: "C_BAD_CD", 0x0b: "F_WALK_EABT", 0x10: "F_TRANSLATION", 0x11: "F_ADDR_SIZE",
          0x12: "F_ACCESS", 0x13: "F_PERMISSION"}
CD, TT, IN = 0, 1, 2    # CLASS

# CMD_PRI_RESP
FAILURE, INVALID, SUCCESS = 0, 1, 2

PageRequest = namedtuple("PageRequest", "sid ssid read write last group address")

# ssid: None without SSV; stage, cls, address: only of translation faults, else None
Event = namedtuple("Event", "type sid ssid read stage cls address fetch",
                   defaults=(None,) * 6)


def bits(value, high, low):
    """A field."""
    return value >> low & ((1 << (high - low + 1)) - 1)


class Unit:
    """The unit, with translation off."""

    def __init__(self, bench):
        self.bench = bench
        self.streams = StreamTable(bench)
        self.commands = bench.page()
        self.records = bench.page()
        self.tail = 0
        self.page_queue = None
        self.page_bits = 0

    def read32(self, register):
        """A register."""
        return self.bench.qtest.read(BASE + register, 4)

    def write32(self, register, value):
        """Writes a register."""
        self.bench.qtest.write(BASE + register, 4, value)

    def write64(self, register, value):
        """Writes a wide register."""
        self.bench.qtest.write(BASE + register, 8, value)

    def set_streams(self, address=None, log2size=StreamTable.BITS):
        """Where the stream table is."""
        self.write64(STRTAB_BASE, self.streams.base if address is None else address)
        self.write32(STRTAB_BASE_CFG, log2size)

    def enable(self):
        """Queues, empty, then translation."""
        self.write32(CR0, 0)
        for index in (CMDQ_PROD, CMDQ_CONS, EVENTQ_PROD, EVENTQ_CONS):
            self.write32(index, 0)
        self.set_streams()
        self.write64(CMDQ_BASE, self.commands | CMD_BITS)
        self.write64(EVENTQ_BASE, self.records | EVENT_BITS)
        self.write32(CR0, CMDQEN | EVENTQEN)
        self.flush_all()
        self.write32(CR0, SMMUEN | CMDQEN | EVENTQEN)

    def disable_translation(self):
        """Queues stay on."""
        self.write32(CR0, CMDQEN | EVENTQEN)

    # Commands

    def submit(self, low, high=0):
        """A command, then CMD_SYNC."""
        for words in ((low, high), (0x46, 0)):
            at = self.commands + 16 * (self.tail & ((1 << CMD_BITS) - 1))
            self.bench.qtest.write(at, 8, words[0])
            self.bench.qtest.write(at + 8, 8, words[1])
            self.tail = (self.tail + 1) % (2 << CMD_BITS)
        self.write32(CMDQ_PROD, self.tail)
        if self.read32(CMDQ_CONS) != self.tail:
            raise AssertionError(f"commands stopped: {self.read32(CMDQ_CONS):#x}")

    def flush_ste(self, sid):
        """CMD_CFGI_STE"""
        self.submit(0x03 | sid << 32, 1)

    def flush_ste_range(self, sid, order):
        """CMD_CFGI_STE_RANGE"""
        self.submit(0x04 | sid << 32, order - 1)

    def flush_cd(self, sid, ssid):
        """CMD_CFGI_CD"""
        self.submit(0x05 | ssid << 12 | sid << 32, 1)

    def flush_cds(self, sid):
        """CMD_CFGI_CD_ALL"""
        self.submit(0x06 | sid << 32)

    def flush_configs(self):
        """CMD_CFGI_ALL"""
        self.submit(0x04, 31)

    def flush_asid(self, asid):
        """CMD_TLBI_NH_ASID"""
        self.submit(0x11 | VMID << 32 | asid << 48)

    def flush_tlb(self):
        """CMD_TLBI_NSNH_ALL"""
        self.submit(0x30)

    def flush_all(self):
        """All that is cached."""
        self.flush_configs()
        self.flush_tlb()

    # Events

    def events(self):
        """Takes all records from the queue."""
        head, tail = self.read32(EVENTQ_CONS), self.read32(EVENTQ_PROD)
        found = []
        while head != tail:
            at = self.records + 32 * (head & ((1 << EVENT_BITS) - 1))
            found.append(self.decode(*(self.bench.qtest.read(at + 8 * i, 8) for i in range(4))))
            head = (head + 1) % (2 << EVENT_BITS)
        self.write32(EVENTQ_CONS, head)
        return found

    @staticmethod
    def decode(first, second, third, fourth):
        """A record."""
        name = EVENTS.get(bits(first, 7, 0), hex(first))
        ssv, ssid = bits(first, 11, 11), bits(first, 31, 12)
        if name == "C_BAD_SUBSTREAMID" and not ssv:
            ssv = 1     # it has no SSV
        event = Event(name, first >> 32, ssid if ssv else None)
        if name == "F_BAD_ATS_TREQ":
            return event._replace(address=third)
        if name.startswith("F_") and not name.endswith(("FETCH", "DISABLED")):
            event = event._replace(read=bool(second >> 35 & 1), stage=1 + bits(second, 39, 39),
                                   cls=bits(second, 41, 40), address=third)
        return event._replace(fetch=fourth) if fourth else event

    # ATS and page requests

    def invalidate_atc(self, sid, ssid=None, address=0, size=52, everybody=False):
        """CMD_ATC_INV of 2^size pages"""
        self.submit(0x40 | everybody << 9 | (0 if ssid is None else 1 << 11 | ssid << 12)
                    | sid << 32, address | size)

    def enable_page_requests(self, log2size=7, queue=None):
        """The PRI queue, empty."""
        self.page_queue = self.bench.page() if queue is None else queue
        self.page_bits = log2size
        self.write64(PRIQ_BASE, self.page_queue | log2size)
        self.write32(PRIQ_PROD, 0)
        self.write32(PRIQ_CONS, 0)
        self.write32(CR0, SMMUEN | PRIQEN | EVENTQEN | CMDQEN)

    def page_requests(self):
        """Takes all requests from the queue, and acknowledges an overflow."""
        head, tail = self.read32(PRIQ_CONS), self.read32(PRIQ_PROD)
        overflow, tail = tail & OVERFLOW, tail & ~OVERFLOW
        head &= ~OVERFLOW
        found = []
        while head != tail:
            at = self.page_queue + 16 * (head & ((1 << self.page_bits) - 1))
            found.append(self.decode_page_request(*(
                self.bench.qtest.read(at + 8 * i, 8) for i in range(2))))
            head = (head + 1) % (2 << self.page_bits)
        self.write32(PRIQ_CONS, head | overflow)
        return found

    @staticmethod
    def decode_page_request(low, high):
        """An entry of the PRI queue."""
        return PageRequest(bits(low, 31, 0), bits(low, 51, 32) if low >> 63 else None,
                           bool(low >> 60 & 1), bool(low >> 61 & 1), bool(low >> 62 & 1),
                           bits(high, 8, 0), high & ~0xfff)

    def respond(self, request, code=SUCCESS):
        """CMD_PRI_RESP"""
        ssid = 0 if request.ssid is None else 1 << 11 | request.ssid << 12
        self.submit(0x41 | ssid | request.sid << 32, request.group | code << 12)
