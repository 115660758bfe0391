# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulated SMMUv3 of the machine virt, driven by hand."""
