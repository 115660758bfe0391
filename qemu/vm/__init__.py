# SPDX-License-Identifier: GPL-2.0-only
"""The VM runner behind ./vm: boots a kernel in QEMU, runs one command, judges the log.

cli        the order of things      options    options, help, refusals
kernels    which kernel, modules    image      the initramfs of a run
stage      the guest's modules      programs   --copy and shared libraries
initramfs  newc archive writer      quote      the command, byte for byte
machine    QEMU's command line      session    QEMU's life, its ports
logscan    what counts as a failure in the log
guest/     what runs inside the VM
"""
