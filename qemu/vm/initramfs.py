# SPDX-License-Identifier: GPL-2.0-only
"""Writes an initramfs: a cpio archive in the "newc" format of the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst.

Uncompressed on purpose: QEMU loads it at memory speed, and unpacking a compressed
one under emulation costs more than it saves.
"""

import os
import stat

TRAILER = b"TRAILER!!!"


def _pad(data):
    """Zero bytes up to the next multiple of 4."""
    return b"\0" * (-len(data) % 4)


class Archive:
    """Entries in order; parent folders are added by themselves, a path only once."""

    def __init__(self):
        self._chunks = []
        self._inode = 0
        self._paths = set()

    def _entry(self, path, mode, data=b"", rdev=(0, 0)):
        self._inode += 1
        name = path + b"\0"
        fields = (
            self._inode, mode, 0, 0, 1, 0, len(data),
            0, 0, rdev[0], rdev[1], len(name), 0,
        )
        head = b"070701" + b"".join(b"%08X" % f for f in fields) + name
        self._chunks.append(head + _pad(head) + data + _pad(data))

    def _add(self, path, mode, data=b"", rdev=(0, 0)):
        path = os.fsencode(path).strip(b"/")
        parent = os.path.dirname(path)
        if parent and parent not in self._paths:
            self.folder(parent)
        if path in self._paths:
            return
        self._paths.add(path)
        self._entry(path, mode, data, rdev)

    def __contains__(self, path):
        return os.fsencode(path).strip(b"/") in self._paths

    def folder(self, path, mode=0o755):
        self._add(path, stat.S_IFDIR | mode)

    def file(self, path, data, mode=0o644):
        self._add(path, stat.S_IFREG | mode, data)

    def link(self, path, target):
        self._add(path, stat.S_IFLNK | 0o777, os.fsencode(target))

    def device(self, path, major, minor, mode=0o600):
        self._add(path, stat.S_IFCHR | mode, rdev=(major, minor))

    def host_file(self, path, source):
        """A copy of the host's file SOURCE, mode kept."""
        with open(source, "rb") as f:
            self.file(path, f.read(), stat.S_IMODE(os.fstat(f.fileno()).st_mode))

    def tree(self, path, source):
        """A copy of the folder SOURCE."""
        for folder, _, names in sorted(os.walk(source)):
            inside = os.path.relpath(folder, source)
            for name in sorted(names):
                self.host_file(
                    os.path.normpath(os.path.join(path, inside, name)),
                    os.path.join(folder, name),
                )

    def bytes(self):
        end = Archive()
        end._entry(TRAILER, 0)
        return b"".join(self._chunks + end._chunks)
