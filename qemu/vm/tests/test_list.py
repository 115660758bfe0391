# SPDX-License-Identifier: GPL-2.0-only
"""The list of programs: names for words, shared boots, and lines for other kernels."""

import unittest

from bench import stages

LIST = """
# a comment
edus = --device edu,addr=0x10 --device 'edu,addr=0x11'  # and why
both = $edus --icount
$both -- first
--hugepages 8 -- second 12
$both -- third --flag
--kernel stock $edus -- fourth
"""
EDUS = ("--device", "edu,addr=0x10", "--device", "edu,addr=0x11")


class ListTest(unittest.TestCase):
    """parse_list()."""

    def test_lines_with_the_same_options_share_a_boot(self):
        self.assertEqual(stages.parse_list(LIST.splitlines(), "test"), {
            ("--kernel", "test", *EDUS, "--icount"): [["first"], ["third", "--flag"]],
            ("--kernel", "test", "--hugepages", "8"): [["second", "12"]],
            ("--kernel", "stock", *EDUS): [["fourth"]]})

    def test_lines_for_other_kernels_run_once(self):
        groups = stages.parse_list(LIST.splitlines(), "debug")
        self.assertNotIn("stock", [o[1] for o in groups])
        self.assertEqual(len(groups), 2)

    def test_an_unknown_name_is_an_error(self):
        with self.assertRaises(KeyError):
            stages.parse_list(["$nothing -- prog"], "test")
