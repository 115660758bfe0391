# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine types: where their memory, configuration space and windows are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """What a test has to know of a machine type."""

    name: str
    target: str         # qemu-system-TARGET
    args: tuple
    ecam: int
    window: int         # for BARs
    window_end: int
    ram: int            # memory that nothing else uses
    ram_end: int
    nowhere: int        # an address at which nothing answers

    def prepare(self, qtest):
        """What firmware would do."""
        if self.name == "q35":
            # The host bridge's PCIEXBAR
            qtest.out(0xCF8, 0x80000064)
            qtest.out(0xCFC, 0)
            qtest.out(0xCF8, 0x80000060)
            qtest.out(0xCFC, self.ecam | 1)


Q35 = Machine(
    name="q35", target="x86_64",
    args=("-machine", "q35,kernel-irqchip=off", "-m", "256"),
    ecam=0xB0000000, window=0xC0000000, window_end=0xF0000000,
    ram=0x1000000, ram_end=0x10000000, nowhere=0x5000000000)

VIRT = Machine(
    name="virt", target="aarch64",
    args=("-machine", "virt,highmem-ecam=off", "-cpu", "cortex-a57", "-m", "256"),
    ecam=0x3F000000, window=0x10000000, window_end=0x3EFF0000,
    ram=0x41000000, ram_end=0x50000000, nowhere=0x5000000000)
