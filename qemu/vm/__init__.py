# SPDX-License-Identifier: GPL-2.0-only
"""The VM runner behind ./vm: boots a kernel in QEMU, runs one command, judges the log.

cli        options and help          kernels    which kernel, which modules
machine    the QEMU command line     stage      the guest's module tree
initramfs  newc archive writer       programs   --copy and shared libraries
session    QEMU's life, the ports    logscan    what counts as a failure in the log
guest/     what runs inside the VM
"""
