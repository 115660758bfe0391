# SPDX-License-Identifier: GPL-2.0-only
"""Arguments arrive byte for byte, in busybox's shell too."""

import os
import subprocess
import sys
import unittest

from vm import image, quote

ECHO = "import os,sys; sys.stdout.buffer.write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))"
HARD = [b"", b" ", b"-n", b"--", b"a b", b"'", b"''", b'"', b"$HOME `id` $(id)", b"\\", b"\n",
        b"a\n", b"\n\n", b"*", b"~", b"#x", b"!x", b"\xff\xfe", "käse".encode(),
        bytes(range(1, 256))]


def run(shell, words):
    """What the launch script makes of WORDS, as a list of bytes, and its status."""
    done = subprocess.run([*shell, "-c", quote.script(words)], capture_output=True,
                          check=False)
    return done.stdout, done.returncode


class QuoteTest(unittest.TestCase):
    """The launch script in busybox sh, which runs it in the guest."""

    shell = [image.BUSYBOX, "sh"]

    def test_arguments_survive(self):
        program = [os.fsencode(sys.executable), b"-c", ECHO.encode()]
        out, status = run(self.shell, program + HARD)
        self.assertEqual(status, 0)
        self.assertEqual(out.split(b"\0"), HARD)

    def test_name_is_searched_in_path_and_kept_as_argv0(self):
        out, status = run(self.shell, [b"sh", b"-c", b"echo $0"])
        self.assertEqual((out, status), (b"sh\n", 0))

    def test_unknown_name_is_127(self):
        self.assertEqual(run(self.shell, [b"no such program"])[1], 127)
        self.assertEqual(run(self.shell, [b"/no/such/program"])[1], 127)

    def test_a_folder_or_plain_file_is_126(self):
        self.assertEqual(run(self.shell, [b"/etc/passwd"])[1], 126)
