// SPDX-License-Identifier: GPL-2.0-only
// Life of a context; see context.hpp.
#include "iommufd/context.hpp"

#include "iommufd/io_pagetable.hpp"
#include "iommufd/vma_memory.hpp"
#include "kern/pfnmap.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass ioases_class("iommufd Context::ioases_lock");

} // namespace

Context::Context(file *f, bool vfio_container)
	: file_(f), vfio_container_(vfio_container), ioases_lock_(ioases_class), regions_(f),
	  account_mode_(vfio_container ? AccountMode::kMm : AccountMode::kUser)
{
}

Context::~Context() { objects_.destroy_all(); }

Status Context::append_memory(SliceList &slices, base::UserVa va, u64 length, bool writable) const
{
	const bool takes_bars = vfio_container_ || kx_pfnmap_wanted();
	if (!takes_bars || !kern::is_device_memory(va))
		return slices.append_memory(va, length, writable, account_mode());
	TRY_LET(pages, make_vma_pages(va, length, writable));
	return slices.append(std::move(pages), va.raw() % base::kPageSize, length);
}

Status Context::set_account_mode(u64 value)
{
	return objects_.locked([&]() -> Status {
		if (!objects_.empty())
			return fail(Errno::kBusy, "the accounting mode is fixed once there are objects");
		if (value > 1)
			return fail(Errno::kInval, "the value is neither 0 nor 1");
		account_mode_ = value ? AccountMode::kMm : AccountMode::kUser;
		return {};
	});
}

} // namespace iommufd
