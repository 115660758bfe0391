// SPDX-License-Identifier: GPL-2.0-only
#include "pasid_alloc/builtin.hpp"

#include "kern/log.hpp"

#define IOMMUFD_CXX_KERNEL
#include "linux/iommu_pasid_alloc.h"

namespace pasid {
namespace {

constexpr int kNoDevice = -19, kNoMemory = -12; // ENODEV, ENOMEM
constexpr u32 kLargestBlock = 64;

// A backend speaks C, where the reason has no way through: the log has it in a line before the caller's.
int to_c(const char *what, const base::Result<Pasid> &got, unsigned *pasid)
{
	if (!got)
		return kern::reject(what, got.error());
	*pasid = got->raw();
	return 0;
}

PasidRange range_of(unsigned min, unsigned max) { return {Pasid(min), Pasid(max)}; }

// One device on the host.
struct HostSpace {
	HostSpace(device *d, u32 b) : dev(d), block(b) {}
	device *dev;
	u32 block; // so many are leased at once: less of a device with few, which others use too
};

int host_probe(device *dev, unsigned *, unsigned *last, void **space)
{
	const u32 count = px_max_pasids(dev);
	if (count < 2) // 0 is none
		return kNoDevice;
	*last = base::min(*last, count - 1);
	auto *made = new HostSpace(dev, base::max(1u, base::min(count / 16, kLargestBlock)));
	*space = made;
	return made ? 0 : kNoMemory;
}

void host_release(void *space)
{
	delete static_cast<HostSpace *>(space);
	everything().pool.return_all();
}

int host_alloc(void *space, unsigned min, unsigned max, unsigned *pasid)
{
	const auto &host = *static_cast<HostSpace *>(space);
	return to_c("host PASIDs", everything().pool.take(host.dev, range_of(min, max), host.block), pasid);
}

void host_free(void *space, unsigned pasid)
{
	everything().pool.give(Pasid(pasid), static_cast<HostSpace *>(space)->block);
}

int private_probe(device *, unsigned *, unsigned *, void **space)
{
	auto *made = new PasidSet;
	*space = made;
	return made ? 0 : kNoMemory;
}

void private_release(void *space) { delete static_cast<PasidSet *>(space); }

int private_alloc(void *space, unsigned min, unsigned max, unsigned *pasid)
{
	return to_c("private PASIDs", static_cast<PasidSet *>(space)->take(range_of(min, max)), pasid);
}

void private_free(void *space, unsigned pasid) { static_cast<PasidSet *>(space)->give(Pasid(pasid)); }

} // namespace

constinit iommu_pasid_backend host_backend{
	.name = "host",
	.priority = IOMMU_PASID_PRIORITY_HOST,
	.owner = nullptr,
	.probe = host_probe,
	.release = host_release,
	.alloc = host_alloc,
	.free = host_free,
	.next = nullptr,
	.users = 0,
};

constinit iommu_pasid_backend private_backend{
	.name = "private",
	.priority = std::numeric_limits<int>::min(),
	.owner = nullptr,
	.probe = private_probe,
	.release = private_release,
	.alloc = private_alloc,
	.free = private_free,
	.next = nullptr,
	.users = 0,
};

} // namespace pasid
