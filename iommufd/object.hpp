// SPDX-License-Identifier: GPL-2.0-only
// Objects with a user handle, and the table of them that each /dev/iommu fd has.
//
// An object is made in three steps: the table reserves an id (nobody can find the object yet), everything that can
// fail is done, then it is published. Pending<T> is the object between the first and the last step; dropping it
// takes everything back.
//
// Two counts decide when an object may go:
//   users        everyone who needs the object to exist: the table (1), other objects and drivers (Hold), and calls
//                in flight (Lease). DESTROY succeeds only for the table's last one.
//   short users  the leases alone. They end by themselves, soon; whoever is entitled to destroy an object that a
//                driver holds waits for them, with a bound.
// A lease counts as short user first and last: whoever has waited until there is none, with no new one possible, also
// sees `users` without any lease.
//
// Locks: the IdTable's spinlock makes "find and take a lease" and "last user, take out of the table" atomic, and
// guards compat_ioas_ and dead_ids_. Everything else about an object has a lock of its own.
#pragma once
#include <optional>

#include "base/refcount.hpp"
#include "base/result.hpp"
#include "kern/alloc.hpp"
#include "kern/log.hpp"
#include "kern/sync.hpp"
#include "kern/xarray.hpp"

namespace iommufd {

using base::Errno;
using base::fail;
using base::ObjectId;
using base::Result;
using base::Status;

enum class ObjectType : u8 {
	kIoas,
	kHwptPaging,
	kHwptNested,
	kFaultQueue,
	kDevice,
	kAccess,
	kViommu,
	kVdevice,
	kVeventq,
	kHwQueue,
	kTest,
};

class Object;
class ObjectTable;

// An object that another one takes along when it goes, if user space has not destroyed it before. Guarded by the
// table's lock.
struct Companion {
	Object *object = nullptr;
	int present = 0; // 0 or 1: for somebody who sleeps until it has gone

	void set(Object &o)
	{
		object = &o;
		present = 1;
	}
	void clear()
	{
		object = nullptr;
		__atomic_store_n(&present, 0, __ATOMIC_RELEASE);
	}
};

class Object {
public:
	Object(const Object &) = delete;

	ObjectType type() const { return type_; }
	ObjectId id() const { return id_; }

	// A lease without the table's lock. The caller knows that the object is not freed meanwhile; false when it
	// is already being destroyed.
	bool try_lease(ObjectTable &table);
	void end_lease(ObjectTable &table);
	// As a Hold, for a count that somebody outside keeps; false when the object is already being destroyed. The
	// caller knows that it is not freed meanwhile.
	bool try_hold() { return users_.inc_not_zero(); }
	void end_hold() { users_.dec(); }

protected:
	explicit Object(ObjectType type) : type_(type) {}
	virtual ~Object();

private:
	friend class ObjectTable;
	template <typename T> friend class Hold;

	base::Refcount users_{1}, short_users_{1};
	ObjectId id_{};
	const ObjectType type_;
	bool closing_ = false; // somebody waits for the end of all leases
};

// Keeps an object in existence for as long as somebody depends on it.
template <typename T> class Hold {
public:
	Hold() = default;
	explicit Hold(T &object) : object_(&object) { object.Object::users_.inc(); }
	Hold(Hold &&o) noexcept : object_(std::exchange(o.object_, nullptr)) {}
	Hold &operator=(Hold o) noexcept
	{
		std::swap(object_, o.object_);
		return *this;
	}
	~Hold()
	{
		if (object_)
			object_->Object::users_.dec();
	}

	T *get() const { return object_; }
	T *operator->() const { return object_; }
	T &operator*() const { return *object_; }
	explicit operator bool() const { return object_; }
	// Leaves the count to the caller, who passes it to ObjectTable::put_and_try_destroy().
	T *release() { return std::exchange(object_, nullptr); }

private:
	T *object_ = nullptr;
};

// Keeps an object in existence during one call.
template <typename T> class Lease {
public:
	Lease(ObjectTable &table, T &leased) : table_(&table), object_(&leased) {}
	Lease(Lease &&o) noexcept : table_(o.table_), object_(std::exchange(o.object_, nullptr)) {}
	Lease(const Lease &) = delete;
	~Lease()
	{
		if (object_)
			object_->end_lease(*table_);
	}

	T *get() const { return object_; }
	T *operator->() const { return object_; }
	T &operator*() const { return *object_; }
	// The caller ends the lease by other means.
	T *release() { return std::exchange(object_, nullptr); }

private:
	ObjectTable *table_;
	T *object_;
};

// An object with an id that nobody can find yet.
template <typename T> class Pending {
public:
	Pending(ObjectTable &table, T *object) : table_(&table), object_(object) {}
	Pending(Pending &&o) noexcept : table_(o.table_), object_(std::exchange(o.object_, nullptr)) {}
	Pending(const Pending &) = delete;
	~Pending();

	T *operator->() const { return object_; }
	T &operator*() const { return *object_; }
	// The caller makes a Pending of it again.
	T *release() { return std::exchange(object_, nullptr); }
	// Cannot fail. From here on any other thread may find, use and destroy the object.
	T &publish();

private:
	ObjectTable *table_;
	T *object_;
};

class ObjectTable {
public:
	ObjectTable();
	~ObjectTable();

	// A new T(args...) with an id. ENOMEM. Context: may sleep.
	template <typename T, typename... Args> Result<Pending<T>> create(Args &&...args)
	{
		TRY_LET(object, kern::make<T>(std::forward<Args>(args)...));
		TRY(reserve_id(*object));
		return Pending<T>(*this, object.release());
	}

	// The object with that id, for one call: ENOENT when there is none or it is no T. Context: any that may not
	// hold the table's lock.
	template <typename T> Result<Lease<T>> get(ObjectId id)
	{
		const ObjectType wanted = T::kType; // a copy: kType has no definition to refer to
		TRY_LET(object, find(id, wanted));
		return Lease<T>(*this, static_cast<T &>(*object));
	}
	Result<Lease<Object>> get_any(ObjectId id)
	{
		TRY_LET(object, find(id, std::nullopt));
		return Lease<Object>(*this, *object);
	}

	// The T with the smallest id above `after`, for one call, if there is one. Those that are being destroyed do
	// not count.
	template <typename T> std::optional<Lease<T>> next(ObjectId after)
	{
		const ObjectType wanted = T::kType;
		Object *found = find_behind(after, wanted);
		return found ? std::optional<Lease<T>>(std::in_place, *this, static_cast<T &>(*found)) : std::nullopt;
	}

	// DESTROY: ENOENT, EBUSY. Context: may sleep, waits at most 60 s for leases that are just ending.
	Status destroy(ObjectId id);
	// For the driver that owns `hold`: waits up to 60 s for leases and destroys. Nobody else may hold the object.
	void destroy_held(Object &object);
	// Destroys the companion, if there is one, whatever user space does with it meanwhile; its id stays dead. Its
	// destructor calls companion_gone(). Nobody holds the object. Context: may sleep, without a bound for what the
	// object's own destructor waits for.
	void take_along(Companion &companion);
	void companion_gone(Companion &companion);
	// Gives back the caller's hold, and destroys the object if it was the last one.
	void put_and_try_destroy(Object &object);
	// The fd is closed: everything goes, users before what they use.
	void destroy_all();

	bool empty() const { return ids_.empty(); }
	// Runs `fn` while no id can be reserved or given back.
	template <typename Fn> auto locked(Fn &&fn)
	{
		kern::Guard guard(ids_);
		return fn();
	}

	// The IOAS that calls without an id mean (VFIO_IOAS). Forgotten with the object. Under locked() only.
	Object *compat_ioas() const { return compat_ioas_; }
	void set_compat_ioas(Object *ioas) { compat_ioas_ = ioas; }

	void lease_ended() { leases_ended_.wake_all(); }

private:
	template <typename T> friend class Pending;

	Status reserve_id(Object &object);
	Result<Object *> find(ObjectId id, std::optional<ObjectType> type);
	Object *find_behind(ObjectId id, ObjectType type);
	void publish(Object &object) { ids_.publish(object.id_, &object); }
	void abort(Object &object);
	bool take_if_unused_locked(Object &object);
	bool wait_for_leases(Object &object);

	kern::IdTable<Object> ids_;
	kern::WaitQueue leases_ended_;
	Object *compat_ioas_ = nullptr;
	u32 dead_ids_ = 0;
};

template <typename T> Pending<T>::~Pending()
{
	if (object_)
		table_->abort(*object_);
}

template <typename T> T &Pending<T>::publish()
{
	table_->publish(*object_);
	return *std::exchange(object_, nullptr);
}

} // namespace iommufd
