// SPDX-License-Identifier: GPL-2.0-only
#include "vfio_siov/page_device/page_device.hpp"

#include "base/guard.hpp"
#include "base/math.hpp"
#include "uapi/linux/siov_edu.h"

namespace page_device {

using base::Errno;
using base::fail;

namespace {

Status check_page_access(u32 offset, std::size_t width)
{
	if (width < 4 && offset < SIOV_EDU_BUFFER)
		return fail(Errno::kInval, "registers take 4 or 8 aligned bytes");
	return {};
}

// -1 stands for no eventfd.
Result<EventFd> eventfd_of(const pd_irq_set &set)
{
	eventfd_ctx *ctx = nullptr;
	if (!set.count || set.data < 0)
		return EventFd();
	TRY(base::check(dx_eventfd_get(set.data, &ctx), "not an eventfd"));
	return EventFd(ctx);
}

u32 action_of(const pd_irq_set &set) { return set.flags & ~static_cast<u32>(PD_IRQ_DATA); }

} // namespace

PageDevice::~PageDevice() = default;

Result<pd_region_info> PageDevice::region(u32 index) const
{
	constexpr u32 kReadWrite = PD_REGION_READ | PD_REGION_WRITE;
	if (index == PD_REGION_BAR0)
		return pd_region_info{SIOV_EDU_PAGE_SIZE, kReadWrite | static_cast<u32>(access_)};
	if (index == PD_REGION_BAR2)
		return pd_region_info{MsixPage::kSize, kReadWrite};
	if (index == PD_REGION_CONFIG)
		return pd_region_info{ConfigSpace::kSize, kReadWrite};
	if (index <= PD_REGION_ROM)
		return pd_region_info{0, 0};
	return fail(Errno::kInval, "no such region");
}

Status PageDevice::check_usable()
{
	lock_.assert_held();
	if (revoked())
		return fail(Errno::kNoDev, "the slice was taken back");
	return {};
}

void PageDevice::renew()
{
	lock_.assert_held();
	config_.reset();
	msix_.reset();
}

bool PageDevice::ask_owner()
{
	lock_.assert_held();
	if (request_)
		dx_eventfd_signal(request_.get());
	return static_cast<bool>(request_);
}

void PageDevice::forget_owner()
{
	lock_.assert_held();
	interrupt_.clear();
	request_ = EventFd();
}

Status PageDevice::read(u32 region, u32 offset, std::span<u8> to)
{
	base::Guard guard(lock_);
	TRY(check_usable());
	if (region == PD_REGION_CONFIG)
		config_.read(offset, to);
	if (region == PD_REGION_BAR2)
		msix_.read(offset, to, interrupt_.pending());
	if (region != PD_REGION_BAR0)
		return {};
	TRY(check_page_access(offset, to.size()));
	read_page(offset, to);
	return {};
}

Status PageDevice::write(u32 region, u32 offset, std::span<const u8> from)
{
	base::Guard guard(lock_);
	TRY(check_usable());
	if (region == PD_REGION_CONFIG)
		return write_config(offset, from);
	if (region == PD_REGION_BAR2)
		msix_.write(offset, from);
	if (region != PD_REGION_BAR0)
		return {};
	TRY(check_page_access(offset, from.size()));
	write_page(offset, from);
	return {};
}

Status PageDevice::write_config(u32 offset, std::span<const u8> from)
{
	const bool was = config_.bus_master(), had_memory = config_.memory();
	config_.write(offset, from);
	if (config_.memory() != had_memory)
		allow_exports(!had_memory);
	if (config_.bus_master() == was)
		return {};
	auto status = let_dma(!was);
	if (!status)
		config_.set_bus_master(was);
	return status;
}

// Configuration space, routing and mask of the interrupt stay as they are, as when vfio-pci resets a function.
Status PageDevice::reset()
{
	base::Guard guard(lock_);
	TRY(check_usable());
	allow_exports(false);
	const Status status = reset_page();
	allow_exports(config_.memory());
	TRY(status);
	interrupt_.forget();
	return {};
}

Result<int> PageDevice::export_page(u32, u32, u32, bool)
{
	return fail(Errno::kInval, "accesses to the page are trapped: there is nothing to map");
}

void PageDevice::allow_exports(bool) {}

Result<int> PageDevice::export_memory(u32 region, u64 offset, u64 length, u32 open_flags)
{
	if (region >= PD_REGION_ROM)
		return fail(Errno::kNoDev, "not a BAR");
	if (region != PD_REGION_BAR0 || !inside(offset, length, SIOV_EDU_PAGE_SIZE))
		return fail(Errno::kInval, "beyond what is memory of the device");
	if (!length || !base::is_aligned(offset | length, base::kPageSize))
		return fail(Errno::kInval, "not whole pages");
	base::Guard guard(lock_);
	TRY(check_usable());
	return export_page(static_cast<u32>(offset), static_cast<u32>(length), open_flags, config_.memory());
}

Status PageDevice::set_bus_master(bool on)
{
	base::Guard guard(lock_);
	TRY(check_usable());
	TRY(let_dma(on));
	config_.set_bus_master(on);
	return {};
}

// With an eventfd: where it goes. Else, without data or with a true one: as if the device had raised it, or masks it.
Status PageDevice::set_msix(const pd_irq_set &set)
{
	const bool is_eventfd = set.flags & PD_IRQ_DATA_EVENTFD;
	const bool applies = set.count && ((set.flags & PD_IRQ_DATA_NONE) || set.data);
	const u32 action = action_of(set);
	base::Guard guard(lock_);
	TRY(check_usable());
	if (action == PD_IRQ_TRIGGER && (is_eventfd || !set.count)) {
		TRY_LET(trigger, eventfd_of(set));
		interrupt_.set_trigger(std::move(trigger));
		return {};
	}
	if (is_eventfd || (action != PD_IRQ_TRIGGER && action != PD_IRQ_MASK && action != PD_IRQ_UNMASK))
		return fail(Errno::kInval, "no such action for MSI-X");
	if (!applies)
		return {};
	if (action == PD_IRQ_MASK)
		interrupt_.mask();
	else if (action == PD_IRQ_UNMASK)
		interrupt_.unmask();
	else
		interrupt_.raise();
	return {};
}

Status PageDevice::set_request(const pd_irq_set &set)
{
	base::Guard guard(lock_);
	TRY(check_usable());
	if (action_of(set) != PD_IRQ_TRIGGER || (set.count && !(set.flags & PD_IRQ_DATA_EVENTFD)))
		return fail(Errno::kInval, "the request is an eventfd to trigger");
	TRY_LET(request, eventfd_of(set));
	request_ = std::move(request);
	return {};
}

} // namespace page_device
