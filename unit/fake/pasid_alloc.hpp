// SPDX-License-Identifier: GPL-2.0-only
// pasid_alloc/glue.h: the kernel's global PASIDs, tables and sets of ids, what the allocator logs. Rules that are
// checked: no PASID is given back that was not leased, no table or set is destroyed with something in it.
#pragma once
#include <set>
#include <string>
#include <vector>

struct device;

namespace fake {

// The kernel's PASIDs that are taken, by us or others.
std::set<unsigned> &global_pasids();

enum class Level { kDebug, kInfo, kWarning, kError };
struct LogLine {
	Level level;
	std::string text;
};
const std::vector<LogLine> &pasid_log();
// Lines of that level.
std::vector<std::string> logged(Level level);
void reset_pasids();

} // namespace fake
