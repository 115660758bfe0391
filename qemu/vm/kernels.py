# SPDX-License-Identifier: GPL-2.0-only
"""Which kernel to boot and where its modules and ours are.

test, debug, nogroup and container are built by tools/kernel; stock is Debian's own kernel, which
tools/stock-kernel fetches. Our modules for flavour F are in build/F/.
"""

import os
import subprocess
from dataclasses import dataclass

from .errors import VmError

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
FLAVORS = ("test", "debug", "nogroup", "container", "stock")
MAKE = {"test": "make", "debug": "make debug", "nogroup": "make nogroup",
        "container": "make container", "stock": "make stock"}  # what builds each


@dataclass(frozen=True)
class Kernel:
    """One bootable kernel."""

    flavor: str
    image: str
    release: str
    modules: str  # .../lib/modules/RELEASE

    @property
    def early(self):
        """Modules that the guest needs before it can talk to us."""
        return ("virtio_pci", "virtio_console") if self.flavor == "stock" else ()

    @property
    def has_iommufd(self):
        """Whether the kernel brings its own iommufd."""
        return self.flavor != "stock"


def find(flavor):
    """The kernel of that flavour from the cache."""
    tool = "stock-kernel" if flavor == "stock" else "kernel"
    words = [] if flavor == "stock" else [flavor]
    asked = subprocess.run(
        [os.path.join(TOP, "tools", tool), "path", *words],
        capture_output=True, text=True, check=False)
    if asked.returncode:
        raise VmError(asked.stderr.strip().splitlines()[-1])
    folder = asked.stdout.strip()
    if not os.path.exists(os.path.join(folder, ".complete")):
        raise VmError(f"the {flavor} kernel is not built: run '{MAKE[flavor]}' in {TOP}")
    parent = os.path.join(folder, "root", "lib", "modules")
    release, = os.listdir(parent)
    return Kernel(flavor, os.path.join(folder, "bzImage"), release,
                  os.path.join(parent, release))


def our_modules(flavor, folder=None):
    """Paths of our built modules for that flavour, in FOLDER if they are elsewhere."""
    folder = folder or os.path.join(TOP, "build", flavor)
    found = []
    for parent, _, names in os.walk(folder):
        found += [os.path.join(parent, n) for n in names if n.endswith(".ko")]
    if not any(os.path.basename(p) == "iommufd.ko" for p in found):
        raise VmError(f"no iommufd.ko in {folder}: run '{MAKE[flavor]}', or use --in-tree")
    return sorted(found)
