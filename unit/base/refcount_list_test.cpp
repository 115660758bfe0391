// SPDX-License-Identifier: GPL-2.0-only
// Refcount, Ref, List and the guards.
#include <vector>

#include <gtest/gtest.h>

#include "base/guard.hpp"
#include "base/list.hpp"
#include "base/refcount.hpp"

namespace {

using namespace base;

struct Thing : Counted {
	static int alive;
	Thing() { alive++; }
	~Thing() { alive--; }
};
int Thing::alive;

struct InA;
struct InB;
struct Item : ListHook<InA>, ListHook<InB> {
	explicit Item(int n) : number(n) {}
	int number;
};

template <typename Tag> std::vector<int> numbers(List<Item, Tag> &list)
{
	std::vector<int> out;
	for (Item &item : list)
		out.push_back(item.number);
	return out;
}

struct CountingLock {
	int exclusive = 0, shared = 0;
	void lock() { exclusive++; }
	void unlock() { exclusive--; }
	void lock_shared() { shared++; }
	void unlock_shared() { shared--; }
};

} // namespace

TEST(Refcount, LastOneAndNoneAfter)
{
	Refcount count(1);
	count.inc();
	EXPECT_FALSE(count.dec_if_one());
	EXPECT_FALSE(count.dec_and_test());
	EXPECT_EQ(*count.address(), 1);
	EXPECT_TRUE(count.inc_not_zero());
	count.dec();
	EXPECT_TRUE(count.dec_if_one());
	EXPECT_EQ(count.load(), 0);
	EXPECT_FALSE(count.inc_not_zero());
	EXPECT_FALSE(count.dec_if_one());
}

TEST(Ref, SharesAndDeletesLast)
{
	{
		Ref<Thing> a(new Thing), empty;
		EXPECT_FALSE(empty);
		Ref<Thing> b = a, c = Ref<Thing>::share(*a), d = std::move(b);
		EXPECT_FALSE(b);
		EXPECT_EQ(d.get(), a.get());
		a = {};
		c = d;
		EXPECT_EQ(Thing::alive, 1);
		d = d;
		d = {};
		EXPECT_EQ(Thing::alive, 1);
	}
	EXPECT_EQ(Thing::alive, 0);
}

TEST(List, OneHookForEachList)
{
	Item one(1), two(2), three(3);
	List<Item, InA> a;
	List<Item, InB> b;

	EXPECT_TRUE(a.empty());
	for (Item *item : {&one, &two, &three})
		a.push_back(*item);
	b.push_back(three);
	b.push_back(one);
	EXPECT_EQ(numbers(a), (std::vector{1, 2, 3}));
	EXPECT_EQ(numbers(b), (std::vector{3, 1}));
	EXPECT_EQ(a.count(), 3u);
	EXPECT_EQ(a.front().number, 1);

	a.remove(two);
	EXPECT_FALSE((List<Item, InA>::linked(two)));
	EXPECT_TRUE((List<Item, InA>::linked(one)));
	EXPECT_EQ(numbers(a), (std::vector{1, 3}));
	a.remove(two); // not on the list: nothing happens
	a.remove(one);
	a.remove(three);
	EXPECT_TRUE(a.empty());
	EXPECT_EQ(numbers(b), (std::vector{3, 1}));
}

TEST(Guard, HoldsForTheScope)
{
	CountingLock lock;
	{
		Guard guard(lock);
		SharedGuard shared(lock);
		EXPECT_EQ(lock.exclusive, 1);
		EXPECT_EQ(lock.shared, 1);
	}
	EXPECT_EQ(lock.exclusive + lock.shared, 0);
}

TEST(Undo, RunsUnlessDismissed)
{
	int runs = 0;
	{
		Undo undo([&] { runs++; });
	}
	EXPECT_EQ(runs, 1);
	{
		Undo undo([&] { runs++; });
		undo.dismiss();
	}
	EXPECT_EQ(runs, 1);
}
