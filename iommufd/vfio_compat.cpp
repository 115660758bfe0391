// SPDX-License-Identifier: GPL-2.0-only
// What VFIO's container API needs of a context: an IOAS that calls without an id mean, and the no-IOMMU mode that
// excludes it. Both are guarded by the object table's lock.
#include "iommufd/context.hpp"
#include "iommufd/ioctl.hpp"
#include "iommufd/test_hook.hpp"

namespace iommufd {

Result<Lease<Ioas>> Context::compat_ioas()
{
	if (injected_failure())
		return fail(Errno::kNoDev, "injected failure");
	return objects_.locked([&]() -> Result<Lease<Ioas>> {
		Ioas *ioas = static_cast<Ioas *>(objects_.compat_ioas());
		if (!ioas || !ioas->try_lease(objects_))
			return fail(Errno::kNoDev, "there is no compatibility IOAS");
		return Lease<Ioas>(objects_, *ioas);
	});
}

Status Context::create_compat_ioas()
{
	TRY_LET(pending, objects_.create<Ioas>());
	bool is_new = false;
	TRY(objects_.locked([&]() -> Status {
		if (no_iommu_)
			return fail(Errno::kInval, "the container is in no-IOMMU mode");
		is_new = !objects_.compat_ioas();
		if (is_new)
			objects_.set_compat_ioas(&*pending);
		return {};
	}));
	if (is_new) {
		kern::Guard guard(ioases_lock_);
		pending.publish();
	}
	return {};
}

Status Context::set_no_iommu()
{
	return objects_.locked([&]() -> Status {
		if (objects_.compat_ioas())
			return fail(Errno::kInval, "the container has an IOAS already");
		no_iommu_ = true;
		return {};
	});
}

// VFIO_IOAS: read, choose or forget the compatibility IOAS.
Status vfio_ioas(UserCall &call, iommu_vfio_ioas &cmd)
{
	ObjectTable &objects = call.context().objects();

	if (cmd.__reserved)
		return fail(Errno::kOpNotSupp, "the reserved field is not 0");
	switch (cmd.op) {
	case IOMMU_VFIO_IOAS_GET: {
		TRY_LET(ioas, call.context().compat_ioas());
		cmd.ioas_id = ioas->id().raw();
		return call.respond(cmd);
	}
	case IOMMU_VFIO_IOAS_SET: {
		TRY_LET(ioas, objects.get<Ioas>(ObjectId(cmd.ioas_id)));
		objects.locked([&] { objects.set_compat_ioas(ioas.get()); });
		return {};
	}
	case IOMMU_VFIO_IOAS_CLEAR:
		objects.locked([&] { objects.set_compat_ioas(nullptr); });
		return {};
	default:
		return fail(Errno::kOpNotSupp, "unknown operation");
	}
}

} // namespace iommufd
