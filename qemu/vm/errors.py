# SPDX-License-Identifier: GPL-2.0-only
"""The errors that end a run before or beside the command, with their exit status."""


class VmError(Exception):
    """Wrong use, or something needed is missing: one line says what. Exit status 2."""

    status = 2


class SetupError(VmError):
    """The VM came up but not as asked (a module does not load). Exit status 125."""

    status = 125
