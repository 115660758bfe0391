# SPDX-License-Identifier: GPL-2.0-only
"""The guest's /lib/modules: the kernel's own tree with our modules in updates/,
and the modules.dep that fits. depmod runs here on the host.

An in-tree module that one of ours replaces is left out, so that no path leads to it.
"""

import lzma
import os
import shutil
import subprocess

from .errors import VmError

# Of Debian's kernel, which has thousands of modules, only these and what they need.
STOCK_WANTED = ("virtio_pci", "virtio_console", "vfio", "vfio-pci", "kunit")
META = ("modules.order", "modules.builtin", "modules.builtin.modinfo")


def name_of(path):
    """Module name of a path, as the kernel spells it."""
    return os.path.basename(path).split(".ko")[0].replace("-", "_")


def dependencies(modules_dep):
    """{path: [paths it needs]} from the text of a modules.dep."""
    out = {}
    for line in modules_dep.splitlines():
        path, _, needs = line.partition(":")
        out[path] = needs.split()
    return out


def wanted(kernel):
    """Paths below kernel.modules of the .ko files that the guest gets."""
    with open(os.path.join(kernel.modules, "modules.dep"), encoding="utf-8") as f:
        deps = dependencies(f.read())
    if kernel.flavor != "stock":
        return sorted(deps)
    names = {n.replace("-", "_") for n in STOCK_WANTED}
    chosen = set()
    for path, needs in deps.items():
        if name_of(path) in names:
            chosen.update([path, *needs])
    return sorted(chosen)


def _copy(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if source.endswith(".xz"):
        with lzma.open(source) as packed, open(target[:-len(".xz")], "wb") as plain:
            shutil.copyfileobj(packed, plain)
    else:
        shutil.copyfile(source, target)


def build(kernel, ours, root):
    """Makes ROOT/lib/modules/RELEASE from the kernel's modules and OURS (paths)."""
    tree = os.path.join(root, "lib", "modules", kernel.release)
    os.makedirs(tree)
    replaced = {name_of(p) for p in ours}
    for path in wanted(kernel):
        if name_of(path) not in replaced:
            _copy(os.path.join(kernel.modules, path), os.path.join(tree, path))
    for path in ours:
        _copy(path, os.path.join(tree, "updates", os.path.basename(path)))
    for name in META:
        source = os.path.join(kernel.modules, name)
        if os.path.exists(source):
            shutil.copyfile(source, os.path.join(tree, name))
    depmod = shutil.which("depmod", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not depmod:
        raise VmError("depmod is missing: run 'make deps'")
    done = subprocess.run([depmod, "-b", root, kernel.release],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise VmError(f"depmod failed: {done.stderr.strip()}")
