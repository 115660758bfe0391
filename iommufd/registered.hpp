// SPDX-License-Identifier: GPL-2.0-only
// What other modules have registered with us, each known by its operations: IOMMU drivers, exporters of dma-bufs. There
// are two or three of a kind. T has the members `ops` and `next`; it is the other module's.
//
// Lock: kx_registry_lock() guards the list. That what is found stays is up to who registered it.
#pragma once
#include "iommufd/registry_lock.hpp"
#include "kern/log.hpp"

namespace iommufd {

template <typename T> class Registered {
public:
	using Ops = decltype(T::ops);

	// Null when there is none. Context: may sleep.
	T *find(Ops ops)
	{
		RegistryGuard guard;
		return *find_locked(ops);
	}
	// EBUSY: there is one with these operations. Context: may sleep.
	base::Status add(T &item)
	{
		RegistryGuard guard;
		T **end = find_locked(item.ops);
		if (*end)
			return base::fail(base::Errno::kBusy, "there is one with these operations");
		item.next = nullptr;
		*end = &item;
		return {};
	}
	void remove(T &item)
	{
		RegistryGuard guard;
		T **at = find_locked(item.ops);
		if (!WARN_ON(*at != &item))
			*at = item.next;
	}

private:
	// Where the one with these operations is on the list, or its end.
	T **find_locked(Ops ops)
	{
		T **at = &first_;

		kx_registry_assert_held();
		while (*at && (*at)->ops != ops)
			at = &(*at)->next;
		return at;
	}

	T *first_ = nullptr;
};

} // namespace iommufd
