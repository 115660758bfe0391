# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the emulated Intel VT-d without a guest: every table is built by hand."""
