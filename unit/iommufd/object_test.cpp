// SPDX-License-Identifier: GPL-2.0-only
// The object table: ids, the steps of making an object, leases, holds and the ways to destroy.
#include "support/peek.hpp"
#include "support/world.hpp"

namespace test {

namespace {

using namespace iommufd;

int alive;

class Thing : public Object {
public:
	static const ObjectType kType = ObjectType::kAccess;
	explicit Thing(Thing *uses = nullptr) : Object(kType), uses_(uses ? Hold<Thing>(*uses) : Hold<Thing>())
	{
		alive++;
	}
	~Thing() override { alive--; }
	Hold<Thing> uses_;
	Hold<Thing> driver_;
};

class OtherThing : public Object {
public:
	static const ObjectType kType = ObjectType::kDevice;
	OtherThing() : Object(kType) { alive++; }
	~OtherThing() override { alive--; }
};

} // namespace

class ObjectTableTest : public World {
protected:
	ObjectTable table;

	Thing &make(Thing *uses = nullptr)
	{
		auto pending = table.create<Thing>(uses);
		EXPECT_TRUE(pending);
		return pending->publish();
	}
	void TearDown() override
	{
		table.destroy_all();
		EXPECT_EQ(alive, 0);
	}
	template <typename T> int error_of(const Result<T> &r) { return r ? 0 : r.error().to_errno(); }
};

TEST_F(ObjectTableTest, IdsFromOneAndReused)
{
	EXPECT_EQ(make().id().raw(), 1u);
	EXPECT_EQ(make().id().raw(), 2u);
	EXPECT_EQ(make().id().raw(), 3u);
	EXPECT_TRUE(table.destroy(ObjectId(2)));
	EXPECT_EQ(make().id().raw(), 2u);
	EXPECT_EQ(error_of(table.get_any(ObjectId(0))), -2);
	EXPECT_EQ(error_of(table.get_any(ObjectId(0x80000000))), -2);
}

TEST_F(ObjectTableTest, PendingIsNotFound)
{
	{
		auto pending = table.create<Thing>();
		ASSERT_TRUE(pending);
		EXPECT_EQ(error_of(table.get<Thing>((*pending)->id())), -2);
		EXPECT_EQ(error_of(table.destroy((*pending)->id())), -2);
		EXPECT_FALSE(table.empty());
		EXPECT_EQ(alive, 1);
	}
	EXPECT_EQ(alive, 0);
	EXPECT_TRUE(table.empty());
}

TEST_F(ObjectTableTest, OfAnotherKind)
{
	auto pending = table.create<OtherThing>();
	const ObjectId id = pending->publish().id();
	EXPECT_EQ(error_of(table.get<Thing>(id)), -2);
	EXPECT_EQ(error_of(table.get<OtherThing>(id)), 0);
	EXPECT_EQ(error_of(table.get_any(id)), 0);
}

TEST_F(ObjectTableTest, BusyWhileLeasedOrHeld)
{
	Thing &thing = make();
	const ObjectId id = thing.id();
	{
		auto lease = table.get<Thing>(id);
		EXPECT_EQ(error_of(table.destroy(id)), -16);
	}
	{
		Hold<Thing> hold(thing);
		EXPECT_EQ(error_of(table.destroy(id)), -16);
	}
	EXPECT_EQ(peek::users_(thing).load(), 1);
	EXPECT_EQ(peek::short_users_(thing).load(), 1);
	EXPECT_TRUE(table.destroy(id));
	EXPECT_EQ(error_of(table.destroy(id)), -2);
	EXPECT_EQ(alive, 0);
}

TEST_F(ObjectTableTest, HeldObjectWaitsForLeases)
{
	Thing &thing = make();
	thing.driver_ = Hold<Thing>(thing);
	std::optional<Lease<Thing>> lease(std::move(*table.get<Thing>(thing.id())));
	fake::while_waiting([&] { lease.reset(); });
	thing.driver_.release();
	table.destroy_held(thing);
	EXPECT_EQ(fake::waits(), 1u);
	EXPECT_EQ(alive, 0);
	EXPECT_TRUE(table.empty());
}

// No new lease while the owner waits for the old ones.
TEST_F(ObjectTableTest, NoLeaseOnceDestroying)
{
	Thing &thing = make();
	const ObjectId id = thing.id();
	thing.driver_ = Hold<Thing>(thing);
	std::optional<Lease<Thing>> lease(std::move(*table.get<Thing>(id)));
	fake::while_waiting([&] {
		lease.reset();
		EXPECT_EQ(error_of(table.get<Thing>(id)), -2);
		EXPECT_FALSE(thing.try_lease(table));
		EXPECT_EQ(error_of(table.destroy(id)), -16);
	});
	thing.driver_.release();
	table.destroy_held(thing);
	EXPECT_EQ(alive, 0);
}

// A lease that does not end within the bound: a WARN, and the object stays until the fd closes.
TEST_F(ObjectTableTest, HeldObjectWithEndlessLease)
{
	Thing &thing = make();
	thing.driver_ = Hold<Thing>(thing);
	{
		auto lease = table.get<Thing>(thing.id());
		thing.driver_.release();
		fake::ExpectWarnings warnings;
		table.destroy_held(thing);
		EXPECT_EQ(warnings.count(), 1u);
		EXPECT_EQ(alive, 1);
	}
	EXPECT_EQ(peek::users_(thing).load(), 1);
	EXPECT_EQ(peek::short_users_(thing).load(), 1);
}

// A call that never ends: rather a leak than a use after free.
TEST_F(ObjectTableTest, DestroyWithEndlessLease)
{
	Thing &thing = make();
	peek::short_users_(thing).inc();
	fake::ExpectWarnings warnings;
	EXPECT_EQ(error_of(table.destroy(thing.id())), -16);
	EXPECT_EQ(warnings.count(), 1u);
	EXPECT_TRUE(table.empty());
	EXPECT_EQ(alive, 1);
	delete &thing;
}

// An object whose last user has gone is not leased any more.
TEST_F(ObjectTableTest, NoLeaseWithoutUsers)
{
	Thing &thing = make();
	ASSERT_TRUE(peek::users_(thing).dec_if_one());
	EXPECT_FALSE(thing.try_lease(table));
	EXPECT_EQ(peek::short_users_(thing).load(), 1);
	EXPECT_EQ(error_of(table.get<Thing>(thing.id())), -2);
	peek::users_(thing).inc();
}

TEST_F(ObjectTableTest, LastHoldDestroys)
{
	Thing &thing = make();
	Hold<Thing> a(thing), b(thing);
	table.put_and_try_destroy(*a.release());
	EXPECT_EQ(alive, 1);
	table.put_and_try_destroy(*b.release());
	EXPECT_EQ(alive, 0);
}

TEST_F(ObjectTableTest, CompatIoasIsForgottenWithTheObject)
{
	Thing &thing = make();
	table.locked([&] { table.set_compat_ioas(&thing); });
	EXPECT_TRUE(table.destroy(thing.id()));
	EXPECT_EQ(table.compat_ioas(), nullptr);
}

// Users go before what they use, whatever the ids say.
TEST_F(ObjectTableTest, DestroyAllFollowsTheUsers)
{
	Thing &first = make();
	Thing &second = make(&first);
	make(&second);
	Thing *low = &make();
	EXPECT_TRUE(table.destroy(low->id()));
	make(&first);
	EXPECT_EQ(error_of(table.destroy(first.id())), -16);
	table.destroy_all();
	EXPECT_EQ(alive, 0);
	EXPECT_TRUE(table.empty());
}

TEST_F(ObjectTableTest, OutOfIdsLeavesNothing)
{
	fake::arm(fake::Fault::kAlloc, 1); // Thing itself is the test's own allocation
	EXPECT_EQ(error_of(table.create<Thing>()), -12);
	fake::disarm();
	EXPECT_EQ(alive, 0);
	EXPECT_TRUE(table.empty());
}

} // namespace test
