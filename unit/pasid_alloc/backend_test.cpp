// SPDX-License-Identifier: GPL-2.0-only
// The seam for other allocators: who is asked, and what a backend may do wrong.
#include "pasid_alloc/fixture.hpp"

namespace test {

class PasidBackend : public PasidWorld {
protected:
	int add(FakeBackend &b) { return iommu_pasid_backend_register(b.get()); }
	int remove(FakeBackend &b) { return iommu_pasid_backend_unregister(b.get()); }
	static int not_mine(device *, unsigned *, unsigned *, void **) { return kNoDev; }
};

TEST_F(PasidBackend, HighestPriorityThatAccepts)
{
	FakeBackend low("low", 5), high("high", 20), below("below", -1);
	ASSERT_EQ(add(low), 0);
	ASSERT_EQ(add(below), 0);
	ASSERT_EQ(add(high), 0);
	{
		Consumer c(&pasid_device());
		EXPECT_EQ(c.alloc(), 1);
		EXPECT_EQ(high.live.size(), 1u);
		c.free_all();
	}
	high.probe = not_mine;
	{
		Consumer c(&pasid_device());
		EXPECT_EQ(c.alloc(), 1);
		EXPECT_EQ(low.live.size(), 1u);
		c.free_all();
	}
	low.probe = not_mine;
	{
		Consumer c(&pasid_device());
		EXPECT_EQ(c.alloc(), 1);
		EXPECT_EQ(taken.size(), 64u) << "the host's";
		c.free_all();
	}
	EXPECT_EQ(below.probes, 0u);
	EXPECT_EQ(high.probes, 3u);
	EXPECT_EQ(high.released.size(), 1u);
	EXPECT_EQ(low.released.size(), 1u);
	{
		Consumer c(nullptr);
		EXPECT_EQ(below.probes, 1u) << "before a private space";
		EXPECT_TRUE(fake::logged(fake::Level::kInfo).empty());
	}
}

TEST_F(PasidBackend, FirstOfEqualPriority)
{
	FakeBackend first("first", 7), second("second", 7);
	ASSERT_EQ(add(first), 0);
	ASSERT_EQ(add(second), 0);
	Consumer c(&pasid_device());
	EXPECT_EQ(first.probes, 1u);
	EXPECT_EQ(second.probes, 0u);
}

TEST_F(PasidBackend, Registration)
{
	FakeBackend b;
	for (auto spoil : std::initializer_list<void (*)(iommu_pasid_backend &)>{
		     [](auto &x) { x.name = nullptr; }, [](auto &x) { x.probe = nullptr; },
		     [](auto &x) { x.release = nullptr; }, [](auto &x) { x.alloc = nullptr; },
		     [](auto &x) { x.free = nullptr; }}) {
		iommu_pasid_backend broken = *b.get();
		spoil(broken);
		EXPECT_EQ(iommu_pasid_backend_register(&broken), kInvalid);
		EXPECT_EQ(iommu_pasid_backend_unregister(&broken), kNoEntry);
	}
	EXPECT_EQ(remove(b), kNoEntry);
	EXPECT_EQ(add(b), 0);
	EXPECT_EQ(add(b), kBusy);
	{
		Consumer c(&pasid_device()), d(&pasid_device());
		EXPECT_EQ(b.owner.refs, 2) << "the backend's module cannot go";
		EXPECT_EQ(remove(b), kBusy);
		EXPECT_EQ(c.exit(), 0u);
		EXPECT_EQ(remove(b), kBusy);
	}
	EXPECT_EQ(b.owner.refs, 0);
	EXPECT_EQ(remove(b), 0);
	EXPECT_EQ(remove(b), kNoEntry);
	EXPECT_EQ(add(b), 0);
}

TEST_F(PasidBackend, GoingModuleIsNotAsked)
{
	FakeBackend b;
	ASSERT_EQ(add(b), 0);
	b.owner.going = true;
	Consumer c(&pasid_device());
	EXPECT_EQ(b.probes, 0u);
	EXPECT_EQ(c.alloc(), 1);
	EXPECT_FALSE(taken.empty());
	c.free_all();
}

TEST_F(PasidBackend, ProbeThatFailsIsNotPassedOver)
{
	FakeBackend b;
	ASSERT_EQ(add(b), 0);
	b.probe = [](auto...) { return -71; };
	EXPECT_EQ(Consumer(&pasid_device()).error(), -71) << "what the hypervisor denies is not had from the host";
	b.probe = [](auto...) { return 1; };
	EXPECT_EQ(Consumer(&pasid_device()).error(), kIoError);
	EXPECT_EQ(b.released.size(), 1u);
	EXPECT_EQ(b.owner.refs, 0);
	EXPECT_TRUE(taken.empty());
}

TEST_F(PasidBackend, RangeOfProbe)
{
	FakeBackend b;
	ASSERT_EQ(add(b), 0);
	std::pair<unsigned, unsigned> range;
	b.probe = [&](device *, unsigned *first, unsigned *last, void **space) {
		EXPECT_EQ(*first, 1u);
		EXPECT_EQ(*last, kLastPasid);
		std::tie(*first, *last) = range;
		*space = &b;
		return 0;
	};
	for (auto bad : {std::pair{0u, 5u}, {6u, 5u}, {1u, kLastPasid + 1}}) {
		range = bad;
		EXPECT_EQ(Consumer(&pasid_device()).error(), kNoSpace);
	}
	EXPECT_EQ(b.released.size(), 3u);
	range = {100, 101};
	Hardware hardware;
	Consumer c(&pasid_device(), "x", &hardware);
	EXPECT_TRUE(hardware.offered == range);
	for (int want : {100, 101, kNoSpace})
		EXPECT_EQ(c.alloc(), want);
	c.free_all();
}

TEST_F(PasidBackend, AllocThatFails)
{
	FakeBackend b;
	ASSERT_EQ(add(b), 0);
	Consumer c(&pasid_device());
	for (int error : {kNoSpace, kNoMemory, -110, -5}) {
		b.alloc = [=](auto...) { return error; };
		EXPECT_EQ(c.alloc(), error);
	}
	b.alloc = [](void *, unsigned, unsigned, unsigned *) { return 1; };
	EXPECT_EQ(c.alloc(), kIoError);
	EXPECT_TRUE(b.freed.empty());
	EXPECT_TRUE(c.live().empty());
}

TEST_F(PasidBackend, DuplicatesAreRefused)
{
	FakeBackend b;
	ASSERT_EQ(add(b), 0);
	Consumer one(&pasid_device(), "one"), two(&pasid_device(), "two");
	b.alloc = [](void *, unsigned, unsigned, unsigned *pasid) {
		*pasid = 8;
		return 0;
	};
	Owner first, second;
	EXPECT_EQ(one.alloc(1, 9, &first), 8);
	EXPECT_EQ(one.alloc(1, 9, &second), kIoError);
	EXPECT_EQ(two.alloc(1, 9, &second), kIoError) << "another consumer of the same space";
	EXPECT_TRUE(fake::logged(fake::Level::kError) ==
		    (std::vector<std::string>{"one: fake: it is in use", "two: fake: it is in use"}));
	EXPECT_EQ(one.find(8), &first);
	EXPECT_EQ(two.find(8), nullptr);
	EXPECT_TRUE(b.freed.empty()) << "it has an owner, who must not lose it";
	// In use and out of range: in use comes first.
	EXPECT_EQ(one.alloc(1, 7, &second), kIoError);
	EXPECT_TRUE(b.freed.empty());
	one.free_all();
	EXPECT_EQ(two.alloc(1, 9, &second), 8);
	two.free_all();
	b.live.clear();
}

TEST_F(PasidBackend, SpacesAreSeparate)
{
	FakeBackend b;
	ASSERT_EQ(add(b), 0);
	std::map<device *, int> cookies;
	b.probe = [&](device *dev, unsigned *, unsigned *, void **space) {
		*space = &cookies[dev];
		return 0;
	};
	b.alloc = [](void *, unsigned, unsigned, unsigned *pasid) {
		*pasid = 3;
		return 0;
	};
	device &x = pasid_device(), &y = pasid_device();
	Consumer a(&x), c(&y), d(&y);
	EXPECT_EQ(a.alloc(), 3);
	EXPECT_EQ(c.alloc(), 3) << "another space";
	EXPECT_EQ(d.alloc(), kIoError);
	c.free_all();
	EXPECT_EQ(c.exit(), 0u);
	EXPECT_EQ(b.released.size(), 1u);
	EXPECT_EQ(d.alloc(), 3) << "the space outlives one of its users";
	a.free_all();
	d.free_all();
	b.live.clear();
}

TEST_F(PasidBackend, OutOfRangeIsRefused)
{
	FakeBackend b;
	ASSERT_EQ(add(b), 0);
	Consumer c(&pasid_device());
	unsigned answer = 0;
	b.alloc = [&](void *, unsigned, unsigned, unsigned *pasid) {
		*pasid = answer;
		return 0;
	};
	for (unsigned bad : {0u, 9u, 21u, kLastPasid, kLastPasid + 1, ~0u}) {
		answer = bad;
		EXPECT_EQ(c.alloc(10, 20), kIoError) << bad;
		EXPECT_EQ(b.freed.back(), bad) << "goes back";
		EXPECT_EQ(c.find(bad), nullptr);
	}
	EXPECT_EQ(fake::logged(fake::Level::kError).size(), 6u);
	EXPECT_EQ(b.freed.size(), 6u);
	for (unsigned good : {10u, 20u}) {
		answer = good;
		EXPECT_EQ(c.alloc(10, 20), static_cast<int>(good));
	}
	// Refused ones are not remembered as taken.
	answer = 9;
	EXPECT_EQ(c.alloc(1, 20), 9);
	c.free_all();
}

TEST_F(PasidBackend, SlowOneIsInNobodysWay)
{
	FakeBackend b;
	ASSERT_EQ(add(b), 0);
	Consumer c(&pasid_device()), other(&pasid_device()), third(nullptr);
	ASSERT_EQ(c.alloc(), 1);
	ASSERT_EQ(other.alloc(), 2);
	unsigned depth = 0, calls = 0;
	auto normal = b.alloc;
	b.alloc = [&](void *space, unsigned min, unsigned max, unsigned *pasid) {
		if (depth++ == 0) { // what others do while this one is on its way
			EXPECT_EQ(c.find(1), &c.owner);
			EXPECT_EQ(c.alloc(), 3);
			EXPECT_EQ(other.free(2), 0);
			EXPECT_EQ(c.live().size(), 2u);
			EXPECT_EQ(third.alloc(), 2);
			Consumer newcomer(&pasid_device());
			EXPECT_EQ(newcomer.error(), 0);
			calls++;
		}
		return normal(space, min, max, pasid);
	};
	EXPECT_EQ(c.alloc(), 4);
	EXPECT_EQ(calls, 1u);
	c.free_all();
	third.free_all();
	EXPECT_TRUE(b.live.empty());
}

} // namespace test
