# SPDX-License-Identifier: GPL-2.0-only
"""Counting TAP and KTAP, and what is wrong with them."""

import unittest

from bench import tap
from bench.tap import Count

CASES = {
    "plain": ("TAP version 13\n1..3\nok 1 a\nnot ok 2 b\nok 3 c # SKIP no device\n",
              Count(1, 1, 1)),
    "plan at the end": ("ok 1 a\nok 2 b\n1..2\n", Count(2, 0, 0)),
    "no plan": ("ok 1 a\n", Count(1, 1, 0)),
    "early end": ("1..3\nok 1 a\n", Count(1, 1, 0)),
    "too many": ("1..1\nok 1 a\nok 2 b\n", Count(2, 1, 0)),
    "nothing": ("hello\n", Count(0, 1, 0)),
    "nothing planned": ("1..0 # SKIP no device\n", Count(0, 0, 1)),
    "diagnostics are not results": ("1..1\n# ok 9 no\n#   1..7\nok 1 a\n", Count(1, 0, 0)),
    "kunit": ("KTAP version 1\n1..2\n    KTAP version 1\n    # Subtest: s\n    1..2\n"
              "    ok 1 a\n    not ok 2 b\nnot ok 1 s\n    KTAP version 1\n    1..1\n"
              "    ok 1 c\nok 2 t\n", Count(2, 1, 0)),
    "kunit parameters": ("KTAP version 1\n1..1\n    KTAP version 1\n    1..1\n"
                         "        KTAP version 1\n        # Subtest: p\n        1..2\n"
                         "        ok 1 x\n        ok 2 y\n    ok 1 p\nok 1 s\n",
                         Count(2, 0, 0)),
    "a group fails by itself": ("1..1\n    1..1\n    ok 1 a\nnot ok 1 s\n", Count(1, 1, 0)),
    "a failed skip is a failure": ("1..1\nnot ok 1 a # SKIP\n", Count(0, 1, 0)),
    "a group without results": ("1..2\nok 1 a\n    1..2\n", Count(1, 2, 0)),
}


class TapTest(unittest.TestCase):
    """Each text gives its count."""

    def test_counts(self):
        for name, (text, want) in CASES.items():
            with self.subTest(name=name):
                self.assertEqual(tap.parse(text)[0], want)

    def test_sum(self):
        self.assertEqual(Count(1, 2, 3) + Count(4, 5, 6), Count(5, 7, 9))
