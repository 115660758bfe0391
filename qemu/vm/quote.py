# SPDX-License-Identifier: GPL-2.0-only
"""The shell script that runs COMMAND in the guest, its arguments byte for byte."""

# busybox sh prefers its own applets over PATH, so the search is done here: the
# user's folder comes first. argv[0] stays as the user gave it.
LAUNCH = b"""
case $1 in
*/*) path=$1 ;;
*)
\tpath= IFS=:
\tfor d in $PATH; do
\t\t[ -f "$d/$1" ] && [ -x "$d/$1" ] && path=$d/$1 && break
\tdone
\tunset IFS d
\tif [ -z "$path" ]; then
\t\techo "$1: not found" >&2
\t\texit 127
\tfi ;;
esac
arg0=$1
shift
exec -a "$arg0" "$path" "$@"
"""


def quote(word):
    """WORD (bytes) as one single-quoted shell word."""
    return b"'" + word.replace(b"'", b"'\\''") + b"'"


def script(words):
    """The script for COMMAND and its arguments (a list of bytes)."""
    return b"set -- " + b" ".join(quote(w) for w in words) + LAUNCH
