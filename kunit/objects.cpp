// SPDX-License-Identifier: GPL-2.0-only
// The object table on the kernel's own xarray, locks and wait queues.
#include "iommufd/object.hpp"
#include "kunit/kunit.h"

namespace {

using namespace iommufd;

constinit int alive = 0;

class Thing final : public Object {
public:
	static const ObjectType kType = ObjectType::kAccess;
	explicit Thing(Thing *uses = nullptr) : Object(kType), uses_(uses ? Hold<Thing>(*uses) : Hold<Thing>())
	{
		alive++;
	}
	~Thing() override { alive--; }

private:
	Hold<Thing> uses_;
};

Thing *make(ObjectTable &table, Thing *uses = nullptr)
{
	auto pending = table.create<Thing>(uses);
	return pending ? &pending->publish() : nullptr;
}

int error_of(const Status &s) { return s ? 0 : s.error().to_errno(); }

struct LeaseOfAnotherThread {
	ObjectTable *table;
	Thing *thing;
	static void end_soon(void *self)
	{
		auto &l = *static_cast<LeaseOfAnotherThread *>(self);
		kt_sleep_ms(30);
		l.thing->end_lease(*l.table);
	}
};

} // namespace

void kt_objects_ids_are_reused(kunit *test)
{
	ObjectTable table;
	for (u32 id = 1; id <= 3; id++) {
		Thing *thing = make(table);
		REQUIRE(thing);
		EXPECT_EQ(thing->id().raw(), id);
	}
	EXPECT_EQ(error_of(table.destroy(ObjectId(2))), 0);
	Thing *again = make(table);
	REQUIRE(again);
	EXPECT_EQ(again->id().raw(), 2);
	table.destroy_all();
	EXPECT_EQ(alive, 0);
}

void kt_objects_pending_is_not_found(kunit *test)
{
	ObjectTable table;
	{
		auto pending = table.create<Thing>();
		REQUIRE(pending);
		EXPECT(!table.get<Thing>((*pending)->id()));
		EXPECT(!table.empty());
	}
	EXPECT(table.empty());
	EXPECT_EQ(alive, 0);
}

void kt_objects_busy_while_used(kunit *test)
{
	ObjectTable table;
	Thing *thing = make(table);
	REQUIRE(thing);
	const ObjectId id = thing->id();
	{
		auto lease = table.get<Thing>(id);
		EXPECT(lease);
		EXPECT_EQ(error_of(table.destroy(id)), -16);
	}
	{
		Hold<Thing> hold(*thing);
		EXPECT_EQ(error_of(table.destroy(id)), -16);
	}
	EXPECT_EQ(error_of(table.destroy(id)), 0);
	EXPECT_EQ(error_of(table.destroy(id)), -2);
	EXPECT_EQ(alive, 0);
}

void kt_objects_owner_waits_for_lease(kunit *test)
{
	ObjectTable table;
	Thing *thing = make(table);
	REQUIRE(thing);
	Hold<Thing> owner(*thing);
	EXPECT(thing->try_lease(table));
	LeaseOfAnotherThread lease{&table, thing};
	void *thread = kt_thread_start(LeaseOfAnotherThread::end_soon, &lease);
	if (!thread)
		thing->end_lease(table);
	owner.release();
	table.destroy_held(*thing);
	EXPECT_EQ(alive, 0);
	EXPECT(thread);
	if (thread)
		kt_thread_join(thread);
}

void kt_objects_all_go_in_order(kunit *test)
{
	ObjectTable table;
	Thing *low = make(table), *first = make(table);
	REQUIRE(low && first);
	EXPECT_EQ(error_of(table.destroy(low->id())), 0);
	// The id is below that of what it uses.
	Thing *user = make(table, first);
	REQUIRE(user);
	EXPECT(user->id() < first->id());
	table.destroy_all();
	EXPECT_EQ(alive, 0);
	EXPECT(table.empty());
}
