# SPDX-License-Identifier: GPL-2.0-only
"""The options of ./vm run and ./vm shell, their help, and what is refused."""

import argparse
import math
import re

from . import kernels, machine
from .errors import VmError

RUN_HELP = """\
Boots a VM, loads our modules, runs COMMAND as root in it and ends with its status.

COMMAND runs in a writable folder that is first in PATH and holds the --copy files.
Its standard output and error come out here, live; its standard input is empty.
Kernel messages go into a log file. After the command everything is unloaded and
the log is searched for reports of the kernel."""
RUN_END = """\
exit status:
  the status of COMMAND (127: not found, 128+N: killed by signal N)
  124  the VM hung, crashed or took longer than --timeout; the console's end is shown
  125  COMMAND succeeded, but the kernel log has a WARN, BUG, KASAN, lockdep or
       kmemleak report, something stayed pinned, or a module did not load or unload
  2    wrong use

example:
  ./vm run --device edu,addr=0x10 --copy ./prog -- prog --verbose 'two words'"""


def memory(text):
    """MiB from "512", "512M" or "2G"."""
    m = re.fullmatch(r"(\d+)([MG]?)", text.upper())
    if not m or not int(m[1]):
        raise argparse.ArgumentTypeError(f"'{text}' is not a size: 512, 512M or 2G")
    return int(m[1]) * (1024 if m[2] == "G" else 1)


def module(text):
    """The name of a kernel module."""
    if not re.fullmatch(r"[\w-]+", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"'{text}' is not the name of a module")
    return text


def count(text):
    """A whole number, 1 or more."""
    if not re.fullmatch(r"\d+", text) or not int(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 up")
    return int(text)


def seconds(text):
    """Seconds, 0 for no limit."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds")
    return value


class Parser(argparse.ArgumentParser):
    """argparse whose errors are one line."""

    def error(self, message):
        raise VmError(f"{message} ('{self.prog} --help' lists the options)")


def common_options(parser):
    """Options of run and shell."""
    add = parser.add_argument
    add("--kernel", choices=kernels.FLAVORS, default="test",
        help="test (default), debug (KASAN, lockdep, kmemleak), nogroup (VFIO without "
        "groups), container (VFIO's own container) or stock (Debian's own)")
    add("--iommu", choices=machine.IOMMUS, default="intel",
        help="intel (default: VT-d, scalable mode), intel-legacy (VT-d without it), "
        "intel-strict (VT-d with PASIDs, nesting, dirty bits, ATS and page requests that keeps "
        "what it has cached; needs 'make qemu'), virtio (virtio-iommu; unsafe interrupts are allowed) or none")
    add("--in-tree", action="store_true", help="load the kernel's iommufd, not ours")
    add("--modules", metavar="FOLDER",
        help="take our modules from FOLDER instead of build/KERNEL (tools/modules build KERNEL FOLDER)")
    add("--no-modules", action="store_true", help="load nothing; modprobe works")
    add("--modprobe", action="append", default=[], type=module, metavar="MODULE",
        help="load MODULE too, after ours: siov_edu, kvm_amd, mtty ...")
    add("--mem", type=memory, default=1024, metavar="M", help="MiB, or 2G (default 1G)")
    add("--smp", type=count, metavar="N", help="CPUs (default 2)")
    add("--icount", action="store_true",
        help="deterministic: time counts instructions; one CPU, or with --smp several that take turns")
    add("--device", action="append", default=[], metavar="QEMU_DEVICE",
        help="given to QEMU's -device as it is; pcie.0 slots 0x10 to 0x1e are free")
    add("--append", action="append", default=[], metavar="ARGS",
        help="added to the kernel's command line")
    add("--hugepages", type=count, metavar="N", help="reserve N huge pages of 2 MiB")
    add("--copy", action="append", default=[], metavar="FILE",
        help="put FILE (or a program of this name in PATH) into the command's folder; "
        "programs get their libraries, and mdevctl the folders that it wants")
    add("--copy-qemu", action="store_true",
        help="likewise the QEMU that runs the VM, as qemu-system-x86_64")
    add("--log", metavar="FILE", help="kernel log (default: a new file in build/log)")


def parser():
    """The parser of the whole command line."""
    top = Parser(prog="./vm", description="Runs things in a VM with our kernel modules.")
    commands = top.add_subparsers(dest="mode", required=True, metavar="COMMAND")
    raw = argparse.RawDescriptionHelpFormatter
    run = commands.add_parser(
        "run", help="run one command in a new VM", formatter_class=raw,
        usage="./vm run [options] -- COMMAND ARGS...", description=RUN_HELP, epilog=RUN_END,
        allow_abbrev=False)
    common_options(run)
    run.add_argument("--timeout", type=seconds, default=1800, metavar="S",
                     help="seconds for boot and command, 0 for no limit (default 1800)")
    shell = commands.add_parser(
        "shell", help="a shell in a new VM", allow_abbrev=False,
        description="A VM with our modules loaded and a shell on this terminal. "
        "Leave with 'exit'; Ctrl-a x ends the VM at once.")
    common_options(shell)
    return top


def parse(argv):
    """(options, words of the command)."""
    words = []
    if "--" in argv:
        at = argv.index("--")
        argv, words = argv[:at], argv[at + 1:]
    options = parser().parse_args(argv)
    if options.mode == "run" and (not words or not words[0]):
        raise VmError("no command: ./vm run [options] -- COMMAND ARGS...")
    if options.mode == "shell" and words:
        raise VmError("shell takes no command: use './vm run'")
    if options.in_tree and options.no_modules:
        raise VmError("--in-tree and --no-modules exclude each other")
    options.smp = options.smp or (1 if options.icount else 2)
    return options, words
