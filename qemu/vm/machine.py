# SPDX-License-Identifier: GPL-2.0-only
"""The QEMU command line: q35 with an emulated IOMMU, our own devices in low slots.

pcie.0 slots 0x10 to 0x1e stay free for --device.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from .errors import VmError

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
MINIMUM = (10, 0)
CONSOLE = "console=ttyS0"


@dataclass(frozen=True)
class Iommu:
    """An IOMMU: QEMU's device, and what the kernel is told so that it is used."""

    device: str | None
    kernel_args: tuple[str, ...] = ()
    ours: str | None = None  # a property of the device that only our QEMU has


# All that docs/qemu-vtd.md has. User page tables are second stage, default domains first stage.
STRICT = ",".join((
    "intel-iommu,intremap=on,caching-mode=off,aw-bits=48",
    "x-scalable-mode=on,x-pasid-mode=on,x-flts=on,x-slts=on,x-nested=on,x-ssads=on",
    "device-iotlb=on,x-prs=on,x-vcmd=on,x-fault-records=8,x-strict-caching=on"))
IOMMUS = {
    "intel": Iommu("intel-iommu,intremap=on,x-scalable-mode=on,caching-mode=off",
                   ("intel_iommu=on,sm_on",)),
    "intel-legacy": Iommu("intel-iommu,intremap=on,x-scalable-mode=off,caching-mode=off",
                          ("intel_iommu=on,sm_off",)),
    "intel-strict": Iommu(STRICT, ("intel_iommu=on,sm_on",), ours="x-strict-caching"),
    # It remaps no interrupts, and QEMU has no second IOMMU that does: bind would be EPERM.
    "virtio": Iommu("virtio-iommu-pci,addr=0x1", ("iommufd.allow_unsafe_interrupts=1",)),
    "none": Iommu(None),
}
KERNEL_ARGS = (
    CONSOLE,
    "no_timer_check",  # at boot it counts ticks, and a busy host loses some
    "panic=-1",  # with -no-reboot: a panic ends QEMU
    "pcie_ports=native",  # hotplug without ACPI, which grants it to kernels with ASPM only
    "printk.time=1",
    "ignore_loglevel",  # whatever the command does to dmesg -n
    "printk.devkmsg=on",
)
# Slots behind root ports are the PCIe hotplug driver's: the kernels have none for ACPI's way.
HOTPLUG = ("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off")
# DESIGN.md section 5: time is a function of executed instructions.
ICOUNT = ("-icount", "shift=0,sleep=off", "-seed", "1",
          "-rtc", "base=2026-01-01,clock=vm")
ICOUNT_KERNEL_ARGS = ("tsc=reliable", "nolapic_timer", "norandmaps", "nokaslr")


def version(text):
    """(major, minor) from the first line of `qemu --version`."""
    m = re.search(r"version (\d+)\.(\d+)", text)
    return (int(m[1]), int(m[2])) if m else (0, 0)


def built_qemu():
    """The one that `make qemu` has built from these sources, or None."""
    asked = subprocess.run([os.path.join(TOP, "tools", "qemu"), "path"],
                           capture_output=True, text=True, check=False)
    folder = asked.stdout.strip()
    return os.path.join(folder, "qemu-system-x86_64") if folder else None


def find_qemu():
    """The QEMU to use: $QEMU, our own, or the one in PATH, new enough."""
    program = os.environ.get("QEMU") or built_qemu() or "qemu-system-x86_64"
    path = shutil.which(program)
    if not path:
        raise VmError(f"{program} not found: run 'make deps'")
    text = subprocess.run([path, "--version"], capture_output=True,
                          text=True, check=False).stdout
    if version(text) < MINIMUM:
        raise VmError(f"{path} is too old, 10.0 or newer is needed: run 'make deps'")
    return path


def offers(qemu, iommu):
    """Whether this QEMU has the IOMMU of that name."""
    if not IOMMUS[iommu].ours:
        return True
    model = IOMMUS[iommu].device.partition(",")[0]
    answer = subprocess.run([qemu, "-machine", "none", "-device", f"{model},help"],
                            capture_output=True, text=True, check=False)
    return f" {IOMMUS[iommu].ours}=" in answer.stdout


def qemu_for(iommu):
    """The QEMU to use for a machine with this IOMMU."""
    path = find_qemu()
    if not offers(path, iommu):
        raise VmError(f"--iommu {iommu} needs our own QEMU, {path} is not: run 'make qemu'")
    return path


def kernel_args(options):
    """The kernel's command line."""
    words = [*KERNEL_ARGS, *IOMMUS[options.iommu].kernel_args]
    if options.icount:
        words += ICOUNT_KERNEL_ARGS
    if options.hugepages:
        words.append(f"hugepages={options.hugepages}")
    return " ".join(words + options.append)


def ports(channels):
    """The virtio-serial device and one named port for each (name, chardev id)."""
    # Without ioeventfd a write is handled at once, in the vCPU: deterministic.
    args = ["-device", "virtio-serial-pci,id=vmserial,addr=0x2,ioeventfd=off"]
    for name, chardev in channels:
        kind = "virtconsole" if name == "shell" else "virtserialport"
        args += ["-device", f"{kind},bus=vmserial.0,chardev={chardev},name=vm.{name}"]
    return args


def command(qemu, options, kernel, initrd, chardevs, channels):
    """The whole argument vector. CHARDEVS are ready -chardev values, the one with
    id=console gets the kernel's messages."""
    argv = [qemu, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-machine", "q35", "-accel", "tcg", "-cpu", "max",
            "-m", f"{options.mem}M", "-smp", str(options.smp), *HOTPLUG]
    if options.icount:
        argv += ICOUNT
    for chardev in chardevs:
        argv += ["-chardev", chardev]
    argv += ["-serial", "chardev:console"]
    if iommu := IOMMUS[options.iommu].device:
        argv += ["-device", iommu]
    argv += ports(channels)
    for device in options.device:
        argv += ["-device", device]
    return argv + ["-kernel", kernel.image, "-initrd", initrd,
                   "-append", kernel_args(options)]
