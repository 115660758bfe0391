// SPDX-License-Identifier: GPL-2.0-only
// IOAS: the object around an IoPageTable, and the list of the HWPTs that show it to devices.
//
// Locks: lock() guards the list of HWPTs and keeps automatic HWPTs from being made twice. It is taken before a group's
// lock and before the IoPageTable's.
#pragma once
#include "iommufd/io_pagetable.hpp"
#include "iommufd/object.hpp"

namespace iommufd {

class HwptPaging;
struct InIoas;

class Ioas final : public Object {
public:
	static const ObjectType kType = ObjectType::kIoas;

	Ioas();
	~Ioas() override;

	IoPageTable &table() { return table_; }
	kern::Mutex &lock() { return lock_; }
	base::List<HwptPaging, InIoas> &hwpts() { return hwpts_; }

private:
	IoPageTable table_;
	kern::Mutex lock_;
	base::List<HwptPaging, InIoas> hwpts_;
};

} // namespace iommufd
