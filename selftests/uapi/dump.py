#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints a C program that prints what a compiler makes of every structure, field and number
of a uAPI header: built against that header and against another one, it tells whether the two
agree. A name that the other one lacks does not compile.

usage: dump.py HEADER
"""

import re
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    TEXT = re.sub(r"/\*.*?\*/|//[^\n]*", "", f.read(), flags=re.DOTALL)

lines = []
for kind, name, body in re.findall(r"^(struct|union) (\w+) \{\n(.*?)^\}", TEXT,
                                   re.MULTILINE | re.DOTALL):
    lines.append(f'printf("{name} size %zu align %zu\\n", sizeof({kind} {name}), '
                 f'_Alignof({kind} {name}));')
    for field in re.findall(r"^\s*(?:struct )?\w+\s+(\w+)(?:\[\w+\])?;", body, re.MULTILINE):
        lines.append(f'printf("{name}.{field} at %zu size %zu\\n", '
                     f'offsetof({kind} {name}, {field}), sizeof((({kind} {name} *)0)->{field}));')
values = re.findall(r"^\s*(IOMMU\w+)\s*(?:=[^,}]*)?,?$", TEXT, re.MULTILINE)
values += re.findall(r"^#define\s+(IOMMU\w+)\s", TEXT, re.MULTILINE)
for value in values:
    lines.append(f'printf("{value} = %#llx\\n", (unsigned long long)({value}));')
if len(lines) < 2:
    sys.exit(f"{sys.argv[1]}: neither structures nor numbers found")

print("#include <linux/iommufd.h>\n#include <stddef.h>\n#include <stdio.h>\n\nint main(void)\n{")
print("\n".join(f"\t{line}" for line in lines))
print("\treturn 0;\n}")
