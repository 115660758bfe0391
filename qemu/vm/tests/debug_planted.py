# SPDX-License-Identifier: GPL-2.0-only
"""Planted bugs on the debug kernel: each kind is noticed, and the run fails."""

import os
import shutil
import subprocess
import tempfile
import unittest

from vm import kernels, logscan

# Kind of bug: what its report says
EXPECTED = {
    "lock": "WARNING: possible circular locking dependency detected",
    "warn": "WARNING: CPU: ",
    "leak": "kmemleak: unreferenced object",
    "uaf": "BUG: KASAN: slab-use-after-free in ",
    "shift": "UBSAN: shift-out-of-bounds in ",
    "sleep": "BUG: ",  # sleeping function called ... or scheduling while atomic
    "refcount": "refcount_t: addition on 0; use-after-free",
    "pin": "vm: failure: 1 pages are still pinned",
}


def build(folder):
    """Builds planted.ko in FOLDER; its path."""
    source = os.path.join(kernels.TOP, "qemu", "vm", "tests", "planted")
    shutil.copytree(source, folder, dirs_exist_ok=True)
    kdir = subprocess.run([os.path.join(kernels.TOP, "tools", "modules"), "kdir", "debug"],
                          capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run(["make", "-s", "-C", kdir, f"M={folder}"], check=True,
                   stdout=subprocess.DEVNULL)
    return os.path.join(folder, "planted.ko")


class PlantedTest(unittest.TestCase):
    """One boot for all kinds; lockdep comes first, as any report ends it."""

    def test_each_kind_is_noticed(self):
        with tempfile.TemporaryDirectory() as folder:
            module, log = build(folder), os.path.join(folder, "log")
            script = "; ".join(f"insmod planted.ko kind={kind} || exit 9; rmmod planted"
                               for kind in EXPECTED)
            done = subprocess.run(
                [os.path.join(kernels.TOP, "vm"), "run", "--kernel", "debug", "--no-modules",
                 "--timeout", "300", "--log", log, "--copy", module, "--", "sh", "-c", script],
                capture_output=True, text=True, check=False)
            with open(log, encoding="utf-8", errors="replace") as f:
                reports = logscan.reports(f.read().splitlines())
        self.assertEqual(done.returncode, 125, done.stderr)
        lines = [line for report in reports for line in report]
        for kind, words in EXPECTED.items():
            with self.subTest(kind=kind):
                self.assertTrue(any(words in line for line in lines), "\n".join(lines))
