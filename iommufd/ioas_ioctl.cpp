// SPDX-License-Identifier: GPL-2.0-only
// The calls on IOASes, and DESTROY.
#include "iommufd/context.hpp"
#include "iommufd/dmabuf_memory.hpp"
#include "iommufd/ioas.hpp"
#include "iommufd/ioctl.hpp"

namespace iommufd {

namespace {

constexpr u32 kMapFlags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE;

// What MAP and COPY have in common.
struct MapArguments {
	Placement where;
	u64 length;
	kern::Prot prot;
};

Status check_not_max(std::initializer_list<u64> numbers)
{
	for (u64 n : numbers)
		if (n == base::kU64Max)
			return fail(Errno::kOverflow, "an address or length of 2^64 - 1");
	return {};
}

Status check_direction(u32 flags)
{
	if (!(flags & (IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE)))
		return fail(Errno::kInval, "neither readable nor writeable");
	return {};
}

MapArguments map_arguments(u32 flags, u64 iova, u64 length)
{
	return {{static_cast<bool>(flags & IOMMU_IOAS_MAP_FIXED_IOVA), Iova(iova)},
		length,
		kern::Prot::make(flags & IOMMU_IOAS_MAP_READABLE, flags & IOMMU_IOAS_MAP_WRITEABLE)};
}

// Maps, and tells the user where by way of `out`, a field of `cmd`; unmaps again when that does not work.
template <typename Cmd, typename Field>
Status map_and_respond(UserCall &call, Cmd &cmd, Field &out, Ioas &ioas, SliceList &slices, const MapArguments &args)
{
	TRY_LET(at, ioas.table().map(slices, args.length, args.where, args.prot));
	out = at.raw();
	Status status = call.respond(cmd);
	if (!status && !ioas.table().unmap({at, at + (args.length - 1)}))
		return fail(Errno::kFault, "the structure cannot be written, and the mapping is in use already");
	return status;
}

} // namespace

Status destroy(UserCall &call, iommu_destroy &cmd) { return call.context().objects().destroy(ObjectId(cmd.id)); }

Status ioas_alloc(UserCall &call, iommu_ioas_alloc &cmd)
{
	if (cmd.flags)
		return fail(Errno::kOpNotSupp, "unknown flag");
	TRY_LET(ioas, call.context().objects().create<Ioas>());
	cmd.out_ioas_id = ioas->id().raw();
	TRY(call.respond(cmd));
	kern::Guard guard(call.context().ioases_lock());
	ioas.publish();
	return {};
}

Status ioas_iova_ranges(UserCall &call, iommu_ioas_iova_ranges &cmd)
{
	if (cmd.__reserved)
		return fail(Errno::kOpNotSupp, "the reserved field is not 0");
	TRY_LET(ioas, call.context().objects().get<Ioas>(ObjectId(cmd.ioas_id)));

	const u32 room = cmd.num_iovas;
	cmd.num_iovas = 0;
	cmd.out_iova_alignment = ioas->table().alignment();
	TRY(ioas->table().for_each_usable([&](IovaRange range) -> Status {
		const iommu_iova_range out{range.start.raw(), range.last.raw()};
		const u32 i = cmd.num_iovas++;
		if (i >= room)
			return {};
		return kern::copy_to_user(base::UserVa(cmd.allowed_iovas + i * sizeof(out)), &out, sizeof(out));
	}));
	TRY(call.respond(cmd));
	if (cmd.num_iovas > room)
		return fail(Errno::kMsgSize, "the array is too small for all ranges");
	return {};
}

Status ioas_allow_iovas(UserCall &call, iommu_ioas_allow_iovas &cmd)
{
	AllowedSet allowed;

	if (cmd.__reserved)
		return fail(Errno::kOpNotSupp, "the reserved field is not 0");
	TRY_LET(ioas, call.context().objects().get<Ioas>(ObjectId(cmd.ioas_id)));
	for (u32 i = 0; i < cmd.num_iovas; i++) {
		iommu_iova_range in;
		TRY(kern::copy_from_user(in, base::UserVa(cmd.allowed_iovas + i * sizeof(in))));
		const IovaRange range{Iova(in.start), Iova(in.last)};
		if (range.start >= range.last)
			return fail(Errno::kInval, "an allowed range does not end behind its start");
		if (allowed.first(range))
			return fail(Errno::kInval, "allowed ranges overlap each other");
		TRY_LET(item, kern::make<AllowedRange>());
		allowed.insert(*item.release(), range);
	}
	return ioas->table().set_allowed(allowed);
}

Status ioas_map(UserCall &call, iommu_ioas_map &cmd)
{
	SliceList slices;

	if (cmd.flags & ~kMapFlags)
		return fail(Errno::kOpNotSupp, "unknown flag");
	if (cmd.__reserved)
		return fail(Errno::kOpNotSupp, "the reserved field is not 0");
	TRY(check_not_max({cmd.iova, cmd.length}));
	TRY(check_direction(cmd.flags));
	TRY_LET(ioas, call.context().objects().get<Ioas>(ObjectId(cmd.ioas_id)));

	const MapArguments args = map_arguments(cmd.flags, cmd.iova, cmd.length);
	TRY(call.context().append_memory(slices, base::UserVa(cmd.user_va), cmd.length, args.prot.writable()));
	return map_and_respond(call, cmd, cmd.iova, *ioas, slices, args);
}

Status ioas_map_file(UserCall &call, iommu_ioas_map_file &cmd)
{
	SliceList slices;

	if (cmd.flags & ~kMapFlags)
		return fail(Errno::kOpNotSupp, "unknown flag");
	TRY(check_not_max({cmd.iova, cmd.length}));
	TRY(check_direction(cmd.flags));
	TRY_LET(ioas, call.context().objects().get<Ioas>(ObjectId(cmd.ioas_id)));

	const MapArguments args = map_arguments(cmd.flags, cmd.iova, cmd.length);
	if (kern::DmaBuf buf = kern::DmaBuf::from_fd(cmd.fd)) {
		TRY_LET(pages, make_dmabuf_pages(std::move(buf), cmd.start, cmd.length, args.prot.writable()));
		TRY(slices.append(std::move(pages), cmd.start % base::kPageSize, cmd.length));
	} else {
		TRY(slices.append_file(cmd.fd, cmd.start, cmd.length, args.prot.writable(),
				       call.context().account_mode()));
	}
	return map_and_respond(call, cmd, cmd.iova, *ioas, slices, args);
}

Status ioas_copy(UserCall &call, iommu_ioas_copy &cmd)
{
	ObjectTable &objects = call.context().objects();
	SliceList slices;

	if (cmd.flags & ~kMapFlags)
		return fail(Errno::kOpNotSupp, "unknown flag");
	TRY(check_not_max({cmd.length, cmd.src_iova, cmd.dst_iova}));
	TRY(check_direction(cmd.flags));
	{
		TRY_LET(source, objects.get<Ioas>(ObjectId(cmd.src_ioas_id)));
		TRY_LET(range, base::checked_range(Iova(cmd.src_iova), cmd.length));
		TRY(source->table().slices(range, slices));
	}
	TRY_LET(ioas, objects.get<Ioas>(ObjectId(cmd.dst_ioas_id)));
	const MapArguments args = map_arguments(cmd.flags, cmd.dst_iova, cmd.length);
	return map_and_respond(call, cmd, cmd.dst_iova, *ioas, slices, args);
}

Status ioas_unmap(UserCall &call, iommu_ioas_unmap &cmd)
{
	TRY_LET(ioas, call.context().objects().get<Ioas>(ObjectId(cmd.ioas_id)));

	const bool everything = !cmd.iova && cmd.length == base::kU64Max;
	IovaRange range = base::kAllIova;
	if (!everything) {
		TRY(check_not_max({cmd.iova, cmd.length}));
		TRY_LET(given, base::checked_range(Iova(cmd.iova), cmd.length));
		range = given;
	}
	TRY_LET(bytes, ioas->table().unmap(range));
	if (!bytes && !everything)
		return fail(Errno::kNoEnt, "nothing is mapped in the range");
	cmd.length = bytes;
	return call.respond(cmd);
}

} // namespace iommufd
