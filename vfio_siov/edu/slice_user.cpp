// SPDX-License-Identifier: GPL-2.0-only
// What a slice's owner asks for through VFIO: regions, interrupts, the mapping of its page.
#include "base/guard.hpp"
#include "bridge/uaccess.h"
#include "kern/log.hpp"
#include "uapi/linux/siov_edu.h"
#include "vfio_siov/edu/slice.hpp"

namespace edu {

namespace {

constexpr u32 kMaxAccess = 8;

struct Region {
	u32 size, flags;
};

Result<Region> region(u32 index)
{
	constexpr u32 kReadWrite = EDU_REGION_READ | EDU_REGION_WRITE;
	if (index == EDU_REGION_BAR0)
		return Region{SIOV_EDU_PAGE_SIZE, kReadWrite | EDU_REGION_MMAP};
	if (index == EDU_REGION_BAR2)
		return Region{MsixPage::kSize, kReadWrite};
	if (index == EDU_REGION_CONFIG)
		return Region{ConfigSpace::kSize, kReadWrite};
	if (index <= EDU_REGION_ROM)
		return Region{0, 0};
	return base::fail(base::Errno::kInval, "no such region");
}

// The longest access that is aligned at the offset
u32 access_width(u32 offset, u64 left)
{
	u32 width = kMaxAccess;
	while (width > left || offset % width)
		width /= 2;
	return width;
}

} // namespace

u32 Slice::page_offset(u32 offset) const { return SIOV_EDU_ADI_PAGE(adi()) + offset; }

Status Slice::check_page_access(u32 offset, std::size_t width) const
{
	if (width < 4 && offset < SIOV_EDU_BUFFER)
		return base::fail(base::Errno::kInval, "registers take 4 or 8 aligned bytes");
	return {};
}

Status Slice::read(u32 region, u32 offset, std::span<u8> to)
{
	base::Guard guard(lock_);
	TRY(check_usable());
	if (region == EDU_REGION_CONFIG)
		config_.read(offset, to);
	if (region == EDU_REGION_BAR2)
		msix_.read(offset, to, interrupt_.pending());
	if (region != EDU_REGION_BAR0)
		return {};
	TRY(check_page_access(offset, to.size()));
	const u64 value = ex_read(adi_.function().parent(), page_offset(offset), static_cast<u32>(to.size()));
	for (std::size_t i = 0; i < to.size(); i++)
		to[i] = static_cast<u8>(value >> (8 * i));
	return {};
}

Status Slice::write(u32 region, u32 offset, std::span<const u8> from)
{
	base::Guard guard(lock_);
	TRY(check_usable());
	if (region == EDU_REGION_BAR2)
		msix_.write(offset, from);
	if (region == EDU_REGION_CONFIG) {
		const bool was = config_.bus_master();
		config_.write(offset, from);
		if (config_.bus_master() == was)
			return {};
		auto status = hold_bus_master(!was);
		if (!status)
			config_.set_bus_master(was);
		return status;
	}
	if (region != EDU_REGION_BAR0)
		return {};
	TRY(check_page_access(offset, from.size()));
	u64 value = 0;
	for (std::size_t i = 0; i < from.size(); i++)
		value |= static_cast<u64>(from[i]) << (8 * i);
	ex_write(adi_.function().parent(), page_offset(offset), static_cast<u32>(from.size()), value);
	return {};
}

namespace {

// -1 stands for no eventfd.
Result<EventFd> eventfd_of(const edu_irq_set &set)
{
	eventfd_ctx *ctx = nullptr;
	if (!set.count || set.data < 0)
		return EventFd();
	TRY(base::check(ex_eventfd_get(set.data, &ctx), "not an eventfd"));
	return EventFd(ctx);
}

u32 action_of(const edu_irq_set &set) { return set.flags & ~static_cast<u32>(EDU_IRQ_DATA); }

} // namespace

// With an eventfd: where it goes. Else, without data or with a true one: as if the device had raised it, or masks it.
Status Slice::set_msix(const edu_irq_set &set)
{
	const bool is_eventfd = set.flags & EDU_IRQ_DATA_EVENTFD;
	const bool applies = set.count && ((set.flags & EDU_IRQ_DATA_NONE) || set.data);
	const u32 action = action_of(set);
	base::Guard guard(lock_);
	TRY(check_usable());
	if (action == EDU_IRQ_TRIGGER && (is_eventfd || !set.count)) {
		TRY_LET(trigger, eventfd_of(set));
		interrupt_.set_trigger(std::move(trigger));
		return {};
	}
	if (is_eventfd || (action != EDU_IRQ_TRIGGER && action != EDU_IRQ_MASK && action != EDU_IRQ_UNMASK))
		return base::fail(base::Errno::kInval, "no such action for MSI-X");
	if (!applies)
		return {};
	if (action == EDU_IRQ_MASK)
		interrupt_.mask();
	else if (action == EDU_IRQ_UNMASK)
		interrupt_.unmask();
	else
		interrupt_.raise();
	return {};
}

// How to ask the owner to give the slice back.
Status Slice::set_request(const edu_irq_set &set)
{
	base::Guard guard(lock_);
	TRY(check_usable());
	if (action_of(set) != EDU_IRQ_TRIGGER || (set.count && !(set.flags & EDU_IRQ_DATA_EVENTFD)))
		return base::fail(base::Errno::kInval, "the request is an eventfd to trigger");
	TRY_LET(request, eventfd_of(set));
	request_ = std::move(request);
	return {};
}

namespace {

Slice &of(edu_slice *slice) { return *reinterpret_cast<Slice *>(slice); }

Status access_user(Slice &slice, u32 index, u32 offset, std::span<u8> bytes, u64 user, bool write)
{
	if (write) {
		if (!kx_copy_from_user(bytes.data(), user, bytes.size()))
			return base::fail(base::Errno::kFault, "cannot read the buffer");
		return slice.write(index, offset, bytes);
	}
	TRY(slice.read(index, offset, bytes));
	if (!kx_copy_to_user(user, bytes.data(), bytes.size()))
		return base::fail(base::Errno::kFault, "cannot write the buffer");
	return {};
}

// All of count bytes, in accesses as the device takes them; user memory is touched without locks.
Status access(Slice &slice, u64 user, u64 count, u64 where, bool write)
{
	const u32 index = static_cast<u32>(base::min<u64>(where >> EDU_REGION_SHIFT, EDU_REGIONS));
	const u64 start = where & ((1ULL << EDU_REGION_SHIFT) - 1);
	TRY_LET(r, region(index));
	if (!inside(start, count, r.size))
		return base::fail(base::Errno::kInval, "beyond the region");
	for (u64 done = 0; done < count;) {
		u8 bytes[kMaxAccess];
		const u32 offset = static_cast<u32>(start + done);
		const u32 width = access_width(offset, count - done);
		TRY(access_user(slice, index, offset, std::span(bytes, width), user + done, write));
		done += width;
	}
	return {};
}

Status check_mmap(Slice &slice, u64 offset, u64 length, bool shared, bool executable)
{
	if (offset >> EDU_REGION_SHIFT != EDU_REGION_BAR0 || !inside(offset, length, SIOV_EDU_PAGE_SIZE))
		return base::fail(base::Errno::kInval, "only the slice's page can be mapped");
	if (!shared)
		return base::fail(base::Errno::kInval, "registers cannot be mapped privately");
	if (executable)
		return base::fail(base::Errno::kPerm, "registers are not to be executed");
	if (slice.revoked())
		return base::fail(base::Errno::kNoDev, "the slice was taken back");
	return {};
}

} // namespace

} // namespace edu

int edu_region(unsigned int index, edu_region_info *info)
{
	auto found = edu::region(index);
	if (!found)
		return kern::reject("VFIO_DEVICE_GET_REGION_INFO", found.error());
	*info = {.size = found->size, .flags = found->flags};
	return 0;
}

// A wire interrupt and MSI are of the kind that a PCI device may have none of; there are no errors to report (AER).
int edu_irq(unsigned int index, edu_irq_info *info)
{
	if (index >= EDU_IRQS || index == EDU_IRQ_ERR)
		return kern::reject("interrupt", base::Error(base::Errno::kInval, "no such kind of interrupt"));
	*info = {.count = 0, .flags = EDU_IRQ_EVENTFD};
	if (index == EDU_IRQ_MSIX)
		*info = {.count = 1, .flags = EDU_IRQ_EVENTFD | EDU_IRQ_MASKABLE | EDU_IRQ_NORESIZE};
	if (index == EDU_IRQ_REQ)
		*info = {.count = 1, .flags = EDU_IRQ_EVENTFD | EDU_IRQ_NORESIZE};
	return 0;
}

long edu_slice_rw(edu_slice *slice, unsigned long user, unsigned long count, unsigned long long offset, bool write)
{
	auto status = edu::access(edu::of(slice), user, count, offset, write);
	if (!status)
		return kern::reject(write ? "write of a region" : "read of a region", status.error());
	return static_cast<long>(count);
}

int edu_slice_set_irqs(edu_slice *slice, const edu_irq_set *set)
{
	edu::Slice &s = edu::of(slice);
	return kern::to_errno("VFIO_DEVICE_SET_IRQS",
			      set->index == EDU_IRQ_MSIX ? s.set_msix(*set) : s.set_request(*set));
}

int edu_slice_check_mmap(edu_slice *slice, unsigned long long offset, unsigned long length, bool shared,
			 bool executable)
{
	return kern::to_errno("mmap of a slice", edu::check_mmap(edu::of(slice), offset, length, shared, executable));
}

bool edu_slice_begin_fault(edu_slice *slice) { return edu::of(slice).begin_fault(); }
void edu_slice_end_fault(edu_slice *slice) { edu::of(slice).end_fault(); }
