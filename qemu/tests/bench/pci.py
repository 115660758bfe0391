# SPDX-License-Identifier: GPL-2.0-or-later
"""A PCI Express function: its configuration space, capabilities and BARs."""

COMMAND = 0x04
COMMAND_MEMORY = 0x2
COMMAND_MASTER = 0x4
CAPABILITIES = 0x34
EXTENDED = 0x100

CAP_EXPRESS = 0x10
CAP_MSIX = 0x11
EXT_ATS = 0x0F
EXT_PRI = 0x13
EXT_PASID = 0x1B
EXT_DVSEC = 0x23

MSIX_ENTRY = 16
ENABLE = 1  # of ATS, PASID and PRI, in their control registers
ATS_ENABLE = 0x8000


class Function:
    """A function on a bus whose numbers are set."""

    def __init__(self, bench, devfn, bus=0):
        self.bench = bench
        self.devfn = devfn
        self.rid = bus << 8 | devfn
        self._config = bench.machine.ecam + (self.rid << 12)
        self.bars = {}

    def read(self, offset, size):
        """Reads configuration space."""
        return self.bench.qtest.read(self._config + offset, size)

    def write(self, offset, size, value):
        """Writes configuration space."""
        self.bench.qtest.write(self._config + offset, size, value)

    def set_command(self, bits):
        """The command register."""
        self.write(COMMAND, 2, bits)

    def map_bar(self, number):
        """Sizes a 64-bit or 32-bit memory BAR and gives it an address."""
        offset = 0x10 + 4 * number
        wide = self.read(offset, 4) & 4
        self.write(offset, 4, 0xFFFFFFFF)
        size = (~(self.read(offset, 4) & ~0xF) & 0xFFFFFFFF) + 1
        addr = self.bench.take_window(size)
        self.write(offset, 4, addr & 0xFFFFFFFF)
        if wide:
            self.write(offset + 4, 4, addr >> 32)
        self.bars[number] = addr
        return addr, size

    def restore(self):
        """Gives the BARs their addresses again and enables the function, as after FLR."""
        for number, addr in self.bars.items():
            self.write(0x10 + 4 * number, 4, addr)
        self.set_command(COMMAND_MEMORY | COMMAND_MASTER)

    def capability(self, wanted):
        """Offset of a capability, or None."""
        at = self.read(CAPABILITIES, 1)
        while at:
            if self.read(at, 1) == wanted:
                return at
            at = self.read(at + 1, 1)
        return None

    def extended(self, wanted):
        """Offset of an extended capability, or None."""
        at = EXTENDED
        while at:
            header = self.read(at, 4)
            if header & 0xFFFF == wanted:
                return at
            at = header >> 20
        return None

    def enable_pasid(self, on=True):
        """The PASID capability's enable bit."""
        self.write(self.extended(EXT_PASID) + 6, 2, ENABLE if on else 0)

    def enable_ats(self, on=True):
        """The ATS capability's enable bit."""
        self.write(self.extended(EXT_ATS) + 6, 2, ATS_ENABLE if on else 0)

    def enable_pri(self, on=True, allocation=32):
        """The PRI capability's enable bit, and the number of requests."""
        at = self.extended(EXT_PRI)
        self.write(at + 12, 4, allocation)
        self.write(at + 4, 2, ENABLE if on else 0)

    def pri_status(self):
        """The PRI capability's status register."""
        return self.read(self.extended(EXT_PRI) + 6, 2)

    def enable_msix(self):
        """Enables MSI-X; the table is in a BAR that map_bar() has placed."""
        self.write(self.capability(CAP_MSIX) + 2, 2, 0x8000)

    def set_vector(self, table, vector, addr, data):
        """Fills an entry of the MSI-X table and unmasks it."""
        at = table + MSIX_ENTRY * vector
        self.bench.qtest.write(at, 4, addr & 0xFFFFFFFF)
        self.bench.qtest.write(at + 4, 4, addr >> 32)
        self.bench.qtest.write(at + 8, 4, data)
        self.bench.qtest.write(at + 12, 4, 0)

    def flr(self):
        """A function level reset."""
        at = self.capability(CAP_EXPRESS) + 8
        self.write(at, 2, self.read(at, 2) | 0x8000)
