// SPDX-License-Identifier: GPL-2.0-only
// MAP_FILE: which files and ranges are taken, what is pinned, charged and mapped, and when it is let go.
#include "iommufd/file_memory.hpp"

#include <cstring>

#include "bridge/file.h"
#include "support/state.hpp"
#include "support/world.hpp"

namespace test {

namespace {

constexpr int kMemfd = 7;
constexpr u64 kIova = 0x1000000;
constexpr unsigned kWrite = 1, kInKthread = 2; // of a copy

} // namespace

class FileMemoryTest : public World {
protected:
	// A file of 8 pages, in folios of `folio` pages, as descriptor kMemfd.
	void open_file(unsigned long folio = 1, bool hugetlb = false)
	{
		memfd = fake::open_memfd(8, folio, hugetlb);
		fake::install_fd(kMemfd, memfd);
	}
	void close_file()
	{
		fake::install_fd(kMemfd, nullptr);
		if (file *f = std::exchange(memfd, nullptr))
			kx_file_put(f);
		fake::run_task_work();
	}
	void TearDown() override
	{
		dev.reset();
		fd.close();
		close_file();
	}
	void attach()
	{
		dev = std::make_unique<Bound>(fd, machine.new_device());
		ASSERT_EQ(dev->attach(ioas), 0);
	}

	Fd fd;
	u32 ioas = fd.ioas();
	file *memfd = nullptr;
	std::unique_ptr<Bound> dev;
};

TEST_F(FileMemoryTest, Refused)
{
	open_file();
	const auto map = [&](int file, u64 start, u64 length) {
		return fd.map_file_at(ioas, file, start, length, kIova);
	};
	EXPECT_EQ(map(-1, 0, kPage), -9);
	EXPECT_EQ(map(8, 0, kPage), -9);
	EXPECT_EQ(map(kMemfd, 0, 0), -22);
	EXPECT_EQ(map(kMemfd, 0, base::kU64Max), -75);
	EXPECT_EQ(map(kMemfd, base::kU64Max - 5, kPage), -75);
	EXPECT_EQ(map(kMemfd, 8 * kPage, kPage), -22);
	EXPECT_EQ(map(kMemfd, kPage, 8 * kPage), -22);
	EXPECT_EQ(map(kMemfd, 1ull << 63, kPage), -22);
	EXPECT_EQ(fd.map_file_at(ioas, kMemfd, 0, kPage, kIova, 8 | kRead), -95);
	EXPECT_EQ(fd.map_file_at(ioas, kMemfd, 0, kPage, kIova, 0), -22);
	EXPECT_EQ(fd.map_file_at(77, kMemfd, 0, kPage, kIova), -2);
	EXPECT_EQ(fd.map_file_at(ioas, kMemfd, 0, kPage, base::kU64Max), -75);
	EXPECT_EQ(fd.map_file_at(ioas, kMemfd, 0, 2 * kPage, base::kU64Max - kPage), -75);
	// An ordinary file, and ours.
	file *other = fake::open_other();
	fake::install_fd(9, other);
	EXPECT_EQ(map(9, 0, kPage), -22);
	fake::install_fd(9, fd.get());
	EXPECT_EQ(map(9, 0, kPage), -22);
	fake::install_fd(9, nullptr);
	kx_file_put(other);
	EXPECT_EQ(map(kMemfd, 0, 8 * kPage), 0);
	EXPECT_EQ(map(kMemfd, 0, 8 * kPage), -17);
}

// As mmap() would have it.
TEST_F(FileMemoryTest, AccessModes)
{
	open_file();
	file *read_only = fake::open_again(*memfd, true, false), *write_only = fake::open_again(*memfd, false, true);
	fake::install_fd(9, read_only);
	fake::install_fd(10, write_only);
	EXPECT_EQ(fd.map_file_at(ioas, 9, 0, kPage, kIova), -13);
	EXPECT_EQ(fd.map_file_at(ioas, 10, 0, kPage, kIova), -13);
	EXPECT_EQ(fd.map_file_at(ioas, 10, 0, kPage, kIova, kRead), -13);
	EXPECT_EQ(fd.map_file_at(ioas, 9, 0, kPage, kIova, kRead), 0);
	u64 dst = 2 * kIova;
	EXPECT_EQ(fd.copy(ioas, ioas, kIova, kPage, dst), -1) << "a writable copy of a read-only mapping";
	EXPECT_EQ(memfd->memory->writers, 0);
	for (int n : {9, 10}) {
		kx_file_put(fake::file_at(n));
		fake::install_fd(n, nullptr);
	}
}

TEST_F(FileMemoryTest, Seals)
{
	open_file();
	memfd->memory->future_write_sealed = true;
	EXPECT_EQ(fd.map_file_at(ioas, kMemfd, 0, kPage, kIova), -1);
	EXPECT_EQ(memfd->memory->writers, 0);
	EXPECT_EQ(fd.map_file_at(ioas, kMemfd, 0, kPage, kIova, kRead), 0);
	EXPECT_EQ(memfd->memory->writers, 0);

	memfd->memory->future_write_sealed = false;
	EXPECT_EQ(fd.map_file_at(ioas, kMemfd, 0, kPage, 2 * kIova), 0);
	EXPECT_EQ(memfd->memory->writers, 1) << "could be sealed under a writable mapping";
	EXPECT_EQ(fd.unmap(ioas, 2 * kIova, kPage), 0);
	EXPECT_EQ(memfd->memory->writers, 0);

	memfd->memory->writers = -1;
	EXPECT_EQ(fd.map_file_at(ioas, kMemfd, 0, kPage, 2 * kIova), -1);
	EXPECT_EQ(fd.map_file_at(ioas, kMemfd, 0, kPage, 2 * kIova, kRead), 0);
	memfd->memory->writers = 0;
}

// Folios of one page and of four, aligned and not, mapped in the middle.
TEST_F(FileMemoryTest, PinsAndMapsWhatIsAsked)
{
	for (unsigned long folio : {1, 4}) {
		open_file(folio, folio > 1);
		attach();
		ASSERT_EQ(fd.map_file_at(ioas, kMemfd, kPage, 6 * kPage, kIova), 0) << fake::last_rejection();
		check_consistency(fd.context());
		EXPECT_EQ(fake::pins_total(), 6);
		EXPECT_EQ(machine.process.mm.pinned_vm, 6);
		EXPECT_EQ(machine.process.user->locked_vm, 6);
		for (u64 i = 1; i < 7; i++)
			EXPECT_EQ(fake::page_of_file(*memfd, i * kPage)->pins, 1);
		ASSERT_EQ(fd.unmap(ioas, kIova, 6 * kPage), 0);
		EXPECT_EQ(fake::pins_total(), 0);
		EXPECT_TRUE(fake::page_of_file(*memfd, 6 * kPage)->dirty);
		dev.reset();
		close_file();
	}
}

// The descriptor, and the process, are needed for the call only; pins are made when a device comes.
TEST_F(FileMemoryTest, OutlivesDescriptorAndProcess)
{
	open_file();
	ASSERT_EQ(fd.map_file_at(ioas, kMemfd, 0, 8 * kPage, kIova), 0);
	EXPECT_EQ(fake::pins_total(), 0);
	close_file();
	fake::Process &child = fake::new_process(*machine.process.user);
	fake::become(child);
	fake::exit_process(machine.process);
	attach();
	EXPECT_EQ(fake::pins_total(), 8);
	EXPECT_EQ(machine.process.mm.pinned_vm, 8);
	dev.reset();
	EXPECT_EQ(fake::pins_total(), 0);
}

TEST_F(FileMemoryTest, AutomaticIovaKeepsTheOffset)
{
	open_file();
	u64 iova = 0;
	ASSERT_EQ(fd.map_file(ioas, kMemfd, kPage + 0x80, kPage, iova), 0);
	EXPECT_EQ(iova % kPage, 0x80u);
	EXPECT_NE(iova, 0u);
}

TEST_F(FileMemoryTest, CopyPinsOnce)
{
	open_file(4, true);
	attach();
	ASSERT_EQ(fd.map_file_at(ioas, kMemfd, 0, 8 * kPage, kIova), 0);
	u64 dst = 2 * kIova;
	ASSERT_EQ(fd.copy(ioas, ioas, kIova + 2 * kPage, 4 * kPage, dst), 0);
	check_consistency(fd.context());
	EXPECT_EQ(fake::pins_total(), 8);
	ASSERT_EQ(fd.unmap(ioas, kIova, 8 * kPage), 0);
	EXPECT_EQ(fake::pins_total(), 4);
	check_consistency(fd.context());
}

// The file became shorter before a device came.
TEST_F(FileMemoryTest, Truncated)
{
	open_file();
	ASSERT_EQ(fd.map_file_at(ioas, kMemfd, 0, 8 * kPage, kIova), 0);
	fake::truncate(*memfd, 4 * kPage);
	dev = std::make_unique<Bound>(fd, machine.new_device());
	EXPECT_EQ(dev->attach(ioas), -22);
	EXPECT_EQ(fake::pins_total(), 0);
	fake::truncate(*memfd, 0);
	EXPECT_EQ(dev->attach(ioas), -22);
	fake::truncate(*memfd, 8 * kPage);
	EXPECT_EQ(dev->attach(ioas), 0);
	EXPECT_EQ(fake::pins_total(), 8);
}

// A file that ends inside of a page, mapped to its last byte.
TEST_F(FileMemoryTest, EndsInsideOfAPage)
{
	open_file();
	fake::truncate(*memfd, 2 * kPage + 100);
	EXPECT_EQ(fd.map_file_at(ioas, kMemfd, 0, 2 * kPage + 101, kIova), -22);
	ASSERT_EQ(fd.map_file_at(ioas, kMemfd, 0, 2 * kPage + 100, kIova), 0);
	Driver driver(fd, false);
	ASSERT_EQ(driver.attach(ioas), 0);
	u8 byte = 0;
	EXPECT_EQ(driver.rw(kIova + 2 * kPage + 99, &byte, 1, 0), 0);
	EXPECT_EQ(driver.rw(kIova + 2 * kPage + 100, &byte, 1, 0), -2);
}

TEST_F(FileMemoryTest, DriversPinAndCopy)
{
	open_file(4, true);
	ASSERT_EQ(fd.map_file_at(ioas, kMemfd, 0, 8 * kPage, kIova), 0);
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas), 0);
	char out[2 * kPage], in[2 * kPage];
	memset(out, 0x5a, sizeof(out));
	for (unsigned flags : {0u, kInKthread}) {
		if (flags)
			fake::become_kthread();
		EXPECT_EQ(driver.rw(kIova + 3 * kPage + 7, out, sizeof(out), flags | kWrite), 0);
		memset(in, 0, sizeof(in));
		EXPECT_EQ(driver.rw(kIova + 3 * kPage + 7, in, sizeof(in), flags), 0);
		EXPECT_EQ(memcmp(in, out, sizeof(in)), 0);
		fake::become(machine.process);
	}
	EXPECT_EQ(fake::data_of(*fake::page_of_file(*memfd, 4 * kPage))[0], 0x5a);
	EXPECT_EQ(fake::pins_total(), 0);

	ASSERT_EQ(driver.pin(kIova + 2 * kPage, 4 * kPage), 0);
	EXPECT_EQ(driver.pages[1], fake::page_of_file(*memfd, 3 * kPage));
	EXPECT_EQ(driver.pages[2], fake::page_of_file(*memfd, 4 * kPage));
	EXPECT_EQ(fake::pins_total(), 4);
	attach();
	EXPECT_EQ(fake::pins_total(), 8);
	check_consistency(fd.context());
	driver.unpin(kIova + 2 * kPage, 4 * kPage);
	EXPECT_EQ(fake::pins_total(), 8);
}

TEST_F(FileMemoryTest, OverTheLimitPinsNothing)
{
	open_file();
	const u32 flags[] = {kReadWrite | kFixed, kRead | kFixed};
	fake::current.ipc_lock = false;
	machine.process.task.memlock_pages = 7;
	dev = std::make_unique<Bound>(fd, machine.new_device());
	ASSERT_EQ(dev->attach(ioas), 0);
	for (u32 f : flags)
		EXPECT_EQ(fd.map_file_at(ioas, kMemfd, 0, 8 * kPage, kIova, f), -12);
	EXPECT_EQ(fake::pins_total(), 0);
	EXPECT_TRUE(memfd->memory->pages.empty()) << "pages were made for somebody who may not have them";
	for (u32 f : flags) {
		EXPECT_EQ(fd.map_file_at(ioas, kMemfd, 0, 7 * kPage, kIova, f), 0);
		EXPECT_EQ(machine.process.mm.pinned_vm, 7);
		EXPECT_EQ(machine.process.user->locked_vm, 7);
		EXPECT_EQ(fd.unmap(ioas, kIova, 7 * kPage), 0);
	}
}

} // namespace test
