// SPDX-License-Identifier: GPL-2.0-only
// Access: a kernel driver's way to the memory behind an IOAS without DMA: pin pages, or copy bytes.
//
// Locks: lock_ guards ioas_ and unpin_ioas_. They differ only while the access moves away from an IOAS: ioas_ is
// already null, so that nothing new is pinned, and what is pinned can still be given back. lock_ is not held while the
// driver's unmap function runs, which is expected to unpin.
#pragma once
#include "bridge/api.h"
#include "iommufd/ioas.hpp"
#include "kern/file.hpp"

namespace iommufd {

class Context;

class Access final : public Object {
public:
	static const ObjectType kType = ObjectType::kAccess;

	static Result<Access *> create(Context &context, const iommufd_access_ops &ops, void *data);
	// Context: may sleep; waits for an unmap function that is running. The access is gone afterwards.
	static void destroy(Access &access);

	Access(Context &context, const iommufd_access_ops &ops, void *data);
	~Access() override;

	// ENOENT: no such IOAS; EBUSY: moves already; EADDRINUSE: the IOAS has areas that are not page aligned.
	Status attach(ObjectId ioas);
	Status replace(ObjectId ioas);
	void detach();

	// Pins whole pages behind an IOVA range and writes them to `out`, one for each page. ENOENT (not attached, or
	// not mapped), EINVAL (being unmapped, or not page aligned in memory), EPERM, EFAULT, ENOMEM.
	Status pin(IovaRange range, page **out, bool write);
	// Gives back exactly one pin() of that range.
	void unpin(IovaRange range);
	// Copies between `data` and an IOVA range. Errors as pin().
	Status copy(IovaRange range, void *data, bool write, bool in_kthread);

	// For tests: the IOVA `offset` bytes into the n-th area of its IOAS, 0 when there is none.
	u64 nth_area(u32 n, u64 offset);

private:
	// The access's place among the listeners of one IOAS. There are two, because a replace joins the new IOAS
	// before it leaves the old one.
	class Seat final : public UnmapListener {
	public:
		explicit Seat(Access &access) : access_(access) {}
		bool enter() override;
		void unmapped(IovaRange range) override { access_.tell_driver(range.start.raw(), range.count()); }
		void leave() override;
		u64 alignment() const override { return access_.ops_.needs_pin_pages ? base::kPageSize : 1; }

	private:
		Access &access_;
	};

	Status change(Ioas *to);
	Status change_to(ObjectId ioas);
	void tell_driver(unsigned long iova, unsigned long length);
	Status pin_part(Area &area, IovaRange part, bool is_last, bool write, page **out);
	void unpin_from(IoPageTable &table, IovaRange range);

	const kern::FileRef open_fd_;
	Context &context_;
	const iommufd_access_ops &ops_;
	void *const data_;
	kern::Mutex lock_;
	Seat seats_[2]{Seat(*this), Seat(*this)};
	unsigned seat_ = 0; // the one in use
	Ioas *ioas_ = nullptr;
	Ioas *unpin_ioas_ = nullptr;
	Hold<Ioas> hold_;     // on unpin_ioas_
	Hold<Access> driver_; // the driver's own, from create to destroy
};

} // namespace iommufd
