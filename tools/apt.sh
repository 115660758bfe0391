# SPDX-License-Identifier: GPL-2.0-only
# Package sources derived from this machine's own: no mirror is written down here, and
# keys and options are those that the machine has. Source it: . "$(dirname "$0")/apt.sh"

codename() { (. /etc/os-release && echo "${VERSION_CODENAME-}"); }

# derive TYPE SUITE: this machine's entry for its own release, rewritten to TYPE (deb
# or deb-src) of SUITE. First line: the format (list or sources), then the text.
derive() {
	local entry file stanza release
	release=$(codename)
	entry=$(apt-get indextargets --format '$(SOURCESENTRY) $(COMPONENT) $(CREATED_BY) $(RELEASE) $(CODENAME)' |
		awk -v r="$release" '($4 == r || $5 == r) && $2 == "main" && $3 == "Packages" {
			print $1; exit }')
	[ -n "$entry" ] || return 1
	file=${entry%:*} stanza=${entry##*:}
	case $file in
	*.sources)
		echo sources
		# A stanza of comments alone does not count; fields may go on over lines.
		awk -v want="$stanza" -v type="$1" -v suite="$2" 'BEGIN { RS = ""; FS = "\n" }
			{
				out = ""; drop = 0
				for (i = 1; i <= NF; i++) {
					if ($i ~ /^#/) continue
					if ($i ~ /^[ \t]/) { if (!drop) out = out $i "\n"; continue }
					drop = 0
					low = tolower($i)
					if (low ~ /^types:/) { out = out "Types: " type "\n"; drop = 1 }
					else if (low ~ /^suites:/) {
						out = out "Suites: " suite "\n"; drop = 1 }
					else if (low ~ /^components:/) {
						out = out "Components: main\n"; drop = 1 }
					else out = out $i "\n"
				}
				if (out != "" && ++n == want) printf "%s", out
			}' "$file"
		;;
	*)
		echo list
		# deb [options] URI suite component...
		sed -n "${stanza}p" "$file" | sed -E \
			"s|^(deb(-src)?)[[:space:]]+((\\[[^]]*\\][[:space:]]+)?[^[:space:]]+)[[:space:]]+.*|$1 \\3 $2 main|"
		;;
	esac
}
