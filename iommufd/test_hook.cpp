// SPDX-License-Identifier: GPL-2.0-only
// The test hook; see test_hook.hpp. Nothing else in iommufd knows of the mock driver.
//
// A use of the hook is counted before the pointer is read, and unregistering waits, after clearing the pointer, until
// nobody uses it: so the test module cannot go while a call is in it.
#include "iommufd/test_hook.hpp"

#include "base/refcount.hpp"
#include "bridge/sync.h"
#include "kern/log.hpp"

#define IOMMUFD_CXX_KERNEL
#include "include/linux/iommufd_cxx_test.h"

using namespace iommufd;

namespace {

const iommufd_test_hook *hook;
constinit base::Refcount uses{0};

// The hook, if any, for a scope.
class HookUse {
public:
	HookUse()
	{
		uses.inc();
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		hook_ = __atomic_load_n(&hook, __ATOMIC_SEQ_CST);
	}
	HookUse(const HookUse &) = delete;
	~HookUse() { uses.dec(); }
	const iommufd_test_hook *operator->() const { return hook_; }
	explicit operator bool() const { return hook_; }

private:
	const iommufd_test_hook *hook_;
};

} // namespace

namespace iommufd {

std::optional<long> run_test_ioctl(Context &context, base::UserVa arg, u32 size)
{
	HookUse use;
	if (!use)
		return std::nullopt;
	return use->ioctl(reinterpret_cast<iommufd_ctx *>(&context), arg.raw(), size);
}

bool is_test_device(device *dev)
{
	if (!__atomic_load_n(&hook, __ATOMIC_RELAXED))
		return false;
	HookUse use;
	return use && use->is_mock(dev);
}

module *test_module()
{
	HookUse use;
	return use ? use->owner : nullptr;
}

bool answers_as_6_12()
{
	HookUse use;
	return use && use->as_6_12;
}

bool injected_failure()
{
	if (!__atomic_load_n(&hook, __ATOMIC_RELAXED))
		return false;
	HookUse use;
	return use && use->should_fail && use->should_fail();
}

} // namespace iommufd

int iommufd_test_register(const iommufd_test_hook *h)
{
	const iommufd_test_hook *none = nullptr;
	if (!__atomic_compare_exchange_n(&hook, &none, h, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return kern::reject("test hook", {base::Errno::kBusy, "there is one already"});
	return 0;
}

void iommufd_test_unregister(const iommufd_test_hook *h)
{
	if (WARN_ON(hook != h))
		return;
	__atomic_store_n(&hook, nullptr, __ATOMIC_SEQ_CST);
	while (uses.load())
		kx_sleep_ms(1);
}
