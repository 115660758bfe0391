// SPDX-License-Identifier: GPL-2.0-only
#include "pasid_alloc/registry.hpp"

#include "base/guard.hpp"
#include "pasid_alloc/builtin.hpp"

#define IOMMUFD_CXX_KERNEL
#include "linux/iommu_pasid_alloc.h"

using base::Errno;
using base::fail;
using base::Guard;

namespace pasid {
namespace {

constinit kern::LockClass registry_class("pasid_alloc Registry::lock");

bool within(PasidRange inner, PasidRange outer)
{
	return inner.start <= inner.last && outer.start <= inner.start && inner.last <= outer.last;
}

} // namespace

base::Result<Pasid> Space::take(const char *consumer, PasidRange range)
{
	TRY_LET(p, ask(range));
	const bool is_pasid = contains(kAllPasids, p);
	if (is_pasid) {
		// Whoever has it must not lose it: what is claimed twice does not go back.
		auto claim = claimed_.take({p, p});
		if (!claim && claim.error().is(Errno::kNoSpc)) {
			px_log_refused(consumer, backend_.name, "it is in use");
			return fail(Errno::kIo, "the backend handed out a PASID that is in use");
		}
		if (!claim) {
			backend_.free(cookie_, p.raw());
			return claim;
		}
		if (contains(range, p))
			return p;
		claimed_.give(p);
	}
	px_log_refused(consumer, backend_.name, is_pasid ? "it is out of range" : "it is none");
	backend_.free(cookie_, p.raw());
	return fail(Errno::kIo, "the backend handed out a PASID that is out of range");
}

base::Result<Pasid> Space::ask(PasidRange range)
{
	unsigned raw = 0;
	int rc = backend_.alloc(cookie_, range.start.raw(), range.last.raw(), &raw);
	TRY(base::check(rc, "the backend has no PASID"));
	if (rc > 0)
		return fail(Errno::kIo, "the backend answered what is no errno");
	return Pasid(raw);
}

// From the end of the claim on the backend may hand it out again.
void Space::give(Pasid p)
{
	claimed_.give(p);
	backend_.free(cookie_, p.raw());
}

bool Space::is_private() const { return &backend_ == &private_backend; }

SpaceUse::~SpaceUse()
{
	if (space_)
		registry_->close(*space_);
}

Registry::Registry() : lock_(registry_class) {}

base::Status Registry::add(iommu_pasid_backend &backend)
{
	if (!backend.name || !backend.probe || !backend.release || !backend.alloc || !backend.free)
		return fail(Errno::kInval, "the backend lacks its name or a function");
	Guard guard(lock_);
	if (find_locked(backend))
		return fail(Errno::kBusy, "the backend is registered already");
	iommu_pasid_backend **at = &first_;
	while (*at && (*at)->priority >= backend.priority)
		at = &(*at)->next;
	backend.users = 0;
	backend.next = *at;
	*at = &backend;
	return {};
}

base::Status Registry::remove(iommu_pasid_backend &backend)
{
	Guard guard(lock_);
	iommu_pasid_backend **at = find_locked(backend);
	if (!at)
		return fail(Errno::kNoEnt, "the backend is not registered");
	if (backend.users)
		return fail(Errno::kBusy, "a consumer uses the backend");
	*at = backend.next;
	return {};
}

iommu_pasid_backend **Registry::find_locked(const iommu_pasid_backend &backend)
{
	lock_.assert_held();
	iommu_pasid_backend **at = &first_;
	while (*at && *at != &backend)
		at = &(*at)->next;
	return *at ? at : nullptr;
}

base::Result<SpaceUse> Registry::open(device *dev, PasidRange &range)
{
	Guard guard(lock_);
	for (iommu_pasid_backend *b = first_; b; b = b->next) {
		if (!px_module_get(b->owner))
			continue; // it is being unloaded
		auto space = probe(*b, dev, range);
		if (space) {
			b->users++;
			return SpaceUse(*this, **space);
		}
		px_module_put(b->owner);
		if (!space.error().is(Errno::kNoDev))
			return fail(space.error());
	}
	return fail(Errno::kNoDev, "no backend takes the device");
}

// ENODEV: not this backend.
base::Result<Space *> Registry::probe(iommu_pasid_backend &backend, device *dev, PasidRange &range)
{
	unsigned first = kAllPasids.start.raw(), last = kAllPasids.last.raw();
	void *cookie = nullptr;

	int rc = backend.probe(dev, &first, &last, &cookie);
	TRY(base::check(rc, "the backend refuses the device"));
	base::Undo release([&] { backend.release(cookie); });
	if (rc > 0)
		return fail(Errno::kIo, "the backend answered what is no errno");
	const PasidRange allowed{Pasid(first), Pasid(last)};
	if (!within(allowed, kAllPasids))
		return fail(Errno::kNoSpc, "the backend has no PASID for the device");
	TRY_LET(space, space_for(backend, cookie));
	release.dismiss();
	range = allowed;
	return space;
}

base::Result<Space *> Registry::space_for(iommu_pasid_backend &backend, void *cookie)
{
	lock_.assert_held();
	for (Space *s = spaces_; s; s = s->next_)
		if (&s->backend_ == &backend && s->cookie_ == cookie) {
			s->users_++;
			return s;
		}
	TRY_LET(made, kern::make<Space>(backend, cookie));
	made->users_ = 1;
	made->next_ = spaces_;
	spaces_ = made.get();
	return made.release();
}

// The backend counts as used until it has been told.
void Registry::close(Space &space)
{
	iommu_pasid_backend &backend = space.backend_;
	void *const cookie = space.cookie_;
	kern::Box<Space> last;
	{
		Guard guard(lock_);
		if (!--space.users_) {
			Space **at = &spaces_;
			while (*at != &space)
				at = &(*at)->next_;
			*at = space.next_;
			last = kern::Box<Space>(&space);
		}
	}
	backend.release(cookie);
	module *const owner = backend.owner;
	{
		Guard guard(lock_);
		backend.users--;
	}
	px_module_put(owner);
}

} // namespace pasid
