# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's qtest protocol: memory and port accesses from outside, time by hand."""

import os
import signal
import socket
import subprocess
import tempfile


class QtestError(Exception):
    """QEMU does not start, or does not answer as the protocol says."""


class Qtest:
    """A running QEMU, without CPUs that execute anything."""

    def __init__(self, program, args, timeout=30):
        self._folder = tempfile.TemporaryDirectory(prefix="qtest-")
        self.log_path = os.path.join(self._folder.name, "log")
        path = os.path.join(self._folder.name, "socket")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(1)
            listener.settimeout(0.1)
            self._process = subprocess.Popen(
                [program, "-accel", "qtest", "-nodefaults", "-display", "none",
                 "-qtest", f"unix:{path}", "-qtest-log", "none",
                 "-d", "guest_errors", "-D", self.log_path, *args],
                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            try:
                self._connection = self._accept(listener, timeout)
            except QtestError:
                self.close()
                raise
        self._connection.settimeout(timeout)
        self._stream = self._connection.makefile("rw", newline="\n")

    def _accept(self, listener, timeout):
        for _ in range(timeout * 10):
            try:
                return listener.accept()[0]
            except TimeoutError:
                if self._process.poll() is not None:
                    raise QtestError(self._process.stderr.read().strip()) from None
        raise QtestError("QEMU does not start")

    def close(self):
        """Ends QEMU; what it said on standard error."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        said = self._process.communicate()[1]
        self._folder.cleanup()
        return said

    def log(self):
        """The guest errors that QEMU has logged so far."""
        try:
            with open(self.log_path, encoding="utf-8") as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def command(self, *words):
        """One command; the words of its answer after OK."""
        try:
            self._stream.write(" ".join(words) + "\n")
            self._stream.flush()
            return self._answer(words)
        except OSError:
            self._process.wait(1)
            raise QtestError(f"QEMU ended: {self._process.stderr.read().strip()}") from None

    def _answer(self, words):
        while True:
            answer = self._stream.readline().split()
            if not answer:
                raise ConnectionResetError
            if answer[0] == "OK":
                return answer[1:]
            if answer[0] != "IRQ":
                raise QtestError(f"{words}: {' '.join(answer)}")

    def read(self, addr, size):
        """A single access of 1, 2, 4 or 8 bytes."""
        return int(self.command(f"read{'.bw.l...q'[size]}", hex(addr))[0], 16)

    def write(self, addr, size, value):
        """A single access of 1, 2, 4 or 8 bytes."""
        self.command(f"write{'.bw.l...q'[size]}", hex(addr), hex(value))

    def get(self, addr, size):
        """Bytes of memory."""
        return bytes.fromhex(self.command("read", hex(addr), hex(size))[0][2:])

    def put(self, addr, data):
        """Bytes into memory."""
        self.command("write", hex(addr), hex(len(data)), "0x" + data.hex())

    def fill(self, addr, size, byte=0):
        """Bytes of one value into memory."""
        self.command("memset", hex(addr), hex(size), hex(byte))

    def out(self, port, value):
        """A 32-bit port write (x86)."""
        self.command("outl", hex(port), hex(value))

    def step(self, nanoseconds=None):
        """Virtual time goes on, by default up to the next timer."""
        self.command("clock_step", *([str(nanoseconds)] if nanoseconds else []))
