# SPDX-License-Identifier: GPL-2.0-or-later
"""The device siov-edu; names and values come from the header that drivers use."""

import os
import re

from . import pci

HEADER = os.path.join(os.path.dirname(__file__), "..", "..", "..",
                      "include", "uapi", "linux", "siov_edu.h")
WIDE = {"ERROR_DATA", "SRC", "DST", "OPERAND", "RESULT", "FAULT_ADDRESS"}


def _constants():
    with open(HEADER, encoding="utf-8") as f:
        found = re.findall(r"^#define\s+SIOV_EDU_(\w+)\s+(0x[0-9a-f]+|\d+)\b", f.read(), re.M)
    return {name: int(value, 0) for name, value in found}


EDU = _constants()


class Adi:
    """One assignable device interface: its own page, and the privileged side."""

    def __init__(self, edu, index):
        self.edu = edu
        self.index = index
        self.base = edu.bar + EDU["PAGE_SIZE"] * (1 + index)

    def reg(self, name):
        """A register of the ADI's page."""
        return self.edu.bench.qtest.read(self.base + EDU[name], 8 if name in WIDE else 4)

    def set(self, name, value):
        """Writes a register of the ADI's page."""
        self.edu.bench.qtest.write(self.base + EDU[name], 8 if name in WIDE else 4, value)

    @property
    def buffer(self):
        """Address of the buffer."""
        return self.base + EDU["BUFFER"]

    def privileged(self, name):
        """A register of page 0 for this ADI."""
        self.edu.set("ADI_SELECT", self.index)
        return self.edu.reg(name)

    def set_privileged(self, name, value):
        """Writes a register of page 0 for this ADI."""
        self.edu.set("ADI_SELECT", self.index)
        self.edu.set(name, value)

    def control(self, *bits):
        """Writes ADI_CONTROL; BITS are ENABLE, PAUSE, RESET, DRAIN."""
        self.set_privileged("ADI_CONTROL", sum(EDU["ADI_" + b] for b in bits))

    def state(self, bit):
        """A bit of ADI_STATE."""
        return bool(self.privileged("ADI_STATE") & EDU["ADI_" + bit])

    def set_pasid(self, pasid):
        """The PASID, or None; the ADI has to be paused or disabled."""
        self.set_privileged("ADI_PASID",
                            0 if pasid is None else EDU["ADI_PASID_VALID"] | pasid)

    def enable(self, pasid=None, delay=0):
        """Enables the ADI, with or without a PASID."""
        self.control()
        self.set_pasid(pasid)
        self.set_privileged("ADI_DELAY", delay)
        self.control("ENABLE")

    def submit(self, command, src=0, dst=0, length=4, operand=0, flags=()):
        """Writes the registers and rings the doorbell. COMMAND is a name or a number."""
        word = EDU[command] if isinstance(command, str) else command
        self.set("SRC", src)
        self.set("DST", dst)
        self.set("LENGTH", length)
        self.set("OPERAND", operand)
        self.set("COMMAND", word | sum(EDU["COMMAND_" + f] for f in flags))

    def code(self):
        """The name of the last completed command's status; None before the first."""
        code = self.reg("STATUS") & EDU["STATUS_CODE"]
        return next((name for name in ("OK", "DMA_FAILED", "BAD_COMMAND", "BAD_RANGE",
                                       "NO_PASID", "NO_BUS_MASTER", "NO_PAGE")
                     if EDU[name] == code), None)

    def pending(self):
        """Commands accepted and not completed."""
        return (self.reg("STATUS") & EDU["STATUS_PENDING"]) >> 8

    def waits_for_page(self):
        """Whether a page response is awaited."""
        return bool(self.reg("STATUS") & EDU["STATUS_PAGE_WAIT"])

    def run(self, command, **args):
        """submit(), and how it ended at once."""
        self.submit(command, **args)
        return self.code()

    def put(self, value, addr, **args):
        """Writes a 32-bit VALUE to ADDR by DMA; how it ended."""
        self.edu.bench.qtest.write(self.buffer, 4, value)
        return self.run("WRITE", dst=addr, **args)


class SiovEdu(pci.Function):
    """The function, with its BARs placed and bus mastering on."""

    def __init__(self, bench, devfn, bus=0):
        super().__init__(bench, devfn, bus)
        self.bar, self.bar_size = self.map_bar(EDU["BAR"])
        self.table, _ = self.map_bar(EDU["MSIX_BAR"])
        self.restore()
        self.adis = [Adi(self, i) for i in range(self.reg("NUM_ADIS"))]

    def reg(self, name):
        """A register of page 0."""
        return self.bench.qtest.read(self.bar + EDU[name], 8 if name in WIDE else 4)

    def set(self, name, value):
        """Writes a register of page 0."""
        self.bench.qtest.write(self.bar + EDU[name], 8 if name in WIDE else 4, value)

    def take_error(self):
        """The error record as (name, written, offset in the BAR, data), which is then
        cleared; None if there is none."""
        error = self.reg("ERROR")
        if not error & EDU["ERROR_VALID"]:
            return None
        record = (next(n for n in ("OFFSET", "SIZE", "READ_ONLY", "VALUE", "BUSY", "COMMAND",
                                   "DISABLED", "QUEUE_FULL", "REENTRANT")
                       if EDU["ERROR_" + n] == error & EDU["ERROR_CODE"]),
                  bool(error & EDU["ERROR_WRITE"]),
                  self.reg("ERROR_ADDRESS"), self.reg("ERROR_DATA"))
        self.set("ERROR", EDU["ERROR_VALID"])
        return record

    def route(self, vector, data):
        """Lets a vector write DATA into memory; the address."""
        addr = self.bench.page()
        self.set_vector(self.table, vector, addr, data)
        return addr
