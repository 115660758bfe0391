// SPDX-License-Identifier: GPL-2.0-only
// The fake machine and what runs on it; see world.hpp.
#include "support/world.hpp"

#include "fake/device_memory.hpp"

namespace test {

namespace {

bool is_error(const void *p) { return reinterpret_cast<std::uintptr_t>(p) >= std::uintptr_t(-4095); }
int error_of(const void *p) { return static_cast<int>(reinterpret_cast<std::intptr_t>(p)); }

fake::Process &fresh_process()
{
	fake::reset_memory();
	fake::reset_iommu();
	fake::reset_files();
	fake::reset_iopf();
	fake::reset_alloc();
	fake::reset_sync();
	fake::reset_log();
	fake::reset_device_memory();
	fake::Process &made = fake::new_process(fake::new_user());
	fake::become(made);
	return made;
}

} // namespace

Machine::Machine() : process(fresh_process()) {}

Machine::~Machine()
{
	fake::disarm();
	fake::close_all_fds();
	fake::run_task_work();
	fake::reset_device_memory();
	EXPECT_EQ(fake::pins_total(), 0) << "pages stay pinned";
	EXPECT_EQ(fake::outstanding_allocations(), 0u) << "memory leaked";
	EXPECT_EQ(fake::memcg_refs(), 0) << "a memory cgroup is kept";
	EXPECT_EQ(fake::domains().size(), 0u) << "domains leaked";
	EXPECT_EQ(fake::open_files(), 0u) << "files leaked";
	EXPECT_EQ(fake::locks_held(), 0u);
	EXPECT_EQ(fake::unanswered(), 0u) << "page requests without an answer";
	for (const device *dev : fake::devices())
		EXPECT_FALSE(dev->iopf) << "page requests stay enabled";
	for (const iommu_group *g : fake::groups())
		EXPECT_TRUE(!g->refs && !g->claims && !g->domain) << "a group is still in use";
	EXPECT_EQ(process.mm.grabs, 0);
	EXPECT_EQ(process.task.refs, 0);
	EXPECT_EQ(process.user->refs, 0);
	EXPECT_EQ(process.mm.pinned_vm, 0);
	EXPECT_EQ(process.user->locked_vm, 0);
	if (process.mm.users) {
		EXPECT_EQ(process.mm.locked_vm, 0u);
	}
}

u64 Machine::memory(u64 pages, fake::MapSpec spec)
{
	const u64 at = next_va_;
	fake::map_memory(process, at, pages, spec);
	// The next one begins at a multiple of 1 GiB, with a gap before it.
	next_va_ = (at + pages * kPage + (1ul << 31)) & ~((1ul << 30) - 1);
	return at;
}

void Fd::close()
{
	if (file *f = std::exchange(file_, nullptr)) {
		iommufd_ctx_put(static_cast<iommufd_ctx *>(f->private_data));
		fake::run_task_work();
	}
}

int Fd::raw(unsigned nr, void *cmd, u32 size) const
{
	fake::Reachable reachable(cmd, size);
	int rc = static_cast<int>(iommufd_cxx_ioctl(file_->private_data, nr, reinterpret_cast<unsigned long>(cmd)));
	EXPECT_EQ(fake::locks_held(), 0u) << "back in user space with a lock held";
	return rc;
}

int Fd::destroy(u32 id) const
{
	iommu_destroy cmd{.size = 0, .id = id};
	return call(IOMMU_DESTROY, cmd);
}

u32 Fd::ioas() const
{
	iommu_ioas_alloc cmd{};
	EXPECT_EQ(call(IOMMU_IOAS_ALLOC, cmd), 0);
	return cmd.out_ioas_id;
}

int Fd::map(u32 ioas, u64 va, u64 length, u64 &iova, u32 flags) const
{
	const iommu_ioas_map cmd{.flags = flags, .ioas_id = ioas, .user_va = va, .length = length, .iova = iova};
	return call_for(IOMMU_IOAS_MAP, cmd, &iommu_ioas_map::iova, iova);
}

int Fd::map_at(u32 ioas, u64 va, u64 length, u64 iova, u32 flags) const
{
	return map(ioas, va, length, iova, flags | kFixed);
}

int Fd::map_file(u32 ioas, int file, u64 start, u64 length, u64 &iova, u32 flags) const
{
	const iommu_ioas_map_file cmd{
		.flags = flags, .ioas_id = ioas, .fd = file, .start = start, .length = length, .iova = iova};
	return call_for(IOMMU_IOAS_MAP_FILE, cmd, &iommu_ioas_map_file::iova, iova);
}

int Fd::map_file_at(u32 ioas, int file, u64 start, u64 length, u64 iova, u32 flags) const
{
	return map_file(ioas, file, start, length, iova, flags | kFixed);
}

int Fd::change_process() const
{
	iommu_ioas_change_process cmd{};
	return call(IOMMU_IOAS_CHANGE_PROCESS, cmd);
}

int Fd::unmap(u32 ioas, u64 iova, u64 length, u64 *unmapped) const
{
	const iommu_ioas_unmap cmd{.ioas_id = ioas, .iova = iova, .length = length};
	return call_for(IOMMU_IOAS_UNMAP, cmd, &iommu_ioas_unmap::length, unmapped ? *unmapped : length);
}

int Fd::unmap_all(u32 ioas) const { return unmap(ioas, 0, base::kU64Max); }

int Fd::copy(u32 to, u32 from, u64 src, u64 length, u64 &dst, u32 flags) const
{
	const iommu_ioas_copy cmd{.flags = flags,
				  .dst_ioas_id = to,
				  .src_ioas_id = from,
				  .length = length,
				  .dst_iova = dst,
				  .src_iova = src};
	return call_for(IOMMU_IOAS_COPY, cmd, &iommu_ioas_copy::dst_iova, dst);
}

int Fd::allow(u32 ioas, std::vector<iommu_iova_range> ranges) const
{
	fake::Reachable array(ranges.data(), ranges.size() * sizeof(ranges[0]), fake::Reachable::kReadOnly);
	iommu_ioas_allow_iovas cmd{};
	cmd.ioas_id = ioas;
	cmd.num_iovas = ranges.size();
	cmd.allowed_iovas = reinterpret_cast<u64>(ranges.data());
	return call(IOMMU_IOAS_ALLOW_IOVAS, cmd);
}

int Fd::ranges(u32 ioas, std::vector<iommu_iova_range> &out, u64 *alignment, u32 room) const
{
	out.resize(room);
	fake::Reachable array(out.data(), room * sizeof(out[0]));
	iommu_ioas_iova_ranges cmd{};
	cmd.ioas_id = ioas;
	cmd.num_iovas = room;
	cmd.allowed_iovas = reinterpret_cast<u64>(out.data());
	int rc = call(IOMMU_IOAS_IOVA_RANGES, cmd);
	out.resize(cmd.num_iovas);
	if (alignment)
		*alignment = cmd.out_iova_alignment;
	return rc;
}

int Fd::option(u32 id, u32 op, u32 object, u64 &value) const
{
	const iommu_option cmd{.option_id = id, .op = static_cast<u16>(op), .object_id = object, .val64 = value};
	return call_for(IOMMU_OPTION, cmd, &iommu_option::val64, value);
}

int Fd::vfio_ioas(u32 op, u32 &ioas) const
{
	const iommu_vfio_ioas cmd{.ioas_id = ioas, .op = static_cast<u16>(op)};
	return call_for(IOMMU_VFIO_IOAS, cmd, &iommu_vfio_ioas::ioas_id, ioas);
}

int Fd::hwpt(u32 device, u32 pt, u32 &out, u32 flags) const
{
	const iommu_hwpt_alloc cmd{.flags = flags, .dev_id = device, .pt_id = pt};
	return call_for(IOMMU_HWPT_ALLOC, cmd, &iommu_hwpt_alloc::out_hwpt_id, out);
}

Bound::Bound(const Fd &fd, device &dev)
{
	idev_ = iommufd_device_bind(fd.ctx(), &dev, &id_);
	if (is_error(idev_)) {
		error_ = error_of(idev_);
		idev_ = nullptr;
	}
}

int Bound::attach(u32 pt, u32 *hwpt)
{
	int rc = iommufd_device_attach(idev_, &pt);
	attached_ = attached_ || !rc;
	fake::check_faults();
	if (hwpt)
		*hwpt = pt;
	return rc;
}

int Bound::replace(u32 pt, u32 *hwpt)
{
	int rc = iommufd_device_replace(idev_, &pt);
	fake::check_faults();
	if (hwpt)
		*hwpt = pt;
	return rc;
}

void Bound::detach()
{
	iommufd_device_detach(idev_);
	fake::check_faults();
	attached_ = false;
}

void Bound::unbind()
{
	if (!idev_)
		return;
	if (attached_)
		detach();
	iommufd_device_unbind(std::exchange(idev_, nullptr));
}

Driver::Driver(const Fd &fd, bool pins)
{
	ops_.needs_pin_pages = pins;
	ops_.unmap = unmapped;
	on_unmap = [this](u64 iova, u64 length) {
		// What overlaps goes; unpin() changes pins_.
		for (Pin p : std::vector<Pin>(pins_))
			if (p.iova <= iova + (length - 1) && iova <= p.iova + (p.length - 1))
				unpin(p.iova, p.length);
	};
	access_ = iommufd_access_create(fd.ctx(), &ops_, this, &id_);
	if (is_error(access_)) {
		error_ = error_of(access_);
		access_ = nullptr;
	}
}

void Driver::unmapped(void *self, unsigned long iova, unsigned long length)
{
	auto &driver = *static_cast<Driver *>(self);
	EXPECT_EQ(fake::locks_held(), 0u) << "the unmap function is called with locks held";
	driver.told++;
	driver.on_unmap(iova, length);
}

void Driver::destroy()
{
	// The unmap function may still be called in between.
	if (access_)
		iommufd_access_destroy(access_);
	access_ = nullptr;
}

int Driver::pin(u64 iova, u64 length, bool write)
{
	const u64 count = (iova % kPage + length + kPage - 1) / kPage;
	pages.assign(count + 1, nullptr);
	int rc = iommufd_access_pin_pages(access_, iova, length, pages.data(), write);
	if (!rc)
		pins_.push_back({iova, length});
	return rc;
}

void Driver::unpin(u64 iova, u64 length)
{
	for (auto it = pins_.begin(); it != pins_.end(); ++it)
		if (it->iova == iova && it->length == length) {
			pins_.erase(it);
			break;
		}
	iommufd_access_unpin_pages(access_, iova, length);
}

int Driver::rw(u64 iova, void *data, u64 length, unsigned flags)
{
	return iommufd_access_rw(access_, iova, data, length, flags);
}

} // namespace test
