// SPDX-License-Identifier: GPL-2.0-only
// bridge/vdevices.h: the tables as std::maps, and readers that are counted. Rules that are checked: a table is empty at
// its end, nothing is taken out that is not there, nobody waits for readers under a lock or within a section of his
// own.
#include "bridge/vdevices.h"

#include <map>
#include <utility>

#include "bridge/layout.gen.h"
#include "bridge/xarray.h"
#include "fake/fault.hpp"
#include "fake/sync.hpp"

using fake::problem;

struct rhashtable {
	bool ready;
};
struct srcu_struct {
	bool ready;
	int readers;
};
static_assert(sizeof(rhashtable) <= KX_SIZE_rhashtable && sizeof(srcu_struct) <= KX_SIZE_srcu);

namespace {

using Numbers = std::map<unsigned long, void *>; // null: taken, and nobody finds it
using Carriers = std::map<std::pair<device *, unsigned>, unsigned long long>;

// By address, from init to destroy
std::map<const xarray *, Numbers> all_numbers;
std::map<const rhashtable *, Carriers> all_carriers;

} // namespace

void kx_numbers_init(xarray *xa)
{
	if (!all_numbers.try_emplace(xa).second)
		problem("a table of numbers made twice");
}

void kx_numbers_destroy(xarray *xa)
{
	if (!all_numbers.at(xa).empty())
		problem("a table of numbers has entries at its end");
	all_numbers.erase(xa);
}

int kx_numbers_reserve(xarray *xa, unsigned long number)
{
	fake::might_sleep("reserving a number");
	if (fake::step(fake::Fault::kAlloc))
		return -12;
	return all_numbers.at(xa).try_emplace(number, nullptr).second ? 0 : -16;
}

void kx_numbers_publish(xarray *xa, unsigned long number, void *entry)
{
	Numbers &numbers = all_numbers.at(xa);
	auto it = numbers.find(number);
	if (it == numbers.end() || it->second)
		problem("number %#lx published without being reserved", number);
	numbers[number] = entry;
}

void kx_numbers_erase(xarray *xa, unsigned long number)
{
	if (!all_numbers.at(xa).erase(number))
		problem("number %#lx erased although it is free", number);
}

void *kx_numbers_find(xarray *xa, unsigned long number)
{
	const Numbers &numbers = all_numbers.at(xa);
	auto it = numbers.find(number);
	return it == numbers.end() ? nullptr : it->second;
}

int kx_carriers_init(rhashtable *table)
{
	fake::might_sleep("making a hash table");
	if (fake::step(fake::Fault::kAlloc))
		return -12;
	if (!all_carriers.try_emplace(table).second)
		problem("a table of carriers made twice");
	return 0;
}

void kx_carriers_destroy(rhashtable *table)
{
	if (!all_carriers.at(table).empty())
		problem("a table of carriers has entries at its end");
	all_carriers.erase(table);
}

int kx_carriers_add(rhashtable *table, device *dev, unsigned pasid, unsigned long long number)
{
	fake::might_sleep("adding a carrier");
	if (fake::step(fake::Fault::kAlloc))
		return -12;
	if (!all_carriers.at(table).try_emplace({dev, pasid}, number).second)
		problem("a carrier added twice");
	return 0;
}

void kx_carriers_remove(rhashtable *table, device *dev, unsigned pasid)
{
	if (!all_carriers.at(table).erase({dev, pasid}))
		problem("a carrier removed that is not there");
}

int kx_carriers_find(rhashtable *table, device *dev, unsigned pasid, unsigned long long *number)
{
	const Carriers &carriers = all_carriers.at(table);
	auto it = carriers.find({dev, pasid});
	if (it == carriers.end())
		return -2;
	*number = it->second;
	return 0;
}

int kx_srcu_init(srcu_struct *srcu)
{
	fake::might_sleep("making an SRCU");
	if (fake::step(fake::Fault::kAlloc))
		return -12;
	*srcu = {true, 0};
	return 0;
}

void kx_srcu_destroy(srcu_struct *srcu)
{
	if (!srcu->ready || srcu->readers)
		problem("an SRCU destroyed with readers, or twice");
	srcu->ready = false;
}

int kx_srcu_enter(srcu_struct *srcu)
{
	if (!srcu->ready)
		problem("an SRCU used that was not initialised");
	return srcu->readers++;
}

void kx_srcu_leave(srcu_struct *srcu, int cookie)
{
	if (--srcu->readers != cookie)
		problem("SRCU sections left in another order than they were entered");
}

void kx_srcu_wait(srcu_struct *srcu)
{
	fake::might_sleep("waiting for readers");
	if (fake::locks_held())
		problem("waiting for readers with a lock held");
	if (srcu->readers)
		problem("waiting for readers within a section would not end");
}
