// SPDX-License-Identifier: GPL-2.0-only
// What a vIOMMU needs of the kernel beside domains: tables that are read without a lock, and readers that one can wait
// for.
#pragma once
#include "base/result.hpp"
#include "bridge/vdevices.h"
#include "bridge/viommu.h"
#include "kern/opaque.hpp"

namespace kern {

// From 64-bit numbers to objects. A number can be taken before its object may be found.
template <typename T> class NumberTable {
public:
	NumberTable() { kx_numbers_init(xa_.get()); }
	~NumberTable() { kx_numbers_destroy(xa_.get()); }

	// EEXIST: it is taken; ENOMEM. Context: may sleep.
	base::Status reserve(u64 number)
	{
		const int rc = kx_numbers_reserve(xa_.get(), number);
		if (rc == -16) // the kernel's word for it
			return base::fail(base::Errno::kExist, "the number is taken");
		return base::check(rc, "out of memory for the number");
	}
	// Cannot fail after reserve().
	void publish(u64 number, T &object) { kx_numbers_publish(xa_.get(), number, &object); }
	void erase(u64 number) { kx_numbers_erase(xa_.get(), number); }
	// Null: none. Takes no lock; that the object stays is up to the caller.
	T *find(u64 number) { return static_cast<T *>(kx_numbers_find(xa_.get(), number)); }

private:
	Opaque<xarray, KX_SIZE_xarray, KX_ALIGN_xarray> xa_;
};

// The number of {device, PASID}.
class CarrierTable {
public:
	CarrierTable() = default;
	~CarrierTable()
	{
		if (ready_)
			kx_carriers_destroy(table_.get());
	}
	// Before anything else. ENOMEM.
	base::Status init()
	{
		TRY(base::check(kx_carriers_init(table_.get()), "out of memory for a table"));
		ready_ = true;
		return {};
	}
	// Which has none yet. ENOMEM. Context: may sleep.
	base::Status add(device *dev, base::Pasid pasid, u64 number)
	{
		return base::check(kx_carriers_add(table_.get(), dev, pasid.raw(), number),
				   "out of memory for a device's number");
	}
	void remove(device *dev, base::Pasid pasid) { kx_carriers_remove(table_.get(), dev, pasid.raw()); }
	// ENOENT. Takes no lock.
	base::Result<u64> find(device *dev, base::Pasid pasid)
	{
		unsigned long long number = 0;
		TRY(base::check(kx_carriers_find(table_.get(), dev, pasid.raw(), &number), "the device has no number"));
		return number;
	}

private:
	Opaque<rhashtable, KX_SIZE_rhashtable, KX_ALIGN_rhashtable> table_;
	bool ready_ = false;
};

// Sections of readers that may sleep, and a writer that waits for those that are in one.
class ReadSections {
public:
	ReadSections() = default;
	~ReadSections()
	{
		if (ready_)
			kx_srcu_destroy(srcu_.get());
	}
	// Before anything else. ENOMEM.
	base::Status init()
	{
		TRY(base::check(kx_srcu_init(srcu_.get()), "out of memory for SRCU"));
		ready_ = true;
		return {};
	}
	// Until all that are inside have left. Context: may sleep, for as long as they need.
	void wait_for_readers()
	{
		// Mostly there is none. Either we see that a reader is inside, or he sees what was done before: he
		// counts first and looks then, with a full barrier between, which srcu_read_lock() has.
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (__atomic_load_n(&inside_, __ATOMIC_ACQUIRE))
			kx_srcu_wait(srcu_.get());
	}

	class [[nodiscard]] Reader {
	public:
		explicit Reader(ReadSections &of) : of_(of), cookie_(of.enter()) {}
		Reader(const Reader &) = delete;
		~Reader()
		{
			kx_srcu_leave(of_.srcu_.get(), cookie_);
			__atomic_fetch_sub(&of_.inside_, 1, __ATOMIC_RELEASE);
		}

	private:
		ReadSections &of_;
		const int cookie_;
	};

private:
	int enter()
	{
		__atomic_fetch_add(&inside_, 1, __ATOMIC_RELAXED);
		return kx_srcu_enter(srcu_.get());
	}

	Opaque<srcu_struct, KX_SIZE_srcu, KX_ALIGN_srcu> srcu_;
	u32 inside_ = 0;
	bool ready_ = false;
};

} // namespace kern
