// SPDX-License-Identifier: GPL-2.0-only
// Random calls in one context by two processes, with random failures in between. After each step what is mapped, pinned
// and charged must agree, and a failed call must have changed nothing. With the memory of files alone, CHANGE_PROCESS
// mostly works, and then the caller pays for everything; with the processes' own memory it is refused as long as some
// is mapped.
#include <random>

#include "bridge/file.h"
#include "support/state.hpp"
#include "support/world.hpp"

namespace test {

namespace {

constexpr unsigned kIoases = 3, kDevices = 3, kDrivers = 2, kSlots = 12;
constexpr u64 kSlot = 64 * kPage; // of IOVA space
constexpr u64 kMemoryPages = 48;
constexpr int kFirstFile = 7; // its descriptor; each next one's is one more
constexpr unsigned kFiles = 3, kProcesses = 2;

enum class Maps { kOnlyFiles, kBoth };

class Player {
public:
	Player(unsigned seed, Maps maps) : random_(seed), maps_(maps)
	{
		fake::current.ipc_lock = false;
		processes_[1]->task.memlock_pages = 500;
		for (u32 &id : ioas_)
			id = fd_.ioas();
		for (unsigned i = 0; i < kDevices; i++)
			add_device(i);
		for (auto &driver : drivers_)
			driver = std::make_unique<Driver>(fd_);
		for (unsigned run : {1u, 3u, 1000u})
			memory_.push_back(machine_.memory(kMemoryPages, {.run = run}));
		for (unsigned i = 0; i < kFiles; i++)
			fake::install_fd(kFirstFile + i, files_[i]);
	}
	~Player()
	{
		drivers_[0].reset();
		drivers_[1].reset();
		for (auto &device : devices_)
			device.reset();
		fd_.close();
		for (unsigned i = 0; i < kFiles; i++) {
			fake::install_fd(kFirstFile + i, nullptr);
			kx_file_put(files_[i]);
		}
		fake::run_task_work();
		EXPECT_EQ(processes_[1]->mm.pinned_vm, 0);
		EXPECT_EQ(processes_[1]->user->locked_vm, 0);
		EXPECT_EQ(processes_[1]->mm.grabs, 0);
		EXPECT_EQ(processes_[1]->task.refs, 0);
		fake::become(*processes_[0]);
	}

	void step()
	{
		static const fake::Fault kFaults[] = {fake::Fault::kAlloc, fake::Fault::kGup, fake::Fault::kMap,
						      fake::Fault::kUserCopy, fake::Fault::kAttach};
		if (pick(6) == 0)
			fake::become(*processes_[maps_ == Maps::kOnlyFiles ? pick(kProcesses) : pick(4) / 3]);
		const std::string before = state();
		const bool with_fault = pick(4) == 0;
		fake::fail_all_tries(pick(3) == 0);
		if (with_fault)
			fake::arm(kFaults[pick(5)], 1 + pick(40));
		changes_on_failure_ = false;
		int rc = play(pick(13));
		fake::disarm();
		fake::run_task_work();
		if (rc && !changes_on_failure_) {
			EXPECT_EQ(state(), before) << "a failed call left its traces: " << fake::last_rejection();
		}
		successes_ += !rc;
		check_consistency(fd_.context());
		check_payers();
	}
	unsigned successes() const { return successes_; }
	unsigned changes_of_process() const { return changes_of_process_; }

private:
	unsigned pick(unsigned n) { return random_() % n; }
	u32 some_ioas() { return ioas_[pick(kIoases)]; }
	u64 some_slot() { return 0x1000000 + pick(kSlots) * kSlot; }
	std::string state() { return describe_all({&fd_.context()}); }

	void add_device(unsigned i)
	{
		device &dev = machine_.new_device();
		// The last one shares no domain with others, the first one has its own ideas of the address space.
		if (i == kDevices - 1)
			dev.suits = [&dev](const iommu_domain &d) { return d.made_for == &dev ? 0 : -22; };
		if (i == 0)
			dev.resv = {{0x1000000 + 3 * kSlot, kSlot, KX_RESV_PLAIN}, {0x8000000, 0x1000, KX_RESV_SW_MSI}};
		devices_[i] = std::make_unique<Bound>(fd_, dev);
	}

	int map()
	{
		const u64 pages = 1 + pick(kMemoryPages - 8);
		u64 iova = some_slot();
		u32 flags = (pick(5) ? kReadWrite : kRead) | (pick(4) ? kFixed : 0);
		return fd_.map(some_ioas(), memory_[pick(3)] + pick(8) * kPage, pages * kPage, iova, flags);
	}
	int map_file()
	{
		const u64 start = pick(8) * kPage, pages = 1 + pick(kMemoryPages - 8);
		u64 iova = some_slot();
		u32 flags = (pick(5) ? kReadWrite : kRead) | (pick(4) ? kFixed : 0);
		return fd_.map_file(some_ioas(), kFirstFile + pick(kFiles), start, pages * kPage, iova, flags);
	}
	// All that is pinned is charged to one of the processes.
	void check_payers() const
	{
		long long sum = 0;
		for (const fake::Process *p : processes_)
			sum += p->mm.pinned_vm;
		EXPECT_EQ(sum, fake::pins_total());
	}
	int change_process()
	{
		int rc = fd_.change_process();
		if (rc)
			return rc;
		changes_of_process_++;
		EXPECT_EQ(fake::current.mm->pinned_vm, fake::pins_total());
		EXPECT_EQ(fake::current.user->locked_vm, fake::pins_total());
		return 0;
	}
	int copy()
	{
		u64 dst = some_slot(), src = some_slot() + pick(4) * kPage;
		return fd_.copy(some_ioas(), some_ioas(), src, (1 + pick(12)) * kPage, dst, kRead | kFixed);
	}
	int unmap()
	{
		// One call may take several areas, and stops at the first that it may not.
		changes_on_failure_ = true;
		if (pick(12) == 0)
			return fd_.unmap_all(some_ioas());
		const u64 slots = 1 + pick(2);
		return fd_.unmap(some_ioas(), some_slot(), slots * kSlot);
	}
	int attach()
	{
		const unsigned i = pick(kDevices);
		int rc = attached_[i] ? devices_[i]->replace(some_target()) : devices_[i]->attach(some_target());
		attached_[i] = attached_[i] || !rc;
		return rc;
	}
	u32 some_target() { return hwpts_.empty() || pick(2) ? some_ioas() : hwpts_[pick(hwpts_.size())]; }
	int detach()
	{
		const unsigned i = pick(kDevices);
		if (attached_[i])
			devices_[i]->detach();
		attached_[i] = false;
		return 0;
	}
	int hwpt()
	{
		u32 id = 0;
		int rc = fd_.hwpt(devices_[pick(kDevices)]->id(), some_ioas(), id);
		if (!rc)
			hwpts_.push_back(id);
		return rc;
	}
	int destroy_hwpt()
	{
		if (hwpts_.empty())
			return 0;
		auto it = hwpts_.begin() + pick(hwpts_.size());
		int rc = fd_.destroy(*it);
		if (!rc)
			hwpts_.erase(it);
		return rc;
	}
	int pin()
	{
		const unsigned i = pick(kDrivers);
		if (!driver_attached_[i]) {
			int rc = drivers_[i]->attach(some_ioas());
			driver_attached_[i] = !rc;
			return rc;
		}
		if (pick(8) == 0) {
			drivers_[i]->detach();
			driver_attached_[i] = false;
			return 0;
		}
		// What is looked at and found wrong further on is given back.
		return drivers_[i]->pin(some_slot() + pick(4) * kPage, (1 + pick(10)) * kPage, pick(2));
	}
	int read()
	{
		char bytes[5000];
		return drivers_[pick(kDrivers)]->rw(some_slot() + pick(9000), bytes, sizeof(bytes), 0);
	}

	int play(unsigned what)
	{
		switch (what) {
		case 0:
		case 1:
			return maps_ == Maps::kOnlyFiles ? map_file() : map();
		case 2:
			return copy();
		case 3:
			return unmap();
		case 4:
			return attach();
		case 5:
			return detach();
		case 6:
			return hwpt();
		case 7:
			return destroy_hwpt();
		case 8:
			return pin();
		case 9:
			return map_file();
		case 10:
			return change_process();
		default:
			return read();
		}
	}

	std::mt19937 random_;
	const Maps maps_;
	Machine machine_;
	fake::Process *processes_[kProcesses] = {&machine_.process, &fake::new_process(fake::new_user())};
	Fd fd_;
	u32 ioas_[kIoases];
	std::unique_ptr<Bound> devices_[kDevices];
	std::unique_ptr<Driver> drivers_[kDrivers];
	bool attached_[kDevices] = {}, driver_attached_[kDrivers] = {};
	std::vector<u32> hwpts_;
	std::vector<u64> memory_;
	// Pages of their own, in folios of two sizes
	file *files_[kFiles] = {fake::open_memfd(kMemoryPages), fake::open_memfd(kMemoryPages, 4),
				fake::open_memfd(kMemoryPages - 8)};
	bool changes_on_failure_ = false;
	unsigned successes_ = 0, changes_of_process_ = 0;
};

} // namespace

class RandomCalls : public ::testing::TestWithParam<unsigned> {
protected:
	static void play(Maps maps, unsigned least_changes)
	{
		Player player(GetParam(), maps);
		for (unsigned i = 0; i < 600 && !HasFailure(); i++) {
			SCOPED_TRACE("seed " + std::to_string(GetParam()) + ", step " + std::to_string(i));
			player.step();
		}
		EXPECT_GT(player.successes(), 150u) << "seed " << GetParam();
		EXPECT_GE(player.changes_of_process(), least_changes) << "seed " << GetParam();
	}
};

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCalls, ::testing::Range(1u, 9u));

TEST_P(RandomCalls, StateStaysConsistent) { play(Maps::kBoth, 0); }

TEST_P(RandomCalls, WhoPaysChanges) { play(Maps::kOnlyFiles, 10); }

} // namespace test
