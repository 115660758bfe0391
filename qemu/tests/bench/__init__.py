# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine without a guest: QEMU under qtest, PCI, siov-edu, and tables by hand.

    from bench import Q35, VIRT, test

    @test(Q35, VIRT)
    def magic(t):
        edu = t.siov_edu()
        t.equal(edu.reg("MAGIC"), 0x564f4953, "the magic is SIOV")

Each function gets a machine of its own for each machine type; each check is a line.
"""

from .machines import Q35, VIRT
from .runner import main, test

__all__ = ["Q35", "VIRT", "main", "test"]
