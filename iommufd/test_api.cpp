// SPDX-License-Identifier: GPL-2.0-only
// The few looks inside that the test module needs, as declared in include/linux/iommufd_cxx_test.h.
#include "bridge/module.h"
#include "iommufd/access.hpp"
#include "iommufd/context.hpp"
#include "iommufd/device.hpp"
#include "iommufd/test_hook.hpp"

#define IOMMUFD_CXX_KERNEL
#include "include/linux/iommufd_cxx_test.h"

using namespace iommufd;

// An object that the test made.
struct iommufd_test_object final : Object {
	static const ObjectType kType = ObjectType::kTest;

	iommufd_test_object(module *owner, void *data) : Object(kType), owner_(owner), data_(data)
	{
		kx_module_get(owner_);
	}
	~iommufd_test_object() override;

	// What becomes of data with the object: nothing (null), unless it has been published.
	void on_destroy(void (*destroy)(void *)) { destroy_ = destroy; }
	void *data() const { return data_; }

private:
	module *const owner_;
	void *const data_;
	void (*destroy_)(void *) = nullptr;
};

iommufd_test_object::~iommufd_test_object()
{
	if (destroy_)
		destroy_(data_);
	kx_module_put(owner_);
}

namespace {

Context &context_of(iommufd_ctx *ictx) { return *reinterpret_cast<Context *>(ictx); }

template <typename T> int keep(Lease<T> lease, void **out)
{
	*out = static_cast<Object *>(lease.release());
	return 0;
}

} // namespace

int iommufd_test_object_alloc(iommufd_ctx *ictx, void *data, void (*destroy)(void *), unsigned *id,
			      iommufd_test_object **object)
{
	auto made = context_of(ictx).objects().create<iommufd_test_object>(test_module(), data);
	if (!made)
		return kern::reject("test object", made.error());
	// Not before there is an id: until then data stays the caller's.
	(*made)->on_destroy(destroy);
	*id = (*made)->id().raw();
	*object = made->release();
	return 0;
}

void iommufd_test_object_publish(iommufd_ctx *ictx, iommufd_test_object *object)
{
	Pending<iommufd_test_object>(context_of(ictx).objects(), object).publish();
}

void iommufd_test_object_abort(iommufd_ctx *ictx, iommufd_test_object *object)
{
	object->on_destroy(nullptr);
	Pending<iommufd_test_object> dropped(context_of(ictx).objects(), object);
}

int iommufd_test_object_get(iommufd_ctx *ictx, unsigned id, void **data, iommufd_test_object **object)
{
	auto found = context_of(ictx).objects().get<iommufd_test_object>(ObjectId(id));
	if (!found)
		return kern::reject("test object", found.error());
	*data = (*found)->data();
	*object = found->release();
	return 0;
}

void iommufd_test_object_put(iommufd_ctx *ictx, iommufd_test_object *object)
{
	object->end_lease(context_of(ictx).objects());
}

int iommufd_test_hwpt_domain(iommufd_ctx *ictx, unsigned hwpt_id, bool nested, iommu_domain **domain, void **kept)
{
	auto found = context_of(ictx).objects().get_any(ObjectId(hwpt_id));
	const ObjectType wanted = nested ? ObjectType::kHwptNested : ObjectType::kHwptPaging;
	if (!found || (*found)->type() != wanted)
		return kern::reject("test HWPT", {Errno::kNoEnt, "no HWPT of this kind has this id"});
	*domain = static_cast<Hwpt &>(**found).domain().get();
	return keep(std::move(*found), kept);
}

int iommufd_test_device(iommufd_ctx *ictx, unsigned dev_id, device **dev, void **kept)
{
	auto found = context_of(ictx).objects().get<Device>(ObjectId(dev_id));
	if (!found)
		return kern::reject("test device", found.error());
	*dev = (*found)->dev();
	return keep(std::move(*found), kept);
}

void iommufd_test_put(iommufd_ctx *ictx, void *kept)
{
	static_cast<Object *>(kept)->end_lease(context_of(ictx).objects());
}

int iommufd_test_add_reserved(iommufd_ctx *ictx, unsigned ioas_id, unsigned long long start, unsigned long long length)
{
	auto reserve = [&]() -> Status {
		TRY_LET(ioas, context_of(ictx).objects().get<Ioas>(ObjectId(ioas_id)));
		TRY_LET(range, base::checked_range(base::Iova(start), length));
		return ioas->table().reserve(range, nullptr);
	};
	return kern::to_errno("test reservation", reserve());
}

unsigned long long iommufd_test_syz_iova(iommufd_access *access, unsigned long long packed)
{
	return reinterpret_cast<Access *>(access)->nth_area(packed & 0xffffffff, packed >> 32);
}

void iommufd_test_set_memory_limit(unsigned bytes) { __atomic_store_n(&kx_scratch_limit, bytes, __ATOMIC_RELAXED); }
