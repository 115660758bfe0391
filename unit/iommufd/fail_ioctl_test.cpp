// SPDX-License-Identifier: GPL-2.0-only
// Every step of every ioctl failed in turn; see support/failures.hpp. The memory of most scenarios is scattered, so
// that one mapping takes several runs and, with 16 runs on the stack, several batches.
#include "bridge/file.h"
#include "support/failures.hpp"

namespace test {

namespace {

using fake::Fault;

constexpr Expected kNoMem{.error = -12};
constexpr Expected kNoMemOrSurvive{.error = -12, .may_survive = true};
constexpr Expected kFault{.error = -14};

struct IoasAlloc : Scenario {
	int run() override
	{
		iommu_ioas_alloc cmd{};
		return fd.call(IOMMU_IOAS_ALLOC, cmd);
	}
};

struct WithIoas : Scenario {
	u32 ioas = 0;
	void setup() override { ioas = fd.ioas(); }
};

struct Allow : WithIoas {
	void setup() override
	{
		WithIoas::setup();
		ASSERT_EQ(fd.allow(ioas, {{0x1000, 0x1fff}}), 0);
	}
	int run() override { return fd.allow(ioas, {{0x10000, 0x1ffff}, {0x40000, 0x4ffff}, {0, 0xfff}}); }
};

struct Ranges : WithIoas {
	int run() override
	{
		std::vector<iommu_iova_range> out;
		return fd.ranges(ioas, out);
	}
};

struct Map : WithIoas {
	u64 va = 0;
	void setup() override
	{
		WithIoas::setup();
		va = machine.memory(40, {.run = 1});
	}
	int run() override { return fd.map_at(ioas, va, 40 * kPage, 0x100000); }
};

// An IOAS with two devices that do not share a domain.
struct TwoDomains : WithIoas {
	std::unique_ptr<Bound> first, second;
	virtual unsigned devices() const { return 2; }
	void setup() override
	{
		WithIoas::setup();
		// Only its own domain suits a device.
		for (std::unique_ptr<Bound> *bound : {&first, &second}) {
			if (bound == &second && devices() < 2)
				break;
			device &dev = machine.new_device();
			dev.suits = [&dev](const iommu_domain &d) { return d.made_for == &dev ? 0 : -22; };
			*bound = std::make_unique<Bound>(fd, dev);
			ASSERT_EQ((*bound)->error(), 0);
			ASSERT_EQ((*bound)->attach(ioas), 0) << fake::last_rejection();
		}
	}
};

struct MapTwoDomains : TwoDomains {
	u64 va = 0;
	void setup() override
	{
		TwoDomains::setup();
		va = machine.memory(40, {.run = 1});
	}
	int run() override { return fd.map_at(ioas, va, 40 * kPage, 0x100000); }
};

struct MapOneDomain : MapTwoDomains {
	unsigned devices() const override { return 1; }
};

// Memory in two areas that share no pages object, copied elsewhere in one go.
struct CopyTwoDomains : TwoDomains {
	u32 from = 0;
	void setup() override
	{
		TwoDomains::setup();
		from = fd.ioas();
		for (u64 at : {0x40000ul, 0x54000ul})
			ASSERT_EQ(fd.map_at(from, machine.memory(20, {.run = 1}), 20 * kPage, at), 0);
	}
	int run() override
	{
		u64 dst = 0x800000;
		return fd.copy(ioas, from, 0x44000, 30 * kPage, dst);
	}
};

struct HwptAlloc : TwoDomains {
	void setup() override
	{
		TwoDomains::setup();
		for (u64 at : {0x40000ul, 0x400000ul})
			ASSERT_EQ(fd.map_at(ioas, machine.memory(20, {.run = 1}), 20 * kPage, at), 0);
	}
	int run() override
	{
		u32 out = 0;
		return fd.hwpt(first->id(), ioas, out);
	}
};

// The first domain of an IOAS that has areas: the pins are made here.
struct HwptAllocFirst : TwoDomains {
	u32 full = 0;
	void setup() override
	{
		TwoDomains::setup();
		full = fd.ioas();
		for (u64 at : {0x40000ul, 0x400000ul})
			ASSERT_EQ(fd.map_at(full, machine.memory(20, {.run = 1}), 20 * kPage, at), 0);
	}
	int run() override
	{
		u32 out = 0;
		return fd.hwpt(first->id(), full, out);
	}
};

constexpr int kMemfd = 7;

// Folios of two pages, each a run of its own.
struct MapFile : TwoDomains {
	file *memfd = nullptr;
	~MapFile() override
	{
		first.reset();
		second.reset();
		fd.close();
		fake::install_fd(kMemfd, nullptr);
		kx_file_put(memfd);
		fake::run_task_work();
	}
	void setup() override
	{
		TwoDomains::setup();
		memfd = fake::open_memfd(80, 2);
		fake::install_fd(kMemfd, memfd);
	}
	int run() override { return fd.map_file_at(ioas, kMemfd, kPage, 75 * kPage, 0x100000); }
};

// Three mappings of one file in two IOASes, and a copy of the first in the other IOAS.
struct ChangeProcess : MapFile {
	u32 mode;
	fake::Process *heir = nullptr;
	explicit ChangeProcess(u32 m) : mode(m) {}
	~ChangeProcess() override { fake::become(machine.process); }
	void setup() override
	{
		u64 value = mode;
		fake::current.ipc_lock = false;
		ASSERT_EQ(fd.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0, value), 0);
		MapFile::setup();
		const u32 other = fd.ioas();
		u64 dst = 0x800000;
		ASSERT_EQ(MapFile::run(), 0);
		ASSERT_EQ(fd.map_file_at(ioas, kMemfd, 0, 4 * kPage, 0x400000), 0);
		ASSERT_EQ(fd.map_file_at(other, kMemfd, 0, 4 * kPage, 0x400000), 0);
		ASSERT_EQ(fd.copy(other, ioas, 0x100000, 10 * kPage, dst), 0);
		heir = &fake::new_process(fake::new_user());
		fake::become(*heir);
	}
	int run() override
	{
		const int rc = fd.change_process();
		// All or nothing
		EXPECT_EQ(machine.process.mm.pinned_vm, rc ? 79 : 0);
		EXPECT_EQ(heir->mm.pinned_vm, rc ? 0 : 79);
		EXPECT_EQ(machine.process.user->locked_vm + heir->user->locked_vm, mode ? 0 : 79);
		EXPECT_EQ(machine.process.mm.locked_vm + heir->mm.locked_vm, mode ? 79u : 0u);
		return rc;
	}
};

struct HwInfo : TwoDomains {
	void setup() override
	{
		WithIoas::setup();
		device &dev = machine.new_device();
		dev.hw_info = {1, 2, 3, 4, 5, 6, 7, 8};
		first = std::make_unique<Bound>(fd, dev);
	}
	int run() override
	{
		u8 buffer[16] = {};
		fake::Reachable r(buffer, sizeof(buffer));
		iommu_hw_info cmd{};
		cmd.dev_id = first->id();
		cmd.data_len = sizeof(buffer);
		cmd.data_uptr = reinterpret_cast<u64>(buffer);
		return fd.call(IOMMU_GET_HW_INFO, cmd);
	}
};

struct VfioIoas : WithIoas {
	u32 op;
	explicit VfioIoas(u32 o) : op(o) {}
	void setup() override
	{
		WithIoas::setup();
		ASSERT_EQ(fd.vfio_ioas(IOMMU_VFIO_IOAS_SET, ioas), 0);
	}
	int run() override { return fd.vfio_ioas(op, ioas); }
};

} // namespace

TEST(FailIoctl, IoasAlloc)
{
	fail_each<IoasAlloc>(Fault::kAlloc, {.at_least = 2});
	fail_each<IoasAlloc>(Fault::kUserCopy, kFault);
}

TEST(FailIoctl, AllowIovas)
{
	fail_each<Allow>(Fault::kAlloc, {.at_least = 3});
	fail_each<Allow>(Fault::kUserCopy, {.error = -14, .at_least = 4});
}

TEST(FailIoctl, IovaRanges) { fail_each<Ranges>(Fault::kUserCopy, {.error = -14, .at_least = 3}); }

TEST(FailIoctl, Map)
{
	fail_each<Map>(Fault::kAlloc, {.at_least = 3});
	fail_each<Map>(Fault::kUserCopy, kFault);
}

TEST(FailIoctl, MapOneDomain)
{
	fail_each<MapOneDomain>(Fault::kAlloc, kNoMemOrSurvive);
	fail_each<MapOneDomain>(Fault::kGup, {.error = -14, .at_least = 40});
	fail_each<MapOneDomain>(Fault::kMap, {.at_least = 40});
	fail_each<MapOneDomain>(Fault::kUserCopy, kFault);
}

TEST(FailIoctl, MapTwoDomains)
{
	fail_each<MapTwoDomains>(Fault::kAlloc, kNoMemOrSurvive);
	fail_each<MapTwoDomains>(Fault::kGup, {.error = -14, .at_least = 40});
	fail_each<MapTwoDomains>(Fault::kMap, {.at_least = 80});
	fail_each<MapTwoDomains>(Fault::kUserCopy, kFault);
}

TEST(FailIoctl, MapFile)
{
	fail_each<MapFile>(Fault::kAlloc, kNoMemOrSurvive);
	fail_each<MapFile>(Fault::kGup, {.error = -12, .at_least = 38});
	fail_each<MapFile>(Fault::kMap, {.at_least = 76});
	fail_each<MapFile>(Fault::kUserCopy, kFault);
	fail_each<MapFile>(Fault::kHook, {.or_errors = {-14, -2}, .at_least = 3});
	fail_each<MapFile>(Fault::kAlloc, {.may_survive = true, .small_batches = true});
	fail_each<MapFile>(Fault::kGup, {.error = -12, .at_least = 38, .small_batches = true});
	fail_each<MapFile>(Fault::kMap, {.at_least = 76, .small_batches = true});
}

TEST(FailIoctl, ChangeProcess)
{
	for (u32 mode : {0, 1}) {
		fail_each<ChangeProcess>(Fault::kAlloc, {.at_least = 2}, mode);
		fail_each<ChangeProcess>(Fault::kUserCopy, kFault, mode);
		fail_each<ChangeProcess>(Fault::kHook, kNoMem, mode);
	}
}

TEST(FailIoctl, CopyTwoDomains)
{
	fail_each<CopyTwoDomains>(Fault::kAlloc, kNoMemOrSurvive);
	fail_each<CopyTwoDomains>(Fault::kGup, {.error = -14, .at_least = 30});
	fail_each<CopyTwoDomains>(Fault::kMap, {.at_least = 60});
	fail_each<CopyTwoDomains>(Fault::kUserCopy, kFault);
}

TEST(FailIoctl, HwptAlloc)
{
	fail_each<HwptAlloc>(Fault::kAlloc, kNoMemOrSurvive);
	fail_each<HwptAlloc>(Fault::kMap, {.at_least = 40});
	fail_each<HwptAlloc>(Fault::kUserCopy, kFault);
	fail_each<HwptAllocFirst>(Fault::kAlloc, kNoMemOrSurvive);
	fail_each<HwptAllocFirst>(Fault::kGup, {.error = -14, .at_least = 40});
	fail_each<HwptAllocFirst>(Fault::kMap, {.at_least = 40});
	fail_each<HwptAllocFirst>(Fault::kUserCopy, kFault);
}

TEST(FailIoctl, GetHwInfo)
{
	fail_each<HwInfo>(Fault::kAlloc, kNoMem);
	fail_each<HwInfo>(Fault::kUserCopy, {.error = -14, .at_least = 4});
}

TEST(FailIoctl, VfioIoas)
{
	for (u32 op : {IOMMU_VFIO_IOAS_GET, IOMMU_VFIO_IOAS_SET, IOMMU_VFIO_IOAS_CLEAR})
		fail_each<VfioIoas>(Fault::kUserCopy, kFault, op);
}

// A failure in the second or a later batch: what earlier ones did must be taken back.
TEST(FailIoctl, InLaterBatches)
{
	constexpr Expected kGup{.error = -14, .at_least = 30, .small_batches = true};
	constexpr Expected kMap{.at_least = 30, .small_batches = true};
	fail_each<MapOneDomain>(Fault::kGup, kGup);
	fail_each<MapOneDomain>(Fault::kMap, kMap);
	fail_each<MapTwoDomains>(Fault::kGup, kGup);
	fail_each<MapTwoDomains>(Fault::kMap, kMap);
	fail_each<CopyTwoDomains>(Fault::kGup, kGup);
	fail_each<CopyTwoDomains>(Fault::kMap, kMap);
	fail_each<HwptAlloc>(Fault::kMap, kMap);
	fail_each<HwptAllocFirst>(Fault::kGup, kGup);
	fail_each<HwptAllocFirst>(Fault::kMap, kMap);
}

// Unmapping needs no memory that it cannot do without.
TEST(FailIoctl, UnmapNeverFails)
{
	for (unsigned nth = 1; nth < 4; nth++) {
		MapTwoDomains s;
		s.setup();
		ASSERT_EQ(s.run(), 0);
		fake::arm(Fault::kAlloc, nth);
		EXPECT_EQ(s.fd.unmap_all(s.ioas), 0);
		fake::disarm();
		EXPECT_EQ(fake::pins_total(), 0);
	}
}

// Once something is unmapped there is no way back: only the last copy, of the result, may fail without a trace of it.
TEST(FailIoctl, UnmapUserCopies)
{
	for (unsigned nth = 1; nth <= 3; nth++) {
		MapTwoDomains s;
		s.setup();
		ASSERT_EQ(s.run(), 0);
		fake::arm(Fault::kUserCopy, nth);
		EXPECT_EQ(s.fd.unmap_all(s.ioas), -14);
		fake::disarm();
		EXPECT_EQ(fake::pins_total(), nth < 3 ? 40 : 0);
		check_consistency(s.fd.context());
	}
}

TEST(FailIoctl, Open)
{
	Machine machine;
	fake::arm(Fault::kAlloc, 1);
	Fd fd;
	fake::disarm();
	EXPECT_EQ(fd.open_error(), -12);
}

} // namespace test
