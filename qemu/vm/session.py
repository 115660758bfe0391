# SPDX-License-Identifier: GPL-2.0-only
"""One run of QEMU: moves bytes between its ports and us until it ends.

The guest's stdout and stderr ports are copied as they are, live. The control port
tells in lines how far the guest is: ready, "exit STATUS", end, or "setup REASON".
The console becomes the log file. All reading is done without waiting for whoever
reads our output: a guest port that is not drained would make its kernel spin.
"""

import ctypes
import fcntl
import os
import queue
import selectors
import signal
import subprocess
import threading
import time

CHECKS_LIMIT = 600  # seconds for unloading and the leak scans after the command
PIPE_SIZE = 1 << 20  # what an unprivileged process may have
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Writer:
    """Writes to a file descriptor from a thread of its own."""

    BACKLOG = 64 << 20  # bytes waiting for a slow reader before the guest has to wait

    def __init__(self, fd):
        self._fd = fd
        self._queue = queue.SimpleQueue()
        self._waiting = 0
        self.broken = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while (data := self._queue.get()) is not None:
            self._waiting -= len(data)
            try:
                while data:
                    data = data[os.write(self._fd, data):]
            except OSError:
                self.broken = True
                return

    def write(self, data):
        """Queues DATA; BrokenPipeError once nobody reads any more."""
        while self._waiting > self.BACKLOG and not self.broken:
            time.sleep(0.02)
        if self.broken:
            raise BrokenPipeError
        self._waiting += len(data)
        self._queue.put(data)

    def finish(self):
        """Waits until all is written."""
        self._queue.put(None)
        self._thread.join()


class Control:
    """What the guest said on the control port."""

    def __init__(self):
        self._text = b""
        self.ready = False
        self.status = None
        self.ended = False
        self.setup_error = None
        self.exit_time = None

    def write(self, data):
        *lines, self._text = (self._text + data).split(b"\n")
        for line in lines:
            word, _, rest = os.fsdecode(line).partition(" ")
            if word == "ready":
                self.ready = True
            elif word == "exit":
                self.status, self.exit_time = int(rest), time.monotonic()
            elif word == "end":
                self.ended = True
            elif word == "setup":
                self.setup_error = rest

    def finish(self):
        pass


class LogFile:
    """The console: LF line ends, into the log file."""

    def __init__(self, path):
        self._file = open(path, "wb", buffering=0)  # pylint: disable=R1732
        self.seen = False

    def write(self, data):
        self.seen = True
        self._file.write(data.replace(b"\r", b""))

    def finish(self):
        self._file.close()


class Session:
    """QEMU with one pipe for each channel.

    Pipes join small writes (the console writes single bytes) and never make QEMU
    wait in practice: the guest sees the same timing in every run.
    """

    def __init__(self, log):
        self.control = Control()
        self.log = LogFile(log)
        self.timed_out = False
        self._sinks = {}
        self._child_ends = []
        self._selector = selectors.DefaultSelector()
        self._wakes = self._wake_on_signals()
        self.process = None
        # A file, not a pipe: QEMU may complain at length while nobody reads.
        self._errors = os.memfd_create("qemu-errors")

    def _wake_on_signals(self):
        """A signal whose handler runs just before select() starts still ends the wait."""
        wakes, theirs = os.pipe()
        for fd in wakes, theirs:
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
        self._selector.register(wakes, selectors.EVENT_READ)
        return wakes

    def channel(self, name, sink):
        """A channel named NAME whose data goes to SINK; its -chardev value."""
        ours, theirs = os.pipe()
        fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        self._sinks[name] = sink
        self._selector.register(ours, selectors.EVENT_READ, sink)
        self._child_ends.append(theirs)
        return f"file,id={name},path=/proc/self/fd/{theirs}"

    def start(self, argv, extra_fds, interactive):
        """Starts QEMU. Interactive: it keeps our terminal."""
        self.process = subprocess.Popen(  # pylint: disable=R1732,W1509
            argv, pass_fds=self._child_ends + extra_fds,
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=None if interactive else subprocess.DEVNULL,
            stderr=self._errors, start_new_session=not interactive,
            preexec_fn=_die_with_parent)
        for fd in self._child_ends:
            os.close(fd)

    def _deadline(self, end):
        if self.control.exit_time is not None:
            return self.control.exit_time + CHECKS_LIMIT
        return end

    def pump(self, timeout):
        """Until QEMU has closed every channel, or TIMEOUT seconds (0: no limit)."""
        end = time.monotonic() + timeout if timeout else None
        while len(self._selector.get_map()) > 1:  # more than the signals' pipe
            deadline = self._deadline(end)
            wait = None if deadline is None else deadline - time.monotonic()
            if wait is not None and wait <= 0:
                self.timed_out = True
                return
            for key, _ in self._selector.select(wait):
                self._read(key)

    def _read(self, key):
        data = os.read(key.fd, PIPE_SIZE)
        if key.fd == self._wakes:
            return
        if data:
            key.data.write(data)
        else:
            self._selector.unregister(key.fd)
            os.close(key.fd)

    def stop(self):
        """Ends QEMU if it still runs and flushes everything; its error output."""
        if self.timed_out:
            self.process.kill()
        self.process.wait()
        for sink in self._sinks.values():
            sink.finish()
        with os.fdopen(self._errors, "rb") as f:
            f.seek(0)
            return f.read()

    def kill(self):
        """Ends QEMU at once, without flushing."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
