// SPDX-License-Identifier: GPL-2.0-only
// Leases from the kernel's PASIDs: never another's, held where it has to be, bounded, all given back.
#include <random>

#include "pasid_alloc/fixture.hpp"

namespace test {

class PasidHost : public PasidWorld {
protected:
	// The backend's reason; the call's own line comes after it.
	static std::string why()
	{
		const auto &all = fake::rejections();
		EXPECT_EQ(all.back(), "iommu_pasid_alloc: -28: the backend has no PASID");
		return all.at(all.size() - 2);
	}
	// Of others: SVA, drivers.
	void take(unsigned first, unsigned last)
	{
		for (unsigned p = first; p <= last; p++)
			EXPECT_TRUE(taken.insert(p).second) << p;
	}
	void give(unsigned first, unsigned last)
	{
		for (unsigned p = first; p <= last; p++)
			EXPECT_TRUE(taken.erase(p)) << p;
	}
};

TEST_F(PasidHost, NeverAnothersPasid)
{
	take(1, 3);
	take(5, 5);
	Consumer c(&pasid_device());
	EXPECT_EQ(c.alloc(), 4);
	EXPECT_EQ(c.alloc(), 6);
	EXPECT_EQ(c.alloc(1, 5), kNoSpace);
	EXPECT_EQ(why(), "host PASIDs: -28: all PASIDs of the range are taken");
	give(1, 3);
	EXPECT_EQ(c.alloc(1, 5), 1);
	c.free_all();
	EXPECT_EQ(c.exit(), 0u);
	EXPECT_TRUE(taken == std::set{5u});
	give(5, 5);
}

TEST_F(PasidHost, LeasesInBlocks)
{
	Consumer wide(&pasid_device());
	EXPECT_EQ(wide.alloc(), 1);
	EXPECT_EQ(taken.size(), 64u);
	EXPECT_EQ(wide.alloc(), 2);
	EXPECT_EQ(taken.size(), 64u);
	for (int want = 3; want <= 65; want++)
		EXPECT_EQ(wide.alloc(), want);
	EXPECT_EQ(taken.size(), 128u);
	wide.free_all();
	EXPECT_LE(taken.size(), 64u) << "what is free is for others too";
}

TEST_F(PasidHost, SmallDevicesAreNotEmptied)
{
	device &dev = pasid_device(31);
	Consumer c(&dev);
	EXPECT_EQ(c.alloc(), 1);
	EXPECT_EQ(taken.size(), 2u);
	for (int want = 2; want <= 31; want++)
		EXPECT_EQ(c.alloc(), want);
	EXPECT_EQ(c.alloc(), kNoSpace);
	EXPECT_EQ(why(), "host PASIDs: -28: the kernel has no free PASID for the device");
	c.free_all();
	EXPECT_EQ(taken.size(), 2u);
	EXPECT_EQ(c.alloc(31, 31), 31);
	c.free_all();
}

TEST_F(PasidHost, ConsumersShareWhatIsHeld)
{
	Consumer high(&pasid_device()), low(&pasid_device(255));
	EXPECT_EQ(high.alloc(1000), 1000);
	EXPECT_GE(taken.size(), 1000u);
	for (int want : {1, 2, 3})
		EXPECT_EQ(low.alloc(), want);
	EXPECT_EQ(high.alloc(), 4);
	EXPECT_EQ(low.alloc(256), kNoSpace);
	high.free_all();
	EXPECT_EQ(high.exit(), 0u);
	EXPECT_TRUE(taken == (std::set{1u, 2u, 3u})) << "at a consumer's end only what others use stays";
	low.free_all();
}

TEST_F(PasidHost, HoldsAreBounded)
{
	Consumer c(&pasid_device());
	EXPECT_EQ(c.alloc(IOMMU_PASID_MOST_IDLE + 2), kNoSpace);
	EXPECT_EQ(why(), "host PASIDs: -28: too many PASIDs below the range would have to be held");
	EXPECT_TRUE(taken.empty()) << "nothing is held for nothing";
	const int most = IOMMU_PASID_MOST_IDLE + 1;
	EXPECT_EQ(c.alloc(most), most);
	EXPECT_EQ(taken.size(), IOMMU_PASID_MOST_IDLE + 1u);
	EXPECT_EQ(c.alloc(most), most + 1);
	// PASIDs in use count as well as held ones on the way up.
	EXPECT_EQ(c.alloc(), 1);
	EXPECT_EQ(c.alloc(most + 2), most + 2);
	c.free_all();
}

TEST_F(PasidHost, WhatIsHeldAboveMakesRoom)
{
	take(1, 200);
	Consumer c(&pasid_device());
	EXPECT_EQ(c.alloc(4200), 4200);
	EXPECT_EQ(taken.size(), 4200u);
	give(1, 200);
	EXPECT_EQ(c.alloc(198, 200), 198) << "197 more than the bound has room for";
	EXPECT_LE(taken.size(), 300u);
	EXPECT_TRUE(c.live() == (std::vector{198u, 4200u}));
	c.free_all();
}

TEST_F(PasidHost, ABackendOfAnotherIsNotInTheWay)
{
	Consumer c(nullptr), host(&pasid_device());
	EXPECT_EQ(c.alloc(), 1);
	EXPECT_EQ(host.alloc(), 1);
	c.free_all();
	EXPECT_EQ(c.exit(), 0u);
	EXPECT_EQ(host.alloc(), 2);
	host.free_all();
}

// Three consumers and somebody else, at random, against what sets say.
TEST_F(PasidHost, Random)
{
	for (unsigned seed = 1; seed <= 4; seed++) {
		std::mt19937 random(seed);
		auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
		Consumer consumers[]{Consumer(&pasid_device()), Consumer(&pasid_device(700)),
				     Consumer(&pasid_device(90))};
		const unsigned kWidth[]{kLastPasid, 700, 90};
		std::map<unsigned, Owner *> live[3];
		std::set<unsigned> others;
		Owner owners[8];
		unsigned done = 0;
		for (unsigned step = 0; step < 6000; step++) {
			const unsigned i = pick(3);
			if (pick(10) == 0) { // somebody else, who gets the lowest free one
				unsigned p = 1;
				while (taken.contains(p))
					p++;
				taken.insert(p);
				others.insert(p);
			} else if (pick(10) == 0 && !others.empty()) {
				auto at = std::next(others.begin(), pick(others.size()));
				taken.erase(*at);
				others.erase(at);
			} else if (pick(5) < 3) {
				const unsigned min = 1 + pick(pick(2) ? 3 : 800), max = min + pick(200);
				Owner &owner = owners[pick(8)];
				int got = consumers[i].alloc(min, max, &owner);
				if (got < 0) {
					EXPECT_EQ(got, kNoSpace);
					continue;
				}
				const unsigned p = static_cast<unsigned>(got);
				EXPECT_TRUE(min <= p && p <= max && p <= kWidth[i]);
				EXPECT_FALSE(others.contains(p) || live[0].contains(p) || live[1].contains(p) ||
					     live[2].contains(p))
					<< p << " is another's";
				EXPECT_TRUE(taken.contains(p));
				live[i][p] = &owner;
				done++;
			} else if (!live[i].empty()) {
				auto at = std::next(live[i].begin(), pick(live[i].size()));
				EXPECT_EQ(consumers[i].find(at->first), at->second);
				EXPECT_EQ(consumers[i].free(at->first), 0);
				EXPECT_EQ(consumers[i].find(at->first), nullptr);
				live[i].erase(at);
			}
		}
		EXPECT_GT(done, 1000u);
		for (unsigned i = 0; i < 3; i++) {
			EXPECT_EQ(consumers[i].live().size(), live[i].size());
			consumers[i].free_all();
			EXPECT_EQ(consumers[i].exit(), 0u);
		}
		EXPECT_TRUE(taken == others);
		taken.clear();
	}
}

} // namespace test
