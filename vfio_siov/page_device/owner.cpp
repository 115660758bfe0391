// SPDX-License-Identifier: GPL-2.0-only
// What the owner of a page device asks for through VFIO, as glue_vfio.c hands it on.
#include "bridge/uaccess.h"
#include "kern/log.hpp"
#include "vfio_siov/page_device/page_device.hpp"

namespace page_device {

using base::Errno;
using base::fail;

namespace {

constexpr u32 kMaxAccess = 8;

PageDevice &of(pd_device *device) { return *reinterpret_cast<PageDevice *>(device); }

// The longest access that is aligned at the offset
u32 access_width(u32 offset, u64 left)
{
	u32 width = kMaxAccess;
	while (width > left || offset % width)
		width /= 2;
	return width;
}

Status access_user(PageDevice &device, u32 region, u32 offset, std::span<u8> bytes, u64 user, bool write)
{
	if (write) {
		if (!kx_copy_from_user(bytes.data(), user, bytes.size()))
			return fail(Errno::kFault, "cannot read the buffer");
		return device.write(region, offset, bytes);
	}
	TRY(device.read(region, offset, bytes));
	if (!kx_copy_to_user(user, bytes.data(), bytes.size()))
		return fail(Errno::kFault, "cannot write the buffer");
	return {};
}

// All of count bytes, in accesses as the device takes them; user memory is touched without locks.
Status access(PageDevice &device, u64 user, u64 count, u64 where, bool write)
{
	const u32 index = static_cast<u32>(base::min<u64>(where >> PD_REGION_SHIFT, PD_REGIONS));
	const u64 start = where & ((1ULL << PD_REGION_SHIFT) - 1);
	TRY_LET(region, device.region(index));
	if (!inside(start, count, region.size))
		return fail(Errno::kInval, "beyond the region");
	for (u64 done = 0; done < count;) {
		u8 bytes[kMaxAccess];
		const u32 offset = static_cast<u32>(start + done);
		const u32 width = access_width(offset, count - done);
		TRY(access_user(device, index, offset, std::span(bytes, width), user + done, write));
		done += width;
	}
	return {};
}

} // namespace

} // namespace page_device

int pd_region(pd_device *device, unsigned int index, pd_region_info *info)
{
	auto found = page_device::of(device).region(index);
	if (!found)
		return kern::reject("VFIO_DEVICE_GET_REGION_INFO", found.error());
	*info = *found;
	return 0;
}

// A wire interrupt and MSI are of the kind that a PCI device may have none of; there are no errors to report (AER).
int pd_irq(unsigned int index, pd_irq_info *info)
{
	if (index >= PD_IRQS || index == PD_IRQ_ERR)
		return kern::reject("interrupt", base::Error(base::Errno::kInval, "no such kind of interrupt"));
	*info = {.count = 0, .flags = PD_IRQ_EVENTFD};
	if (index == PD_IRQ_MSIX)
		*info = {.count = 1, .flags = PD_IRQ_EVENTFD | PD_IRQ_MASKABLE | PD_IRQ_NORESIZE};
	if (index == PD_IRQ_REQ)
		*info = {.count = 1, .flags = PD_IRQ_EVENTFD | PD_IRQ_NORESIZE};
	return 0;
}

long pd_rw(pd_device *device, unsigned long user, unsigned long count, unsigned long long offset, bool write)
{
	auto status = page_device::access(page_device::of(device), user, count, offset, write);
	if (!status)
		return kern::reject(write ? "write of a region" : "read of a region", status.error());
	return static_cast<long>(count);
}

int pd_set_irqs(pd_device *device, const pd_irq_set *set)
{
	page_device::PageDevice &d = page_device::of(device);
	return kern::to_errno("VFIO_DEVICE_SET_IRQS",
			      set->index == PD_IRQ_MSIX ? d.set_msix(*set) : d.set_request(*set));
}

int pd_reset(pd_device *device) { return kern::to_errno("VFIO_DEVICE_RESET", page_device::of(device).reset()); }

int pd_export(pd_device *device, unsigned int region, unsigned long long offset, unsigned long long length,
	      unsigned int open_flags)
{
	auto fd = page_device::of(device).export_memory(region, offset, length, open_flags);
	return fd ? *fd : kern::reject("VFIO_DEVICE_FEATURE_DMA_BUF", fd.error());
}

int pd_bus_master(pd_device *device, bool on)
{
	return kern::to_errno("VFIO_DEVICE_FEATURE_BUS_MASTER", page_device::of(device).set_bus_master(on));
}
