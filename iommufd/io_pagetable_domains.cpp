// SPDX-License-Identifier: GPL-2.0-only
// Domains and listeners coming to and leaving an IoPageTable, and the alignment that they demand.
#include "iommufd/io_pagetable.hpp"

namespace iommufd {

// Every area must begin, end and lie in its pages on a multiple of `alignment` bytes.
Status IoPageTable::check_alignment(u64 alignment) const
{
	iova_lock_.assert_held();
	for (const Area *area = areas_.first(); area; area = areas_.next(*area))
		if (!base::is_aligned(area->iova().start.raw() | area->length() | area->page_offset(), alignment))
			return fail(Errno::kAddrInUse, "an existing mapping is not aligned to the new page size");
	return {};
}

Status IoPageTable::recompute_alignment()
{
	iova_lock_.assert_held_exclusive();
	// A mapping without large pages is cut at every page, so it has to begin at one.
	u64 alignment = sizes_ == PageSizes::kSmallest ? base::kPageSize : 1;
	for (DomainEntry &entry : domains_)
		alignment = base::max(alignment, entry.domain.smallest_page());
	for (UnmapListener &listener : listeners_)
		alignment = base::max(alignment, listener.alignment());
	if (alignment > alignment_)
		TRY(check_alignment(alignment));
	alignment_ = alignment;
	return {};
}

// Takes a domain's share out of every area below `until` (null: out of all). The domain is not on the list.
void IoPageTable::empty_domain(DomainEntry &entry, const Area *until)
{
	domains_lock_.assert_held_exclusive();
	const bool last_one = domains_.empty();

	for (Area *area = areas_.first(); area != until; area = areas_.next(*area)) {
		kern::Guard guard(area->pages().lock());
		entry.emptied_to(*area);
		if (last_one) {
			area->set_storage(nullptr);
			area->drain(entry, area->indexes());
			continue;
		}
		if (area->storage() == &entry)
			area->set_storage(&domains_.front());
		area->unmap(entry, area->indexes());
	}
}

// Puts every area into a domain that is not on the list yet; all or nothing.
Status IoPageTable::fill_domain(DomainEntry &entry)
{
	domains_lock_.assert_held_exclusive();
	for (Area *area = areas_.first(); area; area = areas_.next(*area)) {
		Status status = with_memory(*area, [&]() -> Status {
			TRY(area->fill_one(entry, sizes_));
			entry.filled_to(*area);
			if (!area->storage())
				area->set_storage(&entry);
			return {};
		});
		if (!status) {
			empty_domain(entry, area);
			return status;
		}
	}
	return {};
}

Status IoPageTable::add_domain(DomainEntry &entry)
{
	kern::Guard domains(domains_lock_);
	kern::Guard guard(iova_lock_);

	const u64 alignment = base::max(entry.domain.smallest_page(), alignment_);
	if (alignment > base::kPageSize)
		return fail(Errno::kInval, "the domain cannot map single CPU pages");
	if (alignment != alignment_)
		TRY(check_alignment(alignment));

	base::Undo unreserve([&] { unreserve_locked(&entry); });
	TRY(reserve_outside(entry.domain.aperture(), &entry));
	reach_.add(entry);
	base::Undo unreach([&] { reach_.remove(entry); });
	TRY(fill_domain(entry));
	unreach.dismiss();
	unreserve.dismiss();
	Reach::complete(entry);
	alignment_ = alignment;
	domains_.push_back(entry);
	return {};
}

void IoPageTable::remove_domain(DomainEntry &entry)
{
	kern::Guard domains(domains_lock_);
	kern::Guard guard(iova_lock_);

	domains_.remove(entry);
	empty_domain(entry, nullptr);
	reach_.remove(entry);
	unreserve_locked(&entry);
	WARN_ON(!recompute_alignment());
}

Status IoPageTable::add_listener(UnmapListener &listener)
{
	kern::Guard domains(domains_lock_);
	kern::Guard guard(iova_lock_);

	listener.order_ = ++listeners_order_;
	listeners_.push_back(listener);
	Status status = recompute_alignment();
	if (!status)
		listeners_.remove(listener);
	return status;
}

void IoPageTable::remove_listener(UnmapListener &listener)
{
	kern::Guard domains(domains_lock_);
	kern::Guard guard(iova_lock_);

	listeners_.remove(listener);
	WARN_ON(!recompute_alignment());
}

void IoPageTable::resume()
{
	iova_lock_.unlock();
	domains_lock_.unlock();
}

Status IoPageTable::set_large_pages(bool on)
{
	kern::Guard domains(domains_lock_);
	kern::Guard guard(iova_lock_);
	const PageSizes wanted = on ? PageSizes::kAll : PageSizes::kSmallest;

	if (wanted == sizes_)
		return {};
	if (!on && !domains_.empty() && !areas_.empty())
		return fail(Errno::kInval, "domains may have large pages mapped already");
	sizes_ = wanted;
	Status status = recompute_alignment();
	if (!status)
		sizes_ = PageSizes::kAll;
	return status;
}

u64 IoPageTable::alignment()
{
	kern::SharedGuard guard(iova_lock_);
	return alignment_;
}

u64 IoPageTable::page_sizes()
{
	constexpr u64 kBelowPage = base::kPageSize - 1;
	kern::SharedGuard domains(domains_lock_);
	kern::SharedGuard guard(iova_lock_);
	u64 sizes = base::kU64Max;

	for (DomainEntry &entry : domains_)
		sizes &= entry.domain.page_sizes();
	if (sizes & kBelowPage)
		sizes = (sizes & ~kBelowPage) | base::kPageSize;
	return base::max(sizes, alignment_);
}

bool IoPageTable::large_pages()
{
	kern::SharedGuard guard(iova_lock_);
	return sizes_ == PageSizes::kAll;
}

} // namespace iommufd
