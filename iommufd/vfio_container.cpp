// SPDX-License-Identifier: GPL-2.0-only
// VFIO's container calls (type 1), on /dev/vfio/vfio and on any iommufd: they work on the compatibility IOAS.
//
// Type 1 may unmap in the middle of a mapping and type 1 v2 may not. The former costs large pages, because an IOMMU
// cannot split one: SET_IOMMU(type 1) switches them off for the IOAS, and UNMAP_DMA then cuts areas in two.
#include "iommufd/context.hpp"
#include "iommufd/ioctl.hpp"
#include "iommufd/vfio_uapi.hpp"

namespace iommufd {

namespace {

Result<long> map_dma(Context &context, base::UserVa arg)
{
	vfio::MapDma map;
	SliceList slices;

	TRY(kern::copy_from_user(map, arg));
	if (map.argsz < sizeof(map) || (map.flags & ~(vfio::kMapRead | vfio::kMapWrite)))
		return fail(Errno::kInval, "argsz is too small, or a flag is unknown");
	TRY_LET(ioas, context.compat_ioas());
	const kern::Prot prot = kern::Prot::make(map.flags & vfio::kMapRead, map.flags & vfio::kMapWrite);
	TRY(context.append_memory(slices, base::UserVa(map.vaddr), map.size, prot.writable()));
	TRY(ioas->table().map(slices, map.size, {true, Iova(map.iova)}, prot));
	return 0;
}

// Both ends of the range become ends of areas, where large pages do not forbid it.
Status cut_at_ends(IoPageTable &table, IovaRange range)
{
	if (table.large_pages())
		return {};
	TRY(table.cut_behind(range.last));
	if (range.start != Iova(0))
		TRY(table.cut_behind(range.start - 1));
	return {};
}

Result<long> unmap_dma(Context &context, base::UserVa arg)
{
	vfio::UnmapDma unmap;
	u64 bytes = 0;

	TRY(kern::copy_from_user(unmap, arg));
	if (unmap.argsz < sizeof(unmap) || (unmap.flags & ~vfio::kUnmapEverything))
		return fail(Errno::kInval, "argsz is too small, or a flag is unknown");
	TRY_LET(ioas, context.compat_ioas());

	IovaRange range = base::kAllIova;
	if (unmap.flags & vfio::kUnmapEverything) {
		if (unmap.iova || unmap.size)
			return fail(Errno::kInval, "everything and a range at once");
	} else {
		TRY_LET(given, base::checked_range(Iova(unmap.iova), unmap.size));
		range = given;
		TRY(cut_at_ends(ioas->table(), range));
	}
	// How far it came is told in any case.
	Status status = ioas->table().unmap_counting(range, bytes);
	unmap.size = bytes;
	TRY(kern::copy_to_user(arg, &unmap, sizeof(unmap)));
	TRY(status);
	return 0;
}

Result<long> check_extension(Context &context, unsigned long extension)
{
	switch (extension) {
	case vfio::kType1:
	case vfio::kType1v2:
	case vfio::kUnmapAll:
		return !context.no_iommu();
	case vfio::kNoIommu:
		return KX_VFIO_NOIOMMU;
	case vfio::kDmaCoherent: {
		TRY_LET(ioas, context.compat_ioas());
		kern::Guard guard(ioas->lock());
		for (HwptPaging &hwpt : ioas->hwpts())
			if (!hwpt.enforces_coherency())
				return 0;
		return 1;
	}
	default:
		return 0;
	}
}

Result<long> set_iommu(Context &context, unsigned long type)
{
	if (context.no_iommu()) {
		if (!KX_VFIO_NOIOMMU || type != vfio::kNoIommu)
			return fail(Errno::kInval, "the container is in no-IOMMU mode");
		if (!kx_capable_sys_rawio())
			return fail(Errno::kPerm, "no-IOMMU mode needs CAP_SYS_RAWIO");
		return 0;
	}
	if (type != vfio::kType1 && type != vfio::kType1v2)
		return fail(Errno::kInval, "unknown type of IOMMU");
	// There is one as soon as a group has joined.
	TRY_LET(ioas, context.compat_ioas());
	if (type == vfio::kType1)
		TRY(ioas->table().set_large_pages(false));
	return 0;
}

// Writes capabilities one behind the other, and links them, as long as they fit; counts what all of them need.
class CapabilityWriter {
public:
	CapabilityWriter(base::UserVa info, u64 room) : info_(info), room_(room) {}

	u64 needed() const { return end_; }
	bool complete() const { return end_ <= room_; }

	// `id`, and where in the structure behind the header the rest begins; `size` of all of it, bytes.
	template <typename T> Status begin(T capability, u16 id)
	{
		const u64 at = end_;
		capability.header = {id, 1, 0};
		if (last_ && complete()) {
			const u32 next = static_cast<u32>(at);
			TRY(write(last_ + offsetof(vfio::CapabilityHeader, next), &next, sizeof(next)));
		}
		last_ = at;
		return append(&capability, sizeof(capability));
	}
	Status append(const void *data, u64 size)
	{
		const u64 at = end_;
		end_ += size;
		return write(at, data, size);
	}
	void align() { end_ = (end_ + 7) & ~u64{7}; }

private:
	Status write(u64 at, const void *data, u64 size) const
	{
		if (at + size > room_)
			return {};
		return kern::copy_to_user(info_ + at, data, size);
	}

	const base::UserVa info_;
	const u64 room_;
	u64 end_ = sizeof(vfio::Info), last_ = 0;
};

Status write_capabilities(IoPageTable &table, CapabilityWriter &writer)
{
	// There is no limit to the number of mappings but memory.
	TRY(writer.begin(vfio::DmaAvailable{{}, ~u32{0}}, 3));
	writer.align();

	u32 count = 0;
	TRY(table.for_each_usable([&](IovaRange) -> Status {
		count++;
		return {};
	}));
	TRY(writer.begin(vfio::IovaRanges{{}, count, 0}, 1));
	u32 written = 0;
	TRY(table.for_each_usable([&](IovaRange range) -> Status {
		const vfio::IovaRangeEntry entry{range.start.raw(), range.last.raw()};
		return written++ < count ? writer.append(&entry, sizeof(entry)) : Status();
	}));
	return {};
}

Result<long> get_info(Context &context, base::UserVa arg)
{
	constexpr u32 kFirstVersion = offsetof(vfio::Info, cap_offset);
	vfio::Info info{};

	TRY(kern::copy_from_user(info.argsz, arg));
	if (info.argsz < kFirstVersion)
		return fail(Errno::kInval, "argsz is too small");
	const u32 room = info.argsz;
	TRY_LET(ioas, context.compat_ioas());

	CapabilityWriter writer(arg, room);
	TRY(write_capabilities(ioas->table(), writer));
	info.flags = vfio::kInfoPageSizes | vfio::kInfoCapabilities;
	info.iova_pgsizes = ioas->table().page_sizes();
	info.cap_offset = writer.complete() ? sizeof(info) : 0;
	info.argsz = static_cast<u32>(writer.needed());
	TRY(kern::copy_to_user(arg, &info, base::min<u64>(room, sizeof(info))));
	return 0;
}

Result<long> run(Context &context, unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case vfio::kGetApiVersion:
		return vfio::kApiVersion;
	case vfio::kCheckExtension:
		return check_extension(context, arg);
	case vfio::kSetIommu:
		return set_iommu(context, arg);
	case vfio::kGetInfo:
		return get_info(context, base::UserVa(arg));
	case vfio::kMapDma:
		return map_dma(context, base::UserVa(arg));
	case vfio::kUnmapDma:
		return unmap_dma(context, base::UserVa(arg));
	default:
		return fail(Errno::kNoTty, "no such call");
	}
}

} // namespace

long dispatch_container(Context &context, unsigned cmd, unsigned long arg)
{
	Result<long> result = run(context, cmd, arg);
	return result ? *result : kern::reject("VFIO container", result.error());
}

} // namespace iommufd
