// SPDX-License-Identifier: GPL-2.0-only
// Random calls in one context, with random failures in between. After each step what is mapped, pinned and charged must
// agree, and a failed call must have changed nothing.
#include <random>

#include "support/state.hpp"
#include "support/world.hpp"

namespace test {

namespace {

constexpr unsigned kIoases = 3, kDevices = 3, kDrivers = 2, kSlots = 12;
constexpr u64 kSlot = 64 * kPage; // of IOVA space
constexpr u64 kMemoryPages = 48;

class Player {
public:
	explicit Player(unsigned seed) : random_(seed)
	{
		for (u32 &id : ioas_)
			id = fd_.ioas();
		for (unsigned i = 0; i < kDevices; i++)
			add_device(i);
		for (auto &driver : drivers_)
			driver = std::make_unique<Driver>(fd_);
		for (unsigned run : {1u, 3u, 1000u})
			memory_.push_back(machine_.memory(kMemoryPages, {.run = run}));
	}
	~Player()
	{
		drivers_[0].reset();
		drivers_[1].reset();
	}

	void step()
	{
		static const fake::Fault kFaults[] = {fake::Fault::kAlloc, fake::Fault::kGup, fake::Fault::kMap,
						      fake::Fault::kUserCopy, fake::Fault::kAttach};
		const std::string before = state();
		const bool with_fault = pick(4) == 0;
		fake::fail_all_tries(pick(3) == 0);
		if (with_fault)
			fake::arm(kFaults[pick(5)], 1 + pick(40));
		changes_on_failure_ = false;
		int rc = play(pick(10));
		fake::disarm();
		fake::run_task_work();
		if (rc && !changes_on_failure_) {
			EXPECT_EQ(state(), before) << "a failed call left its traces: " << fake::last_rejection();
		}
		successes_ += !rc;
		check_consistency(fd_.context());
	}
	unsigned successes() const { return successes_; }

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
			return map();
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
		default:
			return read();
		}
	}

	std::mt19937 random_;
	Machine machine_;
	Fd fd_;
	u32 ioas_[kIoases];
	std::unique_ptr<Bound> devices_[kDevices];
	std::unique_ptr<Driver> drivers_[kDrivers];
	bool attached_[kDevices] = {}, driver_attached_[kDrivers] = {};
	std::vector<u32> hwpts_;
	std::vector<u64> memory_;
	bool changes_on_failure_ = false;
	unsigned successes_ = 0;
};

} // namespace

class RandomCalls : public ::testing::TestWithParam<unsigned> {};

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCalls, ::testing::Range(1u, 9u));

TEST_P(RandomCalls, StateStaysConsistent)
{
	Player player(GetParam());
	for (unsigned i = 0; i < 600 && !HasFailure(); i++) {
		SCOPED_TRACE("step " + std::to_string(i));
		player.step();
	}
	EXPECT_GT(player.successes(), 150u);
}

} // namespace test
