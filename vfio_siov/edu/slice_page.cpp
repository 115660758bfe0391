// SPDX-License-Identifier: GPL-2.0-only
// The ADI's page in its owner's hands: accesses that are trapped, and the mapping.
#include "kern/log.hpp"
#include "uapi/linux/siov_edu.h"
#include "vfio_siov/edu/slice.hpp"

namespace edu {

u32 Slice::page_offset(u32 offset) const { return SIOV_EDU_ADI_PAGE(adi()) + offset; }

void Slice::read_page(u32 offset, std::span<u8> to)
{
	const u64 value = ex_read(adi_.function().parent(), page_offset(offset), static_cast<u32>(to.size()));
	for (std::size_t i = 0; i < to.size(); i++)
		to[i] = static_cast<u8>(value >> (8 * i));
}

void Slice::write_page(u32 offset, std::span<const u8> from)
{
	u64 value = 0;
	for (std::size_t i = 0; i < from.size(); i++)
		value |= static_cast<u64>(from[i]) << (8 * i);
	ex_write(adi_.function().parent(), page_offset(offset), static_cast<u32>(from.size()), value);
}

Result<int> Slice::export_page(u32 offset, u32 length, u32 open_flags, bool usable)
{
	lock_.assert_held();
	const int fd = ex_export(vdev_, offset, length, open_flags, usable);
	TRY(base::check(fd, "no dma-buf of the page"));
	return fd;
}

void Slice::allow_exports(bool usable)
{
	lock_.assert_held();
	ex_allow_exports(vdev_, usable);
}

namespace {

Slice &of(edu_slice *slice) { return *reinterpret_cast<Slice *>(slice); }

Status check_mmap(Slice &slice, u64 offset, u64 length, bool shared, bool executable)
{
	if (offset >> PD_REGION_SHIFT != PD_REGION_BAR0 || !page_device::inside(offset, length, SIOV_EDU_PAGE_SIZE))
		return base::fail(base::Errno::kInval, "only the slice's page can be mapped");
	if (!shared)
		return base::fail(base::Errno::kInval, "registers cannot be mapped privately");
	if (executable)
		return base::fail(base::Errno::kPerm, "registers are not to be executed");
	if (slice.revoked())
		return base::fail(base::Errno::kNoDev, "the slice was taken back");
	return {};
}

} // namespace

} // namespace edu

int edu_slice_check_mmap(edu_slice *slice, unsigned long long offset, unsigned long length, bool shared,
			 bool executable)
{
	return kern::to_errno("mmap of a slice", edu::check_mmap(edu::of(slice), offset, length, shared, executable));
}

bool edu_slice_begin_fault(edu_slice *slice) { return edu::of(slice).begin_fault(); }
void edu_slice_end_fault(edu_slice *slice) { edu::of(slice).end_fault(); }
