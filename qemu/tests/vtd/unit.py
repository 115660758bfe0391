# SPDX-License-Identifier: GPL-2.0-or-later
"""The remapping unit: its registers, invalidation queue, fault records, page requests."""

from collections import namedtuple

from .tables import ContextTable

BASE = 0xfed90000

CAP, ECAP, GCMD, GSTS, RTADDR = 0x08, 0x10, 0x18, 0x1c, 0x20
FSTS, FECTL = 0x34, 0x38
IQH, IQT, IQA = 0x80, 0x88, 0x90
PQH, PQT, PQA, PRS, PECTL = 0xc0, 0xc8, 0xd0, 0xdc, 0xe0
VCMD, VCRSP, VCCAP = 0xe00, 0xe10, 0xe30

TE, SRTP, QIE = 1 << 31, 1 << 30, 1 << 26

QUEUE_ENTRIES = 128     # of 256 bits: one page

# is_pasid: PP; type: "read", "write" or "page request"
Fault = namedtuple("Fault", "reason sid is_pasid pasid address type translation")
PageRequest = namedtuple("PageRequest",
                         "sid is_pasid pasid read write last group address")


def bits(value, high, low):
    return value >> low & ((1 << (high - low + 1)) - 1)


class Unit:
    def __init__(self, bench):
        self.bench = bench
        self.contexts = ContextTable(bench)
        self.queue = bench.page()
        self.status = bench.page()
        self.page_queue = None
        self.tail = 0
        self.waits = 0

    def read32(self, register):
        return self.bench.qtest.read(BASE + register, 4)

    def write32(self, register, value):
        self.bench.qtest.write(BASE + register, 4, value)

    def read64(self, register):
        return self.bench.qtest.read(BASE + register, 8)

    def write64(self, register, value):
        self.bench.qtest.write(BASE + register, 8, value)

    def set_root(self, scalable=True):
        self.write64(RTADDR, self.contexts.root | (1 << 10 if scalable else 0))
        self.command(SRTP)

    def command(self, command):
        """Writes GCMD with what is on already, as software has to."""
        on = self.read32(GSTS) & (TE | QIE | 1 << 25)
        self.write32(GCMD, on | command)

    def enable(self, scalable=True):
        self.write64(IQA, self.queue | 1 << 11)
        self.set_root(scalable)
        self.command(QIE)
        self.flush_all()
        self.command(TE)

    def disable_translation(self):
        self.write32(GCMD, self.read32(GSTS) & QIE)

    # Invalidation queue

    def submit(self, *words):
        words = list(words) + [0] * (4 - len(words))
        for index, word in enumerate(words):
            self.bench.qtest.write(self.queue + 32 * self.tail + 8 * index, 8, word)
        self.tail = (self.tail + 1) % QUEUE_ENTRIES
        self.write64(IQT, self.tail << 5)

    def wait(self, flags=0):
        """Submits a wait descriptor; whether the queue came to it."""
        self.waits += 1
        self.submit(5 | 1 << 5 | flags | self.waits << 32, self.status)
        return self.bench.qtest.read(self.status, 4) == self.waits

    def flush(self, *words):
        self.submit(*words)
        if not self.wait():
            raise AssertionError(f"invalidation queue stopped: FSTS {self.read32(FSTS):#x}")

    def flush_context(self, sid=None):
        self.flush(1 | 1 << 4 if sid is None else 1 | 3 << 4 | sid << 32)

    def flush_pasid_cache(self, did=None, pasid=None):
        granularity = 3 if did is None else 0 if pasid is None else 1
        self.flush(7 | granularity << 4 | (did or 0) << 16 | (pasid or 0) << 32)

    def flush_iotlb(self, did=None, address=None, order=0):
        if did is None:
            self.flush(2 | 1 << 4)
        elif address is None:
            self.flush(2 | 2 << 4 | did << 16)
        else:
            self.flush(2 | 3 << 4 | did << 16, address | order)

    def flush_pasid_iotlb(self, did, pasid, address=None, order=0):
        if address is None:
            self.flush(6 | 2 << 4 | did << 16 | pasid << 32)
        else:
            self.flush(6 | 3 << 4 | did << 16 | pasid << 32, address | order)

    def flush_device_tlb(self, sid, address=None):
        everything = 0x7ffffffffffff000 | 1
        self.flush(3 | sid << 32, everything if address is None else address)

    def flush_pasid_device_tlb(self, sid, pasid, address=None, everybody=False):
        everything = 0x7ffffffffffff000 | 1 << 11
        self.flush(8 | sid << 16 | pasid << 32,
                   (everything if address is None else address) | everybody)

    def flush_all(self):
        self.flush_context()
        self.flush_pasid_cache()
        self.flush_iotlb()

    # Fault records

    def fault_records(self):
        cap = self.read64(CAP)
        offset = bits(cap, 33, 24) * 16
        return [offset + 16 * i for i in range(bits(cap, 47, 40) + 1)]

    def faults(self):
        """Takes all recorded faults, oldest first."""
        records = self.fault_records()
        first = bits(self.read32(FSTS), 15, 8)
        found = []
        for register in records[first:] + records[:first]:
            low, high = self.read64(register), self.read64(register + 8)
            if high >> 63:
                found.append(self.decode_fault(low, high))
                self.write64(register + 8, 1 << 63)
        self.write32(FSTS, 1)
        return found

    @staticmethod
    def decode_fault(low, high):
        kind = {(0, 0): "write", (1, 0): "read", (0, 1): "page request",
                (1, 1): "atomic"}[high >> 62 & 1, high >> 28 & 1]
        return Fault(bits(high, 39, 32), bits(high, 15, 0), bool(high >> 31 & 1),
                     bits(high, 59, 40), low & ~0xfff, kind, bits(high, 61, 60) == 1)

    # Page requests

    def enable_page_requests(self):
        self.page_queue = self.bench.page()
        self.write64(PQH, 0)
        self.write64(PQT, 0)
        self.write64(PQA, self.page_queue)
        self.write32(PRS, 3)

    def page_requests(self):
        """Takes all requests from the queue."""
        head, tail = self.read64(PQH), self.read64(PQT)
        found = []
        while head != tail:
            found.append(self.decode_page_request(*(
                self.bench.qtest.read(self.page_queue + head + 8 * i, 8) for i in range(2))))
            head = (head + 32) % 0x1000
        self.write64(PQH, head)
        self.write32(PRS, 1)
        return found

    @staticmethod
    def decode_page_request(low, high):
        return PageRequest(bits(low, 31, 16), bool(low >> 8 & 1), bits(low, 51, 32),
                           bool(high & 1), bool(high & 2), bool(high & 4),
                           bits(high, 11, 3), high & ~0xfff)

    def respond(self, request, code=0):
        self.flush(9 | request.is_pasid << 4 | code << 12 | request.sid << 16
                   | request.pasid << 32, request.group << 3)

    # Virtual commands

    def virtual_command(self, command, operand=0):
        """Returns status code and result."""
        self.write64(VCMD, command | operand << 16)
        response = self.read64(VCRSP)
        return bits(response, 7, 1), response >> 16
