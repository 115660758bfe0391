// SPDX-License-Identifier: GPL-2.0-only
// The part of <linux/vfio.h> that containers of type 1 speak: numbers and layouts are the kernel's ABI.
#pragma once
#include "kern/uapi.hpp"

namespace iommufd::vfio {

constexpr unsigned kBase = 100;
constexpr unsigned kGetApiVersion = _IO(';', kBase + 0);
constexpr unsigned kCheckExtension = _IO(';', kBase + 1);
constexpr unsigned kSetIommu = _IO(';', kBase + 2);
constexpr unsigned kGetInfo = _IO(';', kBase + 12);
constexpr unsigned kMapDma = _IO(';', kBase + 13);
constexpr unsigned kUnmapDma = _IO(';', kBase + 14);

constexpr long kApiVersion = 0;

// What CHECK_EXTENSION is asked for and SET_IOMMU chooses from.
enum Extension : unsigned long {
	kType1 = 1,
	kType1v2 = 3,
	kDmaCoherent = 4,
	kNoIommu = 8,
	kUnmapAll = 9,
};

constexpr u32 kInfoPageSizes = 1 << 0, kInfoCapabilities = 1 << 1;
constexpr u32 kMapRead = 1 << 0, kMapWrite = 1 << 1;
constexpr u32 kUnmapEverything = 1 << 1;

struct Info {
	u32 argsz, flags;
	u64 iova_pgsizes; // the first version ends here
	u32 cap_offset, pad;
};
static_assert(sizeof(Info) == 24);

struct CapabilityHeader {
	u16 id, version;
	u32 next; // offset from the start of Info, 0: the last
};

struct DmaAvailable { // id 3
	CapabilityHeader header;
	u32 avail;
};
static_assert(sizeof(DmaAvailable) == 12);

struct IovaRanges { // id 1
	CapabilityHeader header;
	u32 count, reserved; // then `count` times Range
};
struct IovaRangeEntry {
	u64 start, end; // inclusive
};
static_assert(sizeof(IovaRanges) == 16 && sizeof(IovaRangeEntry) == 16);

struct MapDma {
	u32 argsz, flags;
	u64 vaddr, iova, size;
};
static_assert(sizeof(MapDma) == 32);

struct UnmapDma {
	u32 argsz, flags;
	u64 iova, size; // size out: bytes unmapped
};
static_assert(sizeof(UnmapDma) == 24);

} // namespace iommufd::vfio
