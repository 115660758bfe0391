// SPDX-License-Identifier: GPL-2.0-only
// Each allocation of each call failed in turn: the call says so, nothing has changed, and then it works.
#include "pasid_alloc/fixture.hpp"

namespace test {

class PasidFail : public PasidWorld {
protected:
	// run() is 0 or an errno; state() is what must not change when it fails; undo() takes a success back.
	struct Steps {
		unsigned failed = 0, survived = 0;
	};
	template <typename Run, typename State, typename Undo>
	Steps fail_each_step(std::set<int> allowed, Run run, State state, Undo undo)
	{
		Steps steps;
		for (unsigned nth = 1; nth < 1000; nth++) {
			SCOPED_TRACE("fault at step " + std::to_string(nth));
			const auto before = state();
			fake::arm(fake::Fault::kAlloc, nth);
			int rc = run();
			fake::disarm();
			const bool fired = fake::fired();
			if (rc) {
				EXPECT_TRUE(fired);
				EXPECT_TRUE(allowed.contains(rc)) << rc << ": " << fake::last_rejection();
				EXPECT_TRUE(state() == before) << "the failure left something behind";
				EXPECT_EQ(run(), 0) << fake::last_rejection();
			}
			undo();
			EXPECT_TRUE(state() == before);
			if (!fired)
				return steps;
			(rc ? steps.failed : steps.survived)++;
			if (HasFailure())
				break;
		}
		return steps;
	}
};

TEST_F(PasidFail, Init)
{
	for (device *dev : {static_cast<device *>(nullptr), &pasid_device()}) {
		std::optional<Consumer> c;
		auto run = [&] { return c.emplace(dev).error(); };
		auto state = [&] { return fake::outstanding_allocations(); };
		const Steps steps = fail_each_step({kNoMemory}, run, state, [&] { c.reset(); });
		EXPECT_EQ(steps.failed, 3u) << "the backend's space, ours, the consumer";
		EXPECT_EQ(steps.survived, 0u);
	}
}

TEST_F(PasidFail, PrivateAlloc)
{
	Consumer c(nullptr);
	auto run = [&] { return std::min(c.alloc(), 0); };
	const Steps steps = fail_each_step(
		{kNoMemory}, run, [&] { return c.live(); }, [&] { c.free_all(); });
	EXPECT_EQ(steps.failed, 3u) << "the set, the claim, the table";
	EXPECT_EQ(steps.survived, 0u);
}

TEST_F(PasidFail, BackendAlloc)
{
	FakeBackend b;
	ASSERT_EQ(iommu_pasid_backend_register(b.get()), 0);
	Consumer c(&pasid_device());
	auto run = [&] { return std::min(c.alloc(), 0); };
	auto state = [&] { return std::pair{c.live(), b.live.size()}; };
	const Steps steps = fail_each_step({kNoMemory}, run, state, [&] { c.free_all(); });
	EXPECT_EQ(steps.failed, 2u) << "the claim, the table";
	c.exit();
}

// With a fresh pool each time. The kernel says ENOSPC for want of memory as well. What was leased may stay so for the
// next call, up to a block; at the consumer's end nothing does.
TEST_F(PasidFail, HostAlloc)
{
	device &dev = pasid_device();
	std::optional<Consumer> c(std::in_place, &dev);
	auto run = [&] { return std::min(c->alloc(5), 0); };
	auto state = [&] { return std::pair{c->live(), taken.size() <= 64}; };
	auto undo = [&] {
		c->free_all();
		EXPECT_EQ(c->exit(), 0u);
		EXPECT_TRUE(taken.empty());
		c.emplace(&dev);
	};
	const Steps steps = fail_each_step({kNoSpace, kNoMemory}, run, state, undo);
	EXPECT_EQ(steps.failed, 11u) << "five leases, four holds, the claim, the table";
	EXPECT_EQ(steps.survived, 118u) << "59 leases ahead, and holding them";
}

// What cannot be kept for want of memory goes back at once.
TEST_F(PasidFail, HostFree)
{
	Consumer c(&pasid_device());
	ASSERT_EQ(c.alloc(), 1);
	const auto before = taken.size();
	fake::arm(fake::Fault::kAlloc, 1);
	EXPECT_EQ(c.free(1), 0);
	fake::disarm();
	EXPECT_TRUE(fake::fired());
	EXPECT_EQ(taken.size(), before - 1);
	EXPECT_FALSE(taken.contains(1));
	EXPECT_EQ(c.alloc(1, 1), 1);
	c.free_all();
}

} // namespace test
