// SPDX-License-Identifier: GPL-2.0-only
// Mapped memory of VFIO devices; see vma_memory.hpp.
//
// Lock: the Pages' lock guards Window's present_, gone_ and first_. The MMU notifier takes it, and whoever may be
// waited for in memory reclaim must not wait for memory itself: under this lock nothing is allocated that would
// (MemoryTraits:: in_notifier). A notifier that must not sleep refuses, which only the OOM killer's is, and not for
// VM_PFNMAP.
#include "iommufd/vma_memory.hpp"

#include "base/guard.hpp"
#include "kern/pfnmap.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass vma_class("iommufd Pages::lock of a mapped BAR");

// How often to look again when mappings change meanwhile
constexpr unsigned kMaxTries = 16;

// A watched range of the address space, and the Pages that loses its memory with it.
class Window {
public:
	Window() = default;
	Window(const Window &) = delete;

	// Finds `length` bytes at `start` (both page aligned). From now on `pages` is told.
	Status begin(Pages &pages, UserVa start, u64 length, bool writable);
	bool zapped(unsigned long seq, bool may_sleep);
	base::Pfn first() const { return first_; }

	static Window &of(mmu_interval_notifier *watch) { return *reinterpret_cast<Window *>(watch); }

private:
	kern::ZapWatch watch_; // first
	Pages *pages_ = nullptr;
	base::Pfn first_{};
	bool present_ = false; // found, and not zapped since
	bool gone_ = false;    // was present; also read without the lock
};

class VmaMemory final : public DeviceMemory {
public:
	static const MemoryTraits kTraits;

	VmaMemory(UserVa start, kern::Box<Window> window) : DeviceMemory(start.raw()), window_(std::move(window)) {}

private:
	base::Pfn first() const override { return window_->first(); }

	const kern::Box<Window> window_;
};

Status Window::begin(Pages &pages, UserVa start, u64 length, bool writable)
{
	pages_ = &pages;
	TRY(watch_.start(start, length));
	for (unsigned i = 0; i < kMaxTries; i++) {
		const unsigned long seq = watch_.begin();
		TRY_LET(found, kern::find_device_memory(start, length, writable));
		base::Guard guard(pages.lock());
		if (watch_.retry(seq))
			continue;
		first_ = found;
		present_ = true;
		return {};
	}
	return fail(Errno::kFault, "the mapping changes all the time");
}

bool Window::zapped(unsigned long seq, bool may_sleep)
{
	if (__atomic_load_n(&gone_, __ATOMIC_ACQUIRE))
		return true;
	if (!may_sleep)
		return false;
	base::Guard guard(pages_->lock());
	watch_.set_seq(seq);
	if (!std::exchange(present_, false))
		return true;
	pages_->revoke();
	__atomic_store_n(&gone_, true, __ATOMIC_RELEASE);
	return true;
}

} // namespace

const MemoryTraits VmaMemory::kTraits{
	.lock_class = vma_class, .pinned = false, .outlives_process = false, .in_notifier = true};

Result<base::Ref<Pages>> make_vma_pages(UserVa start, u64 length, bool writable)
{
	TRY_LET(count, Pages::count_pages(start.raw(), length));
	const UserVa first(base::align_down(start.raw(), base::kPageSize));
	TRY_LET(window, kern::make<Window>());
	Window &started = *window;
	TRY_LET(pages, Pages::make<VmaMemory>(count, writable, AccountMode::kNone, first, std::move(window)));
	TRY(started.begin(*pages, first, count * base::kPageSize, writable));
	return pages;
}

} // namespace iommufd

bool iommufd_cxx_zapped(mmu_interval_notifier *watch, unsigned long seq, bool may_sleep)
{
	return iommufd::Window::of(watch).zapped(seq, may_sleep);
}
