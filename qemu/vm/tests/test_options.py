# SPDX-License-Identifier: GPL-2.0-only
"""Options: what is accepted, and that each mistake is refused in one line."""

import os
import tempfile
import unittest

from vm import image, kernels, machine, options as vm_options
from vm.errors import VmError

WRONG = [
    ["run"], ["run", "--"], ["run", "--", ""], ["run", "true"], [], ["walk"],
    ["run", "--bogus", "--", "true"], ["run", "--kernel", "7.3", "--", "true"],
    ["run", "--mem", "0", "--", "true"], ["run", "--mem", "lots", "--", "true"],
    ["run", "--smp", "0", "--", "true"], ["run", "--smp", "-1", "--", "true"],
    ["run", "--timeout", "-1", "--", "true"], ["run", "--timeout", "nan", "--", "true"],
    ["run", "--in-tree", "--no-modules", "--", "true"],
    ["run", "--devi", "edu", "--", "true"], ["shell", "--", "sh"],
    ["run", "--iommu", "amd", "--", "true"], ["run", "--iommu"],
    ["run", "--modprobe", "../x", "--", "true"], ["run", "--modprobe", "a b", "--", "true"],
    ["run", "--modprobe", "", "--", "true"],
]


def qemu_command(*argv):
    """QEMU's argument vector for these options of ./vm run."""
    options, _ = vm_options.parse(["run", *argv, "--", "x"])
    kernel = type("K", (), {"image": "/k"})
    return machine.command("qemu", options, kernel, "/i", [], [("control", "c")])


class OptionsTest(unittest.TestCase):
    """parse() and what follows from it."""

    def test_defaults(self):
        options, words = vm_options.parse(["run", "--", "prog", "--", "-x"])
        self.assertEqual(words, ["prog", "--", "-x"])
        self.assertEqual((options.kernel, options.mem, options.smp, options.timeout),
                         ("test", 1024, 2, 1800))

    def test_modules_from_elsewhere(self):
        self.assertIsNone(vm_options.parse(["run", "--", "x"])[0].modules)
        self.assertEqual(vm_options.parse(["run", "--modules", "/f", "--", "x"])[0].modules, "/f")
        with tempfile.TemporaryDirectory() as folder:
            for name in ("iommufd.ko", "x.ko", "x.o"):
                with open(os.path.join(folder, name), "wb"):
                    pass
            self.assertEqual(kernels.our_modules("debug", folder),
                             [os.path.join(folder, n) for n in ("iommufd.ko", "x.ko")])

    def test_sizes(self):
        for text, mib in (("512", 512), ("512M", 512), ("2G", 2048)):
            self.assertEqual(vm_options.parse(["run", "--mem", text, "--", "x"])[0].mem, mib)

    def test_modules_come_in_order_and_after_ours(self):
        kernel = type("K", (), {"has_iommufd": True})
        for argv, names in (
                ([], ["iommufd", "vfio-pci"]),
                (["--modprobe", "b", "--modprobe", "a-1"], ["iommufd", "vfio-pci", "b", "a-1"]),
                (["--no-modules", "--modprobe", "b"], ["b"])):
            options, _ = vm_options.parse(["run", *argv, "--", "x"])
            self.assertEqual(image.modules_to_load(options, kernel), names)

    def test_icount_has_one_cpu_unless_told(self):
        options, _ = vm_options.parse(["run", "--icount", "--", "x"])
        self.assertEqual(options.smp, 1)
        options, _ = vm_options.parse(["run", "--icount", "--smp", "2", "--", "x"])
        self.assertEqual(options.smp, 2)
        self.assertIn("nokaslr", machine.kernel_args(options))

    def test_mistakes_are_one_line(self):
        for argv in WRONG:
            with self.subTest(argv=argv):
                with self.assertRaises(VmError) as caught:
                    vm_options.parse(argv)
                self.assertEqual(len(str(caught.exception).splitlines()), 1)
                self.assertEqual(caught.exception.status, 2)

    def test_devices_come_verbatim_and_after_ours(self):
        argv = qemu_command("--device", "edu,addr=0x10,dma_mask=0xffff", "--append", "a=b c")
        at = argv.index("edu,addr=0x10,dma_mask=0xffff")
        self.assertEqual(argv[at - 1], "-device")
        self.assertGreater(at, argv.index(machine.IOMMUS["intel"].device))
        self.assertTrue(argv[argv.index("-append") + 1].endswith(" a=b c"))

    def test_iommus(self):
        models = ("intel-iommu", "virtio-iommu")
        for name, devices, words in (
                ("intel", ["intel-iommu"], ["intel_iommu=on,sm_on"]),
                ("intel-legacy", ["intel-iommu"], ["intel_iommu=on,sm_off"]),
                ("intel-strict", ["intel-iommu"], ["intel_iommu=on,sm_on"]),
                ("virtio", ["virtio-iommu-pci"], ["iommufd.allow_unsafe_interrupts=1"]),
                ("none", [], [])):
            with self.subTest(iommu=name):
                argv = qemu_command("--iommu", name)
                found = [a.partition(",")[0] for a in argv if a.startswith(models)]
                line = argv[argv.index("-append") + 1].split()
                self.assertEqual(found, devices)
                self.assertEqual([w for w in line if "iommu" in w], words)
        self.assertEqual(qemu_command(), qemu_command("--iommu", "intel"))
        scalable = [f"x-scalable-mode={mode}" in machine.IOMMUS[name].device.split(",")
                    for name, mode in (("intel", "on"), ("intel-legacy", "off"), ("intel-strict", "on"))]
        self.assertEqual(scalable, [True, True, True])

    def test_qemu_versions(self):
        for text, ok in (("QEMU emulator version 10.0.2 (Debian 1:10)", True),
                         ("QEMU emulator version 7.2.19", False),
                         ("QEMU emulator version 11.1.0", True), ("nonsense", False)):
            self.assertEqual(machine.version(text) >= machine.MINIMUM, ok, text)
