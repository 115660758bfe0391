# SPDX-License-Identifier: GPL-2.0-only
# What the shell tools share: where things are, how they talk, how they wait.
# Source it: . "$(dirname "$0")/common.sh"

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/iommufd-cxx
kernel_series=6.12
self=$(basename "$0")

say() { printf '%s: %s\n' "$self" "$*" >&2; }
die() { say "error: $*"; exit 1; }

# minutes SECONDS: "2m10s"
minutes() { printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); }

# version_of PACKAGE: the installed version, or nothing
version_of() {
	dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
		awk '$1 == "installed" { print $2; exit }'
}

# logged LABEL LOG UNIT COMMAND...: run COMMAND with its output in LOG, say every
# 15 s how many lines it has written, show the log's end when it fails.
logged() {
	local label=$1 log=$2 unit=$3 start=$SECONDS next=15 status=0
	shift 3
	set -m # a process group of its own, so that an interrupt reaches all of it
	"$@" >>"$log" 2>&1 </dev/null &
	logged_pid=$!
	set +m
	trap 'kill -- "-$logged_pid" 2>/dev/null; wait "$logged_pid" 2>/dev/null; exit 130' INT TERM
	while kill -0 "$logged_pid" 2>/dev/null; do
		sleep 0.5 # short naps, so that a quick command is not waited for
		if ((SECONDS - start >= next)); then
			say "$label: $(wc -l <"$log") $unit, $(minutes $((SECONDS - start)))"
			next=$((SECONDS - start + 15))
		fi
	done
	wait "$logged_pid" || status=$?
	trap - INT TERM
	if ((status)); then
		tail -n 30 "$log" >&2
		die "$label failed with status $status; the whole log is $log"
	fi
}
