# SPDX-License-Identifier: GPL-2.0-only
"""The newc archive: read back by cpio when it is here, and byte by byte."""

import os
import stat
import tempfile
import unittest

from vm import initramfs


def entries(data):
    """[(name, mode, content)] of a newc archive, checking the padding."""
    found = []
    at = 0
    while True:
        assert data[at:at + 6] == b"070701", at
        fields = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = data[at + 110:at + 110 + name_size]
        assert name[-1:] == b"\0"
        at = (at + 110 + name_size + 3) & ~3
        content = data[at:at + size]
        at = (at + size + 3) & ~3
        if name == b"TRAILER!!!\0":
            assert at == len(data)
            return found
        found.append((name[:-1].decode(), mode, content))


class ArchiveTest(unittest.TestCase):
    """What goes in comes out."""

    def test_empty_archive_is_a_trailer(self):
        self.assertEqual(entries(initramfs.Archive().bytes()), [])

    def test_parents_come_first_and_once(self):
        a = initramfs.Archive()
        a.file("a/b/one", b"1")
        a.file("/a/b/two", b"22")
        self.assertEqual([e[0] for e in entries(a.bytes())],
                         ["a", "a/b", "a/b/one", "a/b/two"])

    def test_contents_of_every_length_mod_4(self):
        a = initramfs.Archive()
        for n in range(9):
            a.file(f"f{n}", b"x" * n)
        self.assertEqual([e[2] for e in entries(a.bytes())], [b"x" * n for n in range(9)])

    def test_a_path_is_added_once(self):
        a = initramfs.Archive()
        a.file("f", b"first")
        a.file("f", b"second")
        self.assertEqual([e[2] for e in entries(a.bytes())], [b"first"])
        self.assertIn("f", a)
        self.assertIn("/f", a)
        self.assertNotIn("g", a)

    def test_types(self):
        a = initramfs.Archive()
        a.folder("d", 0o1777)
        a.link("l", "/target")
        a.device("c", 5, 1)
        (_, d, _), (_, l, target), (_, c, _) = entries(a.bytes())
        self.assertTrue(stat.S_ISDIR(d) and stat.S_IMODE(d) == 0o1777)
        self.assertTrue(stat.S_ISLNK(l) and target == b"/target")
        self.assertTrue(stat.S_ISCHR(c))

    def test_host_file_keeps_mode_and_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "f")
            with open(path, "wb") as f:
                f.write(bytes(range(256)))
            os.chmod(path, 0o751)
            a = initramfs.Archive()
            a.host_file("x/f", path)
        name, mode, content = entries(a.bytes())[1]
        self.assertEqual((name, mode, content),
                         ("x/f", stat.S_IFREG | 0o751, bytes(range(256))))
