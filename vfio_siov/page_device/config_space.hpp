// SPDX-License-Identifier: GPL-2.0-only
// What a slice shows of itself as a PCI device: 256 bytes of configuration space (PCI Local Bus 3.0, 6.1 and 6.8.2),
// with BAR 0 = the ADI's page and BAR 2 = a page that has the MSI-X table and PBA, and that page. The ADI's own page is
// full of registers, so the table is where no hardware is: accesses to BAR 2 end here.
//
// Plain data: each access is bytes of a value, kept under a mask of the writable bits. Guarded by the slice's lock.
#pragma once
#include <array>
#include <span>

#include "base/types.hpp"

namespace page_device {

// Bytes at an offset, as far as they lie within a register file of `size` bytes
constexpr bool inside(u64 offset, u64 length, u64 size) { return offset <= size && length <= size - offset; }

class ConfigSpace {
public:
	static const u32 kSize = 256;

	ConfigSpace() { reset(); }
	void reset();

	// offset + the span's size <= kSize
	void read(u32 offset, std::span<u8> to) const;
	// Bits that are not writable keep their value.
	void write(u32 offset, std::span<const u8> from);
	bool bus_master() const;
	void set_bus_master(bool on);
	bool memory() const; // BARs answer

private:
	void put(u32 offset, u32 bytes, u32 value, u32 writable = 0);
	void put_bar(u32 offset);

	std::array<u8, kSize> values_;
	std::array<u8, kSize> writable_;
};

// BAR 2. A VMM shows its guest a table of its own and uses VFIO's interrupt calls, so that what is written here has no
// effect; the pending bit is real.
class MsixPage {
public:
	static const u32 kSize = 4096;
	static const u32 kPbaOffset = 2048;

	MsixPage() { reset(); }
	void reset();

	// offset + the span's size <= kSize. What is neither table nor PBA reads as zeros.
	void read(u32 offset, std::span<u8> to, bool pending) const;
	void write(u32 offset, std::span<const u8> from);

private:
	std::array<u8, 16> entry_; // of vector 0: address, data, vector control
};

} // namespace page_device
