// SPDX-License-Identifier: GPL-2.0-only
// LongRuns against a naive model, and what it is for: few looks into the domain when huge pages are unmapped, and never
// a look that tells of memory that is not there any more.
#include "iommufd/long_runs.hpp"

#include <random>

#include "bridge/alloc.h"
#include "support/state.hpp"
#include "support/world.hpp"

namespace test {

using iommufd::IndexRange;
using iommufd::LongRuns;
using iommufd::PageIndex;

class LongRunsTest : public World {
protected:
	Fd fd;
	u32 ioas = fd.ioas();
	std::unique_ptr<Bound> dev;
	iommu_domain *domain = nullptr;

	void attach()
	{
		dev = std::make_unique<Bound>(fd, machine.new_device());
		ASSERT_EQ(dev->attach(ioas), 0);
		domain = fake::domains().back();
	}
	unsigned long lookups_of_unmap(u64 iova, u64 length)
	{
		const unsigned long before = domain->lookups;
		EXPECT_EQ(fd.unmap(ioas, iova, length), 0);
		return domain->lookups - before;
	}
};

constexpr u64 kHuge = 512 * kPage;

TEST_F(LongRunsTest, NaiveModel)
{
	std::mt19937 random(7);
	for (unsigned round = 0; round < 300; round++) {
		const u64 start = random() % 3000, count = 1 + random() % 6000, skew = random();
		LongRuns runs;
		runs.reset({PageIndex(start), PageIndex(start + count - 1)}, skew);
		// Which run a page is in; runs in the order of their pages.
		std::vector<u64> run_of(count);
		for (u64 at = 0, n = 1; at < count; n++) {
			const u64 length = std::min<u64>(count - at, 1 + random() % (random() % 2 ? 2000 : 3));
			runs.note(PageIndex(start + at), length);
			std::fill_n(run_of.begin() + at, length, n);
			at += length;
		}
		for (u64 i = 0; i < count; i++) {
			const bool want = (start + i + skew) % 512 == 0 && i + 511 < count && run_of[i] == run_of[i + 511];
			ASSERT_EQ(runs.begins_at(PageIndex(start + i)), want) << round << " page " << i;
		}
	}
}

TEST_F(LongRunsTest, ResetForgets)
{
	LongRuns runs;
	runs.reset({PageIndex(0), PageIndex(1023)}, 0);
	runs.note(PageIndex(0), 1024);
	EXPECT_TRUE(runs.begins_at(PageIndex(512)));
	runs.reset({PageIndex(0), PageIndex(1023)}, 0);
	EXPECT_FALSE(runs.begins_at(PageIndex(0)));
	EXPECT_FALSE(runs.begins_at(PageIndex(512)));
}

// Without memory for the bits there are none.
TEST_F(LongRunsTest, NoMemory)
{
	LongRuns runs;
	runs.reset({PageIndex(0), PageIndex(511)}, 0);
	fake::arm(fake::Fault::kAlloc, 1);
	runs.note(PageIndex(0), 512);
	fake::disarm();
	EXPECT_FALSE(runs.begins_at(PageIndex(0)));
}

TEST_F(LongRunsTest, UnmapOfHugePagesLooksOncePerStretch)
{
	attach();
	ASSERT_EQ(fd.map_at(ioas, memory(4 * 512), 4 * kHuge, kHuge), 0);
	EXPECT_EQ(lookups_of_unmap(kHuge, 4 * kHuge), 4u);
	// Scattered pages need a look each.
	ASSERT_EQ(fd.map_at(ioas, memory(512, {.run = 1}), kHuge, kHuge), 0);
	EXPECT_EQ(lookups_of_unmap(kHuge, kHuge), 512u);
	// One page in front, three stretches, one page behind.
	const u64 va = memory(5 * 512);
	ASSERT_EQ(fd.map_at(ioas, va + kHuge - kPage, 3 * kHuge + 2 * kPage, kHuge - kPage), 0);
	EXPECT_EQ(lookups_of_unmap(0, base::kU64Max), 5u);
}

// The area stays, its domains go, and other memory is behind the addresses when the next one comes.
TEST_F(LongRunsTest, OtherMemoryBehindTheSameArea)
{
	const u64 va = memory(2 * 512);
	attach();
	ASSERT_EQ(fd.map_at(ioas, va, 2 * kHuge, kHuge), 0);
	dev.reset();
	EXPECT_EQ(fake::pins_total(), 0);
	// Now every page is for itself.
	fake::unmap_memory(process, va, 2 * 512);
	fake::map_memory(process, va, 2 * 512, {.run = 1});
	attach();
	check_consistency(fd.context());
	EXPECT_EQ(lookups_of_unmap(kHuge, 2 * kHuge), 1024u) << "a bit of the memory that was there before";
}

// The same when filling fails half way, with the bits of the first half already noted.
TEST_F(LongRunsTest, FailedFillLeavesNoBit)
{
	const u64 va = memory(2 * 512);
	ASSERT_EQ(fd.map_at(ioas, va, 2 * kHuge, kHuge), 0);
	kx_scratch_limit = 0; // small batches
	device &d = machine.new_device();
	for (unsigned nth : {1u, 2u, 600u, 1024u}) {
		Bound failing(fd, d);
		u32 id = ioas;
		fake::arm(fake::Fault::kGup, nth);
		EXPECT_EQ(failing.attach(id), -14);
		fake::disarm();
		EXPECT_EQ(fake::pins_total(), 0);
	}
	fake::reset_alloc();
	fake::unmap_memory(process, va, 2 * 512);
	fake::map_memory(process, va, 2 * 512, {.run = 1});
	attach();
	check_consistency(fd.context());
	EXPECT_EQ(lookups_of_unmap(kHuge, 2 * kHuge), 1024u);
}

// A second domain adds what it reads from the first one.
TEST_F(LongRunsTest, SecondDomain)
{
	attach();
	ASSERT_EQ(fd.map_at(ioas, memory(512), kHuge, kHuge), 0);
	const unsigned long before = domain->lookups;
	u32 hwpt = 0;
	ASSERT_EQ(fd.hwpt(dev->id(), ioas, hwpt), 0);
	EXPECT_EQ(domain->lookups - before, 1u);
	ASSERT_EQ(fd.destroy(hwpt), 0);
	EXPECT_EQ(lookups_of_unmap(kHuge, kHuge), 1u);
}

} // namespace test
