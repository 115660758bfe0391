# SPDX-License-Identifier: GPL-2.0-only
"""./vm run and ./vm shell: options, help, and the order of things."""

import argparse
import contextlib
import math
import os
import re
import signal
import sys
import tempfile
import time

from . import initramfs, kernels, logscan, machine, programs, quote, session, stage
from .errors import SetupError, VmError

HERE = os.path.dirname(os.path.realpath(__file__))
BUSYBOX = "/bin/busybox"
TAIL = 30       # console lines shown after a hang or a panic
KEPT_LOGS = 50

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
    m = re.fullmatch(r"(\d+)([MG]?)", text)
    if not m or not int(m[1]):
        raise argparse.ArgumentTypeError(f"'{text}' is not a size: 512, 512M or 2G")
    return int(m[1]) * (1024 if m[2] == "G" else 1)


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
        help="test (default), debug (KASAN, lockdep, kmemleak) or stock (Debian's own)")
    add("--in-tree", action="store_true", help="load the kernel's iommufd, not ours")
    add("--no-modules", action="store_true", help="load nothing; modprobe works")
    add("--mem", type=memory, default=1024, metavar="M", help="MiB, or 2G (default 1G)")
    add("--smp", type=count, metavar="N", help="CPUs (default 2)")
    add("--icount", action="store_true",
        help="deterministic: time counts instructions; one CPU")
    add("--device", action="append", default=[], metavar="QEMU_DEVICE",
        help="given to QEMU's -device as it is; pcie.0 slots 0x10 to 0x1e are free")
    add("--append", action="append", default=[], metavar="ARGS",
        help="added to the kernel's command line")
    add("--hugepages", type=count, metavar="N", help="reserve N huge pages of 2 MiB")
    add("--copy", action="append", default=[], metavar="FILE",
        help="put FILE into the command's folder; programs get their libraries")
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
    if options.icount and options.smp not in (None, 1):
        raise VmError("--icount needs --smp 1")
    if options.in_tree and options.no_modules:
        raise VmError("--in-tree and --no-modules exclude each other")
    options.smp = options.smp or (1 if options.icount else 2)
    return options, words


def modules_to_load(options, kernel):
    """Names that init loads, in order."""
    if options.no_modules:
        return []
    if kernel.has_iommufd:
        return ["iommufd", "vfio-pci"]
    return ["iommufd"]  # Debian's vfio does not use an iommufd


def guest_config(options, kernel):
    """/vm/config for init."""
    size = os.get_terminal_size() if sys.stdout.isatty() else os.terminal_size((80, 24))
    term = re.sub(r"[^\w.+-]", "", os.environ.get("TERM", "")) or "linux"
    return (f"MODE={'shell' if options.mode == 'shell' else 'command'}\n"
            f"MODULES='{' '.join(modules_to_load(options, kernel))}'\n"
            f"EARLY='{' '.join(kernel.early)}'\n"
            f"STTY='sane rows {size.lines} cols {size.columns}'\n"
            f"{'TERM=' + term if options.mode == 'shell' else ''}\n").encode()


def add_system(archive):
    """busybox and the folders that init expects."""
    if not os.path.exists(BUSYBOX):
        raise VmError(f"{BUSYBOX} (busybox-static) is missing: run 'make deps'")
    for folder in ("proc", "sys", "dev", "root", "etc", "run", "var", "vm", "work"):
        archive.folder(folder)
    archive.folder("tmp", 0o1777)
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3, 0o666)
    archive.host_file("bin/busybox", BUSYBOX)
    for path in os.popen(f"{BUSYBOX} --list-full").read().split():
        archive.link(path, "/bin/busybox")
    archive.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    archive.file("etc/group", b"root:x:0:\n")


def make_initrd(options, words, kernel, root):
    """The initramfs as bytes. ROOT is a scratch folder for the module tree."""
    ours = options.in_tree or (options.no_modules and not built(options.kernel))
    stage.build(kernel, [] if ours else kernels.our_modules(options.kernel), root)
    archive = initramfs.Archive()
    add_system(archive)
    archive.tree("lib/modules", os.path.join(root, "lib", "modules"))
    archive.host_file("init", os.path.join(HERE, "guest", "init"))
    archive.host_file("vm/lib", os.path.join(HERE, "guest", "lib"))
    archive.file("vm/config", guest_config(options, kernel))
    archive.file("vm/command", quote.script([os.fsencode(w) for w in words]))
    archive.file("vm/motd", (
        f"Linux {kernel.release}, iommufd: "
        f"{'in-tree' if options.in_tree else 'ours'}. "
        "Leave with 'exit'; Ctrl-a x ends the VM at once.\n").encode())
    for path in options.copy:
        programs.add(archive, "work", path)
    return archive.bytes()


def built(flavor):
    """Whether our modules for that flavour are there."""
    try:
        return bool(kernels.our_modules(flavor))
    except VmError:
        return False


def log_folder():
    """build/log, or a folder in the user's cache where the checkout is not writable."""
    folder = os.path.join(kernels.TOP, "build", "log")
    try:
        os.makedirs(folder, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = os.path.join(cache, "iommufd-cxx", "log")
    os.makedirs(folder, exist_ok=True)
    return folder


def log_path(options):
    """Where the kernel log goes; old ones of ours are thinned out."""
    if options.log:
        return options.log
    folder = log_folder()
    for old in sorted(os.listdir(folder))[:-KEPT_LOGS]:
        with contextlib.suppress(OSError):  # another run was quicker
            os.unlink(os.path.join(folder, old))
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return os.path.join(folder, f"vm-{stamp}-{os.getpid()}.log")


def initrd_file(data):
    """An anonymous file with DATA: nothing to clean up."""
    fd = os.memfd_create("initramfs")
    with os.fdopen(os.dup(fd), "wb") as f:
        f.write(data)
    return fd


def boot(options, words, log):
    """Runs the VM; the finished Session and QEMU's own error output."""
    qemu = machine.find_qemu()
    kernel = kernels.find(options.kernel)
    if options.in_tree and not kernel.has_iommufd:
        raise VmError("--in-tree: Debian's stock kernel has no iommufd of its own")
    with tempfile.TemporaryDirectory(prefix="iommufd-vm-") as root:
        initrd = initrd_file(make_initrd(options, words, kernel, root))
    run = session.Session(log)
    interactive = options.mode == "shell"
    chardevs = [run.channel("console", run.log), run.channel("control", run.control)]
    channels = [("control", "control")]
    if interactive:
        chardevs.append("stdio,id=shell,mux=on,signal=off")
        channels.append(("shell", "shell"))
    else:
        for name, fd in (("stdout", 1), ("stderr", 2)):
            chardevs.append(run.channel(name, session.Writer(fd)))
            channels.append((name, name))
    argv = machine.command(qemu, options, kernel, f"/proc/self/fd/{initrd}",
                           chardevs, channels)
    try:
        run.start(argv, [initrd], interactive)
        os.close(initrd)
        run.pump(0 if interactive else options.timeout)
        return run, run.stop()
    finally:
        run.kill()


def judge(run, errors, log, options, words):
    """Tells what is wrong and returns the exit status."""
    with open(log, encoding="utf-8", errors="replace") as f:
        lines = f.read().splitlines()
    complaints = os.fsdecode(errors).splitlines()
    if not run.log.seen and not run.timed_out:
        raise VmError("QEMU does not start: " + (complaints or ["no reason given"])[-1])
    # QEMU tells of each blocked DMA: of use beside the kernel's own words.
    with open(log, "a", encoding="utf-8", errors="surrogateescape") as f:
        f.writelines(f"QEMU: {line}\n" for line in complaints)
    if run.control.setup_error:
        raise SetupError(f"{run.control.setup_error} (kernel log: {log})")
    found = logscan.reports(lines)
    if not run.control.ended:
        what = "the VM ended before the command did"
        if run.timed_out:
            what = f"no end after {options.timeout:g} s"
        if run.control.status is not None:
            what = (f"the command ended with status {run.control.status}, but the VM "
                    f"{'hung' if run.timed_out else 'crashed'} in the checks after it")
        tell(f"{what}; the console's last lines (all of it is in {log}):", *lines[-TAIL:])
        return 124
    if found:
        tell(logscan.describe(found, log))
    if run.control.status == 127 and words and os.path.isfile(words[0]):
        tell(f"'{words[0]}' is a file here, not in the VM: --copy brings it there")
    return run.control.status or (125 if found else 0)


def tell(first, *lines):
    """Lines on standard error."""
    print(first if first.startswith("vm: ") else f"vm: {first}", *lines,
          sep="\n", file=sys.stderr, flush=True)


def _terminated(number, _):
    raise SystemExit(128 + number)


def main(argv):
    """Exit status of the whole."""
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGHUP, _terminated)
    try:
        options, words = parse(argv)
        log = log_path(options)
        run, errors = boot(options, words, log)
        return judge(run, errors, log, options, words)
    except VmError as e:
        tell(str(e))
        return e.status
    except BrokenPipeError:  # whoever read our output has gone, like `| head -n 1`
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        tell("interrupted")
        return 130
    except OSError as e:
        tell(f"{e.filename or 'system'}: {e.strerror}")
        return 2
