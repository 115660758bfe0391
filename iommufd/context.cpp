// SPDX-License-Identifier: GPL-2.0-only
// Life of a context; see context.hpp.
#include "iommufd/context.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass ioases_class("iommufd Context::ioases_lock");

} // namespace

Context::Context(file *f, bool vfio_container)
	: file_(f), ioases_lock_(ioases_class), regions_(f),
	  account_mode_(vfio_container ? AccountMode::kMm : AccountMode::kUser)
{
}

Context::~Context() { objects_.destroy_all(); }

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
