// SPDX-License-Identifier: GPL-2.0-only
// A table from ids (1..2^31-1) to objects, where an id can be taken before its object may be found.
// lock() is the table's spinlock: under it a found object stays in the table; nothing may sleep there.
#pragma once
#include "base/result.hpp"
#include "bridge/xarray.h"
#include "kern/opaque.hpp"

namespace kern {

template <typename T> class IdTable {
public:
	using Id = base::ObjectId;

	IdTable() { kx_ids_init(xa_.get()); }

	// Takes a free id; ENOMEM, or EBUSY when all are taken. Context: may sleep.
	base::Result<Id> reserve()
	{
		unsigned id = 0;
		TRY(base::check(kx_ids_reserve(xa_.get(), &id), "no object id"));
		return Id(id);
	}
	// Puts an object where the caller wants it. EBUSY when the id is taken, ENOMEM. Context: may sleep.
	base::Status insert(Id id, T *object)
	{
		return base::check(kx_ids_insert(xa_.get(), id.raw(), object), "the id is taken");
	}
	// Makes the object of a reserved id visible. Cannot fail.
	void publish(Id id, T *object) { kx_ids_publish(xa_.get(), id.raw(), object); }
	// Gives an id back, reserved or published; the object that stood there.
	T *erase(Id id) { return static_cast<T *>(kx_ids_erase(xa_.get(), id.raw())); }
	T *erase_locked(Id id) { return static_cast<T *>(kx_ids_erase_locked(xa_.get(), id.raw())); }
	// The id stays taken, and leads to nothing.
	void retire_locked(Id id) { kx_ids_retire_locked(xa_.get(), id.raw()); }
	// Forgets every id, retired ones too; nobody uses the table any more.
	void forget_all() { kx_ids_destroy(xa_.get()); }
	// Null for an id that is free or only reserved.
	T *find_locked(Id id) { return static_cast<T *>(kx_ids_load(xa_.get(), id.raw())); }
	// The published object with the smallest id above `at`, which moves there; null at the end. Start with 0.
	T *next(u64 &at)
	{
		unsigned long id = at;
		T *found = static_cast<T *>(kx_ids_next(xa_.get(), &id));
		at = id;
		return found;
	}
	// No id is taken, not even reserved.
	bool empty() const { return kx_ids_empty(xa_.get()); }

	void lock() { kx_ids_lock(xa_.get()); }
	void unlock() { kx_ids_unlock(xa_.get()); }
	void assert_held() const
	{
		if constexpr (KX_LOCKDEP)
			kx_ids_assert_held(xa_.get());
	}

private:
	Opaque<xarray, KX_SIZE_xarray, KX_ALIGN_xarray> xa_;
};

} // namespace kern
