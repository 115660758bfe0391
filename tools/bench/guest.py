# SPDX-License-Identifier: GPL-2.0-only
"""Runs programs one after the other in one VM and takes their outputs apart.

The guest prints a marker line before and after each program. A program without its
end marker died with the VM.
"""

import os
import re
import subprocess

from vm import quote

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
START = "@@ start %d"
END = re.compile(r"^@@ end (\d+) (\d+)$")
LIMIT = 900  # seconds for one program
LOG_ONLY = 125


def script(programs):
    """Shell text that runs PROGRAMS (lists of words). Its own status is always 0, so
    that the VM's status speaks of the VM alone."""
    lines = []
    for i, words in enumerate(programs):
        command = b" ".join(quote.quote(os.fsencode(w)) for w in words).decode()
        lines += [f"echo '{START % i}'", f"timeout -s KILL {LIMIT} {command}",
                  f"echo; echo '@@ end {i}' $?"]
    return "\n".join(lines + ["exit 0"])


def _say(*lines):
    """LINES in one piece: another VM's may come at the same time."""
    print("\n".join(lines), flush=True)


def boot(options, programs):
    """({index: (text, status or None)}, status of the VM). Tells when a program starts, and
    shows its output when it has ended."""
    argv = [os.path.join(TOP, "vm"), "run", *options, "--", "sh", "-c", script(programs)]
    texts = {i: ([], None) for i in range(len(programs))}
    current = None
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True,
                          errors="replace") as vm:
        for line in vm.stdout:
            line = line.rstrip("\n")
            if line.startswith("@@ start "):
                current = int(line.rpartition(" ")[2])
                _say(f"# running {' '.join(programs[current])}")
            elif m := END.match(line):
                text, current = texts[int(m[1])][0], None
                texts[int(m[1])] = (text, int(m[2]))
                _say(f"# {' '.join(programs[int(m[1])])}:", *filter(None, text))
            elif current is not None:
                texts[current][0].append(line)
            elif line:
                _say(line)
    if current is not None:
        _say(f"# {' '.join(programs[current])}, up to the VM's end:", *texts[current][0])
    return {i: ("\n".join(t), s) for i, (t, s) in texts.items()}, vm.returncode


def complain(text):
    """A line about a failure that no test line shows."""
    _say(f"FAILED: {text}")
