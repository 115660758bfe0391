// SPDX-License-Identifier: GPL-2.0-only
// Plays a kernel driver that pins or copies the memory behind an IOAS. The handle of an access is a file descriptor;
// what it has pinned is on a list, and goes when user space says so, when the IOAS unmaps it, and when the file is
// closed.
//
// Locks: Access::lock_ guards items_ and next_id_. It is held while pinning: iommufd may ask to let go of a range as
// soon as the pin is made, and must then find its item on the list.
#include "base/guard.hpp"
#include "base/list.hpp"
#include "base/math.hpp"
#include "bridge/api.h"
#include "kern/alloc.hpp"
#include "kern/log.hpp"
#include "kern/sync.hpp"
#include "kern/uaccess.hpp"
#include "mock_iommu/ops.hpp"
#include "mock_iommu/glue.h"

using base::Errno;
using base::fail;

namespace mock {
namespace {

constinit kern::LockClass access_class("mock_iommu: Access::lock");
constexpr u64 kMaxLength = 16 << 20;

struct OnAccess; // the list that an Item is on

// What one ACCESS_PAGES has pinned.
struct Item : base::ListHook<OnAccess> {
	Item(u64 iova, u64 length, u32 id) : iova(iova), length(length), id(id) {}
	bool overlaps(u64 start, u64 last) const { return iova <= last && start <= iova + (length - 1); }

	u64 iova, length;
	u32 id;
};

class Access {
public:
	explicit Access(bool pins) : pins_(pins), lock_(access_class) {}
	~Access()
	{
		if (!access_)
			return;
		let_go(0, base::kU64Max);
		iommufd_access_destroy(access_);
	}

	base::Status connect(iommufd_ctx *ictx, u32 ioas_id);
	base::Status pin(iommu_test_cmd &cmd, const Call &call);
	base::Status unpin(u32 id);
	base::Status rw(const iommu_test_cmd &cmd);
	base::Status replace(u32 ioas_id);
	// Unpins every item that touches start..last.
	void let_go(u64 start, u64 last);

private:
	void drop(Item &item);
	base::Status add(iommu_test_cmd &cmd, const Call &call, u64 iova);
	u64 iova_of(u64 iova, u32 flags) const
	{
		return flags & MOCK_FLAGS_ACCESS_SYZ ? iommufd_test_syz_iova(access_, iova) : iova;
	}

	const bool pins_;
	iommufd_access *access_ = nullptr;
	kern::Mutex lock_;
	base::List<Item, OnAccess> items_;
	u32 next_id_ = 0;
};

base::Status Access::connect(iommufd_ctx *ictx, u32 ioas_id)
{
	iommufd_access *made;
	TRY(base::check(mx_access_create(ictx, pins_, this, &made), "no access"));
	access_ = made;
	return base::check(iommufd_access_attach(access_, ioas_id), "the access does not attach");
}

void Access::drop(Item &item)
{
	lock_.assert_held();
	items_.remove(item);
	iommufd_access_unpin_pages(access_, item.iova, item.length);
	delete &item;
}

void Access::let_go(u64 start, u64 last)
{
	base::Guard guard(lock_);
	for (auto at = items_.begin(); at != items_.end();) {
		Item &item = *at;
		++at;
		if (item.overlaps(start, last))
			drop(item);
	}
}

base::Status Access::unpin(u32 id)
{
	base::Guard guard(lock_);
	for (Item &item : items_)
		if (item.id == id) {
			drop(item);
			return {};
		}
	return fail(Errno::kNoEnt, "nothing pinned with this id");
}

// The pages must be those of the caller's memory from uptr on.
base::Status compare(const kern::Array<page *> &pages, u64 count, u64 uptr)
{
	for (u64 i = 0; i < count; i++) {
		unsigned long pfn;
		unsigned pins;
		TRY(base::check(mx_user_page(uptr + i * base::kPageSize, &pfn, &pins), "no page in user memory"));
		if (pfn != mx_pfn_of(pages[i]))
			return fail(Errno::kBadE, "another page is pinned");
	}
	return {};
}

base::Status Access::add(iommu_test_cmd &cmd, const Call &call, u64 iova)
{
	auto &io = cmd.access_pages;
	TRY_LET(item, kern::make<Item>(iova, io.length, next_id_));
	io.out_access_pages_id = item->id;
	TRY(call.respond(cmd));
	items_.push_back(*item.release());
	next_id_++;
	return {};
}

base::Status Access::pin(iommu_test_cmd &cmd, const Call &call)
{
	const auto &io = cmd.access_pages;
	if (!pins_)
		return fail(Errno::kOpNotSupp, "not an access for pinning");
	const u64 iova = iova_of(io.iova, io.flags), offset = iova % base::kPageSize;
	const u64 count = (offset + io.length + base::kPageSize - 1) / base::kPageSize;
	kern::Array<page *> pages(count);
	if (!pages)
		return fail(Errno::kNoMem, "out of memory");

	base::Guard guard(lock_);
	TRY(base::check(
		iommufd_access_pin_pages(access_, iova, io.length, pages.get(), io.flags & MOCK_FLAGS_ACCESS_WRITE),
		"not pinned"));
	base::Undo unpin([&] { iommufd_access_unpin_pages(access_, iova, io.length); });
	if (io.uptr)
		TRY(compare(pages, count, io.uptr - offset));
	TRY(add(cmd, call, iova));
	unpin.dismiss();
	return {};
}

base::Status Access::rw(const iommu_test_cmd &cmd)
{
	const auto &io = cmd.access_rw;
	const bool write = io.flags & MOCK_ACCESS_RW_WRITE;
	kern::Array<u8> buffer(io.length);
	if (!buffer)
		return fail(Errno::kNoMem, "out of memory");
	if (write && !kx_copy_from_user(buffer.get(), io.uptr, io.length))
		return fail(Errno::kFault, "user memory not readable");
	TRY(base::check(iommufd_access_rw(access_, iova_of(io.iova, io.flags), buffer.get(), io.length,
					  io.flags & ~u32{MOCK_FLAGS_ACCESS_SYZ}),
			"not copied"));
	if (write)
		return {};
	return kern::copy_to_user(base::UserVa(io.uptr), buffer.get(), io.length);
}

base::Status Access::replace(u32 ioas_id)
{
	return base::check(iommufd_access_replace(access_, ioas_id), "not replaced");
}

// An access found by its file descriptor, kept for a scope.
class KeptAccess {
public:
	KeptAccess(Access *access, file *f) : access_(access), file_(f) {}
	KeptAccess(KeptAccess &&o) noexcept : access_(o.access_), file_(std::exchange(o.file_, nullptr)) {}
	~KeptAccess()
	{
		if (file_)
			mx_file_put(file_);
	}
	Access *operator->() const { return access_; }

private:
	Access *access_;
	file *file_;
};

base::Result<KeptAccess> access_of(u32 fd)
{
	file *f;
	void *data = mx_access_get(static_cast<int>(fd), &f);
	if (!data)
		return fail(Errno::kBadFd, "not an access");
	return KeptAccess(static_cast<Access *>(data), f);
}

base::Status check_limits(u64 length, u32 flags, u32 known)
{
	if (length > kMaxLength)
		return fail(Errno::kNoMem, "above 16 MiB");
	if (flags & ~known)
		return fail(Errno::kOpNotSupp, "unknown flag");
	return {};
}

} // namespace

base::Status create_access(Call &call, iommu_test_cmd &cmd)
{
	const u32 flags = cmd.create_access.flags;
	if (flags & ~u32{MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES})
		return fail(Errno::kOpNotSupp, "unknown flag");
	TRY_LET(access, kern::make<Access>(flags & MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES));
	TRY(access->connect(call.ictx(), cmd.id));
	const int fd = mx_fd_reserve();
	TRY(base::check(fd, "no file descriptor"));
	base::Undo unreserve([&] { mx_fd_release(fd); });
	cmd.create_access.out_access_fd = fd;
	TRY(call.respond(cmd));
	file *f;
	TRY(base::check(mx_access_file(access.get(), &f), "no file"));
	unreserve.dismiss();
	access.release();
	mx_fd_install(fd, f);
	return {};
}

base::Status destroy_access_pages(Call &, iommu_test_cmd &cmd)
{
	TRY_LET(access, access_of(cmd.id));
	return access->unpin(cmd.destroy_access_pages.access_pages_id);
}

base::Status access_pages(Call &call, iommu_test_cmd &cmd)
{
	TRY(check_limits(cmd.access_pages.length, cmd.access_pages.flags,
			 MOCK_FLAGS_ACCESS_WRITE | MOCK_FLAGS_ACCESS_SYZ));
	TRY_LET(access, access_of(cmd.id));
	return access->pin(cmd, call);
}

base::Status access_rw(Call &, iommu_test_cmd &cmd)
{
	TRY(check_limits(cmd.access_rw.length, cmd.access_rw.flags,
			 MOCK_ACCESS_RW_WRITE | MOCK_ACCESS_RW_SLOW_PATH | MOCK_FLAGS_ACCESS_SYZ));
	TRY_LET(access, access_of(cmd.id));
	return access->rw(cmd);
}

base::Status access_replace_ioas(Call &, iommu_test_cmd &cmd)
{
	TRY_LET(access, access_of(cmd.id));
	return access->replace(cmd.access_replace_ioas.ioas_id);
}

} // namespace mock

void mock_access_unmap(void *data, unsigned long iova, unsigned long length)
{
	static_cast<mock::Access *>(data)->let_go(iova, iova + (length - 1));
}

void mock_access_released(void *data) { delete static_cast<mock::Access *>(data); }
