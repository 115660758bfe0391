# SPDX-License-Identifier: GPL-2.0-only
"""The list of programs: names for words, shared boots, and lines for other kernels."""

import contextlib
import io
import threading
import unittest
from unittest import mock

from bench import stages
from bench.tap import Count

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


class OurQemuTest(unittest.TestCase):
    """Lines that only our own QEMU can run."""

    GROUPS = stages.parse_list(["--iommu intel-strict -- one 1", "--iommu intel-strict -- two",
                                "--iommu intel -- three", "-- four"], "test")

    def run_with(self, ours):
        """(Count, what was printed, the options of the boots) of the stage."""
        boots = []

        def boot(options, programs):
            boots.append(tuple(options[:4]))
            return {i: ("1..1\nok 1 x", 0) for i in range(len(programs))}, 0

        with mock.patch.object(stages.machine, "find_qemu", return_value="qemu"), \
                mock.patch.object(stages.machine, "offers",
                                  side_effect=lambda _, iommu: ours or iommu != "intel-strict"), \
                mock.patch.object(stages, "selftest_list", return_value=self.GROUPS), \
                mock.patch.object(stages.guest, "boot", side_effect=boot), \
                contextlib.redirect_stdout(io.StringIO()) as out:
            return stages.selftests("test"), out.getvalue(), boots

    def test_they_run_where_it_is_built(self):
        count, text, boots = self.run_with(ours=True)
        self.assertEqual(count, Count(passed=4 + 3))
        self.assertNotIn("SKIP", text)
        self.assertEqual(len(boots), 3)

    def test_else_they_are_skipped_and_told(self):
        count, text, boots = self.run_with(ours=False)
        self.assertEqual(count, Count(passed=2 + 2, skipped=2))
        self.assertEqual([line.partition(":")[0] for line in text.splitlines()],
                         ["# SKIP one 1", "# SKIP two"])
        self.assertNotIn("intel-strict", [word for options in boots for word in options])


class TwoAtOnceTest(unittest.TestCase):
    """A VM with one CPU beside another."""

    def test_icount_runs_beside_the_others_and_in_order(self):
        groups = stages.parse_list(["--icount -- a", "--icount --mem 1 -- b", "-- c"], "test")
        met, order = threading.Barrier(2), []

        def boot(options, programs):
            order.append(programs[0][0])
            if programs[0][0] != "b":
                met.wait(timeout=20)  # breaks, and fails the test, if the other one does not come
            return {0: ("1..1\nok 1 x", 0)}, 0

        with mock.patch.object(stages.machine, "find_qemu", return_value="qemu"), \
                mock.patch.object(stages, "selftest_list", return_value=groups), \
                mock.patch.object(stages.guest, "boot", side_effect=boot):
            self.assertEqual(stages.selftests("test"), Count(passed=6))
        self.assertEqual(sorted(order[:2]), ["a", "c"])
        self.assertEqual(order[2], "b")
