// SPDX-License-Identifier: GPL-2.0-only
#include "vfio_siov/page_device/config_space.hpp"

#include "uapi/linux/siov_edu.h"
#include "vfio_siov/page_device/abi.h"

namespace page_device {

namespace {

// Offsets and bits of a type 0 header and of the MSI-X capability, by the specification's names
constexpr u32 kVendorId = 0x00;
constexpr u32 kDeviceId = 0x02;
constexpr u32 kCommand = 0x04;
constexpr u32 kStatus = 0x06;
constexpr u32 kRevisionId = 0x08;
constexpr u32 kClassCode = 0x0a;
constexpr u32 kCacheLineSize = 0x0c;
constexpr u32 kBar0 = 0x10;
constexpr u32 kBar2 = 0x18;
constexpr u32 kSubsystemVendorId = 0x2c;
constexpr u32 kSubsystemId = 0x2e;
constexpr u32 kCapabilities = 0x34;
constexpr u32 kInterruptLine = 0x3c;
constexpr u32 kMsix = 0x40;

constexpr u32 kMemorySpace = 0x2;
constexpr u32 kBusMaster = 0x4;
constexpr u32 kInterruptDisable = 0x400;
constexpr u32 kCapabilityList = 0x10;
constexpr u32 kClassOthers = 0xff;
constexpr u32 kMemory64 = 0x4;
constexpr u32 kMsixId = 0x11;
constexpr u32 kMsixEnable = 0x8000;
constexpr u32 kMsixFunctionMask = 0x4000;
constexpr u32 kMsixBar = 2; // BIR, the low bits of where table and PBA are

constexpr u32 kVectorControl = 12;
constexpr u8 kVectorMasked = 1;
// The low two bits of an address are zero, and vector control has one bit.
constexpr std::array<u8, 16> kEntryWritable = {0xfc, 0xff, 0xff, 0xff, 0xff, 0xff,         0xff,
					       0xff, 0xff, 0xff, 0xff, 0xff, kVectorMasked};

} // namespace

void ConfigSpace::put(u32 offset, u32 bytes, u32 value, u32 writable)
{
	for (u32 i = 0; i < bytes; i++) {
		values_[offset + i] = static_cast<u8>(value >> (8 * i));
		writable_[offset + i] = static_cast<u8>(writable >> (8 * i));
	}
}

// 64 bits, not prefetchable. Writing ones tells the size: the bits below it do not take them.
void ConfigSpace::put_bar(u32 offset)
{
	put(offset, 4, kMemory64, ~(SIOV_EDU_PAGE_SIZE - 1U));
	put(offset + 4, 4, 0, ~0U);
}

void ConfigSpace::reset()
{
	values_.fill(0);
	writable_.fill(0);
	put(kVendorId, 2, SIOV_EDU_VENDOR_ID);
	put(kDeviceId, 2, PD_DEVICE_ID);
	put(kCommand, 2, 0, kMemorySpace | kBusMaster | kInterruptDisable);
	put(kStatus, 2, kCapabilityList);
	put(kRevisionId, 1, SIOV_EDU_VERSION_VALUE);
	put(kClassCode, 2, kClassOthers << 8);
	put(kCacheLineSize, 1, 0, 0xff);
	put_bar(kBar0);
	put_bar(kBar2);
	put(kSubsystemVendorId, 2, SIOV_EDU_VENDOR_ID);
	put(kSubsystemId, 2, SIOV_EDU_DEVICE_ID);
	put(kCapabilities, 1, kMsix);
	put(kInterruptLine, 1, 0, 0xff);
	put(kMsix, 4, kMsixId, (kMsixEnable | kMsixFunctionMask) << 16); // table size 0 stands for one vector
	put(kMsix + 4, 4, kMsixBar);
	put(kMsix + 8, 4, MsixPage::kPbaOffset | kMsixBar);
}

void ConfigSpace::read(u32 offset, std::span<u8> to) const
{
	for (std::size_t i = 0; i < to.size(); i++)
		to[i] = values_[offset + i];
}

void ConfigSpace::write(u32 offset, std::span<const u8> from)
{
	for (std::size_t i = 0; i < from.size(); i++) {
		const u8 mask = writable_[offset + i];
		u8 &value = values_[offset + i];
		value = static_cast<u8>((value & ~mask) | (from[i] & mask));
	}
}

bool ConfigSpace::bus_master() const { return values_[kCommand] & kBusMaster; }

bool ConfigSpace::memory() const { return values_[kCommand] & kMemorySpace; }

void ConfigSpace::set_bus_master(bool on)
{
	values_[kCommand] = static_cast<u8>((values_[kCommand] & ~kBusMaster) | (on ? kBusMaster : 0));
}

void MsixPage::reset()
{
	entry_.fill(0);
	entry_[kVectorControl] = kVectorMasked;
}

void MsixPage::read(u32 offset, std::span<u8> to, bool pending) const
{
	for (std::size_t i = 0; i < to.size(); i++) {
		const std::size_t at = offset + i;
		to[i] = at < entry_.size() ? entry_[at] : static_cast<u8>(at == kPbaOffset && pending);
	}
}

void MsixPage::write(u32 offset, std::span<const u8> from)
{
	for (std::size_t i = 0; i < from.size() && offset + i < entry_.size(); i++) {
		const u8 mask = kEntryWritable[offset + i];
		u8 &value = entry_[offset + i];
		value = static_cast<u8>((value & ~mask) | (from[i] & mask));
	}
}

} // namespace page_device
