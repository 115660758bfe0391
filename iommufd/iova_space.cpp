// SPDX-License-Identifier: GPL-2.0-only
// The IOVA space of an IoPageTable: what is reserved, what is allowed, and where a mapping may go.
#include "iommufd/io_pagetable.hpp"
#include "iommufd/test_hook.hpp"

namespace iommufd {

namespace {

// IOVA 0 is never handed out, nor is the last page: neither makes a good address.
constexpr u64 kLowestAutomatic = base::kPageSize;
constexpr u64 kHighestAutomatic = base::kU64Max - base::kPageSize;

// A mapping in search of a place.
struct Request {
	u64 length;
	u64 alignment;
	u64 page_offset; // of the memory; the IOVA keeps it

	// The lowest place in start..last, if there is one.
	bool fit(u64 start, u64 last, u64 &at) const
	{
		u64 page = page_offset ? base::kPageSize : alignment;
		u64 wanted = page_offset;
		if (start < wanted) {
			at = wanted;
		} else {
			if (!base::align_up(start - wanted, page, at) || __builtin_add_overflow(at, wanted, &at))
				return false;
		}
		return at < last && last - at >= length - 1;
	}
};

// The alignment of the memory, as far as the mapping is long enough to gain large pages from it.
u64 useful_alignment(u64 memory, u64 length)
{
	u64 alignment = std::bit_ceil(length);
	if (memory)
		alignment = base::min(alignment, base::lowest_bit(memory));
	return base::min<u64>(alignment, KX_LARGE_PAGE_SIZE);
}

} // namespace

Status IoPageTable::check_fixed(IovaRange range) const
{
	iova_lock_.assert_held();
	if (!base::is_aligned(range.start.raw(), alignment_))
		return fail(Errno::kInval, "the IOVA is not aligned as the IOAS demands");
	if (reserved_.first(range))
		return fail(Errno::kInval, "part of the IOVA range is reserved");
	if (areas_.first(range))
		return fail(Errno::kExist, "part of the IOVA range is mapped already");
	return {};
}

// The lowest free IOVA for `length` bytes of memory, `memory` bytes from its source's start, in an allowed range.
// ENOSPC, EINVAL, EOVERFLOW.
Result<Iova> IoPageTable::find_free(u64 memory, u64 length) const
{
	iova_lock_.assert_held();
	if (length >= base::kU64Max / 2)
		return fail(Errno::kOverflow, "no room for a mapping of this length anywhere");
	const Request request{length, useful_alignment(memory, length), memory % base::kPageSize};
	if (request.alignment < alignment_)
		return fail(Errno::kInval, "the memory is not aligned as the IOAS demands");

	base::Spans<1> allowed({&allowed_.tree()}, kLowestAutomatic, kHighestAutomatic);
	for (; !allowed.done(); allowed.next()) {
		if (allowed->is_hole && !allowed_.empty())
			continue;
		base::Spans<2> spans({&reserved_.tree(), &areas_.tree()}, allowed->start, allowed->last);
		for (; !spans.done(); spans.next()) {
			u64 at;
			if (spans->is_hole && request.fit(spans->start, spans->last, at))
				return Iova(at);
		}
	}
	return fail(Errno::kNoSpc, "no free IOVA range is long enough");
}

Status IoPageTable::set_allowed(AllowedSet &allowed)
{
	kern::Guard guard(iova_lock_);
	for (const AllowedRange *r = allowed.first(); r; r = allowed.next(*r))
		if (reserved_.first(allowed.range(*r)))
			return fail(Errno::kAddrInUse, "part of an allowed range is reserved");
	allowed_.swap(allowed);
	return {};
}

Status IoPageTable::reserve_locked(IovaRange range, const void *owner)
{
	iova_lock_.assert_held_exclusive();
	if (areas_.first(range))
		return fail(Errno::kAddrInUse, "part of a range to be reserved is mapped");
	if (allowed_.first(range))
		return fail(Errno::kAddrInUse, "part of a range to be reserved is on the list of allowed ranges");
	TRY_LET(reserved, kern::make<ReservedRange>());
	reserved->owner = owner;
	reserved_.insert(*reserved.release(), range);
	return {};
}

Status IoPageTable::reserve_outside(IovaRange aperture, const void *owner)
{
	if (aperture.start != Iova(0))
		TRY(reserve_locked({Iova(0), aperture.start - 1}, owner));
	if (aperture.last != Iova(base::kU64Max))
		TRY(reserve_locked({aperture.last + 1, Iova(base::kU64Max)}, owner));
	return {};
}

void IoPageTable::unreserve_locked(const void *owner)
{
	iova_lock_.assert_held_exclusive();
	for (ReservedRange *r = reserved_.first(), *next; r; r = next) {
		next = reserved_.next(*r);
		if (r->owner != owner)
			continue;
		reserved_.remove(*r);
		delete r;
	}
}

void IoPageTable::unreserve(const void *owner)
{
	kern::Guard guard(iova_lock_);
	unreserve_locked(owner);
}

Status IoPageTable::reserve(IovaRange range, const void *owner)
{
	kern::Guard guard(iova_lock_);
	return reserve_locked(range, owner);
}

Status IoPageTable::reserve_for(device *dev, const void *owner, std::optional<base::Pa> &sw_msi)
{
	struct Walk {
		IoPageTable &table;
		const void *owner;
		Status status{};
		unsigned hw_msi = 0, sw_msi = 0;
		std::optional<base::Pa> sw_msi_start{};

		static int step(void *self, unsigned long long start, unsigned long long length, kx_resv_kind kind)
		{
			Walk &walk = *static_cast<Walk *>(self);
			if (kind == KX_RESV_RELAXABLE)
				return 0;
			if (kind == KX_RESV_HW_MSI)
				walk.hw_msi++;
			if (kind == KX_RESV_SW_MSI) {
				walk.sw_msi++;
				walk.sw_msi_start = base::Pa(start);
			}
			walk.status = walk.table.reserve_locked({Iova(start), Iova(start + (length - 1))}, walk.owner);
			return !walk.status;
		}
	};

	if (injected_failure())
		return fail(Errno::kInval, "injected failure");
	kern::Guard guard(iova_lock_);
	Walk walk{*this, owner};
	base::Undo unreserve([&] { unreserve_locked(owner); });
	kx_device_for_each_resv(dev, Walk::step, &walk);
	TRY(walk.status);
	// One way to raise interrupts, or the driver has its regions wrong.
	if (WARN_ON(walk.sw_msi > 1 || (walk.sw_msi && walk.hw_msi)))
		return fail(Errno::kInval, "the IOMMU driver reports contradicting MSI windows");
	if (walk.sw_msi_start)
		sw_msi = walk.sw_msi_start;
	unreserve.dismiss();
	return {};
}

std::optional<Iova> IoPageTable::nth_area(u32 n)
{
	kern::SharedGuard guard(iova_lock_);
	const Area *area = areas_.first();
	while (area && n--)
		area = areas_.next(*area);
	if (!area)
		return std::nullopt;
	return area->iova().start;
}

} // namespace iommufd
