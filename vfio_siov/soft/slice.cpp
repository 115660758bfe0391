// SPDX-License-Identifier: GPL-2.0-only
#include "vfio_siov/soft/slice.hpp"

#include "base/guard.hpp"
#include "bridge/uaccess.h"
#include "kern/alloc.hpp"
#include "kern/log.hpp"

namespace soft {

using base::Errno;
using base::fail;
using base::Result;

namespace {

constinit kern::LockClass slice_class("siov_soft Slice::lock");

constexpr u32 kMaxAccess = 8;

// Bytes of a region, 0: there is none
Result<u32> region_size(u32 index)
{
	if (index == EDU_REGION_BAR0)
		return SIOV_EDU_PAGE_SIZE;
	if (index == EDU_REGION_BAR2)
		return edu::MsixPage::kSize;
	if (index == EDU_REGION_CONFIG)
		return edu::ConfigSpace::kSize;
	if (index <= EDU_REGION_ROM)
		return 0;
	return fail(Errno::kInval, "no such region");
}

Status check_page_access(u32 offset, std::size_t width)
{
	if (width < 4 && offset < SIOV_EDU_BUFFER)
		return fail(Errno::kInval, "registers take 4 or 8 aligned bytes");
	return {};
}

// -1 stands for no eventfd.
Result<edu::EventFd> eventfd_of(const edu_irq_set &set)
{
	eventfd_ctx *ctx = nullptr;
	if (!set.count || set.data < 0 || !(set.flags & EDU_IRQ_DATA_EVENTFD))
		return edu::EventFd();
	TRY(base::check(ex_eventfd_get(set.data, &ctx), "not an eventfd"));
	return edu::EventFd(ctx);
}

} // namespace

Slice::Slice(soft_vdev *vdev) : vdev_(vdev), lock_(slice_class), adi_(vdev) {}

Status Slice::check_usable()
{
	lock_.assert_held();
	if (revoked_)
		return fail(Errno::kNoDev, "the slice was taken back");
	return {};
}

Status Slice::open()
{
	base::Guard guard(lock_);
	TRY(check_usable());
	config_.reset();
	msix_.reset();
	adi_.reset();
	return {};
}

// VFIO takes the access away after this.
void Slice::close()
{
	base::Guard guard(lock_);
	adi_.reset();
	adi_.let_run(false);
	adi_.interrupt().clear();
	request_ = edu::EventFd();
}

void Slice::request(u32 count)
{
	base::Guard guard(lock_);
	if (!count && request_) {
		ex_eventfd_signal(request_.get());
		return;
	}
	if (std::exchange(revoked_, true))
		return;
	sf_log(vdev_, "taken from its owner");
	adi_.reset();
	adi_.let_run(false);
	adi_.interrupt().clear();
}

// Configuration space, routing and mask of the interrupt stay as they are.
Status Slice::reset()
{
	base::Guard guard(lock_);
	TRY(check_usable());
	adi_.reset();
	adi_.interrupt().forget();
	return {};
}

Status Slice::set_bus_master(bool on)
{
	base::Guard guard(lock_);
	TRY(check_usable());
	config_.set_bus_master(on);
	adi_.let_run(on);
	return {};
}

Status Slice::read(u32 region, u32 offset, std::span<u8> to)
{
	base::Guard guard(lock_);
	TRY(check_usable());
	if (region == EDU_REGION_CONFIG) {
		config_.read(offset, to);
	} else if (region == EDU_REGION_BAR2) {
		msix_.read(offset, to, adi_.interrupt().pending());
	} else {
		TRY(check_page_access(offset, to.size()));
		adi_.read(offset, to);
	}
	return {};
}

Status Slice::write(u32 region, u32 offset, std::span<const u8> from)
{
	base::Guard guard(lock_);
	TRY(check_usable());
	if (region == EDU_REGION_CONFIG) {
		const bool was = config_.bus_master();
		config_.write(offset, from);
		if (config_.bus_master() != was)
			adi_.let_run(!was);
	} else if (region == EDU_REGION_BAR2) {
		msix_.write(offset, from);
	} else {
		TRY(check_page_access(offset, from.size()));
		adi_.write(offset, from);
	}
	return {};
}

// trigger: the set says where the interrupt goes. Else, without data or with a true one: as if it had come, or masks
// it.
Status Slice::set_msix(const edu_irq_set &set, bool trigger, edu::EventFd eventfd)
{
	edu::Interrupt &interrupt = adi_.interrupt();
	const u32 action = set.flags & ~static_cast<u32>(EDU_IRQ_DATA);
	if (action == EDU_IRQ_TRIGGER && trigger) {
		interrupt.set_trigger(std::move(eventfd));
		return {};
	}
	if (trigger || (action != EDU_IRQ_TRIGGER && action != EDU_IRQ_MASK && action != EDU_IRQ_UNMASK))
		return fail(Errno::kInval, "no such action for MSI-X");
	if (!(set.flags & EDU_IRQ_DATA_NONE) && !set.data)
		return {};
	if (action == EDU_IRQ_MASK)
		interrupt.mask();
	else if (action == EDU_IRQ_UNMASK)
		interrupt.unmask();
	else
		interrupt.raise();
	return {};
}

Status Slice::set_irqs(const edu_irq_set &set)
{
	const bool trigger = !set.count || (set.flags & EDU_IRQ_DATA_EVENTFD);
	TRY_LET(eventfd, eventfd_of(set));
	base::Guard guard(lock_);
	TRY(check_usable());
	if (set.index == EDU_IRQ_MSIX)
		return set_msix(set, trigger, std::move(eventfd));
	if (!(set.flags & EDU_IRQ_TRIGGER) || !trigger)
		return fail(Errno::kInval, "the request is an eventfd to trigger");
	request_ = std::move(eventfd);
	return {};
}

namespace {

Slice &of(soft_slice *slice) { return *reinterpret_cast<Slice *>(slice); }

// The longest access that is aligned at the offset
u32 access_width(u32 offset, u64 left)
{
	u32 width = kMaxAccess;
	while (width > left || offset % width)
		width /= 2;
	return width;
}

Status access_one(Slice &slice, u32 region, u32 offset, std::span<u8> bytes, u64 user, bool write)
{
	if (write) {
		if (!kx_copy_from_user(bytes.data(), user, bytes.size()))
			return fail(Errno::kFault, "cannot read the buffer");
		return slice.write(region, offset, bytes);
	}
	TRY(slice.read(region, offset, bytes));
	if (!kx_copy_to_user(user, bytes.data(), bytes.size()))
		return fail(Errno::kFault, "cannot write the buffer");
	return {};
}

// All of count bytes; user memory is touched without locks.
Status access(Slice &slice, u64 user, u64 count, u64 where, bool write)
{
	const u32 region = static_cast<u32>(base::min<u64>(where >> EDU_REGION_SHIFT, EDU_REGIONS));
	const u64 start = where & ((1ULL << EDU_REGION_SHIFT) - 1);
	TRY_LET(size, region_size(region));
	if (!edu::inside(start, count, size))
		return fail(Errno::kInval, "beyond the region");
	for (u64 done = 0; done < count;) {
		u8 bytes[kMaxAccess];
		const u32 offset = static_cast<u32>(start + done);
		const u32 width = access_width(offset, count - done);
		TRY(access_one(slice, region, offset, std::span(bytes, width), user + done, write));
		done += width;
	}
	return {};
}

} // namespace

} // namespace soft

int soft_slice_create(soft_vdev *vdev, soft_slice **slice)
{
	auto made = kern::make<soft::Slice>(vdev);
	if (!made)
		return kern::reject("creation of a slice", made.error());
	*slice = reinterpret_cast<soft_slice *>(made->release());
	return 0;
}

void soft_slice_destroy(soft_slice *slice) { delete &soft::of(slice); }
int soft_slice_open(soft_slice *slice) { return kern::to_errno("opening a slice", soft::of(slice).open()); }
void soft_slice_close(soft_slice *slice) { soft::of(slice).close(); }
void soft_slice_request(soft_slice *slice, unsigned int count) { soft::of(slice).request(count); }
int soft_slice_reset(soft_slice *slice) { return kern::to_errno("VFIO_DEVICE_RESET", soft::of(slice).reset()); }

int soft_slice_bus_master(soft_slice *slice, bool on)
{
	return kern::to_errno("VFIO_DEVICE_FEATURE_BUS_MASTER", soft::of(slice).set_bus_master(on));
}

void soft_slice_work(soft_slice *slice) { soft::of(slice).adi().work(); }
void soft_slice_unmapped(soft_slice *slice) { soft::of(slice).adi().unmapped(); }
unsigned int soft_slice_delay_us(soft_slice *slice) { return soft::of(slice).adi().delay_us(); }
void soft_slice_set_delay_us(soft_slice *slice, unsigned int us) { soft::of(slice).adi().set_delay_us(us); }

int soft_region(unsigned int index, edu_region_info *info)
{
	auto size = soft::region_size(index);
	if (!size)
		return kern::reject("VFIO_DEVICE_GET_REGION_INFO", size.error());
	constexpr u32 kReadWrite = EDU_REGION_READ | EDU_REGION_WRITE;
	*info = {.size = *size, .flags = *size ? kReadWrite : 0};
	return 0;
}

int soft_irq(unsigned int index, edu_irq_info *info)
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

long soft_slice_rw(soft_slice *slice, unsigned long user, unsigned long count, unsigned long long offset, bool write)
{
	auto status = soft::access(soft::of(slice), user, count, offset, write);
	if (!status)
		return kern::reject(write ? "write of a region" : "read of a region", status.error());
	return static_cast<long>(count);
}

int soft_slice_set_irqs(soft_slice *slice, const edu_irq_set *set)
{
	return kern::to_errno("VFIO_DEVICE_SET_IRQS", soft::of(slice).set_irqs(*set));
}
