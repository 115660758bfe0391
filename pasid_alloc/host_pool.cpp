// SPDX-License-Identifier: GPL-2.0-only
#include "pasid_alloc/host_pool.hpp"

#include "base/guard.hpp"

#define IOMMUFD_CXX_KERNEL
#include "linux/iommu_pasid_alloc.h"

using base::Errno;
using base::fail;
using base::Guard;

namespace pasid {
namespace {

constinit kern::LockClass pool_class("pasid_alloc HostPool::lock");
constexpr u32 kMostIdle = IOMMU_PASID_MOST_IDLE;

} // namespace

HostPool::HostPool() : lock_(pool_class) {}

base::Result<Pasid> HostPool::take(device *dev, PasidRange range, u32 block)
{
	Guard guard(lock_);
	if (auto idle = take_idle(range))
		return idle;
	auto leased = lease(dev, range);
	if (leased)
		lease_ahead(dev, block);
	else // what was held on the way is of no use to anybody
		return_idle(kAllPasids);
	return leased;
}

void HostPool::give(Pasid p, u32 block)
{
	Guard guard(lock_);
	if (idle_count_ >= block || !hold(p))
		px_return(p.raw());
}

void HostPool::return_all()
{
	Guard guard(lock_);
	return_idle(kAllPasids);
}

base::Result<Pasid> HostPool::take_idle(PasidRange range)
{
	lock_.assert_held();
	auto idle = idle_.take_first(range);
	if (idle)
		idle_count_--;
	return idle;
}

// Leases and holds until one falls into the range. The kernel says no more than "none" when it has no memory.
base::Result<Pasid> HostPool::lease(device *dev, PasidRange range)
{
	lock_.assert_held();
	for (;;) {
		unsigned raw = 0;
		if (!px_lease(dev, &raw))
			return fail(Errno::kNoSpc, "the kernel has no free PASID for the device");
		const Pasid p(raw);
		if (contains(range, p))
			return p;
		base::Undo give_back([&] { px_return(raw); });
		if (p > range.last)
			return fail(Errno::kNoSpc, "all PASIDs of the range are taken");
		TRY(make_room(range.last));
		TRY(hold(p));
		give_back.dismiss();
	}
}

// Completes a block, as far as that costs nothing: what does not work is left for the next alloc.
void HostPool::lease_ahead(device *dev, u32 block)
{
	lock_.assert_held();
	while (idle_count_ + 1 < block) {
		unsigned raw = 0;
		if (!px_lease(dev, &raw))
			return;
		if (!hold(Pasid(raw))) {
			px_return(raw);
			return;
		}
	}
}

base::Status HostPool::hold(Pasid p)
{
	lock_.assert_held();
	TRY(idle_.insert(p));
	idle_count_++;
	return {};
}

// One more is to be held below a range that ends with `last`. Those above it are in nobody's way.
base::Status HostPool::make_room(Pasid last)
{
	lock_.assert_held();
	if (idle_count_ < kMostIdle)
		return {};
	if (last < kAllPasids.last)
		return_idle({last + 1, kAllPasids.last});
	if (idle_count_ >= kMostIdle)
		return fail(Errno::kNoSpc, "too many PASIDs below the range would have to be held");
	return {};
}

void HostPool::return_idle(PasidRange range)
{
	lock_.assert_held();
	while (auto idle = take_idle(range))
		px_return(idle->raw());
}

} // namespace pasid
