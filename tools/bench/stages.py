# SPDX-License-Identifier: GPL-2.0-only
"""The stages of `make test`. Each takes the kernel's flavour and returns a Count."""

import concurrent.futures
import os
import re
import shlex
import subprocess
import sys
import unittest

from vm import machine

from . import guest, tap
from .tap import Count

TOP = guest.TOP
VM_TESTS = os.path.join(TOP, "qemu", "vm", "tests")
PROGRAMS = os.path.join(TOP, "build", "programs")


def _python(pattern):
    """Python unit tests in the runner's test folder whose file matches PATTERN."""
    suite = unittest.TestLoader().discover(VM_TESTS, pattern, top_level_dir=VM_TESTS)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    return Count(result.testsRun - failed - skipped, failed, skipped)


def runner(_):
    """The VM runner's and this driver's own parts, on the host."""
    return _python("test_*.py")


def vm(_):
    """The VM runner from end to end."""
    return _python("e2e_*.py")


def planted(_):
    """Bugs planted on purpose: the debug kernel and the VM runner notice each kind."""
    return _python("debug_*.py")


def _show(argv, **more):
    """Runs ARGV, shows its output live; (text, status)."""
    lines = []
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", **more) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return "".join(lines), process.returncode


def _tap(name, text, status):
    """Count of one program's TAP; a bad status without a failed test is a failure."""
    count, problems = tap.parse(text)
    for problem in problems:
        guest.complain(f"{name}: {problem}")
    if status and not count.failed:
        guest.complain(f"{name}: " + ("the VM ended in the middle of it"
                                      if status is None else f"exit status {status}"))
        count.failed += 1
    return count


def qtest(_):
    """Our QEMU's devices, driven without a guest."""
    text, status = _show([os.path.join(TOP, "qemu", "tests", "run")])
    return _tap("qtest", text, status)


def build(flavor):
    """The build itself, for this kernel and (with test) for Debian's; the uAPI header."""
    count = Count()
    for kernel in ["test", "stock"] if flavor == "test" else [flavor]:
        text, status = _show([os.path.join(TOP, "tools", "check-build"), kernel])
        count += _tap(f"check-build {kernel}", text, status)
    return count + _uapi() if flavor == "test" else count


def _newer_uapi():
    """The folder with the uAPI header of the newer kernel whose ABI is ours; None: it cannot be had."""
    tool = os.path.join(TOP, "tools", "newer-tests")
    for word in ("build", "path"):
        done = subprocess.run([tool, word], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            return None
    return os.path.join(done.stdout.strip(), "include", "uapi")


def _uapi():
    """The uAPI header against the kernel's, and against a newer kernel's."""
    newer = _newer_uapi()
    wanted = [f"NEWER={newer}"] if newer else []
    _, status = _show([os.path.join(TOP, "tools", "programs"), "check-uapi", *wanted])
    if not newer:
        print("uapi check: skipped the newer kernel's header, which cannot be fetched")
    return Count(int(status == 0), int(status != 0), int(not newer))


def unit(_):
    """Host unit tests: GoogleTest's closing lines are counted."""
    text, status = _show(["make", "--no-print-directory", "-C", os.path.join(TOP, "unit"),
                          "test"])
    count = Count(*(sum(map(int, re.findall(rf"^\[  {word}\s*\] (\d+) tests?[.,]", text,
                                            re.MULTILINE)))
                    for word in ("PASSED", "FAILED", "SKIPPED")))
    ran = sum(map(int, re.findall(r"^\[=+\] (\d+) tests? from .* ran\.", text, re.MULTILINE)))
    if (status and not count.failed) or not ran or ran != sum(vars(count).values()):
        guest.complain(f"unit: status {status}, {ran} tests ran, {count}")
        count.failed += 1
    return count


def _vm_check(name, status):
    """The VM's own verdict (its log, pins, unloading) as one test."""
    if status == 0:
        return Count(passed=1)
    guest.complain(f"{name}: the VM ended with status {status}")
    return Count(failed=1)


# The results are read from debugfs: the kernel log may be cut or mixed.
KUNIT = """modprobe kunit enable=1 && modprobe iommufd_kunit && modprobe pasid_alloc_kunit || exit 1
found=
for f in /sys/kernel/debug/kunit/*/results; do [ -e "$f" ] && cat "$f" && found=1; done
[ "$found" ]"""


def kunit(flavor):
    """KUnit suites of our kernel modules."""
    outputs, status = guest.boot(["--kernel", flavor], [["sh", "-c", KUNIT]])
    text, code = outputs[0]
    count = Count()
    # Each suite's file is a KTAP text of its own.
    for suite in re.split(r"^(?=KTAP version)", text, flags=re.MULTILINE):
        if suite.strip():
            count += _tap("kunit", suite, 0)
    if code != 0 or count == Count():
        guest.complain("kunit: no results")
        count.failed += 1
    return count + _vm_check("kunit", status)


# The kernels that a list's line may ask for, to be run with the tests for this one
RUNS_ON = {"test": ("test", "stock", "nogroup", "container"), "debug": ("debug",)}


def parse_list(lines, flavor):
    """{options: [program words]} from the LINES of a list of programs, in order.
    "NAME = WORDS" gives words a name, and $NAME stands for them."""
    groups, names = {}, {}
    for line in lines:
        words = [w for word in shlex.split(line, comments=True)
                 for w in (names[word[1:]] if word.startswith("$") else [word])]
        if words[1:2] == ["="]:
            names[words[0]] = words[2:]
            continue
        if not words:
            continue
        at = words.index("--")
        options = words[:at]
        if "--kernel" not in options:
            options = ["--kernel", flavor, *options]
        elif options[options.index("--kernel") + 1] not in RUNS_ON[flavor]:
            continue
        groups.setdefault(tuple(options), []).append(words[at + 1:])
    return groups


def selftest_list(flavor):
    """What selftests/list has for this flavour."""
    with open(os.path.join(TOP, "selftests", "list"), encoding="utf-8") as f:
        return parse_list(f, flavor)


def _program(words, text, status):
    """Count of one program: its TAP, or one test by its status if it has none."""
    if re.search(r"^(TAP version|KTAP version|1\.\.\d)", text, re.MULTILINE):
        return _tap(words[0], text, status)
    if status != 0:
        guest.complain(f"{words[0]}: exit status {status}")
    return Count(int(status == 0), int(status != 0))


def split_by_qemu(groups):
    """GROUPS of parse_list() in two: what the QEMU at hand can run, and what needs our own."""
    qemu = machine.find_qemu()
    can, cannot = {}, {}
    for options, programs in groups.items():
        iommu = options[options.index("--iommu") + 1] if "--iommu" in options else "intel"
        (can if machine.offers(qemu, iommu) else cannot)[options] = programs
    return can, cannot


def _boots(groups):
    """Count of GROUPS, pairs of options and programs, one boot after the other."""
    count = Count()
    for options, programs in groups:
        files = sorted({os.path.join(PROGRAMS, words[0]) for words in programs})
        copies = [word for file in files for word in ("--copy", file)]
        outputs, status = guest.boot([*options, *copies], programs)
        for i, words in enumerate(programs):
            count += _program(words, *outputs[i])
        count += _vm_check(" ".join(options), status)
    return count


def selftests(flavor):
    """User programs in VMs, two at once; programs with equal options share a boot."""
    count = Count()
    groups, skipped = split_by_qemu(selftest_list(flavor))
    for options, programs in skipped.items():
        for words in programs:
            print(f"# SKIP {' '.join(words)}: needs our own QEMU, 'make qemu' "
                  f"({' '.join(options)})", flush=True)
            count.skipped += 1
    # With --icount a VM has one CPU: another one can run beside it.
    one_cpu = [group for group in groups.items() if "--icount" in group[0]]
    others = [group for group in groups.items() if "--icount" not in group[0]]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return sum(pool.map(_boots, (one_cpu, others)), count)


def upstream(flavor):
    """The selftests of iommufd of Linux 6.12 and 7.3, unmodified, on our modules."""
    text, status = _show([os.path.join(TOP, "tools", "upstream-test"), "--kernel", flavor])
    m = re.search(r"^(\d+) passed, (\d+) failed$", text, re.MULTILINE)
    skipped = re.search(r"^(\d+) skipped$", text, re.MULTILINE)
    count = Count(*map(int, m.groups())) if m else Count()
    count.skipped = int(skipped[1]) if skipped else 0
    if not m or (status and not count.failed):
        guest.complain(f"upstream-test: exit status {status}")
        count.failed += 1
    return count


def same(_):
    """The same programs on the kernel's own iommufd and on ours: equal results."""
    _, status = _show([os.path.join(TOP, "selftests", "same-result")])
    return Count(int(status == 0), int(status != 0))


# What does not depend on how fast the machine is (docs/testing.md has what was measured): that the programs which the fuzzer
# begins with get through to every call, that their edges are seen, and what so many programs of the search add.
FUZZ_LEAST, FUZZ_FLOOR, FUZZ_GAIN = 500, 4000, 250


def fuzz(_):
    """A minute of the fuzzer, or more: the kernel does not complain, and the fuzzer gets into our code and on."""
    text, status = _show([os.path.join(TOP, "tools", "fuzz"), "--seconds", "60", "--least", str(FUZZ_LEAST),
                          "--every-call", "--floor", str(FUZZ_FLOOR), "--gain", str(FUZZ_GAIN)])
    return _tap("fuzz", text, status)


FOR = {"test": (runner, qtest, build, unit, kunit, selftests, upstream, same, vm),
       "debug": (planted, build, kunit, selftests, upstream, fuzz)}
