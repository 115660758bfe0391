# SPDX-License-Identifier: GPL-2.0-only
"""The test driver behind `make test`: each stage runs something and counts."""
