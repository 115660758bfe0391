// SPDX-License-Identifier: GPL-2.0-only
// bridge/xarray.h: a table of ids as a std::map, where null stands for an id that is only reserved, or retired.
#include <map>

#include "bridge/layout.gen.h"
#include "bridge/xarray.h"
#include "fake/fault.hpp"
#include "fake/sync.hpp"

struct xarray {
	fake::Lock lock;
};
static_assert(sizeof(xarray) <= KX_SIZE_xarray);

namespace {

using Ids = std::map<unsigned, void *>;

// A table has no end of life in the kernel, so its map is kept by address.
Ids &ids(const xarray *xa)
{
	static std::map<const xarray *, Ids> tables;
	return tables[xa];
}

class Locked {
public:
	explicit Locked(xarray *xa) : xa_(xa) { kx_ids_lock(xa_); }
	~Locked() { kx_ids_unlock(xa_); }

private:
	xarray *xa_;
};

} // namespace

void kx_ids_init(xarray *xa)
{
	xa->lock = {"xa_lock", true, false, 0};
	ids(xa).clear();
}

int kx_ids_reserve(xarray *xa, unsigned *id)
{
	fake::might_sleep("reserving an id");
	if (fake::step(fake::Fault::kAlloc))
		return -12;
	Locked guard(xa);
	*id = 1;
	while (ids(xa).contains(*id))
		++*id;
	ids(xa)[*id] = nullptr;
	return 0;
}

int kx_ids_insert(xarray *xa, unsigned id, void *entry)
{
	fake::might_sleep("inserting an id");
	if (fake::step(fake::Fault::kAlloc))
		return -12;
	Locked guard(xa);
	return ids(xa).try_emplace(id, entry).second ? 0 : -16;
}

void kx_ids_publish(xarray *xa, unsigned id, void *entry)
{
	Locked guard(xa);
	if (!ids(xa).contains(id) || ids(xa)[id])
		fake::problem("id %u published without being reserved", id);
	ids(xa)[id] = entry;
}

void *kx_ids_erase(xarray *xa, unsigned id)
{
	Locked guard(xa);
	// Of a fault queue's cookies the user says which.
	return ids(xa).contains(id) ? kx_ids_erase_locked(xa, id) : nullptr;
}

void *kx_ids_erase_locked(xarray *xa, unsigned id)
{
	if (!xa->lock.exclusive)
		fake::problem("id %u erased without the table's lock", id);
	auto it = ids(xa).find(id);
	if (it == ids(xa).end()) {
		fake::problem("id %u erased although it is free", id);
		return nullptr;
	}
	void *entry = it->second;
	ids(xa).erase(it);
	return entry;
}

void kx_ids_retire_locked(xarray *xa, unsigned id)
{
	if (!xa->lock.exclusive)
		fake::problem("id %u retired without the table's lock", id);
	auto it = ids(xa).find(id);
	if (it == ids(xa).end() || !it->second)
		fake::problem("id %u retired although nothing stands there", id);
	else
		it->second = nullptr;
}

void kx_ids_destroy(xarray *xa) { ids(xa).clear(); }

void *kx_ids_load(xarray *xa, unsigned id)
{
	auto it = ids(xa).find(id);
	return it == ids(xa).end() ? nullptr : it->second;
}

void *kx_ids_next(xarray *xa, unsigned long *id)
{
	for (auto it = ids(xa).upper_bound(*id); it != ids(xa).end(); ++it)
		if (it->second) {
			*id = it->first;
			return it->second;
		}
	return nullptr;
}

bool kx_ids_empty(const xarray *xa) { return ids(xa).empty(); }
void kx_ids_lock(xarray *xa) { fake::take_lock(xa->lock, false); }
void kx_ids_unlock(xarray *xa) { fake::drop_lock(xa->lock, false); }
void kx_ids_assert_held(const xarray *xa) { fake::assert_held(xa->lock); }
