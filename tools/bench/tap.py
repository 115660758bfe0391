# SPDX-License-Identifier: GPL-2.0-only
"""Counts test results in TAP and KTAP text.

Leaves are counted: a result line that closes an indented block of results stands for
that block and only counts when it fails although nothing in the block did. A missing
plan, or a plan that promises more than came, is a failure: the program ended early.
"""

import re
from dataclasses import dataclass

RESULT = re.compile(r"^(?P<indent> *)(?P<not>not )?ok\b\s*\d*\s*(?:- )?(?P<rest>.*)$")
PLAN = re.compile(r"^(?P<indent> *)1\.\.(?P<count>\d+)\s*(?P<rest>#.*)?$")
SKIP = re.compile(r"#\s*skip", re.IGNORECASE)


@dataclass
class Count:
    """How many tests passed, failed, and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Count(self.passed + other.passed, self.failed + other.failed,
                     self.skipped + other.skipped)

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


@dataclass
class _Level:
    """Results of one indentation so far."""

    plan: int = None
    seen: int = 0
    failed: int = 0


class _Parser:
    def __init__(self):
        self.count = Count()
        self.problems = []
        self._levels = {}

    def _close(self, indent):
        """Ends the blocks deeper than INDENT; whether there were any, and failures."""
        deeper = [i for i in self._levels if i > indent]
        failures = sum(self._end(i) for i in sorted(deeper, reverse=True))
        return bool(deeper), failures

    def _end(self, indent):
        level = self._levels.pop(indent)
        if level.plan is None:
            self._problem("no plan")
            return level.failed + 1
        if level.seen != level.plan:
            self._problem(f"{level.plan} results promised, {level.seen} came")
            return level.failed + 1
        return level.failed

    def _problem(self, text):
        self.problems.append(text)
        self.count.failed += 1

    def line(self, line):
        """One line of output."""
        if m := PLAN.match(line):
            level = self._levels.setdefault(len(m["indent"]), _Level())
            level.plan = int(m["count"])
            if level.plan == 0 and m["rest"] and SKIP.search(m["rest"]):
                self.count.skipped += 1
        elif m := RESULT.match(line):
            self._result(len(m["indent"]), bool(m["not"]), m["rest"])

    def _result(self, indent, failed, rest):
        was_block, failures = self._close(indent)
        level = self._levels.setdefault(indent, _Level())
        level.seen += 1
        level.failed += failed
        if was_block:
            if failed and not failures:
                self._problem(f"a group failed: {rest}")
        elif SKIP.search(rest) and not failed:
            self.count.skipped += 1
        elif failed:
            self.count.failed += 1
        else:
            self.count.passed += 1

    def finish(self):
        """After the last line."""
        self._close(-1)
        if self.count == Count():
            self._problem("no test result at all")


def parse(text):
    """(Count, problems with the form) of TAP text."""
    parser = _Parser()
    for line in text.splitlines():
        parser.line(line)
    parser.finish()
    return parser.count, parser.problems
