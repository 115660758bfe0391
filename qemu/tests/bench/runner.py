# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the tests: a fresh machine for each, a line for each check, the sum at the end."""

import contextlib
import glob
import importlib.util
import os
import subprocess
import sys
import traceback

from .qtest import Qtest, QtestError
from .siov_edu import SiovEdu

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__)))))
SLOT = 4 << 3

_tests = []     # (function, machine, devices, arguments) in order of definition


def test(*machines, devices=("siov-edu,addr=4,num-adis=4",), args=()):
    """Makes a function a test on each of MACHINES, with DEVICES and more arguments."""
    def add(function):
        for machine in machines:
            _tests.append((function, machine, tuple(devices), tuple(args)))
        return function
    return add


class Bench:
    """What a test is given: the machine, its memory, and the checks."""

    def __init__(self, machine, name, total):
        self.machine = machine
        self.qtest = None
        self._name = name
        self._total = total
        self._window = machine.window
        self._ram = machine.ram

    def start(self, devices=(), args=()):
        """Starts QEMU; a test that declared devices finds it running."""
        words = [*self.machine.args, *args]
        for device in devices:
            words += ["-device", device]
        self.qtest = Qtest(qemu(self.machine.target), words)
        self.machine.prepare(self.qtest)
        self.qtest.read(self.machine.ram, 4)  # its devices are there when it answers
        return self.qtest

    def stop(self):
        """Ends QEMU, if it runs."""
        if self.qtest:
            self.qtest.close()
            self.qtest = None
        self._window = self.machine.window

    def refused(self, *devices, args=()):
        """What QEMU says when it does not start with these devices; None if it does."""
        try:
            self.start(devices, args)
        except QtestError as e:
            return str(e)
        self.stop()
        return None

    def siov_edu(self, devfn=SLOT):
        """The device, ready for use."""
        return SiovEdu(self, devfn)

    def take_window(self, size):
        """An aligned place for a BAR."""
        addr = (self._window + size - 1) & -size
        self._window = addr + size
        assert self._window <= self.machine.window_end
        return addr

    def pages(self, count=1, aligned=1):
        """Address of zeroed memory."""
        size = 4096 * aligned
        addr = (self._ram + size - 1) & -size
        self._ram = addr + 4096 * count
        assert self._ram <= self.machine.ram_end
        self.qtest.fill(addr, 4096 * count)
        return addr

    def page(self):
        """Address of a zeroed page."""
        return self.pages()

    def ok(self, condition, what):
        """A check."""
        self._total[not condition] += 1
        print(f"{'ok' if condition else 'not ok'} {sum(self._total)} - {self._name}: {what}",
              flush=True)
        return condition

    def equal(self, have, want, what):
        """A check that shows both values when they differ."""
        if not self.ok(have == want, what):
            show = hex if isinstance(have, int) and isinstance(want, int) else repr
            print(f"#   have {show(have)}, want {show(want)}", flush=True)


def qemu(target):
    """The QEMU under test: $QEMU_BUILD's, or the one that `make qemu` has built."""
    folder = os.environ.get("QEMU_BUILD")
    if not folder:
        folder = subprocess.run([os.path.join(TOP, "tools", "qemu"), "path"],
                                capture_output=True, text=True, check=True).stdout.strip()
    program = os.path.join(folder, f"qemu-system-{target}")
    if not folder or not os.access(program, os.X_OK):
        sys.exit(f"no qemu-system-{target} in '{folder}': run 'make qemu'")
    return program


def _run(function, machine, devices, args, total):
    name = f"{function.__module__.removeprefix('test_')}.{function.__name__} {machine.name}"
    before = sum(total)
    bench = Bench(machine, name, total)
    try:
        if devices:
            bench.start(devices, args)
        function(bench)
        if sum(total) == before:
            bench.ok(False, "the test checks nothing")
    except Exception:  # pylint: disable=broad-except
        bench.ok(False, "runs to its end")
        for line in traceback.format_exc().splitlines():
            print(f"#   {line}")
    finally:
        with contextlib.suppress(OSError):
            bench.stop()


def main(folder, wanted):
    """Runs the tests of FOLDER whose name holds all of WANTED."""
    for path in sorted(glob.glob(os.path.join(folder, "test_*.py"))):
        name = os.path.basename(path)[:-3]
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    total = [0, 0]  # passed, failed
    for function, machine, devices, args in _tests:
        name = f"{function.__module__}.{function.__name__} {machine.name}"
        if all(w in name for w in wanted):
            _run(function, machine, devices, args, total)
    print(f"1..{sum(total)}")
    print(f"{total[0]} passed, {total[1]} failed")
    return 0 if total[0] and not total[1] else 1
