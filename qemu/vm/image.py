# SPDX-License-Identifier: GPL-2.0-only
"""The initramfs of one run: busybox, guest/, the modules, the command and its files."""

import os
import re
import shutil
import subprocess
import tempfile

from . import initramfs, kernels, machine, programs, quote, stage
from .errors import VmError

HERE = os.path.dirname(os.path.realpath(__file__))
BUSYBOX = "/bin/busybox"


def modules_to_load(options, kernel):
    """Names that init loads, in order."""
    ours = ["iommufd"]
    if kernel.has_iommufd:  # Debian's vfio does not use one
        ours.append("vfio-pci")
    return ([] if options.no_modules else ours) + options.modprobe


def guest_config(options, kernel):
    """/vm/config for init."""
    size = shutil.get_terminal_size()
    term = re.sub(r"[^\w.+-]", "", os.environ.get("TERM", "")) or "linux"
    return (f"MODE={'shell' if options.mode == 'shell' else 'command'}\n"
            f"MODULES='{' '.join(modules_to_load(options, kernel))}'\n"
            f"EARLY='{' '.join(kernel.early)}'\n"
            f"STTY='sane rows {size.lines} cols {size.columns}'\n"
            f"{'TERM=' + term if options.mode == 'shell' else ''}\n").encode()


def add_system(archive):
    """busybox and the folders that init expects."""
    if not os.path.exists(BUSYBOX):
        raise VmError(f"{BUSYBOX} (busybox-static) is missing: run 'make deps'")
    for folder in ("proc", "sys", "dev", "root", "etc", "run", "var", "vm", "work"):
        archive.folder(folder)
    archive.folder("tmp", 0o1777)
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3, 0o666)
    archive.host_file("bin/busybox", BUSYBOX)
    applets = subprocess.run([BUSYBOX, "--list-full"], capture_output=True, text=True,
                             check=True).stdout
    for path in applets.split():
        archive.link(path, "/bin/busybox")
    archive.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    archive.file("etc/group", b"root:x:0:\n")


def build(options, words, kernel, root):
    """The initramfs as bytes. ROOT is a scratch folder for the module tree."""
    ours = options.in_tree or (options.no_modules and not built(options.kernel))
    stage.build(kernel, [] if ours else kernels.our_modules(options.kernel, options.modules), root)
    archive = initramfs.Archive()
    add_system(archive)
    archive.tree("lib/modules", os.path.join(root, "lib", "modules"))
    archive.host_file("init", os.path.join(HERE, "guest", "init"))
    archive.host_file("vm/lib", os.path.join(HERE, "guest", "lib"))
    archive.file("vm/config", guest_config(options, kernel))
    archive.file("vm/command", quote.script([os.fsencode(w) for w in words]))
    archive.file("vm/motd", (
        f"Linux {kernel.release}, iommufd: "
        f"{'in-tree' if options.in_tree else 'ours'}. "
        "Leave with 'exit'; Ctrl-a x ends the VM at once.\n").encode())
    for path in options.copy:
        programs.add(archive, "work", path)
    if options.copy_qemu:
        programs.add(archive, "work", machine.find_qemu(), "qemu-system-x86_64")
    return archive.bytes()


def built(flavor):
    """Whether our modules for that flavour are there."""
    try:
        return bool(kernels.our_modules(flavor))
    except VmError:
        return False


def memory_file(options, words, kernel):
    """The initramfs in an anonymous file: nothing to clean up. Its descriptor."""
    with tempfile.TemporaryDirectory(prefix="iommufd-vm-") as root:
        data = build(options, words, kernel, root)
    fd = os.memfd_create("initramfs")
    with os.fdopen(os.dup(fd), "wb") as f:
        f.write(data)
    return fd
