// SPDX-License-Identifier: GPL-2.0-only
// The integers and the strong types that the whole project counts in.
//
// An IOVA, a physical address, a user address and a page index are all 64-bit numbers, and every one of
// them has been passed for another somewhere. Here each has its own type: it compares and moves like a
// number, and turns into one only through raw(). Ranges are inclusive (start, last), because the IOVA
// space reaches 2^64 - 1 and an exclusive end could not be written down.
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s32 = std::int32_t;
using s64 = std::int64_t;

namespace base {

constexpr u64 kU64Max = std::numeric_limits<u64>::max();

// A number with a unit. Adding a plain number moves it, subtracting two of a kind gives a distance.
template <typename Tag, typename Rep> class Strong {
public:
	using Raw = Rep;

	constexpr Strong() = default;
	explicit constexpr Strong(Rep value) : value_(value) {}

	constexpr Rep raw() const { return value_; }

	friend constexpr auto operator<=>(Strong, Strong) = default;
	friend constexpr Strong operator+(Strong a, Rep n) { return Strong(a.value_ + n); }
	friend constexpr Strong operator-(Strong a, Rep n) { return Strong(a.value_ - n); }
	friend constexpr Rep operator-(Strong a, Strong b) { return a.value_ - b.value_; }

private:
	Rep value_ = 0;
};

using Iova = Strong<struct IovaTag, u64>;           // what a device puts on the bus, in bytes
using Pa = Strong<struct PaTag, u64>;               // physical address, in bytes
using UserVa = Strong<struct UserVaTag, u64>;       // address in the owner's mm, in bytes
using Pfn = Strong<struct PfnTag, u64>;             // physical page number, PAGE_SIZE units
using PageIndex = Strong<struct PageIndexTag, u64>; // page within one Pages object, PAGE_SIZE units
using Pasid = Strong<struct PasidTag, u32>;         // process address space id, 20 bits; 0 is none
using ObjectId = Strong<struct ObjectIdTag, u32>;   // handle of an object within one /dev/iommu fd

// start..last, both inside; never empty.
template <typename T> struct Range {
	T start, last;

	constexpr bool contains(Range r) const { return start <= r.start && r.last <= last; }
	constexpr bool overlaps(Range r) const { return start <= r.last && r.start <= last; }
	// Number of units; 0 for the whole 64-bit space, which nobody may map.
	constexpr u64 count() const { return last - start + 1; }
	friend constexpr bool operator==(Range, Range) = default;
};

using IovaRange = Range<Iova>;
using IndexRange = Range<PageIndex>;

constexpr IovaRange kAllIova{Iova(0), Iova(kU64Max)};

template <typename T> constexpr T min(T a, T b) { return b < a ? b : a; }
template <typename T> constexpr T max(T a, T b) { return a < b ? b : a; }

} // namespace base
