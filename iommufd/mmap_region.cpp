// SPDX-License-Identifier: GPL-2.0-only
// See mmap_region.hpp.
#include "iommufd/mmap_region.hpp"

#include "base/math.hpp"
#include "iommufd/context.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass regions_class("iommufd MmapRegions::lock");

} // namespace

MmapRegions::MmapRegions(file *f) : lock_(regions_class), file_(f) {}

MmapRegions::~MmapRegions() { WARN_ON(!regions_.empty()); }

Result<u64> MmapRegions::add(Object &owner, base::Pa start, u64 length, Kind kind)
{
	u64 end;
	if (!length || !base::is_aligned(start.raw() | length, base::kPageSize) ||
	    __builtin_add_overflow(start.raw(), length - 1, &end))
		return fail(Errno::kInval, "the region is empty, or not whole pages");
	TRY_LET(region, kern::make<MmapRegion>(*this, owner, start, kind));

	kern::Guard guard(lock_);
	const u64 first = next_page_, pages = length / base::kPageSize;
	// The kernel takes the offset in bytes as a signed number.
	if (pages > (base::kU64Max >> 1) / base::kPageSize - first)
		return fail(Errno::kNoMem, "no offset is left");
	next_page_ += pages;
	region->first_ = FilePage(first);
	regions_.insert(*region.release(), {FilePage(first), FilePage(first + pages - 1)});
	return first * base::kPageSize;
}

void MmapRegions::remove(Object &owner, u64 offset)
{
	kern::Box<MmapRegion> unmapped;
	u64 length;
	{
		kern::Guard guard(lock_);
		MmapRegion *region = regions_.at(FilePage(offset / base::kPageSize));
		if (WARN_ON(!region || region->owner_ != &owner || region->first_.raw() * base::kPageSize != offset))
			return;
		length = regions_.range(*region).count() * base::kPageSize;
		regions_.remove(*region);
		region->gone_ = true;
		if (!region->mappings_)
			unmapped = kern::Box<MmapRegion>(region);
	}
	// No page is put into a mapping any more; those that are there go now.
	if (!unmapped)
		kx_vma_zap(file_, offset, length);
}

u32 MmapRegions::remove_all_of(Object &owner)
{
	kern::Guard guard(lock_);
	u32 removed = 0;
	MmapRegion *next;
	for (MmapRegion *region = regions_.first(); region; region = next) {
		next = regions_.next(*region);
		if (region->owner_ != &owner)
			continue;
		regions_.remove(*region);
		delete region;
		removed++;
	}
	return removed;
}

Result<MmapRegion *> MmapRegions::map(ObjectTable &objects, FilePages pages)
{
	kern::Guard guard(lock_);
	MmapRegion *region = regions_.at(pages.start);
	if (!region || regions_.range(*region) != pages)
		return fail(Errno::kNxio, "no region has this offset and length");
	Result<Lease<Object>> owner = objects.get_any(region->owner_id_);
	if (!owner || owner->get() != region->owner_)
		return fail(Errno::kNxio, "the region's owner is being made, or destroyed");
	if (!region->mappings_++)
		region->owner_held_ = Hold<Object>(*region->owner_);
	return region;
}

MmapRegion::MmapRegion(MmapRegions &home, Object &owner, base::Pa start, MmapRegions::Kind kind)
	: home_(home), owner_(&owner), owner_id_(owner.id()), start_(start), kind_(kind)
{
}

void MmapRegion::opened()
{
	kern::Guard guard(home_.lock_);
	mappings_++;
}

void MmapRegion::closed()
{
	kern::Box<MmapRegion> last;
	{
		kern::Guard guard(home_.lock_);
		if (--mappings_)
			return;
		owner_held_ = {};
		if (gone_)
			last = kern::Box<MmapRegion>(this);
	}
}

unsigned MmapRegion::fault(vm_fault *fault, FilePage page)
{
	kern::Guard guard(home_.lock_);
	if (gone_)
		return kx_vma_refuse();
	return kx_vma_insert(fault, start_.raw() / base::kPageSize + (page - first_));
}

namespace {

Status map_region(Context &context, vm_area_struct *vma, FilePages pages, bool shared, bool executable)
{
	if (!shared)
		return fail(Errno::kInval, "a region cannot be mapped privately");
	if (executable)
		return fail(Errno::kPerm, "a region is not to be executed");
	TRY_LET(region, context.regions().map(context.objects(), pages));
	kx_vma_set_region(vma, region, region->kind() == MmapRegions::Kind::kDevice);
	return {};
}

} // namespace

} // namespace iommufd

using namespace iommufd;

int iommufd_cxx_mmap(void *context, vm_area_struct *vma, unsigned long first_page, unsigned long pages, bool shared,
		     bool executable)
{
	const FilePages range{FilePage(first_page), FilePage(first_page + pages - 1)};
	return kern::to_errno("mmap", map_region(*static_cast<Context *>(context), vma, range, shared, executable));
}

void iommufd_cxx_region_open(void *region) { static_cast<MmapRegion *>(region)->opened(); }
void iommufd_cxx_region_close(void *region) { static_cast<MmapRegion *>(region)->closed(); }

unsigned iommufd_cxx_region_fault(void *region, vm_fault *fault, unsigned long page)
{
	return static_cast<MmapRegion *>(region)->fault(fault, FilePage(page));
}
