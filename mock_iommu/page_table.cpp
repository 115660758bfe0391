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

bool set_if_empty(u64 &entry, u64 value)
{
	u64 empty = 0;
	return __atomic_compare_exchange_n(&entry, &empty, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

template <typename T> T *load(T *const &place) { return __atomic_load_n(&place, __ATOMIC_ACQUIRE); }

// What is at `place`, made if need be; somebody else may be quicker.
template <typename T> base::Result<T *> get_or_make(T *&place)
{
	if (T *there = load(place))
		return there;
	TRY_LET(fresh, kern::make<T>());
	T *there = nullptr;
	if (!__atomic_compare_exchange_n(&place, &there, fresh.get(), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return there;
	return fresh.release();
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

bool PageTable::Leaf::set_dirty()
{
	u64 old = load(*entry);
	while (old & kPresent)
		if (__atomic_compare_exchange_n(entry, &old, old | kDirty, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

PageTable::Table::~Table() { WARN_ON(!all_empty(entries, kSlots)); }

PageTable::Directory::~Directory()
{
	WARN_ON(!all_empty(large, kSlots));
	for (Table *table : tables)
		delete table;
}

PageTable::~PageTable()
{
	for (Directory *d : directories_)
		delete d;
}

PageTable::Leaf PageTable::find(u64 iova) const
{
	const u64 at = iova / kDirectorySize, i = iova / kLarge % kSlots;
	// Beyond all directories; without the very last byte, so that start + size does not wrap.
	if (at >= kDirectories)
		return {nullptr, kDirectories * kDirectorySize, base::kU64Max - kDirectories * kDirectorySize};
	Directory *d = load(directories_[at]);
	if (!d)
		return {nullptr, at * kDirectorySize, kDirectorySize};
	Table *table = load(d->tables[i]);
	if (load(d->large[i]) || !table)
		return {load(d->large[i]) ? &d->large[i] : nullptr, base::align_down(iova, kLarge), kLarge};
	u64 &entry = table->entries[iova / kGranule % kSlots];
	return {load(entry) ? &entry : nullptr, base::align_down(iova, kGranule), kGranule};
}

// Where the entry for a page at iova goes; whatever level is missing is made.
base::Result<u64 *> PageTable::place(u64 iova, u64 page_size)
{
	if (iova >= kDirectories * kDirectorySize)
		return base::fail(base::Errno::kRange, "IOVA beyond the page table");
	TRY_LET(d, get_or_make(directories_[iova / kDirectorySize]));
	const u64 i = iova / kLarge % kSlots;
	if (page_size == kLarge) {
		Table *table = load(d->tables[i]);
		if (table && !all_empty(table->entries, kSlots))
			return base::fail(in_use());
		return &d->large[i];
	}
	if (load(d->large[i]))
		return base::fail(in_use());
	TRY_LET(table, get_or_make(d->tables[i]));
	return &table->entries[iova / kGranule % kSlots];
}

base::Status PageTable::map(u64 iova, u64 pa, u64 page_size, u64 count)
{
	WARN_ON(!base::is_aligned(iova | pa, page_size));
	for (u64 i = 0; i < count; i++) {
		const u64 ends = (i == 0 ? kFirst : 0) | (i + 1 == count ? kLast : 0);
		auto entry = place(iova + i * page_size, page_size);
		if (entry && set_if_empty(**entry, (pa + i * page_size) | ends | kPresent))
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
