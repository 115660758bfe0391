# SPDX-License-Identifier: GPL-2.0-only
"""./vm run from end to end: each test boots a VM (2 seconds)."""

import os
import signal
import subprocess
import tempfile
import time
import unittest

from test_quote import HARD
from vm import kernels, machine

VM = os.path.join(kernels.TOP, "vm")
PROGRAM = r"""
#include <stdio.h>
#include <unistd.h>
int main(void) { puts("dynamic"); return access("second file", R_OK) ? 1 : 42; }
"""


def run(*argv, **more):
    """./vm run in the folder /, like a user elsewhere would."""
    return subprocess.run([VM, "run", "--timeout", "120", *argv], cwd="/",
                          capture_output=True, check=False, **more)


def sh(script, *options):
    """A shell script in the VM."""
    return run(*options, "--", "sh", "-c", script)


def alive(pid):
    """Whether the process runs (a dead one may wait for its parent)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rpartition(") ")[2][0] not in "ZX"
    except FileNotFoundError:
        return False


class CommandTest(unittest.TestCase):
    """What a command gets and what comes back."""

    def test_status_is_the_commands_own(self):
        self.assertEqual(run("--", "sh", "-c", "exit 7").returncode, 7)

    def test_not_found_is_127_and_a_host_file_gets_a_hint(self):
        done = run("--", VM)
        self.assertEqual(done.returncode, 127)
        self.assertIn(b"--copy brings it there", done.stderr)

    def test_a_killed_command_is_128_plus_the_signal(self):
        self.assertEqual(sh("kill -TERM $$").returncode, 128 + signal.SIGTERM)

    def test_arguments_and_output_are_byte_for_byte(self):
        done = run("--", "printf", r"%s\000", *HARD)
        self.assertEqual(done.stdout.split(b"\0")[:-1], HARD)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_streams_are_separate_and_complete(self):
        done = sh("seq 1 300000; seq 1 1000 >&2; cat; readlink /proc/self/fd/0")
        numbers = b"".join(b"%d\n" % i for i in range(1, 300001))
        self.assertEqual(done.stdout, numbers + b"/dev/null\n")
        self.assertEqual(done.stderr, b"".join(b"%d\n" % i for i in range(1, 1001)))

    def test_output_is_live(self):
        with subprocess.Popen([VM, "run", "--", "sh", "-c", "echo 1; sleep 4; echo 2"],
                              stdout=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.readline(), b"1\n")
            first = time.monotonic()
            self.assertEqual(process.stdout.readline(), b"2\n")
            self.assertGreater(time.monotonic() - first, 2)

    def test_the_guest_has_what_programs_need(self):
        done = sh("""set -e
            [ "$(id -u)" = 0 ]; [ "$(stat -fc %T .)" = tmpfs ]; touch here
            case $PATH in "$PWD":*) ;; *) exit 8 ;; esac
            for m in /proc /sys /dev /dev/shm /tmp /sys/kernel/debug; do mountpoint $m; done
            grep -q ' hugetlbfs ' /proc/mounts; grep -q iommufd /lib/modules/*/modules.dep
            rmmod vfio_pci; modprobe vfio-pci; modprobe -r vfio-pci
            timeout 9 awk 'BEGIN { exit 0 }'; [ "$(nproc)" = 2 ]; dmesg | grep -q DMAR-IR
            echo all""".replace("mountpoint $m", "grep -q \" $m \" /proc/mounts"))
        self.assertEqual((done.stdout, done.returncode), (b"all\n", 0), done.stderr)

    def test_copied_programs_run_and_keep_their_mode(self):
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "prog")
            subprocess.run(["gcc", "-xc", "-", "-o", program], input=PROGRAM.encode(),
                           check=True)
            data = os.path.join(folder, "second file")
            with open(data, "w", encoding="utf-8") as f:
                f.write("x")
            os.chmod(data, 0o640)
            done = run("--copy", program, "--copy", data, "--", "prog")
            self.assertEqual((done.stdout, done.returncode), (b"dynamic\n", 42))
            done = run("--copy", data, "--", "stat", "-c", "%a %s", "second file")
            self.assertEqual(done.stdout, b"640 1\n")

    def test_a_program_in_path_is_copied_by_its_name(self):
        done = run("--copy", "env", "--", "./env", "--version")
        self.assertIn(b"coreutils", done.stdout, done.stderr)

    def test_mdevctl_works(self):
        done = sh("mdevctl types -p mtty && mdevctl define -p mtty --type mtty-1",
                  "--copy", "mdevctl", "--modprobe", "mtty")
        self.assertIn(b"Available instances", done.stdout, done.stderr)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_the_vms_own_qemu_is_copied(self):
        done = run("--copy-qemu", "--", "qemu-system-x86_64", "--version")
        here = subprocess.run([machine.find_qemu(), "--version"], capture_output=True, check=True)
        self.assertEqual((done.stdout, done.stderr), (here.stdout, b""))


class ModulesTest(unittest.TestCase):
    """Which modules are there."""

    SHOW = "ls /sys/module/vfio_pci >/dev/null && cat /sys/module/iommufd/taint; ls /dev/iommu"

    def test_ours_by_default(self):
        self.assertEqual(sh(self.SHOW).stdout, b"O\n/dev/iommu\n")

    def test_in_tree(self):
        self.assertEqual(sh(self.SHOW, "--in-tree").stdout, b"\n/dev/iommu\n")

    def test_further_ones(self):
        done = sh("cut -d' ' -f1 /proc/modules", "--modprobe", "mtty", "--modprobe", "kvm_amd")
        self.assertLess({b"mtty", b"mdev", b"iommufd", b"vfio_pci", b"kvm_amd"}, {*done.stdout.split()})
        done = run("--modprobe", "no_such_module", "--", "true")
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (125, 1), done.stderr)
        self.assertIn(b"cannot load module no_such_module", done.stderr)

    def test_none_but_modprobe_works(self):
        done = sh("cat /proc/modules; modprobe iommufd; cut -d' ' -f1 /proc/modules; "
                  "cat /sys/module/iommufd/taint", "--no-modules")
        self.assertEqual(done.stdout, b"iommufd\nO\n")


class MachineTest(unittest.TestCase):
    """The machine that the options describe."""

    def test_slots_16_to_30_are_free(self):
        slots = range(0x10, 0x1f)
        devices = [w for s in slots for w in ("--device", f"edu,addr={s:#x}")]
        done = sh("grep -l 0x1234 /sys/bus/pci/devices/*/vendor | cut -d/ -f6", *devices)
        self.assertEqual(done.stdout.decode().split(),
                         [f"0000:00:{s:02x}.0" for s in slots])

    def test_memory_cpus_command_line_hugepages(self):
        done = sh("nproc; grep -c 'a=b  c' /proc/cmdline; cat /proc/sys/vm/nr_hugepages; "
                  "awk '/MemTotal/ { print ($2 > 400000 && $2 < 524288) }' /proc/meminfo",
                  "--smp", "1", "--mem", "512", "--append", "a=b  c", "--hugepages", "8")
        self.assertEqual(done.stdout, b"1\n1\n8\n1\n")

    def test_icount_runs_are_identical(self):
        script = "cat /proc/uptime; date +%s; for i in $(seq 300); do :; done; cat /proc/uptime"
        first, second = (sh(script, "--icount") for _ in range(2))
        self.assertEqual(first.returncode, 0)
        self.assertEqual(first.stdout, second.stdout)


class VerdictTest(unittest.TestCase):
    """What the run says about the kernel."""

    def test_a_panic_is_124_with_the_consoles_end(self):
        done = sh("echo c >/proc/sysrq-trigger")
        self.assertEqual(done.returncode, 124)
        self.assertIn(b"sysrq triggered crash", done.stderr)

    def test_a_hang_is_124_with_the_consoles_end(self):
        start = time.monotonic()
        done = run("--timeout", "8", "--", "sh", "-c", "echo the last words >/dev/kmsg; sleep 99")
        self.assertEqual(done.returncode, 124)
        self.assertIn(b"the last words", done.stderr)
        self.assertLess(time.monotonic() - start, 20)

    def test_a_report_in_the_log_is_125(self):
        done = sh("echo 'WARNING: CPU: 0 PID: 1 at x.c:1 f+0x1/0x2' >/dev/kmsg")
        self.assertEqual(done.returncode, 125)
        self.assertIn(b"WARNING: CPU: 0 PID: 1 at x.c:1", done.stderr)

    def test_a_failed_command_keeps_its_status(self):
        done = sh("echo 'BUG: KASAN: slab-use-after-free' >/dev/kmsg; exit 3")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"BUG: KASAN", done.stderr)

    def test_injected_faults_are_no_report(self):
        # Each task fails its first allocation and tells so in the log.
        done = sh("""cd /sys/kernel/debug/failslab
            echo 1 >task-filter; echo 0 >ignore-gfp-wait; echo 100 >probability; echo -1 >times
            for i in 1 2 3 4 5; do sh -c 'echo 1 >/proc/self/make-it-fail; exec ls /' 2>&1; done
            echo 0 >probability; dmesg | grep -c 'FAULT_INJECTION: forcing a failure' """)
        self.assertGreater(int(done.stdout.split()[-1]), 0)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_a_command_leaves_is_ended(self):
        done = sh("sleep 1000 & (exec 3</dev/iommu; setsid sleep 1000) & sleep 1; echo done")
        self.assertEqual((done.stdout, done.returncode), (b"done\n", 0), done.stderr)

    def test_a_module_that_stays_is_125(self):
        done = sh("echo 1 >/proc/sys/kernel/modules_disabled")
        self.assertEqual(done.returncode, 125)
        self.assertIn(b"module does not unload: iommufd", done.stderr)


class EndTest(unittest.TestCase):
    """Interrupted runs leave nothing."""

    def start(self, folder):
        """A run that would last; returns once the command runs."""
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [VM, "run", "--", "sh", "-c", "echo up; sleep 999"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": folder})
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), b"up\n")
        return process

    def children(self, pid):
        """Direct children of PID."""
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(p) for p in f.read().split()]

    def check(self, number, status):
        """A run ends by signal NUMBER with STATUS and takes QEMU with it."""
        with tempfile.TemporaryDirectory() as folder:
            process = self.start(folder)
            qemu, = self.children(process.pid)
            process.send_signal(number)
            self.assertEqual(process.wait(20), status)
            process.stdout.close()
            time.sleep(0.5)
            self.assertFalse(alive(qemu))
            self.assertEqual(os.listdir(folder), [])

    def test_interrupt(self):
        self.check(signal.SIGINT, 130)

    def test_terminate(self):
        self.check(signal.SIGTERM, 143)

    def test_kill(self):
        self.check(signal.SIGKILL, -signal.SIGKILL)

    def test_a_reader_that_goes_ends_the_run(self):
        with subprocess.Popen([VM, "run", "--", "yes"], stdout=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.readline(), b"y\n")
            process.stdout.close()
            self.assertEqual(process.wait(30), 128 + signal.SIGPIPE)

    def test_shell(self):
        with subprocess.Popen([VM, "shell"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              bufsize=0) as process:
            out = b""
            while not out.endswith(b"# "):
                out += process.stdout.read(1) or self.fail(out)
            time.sleep(1)
            process.stdin.write(b"echo $((6 * 7))th; lsmod; sleep 9 & jobs; exit\n")
            out += process.stdout.read()
            self.assertEqual(process.wait(60), 0)
        self.assertIn(b"Leave with 'exit'", out)
        self.assertIn(b"42th", out)
        self.assertIn(b"vfio_pci_core", out)
        self.assertNotIn(b"job control turned off", out)
