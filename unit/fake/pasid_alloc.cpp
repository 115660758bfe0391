// SPDX-License-Identifier: GPL-2.0-only
// What the PASID allocator needs of the kernel; see pasid_alloc.hpp.
#include "fake/pasid_alloc.hpp"

#include <map>

#include "bridge/layout.gen.h"
#include "fake/fault.hpp"
#include "fake/iommu.hpp"
#include "fake/module.hpp"
#include "fake/sync.hpp"
#include "pasid_alloc/glue.h"

namespace {

std::set<unsigned> taken;
std::vector<fake::LogLine> lines;

// By address: both are opaque storage in the code under test.
std::map<const xarray *, std::map<unsigned long, void *>> tables;
std::map<const ida *, std::set<unsigned>> sets;

void log(fake::Level level, const std::string &text) { lines.push_back({level, text}); }

// The lowest number of min..max that is not in the set; max + 1: none.
unsigned lowest_free(const std::set<unsigned> &in, unsigned min, unsigned max)
{
	auto at = in.lower_bound(min);
	while (min <= max && at != in.end() && *at == min) {
		++at;
		++min;
	}
	return min;
}

} // namespace

std::set<unsigned> &fake::global_pasids() { return taken; }
const std::vector<fake::LogLine> &fake::pasid_log() { return lines; }

std::vector<std::string> fake::logged(Level level)
{
	std::vector<std::string> found;
	for (const LogLine &line : lines)
		if (line.level == level)
			found.push_back(line.text);
	return found;
}

void fake::reset_pasids()
{
	taken.clear();
	lines.clear();
}

void px_table_init(xarray *xa) { tables[xa].clear(); }

void px_table_destroy(xarray *xa)
{
	if (!tables[xa].empty())
		fake::problem("a table is destroyed with %zu entries", tables[xa].size());
	tables.erase(xa);
}

int px_table_insert(xarray *xa, unsigned id, void *entry)
{
	fake::might_sleep("a table's entry");
	if (reinterpret_cast<unsigned long>(entry) % 4 || !entry)
		fake::problem("an xarray cannot hold %p", entry);
	if (fake::step(fake::Fault::kAlloc))
		return -12;
	return tables[xa].try_emplace(id, entry).second ? 0 : -16;
}

int px_table_insert_marked(xarray *xa, unsigned id, void *entry) { return px_table_insert(xa, id, entry); }

void *px_table_erase(xarray *xa, unsigned id)
{
	auto node = tables[xa].extract(id);
	return node ? node.mapped() : nullptr;
}

void *px_table_find(xarray *xa, unsigned id)
{
	auto at = tables[xa].find(id);
	return at == tables[xa].end() ? nullptr : at->second;
}

void *px_table_first(xarray *xa, unsigned long *id, unsigned long last)
{
	auto at = tables[xa].lower_bound(*id);
	if (at == tables[xa].end() || at->first > last)
		return nullptr;
	*id = at->first;
	return at->second;
}

void *px_table_first_marked(xarray *xa, unsigned long *id, unsigned long last) { return px_table_first(xa, id, last); }

void px_set_init(ida *set) { sets[set].clear(); }

void px_set_destroy(ida *set)
{
	if (!sets[set].empty())
		fake::problem("a set is destroyed with %zu ids", sets[set].size());
	sets.erase(set);
}

int px_set_take(ida *set, unsigned min, unsigned max, unsigned *id)
{
	fake::might_sleep("a set's id");
	if (fake::step(fake::Fault::kAlloc))
		return -12;
	const unsigned free = lowest_free(sets[set], min, max);
	if (free > max)
		return -28;
	sets[set].insert(free);
	*id = free;
	return 0;
}

void px_set_give(ida *set, unsigned id)
{
	if (!sets[set].erase(id))
		fake::problem("id %u is not taken", id);
}

unsigned px_max_pasids(device *dev) { return dev ? dev->max_pasids : 0; }

bool px_lease(device *dev, unsigned *pasid)
{
	fake::might_sleep("a global PASID");
	if (!dev->max_pasids)
		fake::problem("a PASID for a device that has none");
	if (fake::step(fake::Fault::kAlloc))
		return false;
	*pasid = lowest_free(taken, 1, dev->max_pasids - 1);
	if (*pasid >= dev->max_pasids)
		return false;
	taken.insert(*pasid);
	return true;
}

void px_return(unsigned pasid)
{
	if (!taken.erase(pasid))
		fake::problem("global PASID %u is not taken", pasid);
}

bool px_module_get(module *m)
{
	if (m && m->going)
		return false;
	if (m)
		m->refs++;
	return true;
}

void px_module_put(module *m)
{
	if (m && --m->refs < 0)
		fake::problem("module put once too often");
}

void px_log_private(const char *consumer) { log(fake::Level::kInfo, std::string(consumer) + ": private"); }

void px_log_refused(const char *consumer, const char *backend, const char *why)
{
	log(fake::Level::kError, std::string(consumer) + ": " + backend + ": " + why);
}

void px_log_leaks(const char *consumer, unsigned count)
{
	log(fake::Level::kWarning, std::string(consumer) + ": " + std::to_string(count));
}

void px_log_leak(const char *consumer, const char *owner, unsigned pasid)
{
	log(fake::Level::kWarning, std::string(consumer) + ": " + owner);
	log(fake::Level::kDebug, std::string(consumer) + ": " + std::to_string(pasid));
}
