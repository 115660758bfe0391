// SPDX-License-Identifier: GPL-2.0-only
// vEVENTQs and HW queues of a driver that the test plays.
#include <cstring>

#include "bridge/queue_file.h"
#include "fake/mmap.hpp"
#include "fake/uaccess.hpp"
#include "support/failures.hpp"
#include "support/peek.hpp"
#include "support/viommu.hpp"
#include "vdevice/event_store.hpp"
#include "vdevice/veventq.hpp"

namespace peek {

struct NameNextEvent {};
auto &look(NameNextEvent, iommufd::vdevice::Veventq &);
template struct Open<iommufd::vdevice::Veventq, &iommufd::vdevice::Veventq::next_, NameNextEvent>;

} // namespace peek

namespace test {

namespace {

constexpr u32 kEvents = 3;
constexpr u64 kAt = 0x100000;
constexpr u64 kHeader = sizeof(iommufd_vevent_header);

// A vIOMMU, and calls for its queues
struct Queues {
	const Guest &guest;
	u32 viommu;

	int veventq(u32 &id, int &queue, u32 depth = 4, u32 type = kEvents) const
	{
		iommu_veventq_alloc cmd{.viommu_id = viommu, .type = type, .veventq_depth = depth};
		int rc = guest.fd.call(IOMMU_VEVENTQ_ALLOC, cmd);
		id = cmd.out_veventq_id;
		queue = rc ? -1 : static_cast<int>(cmd.out_veventq_fd);
		return rc;
	}
	int hw_queue(u32 &id, u32 index = 0, u64 at = kAt, u64 length = kPage, u32 type = 1) const
	{
		const iommu_hw_queue_alloc cmd{
			.viommu_id = viommu, .type = type, .index = index, .nesting_parent_iova = at, .length = length};
		return guest.fd.call_for(IOMMU_HW_QUEUE_ALLOC, cmd, &iommu_hw_queue_alloc::out_hw_queue_id, id);
	}
};

// HW queues of the test's driver
struct HwDriver {
	static inline HwDriver *current;
	struct Part {
		iommufd_hw_queue core;
		iommufd_hw_queue *needs;
	};
	explicit HwDriver(ViommuDriver &of)
	{
		current = this;
		of.ops.hw_queue_size = [](iommufd_viommu *, u32 type) { return type == 1 ? current->size : 0; };
		of.ops.hw_queue_init = [](iommufd_hw_queue *queue, unsigned long long pa) {
			EXPECT_EQ(reinterpret_cast<Part *>(queue)->needs, nullptr);
			current->last_pa = pa;
			if (fake::step(fake::Fault::kAlloc))
				return -12;
			int rc = current->on_init(*queue);
			if (!rc) {
				current->made++;
				current->last = queue;
				queue->destroy = [](iommufd_hw_queue *gone) {
					current->destroyed++;
					current->on_destroy(*gone);
				};
			}
			return rc;
		};
	}
	~HwDriver() { EXPECT_EQ(made, destroyed); }

	unsigned long size = sizeof(Part);
	u64 last_pa = 0;
	iommufd_hw_queue *last = nullptr;
	unsigned made = 0, destroyed = 0;
	std::function<int(iommufd_hw_queue &)> on_init = [](iommufd_hw_queue &) { return 0; };
	std::function<void(iommufd_hw_queue &)> on_destroy = [](iommufd_hw_queue &) {};
};

class QueuesTest : public World {
protected:
	ViommuDriver driver;
	std::optional<HwDriver> hw_driver;
	Fd fd;
	std::optional<Guest> guest;
	std::optional<Queues> queues;
	u32 viommu = 0;

	void SetUp() override
	{
		guest.emplace(fd);
		ASSERT_EQ(guest->viommu(viommu), 0);
		queues.emplace(Queues{*guest, viommu});
	}
	void TearDown() override
	{
		guest->dev->unbind();
		fd.close();
		fake::close_all_fds();
	}
	int report(u32 data, u32 type = kEvents)
	{
		return iommufd_viommu_report_event(driver.last, type, &data, sizeof(data));
	}
	static void *queue_of(int queue) { return fake::file_at(queue)->queue; }
	static long read(int queue, void *to, u64 size)
	{
		fake::Reachable reachable(to, size);
		return iommufd_cxx_queue_read(queue_of(queue), reinterpret_cast<u64>(to), size);
	}
	// {sequence, flags, data} of each record
	struct Record {
		u32 sequence, flags, data;
		friend bool operator==(const Record &, const Record &) = default;
	};
	static std::vector<Record> read_all(int queue)
	{
		std::vector<u8> bytes(65536);
		std::vector<Record> out;
		long left = read(queue, bytes.data(), bytes.size());
		EXPECT_GE(left, 0);
		for (const u8 *at = bytes.data(); left > 0;) {
			Record r{};
			iommufd_vevent_header header;
			memcpy(&header, at, kHeader);
			r.sequence = header.sequence, r.flags = header.flags;
			if (!r.flags)
				memcpy(&r.data, at + kHeader, sizeof(r.data));
			const u64 size = r.flags ? kHeader : kHeader + sizeof(r.data);
			at += size, left -= static_cast<long>(size);
			out.push_back(r);
		}
		return out;
	}
};

TEST_F(QueuesTest, WrongCalls)
{
	HwDriver &hw = hw_driver.emplace(driver);
	const iommu_veventq_alloc events{.viommu_id = viommu, .type = kEvents, .veventq_depth = 1};
	auto veventq = [&](auto change) {
		iommu_veventq_alloc cmd = events;
		change(cmd);
		return fd.call(IOMMU_VEVENTQ_ALLOC, cmd);
	};
	EXPECT_EQ(veventq([](auto &cmd) { cmd.flags = 1; }), -95);
	EXPECT_EQ(veventq([](auto &cmd) { cmd.__reserved = 1; }), -95);
	EXPECT_EQ(veventq([](auto &cmd) { cmd.type = 0; }), -95);
	EXPECT_EQ(veventq([](auto &cmd) { cmd.veventq_depth = 0; }), -22);
	EXPECT_EQ(veventq([](auto &cmd) { cmd.veventq_depth = (1 << 19) + 1; }), -22);
	EXPECT_EQ(veventq([](auto &cmd) { cmd.viommu_id = 99; }), -2);
	EXPECT_EQ(veventq([&](auto &cmd) { cmd.viommu_id = guest->parent; }), -2);

	ASSERT_EQ(fd.map_at(guest->ioas, memory(1), kPage, kAt), 0);
	const iommu_hw_queue_alloc good{.viommu_id = viommu, .type = 1, .nesting_parent_iova = kAt, .length = kPage};
	auto hw_queue = [&](auto change) {
		iommu_hw_queue_alloc cmd = good;
		change(cmd);
		return fd.call(IOMMU_HW_QUEUE_ALLOC, cmd);
	};
	EXPECT_EQ(hw_queue([](auto &cmd) { cmd.flags = 1; }), -95);
	driver.ops.hw_queue_size = [](iommufd_viommu *, u32) { return sizeof(HwDriver::Part); };
	EXPECT_EQ(hw_queue([](auto &cmd) { cmd.type = 0; }), -95) << "whatever the driver has";
	EXPECT_EQ(hw_queue([](auto &cmd) { cmd.length = 0; }), -22);
	EXPECT_EQ(hw_queue([](auto &cmd) { cmd.length = base::kU64Max; }), -75);
	EXPECT_EQ(hw_queue([](auto &cmd) { cmd.length = kPage + 1; }), -2);
	EXPECT_EQ(hw_queue([](auto &cmd) { cmd.nesting_parent_iova = 0; }), -2);
	EXPECT_EQ(hw_queue([](auto &cmd) { cmd.viommu_id = 99; }), -2);
	EXPECT_EQ(hw_queue([&](auto &cmd) { cmd.viommu_id = guest->ioas; }), -2);
	EXPECT_EQ(hw.made, 0u);
}

TEST_F(QueuesTest, EventsGoToTheQueueOfTheirType)
{
	u32 id, other_id;
	int queue, other;
	EXPECT_EQ(report(1), -95);
	ASSERT_EQ(queues->veventq(id, queue), 0);
	ASSERT_EQ(queues->veventq(other_id, other, 4, kEvents + 1), 0);
	EXPECT_EQ(report(1), 0);
	EXPECT_EQ(report(2, kEvents + 1), 0);
	EXPECT_EQ(report(3, kEvents + 2), -95);
	EXPECT_EQ(read_all(queue), (std::vector<Record>{{0, 0, 1}}));
	EXPECT_EQ(read_all(other), (std::vector<Record>{{0, 0, 2}}));
	EXPECT_EQ(read_all(queue), std::vector<Record>());
	EXPECT_EQ(queues->veventq(other_id, other), -17);
	EXPECT_EQ(fd.destroy(id), -16) << "its file is open";
}

TEST_F(QueuesTest, EventsOfTheWrongSize)
{
	u32 id;
	int queue;
	u8 data[4096]{};
	ASSERT_EQ(queues->veventq(id, queue), 0);
	fake::ExpectWarnings warnings;
	EXPECT_EQ(iommufd_viommu_report_event(driver.last, kEvents, data, 0), -22);
	EXPECT_EQ(iommufd_viommu_report_event(driver.last, kEvents, nullptr, 4), -22);
	const u32 most = iommufd::vdevice::EventStore::max_data();
	EXPECT_EQ(iommufd_viommu_report_event(driver.last, kEvents, data, most + 1), -22);
	EXPECT_EQ(iommufd_viommu_report_event(driver.last, kEvents, data, ~0ul), -22);
	EXPECT_EQ(warnings.count(), 4u);
	EXPECT_EQ(iommufd_viommu_report_event(driver.last, kEvents, data, most), 0);
	std::vector<u8> all(4096);
	EXPECT_EQ(read(queue, all.data(), all.size()), static_cast<long>(most + kHeader));
}

TEST_F(QueuesTest, NumbersBeginAnewAfterTheLast)
{
	u32 id;
	int queue;
	ASSERT_EQ(queues->veventq(id, queue, 2), 0);
	auto *object = static_cast<iommufd::QueueObject *>(queue_of(queue));
	look(peek::NameNextEvent(), static_cast<iommufd::vdevice::Veventq &>(*object)) = 0x7ffffffe;
	for (u32 i = 0; i < 3; i++)
		ASSERT_EQ(report(i), 0);
	EXPECT_EQ(read_all(queue), (std::vector<Record>{{0x7ffffffe, 0, 0}, {0x7fffffff, 0, 1}, {0, 1, 0}}));
	for (u32 i = 0; i < 2; i++)
		ASSERT_EQ(report(i), 0);
	EXPECT_EQ(read_all(queue), (std::vector<Record>{{1, 0, 0}, {2, 0, 1}}));
	// The last number lost is the last there is.
	look(peek::NameNextEvent(), static_cast<iommufd::vdevice::Veventq &>(*object)) = 0x7ffffffd;
	for (u32 i = 0; i < 3; i++)
		ASSERT_EQ(report(i), 0);
	EXPECT_EQ(read_all(queue).back(), (Record{0x7fffffff, 1, 0}));
}

TEST_F(QueuesTest, EventsLostForWantOfMemory)
{
	u32 id;
	int queue;
	ASSERT_EQ(queues->veventq(id, queue, 1 << 19), 0);
	fake::arm(fake::Fault::kAlloc, 1);
	u32 reported = 0;
	int rc = 0;
	while (reported < 1000 && !(rc = report(reported)))
		reported++;
	// More than a hundred fit what there is; then the driver is told, and the reader sees the gap.
	EXPECT_GT(reported, 100u);
	EXPECT_EQ(rc, -12);
	fake::disarm();
	EXPECT_EQ(report(1000), 0);
	const auto got = read_all(queue);
	ASSERT_EQ(got.size(), reported + 1);
	EXPECT_EQ(got.back(), (Record{reported + 1, 0, 1000}));
}

// Who has read everything and sleeps hears of a loss, too.
TEST_F(QueuesTest, ALossWithNothingBehindIt)
{
	u32 id;
	int queue;
	ASSERT_EQ(queues->veventq(id, queue, 1 << 19), 0);
	u32 reported = 0;
	fake::arm(fake::Fault::kAlloc, 1);
	int rc;
	do {
		poll_table_struct table;
		iommufd_cxx_queue_poll(queue_of(queue), fake::file_at(queue), &table);
		const unsigned long before = fake::wakes(*table.waits_on);
		rc = report(reported++);
		EXPECT_EQ(fake::wakes(*table.waits_on), before + 1);
	} while (!rc && reported < 1000);
	EXPECT_EQ(rc, -12);
	fake::disarm();
	auto got = read_all(queue);
	ASSERT_EQ(got.size(), reported);
	EXPECT_EQ(got.back(), (Record{reported - 1, 1, 0}));
	EXPECT_FALSE(iommufd_cxx_queue_poll(queue_of(queue), fake::file_at(queue), nullptr));
}

// While the reader is told of one loss comes another.
TEST_F(QueuesTest, ALossWhileOneIsTold)
{
	u32 id;
	int queue;
	ASSERT_EQ(queues->veventq(id, queue, 1), 0);
	ASSERT_EQ(report(0), 0);
	ASSERT_EQ(report(1), 0);
	u8 some[12];
	ASSERT_EQ(read(queue, some, sizeof(some)), 12);
	fake::while_copying([&] {
		EXPECT_EQ(report(2), 0);
		EXPECT_EQ(report(3), 0);
	});
	ASSERT_EQ(read(queue, some, kHeader), 8);
	EXPECT_EQ(read_all(queue), (std::vector<Record>{{2, 0, 2}, {3, 1, 0}}));
}

TEST_F(QueuesTest, ReadsThatDoNotFit)
{
	u32 id;
	int queue;
	std::array<u8, 64> to{};
	ASSERT_EQ(queues->veventq(id, queue), 0);
	EXPECT_EQ(read(queue, to.data(), kHeader - 1), -22);
	EXPECT_EQ(read(queue, to.data(), kHeader), 0);
	ASSERT_EQ(report(0), 0);
	const u64 longer = 1;
	ASSERT_EQ(iommufd_viommu_report_event(driver.last, kEvents, &longer, sizeof(longer)), 0);
	ASSERT_EQ(report(2), 0);
	EXPECT_EQ(read(queue, to.data(), 11), -22);
	// The next one does not fit, or is beyond the end of the memory: what was read counts, and nothing is lost.
	EXPECT_EQ(read(queue, to.data(), 12 + 15), 12);
	EXPECT_EQ(read(queue, to.data(), 16), 16);
	ASSERT_EQ(report(3), 0);
	{
		fake::Reachable reachable(to.data(), 12 + 11);
		auto at = [&](u64 offset) { return reinterpret_cast<u64>(to.data()) + offset; };
		EXPECT_EQ(iommufd_cxx_queue_read(queue_of(queue), at(12), 24), -14);
		EXPECT_EQ(iommufd_cxx_queue_read(queue_of(queue), at(0), 24), 12);
	}
	EXPECT_EQ(read_all(queue), (std::vector<Record>{{3, 0, 3}}));
}

// An event, and one that is lost behind it: there is something to read until both are told.
TEST_F(QueuesTest, ReadableUntilTheLossIsTold)
{
	u32 id;
	int queue;
	ASSERT_EQ(queues->veventq(id, queue, 1), 0);
	EXPECT_FALSE(iommufd_cxx_queue_poll(queue_of(queue), fake::file_at(queue), nullptr));
	ASSERT_EQ(report(1), 0);
	EXPECT_TRUE(iommufd_cxx_queue_poll(queue_of(queue), fake::file_at(queue), nullptr));
	ASSERT_EQ(report(2), 0);
	EXPECT_TRUE(iommufd_cxx_queue_poll(queue_of(queue), fake::file_at(queue), nullptr));
	u8 some[12];
	ASSERT_EQ(read(queue, some, sizeof(some)), 12);
	EXPECT_TRUE(iommufd_cxx_queue_poll(queue_of(queue), fake::file_at(queue), nullptr));
	ASSERT_EQ(read(queue, some, sizeof(some)), 8);
	EXPECT_FALSE(iommufd_cxx_queue_poll(queue_of(queue), fake::file_at(queue), nullptr));
	EXPECT_EQ(iommufd_cxx_queue_write(queue_of(queue), 0, 8), -22);
}

TEST_F(QueuesTest, WhatTheDriverGetsForAHwQueue)
{
	const u64 va = memory(2);
	u32 id;
	ASSERT_EQ(fd.map_at(guest->ioas, va, 2 * kPage, kAt), 0);
	EXPECT_EQ(queues->hw_queue(id), -95) << "the driver has none";
	HwDriver &hw = hw_driver.emplace(driver);
	EXPECT_EQ(queues->hw_queue(id, 0, kAt, kPage, 2), -95);
	hw.on_init = [&](iommufd_hw_queue &queue) {
		EXPECT_EQ(queue.viommu, driver.last);
		EXPECT_EQ(queue.base, kAt + 16);
		EXPECT_EQ(queue.length, kPage);
		EXPECT_EQ(queue.type, 1u);
		EXPECT_EQ(queue.index, 5u);
		return 0;
	};
	hw.on_destroy = [&](iommufd_hw_queue &) {
		// To the end of that, the memory stays. Not as a call of the user's: a lock is held.
		auto ioas = fd.context().objects().get<iommufd::Ioas>(iommufd::ObjectId(guest->ioas));
		EXPECT_FALSE((*ioas)->table().unmap(base::kAllIova));
	};
	ASSERT_EQ(queues->hw_queue(id, 5, kAt + 16), 0) << fake::last_rejection();
	EXPECT_EQ(hw.last_pa, fake::pfn_of_page(fake::page_at(process.mm, va)) * kPage + 16);
	EXPECT_EQ(fd.destroy(viommu), -16);
	EXPECT_EQ(fd.destroy(id), 0);
	EXPECT_EQ(fd.unmap_all(guest->ioas), 0);
}

// The hardware gets one address for all of it, and writes.
TEST_F(QueuesTest, MemoryThatIsNoGoodForAHwQueue)
{
	HwDriver &hw = hw_driver.emplace(driver);
	const u64 at = kAt + (64 << 20), third = at + (64 << 20);
	u32 id;
	memory(1);
	ASSERT_EQ(fd.map_at(guest->ioas, memory(1), kPage, kAt, kRead), 0);
	EXPECT_EQ(queues->hw_queue(id), -1);
	// More than is pinned at a time, with the gap between two of those times
	ASSERT_EQ(fd.map_at(guest->ioas, memory(1024, {.run = 512}), 1024 * kPage, at), 0);
	EXPECT_EQ(queues->hw_queue(id, 0, at, 1024 * kPage), -14);
	// Two areas
	const u64 two = memory(4, {.run = 2});
	ASSERT_EQ(fd.map_at(guest->ioas, two, 2 * kPage, third), 0);
	ASSERT_EQ(fd.map_at(guest->ioas, two + 2 * kPage, 2 * kPage, third + 2 * kPage), 0);
	EXPECT_EQ(queues->hw_queue(id, 0, third, 4 * kPage), -14);
	EXPECT_EQ(queues->hw_queue(id, 0, third + 2 * kPage - 1, 2), -14);
	EXPECT_EQ(fd.unmap_all(guest->ioas), 0) << "something is locked still";
	EXPECT_EQ(hw.made, 0u);
}

TEST_F(QueuesTest, WhatTheDriverRefuses)
{
	u32 id;
	ASSERT_EQ(fd.map_at(guest->ioas, memory(1), kPage, kAt), 0);
	HwDriver &hw = hw_driver.emplace(driver);
	for (int error : {-17, -5, -22}) {
		hw.on_init = [=](iommufd_hw_queue &) { return error; };
		EXPECT_EQ(queues->hw_queue(id), error);
	}
	{
		fake::ExpectWarnings warnings;
		hw.size = sizeof(iommufd_hw_queue) - 1;
		EXPECT_EQ(queues->hw_queue(id), -95);
		EXPECT_EQ(warnings.count(), 1u);
	}
	EXPECT_EQ(fd.unmap_all(guest->ioas), 0);
}

TEST_F(QueuesTest, Dependencies)
{
	u32 first, second, third;
	ASSERT_EQ(fd.map_at(guest->ioas, memory(1), kPage, kAt), 0);
	HwDriver &hw = hw_driver.emplace(driver);
	ASSERT_EQ(queues->hw_queue(first), 0);
	iommufd_hw_queue *a = hw.last;
	ASSERT_EQ(queues->hw_queue(second), 0);
	iommufd_hw_queue *b = hw.last;
	EXPECT_EQ(iommufd_hw_queue_depend(a, a), -22);
	ASSERT_EQ(iommufd_hw_queue_depend(b, a), 0);
	EXPECT_EQ(fd.destroy(first), -16);
	iommufd_hw_queue_undepend(b, a);

	// Of another vIOMMU
	u32 other;
	ASSERT_EQ(guest->viommu(other), 0);
	ASSERT_EQ((Queues{*guest, other}.hw_queue(third)), 0);
	EXPECT_EQ(iommufd_hw_queue_depend(hw.last, a), -22);

	// Of one whose end has begun
	int error = 0;
	hw.on_destroy = [&](iommufd_hw_queue &gone) {
		if (&gone == a)
			error = iommufd_hw_queue_depend(b, a);
	};
	EXPECT_EQ(fd.destroy(first), 0);
	EXPECT_EQ(error, -2);

	// A driver that forgets to take one back
	ASSERT_EQ(queues->hw_queue(first), 0);
	ASSERT_EQ(iommufd_hw_queue_depend(hw.last, b), 0);
	{
		fake::ExpectWarnings warnings;
		EXPECT_EQ(fd.destroy(first), 0);
		EXPECT_EQ(warnings.count(), 1u);
	}
	EXPECT_EQ(fd.destroy(second), -16);
	static_cast<iommufd::Object *>(b->object)->end_hold();
	hw.on_destroy = [](iommufd_hw_queue &) {};
}

// The lock of the vIOMMU's queues is held from init to the end of the ioctl: one that fails late is never depended on.
TEST_F(QueuesTest, AHwQueueThatFailsLate)
{
	ASSERT_EQ(fd.map_at(guest->ioas, memory(1), kPage, kAt), 0);
	HwDriver &hw = hw_driver.emplace(driver);
	hw.on_init = [](iommufd_hw_queue &) {
		fake::arm(fake::Fault::kUserCopy, 1);
		return 0;
	};
	u32 id;
	EXPECT_EQ(queues->hw_queue(id), -14);
	fake::disarm();
	EXPECT_EQ(hw.destroyed, 1u);
	EXPECT_EQ(fd.unmap_all(guest->ioas), 0);
}

TEST_F(QueuesTest, ARegionOfAvIOMMU)
{
	unsigned long offset = 0, again = 0;
	int rc = 0;
	EXPECT_EQ(iommufd_viommu_alloc_mmap(driver.last, 0x1001, kPage, true, &offset), -22);
	ASSERT_EQ(iommufd_viommu_alloc_mmap(driver.last, 0x1000, kPage, true, &offset), 0);
	vm_area_struct *vma = fake::mmap(fd.get(), offset, kPage, &rc);
	ASSERT_NE(vma, nullptr) << rc;
	EXPECT_TRUE(vma->device_memory);
	EXPECT_EQ(fake::touch(vma, 0), 1ul);
	EXPECT_EQ(fd.destroy(viommu), -16);
	iommufd_viommu_destroy_mmap(driver.last, offset);
	EXPECT_EQ(fake::touch(vma, 0), fake::kNothing);
	EXPECT_EQ(fd.destroy(viommu), -16);
	fake::munmap(vma);

	// A driver that forgets one
	ASSERT_EQ(iommufd_viommu_alloc_mmap(driver.last, 0x1000, kPage, false, &again), 0);
	EXPECT_NE(offset, again);
	fake::ExpectWarnings warnings;
	EXPECT_EQ(fd.destroy(viommu), 0);
	EXPECT_EQ(warnings.count(), 1u);
	EXPECT_EQ(fake::mmap(fd.get(), again, kPage, &rc), nullptr);
	EXPECT_EQ(rc, -6);
}

// The region is there before the vIOMMU is: too early to be mapped.
TEST_F(QueuesTest, ARegionBeforeItsvIOMMU)
{
	unsigned long offset = 0;
	int early = 0, rc = 0;
	iommufd_viommu *being_made = nullptr;
	driver.on_viommu = [&](iommufd_viommu &made) {
		being_made = &made;
		EXPECT_EQ(iommufd_viommu_alloc_mmap(&made, 0x1000, kPage, false, &offset), 0);
		EXPECT_EQ(fake::mmap(fd.get(), offset, kPage, &early), nullptr);
	};
	u32 id;
	ASSERT_EQ(guest->viommu(id), 0);
	EXPECT_EQ(early, -6);
	vm_area_struct *vma = fake::mmap(fd.get(), offset, kPage, &rc);
	ASSERT_NE(vma, nullptr) << rc;
	fake::munmap(vma);
	iommufd_viommu_destroy_mmap(being_made, offset);
}

struct QueueScenario : Scenario {
	ViommuDriver driver;
	HwDriver hw{driver};
	std::optional<Guest> guest;
	u32 viommu = 0, id = 0;
	int queue = -1;

	void setup() override
	{
		guest.emplace(fd);
		ASSERT_EQ(guest->viommu(viommu), 0);
		ASSERT_EQ(fd.map_at(guest->ioas, machine.memory(600), 600 * kPage, kAt), 0);
	}
	~QueueScenario() override
	{
		if (guest)
			guest->dev->unbind();
		fd.close();
		fake::close_all_fds();
	}
};

struct VeventqAlloc : QueueScenario {
	int run() override { return Queues{*guest, viommu}.veventq(id, queue); }
};

struct HwQueueAlloc : QueueScenario {
	int run() override { return Queues{*guest, viommu}.hw_queue(id, 0, kAt + 8, 600 * kPage - 8); }
};

TEST(FailQueues, EachStep)
{
	fail_each<VeventqAlloc>(fake::Fault::kAlloc, {.error = -12, .at_least = 5});
	fail_each<VeventqAlloc>(fake::Fault::kUserCopy, {.error = -14, .at_least = 2});
	fail_each<VeventqAlloc>(fake::Fault::kHook, {.error = -12, .or_errors = {-2}, .at_least = 2});
	fail_each<HwQueueAlloc>(fake::Fault::kAlloc, {.error = -12, .may_survive = true, .at_least = 6});
	fail_each<HwQueueAlloc>(fake::Fault::kUserCopy, {.error = -14, .at_least = 2});
	fail_each<HwQueueAlloc>(fake::Fault::kHook, {.error = -12, .or_errors = {-2, -14}, .at_least = 2});
}

} // namespace

} // namespace test
