// SPDX-License-Identifier: GPL-2.0-only
#include "mock_iommu/page_table.hpp"

#include <bit>

#include "base/math.hpp"
#include "kern/alloc.hpp"
#include "kern/log.hpp"

namespace mock {
namespace {

constexpr u64 kPresent = 1 << 0;
constexpr u64 kDirty = 1 << 1;
constexpr u64 kFirst = 1 << 2; // of the pages of one map()
constexpr u64 kLast = 1 << 3;
constexpr unsigned kOrderShift = 4; // four bits

u64 load(const u64 &entry) { return __atomic_load_n(&entry, __ATOMIC_ACQUIRE); }
unsigned order_of(u64 value) { return value >> kOrderShift & 15; }

bool set_if_empty(u64 &entry, u64 value)
{
	u64 empty = 0;
	return __atomic_compare_exchange_n(&entry, &empty, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

template <typename T> T *load(T *const &place) { return __atomic_load_n(&place, __ATOMIC_ACQUIRE); }

template <typename T> bool all_empty(const T &table)
{
	for (const u64 &entry : table.leaves)
		if (load(entry))
			return false;
	return true;
}

base::Error in_use() { return {base::Errno::kExist, "something is mapped there"}; }

// The entries of a page of 2^order slots, of which the first is entries[0]. On failure those that were set are empty
// again.
bool set_all(u64 *entries, unsigned order, u64 value)
{
	for (unsigned i = 0; i < 1u << order; i++) {
		if (set_if_empty(entries[i], value))
			continue;
		while (i--)
			__atomic_store_n(&entries[i], u64{0}, __ATOMIC_RELEASE);
		return false;
	}
	return true;
}

} // namespace

u64 PageTable::Leaf::pa_of(u64 iova) const { return base::align_down(found, kGranule) + (iova - start); }

bool PageTable::Leaf::test_dirty(bool clear)
{
	const u64 old = clear ? __atomic_fetch_and(entry, ~kDirty, __ATOMIC_ACQ_REL) : load(*entry);
	return old & kDirty;
}

bool PageTable::Leaf::set_dirty()
{
	u64 old = load(*entry);
	while (old & kPresent)
		if (__atomic_compare_exchange_n(entry, &old, old | kDirty, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

// As deep as there are levels.
void PageTable::destroy(Table *table, unsigned level)
{
	if (!table)
		return;
	WARN_ON(!all_empty(*table));
	if (!level) {
		delete table;
		return;
	}
	auto *directory = static_cast<Directory *>(table);
	for (Table *child : directory->children)
		destroy(child, level - 1);
	delete directory;
}

PageTable::~PageTable() { destroy(root_, levels_ - 1); }

PageTable::Leaf PageTable::find(u64 iova) const
{
	const u64 end = slot_size(levels_);
	// Beyond the table; without the very last byte, so that start + size does not wrap.
	if (iova >= end)
		return {nullptr, end, base::kU64Max - end};
	u64 hole = end;
	unsigned level = levels_;
	for (Table *table = load(root_); table;) {
		hole = slot_size(--level);
		u64 &entry = table->leaves[slot_of(iova, level)];
		if (const u64 value = load(entry)) {
			const unsigned order = order_of(value), first = slot_of(iova, level) >> order << order;
			return {&table->leaves[first], base::align_down(iova, hole << order), hole << order, value};
		}
		table = level ? load(static_cast<Directory *>(table)->children[slot_of(iova, level)]) : nullptr;
	}
	return {nullptr, base::align_down(iova, hole), hole};
}

// What is at `place`, made if need be; somebody else may be quicker.
base::Result<PageTable::Table *> PageTable::get_or_make(Table *&place, unsigned level)
{
	if (Table *there = load(place))
		return there;
	Table *fresh = level ? new Directory{} : new Table{};
	if (!fresh)
		return base::fail(base::Errno::kNoMem, "out of memory");
	Table *there = nullptr;
	if (__atomic_compare_exchange_n(&place, &there, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return fresh;
	destroy(fresh, level);
	return there;
}

// The table of this level for an IOVA within the table; those above it are made, too.
base::Result<PageTable::Table *> PageTable::table_for(u64 iova, unsigned level)
{
	unsigned at = levels_ - 1;
	TRY_LET(table, get_or_make(root_, at));
	while (at > level) {
		auto &place = static_cast<Directory *>(table)->children[slot_of(iova, at)];
		TRY_LET(child, get_or_make(place, --at));
		table = child;
	}
	return table;
}

bool PageTable::is_hole(u64 iova, u64 size) const
{
	for (u64 at = iova; at < iova + size;) {
		const Leaf leaf = find(at);
		if (leaf.entry)
			return false;
		at = leaf.start + leaf.size;
	}
	return true;
}

base::Status PageTable::map_one(u64 iova, u64 pa, u64 page_size, u64 ends)
{
	const unsigned granules = std::bit_width(page_size / kGranule) - 1;
	const unsigned level = granules / kIndexBits, order = granules % kIndexBits;
	if (level >= levels_ || iova >= slot_size(levels_) || pa >> kAddressBits)
		return base::fail(base::Errno::kRange, "beyond the page table");
	if (!is_hole(iova, page_size))
		return base::fail(in_use());
	TRY_LET(table, table_for(iova, level));
	const u64 value = pa | u64{order} << kOrderShift | ends | kPresent;
	if (!set_all(&table->leaves[slot_of(iova, level)], order, value))
		return base::fail(in_use());
	return {};
}

base::Status PageTable::map(u64 iova, u64 pa, u64 page_size, u64 count)
{
	WARN_ON(!base::is_power_of_two(page_size) || page_size < kGranule);
	WARN_ON(!base::is_aligned(iova | pa, page_size));
	for (u64 i = 0; i < count; i++) {
		const u64 ends = (i == 0 ? kFirst : 0) | (i + 1 == count ? kLast : 0);
		base::Status done = map_one(iova + i * page_size, pa + i * page_size, page_size, ends);
		if (done)
			continue;
		while (i--)
			take(find(iova + i * page_size));
		return done;
	}
	return {};
}

// Empties all its entries; what the first was.
u64 PageTable::take(const Leaf &leaf)
{
	const u64 old = __atomic_exchange_n(leaf.entry, u64{0}, __ATOMIC_ACQ_REL);
	for (unsigned i = 1; i < 1u << order_of(old); i++)
		__atomic_store_n(leaf.entry + i, u64{0}, __ATOMIC_RELEASE);
	return old;
}

u64 PageTable::unmap(u64 iova, u64 size, bool whole_maps)
{
	u64 done = 0;
	while (done < size) {
		const Leaf leaf = find(iova + done);
		const bool whole = leaf.entry && leaf.start == iova + done && leaf.size <= size - done;
		if (!whole) {
			WARN_ON(!whole);
			break;
		}
		const u64 old = take(leaf);
		WARN_ON(whole_maps && !done && !(old & kFirst));
		done += leaf.size;
		WARN_ON(whole_maps && done == size && !(old & kLast));
	}
	return done;
}

} // namespace mock
