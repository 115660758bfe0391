# SPDX-License-Identifier: GPL-2.0-only
"""Finds reports of trouble in a kernel log: WARN, BUG, oops, KASAN, UBSAN, lockdep,
kmemleak, refcount, hung task, stall, debug objects, list corruption, bad pages.

A stack trace alone is no report: fault injection prints one for each failure that it
injects ("FAULT_INJECTION: forcing a failure"), and so do failed allocations.
"""

import re

# "[    1.234567] " and, with PRINTK_CALLER, "[   T12] "
PREFIX = r"^(?:\[ *\d+\.\d+\])?(?:\[ *[TC]\d+\])? ?"

# Reports that start a line
STARTS = (
    r"WARNING: ",  # WARN() and all of lockdep's headers
    r"INFO: trying to register non-static key",
    r"INFO: lockdep is turned off",
    r"INFO: suspicious RCU usage",
    r"-+\[ cut here \]-+",
    r"refcount_t: ",
    r"(list|plist|hlist)\w* \w*corruption",
    r"list_(add|del) (double add|corruption)",
    r"general protection fault",
    r"(int3|divide error|invalid opcode|stack segment|double fault): ",
    r"bad: scheduling from the idle thread",
    r"sysfs: cannot create duplicate filename",
    r"unchecked MSR access error",
    r"page dumped because",
    r"unreferenced object 0x",
    r"Kernel panic",
)
# Reports that may stand behind a subsystem's name
ANYWHERE = (
    r"\bBUG:? ",  # BUG: KASAN, BUG: sleeping function, BUG: scheduling while atomic,
                  # watchdog: BUG: soft lockup, SLUB's "BUG kmalloc-64 (Tainted"
    r"[kK]ernel BUG at ",
    r"\bKASAN: ",
    r"\bKCSAN: ",
    r"\bUBSAN: ",
    r"\bOops: ",
    r"INFO: task .* blocked for more than",
    r"INFO: rcu\w* .*(stall|detected)",
    r"rcu\w*: INFO: ",
    r"rcu_\w+ kthread (starved|timer wakeup)",
    # at 0 s by the command line, later because it gave up
    r"(?<!\[    0\.000000\] )kmemleak: Kernel memory leak detector disabled",
    r"kmemleak: (?!Kernel memory leak detector (initialized|disabled)|"
    r"Automatic memory scanning thread (started|ended)|"
    r"Ignoring |Early log )",
    r"ODEBUG: (?!selftest passed|\d+ of \d+ active objects replaced)",
    r"irq \d+: nobody cared",
    r"Slab cache still has objects",
    r"does not have a release\(\) function",
    r"Bad (page|rss-counter) (state|map)",
    r"vm: failure: ",
)
REPORT = re.compile(
    PREFIX + "(?:" + "|".join(STARTS) + ")|(?:" + "|".join(ANYWHERE) + ")")
END = re.compile(r"---\[ end trace")

CONTEXT = 25  # lines shown of one report
SHOWN = 5     # reports shown


def reports(lines):
    """The reports in LINES, each a list of lines: the header and what follows it,
    up to the end of its trace or CONTEXT lines."""
    found = []
    open_until = -1
    for i, line in enumerate(lines):
        if i <= open_until:
            found[-1].append(line)
            if END.search(line):
                open_until = -1
        elif REPORT.search(line):
            found.append([line])
            open_until = i + CONTEXT - 1
    return found


def describe(found, log):
    """What to tell the user about the reports FOUND in the file LOG."""
    text = [f"vm: the kernel log has {len(found)} report(s), all of it is in {log}:"]
    for report in found[:SHOWN]:
        text += ["  " + line for line in report]
        text.append("")
    if len(found) > SHOWN:
        text.append(f"  ... and {len(found) - SHOWN} more")
    return "\n".join(text)
