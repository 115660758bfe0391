// SPDX-License-Identifier: GPL-2.0-only
// The object table; see object.hpp for the model and the locks.
#include "iommufd/object.hpp"

#include "iommufd/test_hook.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass leases_class("iommufd leases_ended");
constexpr unsigned kLeaseTimeoutMs = 60'000;

} // namespace

Object::~Object() = default;

bool Object::try_lease(ObjectTable &table)
{
	// Else calls that overlap could keep whoever waits for the last one waiting for ever.
	if (__atomic_load_n(&closing_, __ATOMIC_RELAXED) || !short_users_.inc_not_zero())
		return false;
	if (users_.inc_not_zero())
		return true;
	if (short_users_.dec_and_test())
		table.lease_ended();
	return false;
}

void Object::end_lease(ObjectTable &table)
{
	users_.dec();
	// After the next line the object may be gone; the table stays, its fd is open for the length of the call.
	if (short_users_.dec_and_test())
		table.lease_ended();
}

ObjectTable::ObjectTable() : leases_ended_(leases_class) {}

ObjectTable::~ObjectTable()
{
	u64 id = 0;
	WARN_ON(dead_ids_ ? ids_.next(id) != nullptr : !ids_.empty());
	ids_.forget_all();
}

Status ObjectTable::reserve_id(Object &object)
{
	// The allocation in it gets a second try, which one failed allocation does not show.
	if (injected_failure())
		return fail(Errno::kNoMem, "injected failure");
	TRY_LET(id, ids_.reserve());
	object.id_ = id;
	return {};
}

void ObjectTable::abort(Object &object)
{
	WARN_ON(ids_.erase(object.id_));
	delete &object;
}

Result<Object *> ObjectTable::find(ObjectId id, std::optional<ObjectType> type)
{
	if (injected_failure())
		return fail(Errno::kNoEnt, "injected failure");
	kern::Guard guard(ids_);
	Object *object = ids_.find_locked(id);
	if (!object)
		return fail(Errno::kNoEnt, "no object has this id");
	if (type && object->type() != *type)
		return fail(Errno::kNoEnt, "the object with this id is of another kind");
	if (!object->try_lease(*this))
		return fail(Errno::kNoEnt, "the object with this id is being destroyed");
	return object;
}

Object *ObjectTable::find_behind(ObjectId id, ObjectType type)
{
	u64 at = id.raw();
	kern::Guard guard(ids_);
	while (Object *object = ids_.next(at))
		if (object->type() == type && object->try_lease(*this))
			return object;
	return nullptr;
}

// Wins the object for destruction if the table is its only user.
bool ObjectTable::take_if_unused_locked(Object &object)
{
	ids_.assert_held();
	if (!object.users_.dec_if_one())
		return false;
	ids_.erase_locked(object.id_);
	if (compat_ioas_ == &object)
		compat_ioas_ = nullptr;
	return true;
}

// No new ones from now on; gives up the bias of short_users_ and waits for the rest. On false it is all as before.
bool ObjectTable::wait_for_leases(Object &object)
{
	__atomic_store_n(&object.closing_, true, __ATOMIC_RELAXED);
	if (object.short_users_.dec_and_test())
		return true;
	if (leases_ended_.wait_until_zero(object.short_users_.address(), kLeaseTimeoutMs))
		return true;
	object.short_users_.inc();
	__atomic_store_n(&object.closing_, false, __ATOMIC_RELAXED);
	return false;
}

Status ObjectTable::destroy(ObjectId id)
{
	Object *object = nullptr;
	{
		kern::Guard guard(ids_);
		object = ids_.find_locked(id);
		if (!object)
			return fail(Errno::kNoEnt, "no object has this id");
		if (!take_if_unused_locked(*object))
			return fail(Errno::kBusy, "the object is in use");
	}
	// Without users only the tail of a lease can be left. Better a leak than a use after free.
	if (WARN_ON(!wait_for_leases(*object)))
		return fail(Errno::kBusy, "a call on the object does not end");
	delete object;
	return {};
}

void ObjectTable::destroy_held(Object &object)
{
	bool idle = wait_for_leases(object);
	bool taken = false;
	{
		kern::Guard guard(ids_);
		object.users_.dec();
		taken = idle && take_if_unused_locked(object);
	}
	// A driver broke its promise: the object stays until the fd closes.
	if (WARN_ON(!taken)) {
		if (idle)
			object.short_users_.inc();
		return;
	}
	delete &object;
}

void ObjectTable::take_along(Companion &companion)
{
	Object *held = nullptr;
	{
		kern::Guard guard(ids_);
		if (!companion.object)
			return;
		if (companion.object->users_.inc_not_zero())
			held = companion.object;
	}
	// Somebody else destroys it. Whoever relies on the companion being gone cannot go on before it is.
	if (!held) {
		while (WARN_ON(!leases_ended_.wait_until_zero(&companion.present, kLeaseTimeoutMs))) {
		}
		return;
	}
	while (WARN_ON(!wait_for_leases(*held))) {
	}
	{
		kern::Guard guard(ids_);
		held->users_.dec();
		WARN_ON(!held->users_.dec_if_one());
		ids_.retire_locked(held->id_);
		dead_ids_++;
	}
	delete held;
}

void ObjectTable::companion_gone(Companion &companion)
{
	locked([&] { companion.clear(); });
	// The table stays: its fd is open for the length of the call.
	leases_ended_.wake_all();
}

void ObjectTable::put_and_try_destroy(Object &object)
{
	{
		kern::Guard guard(ids_);
		object.users_.dec();
		if (!take_if_unused_locked(object))
			return;
	}
	if (!WARN_ON(!wait_for_leases(object)))
		delete &object;
}

void ObjectTable::destroy_all()
{
	// The users form a graph without cycles: each round frees the objects that nothing uses any more.
	bool progress = true;
	while (progress) {
		progress = false;
		u64 id = 0;
		while (Object *object = ids_.next(id)) {
			if (!object->users_.dec_if_one())
				continue;
			ids_.erase(object->id_);
			delete object;
			progress = true;
		}
	}
}

} // namespace iommufd
