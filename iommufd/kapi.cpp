// SPDX-License-Identifier: GPL-2.0-only
// The in-kernel API, with the names and signatures of the in-tree iommufd of 6.12 (bridge/api.h). This file is one of
// the two gates where a Result becomes an errno; the other is ioctl.cpp. All functions may sleep.
//
// The opaque types of the C side are our objects: iommufd_ctx is a Context, iommufd_device a Device, iommufd_access an
// Access. A reference to a context is a reference to its file.
#include "bridge/api.h"

#include "iommufd/pasid_api.hpp"
#include "iommufd/access.hpp"
#include "iommufd/context.hpp"
#include "iommufd/device.hpp"

using namespace iommufd;

namespace {

Context &context_of(iommufd_ctx *ictx) { return *reinterpret_cast<Context *>(ictx); }
iommufd_ctx *c_name(void *context) { return static_cast<iommufd_ctx *>(context); }
Device &device_of(iommufd_device *idev) { return *reinterpret_cast<Device *>(idev); }
Access &access_of(iommufd_access *access) { return *reinterpret_cast<Access *>(access); }

// The kernel's ERR_PTR().
template <typename T> T *error_pointer(const char *what, base::Error e)
{
	return reinterpret_cast<T *>(static_cast<std::intptr_t>(kern::reject(what, e)));
}

iommufd_ctx *context_behind(kern::FileRef file)
{
	if (!kx_file_is_ours(file.get()))
		return error_pointer<iommufd_ctx>("iommufd_ctx_from", {Errno::kBadFd, "the file is not an iommufd"});
	return c_name(kx_file_private(file.release()));
}

// The bits of `flags` in iommufd_access_rw() and iommufd_access_pin_pages().
constexpr unsigned kWrite = 1 << 0, kKthread = 1 << 1;

} // namespace

// One reference more, from somebody who holds one.
void iommufd_ctx_get(iommufd_ctx *ictx) { kx_file_get(context_of(ictx).open_file()); }

void iommufd_ctx_put(iommufd_ctx *ictx) { kx_file_put(context_of(ictx).open_file()); }

// A reference to the context behind a file; EBADFD when it is not one of ours.
iommufd_ctx *iommufd_ctx_from_file(file *f) { return context_behind(kern::FileRef::share(f)); }

// The same by file descriptor of the current task; EBADF when it is not open.
iommufd_ctx *iommufd_ctx_from_fd(int fd)
{
	Result<kern::FileRef> f = kern::FileRef::from_fd(fd);
	if (!f)
		return error_pointer<iommufd_ctx>("iommufd_ctx_from_fd", f.error());
	return context_behind(std::move(*f));
}

// Is any device of the group bound to this context?
bool iommufd_ctx_has_group(iommufd_ctx *ictx, iommu_group *group)
{
	return ictx && group && context_of(ictx).groups().has(group);
}

// Puts a physical device under control of the context, see Device::bind(). `id` gets its object id.
iommufd_device *iommufd_device_bind(iommufd_ctx *ictx, device *dev, unsigned *id)
{
	Result<Device *> bound = Device::bind(context_of(ictx), dev);
	if (!bound)
		return error_pointer<iommufd_device>("device bind", bound.error());
	*id = (*bound)->id().raw();
	return reinterpret_cast<iommufd_device *>(*bound);
}

void iommufd_device_unbind(iommufd_device *idev) { Device::unbind(device_of(idev)); }

// Attaches to the IOAS or HWPT *pt_id, which becomes the id of the HWPT; see Device::attach().
int iommufd_device_attach(iommufd_device *idev, unsigned *pt_id)
{
	ObjectId id(*pt_id);
	Status status = device_of(idev).attach(id);
	*pt_id = id.raw();
	return kern::to_errno("device attach", status);
}

// The same for an attached device. On failure it stays where it was.
int iommufd_device_replace(iommufd_device *idev, unsigned *pt_id)
{
	ObjectId id(*pt_id);
	Status status = device_of(idev).replace(id);
	*pt_id = id.raw();
	return kern::to_errno("device replace", status);
}

// From here on the device's DMA is blocked.
void iommufd_device_detach(iommufd_device *idev) { device_of(idev).detach(); }

// What follows is documented in include/linux/iommufd_pasid.h.
iommufd_device *iommufd_device_bind_pasid(iommufd_ctx *ictx, device *parent, unsigned pasid, unsigned *id)
{
	Result<Device *> bound = Device::bind_pasid(context_of(ictx), parent, Pasid(pasid));
	if (!bound)
		return error_pointer<iommufd_device>("slice bind", bound.error());
	*id = (*bound)->id().raw();
	return reinterpret_cast<iommufd_device *>(*bound);
}

int iommufd_device_set_pause(iommufd_device *idev, const iommufd_pause_ops *ops, void *data)
{
	return kern::to_errno("slice pause", device_of(idev).set_pause({ops, data}));
}

int iommufd_device_attach_pasid(iommufd_device *idev, unsigned pasid, unsigned *pt_id)
{
	ObjectId id(*pt_id);
	Status status = device_of(idev).attach_pasid(Pasid(pasid), id);
	*pt_id = id.raw();
	return kern::to_errno("PASID attach", status);
}

int iommufd_device_replace_pasid(iommufd_device *idev, unsigned pasid, unsigned *pt_id)
{
	ObjectId id(*pt_id);
	Status status = device_of(idev).replace_pasid(Pasid(pasid), id);
	*pt_id = id.raw();
	return kern::to_errno("PASID replace", status);
}

void iommufd_device_detach_pasid(iommufd_device *idev, unsigned pasid) { device_of(idev).detach_pasid(Pasid(pasid)); }

iommufd_ctx *iommufd_device_to_ictx(iommufd_device *idev) { return c_name(&device_of(idev).context()); }

unsigned iommufd_device_to_id(iommufd_device *idev) { return device_of(idev).id().raw(); }

// A driver's access to an IOAS, attached to none yet. `ops` and `data` must stay until iommufd_access_destroy().
iommufd_access *iommufd_access_create(iommufd_ctx *ictx, const iommufd_access_ops *ops, void *data, unsigned *id)
{
	Result<Access *> access = Access::create(context_of(ictx), *ops, data);
	if (!access)
		return error_pointer<iommufd_access>("access create", access.error());
	*id = (*access)->id().raw();
	return reinterpret_cast<iommufd_access *>(*access);
}

// No unmap function runs any more when this returns; the driver must not hold locks that one waits for.
void iommufd_access_destroy(iommufd_access *access) { Access::destroy(access_of(access)); }

int iommufd_access_attach(iommufd_access *access, unsigned ioas_id)
{
	return kern::to_errno("access attach", access_of(access).attach(ObjectId(ioas_id)));
}

int iommufd_access_replace(iommufd_access *access, unsigned ioas_id)
{
	return kern::to_errno("access replace", access_of(access).replace(ObjectId(ioas_id)));
}

void iommufd_access_detach(iommufd_access *access) { access_of(access).detach(); }

// See Access::pin(). `iova` and `length` in bytes; `out_pages` has room for each page touched.
int iommufd_access_pin_pages(iommufd_access *access, unsigned long iova, unsigned long length, page **out_pages,
			     unsigned flags)
{
	auto range = base::checked_range(Iova(iova), length);
	Status status = range ? access_of(access).pin(*range, out_pages, flags & kWrite) : Status(fail(range.error()));
	return kern::to_errno("access pin", status);
}

void iommufd_access_unpin_pages(iommufd_access *access, unsigned long iova, unsigned long length)
{
	auto range = base::checked_range(Iova(iova), length);
	if (!WARN_ON(!range))
		access_of(access).unpin(*range);
}

// Copies `length` bytes from (or, with flag bit 0, to) the memory behind `iova`.
int iommufd_access_rw(iommufd_access *access, unsigned long iova, void *data, unsigned long length, unsigned flags)
{
	auto range = base::checked_range(Iova(iova), length);
	Status status = range ? access_of(access).copy(*range, data, flags & kWrite, flags & kKthread)
			      : Status(fail(range.error()));
	return kern::to_errno("access rw", status);
}

// The id of the IOAS that VFIO container calls work on; ENODEV when there is none.
int iommufd_vfio_compat_ioas_get_id(iommufd_ctx *ictx, unsigned *out_ioas_id)
{
	auto ioas = context_of(ictx).compat_ioas();
	if (!ioas)
		return kern::reject("VFIO compat IOAS", ioas.error());
	*out_ioas_id = (*ioas)->id().raw();
	return 0;
}

// Makes sure that there is one; EINVAL in no-IOMMU mode.
int iommufd_vfio_compat_ioas_create(iommufd_ctx *ictx)
{
	return kern::to_errno("VFIO compat IOAS", context_of(ictx).create_compat_ioas());
}

// A no-IOMMU group joined: EINVAL when there is a compat IOAS already.
int iommufd_vfio_compat_set_no_iommu(iommufd_ctx *ictx)
{
	return kern::to_errno("VFIO no-IOMMU", context_of(ictx).set_no_iommu());
}
