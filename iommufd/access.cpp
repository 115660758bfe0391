// SPDX-License-Identifier: GPL-2.0-only
// Kernel drivers' accesses; see access.hpp.
#include "iommufd/access.hpp"

#include "iommufd/context.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass access_class("iommufd Access::lock");

Status check_usable(const Area &area, bool write)
{
	if (area.closing_)
		return fail(Errno::kInval, "the area is being unmapped");
	if (!(write ? area.prot().writable() : area.prot().readable()))
		return fail(Errno::kPerm, "the mapping does not permit this access");
	return {};
}

// The caller gets an array of whole pages: at the seam of two areas, pages must end and begin.
bool page_aligned(const Area &area, IovaRange part, bool is_last)
{
	if (!base::is_aligned(area.byte_at(part.start), base::kPageSize))
		return false;
	return is_last || base::is_aligned(area.byte_at(part.last) + 1, base::kPageSize);
}

} // namespace

Access::Access(Context &context, const iommufd_access_ops &ops, void *data)
	: Object(kType), open_fd_(context.hold_open()), context_(context), ops_(ops), data_(data), lock_(access_class)
{
}

Access::~Access()
{
	kern::Guard guard(lock_);
	if (ioas_)
		WARN_ON(!change(nullptr));
}

Result<Access *> Access::create(Context &context, const iommufd_access_ops &ops, void *data)
{
	TRY_LET(pending, context.objects().create<Access>(context, ops, data));
	pending->driver_ = Hold<Access>(*pending);
	return &pending.publish();
}

void Access::destroy(Access &access)
{
	access.driver_.release(); // destroy_held() gives it back
	access.context_.objects().destroy_held(access);
}

void Access::tell_driver(unsigned long iova, unsigned long length)
{
	if (ops_.unmap)
		ops_.unmap(data_, iova, length);
}

bool Access::Seat::enter() { return access_.try_lease(access_.context_.objects()); }

void Access::Seat::leave() { access_.end_lease(access_.context_.objects()); }

Status Access::change(Ioas *to)
{
	lock_.assert_held();
	if (ioas_ != unpin_ioas_)
		return fail(Errno::kBusy, "the access is changing its IOAS already");
	if (ioas_ == to)
		return {};

	Seat &old_seat = seats_[seat_], &new_seat = seats_[!seat_];
	Hold<Ioas> new_hold;
	if (to) {
		TRY(to->table().add_listener(new_seat));
		new_hold = Hold<Ioas>(*to);
	}
	if (Ioas *from = std::exchange(ioas_, nullptr)) {
		lock_.unlock();
		tell_driver(0, ~0ul);
		lock_.lock();
		from->table().remove_listener(old_seat);
	}
	seat_ = !seat_;
	hold_ = std::move(new_hold);
	ioas_ = unpin_ioas_ = to;
	return {};
}

Status Access::change_to(ObjectId id)
{
	TRY_LET(ioas, context_.objects().get<Ioas>(id));
	return change(ioas.get());
}

Status Access::attach(ObjectId ioas)
{
	kern::Guard guard(lock_);
	if (WARN_ON(ioas_))
		return fail(Errno::kInval, "the access is attached already");
	return change_to(ioas);
}

Status Access::replace(ObjectId ioas)
{
	kern::Guard guard(lock_);
	if (!ioas_)
		return fail(Errno::kNoEnt, "the access is not attached");
	return change_to(ioas);
}

void Access::detach()
{
	kern::Guard guard(lock_);
	if (!WARN_ON(!ioas_))
		WARN_ON(!change(nullptr));
}

Status Access::pin_part(Area &area, IovaRange part, bool is_last, bool write, page **out)
{
	if (!page_aligned(area, part, is_last))
		return fail(Errno::kInval, "the range does not begin or end at a page of memory");
	TRY(check_usable(area, write));
	if (write && !area.pages().writable())
		return fail(Errno::kPerm, "the memory was mapped read-only");

	kern::Guard guard(area.pages().lock());
	TRY(area.pages().pin(area.indexes(part), out));
	area.pins_++;
	return {};
}

Status Access::pin(IovaRange range, page **out, bool write)
{
	kern::Guard guard(lock_);
	if (!ioas_)
		return fail(Errno::kNoEnt, "the access is not attached");

	Iova done;
	Status status = ioas_->table().for_each_area(range, done, [&](Area &area, IovaRange part) -> Status {
		TRY(pin_part(area, part, part.last == range.last, write, out));
		out += area.indexes(part).count();
		return {};
	});
	// Areas with pins stay mapped, so what was pinned is still found without the lock held in between.
	if (!status && done != range.start)
		unpin_from(ioas_->table(), {range.start, done - 1});
	return status;
}

void Access::unpin_from(IoPageTable &table, IovaRange range)
{
	Iova done;
	Status status = table.for_each_area(range, done, [](Area &area, IovaRange part) -> Status {
		kern::Guard guard(area.pages().lock());
		if (!WARN_ON(!area.pins_))
			area.pins_--;
		area.pages().unpin(area.indexes(part));
		return {};
	});
	WARN_ON(!status);
}

void Access::unpin(IovaRange range)
{
	kern::Guard guard(lock_);
	if (!WARN_ON(!unpin_ioas_))
		unpin_from(unpin_ioas_->table(), range);
}

Status Access::copy(IovaRange range, void *data, bool write, bool in_kthread)
{
	kern::Guard guard(lock_);
	if (!ioas_)
		return fail(Errno::kNoEnt, "the access is not attached");

	Iova done;
	char *at = static_cast<char *>(data);
	return ioas_->table().for_each_area(range, done, [&](Area &area, IovaRange part) -> Status {
		TRY(check_usable(area, write));
		TRY(copy_pages(area.pages(), area.byte_at(part.start), at, part.count(), write, in_kthread));
		at += part.count();
		return {};
	});
}

u64 Access::nth_area(u32 n, u64 offset)
{
	kern::Guard guard(lock_);
	std::optional<Iova> start = ioas_ ? ioas_->table().nth_area(n) : std::nullopt;
	return start ? start->raw() + offset : 0;
}

} // namespace iommufd
