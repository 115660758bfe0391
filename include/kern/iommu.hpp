// SPDX-License-Identifier: GPL-2.0-only
// Domains, groups and devices of the kernel's IOMMU layer.
#pragma once
#include "base/held.hpp"
#include "base/math.hpp"
#include "base/result.hpp"
#include "bridge/iommu.h"
#include "kern/log.hpp"
#include "kern/mm.hpp"
#include "kern/opaque.hpp"

namespace kern {

using base::Iova;
using base::IovaRange;
using base::Pa;

// What a mapping lets the device do; the values are the kernel's IOMMU_* bits of this build.
class Prot {
public:
	static constexpr Prot make(bool readable, bool writable)
	{
		// Always coherent: user space has no means to flush caches, so binding demands that DMA snoops.
		return Prot(KX_IOMMU_CACHE | (readable ? KX_IOMMU_READ : 0) | (writable ? KX_IOMMU_WRITE : 0));
	}
	// The same for a device's memory, which has no caches to be coherent with.
	constexpr Prot of_device_memory() const { return Prot((bits_ & ~KX_IOMMU_CACHE) | KX_IOMMU_MMIO); }
	constexpr bool readable() const { return bits_ & KX_IOMMU_READ; }
	constexpr bool writable() const { return bits_ & KX_IOMMU_WRITE; }
	constexpr int bits() const { return bits_; }

private:
	explicit constexpr Prot(int bits) : bits_(bits) {}
	int bits_;
};

// One iommu_domain, owned.
class Domain : public base::Held<iommu_domain, kx_domain_free> {
public:
	using Held::Held;

	// All sizes in bytes. map: ENOMEM and what the driver returns; nothing stays mapped on failure.
	base::Status map(Iova iova, Pa pa, u64 size, Prot prot)
	{
		return base::check(kx_domain_map(get(), iova.raw(), pa.raw(), size, prot.bits()),
				   "the IOMMU driver could not map");
	}
	// The same, without waiting for memory for page tables: ENOMEM is then worth another try.
	base::Status map_nowait(Iova iova, Pa pa, u64 size, Prot prot)
	{
		return base::check(kx_domain_map_nowait(get(), iova.raw(), pa.raw(), size, prot.bits()),
				   "the IOMMU driver could not map");
	}
	// Every byte of the range must be mapped, and the range must begin and end where mappings did.
	void unmap(Iova iova, u64 size) { WARN_ON(kx_domain_unmap(get(), iova.raw(), size) != size); }
	Pa iova_to_pa(Iova iova) const { return Pa(kx_domain_iova_to_phys(get(), iova.raw())); }
	u64 page_sizes() const { return kx_domain_page_sizes(get()); } // bitmap, bytes
	u64 smallest_page() const { return base::lowest_bit(page_sizes()); }
	IovaRange aperture() const
	{
		return {Iova(kx_domain_aperture_start(get())), Iova(kx_domain_aperture_last(get()))};
	}
	// From now on no DMA through this domain can skip the caches; false when the domain cannot do that.
	bool enforce_coherency() { return kx_domain_enforce_coherency(get()); }
	base::Status set_msi_window(Pa base)
	{
		return base::check(kx_domain_set_msi_window(get(), base.raw()), "no MSI window in the domain");
	}
};

// What the user passed to HWPT_ALLOC for the driver; `length` 0: nothing.
struct DomainUserData {
	u32 type = 0;
	base::UserVa data{};
	u64 length = 0;
};

// A domain as user space describes it: flags are the uAPI's IOMMU_HWPT_ALLOC_*, `parent` (may be null) what it is
// nested on. The driver must have the operation, see kx_domain_can_alloc_user(). ENOMEM, and what the driver returns.
inline base::Result<Domain> alloc_user_domain(device *dev, u32 flags, const Domain *parent, const DomainUserData &user)
{
	iommu_domain *made = nullptr;
	TRY(base::check(kx_domain_alloc_user(dev, flags, parent ? parent->get() : nullptr, user.type, user.data.raw(),
					     user.length, &made),
			"the IOMMU driver made no domain"));
	return Domain(made);
}

// A paging domain. Without kx_domain_can_alloc_user() there are no flags and no data.
inline base::Result<Domain> alloc_domain(device *dev, u32 flags, const DomainUserData &user)
{
	if (kx_domain_can_alloc_user(dev))
		return alloc_user_domain(dev, flags, nullptr, user);
	iommu_domain *made = nullptr;
	TRY(base::check(kx_domain_alloc(dev, &made), "the IOMMU driver made no domain"));
	return Domain(made);
}

using GroupRef = base::Held<iommu_group, kx_group_put>;

// Links an attachment to its domain inside the IOMMU core; must outlive the attachment.
using AttachHandle = Opaque<iommu_attach_handle, KX_SIZE_iommu_attach_handle, KX_ALIGN_iommu_attach_handle>;

} // namespace kern
