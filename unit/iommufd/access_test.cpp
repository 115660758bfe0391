// SPDX-License-Identifier: GPL-2.0-only
// Kernel drivers' accesses: pin, unpin, copy, and how unmapping makes them let go.
#include "support/peek.hpp"
#include "support/state.hpp"
#include "support/world.hpp"

namespace test {

class AccessTest : public World {
protected:
	Fd fd;
	u32 ioas = fd.ioas();
	u64 va = memory(32, {.run = 5});

	void SetUp() override { ASSERT_EQ(fd.map_at(ioas, va, 32 * kPage, 0x100000), 0); }
	page *page_at(u64 iova) { return fake::page_at(process.mm, va + iova - 0x100000); }
};

constexpr unsigned kWrite = 1, kKthread = 2;

TEST_F(AccessTest, PinGivesThePages)
{
	Driver driver(fd);
	EXPECT_EQ(driver.pin(0x100000, kPage), -2) << "not attached";
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(driver.pin(0x103000, 10 * kPage), 0) << fake::last_rejection();
	for (u64 i = 0; i < 10; i++)
		EXPECT_EQ(driver.pages[i], page_at(0x103000 + i * kPage));
	EXPECT_EQ(fake::pins_total(), 10);
	EXPECT_EQ(process.user->locked_vm, 10);
	check_consistency(fd.context());
	driver.unpin(0x103000, 10 * kPage);
	EXPECT_EQ(fake::pins_total(), 0);
}

TEST_F(AccessTest, PinnedTwiceAndOverlapping)
{
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(driver.pin(0x100000, 4 * kPage), 0);
	ASSERT_EQ(driver.pin(0x100000, 4 * kPage), 0);
	ASSERT_EQ(driver.pin(0x102000, 4 * kPage), 0);
	EXPECT_EQ(fake::pins_total(), 6);
	check_consistency(fd.context());
	driver.unpin(0x100000, 4 * kPage);
	EXPECT_EQ(fake::pins_total(), 6);
	driver.unpin(0x100000, 4 * kPage);
	EXPECT_EQ(fake::pins_total(), 4);
	check_consistency(fd.context());
	driver.unpin(0x102000, 4 * kPage);
	EXPECT_EQ(fake::pins_total(), 0);
}

// A domain and a driver hold the same pages; either may go first.
TEST_F(AccessTest, WithADomain)
{
	Driver driver(fd);
	Bound dev(fd, machine.new_device());
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(driver.pin(0x104000, 8 * kPage), 0);
	ASSERT_EQ(dev.attach(ioas), 0);
	EXPECT_EQ(fake::pins_total(), 32);
	check_consistency(fd.context());
	dev.detach();
	EXPECT_EQ(fake::pins_total(), 8);
	EXPECT_EQ(process.user->locked_vm, 8);
	check_consistency(fd.context());
	ASSERT_EQ(dev.attach(ioas), 0);
	ASSERT_EQ(driver.pin(0x108000, 8 * kPage), 0);
	driver.unpin(0x104000, 8 * kPage);
	EXPECT_EQ(fake::pins_total(), 32);
	dev.detach();
	EXPECT_EQ(fake::pins_total(), 8);
	check_consistency(fd.context());
}

TEST_F(AccessTest, PinRefuses)
{
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas), 0);
	EXPECT_EQ(driver.pin(0x100000, 0), -22);
	EXPECT_EQ(driver.pin(base::kU64Max - 10, 100), -75);
	EXPECT_EQ(driver.pin(0x200000, kPage), -2);
	EXPECT_EQ(driver.pin(0x11f000, 2 * kPage), -2) << "a hole at the end";
	EXPECT_EQ(fake::pins_total(), 0);
	ASSERT_EQ(fd.map_at(ioas, va, kPage, 0x200000, kRead), 0);
	EXPECT_EQ(driver.pin(0x200000, kPage, true), -1);
	EXPECT_EQ(driver.pin(0x200000, kPage, false), 0);
	ASSERT_EQ(fd.map_at(ioas, va, kPage, 0x300000, IOMMU_IOAS_MAP_WRITEABLE), 0);
	EXPECT_EQ(driver.pin(0x300000, kPage, false), -1);
	process.task.memlock_pages = 1;
	EXPECT_EQ(driver.pin(0x100000, 4 * kPage), -12);
	EXPECT_EQ(fake::pins_total(), 1);
}

TEST_F(AccessTest, NeedsWholePages)
{
	ASSERT_EQ(fd.map_at(ioas, va + 8, 8, 0x200008), 0);
	Driver driver(fd);
	EXPECT_EQ(driver.attach(ioas), -98);
	EXPECT_EQ(driver.told, 0u);
	Driver copier(fd, false);
	EXPECT_EQ(copier.attach(ioas), 0);
	ASSERT_EQ(fd.unmap(ioas, 0x200008, 8), 0);
	EXPECT_EQ(driver.attach(ioas), 0);
	EXPECT_EQ(fd.map_at(ioas, va + 8, 8, 0x200008), -22);
}

TEST_F(AccessTest, UnmapAsksToLetGo)
{
	Driver driver(fd), bystander(fd);
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(bystander.attach(ioas), 0);
	ASSERT_EQ(driver.pin(0x101000, kPage), 0);
	EXPECT_EQ(fd.unmap(ioas, 0x100000, 32 * kPage), 0);
	EXPECT_EQ(driver.told, 1u);
	EXPECT_EQ(bystander.told, 1u);
	EXPECT_EQ(fake::pins_total(), 0);
}

TEST_F(AccessTest, UnmapWithoutPinsAsksNobody)
{
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas), 0);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(driver.told, 0u);
}

// While an unmap waits, nothing new is pinned there.
TEST_F(AccessTest, NoPinWhileClosing)
{
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(driver.pin(0x101000, kPage), 0);
	driver.on_unmap = [&](u64, u64) {
		u8 byte = 0;
		EXPECT_EQ(driver.pin(0x102000, kPage), -22);
		EXPECT_EQ(driver.rw(0x102000, &byte, 1, 0), -22);
		driver.unpin(0x101000, kPage);
	};
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(driver.told, 1u);
	driver.on_unmap = [](u64, u64) {};
}

TEST_F(AccessTest, DriverThatDoesNotLetGo)
{
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(driver.pin(0x101000, kPage), 0);
	driver.on_unmap = [](u64, u64) {};
	{
		fake::ExpectWarnings warnings;
		EXPECT_EQ(fd.unmap_all(ioas), -35);
		EXPECT_EQ(warnings.count(), 1u);
	}
	EXPECT_EQ(driver.told, 100u);
	EXPECT_EQ(fake::pins_total(), 1);
	driver.unpin(0x101000, kPage);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
}

// The unmap function may destroy nothing, but others may go meanwhile.
TEST_F(AccessTest, ListenerLeavesDuringUnmap)
{
	Driver first(fd);
	auto second = std::make_unique<Driver>(fd);
	ASSERT_EQ(first.attach(ioas), 0);
	ASSERT_EQ(second->attach(ioas), 0);
	ASSERT_EQ(first.pin(0x101000, kPage), 0);
	first.on_unmap = [&](u64, u64) {
		if (second)
			second.reset();
		else
			first.unpin(0x101000, kPage);
	};
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(first.told, 2u);
	first.on_unmap = [](u64, u64) {};
}

TEST_F(AccessTest, ReplaceMovesAndUnpins)
{
	const u32 other = fd.ioas();
	ASSERT_EQ(fd.map_at(other, memory(4), 4 * kPage, 0x100000), 0);
	Driver driver(fd);
	EXPECT_EQ(driver.replace(other), -2);
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(driver.pin(0x100000, 2 * kPage), 0);
	EXPECT_EQ(driver.replace(77), -2);
	EXPECT_EQ(fake::pins_total(), 2);
	ASSERT_EQ(driver.replace(other), 0);
	EXPECT_EQ(driver.told, 1u);
	EXPECT_EQ(fake::pins_total(), 0);
	EXPECT_EQ(fd.destroy(ioas), 0);
	EXPECT_EQ(fd.destroy(other), -16);
	ASSERT_EQ(driver.pin(0x100000, 2 * kPage), 0);
	ASSERT_EQ(driver.replace(other), 0);
	EXPECT_EQ(driver.told, 1u) << "the same IOAS: nothing to do";
	driver.detach();
	EXPECT_EQ(fake::pins_total(), 0);
	EXPECT_EQ(fd.destroy(other), 0);
}

TEST_F(AccessTest, ReplaceRefusedByAlignment)
{
	const u32 other = fd.ioas();
	ASSERT_EQ(fd.map_at(other, va + 8, 8, 0x8), 0);
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(driver.pin(0x100000, 2 * kPage), 0);
	EXPECT_EQ(driver.replace(other), -98);
	EXPECT_EQ(driver.told, 0u);
	EXPECT_EQ(driver.pin(0x104000, kPage), 0) << "still attached where it was";
}

TEST_F(AccessTest, AccessesAreNotTheUsers)
{
	Driver driver(fd);
	EXPECT_EQ(fd.destroy(driver.id()), -16);
	ASSERT_EQ(driver.attach(ioas), 0);
	EXPECT_EQ(fd.destroy(ioas), -16);
	driver.destroy();
	EXPECT_EQ(fd.destroy(driver.id()), -2);
	EXPECT_EQ(fd.destroy(ioas), 0);
}

TEST_F(AccessTest, AttachedTwice)
{
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas), 0);
	fake::ExpectWarnings warnings;
	EXPECT_EQ(driver.attach(ioas), -22);
	EXPECT_EQ(warnings.count(), 1u);
}

// Half way from one IOAS to another: nothing can be pinned, and the access cannot be sent elsewhere.
TEST_F(AccessTest, OnTheMove)
{
	const u32 other = fd.ioas(), third = fd.ioas();
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(driver.pin(0x100000, kPage), 0);
	driver.on_unmap = [&](u64 iova, u64 length) {
		EXPECT_EQ(iova, 0u);
		EXPECT_EQ(length, base::kU64Max);
		EXPECT_EQ(driver.pin(0x101000, kPage), -2);
		EXPECT_EQ(driver.attach(third), -16);
		EXPECT_EQ(driver.replace(third), -2);
		driver.unpin(0x100000, kPage);
	};
	EXPECT_EQ(driver.replace(other), 0);
	EXPECT_EQ(driver.told, 1u);
	driver.on_unmap = [](u64, u64) {};
	EXPECT_EQ(fd.destroy(ioas), 0);
	EXPECT_EQ(fd.destroy(third), 0);
}

// Pages are given out whole: the range begins where one begins, areas of it meet where one ends.
TEST_F(AccessTest, PinsOfPartsOfPages)
{
	Driver driver(fd), bytes(fd, false);
	ASSERT_EQ(driver.attach(ioas), 0);
	EXPECT_EQ(driver.pin(0x100010, 16), -22);
	EXPECT_EQ(driver.pin(0x100000, 16), 0);
	driver.unpin(0x100000, 16);
	driver.detach();
	ASSERT_EQ(bytes.attach(ioas), 0);
	ASSERT_EQ(fd.map_at(ioas, va, 0x800, 0x200000), 0);
	ASSERT_EQ(fd.map_at(ioas, va, 0x800, 0x200800), 0);
	EXPECT_EQ(bytes.pin(0x200000, kPage), -22);
	EXPECT_EQ(fake::pins_total(), 0);
}

class AccessRw : public AccessTest {
protected:
	// Copies out and in again, over a page boundary, and looks at the memory.
	void round_trip(Driver &driver, unsigned flags)
	{
		char in[6000], out[6000];
		for (unsigned i = 0; i < sizeof(in); i++)
			in[i] = static_cast<char>(i * 7 + flags);
		memset(out, 0, sizeof(out));
		ASSERT_EQ(driver.rw(0x104f00, in, sizeof(in), flags | kWrite), 0) << fake::last_rejection();
		ASSERT_EQ(driver.rw(0x104f00, out, sizeof(out), flags), 0) << fake::last_rejection();
		EXPECT_EQ(memcmp(in, out, sizeof(in)), 0);
		if (process.mm.users) {
			EXPECT_EQ(memcmp(fake::data_of(*page_at(0x105000)), in + 0x100, 0x1000), 0);
		}
		// Within one page.
		ASSERT_EQ(driver.rw(0x108010, in, 16, flags | kWrite), 0);
		ASSERT_EQ(driver.rw(0x108010, out, 16, flags), 0);
		EXPECT_EQ(memcmp(in, out, 16), 0);
	}
};

TEST_F(AccessRw, ByTheOwner)
{
	Driver driver(fd, false);
	ASSERT_EQ(driver.attach(ioas), 0);
	round_trip(driver, 0);
	EXPECT_EQ(fake::gup_calls(), 0u);
}

TEST_F(AccessRw, ByAStranger)
{
	Driver driver(fd, false);
	ASSERT_EQ(driver.attach(ioas), 0);
	fake::become(fake::new_process(fake::new_user()));
	round_trip(driver, 0);
	EXPECT_EQ(fake::pins_total(), 0);
	EXPECT_EQ(process.user->locked_vm, 0) << "no charge for a moment's look";
	fake::become(process);
}

TEST_F(AccessRw, ByAKernelThread)
{
	Driver driver(fd, false);
	ASSERT_EQ(driver.attach(ioas), 0);
	fake::become_kthread();
	round_trip(driver, kKthread);
	EXPECT_EQ(fake::gup_calls(), 0u);
	fake::become(process);
}

TEST_F(AccessRw, AfterTheOwnersExit)
{
	Driver driver(fd, false);
	Bound dev(fd, machine.new_device());
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(dev.attach(ioas), 0);
	fake::Process &heir = fake::new_process(*process.user);
	fake::exit_process(process);
	fake::become_kthread();
	round_trip(driver, kKthread);
	fake::become(heir);
	round_trip(driver, 0);
	dev.unbind();
	char byte = 0;
	EXPECT_EQ(driver.rw(0x104000, &byte, 1, 0), -14);
	EXPECT_EQ(driver.rw(0x104fff, &byte, 1, 0), -14);
}

TEST_F(AccessRw, Refuses)
{
	Driver driver(fd, false);
	char byte = 0;
	EXPECT_EQ(driver.rw(0x104000, &byte, 1, 0), -2);
	ASSERT_EQ(driver.attach(ioas), 0);
	EXPECT_EQ(driver.rw(0x104000, &byte, 0, 0), -22);
	EXPECT_EQ(driver.rw(base::kU64Max, &byte, 2, 0), -75);
	EXPECT_EQ(driver.rw(0x904000, &byte, 1, 0), -2);
	ASSERT_EQ(fd.map_at(ioas, va, kPage, 0x200000, kRead), 0);
	EXPECT_EQ(driver.rw(0x200000, &byte, 1, kWrite), -1);
	fake::unmap_memory(process, va, 32);
	EXPECT_EQ(driver.rw(0x104000, &byte, 1, 0), -14);
	fake::become(fake::new_process(fake::new_user()));
	EXPECT_EQ(driver.rw(0x104000, &byte, 1, 0), -14);
	EXPECT_EQ(driver.rw(0x104fff, &byte, 1, 0), -14);
	fake::become(process);
}

} // namespace test
