// SPDX-License-Identifier: GPL-2.0-only
#include "mock_iommu/page_table.hpp"

#include "base/math.hpp"
#include "kern/alloc.hpp"
#include "kern/log.hpp"

namespace mock {
namespace {

constexpr u64 kPresent = 1 << 0;
constexpr u64 kDirty = 1 << 1;
constexpr u64 kFirst = 1 << 2; // of the pages of one map()
constexpr u64 kLast = 1 << 3;

u64 load(const u64 &entry) { return __atomic_load_n(&entry, __ATOMIC_ACQUIRE); }
u64 take(u64 &entry) { return __atomic_exchange_n(&entry, u64{0}, __ATOMIC_ACQ_REL); }

bool set_if_empty(u64 &entry, u64 value, u64 &found)
{
	found = 0;
	return __atomic_compare_exchange_n(&entry, &found, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

bool all_empty(const u64 *entries, u64 count)
{
	for (u64 i = 0; i < count; i++)
		if (load(entries[i]))
			return false;
	return true;
}

base::Error in_use() { return {base::Errno::kExist, "something is mapped there"}; }

} // namespace

u64 PageTable::Leaf::pa_of(u64 iova) const { return base::align_down(load(*entry), kGranule) + (iova - start); }

bool PageTable::Leaf::test_dirty(bool clear)
{
	const u64 old = clear ? __atomic_fetch_and(entry, ~kDirty, __ATOMIC_ACQ_REL) : load(*entry);
	return old & kDirty;
}

void PageTable::Leaf::set_dirty() { __atomic_fetch_or(entry, kDirty, __ATOMIC_ACQ_REL); }

PageTable::Table::~Table() { WARN_ON(!all_empty(entries, kSlots)); }

PageTable::Directory::~Directory()
{
	for (u64 slot : slots)
		if (!WARN_ON(slot & kPresent))
			delete reinterpret_cast<Table *>(slot);
}

PageTable::~PageTable()
{
	for (Directory *d : directories_)
		delete d;
}

PageTable::Leaf PageTable::find(u64 iova) const
{
	const u64 at = iova / kDirectorySize;
	if (at >= kDirectories)
		return {nullptr, kDirectories * kDirectorySize, base::kU64Max - kDirectories * kDirectorySize + 1};
	Directory *d = __atomic_load_n(&directories_[at], __ATOMIC_ACQUIRE);
	if (!d)
		return {nullptr, at * kDirectorySize, kDirectorySize};
	u64 &slot = d->slots[iova / kLarge % kSlots];
	const u64 value = load(slot);
	if (!value || (value & kPresent))
		return {value ? &slot : nullptr, base::align_down(iova, kLarge), kLarge};
	u64 &entry = reinterpret_cast<Table *>(value)->entries[iova / kGranule % kSlots];
	return {load(entry) ? &entry : nullptr, base::align_down(iova, kGranule), kGranule};
}

base::Result<PageTable::Directory *> PageTable::directory(u64 iova)
{
	if (iova >= kDirectories * kDirectorySize)
		return base::fail(base::Errno::kRange, "IOVA beyond the page table");
	Directory *&place = directories_[iova / kDirectorySize];
	if (Directory *d = __atomic_load_n(&place, __ATOMIC_ACQUIRE))
		return d;
	TRY_LET(fresh, kern::make<Directory>());
	Directory *found = nullptr;
	if (!__atomic_compare_exchange_n(&place, &found, fresh.get(), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return found;
	return fresh.release();
}

// Somebody who maps 1 MiB owns all of it: what is left of a table there can go.
base::Result<u64 *> PageTable::place_large(u64 &slot)
{
	const u64 old = load(slot);
	if (!old)
		return &slot;
	auto *table = reinterpret_cast<Table *>(old);
	if ((old & kPresent) || !all_empty(table->entries, kSlots))
		return base::fail(in_use());
	take(slot);
	delete table;
	return &slot;
}

// Where the entry for a page at iova goes; whatever level is missing is made.
base::Result<u64 *> PageTable::place(u64 iova, u64 page_size)
{
	TRY_LET(d, directory(iova));
	u64 &slot = d->slots[iova / kLarge % kSlots];
	if (page_size == kLarge)
		return place_large(slot);
	u64 value = load(slot);
	if (!value) {
		TRY_LET(fresh, kern::make<Table>());
		const u64 mine = reinterpret_cast<u64>(fresh.get());
		if (set_if_empty(slot, mine, value)) {
			fresh.release();
			value = mine;
		}
	}
	if (value & kPresent)
		return base::fail(in_use());
	return &reinterpret_cast<Table *>(value)->entries[iova / kGranule % kSlots];
}

base::Status PageTable::map(u64 iova, u64 pa, u64 page_size, u64 count)
{
	WARN_ON(!base::is_aligned(iova | pa, page_size));
	for (u64 i = 0; i < count; i++) {
		const u64 ends = (i == 0 ? kFirst : 0) | (i + 1 == count ? kLast : 0);
		u64 found;
		auto entry = place(iova + i * page_size, page_size);
		if (entry && set_if_empty(**entry, (pa + i * page_size) | ends | kPresent, found))
			continue;
		while (i--)
			take(*find(iova + i * page_size).entry);
		return base::fail(entry ? in_use() : entry.error());
	}
	return {};
}

u64 PageTable::unmap(u64 iova, u64 size, bool whole_maps)
{
	u64 done = 0;
	while (done < size) {
		Leaf leaf = find(iova + done);
		const bool whole = leaf.entry && leaf.start == iova + done && leaf.size <= size - done;
		if (!whole) {
			WARN_ON(!whole);
			break;
		}
		const u64 old = take(*leaf.entry);
		WARN_ON(whole_maps && !done && !(old & kFirst));
		done += leaf.size;
		WARN_ON(whole_maps && done == size && !(old & kLast));
	}
	return done;
}

} // namespace mock
