// SPDX-License-Identifier: GPL-2.0-only
// Where PASIDs come from: the backends by priority, and the spaces that they have opened.
//
// A Space is one set of PASIDs of a backend, shared by the consumers to which the backend's probe() gave the same
// cookie: within it a PASID is claimed once, whatever the backend says. A SpaceUse is one consumer's use of it.
//
// Registry::lock_ guards the list of backends, the list of spaces, their users and the backends' users; it is held
// while backends are probed. alloc, free and release of a backend are called without it.
#pragma once
#include <utility>

#include "base/list.hpp"
#include "kern/alloc.hpp"
#include "kern/sync.hpp"
#include "pasid_alloc/ids.hpp"

struct iommu_pasid_backend;

namespace pasid {

class Registry;

class Space {
public:
	Space(iommu_pasid_backend &backend, void *cookie) : backend_(backend), cookie_(cookie) {}

	// One of `range`, which is not empty. Errors as for iommu_pasid_alloc(). `consumer`: its name, for the log.
	base::Result<Pasid> take(const char *consumer, PasidRange range);
	void give(Pasid p);
	bool is_private() const;

private:
	friend class Registry;
	base::Result<Pasid> ask(PasidRange range);

	iommu_pasid_backend &backend_;
	void *const cookie_;
	PasidSet claimed_;
	u32 users_ = 0;
	Space *next_ = nullptr;
};

class SpaceUse {
public:
	SpaceUse(Registry &registry, Space &space) : registry_(&registry), space_(&space) {}
	SpaceUse(SpaceUse &&o) noexcept : registry_(o.registry_), space_(std::exchange(o.space_, nullptr)) {}
	~SpaceUse();
	Space *operator->() const { return space_; }

private:
	Registry *registry_;
	Space *space_;
};

class Registry {
public:
	Registry();

	// EINVAL, EBUSY; ENOENT, EBUSY: as iommu_pasid_backend_register() and _unregister(). Context: may sleep.
	base::Status add(iommu_pasid_backend &backend);
	base::Status remove(iommu_pasid_backend &backend);
	// The space of the first backend that takes the device (may be null); narrows `range`. Errors as
	// iommu_pasid_init().
	base::Result<SpaceUse> open(device *dev, PasidRange &range);

private:
	friend class SpaceUse;
	iommu_pasid_backend **find_locked(const iommu_pasid_backend &backend);
	base::Result<Space *> probe(iommu_pasid_backend &backend, device *dev, PasidRange &range);
	base::Result<Space *> space_for(iommu_pasid_backend &backend, void *cookie);
	void close(Space &space);

	kern::Mutex lock_;
	iommu_pasid_backend *first_ = nullptr;
	Space *spaces_ = nullptr;
};

} // namespace pasid
