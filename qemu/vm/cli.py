# SPDX-License-Identifier: GPL-2.0-only
"""./vm run and ./vm shell: boots, waits, judges, and says what is wrong."""

import contextlib
import os
import signal
import sys
import termios
import time

from . import image, kernels, logscan, machine, session
from .errors import SetupError, VmError
from .options import parse

TAIL = 30       # console lines shown after a hang or a panic
KEPT_LOGS = 50


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


@contextlib.contextmanager
def terminal_kept():
    """Gives the terminal its settings back, however QEMU ended."""
    kept = termios.tcgetattr(0) if os.isatty(0) else None
    try:
        yield
    finally:
        if kept:
            termios.tcsetattr(0, termios.TCSANOW, kept)


def boot(options, words, log):
    """Runs the VM; the finished Session and QEMU's own error output."""
    qemu = machine.qemu_for(options.iommu)
    kernel = kernels.find(options.kernel)
    if options.in_tree and not kernel.has_iommufd:
        raise VmError("--in-tree: Debian's stock kernel has no iommufd of its own")
    initrd = image.memory_file(options, words, kernel)
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
    with terminal_kept():
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
    if found:
        tell(logscan.describe(found, log))
    if not run.control.ended:
        what = "the VM ended before the command did"
        if run.timed_out:
            what = f"no end after {options.timeout:g} s"
        if run.control.status is not None:
            what = (f"the command ended with status {run.control.status}, but the VM "
                    f"{'hung' if run.timed_out else 'crashed'} in the checks after it")
        tell(f"{what}; the console's last lines (all of it is in {log}):", *lines[-TAIL:])
        return 124
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
    # Background jobs of a script start with SIGINT ignored: said to us, it still counts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
