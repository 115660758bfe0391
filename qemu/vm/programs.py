# SPDX-License-Identifier: GPL-2.0-only
"""What --copy brings along: the file itself and, for a dynamic ELF program, its
interpreter and its libraries at the paths they have on the host."""

import os
import re
import shutil
import struct
import subprocess

from .errors import VmError

PT_INTERP = 3
# Folders, empty ones, that a program wants to be there: those of Debian 12's mdevctl, and of Debian 13's
WANTS = {"mdevctl": [f"{scripts}/scripts.d/{kind}" for scripts in ("etc/mdevctl.d", "usr/lib/mdevctl")
                     for kind in ("callouts", "notifiers")]}
LIBRARY = re.compile(rb"^\s*(?:\S+ => )?(/.+) \(0x[0-9a-f]+\)$")


def interpreter(data):
    """The PT_INTERP path of a 64-bit little-endian ELF image, or None."""
    if data[:6] != b"\x7fELF\x02\x01":
        return None
    phoff, = struct.unpack_from("<Q", data, 32)
    phentsize, phnum = struct.unpack_from("<HH", data, 54)
    for i in range(phnum):
        at = phoff + i * phentsize
        kind, = struct.unpack_from("<I", data, at)
        if kind == PT_INTERP:
            offset, = struct.unpack_from("<Q", data, at + 8)
            size, = struct.unpack_from("<Q", data, at + 32)
            return os.fsdecode(data[offset:offset + size].rstrip(b"\0"))
    return None


def libraries(path, interp):
    """The files that the dynamic linker INTERP would load for PATH."""
    listed = subprocess.run(
        [interp, "--list", path], capture_output=True, check=False)
    if listed.returncode:
        reason = os.fsdecode(listed.stderr.strip()).split("\n")[-1]
        raise VmError(f"--copy {path}: cannot resolve its libraries: {reason}")
    found = (LIBRARY.match(line) for line in listed.stdout.splitlines())
    return [os.fsdecode(m[1]) for m in found if m]


def find(path):
    """PATH itself, or where the program of this name is; an ordinary user's $PATH may lack sbin."""
    if os.sep in path or os.path.exists(path):
        return path
    return shutil.which(path, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") or path


def add(archive, folder, path, name=None):
    """Puts the host's file PATH, or a program of this name in PATH, into FOLDER of
    the archive, ready to run, as NAME if that is given."""
    path = find(path)
    if not os.path.exists(path):
        raise VmError(f"--copy {path}: no such file")
    if not os.path.isfile(path):
        raise VmError(f"--copy {path}: not a regular file")
    name = name or os.path.basename(path)
    target = os.path.join(folder, name)
    if target in archive:
        raise VmError(f"--copy {path}: two files with this name")
    try:
        with open(path, "rb") as f:
            data = f.read()
        archive.host_file(target, path)
    except OSError as e:
        raise VmError(f"--copy {path}: {e.strerror}") from e
    for wanted in WANTS.get(name, ()):
        archive.folder(wanted)
    interp = interpreter(data)
    if interp is None:
        return
    if not os.path.exists(interp):
        raise VmError(f"--copy {path}: its interpreter {interp} is not on this machine")
    for needed in [interp, *libraries(path, interp)]:
        if needed not in archive:
            archive.host_file(needed, needed)
