// SPDX-License-Identifier: GPL-2.0-only
#include "pasid_alloc/consumer.hpp"

#include "pasid_alloc/builtin.hpp"

#define IOMMUFD_CXX_KERNEL
#include "linux/iommu_pasid_alloc.h"

using base::Errno;
using base::fail;

namespace pasid {
namespace {

constexpr u32 kMostReports = 16;

// What the driver makes of the range that the backend allows.
base::Status limit(PasidRange &range, const iommu_pasid_ops *ops, void *data)
{
	if (!ops || !ops->limit)
		return {};
	unsigned first = range.start.raw(), last = range.last.raw();
	TRY(base::check(ops->limit(data, &first, &last), "the driver's limit()"));
	if (first > last)
		return fail(Errno::kNoSpc, "the driver's limit() leaves no PASID");
	const PasidRange narrowed{Pasid(first), Pasid(last)};
	if (!range.contains(narrowed))
		return fail(Errno::kInval, "the driver's limit() widens the range");
	range = narrowed;
	return {};
}

} // namespace

Consumer::Consumer(SpaceUse space, PasidRange range, const char *name, const iommu_pasid_ops *ops, void *data)
	: space_(std::move(space)), range_(range), ops_(ops), data_(data)
{
	for (u32 i = 0; i + 1 < sizeof(name_) && name[i]; i++)
		name_[i] = name[i];
}

base::Result<kern::Box<Consumer>> Consumer::create(Registry &registry, device *dev, const char *name,
						   const iommu_pasid_ops *ops, void *data)
{
	if (!name || !*name)
		return fail(Errno::kInval, "a consumer needs a name");
	PasidRange range = kAllPasids;
	TRY_LET(space, registry.open(dev, range));
	TRY(limit(range, ops, data));
	const bool is_private = space->is_private();
	TRY_LET(made, kern::make<Consumer>(std::move(space), range, name, ops, data));
	if (is_private)
		px_log_private(made->name_);
	return made;
}

base::Result<Pasid> Consumer::alloc(PasidRange wanted, void *owner)
{
	if (wanted.start == Pasid(0))
		return fail(Errno::kInval, "PASID 0 is none");
	if (wanted.start > wanted.last)
		return fail(Errno::kInval, "min is above max");
	if (!owner || reinterpret_cast<std::uintptr_t>(owner) % 4)
		return fail(Errno::kInval, "the private data are null or not aligned");
	const PasidRange range{base::max(wanted.start, range_.start), base::min(wanted.last, range_.last)};
	if (range.start > range.last)
		return fail(Errno::kNoSpc, "the range is beyond the hardware's");
	TRY_LET(p, space_->take(name_, range));
	if (auto known = live_.insert(p, owner); !known) {
		space_->give(p);
		return fail(known.error());
	}
	return p;
}

base::Status Consumer::free(Pasid p)
{
	if (!live_.erase(p))
		return fail(Errno::kNoEnt, "the PASID is not allocated");
	space_->give(p);
	return {};
}

u32 Consumer::free_leaks()
{
	u32 count = 0, reported = 0;

	for_each([&](Pasid, void *) {
		count++;
		return 0;
	});
	if (!count)
		return 0;
	px_log_leaks(name_, count);
	for_each([&](Pasid p, void *owner) {
		if (reported++ < kMostReports)
			report(p, owner);
		live_.erase(p);
		space_->give(p);
		return 0;
	});
	return count;
}

void Consumer::report(Pasid p, void *owner)
{
	char text[96] = "somebody (the driver does not describe its owners)";
	if (ops_ && ops_->describe)
		ops_->describe(data_, owner, text, sizeof(text));
	text[sizeof(text) - 1] = 0;
	px_log_leak(name_, text, p.raw());
}

} // namespace pasid
