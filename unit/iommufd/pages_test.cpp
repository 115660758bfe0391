// SPDX-License-Identifier: GPL-2.0-only
// Pages: who is charged for pins, batches and runs, and owners that exit.
#include "support/state.hpp"
#include "support/world.hpp"

namespace test {

class PagesTest : public World {
protected:
	Fd fd;
	u32 ioas = fd.ioas();
	std::unique_ptr<Bound> dev;

	void attach()
	{
		dev = std::make_unique<Bound>(fd, machine.new_device());
		ASSERT_EQ(dev->attach(ioas), 0) << fake::last_rejection();
	}
	void TearDown() override
	{
		dev.reset();
		fd.close();
	}
	const iommu_domain &domain() { return *fake::domains().at(0); }
};

TEST_F(PagesTest, NothingIsPinnedWithoutADomain)
{
	ASSERT_EQ(fd.map_at(ioas, memory(100), 100 * kPage, 0x100000), 0);
	EXPECT_EQ(fake::gup_calls(), 0u);
	attach();
	EXPECT_EQ(fake::pins_total(), 100);
	dev->detach();
	EXPECT_EQ(fake::pins_total(), 0);
	EXPECT_EQ(process.user->locked_vm, 0);
}

// Contiguous memory is one map call with large pages, whatever the batches; and one unmap call.
TEST_F(PagesTest, OneMapForOneRun)
{
	attach();
	const u64 va = memory(2048);
	ASSERT_EQ(fd.map_at(ioas, va, 2048 * kPage, 0x40000000), 0);
	EXPECT_EQ(domain().maps, 1u);
	EXPECT_EQ(domain().leaves.size(), 4u);
	EXPECT_EQ(fake::gup_calls(), 1u);
	ASSERT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(domain().unmaps, 1u);
}

// More pages than one pin call takes (8192), more runs than a list holds (1024).
TEST_F(PagesTest, MoreThanOneBatch)
{
	attach();
	const u64 long_run = memory(9000), scattered = memory(3000, {.run = 1});
	ASSERT_EQ(fd.map_at(ioas, long_run, 9000 * kPage, 0x40000000), 0);
	EXPECT_EQ(fake::gup_calls(), 2u);
	ASSERT_EQ(fd.map_at(ioas, scattered, 3000 * kPage, 0x80000000), 0);
	check_consistency(fd.context());
	EXPECT_EQ(fake::pins_total(), 12000);
	ASSERT_EQ(fd.unmap(ioas, 0x80000000, 3000 * kPage), 0);
	EXPECT_EQ(fake::pins_total(), 9000);
	check_consistency(fd.context());
}

// Without heap for scratch memory everything still works, 16 runs and 16 pages at a time.
TEST_F(PagesTest, WithoutScratchMemory)
{
	attach();
	fake::fail_all_tries(true);
	const u64 scattered = memory(100, {.run = 1}), mixed = memory(700, {.run = 7});
	ASSERT_EQ(fd.map_at(ioas, scattered, 100 * kPage, 0x100000), 0);
	EXPECT_EQ(fake::gup_calls(), 7u);
	ASSERT_EQ(fd.map_at(ioas, mixed, 700 * kPage, 0x800000), 0);
	check_consistency(fd.context());
	u64 dst = 0x4000000;
	ASSERT_EQ(fd.copy(ioas, ioas, 0x820000, 200 * kPage, dst), 0);
	check_consistency(fd.context());
	ASSERT_EQ(fd.unmap(ioas, 0x800000, 700 * kPage), 0);
	EXPECT_EQ(fake::pins_total(), 300);
	check_consistency(fd.context());
}

// Pin calls may come back with fewer pages than asked for.
TEST_F(PagesTest, ShortPins)
{
	attach();
	for (unsigned batch : {1u, 3u, 17u}) {
		fake::limit_gup_batch(batch);
		ASSERT_EQ(fd.map_at(ioas, memory(50, {.run = 4}), 50 * kPage, 0x100000), 0);
		EXPECT_EQ(process.user->locked_vm, 50);
		check_consistency(fd.context());
		ASSERT_EQ(fd.unmap_all(ioas), 0);
		EXPECT_EQ(process.user->locked_vm, 0);
	}
}

TEST_F(PagesTest, LimitOfTheUser)
{
	attach();
	process.task.memlock_pages = 10;
	const u64 va = memory(20), more = memory(20);
	EXPECT_EQ(fd.map_at(ioas, va, 11 * kPage, 0x100000), -12);
	EXPECT_EQ(fake::gup_calls(), 0u) << "who is over the limit pins nothing";
	EXPECT_EQ(fd.map_at(ioas, va, 10 * kPage, 0x100000), 0);
	EXPECT_EQ(process.user->locked_vm, 10);
	EXPECT_EQ(process.mm.pinned_vm, 10);
	EXPECT_EQ(process.mm.locked_vm, 0u);
	EXPECT_EQ(fd.map_at(ioas, more, kPage, 0x200000), -12);
	// Another process of the same user has the same budget.
	fake::Process &other = fake::new_process(*process.user);
	other.task.memlock_pages = 10;
	fake::map_memory(other, kVa, 1);
	fake::become(other);
	EXPECT_EQ(fd.map_at(ioas, kVa, kPage, 0x200000), -12);
	fake::become(process);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(process.user->locked_vm, 0);
}

TEST_F(PagesTest, LimitOfTheProcess)
{
	fd.destroy(ioas);
	u64 mode = 1;
	ASSERT_EQ(fd.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0, mode), 0);
	ioas = fd.ioas();
	attach();
	process.task.memlock_pages = 10;
	const u64 va = memory(20);
	EXPECT_EQ(fd.map_at(ioas, va, 11 * kPage, 0x100000), -12);
	EXPECT_EQ(fd.map_at(ioas, va, 10 * kPage, 0x100000), 0);
	EXPECT_EQ(process.mm.locked_vm, 10u);
	EXPECT_EQ(process.mm.pinned_vm, 10);
	EXPECT_EQ(process.user->locked_vm, 0);
	EXPECT_EQ(fd.map_at(ioas, va, kPage, 0x200000), -12);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(process.mm.locked_vm, 0u);
}

TEST_F(PagesTest, ContainerChargesTheProcess)
{
	Fd container(true);
	u64 mode = 9;
	ASSERT_EQ(container.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_GET, 0, mode), 0);
	EXPECT_EQ(mode, 1u);
}

TEST_F(PagesTest, CapabilityLiftsTheLimit)
{
	attach();
	process.task.memlock_pages = 1;
	fake::current.ipc_lock = true;
	EXPECT_EQ(fd.map_at(ioas, memory(20), 20 * kPage, 0x100000), 0);
	EXPECT_EQ(process.user->locked_vm, 0);
	EXPECT_EQ(process.mm.pinned_vm, 20);
	fake::current.ipc_lock = false;
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(process.mm.pinned_vm, 0);
}

// Another process may attach the device, or unmap: the owner of the memory is charged.
TEST_F(PagesTest, PinnedOnBehalfOfTheOwner)
{
	const u64 va = memory(10, {.run = 3});
	ASSERT_EQ(fd.map_at(ioas, va, 10 * kPage, 0x100000), 0);
	fake::Process &other = fake::new_process(fake::new_user());
	fake::become(other);
	attach();
	EXPECT_EQ(process.mm.pinned_vm, 10);
	EXPECT_EQ(process.user->locked_vm, 10);
	EXPECT_EQ(other.user->locked_vm, 0);
	EXPECT_EQ(process.mm.users, 1);
	check_consistency(fd.context());
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(process.user->locked_vm, 0);
	fake::become(process);
}

// The owner exits: what is pinned stays usable, nothing new can be pinned, and all is given back.
TEST_F(PagesTest, OwnerExits)
{
	const u64 va = memory(10, {.run = 3}), unpinned = memory(4);
	const u32 empty = fd.ioas();
	attach();
	ASSERT_EQ(fd.map_at(ioas, va, 10 * kPage, 0x100000), 0);
	ASSERT_EQ(fd.map_at(empty, unpinned, 4 * kPage, 0x100000), 0);
	fake::Process &heir = fake::new_process(*process.user);
	fake::exit_process(process);
	fake::become(heir);
	EXPECT_EQ(fake::pins_total(), 10);
	// A copy reads the pages out of the domain.
	const u32 to = fd.ioas();
	u64 dst = 0x200000;
	ASSERT_EQ(fd.copy(to, ioas, 0x101000, 4 * kPage, dst), 0);
	EXPECT_EQ(dev->replace(empty), -14) << fake::last_rejection();
	u32 hwpt = 0;
	EXPECT_EQ(fd.hwpt(dev->id(), to, hwpt), 0) << fake::last_rejection();
	EXPECT_EQ(fake::domains().size(), 2u);
	EXPECT_EQ(fake::mapped_bytes(*fake::domains()[1]), 4 * kPage);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(fake::pins_total(), 4);
	EXPECT_EQ(fd.unmap_all(to), 0);
	EXPECT_EQ(fake::pins_total(), 0);
	EXPECT_EQ(process.user->locked_vm, 0);
}

TEST_F(PagesTest, OwnerExitsInProcessMode)
{
	fd.destroy(ioas);
	u64 mode = 1;
	ASSERT_EQ(fd.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0, mode), 0);
	ioas = fd.ioas();
	attach();
	ASSERT_EQ(fd.map_at(ioas, memory(10), 10 * kPage, 0x100000), 0);
	fake::Process &heir = fake::new_process(*process.user);
	fake::exit_process(process);
	fake::become(heir);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(fake::pins_total(), 0);
}

// A page is dirtied on unpinning when the device could have written to it, and only then.
TEST_F(PagesTest, DirtyWhenWritable)
{
	attach();
	const u64 rw = memory(1), ro = memory(1);
	ASSERT_EQ(fd.map_at(ioas, rw, kPage, 0x100000), 0);
	ASSERT_EQ(fd.map_at(ioas, ro, kPage, 0x200000, kRead), 0);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_TRUE(fake::page_at(process.mm, rw)->dirty);
	EXPECT_FALSE(fake::page_at(process.mm, ro)->dirty);
}

TEST_F(PagesTest, ProtectionOfTheEntries)
{
	attach();
	ASSERT_EQ(fd.map_at(ioas, memory(1), kPage, 0x1000, kRead), 0);
	ASSERT_EQ(fd.map_at(ioas, memory(1), kPage, 0x2000, IOMMU_IOAS_MAP_WRITEABLE), 0);
	EXPECT_EQ(domain().leaves.at(0x1000).prot, KX_IOMMU_READ | KX_IOMMU_CACHE);
	EXPECT_EQ(domain().leaves.at(0x2000).prot, KX_IOMMU_WRITE | KX_IOMMU_CACHE);
}

// Closing the fd without unmapping anything.
TEST_F(PagesTest, CloseTakesEverything)
{
	ASSERT_EQ(fd.map_at(ioas, memory(10), 10 * kPage, 0x100000), 0);
	attach();
	u32 hwpt = 0;
	ASSERT_EQ(fd.hwpt(dev->id(), ioas, hwpt), 0);
	dev.reset();
	EXPECT_EQ(fake::pins_total(), 10) << "the HWPT of the user stays";
	fd.close();
	EXPECT_EQ(fake::pins_total(), 0);
	EXPECT_EQ(fake::domains().size(), 0u);
}

} // namespace test
