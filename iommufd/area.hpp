// SPDX-License-Identifier: GPL-2.0-only
// Area: one mapping of an IO page table, a range of IOVAs backed by a byte range of a Pages. Areas are mapped and
// unmapped whole. An area is in every domain of its IO page table or in none.
//
// Life: kFilling (its IOVAs are taken, its pages are on the way into the domains) -> kMapped -> kDraining (the same on
// the way out). Areas come and go only while the IO page table's domains_lock is held shared: with domains_lock
// exclusive, every area is kMapped.
//
// Locks: the IoPageTable's iova_lock guards its place in the table, state_ and closing_; the Pages' lock guards
// storage_ and its place there; pins_ and locks_ change under iova_lock shared plus the Pages' lock. The rest is
// constant.
#pragma once
#include "base/interval_tree.hpp"
#include "base/list.hpp"
#include "base/math.hpp"
#include "iommufd/long_runs.hpp"
#include "iommufd/pages.hpp"
#include "iommufd/reach.hpp"

namespace iommufd {

using base::Iova;
using base::IovaRange;

class IoPageTable;
class PageReader;

// Whether a domain may map a contiguous run with large pages.
enum class PageSizes : u8 { kAll, kSmallest };

enum class AreaState : u8 { kFilling, kMapped, kDraining };

class Area : public base::IntervalHook<ByIova>, public base::IntervalHook<ByIndex> {
public:
	// `start_byte`: where in `pages` the IOVA range begins.
	Area(base::Ref<Pages> pages, IovaRange iova, u64 start_byte, kern::Prot prot)
		: pages_(std::move(pages)), iova_(iova), start_byte_(start_byte), prot_(prot)
	{
	}

	Pages &pages() const { return *pages_; }
	base::Ref<Pages> share_pages() const { return pages_; }
	IovaRange iova() const { return iova_; }
	u64 length() const { return iova_.count(); } // bytes
	kern::Prot prot() const { return prot_; }
	u64 page_offset() const { return start_byte_ % base::kPageSize; }
	// Offset into the Pages, in bytes, and the page, of an IOVA of this area.
	u64 byte_at(Iova iova) const { return start_byte_ + (iova - iova_.start); }
	PageIndex index_at(Iova iova) const { return PageIndex(byte_at(iova) / base::kPageSize); }
	IndexRange indexes(IovaRange part) const { return {index_at(part.start), index_at(part.last)}; }
	IndexRange indexes() const { return indexes(iova_); }
	// The part of the area's IOVAs that the pages first..last back.
	IovaRange iova_of(IndexRange r) const;

	// Of memory that has been revoked nothing is mapped, and what is filled has nothing in the domains.
	// Maps `runs`, whose first page is `first`, into a domain; nothing of them stays mapped on failure.
	Status map(DomainEntry &entry, PageIndex first, RunList &runs, PageSizes sizes) const;
	void unmap(DomainEntry &entry, IndexRange r) const;
	// Appends the pages of `r`, from its start on, as the domain has them. False when `runs` is full.
	bool read_back(const DomainEntry &entry, IndexRange r, RunList &runs) const;

	// Under the pages' lock. Puts all pages into the domains, none of which has any yet; all or nothing.
	Status fill(DomainList &domains, PageSizes sizes);
	Status fill_one(DomainEntry &entry, PageSizes sizes);
	// Takes the pages of `r` out of the domain that stores them and lets go of those that nobody needs.
	void drain(DomainEntry &entry, IndexRange r) const;

	// Under the pages' lock: the domain that the physical addresses can be read from; null: no domain is filled.
	DomainEntry *storage() const { return storage_; }
	void set_storage(DomainEntry *entry);

	AreaState state_ = AreaState::kFilling;
	bool closing_ = false; // an unmap waits for pins_ to end: no new ones
	u32 pins_ = 0;         // ranges of it that kernel drivers have pinned, and let go when an unmap asks for it
	u32 locks_ = 0;        // ranges of it that stay in place: not to be unmapped

private:
	Status map_piece(kern::Domain &domain, Iova at, base::Pa pa, u64 bytes) const;
	Status map_single_pages(kern::Domain &domain, Iova at, base::Pa pa, u64 bytes) const;
	template <typename Domains> Status fill_each(Domains &domains, PageSizes sizes);
	template <typename Domains> Status map_batch(Domains &domains, PageReader &reader, PageSizes sizes) const;
	template <typename Domains> void unwind(Domains &domains, PageIndex end) const;
	void begin_fill();
	void remember(PageIndex first, RunList &runs);

	const base::Ref<Pages> pages_;
	DomainEntry *storage_ = nullptr;
	LongRuns long_runs_; // of what is filled
	const IovaRange iova_;
	const u64 start_byte_;
	const kern::Prot prot_;
};

// One for each mapping: the allocator's next size is 256.
static_assert(sizeof(Area) <= 192);

} // namespace iommufd
