// SPDX-License-Identifier: GPL-2.0-only
// Helpers of the cases: an IoPageTable on the heap, a domain of a real IOMMU, and mapping in one call.
#pragma once
#include "iommufd/io_pagetable.hpp"
#include "iommufd/user_memory.hpp"
#include "kern/alloc.hpp"
#include "kunit/kunit.h"

namespace kt {

using namespace iommufd;

constexpr u64 kPage = base::kPageSize;
constexpr kern::Prot kReadWrite = kern::Prot::make(true, true);

inline int error_of(const Status &s) { return s ? 0 : s.error().to_errno(); }
template <typename T> int error_of(const Result<T> &r) { return r ? 0 : r.error().to_errno(); }

// `length` bytes at `va` of the case's memory, fixed at `iova` or, with 0, wherever there is room.
inline Result<Iova> map(IoPageTable &table, u64 va, u64 length, u64 iova, AccountMode mode = AccountMode::kUser)
{
	SliceList slices;
	TRY_LET(pages, make_user_pages(UserVa(va), length, true, mode));
	TRY(slices.append(pages, va % kPage, length));
	return table.map(slices, length, {iova != 0, Iova(iova)}, kReadWrite);
}

inline IovaRange range(u64 start, u64 length) { return {Iova(start), Iova(start + (length - 1))}; }

// A device with an IOMMU in front, for the length of a case.
class TestDevice {
public:
	TestDevice() : dev_(kt_device_get()) {}
	~TestDevice() { kt_device_put(dev_); }
	TestDevice(const TestDevice &) = delete;
	device *get() const { return dev_; }

private:
	device *const dev_;
};

// A domain of that device's IOMMU in a table.
class TestDomain {
public:
	TestDomain(IoPageTable &table, device *dev) : table_(table)
	{
		auto made = kern::alloc_domain(dev, 0, {});
		if (!made)
			return;
		entry.domain = std::move(*made);
		added_ = static_cast<bool>(table.add_domain(entry));
	}
	~TestDomain()
	{
		if (added_)
			table_.remove_domain(entry);
	}
	TestDomain(const TestDomain &) = delete;
	explicit operator bool() const { return added_; }

	DomainEntry entry;

private:
	IoPageTable &table_;
	bool added_ = false;
};

} // namespace kt
