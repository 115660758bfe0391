# SPDX-License-Identifier: GPL-2.0-only
"""Which QEMU is used."""

import os
import tempfile
import unittest
from unittest import mock

from vm import machine
from vm.errors import VmError


def program(folder, name, version, prop="caching-mode"):
    """An executable that says it is a QEMU of that version, whose devices have PROP."""
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n"
                f"case $1 in --version) echo QEMU emulator version {version} ;;\n"
                f"*) echo '  {prop}=<bool> - on/off (default: off)' ;; esac\n")
    os.chmod(path, 0o755)
    return path


class FindQemuTest(unittest.TestCase):
    """$QEMU, then our own build, then PATH; each new enough."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.in_path = program(self.folder, "qemu-system-x86_64", "10.0.2")
        self.environment = {"PATH": f"{self.folder}:{os.environ['PATH']}"}

    def find(self, built=None, **environment):
        """find_qemu() with our own build at BUILT"""
        with mock.patch.dict(os.environ, self.environment | environment), \
                mock.patch.object(machine, "built_qemu", return_value=built):
            if "QEMU" not in environment:
                os.environ.pop("QEMU", None)
            return machine.find_qemu()

    def test_order(self):
        built = program(self.folder, "built", "10.0.13")
        named = program(self.folder, "named", "10.1.0")
        self.assertEqual(self.find(), self.in_path)
        self.assertEqual(self.find(built), built)
        self.assertEqual(self.find(built, QEMU=named), named)

    def test_too_old(self):
        with self.assertRaises(VmError):
            self.find(QEMU=program(self.folder, "old", "9.2.0"))

    def test_not_there(self):
        with self.assertRaises(VmError):
            self.find(QEMU="/nonexistent/qemu")

    def test_an_iommu_that_only_ours_has(self):
        ours = program(self.folder, "ours", "10.0.13", "x-strict-caching")
        self.assertTrue(machine.offers(ours, "intel-strict"))
        self.assertFalse(machine.offers(self.in_path, "intel-strict"))
        self.assertTrue(machine.offers(self.in_path, "virtio"))
        with mock.patch.object(machine, "find_qemu", return_value=ours):
            self.assertEqual(machine.qemu_for("intel-strict"), ours)
        with mock.patch.object(machine, "find_qemu", return_value=self.in_path):
            self.assertEqual(machine.qemu_for("intel"), self.in_path)
            with self.assertRaisesRegex(VmError, "make qemu") as caught:
                machine.qemu_for("intel-strict")
        self.assertEqual(len(str(caught.exception).splitlines()), 1)

    def test_nothing_built(self):
        with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": self.folder}):
            self.assertIsNone(machine.built_qemu())
