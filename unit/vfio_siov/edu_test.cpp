// SPDX-License-Identifier: GPL-2.0-only
// The driver of siov-edu on a fake device: ADIs, slices, their interrupts.
#include <algorithm>
#include <linux/vfio.h>

#include "bridge/dmabuf_export.h"
#include "fake/device_memory.hpp"
#include "fake/edu.hpp"
#include "fake/siov.hpp"
#include "fake/sync.hpp"
#include "pasid_alloc/glue.h"
#include "support/world.hpp"
#include "fake/pasid_alloc.hpp"
#include "vfio_siov/edu/slice.hpp"

namespace test {
namespace {

using edu::Adi;
using edu::AdiIndex;
using edu::Function;
using edu::Hold;
using edu::Slice;

struct Edu : World {
	Edu()
	{
		fake::reset_pasids();
		fake::use_clock(&hardware);
		EXPECT_EQ(pasid_module_init(), 0);
		dev.max_pasids = 1 << 20;
		vdev.parent = &hardware;
		auto made = Function::probe(&hardware);
		EXPECT_TRUE(made);
		function = std::move(*made);
		pasids = iommu_pasid_init(&dev, "edu", &ops, nullptr);
	}
	~Edu() override
	{
		slices.clear();
		function->quiesce();
		EXPECT_EQ(iommu_pasid_exit(pasids), leaked);
		function = {};
		pasid_module_exit();
		fake::reset_edu();
	}

	// A new slice; the test fails when there is none.
	Slice &slice()
	{
		auto made = Slice::create(&vdev, *function, pasids);
		EXPECT_TRUE(made) << made.error().why();
		slices.push_back(std::move(*made));
		return *slices.back();
	}
	int create_error() { return error_of(Slice::create(&vdev, *function, pasids)); }
	template <typename T> static int error_of(const base::Result<T> &result)
	{
		return result ? 0 : result.error().to_errno();
	}
	edu_parent::Adi &adi(u32 index) { return hardware.adis[index]; }
	// The value that the owner's configuration space has there
	static u32 config(Slice &slice, u32 offset)
	{
		std::array<u8, 4> bytes{};
		EXPECT_TRUE(slice.read(PD_REGION_CONFIG, offset, bytes));
		return bytes[0] | static_cast<u32>(bytes[1]) << 8;
	}
	static int set_command(Slice &slice, u8 value)
	{
		const std::array<u8, 1> bytes{value};
		return error_of(slice.write(PD_REGION_CONFIG, 4, bytes));
	}

	static constexpr u32 kEventFd = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			     kMask = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK,
			     kUnmask = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK;
	static constexpr u32 kOn = SIOV_EDU_ADI_ENABLE, kHeld = SIOV_EDU_ADI_PAUSE;
	iommu_pasid_ops ops{edu_function_limit_pasids, edu_function_describe};
	device &dev = machine.new_device();
	edu_parent hardware;
	edu_vdev vdev;
	kern::Box<Function> function;
	iommu_pasid_consumer *pasids = nullptr;
	std::vector<kern::Box<Slice>> slices;
	unsigned leaked = 0; // PASIDs that a test expects to be left
};

TEST_F(Edu, NotOurDevice)
{
	hardware.version = 2;
	EXPECT_EQ(error_of(Function::probe(&hardware)), -19);
	hardware.version = SIOV_EDU_VERSION_VALUE;
	hardware.num_adis = 2000;
	EXPECT_EQ(error_of(Function::probe(&hardware)), -19);
	hardware.num_adis = 0;
	EXPECT_EQ(error_of(Function::probe(&hardware)), -19);
	hardware.num_adis = 4;
	hardware.gone = true;
	EXPECT_EQ(error_of(Function::probe(&hardware)), -19);
	hardware.gone = false;
}

TEST_F(Edu, FewerVectors)
{
	function->limit(9);
	EXPECT_EQ(function->available(), 4U);
	EXPECT_TRUE(hardware.log.empty());
	function->limit(3);
	EXPECT_EQ(function->available(), 3U);
	EXPECT_EQ(hardware.log.size(), 1U);
	for (int i = 0; i < 3; i++)
		slice();
	EXPECT_EQ(create_error(), -87);
}

TEST_F(Edu, ErrorsAreReportedOnce)
{
	hardware.event = SIOV_EDU_EVENT_ERROR;
	hardware.error = SIOV_EDU_ERROR_VALID | SIOV_EDU_ERROR_QUEUE_FULL;
	hardware.error_address = SIOV_EDU_ADI_PAGE(1) + SIOV_EDU_COMMAND;
	function->report_event();
	ASSERT_EQ(hardware.log.size(), 1U);
	EXPECT_EQ(hardware.log[0], "page 2, register 20: command rejected: the queue is full");
	EXPECT_EQ(hardware.event, 0U);
	EXPECT_EQ(hardware.error, 0U);
	function->report_event();
	EXPECT_EQ(hardware.log.size(), 1U);
	hardware.error = SIOV_EDU_ERROR_VALID | 0x55;
	function->report_event();
	EXPECT_NE(hardware.log[1].find("unknown error"), std::string::npos);
}

TEST_F(Edu, SlicesUntilThereAreNoMore)
{
	std::vector<u32> seen;
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(function->available(), 4U - static_cast<u32>(i));
		Slice &made = slice();
		EXPECT_EQ(made.adi(), static_cast<u32>(i));
		EXPECT_EQ(adi(made.adi()).pasid, SIOV_EDU_ADI_PASID_VALID | made.pasid());
		EXPECT_EQ(adi(made.adi()).control & kOn, 0U);
		EXPECT_EQ(std::ranges::count(seen, made.pasid()), 0);
		seen.push_back(made.pasid());
	}
	EXPECT_EQ(create_error(), -87);
	slices.erase(slices.begin() + 1);
	EXPECT_EQ(adi(1).pasid, 0U);
	EXPECT_EQ(slice().adi(), 1U);
}

TEST_F(Edu, PasidsExhausted)
{
	EXPECT_EQ(iommu_pasid_exit(pasids), 0U);
	fake::max_pasid = 2;
	pasids = iommu_pasid_init(&dev, "edu", &ops, nullptr);
	slice();
	slice();
	EXPECT_EQ(create_error(), -28);
	EXPECT_EQ(fake::last_rejection().find("iommu_pasid_free"), std::string::npos) << "of a PASID that was none";
	EXPECT_EQ(function->available(), 2U);
	slices.pop_back();
	slice();
}

TEST_F(Edu, EveryAllocationOfACreationFails)
{
	for (unsigned nth = 1;; nth++) {
		fake::arm(fake::Fault::kAlloc, nth);
		const int error = create_error();
		fake::disarm();
		EXPECT_EQ(function->available(), 4U);
		if (!fake::fired())
			break;
		// The PASID allocator may do without, or (the fake's ids) have no room.
		EXPECT_TRUE(error == -12 || error == -28 || error == 0) << error;
		EXPECT_GT(10U, nth);
	}
}

TEST_F(Edu, OpenAndClose)
{
	Slice &s = slice();
	adi(0).page[7] = 7;
	ASSERT_TRUE(s.open());
	EXPECT_EQ(adi(0).page[7], 0);
	EXPECT_EQ(adi(0).control, kOn | kHeld); // until the bus master bit is set
	EXPECT_TRUE(vdev.irq);
	EXPECT_EQ(set_command(s, 6), 0);
	EXPECT_EQ(adi(0).control, kOn);
	adi(0).page[7] = 7;
	adi(0).runs_until = hardware.now_us + 1000;
	s.close();
	EXPECT_LT(1000U, hardware.now_us);
	EXPECT_FALSE(hardware.runs(adi(0)));
	EXPECT_EQ(adi(0).control & kOn, 0U);
	EXPECT_EQ(adi(0).page[7], 0);
	EXPECT_FALSE(vdev.irq);
	EXPECT_EQ(vdev.flushes, 1U);
	ASSERT_TRUE(s.open());
	EXPECT_EQ(config(s, 4) & 6, 0U);
	EXPECT_EQ(adi(0).control, kOn | kHeld);
	s.close();
}

TEST_F(Edu, NoInterruptNoOpen)
{
	Slice &s = slice();
	vdev.irq_error = -28;
	EXPECT_EQ(error_of(s.open()), -28);
	EXPECT_EQ(adi(0).control & kOn, 0U);
	vdev.irq_error = 0;
	EXPECT_TRUE(s.open());
	s.close();
}

TEST_F(Edu, BusMasterWaitsForDma)
{
	Slice &s = slice();
	ASSERT_TRUE(s.open());
	ASSERT_EQ(set_command(s, 4), 0);
	adi(0).runs_until = hardware.now_us + 700;
	ASSERT_EQ(set_command(s, 0), 0);
	EXPECT_FALSE(hardware.runs(adi(0)));
	ASSERT_EQ(set_command(s, 4), 0);
	// what does not end keeps the bit
	adi(0).runs_until = hardware.now_us + 60'000'000;
	EXPECT_EQ(set_command(s, 0), -110);
	EXPECT_EQ(config(s, 4) & 4, 4U);
	EXPECT_EQ(adi(0).control, kOn);
	EXPECT_EQ(error_of(s.set_bus_master(false)), -110);
	EXPECT_EQ(config(s, 4) & 4, 4U);
	s.close();
}

TEST_F(Edu, PauseAndResume)
{
	Slice &s = slice();
	ASSERT_TRUE(s.open());
	ASSERT_TRUE(s.set_bus_master(true));
	adi(0).runs_until = hardware.now_us + 700;
	ASSERT_TRUE(s.pause());
	EXPECT_FALSE(hardware.runs(adi(0)));
	EXPECT_EQ(adi(0).control, kOn | kHeld);
	// a reset meanwhile does not let it go
	ASSERT_TRUE(s.reset());
	EXPECT_EQ(adi(0).control, kOn | kHeld);
	ASSERT_TRUE(s.set_bus_master(false));
	s.resume();
	EXPECT_EQ(adi(0).control, kOn | kHeld);
	ASSERT_TRUE(s.set_bus_master(true));
	EXPECT_EQ(adi(0).control, kOn);
	adi(0).runs_until = hardware.now_us + 60'000'000;
	const u64 start = hardware.now_us;
	EXPECT_EQ(error_of(s.pause()), -110);
	EXPECT_GT(edu::kStopTimeoutUs * 11 / 10, hardware.now_us - start);
	EXPECT_EQ(adi(0).control, kOn);
	EXPECT_EQ(hardware.log.back(), "ADI 0: does not pause");
	s.close();
}

TEST_F(Edu, ResetCutsOffWhatDoesNotEnd)
{
	Slice &s = slice();
	ASSERT_TRUE(s.open());
	const unsigned resets = adi(0).resets;
	adi(0).runs_until = hardware.now_us + 60'000'000;
	ASSERT_TRUE(s.reset());
	EXPECT_EQ(adi(0).resets, resets + 1);
	EXPECT_FALSE(hardware.runs(adi(0)));
	EXPECT_EQ(hardware.log.back(), "ADI 0: does not drain, its DMA is cut off");
	s.close();
}

// Neither the ADI nor its PASID is anybody's before the whole device is reset.
TEST_F(Edu, AnAdiThatCannotBeStopped)
{
	Slice &s = slice();
	ASSERT_TRUE(s.open());
	adi(0).runs_until = hardware.now_us + 600'000'000;
	adi(0).unstoppable = true;
	EXPECT_EQ(error_of(s.reset()), -5);
	s.close();
	EXPECT_EQ(error_of(s.open()), -5);
	const u32 pasid = s.pasid();
	slices.clear();
	EXPECT_EQ(function->available(), 3U);
	EXPECT_EQ(slice().adi(), 1U);
	EXPECT_NE(slices.back()->pasid(), pasid);
	leaked = 1;
}

TEST_F(Edu, Unplugged)
{
	Slice &s = slice();
	ASSERT_TRUE(s.open());
	hardware.gone = true;
	s.request(0);
	EXPECT_TRUE(s.revoked());
	s.close();
	slices.clear();
	EXPECT_EQ(function->available(), 4U);
}

TEST_F(Edu, Revocation)
{
	Slice &s = slice();
	fake::eventfds()[3];
	ASSERT_TRUE(s.open());
	ASSERT_TRUE(s.set_bus_master(true));
	ASSERT_TRUE(s.set_request({PD_IRQ_REQ, PD_IRQ_DATA_EVENTFD | PD_IRQ_TRIGGER, 1, 3}));
	adi(0).runs_until = hardware.now_us + 100;
	s.request(0);
	EXPECT_EQ(fake::eventfds()[3].signals, 1);
	EXPECT_FALSE(s.revoked());
	EXPECT_TRUE(s.begin_fault());
	s.end_fault();
	s.request(1);
	EXPECT_TRUE(s.revoked());
	EXPECT_EQ(vdev.zaps, 1U);
	EXPECT_EQ(adi(0).control & kOn, 0U);
	EXPECT_FALSE(hardware.runs(adi(0)));
	EXPECT_FALSE(s.begin_fault());
	s.end_fault();
	std::array<u8, 4> bytes{};
	EXPECT_EQ(error_of(s.read(PD_REGION_BAR0, SIOV_EDU_STATUS, bytes)), -19);
	EXPECT_EQ(error_of(s.write(PD_REGION_CONFIG, 4, bytes)), -19);
	EXPECT_EQ(error_of(s.reset()), -19);
	EXPECT_EQ(error_of(s.set_bus_master(true)), -19);
	EXPECT_EQ(edu_slice_check_mmap(reinterpret_cast<edu_slice *>(&s), 0, kPage, true, false), -19);
	s.request(2);
	EXPECT_EQ(vdev.zaps, 1U);
	s.close();
	EXPECT_EQ(error_of(s.open()), -19);
	EXPECT_EQ(fake::eventfds()[3].refs, 0);
}

TEST_F(Edu, InterruptsReachTheEventFd)
{
	Slice &s = slice();
	eventfd_ctx &first = fake::eventfds()[3], &second = fake::eventfds()[4];
	const u32 fd = PD_IRQ_DATA_EVENTFD, none = PD_IRQ_DATA_NONE;
	const auto set = [&](u32 flags, u32 count, int data) {
		return error_of(s.set_msix({PD_IRQ_MSIX, flags, count, data}));
	};
	ASSERT_TRUE(s.open());
	s.interrupt().raise(); // to nobody
	ASSERT_EQ(set(fd | PD_IRQ_TRIGGER, 1, 3), 0);
	EXPECT_EQ(first.signals, 0);
	s.interrupt().raise();
	EXPECT_EQ(first.signals, 1);
	ASSERT_EQ(set(none | PD_IRQ_MASK, 1, 0), 0);
	s.interrupt().raise();
	s.interrupt().raise();
	EXPECT_EQ(first.signals, 1);
	EXPECT_TRUE(s.interrupt().pending());
	ASSERT_EQ(set(PD_IRQ_DATA_BOOL | PD_IRQ_UNMASK, 1, 0), 0); // no
	EXPECT_EQ(first.signals, 1);
	ASSERT_EQ(set(none | PD_IRQ_UNMASK, 1, 0), 0);
	EXPECT_EQ(first.signals, 2);
	ASSERT_EQ(set(none | PD_IRQ_UNMASK, 1, 0), 0);
	EXPECT_EQ(first.signals, 2);
	ASSERT_EQ(set(PD_IRQ_DATA_BOOL | PD_IRQ_TRIGGER, 1, 1), 0);
	EXPECT_EQ(first.signals, 3);
	ASSERT_EQ(set(fd | PD_IRQ_TRIGGER, 1, 4), 0);
	EXPECT_EQ(first.refs, 0);
	s.interrupt().raise();
	EXPECT_EQ(second.signals, 1);
	EXPECT_EQ(set(fd | PD_IRQ_TRIGGER, 1, 5), -9);
	EXPECT_EQ(set(fd | PD_IRQ_MASK, 1, 4), -22);
	EXPECT_EQ(set(none | PD_IRQ_MASK | PD_IRQ_TRIGGER, 1, 0), -22);
	EXPECT_EQ(second.refs, 1);
	// what a reset or the next owner must not see
	ASSERT_EQ(set(none | PD_IRQ_MASK, 1, 0), 0);
	s.interrupt().raise();
	ASSERT_TRUE(s.reset());
	EXPECT_FALSE(s.interrupt().pending());
	s.interrupt().raise();
	ASSERT_EQ(set(none | PD_IRQ_TRIGGER, 0, 0), 0);
	EXPECT_EQ(second.refs, 0);
	EXPECT_FALSE(s.interrupt().pending());
	s.close();
	ASSERT_TRUE(s.open());
	ASSERT_EQ(set(fd | PD_IRQ_TRIGGER, 1, 3), 0);
	s.interrupt().raise();
	EXPECT_EQ(first.signals, 4); // not masked any more
	s.close();
	EXPECT_EQ(first.refs, 0);
}

TEST_F(Edu, PageAccesses)
{
	Slice &s = slice();
	std::array<u8, 8> bytes{1, 2, 3, 4, 5, 6, 7, 8}, back{};
	ASSERT_TRUE(s.open());
	ASSERT_TRUE(s.write(PD_REGION_BAR0, SIOV_EDU_DST, bytes));
	EXPECT_EQ(adi(0).page[SIOV_EDU_DST + 7], 8);
	ASSERT_TRUE(s.read(PD_REGION_BAR0, SIOV_EDU_DST, back));
	EXPECT_EQ(bytes, back);
	EXPECT_EQ(error_of(s.read(PD_REGION_BAR0, SIOV_EDU_DST, std::span(back).first(2))), -22);
	EXPECT_TRUE(s.read(PD_REGION_BAR0, SIOV_EDU_BUFFER + 1, std::span(back).first(1)));
	s.close();
}

TEST_F(Edu, Mappings)
{
	Slice &s = slice();
	const auto check = [&](u64 offset, u64 length, bool shared = true, bool executable = false) {
		return edu_slice_check_mmap(reinterpret_cast<edu_slice *>(&s), offset, length, shared, executable);
	};
	EXPECT_EQ(check(0, kPage), 0);
	EXPECT_EQ(check(0, 2 * kPage), -22);
	EXPECT_EQ(check(kPage, kPage), -22);
	EXPECT_EQ(check(1ULL << PD_REGION_SHIFT, kPage), -22);
	EXPECT_EQ(check(~0ULL - kPage + 1, kPage), -22);
	EXPECT_EQ(check(0, kPage, false), -22);
	EXPECT_EQ(check(0, kPage, true, true), -1);
}

TEST_F(Edu, TheDeviceIsResetAtBothEnds)
{
	EXPECT_EQ(hardware.resets, 1U);
	EXPECT_EQ(hardware.event_enable, u32{SIOV_EDU_EVENT_ERROR});
	function->quiesce();
	EXPECT_EQ(hardware.resets, 2U);
	EXPECT_EQ(hardware.event_enable, 0U);
}

// All ones are no error record.
TEST_F(Edu, AnUnpluggedDeviceReportsNothing)
{
	hardware.gone = true;
	function->report_event();
	EXPECT_TRUE(hardware.log.empty());
	hardware.gone = false;
}

TEST_F(Edu, PasidsThatTheDeviceCanTell)
{
	const auto last = [](unsigned offered) {
		unsigned first = 1;
		EXPECT_EQ(edu_function_limit_pasids(nullptr, &first, &offered), 0);
		EXPECT_EQ(first, 1U);
		return offered;
	};
	fake::max_pasid = ~0U;
	EXPECT_EQ(last(~0U), 0xfffffU); // 20 bits
	EXPECT_EQ(last(50), 50U);
	fake::max_pasid = 100;
	EXPECT_EQ(last(~0U), 100U);
	EXPECT_EQ(last(50), 50U);
}

TEST_F(Edu, AnOwnerOfAPasidIsNamed)
{
	char text[16];
	edu_function_describe(nullptr, function->record(AdiIndex(2)), text, sizeof(text));
	EXPECT_STREQ(text, "ADI 2");
}

// Whoever had it before: nothing runs when it gets its PASID, or nobody gets it.
TEST_F(Edu, AnAdiThatRunsOnBeforeItsFirstOwner)
{
	adi(0).runs_until = hardware.now_us + 600'000'000;
	adi(0).unstoppable = true;
	EXPECT_EQ(create_error(), -5);
	EXPECT_EQ(adi(0).pasid, 0U);
	EXPECT_EQ(function->available(), 3U);
	EXPECT_EQ(slice().adi(), 1U);
	leaked = 1;
}

TEST_F(Edu, TheDelayGoesWithTheSlice)
{
	slice().set_delay_us(50);
	EXPECT_EQ(adi(0).delay, 50U);
	EXPECT_EQ(slices[0]->delay_us(), 50U);
	slices.clear();
	EXPECT_EQ(slice().delay_us(), 0U);
	EXPECT_EQ(adi(0).delay, 0U);
}

// The registers of an ADI are behind a selector that they all share.
TEST_F(Edu, EachReadSelectsItsAdi)
{
	Slice &first = slice(), &second = slice();
	first.set_delay_us(50);
	second.set_delay_us(60);
	EXPECT_EQ(first.delay_us(), 50U);
	EXPECT_EQ(second.delay_us(), 60U);
}

// Two holds that do not know of each other
TEST_F(Edu, BusMasterBitDuringAPause)
{
	Slice &s = slice();
	ASSERT_TRUE(s.open());
	ASSERT_TRUE(s.set_bus_master(true));
	ASSERT_TRUE(s.pause());
	s.resume();
	EXPECT_EQ(adi(0).control, kOn);
	ASSERT_TRUE(s.pause());
	ASSERT_TRUE(s.set_bus_master(false));
	ASSERT_TRUE(s.set_bus_master(true));
	EXPECT_EQ(adi(0).control, kOn | kHeld);
	s.resume();
	EXPECT_EQ(adi(0).control, kOn);
	s.close();
}

TEST_F(Edu, APausePollsFirstAndSleepsThen)
{
	Slice &s = slice();
	ASSERT_TRUE(s.open());
	ASSERT_TRUE(s.set_bus_master(true));
	adi(0).runs_until = hardware.now_us + 100;
	ASSERT_TRUE(s.pause());
	EXPECT_EQ(hardware.sleeps, 0U);
	s.resume();
	adi(0).runs_until = hardware.now_us + 5000;
	ASSERT_TRUE(s.pause());
	EXPECT_GT(hardware.sleeps, 100U);
	s.resume();
	s.close();
}

// What has started ends in its own time; the reset comes after it.
TEST_F(Edu, AResetLetsDmaFinish)
{
	Slice &s = slice();
	ASSERT_TRUE(s.open());
	ASSERT_TRUE(s.set_bus_master(true));
	const u64 end = hardware.now_us + 700;
	adi(0).runs_until = end;
	hardware.on_sleep = [&] {
		EXPECT_EQ(adi(0).control, kOn | kHeld) << "what is asked for meanwhile is no error";
	};
	ASSERT_TRUE(s.reset());
	EXPECT_NE(hardware.sleeps, 0U);
	EXPECT_LE(end, hardware.now_us);
	EXPECT_TRUE(hardware.log.empty()) << hardware.log.back();
	EXPECT_EQ(adi(0).control, kOn);
	s.close();
}

TEST_F(Edu, BusMasterShowsInTheConfigurationSpace)
{
	Slice &s = slice();
	ASSERT_TRUE(s.open());
	ASSERT_TRUE(s.set_bus_master(true));
	EXPECT_EQ(config(s, 4) & 4, 4U);
	ASSERT_TRUE(s.set_bus_master(false));
	EXPECT_EQ(config(s, 4) & 4, 0U);
	s.close();
}

// The interrupt of a command that a reset ends may still be on its way.
TEST_F(Edu, NoInterruptOutlivesAReset)
{
	Slice &s = slice();
	eventfd_ctx &target = fake::eventfds()[3];
	ASSERT_TRUE(s.open());
	ASSERT_TRUE(s.set_msix({VFIO_PCI_MSIX_IRQ_INDEX, kEventFd, 1, 3}));
	ASSERT_TRUE(s.set_msix({VFIO_PCI_MSIX_IRQ_INDEX, kMask, 1, 0}));
	const unsigned resets = adi(0).resets;
	vdev.on_flush = [&] {
		EXPECT_EQ(adi(0).resets, resets + 1) << "more may come";
		s.interrupt().raise();
	};
	ASSERT_TRUE(s.reset());
	EXPECT_EQ(vdev.flushes, 1U);
	EXPECT_FALSE(s.interrupt().pending());
	// the mask stays
	s.interrupt().raise();
	EXPECT_TRUE(s.interrupt().pending());
	vdev.on_flush = [&] { EXPECT_EQ(adi(0).control & kOn, 0U) << "more may come"; };
	s.close();
	EXPECT_EQ(vdev.flushes, 2U);
	EXPECT_EQ(target.signals, 0);
	EXPECT_EQ(target.refs, 0);
}

TEST_F(Edu, PendingInterrupts)
{
	Slice &s = slice();
	eventfd_ctx &first = fake::eventfds()[3], &second = fake::eventfds()[4];
	const auto set = [&](u32 flags, int data = 0) {
		EXPECT_TRUE(s.set_msix({VFIO_PCI_MSIX_IRQ_INDEX, flags, 1, data}));
	};
	const auto shown = [&] {
		std::array<u8, 8> pba{};
		EXPECT_TRUE(s.read(VFIO_PCI_BAR2_REGION_INDEX, 2048, pba));
		return pba[0];
	};
	ASSERT_TRUE(s.open());
	set(kMask);
	s.interrupt().raise(); // to nobody: not kept for whoever comes
	EXPECT_EQ(shown(), 0);
	set(kEventFd, 3);
	set(kUnmask);
	EXPECT_EQ(first.signals, 0);
	set(kMask);
	s.interrupt().raise();
	EXPECT_EQ(shown(), 1);
	set(kEventFd, 4); // goes to the new one
	EXPECT_EQ(shown(), 1);
	set(kUnmask);
	EXPECT_EQ(shown(), 0);
	EXPECT_EQ(first.signals, 0);
	EXPECT_EQ(second.signals, 1);
	set(kEventFd, -1);
	EXPECT_EQ(second.refs, 0);
	s.close();
}

TEST_F(Edu, TheVectorTableOfTheNextOwner)
{
	Slice &s = slice();
	const std::array<u8, 8> written{4, 2, 3, 4, 5, 6, 7, 8};
	std::array<u8, 8> bytes{};
	ASSERT_TRUE(s.open());
	ASSERT_TRUE(s.write(VFIO_PCI_BAR2_REGION_INDEX, 0, written));
	ASSERT_TRUE(s.read(VFIO_PCI_BAR2_REGION_INDEX, 0, bytes));
	EXPECT_EQ(bytes, written);
	s.close();
	ASSERT_TRUE(s.open());
	ASSERT_TRUE(s.read(VFIO_PCI_BAR2_REGION_INDEX, 0, bytes));
	EXPECT_EQ(bytes, (std::array<u8, 8>{}));
	s.close();
}

TEST_F(Edu, EachSliceHasItsOwnPage)
{
	slice();
	Slice &s = slice();
	std::array<u8, 8> bytes{1, 2, 3, 4, 5, 6, 7, 8}, back{};
	ASSERT_TRUE(s.open());
	ASSERT_TRUE(s.write(VFIO_PCI_BAR0_REGION_INDEX, SIOV_EDU_DST, bytes));
	EXPECT_EQ(adi(1).page[SIOV_EDU_DST], 1);
	EXPECT_EQ(adi(0).page[SIOV_EDU_DST], 0);
	adi(0).page[SIOV_EDU_DST] = 9;
	ASSERT_TRUE(s.read(VFIO_PCI_BAR0_REGION_INDEX, SIOV_EDU_DST, back));
	EXPECT_EQ(back, bytes);
	EXPECT_EQ(error_of(s.write(VFIO_PCI_BAR0_REGION_INDEX, SIOV_EDU_DST, std::span(bytes).first(2))), -22);
	EXPECT_TRUE(s.write(VFIO_PCI_BAR0_REGION_INDEX, SIOV_EDU_BUFFER + 1, std::span(bytes).first(1)));
	EXPECT_EQ(adi(1).page[SIOV_EDU_BUFFER + 1], 1);
	s.close();
}

// A fault after the zap must not map the page again, and what is raised goes to nobody any more.
TEST_F(Edu, WhatARevocationLeaves)
{
	Slice &s = slice();
	eventfd_ctx &target = fake::eventfds()[3];
	ASSERT_TRUE(s.open());
	ASSERT_TRUE(s.set_msix({VFIO_PCI_MSIX_IRQ_INDEX, kEventFd, 1, 3}));
	vdev.on_zap = [&] {
		EXPECT_EQ(fake::locks_held(), 1U) << "a call could say ENODEV before the DMA has ended";
		EXPECT_FALSE(s.begin_fault());
		s.end_fault();
	};
	s.request(0); // the owner did not say how to ask him
	EXPECT_EQ(vdev.zaps, 1U);
	EXPECT_EQ(target.refs, 0);
	s.interrupt().raise();
	EXPECT_EQ(target.signals, 0);
	EXPECT_EQ(error_of(s.set_msix({VFIO_PCI_MSIX_IRQ_INDEX, kEventFd, 1, 3})), -19);
	EXPECT_EQ(error_of(s.set_request({VFIO_PCI_REQ_IRQ_INDEX, kEventFd, 1, 3})), -19);
	s.close();
}

TEST_F(Edu, NobodyIsAskedForAnUnpluggedSlice)
{
	Slice &s = slice();
	eventfd_ctx &ask = fake::eventfds()[3];
	ASSERT_TRUE(s.open());
	EXPECT_EQ(error_of(s.set_request({VFIO_PCI_REQ_IRQ_INDEX, kMask, 1, 0})), -22);
	EXPECT_EQ(error_of(s.set_request({VFIO_PCI_REQ_IRQ_INDEX, kMask, 0, 0})), -22);
	ASSERT_TRUE(s.set_request({VFIO_PCI_REQ_IRQ_INDEX, kEventFd, 1, 3}));
	hardware.gone = true;
	s.request(0);
	EXPECT_TRUE(s.revoked());
	EXPECT_EQ(ask.signals, 0);
	s.close();
}

// An allocator that looks at ADI 0 when a PASID comes back
struct Watcher {
	static inline edu_parent *hardware;
	static inline std::vector<u32> adi_had;

	static int probe(device *, unsigned *, unsigned *, void **space)
	{
		*space = nullptr;
		return 0;
	}
	static void release(void *) {}
	static int alloc(void *, unsigned, unsigned, unsigned *pasid)
	{
		*pasid = 77;
		return 0;
	}
	static void free(void *, unsigned) { adi_had.push_back(hardware->adis[0].pasid); }
};

// Nobody may get it before.
TEST_F(Edu, ThePasidGoesBackWhenTheAdiHasForgottenIt)
{
	iommu_pasid_backend backend{.name = "watcher",
				    .priority = 1,
				    .owner = nullptr,
				    .probe = Watcher::probe,
				    .release = Watcher::release,
				    .alloc = Watcher::alloc,
				    .free = Watcher::free,
				    .next = nullptr,
				    .users = 0};
	Watcher::hardware = &hardware;
	Watcher::adi_had.clear();
	ASSERT_EQ(iommu_pasid_backend_register(&backend), 0);
	EXPECT_EQ(iommu_pasid_exit(pasids), 0U);
	pasids = iommu_pasid_init(&dev, "edu", &ops, nullptr);
	slice();
	EXPECT_EQ(adi(0).pasid, SIOV_EDU_ADI_PASID_VALID | 77);
	slices.clear();
	EXPECT_EQ(Watcher::adi_had, std::vector<u32>{0});
	EXPECT_EQ(iommu_pasid_exit(pasids), 0U);
	EXPECT_EQ(iommu_pasid_backend_unregister(&backend), 0);
	pasids = iommu_pasid_init(&dev, "edu", &ops, nullptr);
}

// As the module does when it is loaded
constexpr kx_export_kind kSliceMemory{.released = siov_export_released, .range = siov_export_range, .mmap = nullptr};

// The page's dma-buf: where the owner can map it, and while it is there
struct EduExport : Edu {
	EduExport()
	{
		EXPECT_EQ(kx_export_start(&kSliceMemory), 0);
		vdev.pfn = fake::new_device_memory(1);
		EXPECT_TRUE(first.open());
	}
	~EduExport() override
	{
		if (open)
			first.close();
		for (int buf : bufs)
			fake::close_dmabuf(buf);
		fd.close();
		kx_export_stop();
	}
	int get()
	{
		auto made = first.export_memory(PD_REGION_BAR0, 0, kPage, 0);
		if (made)
			bufs.push_back(*made);
		return made ? *made : made.error().to_errno();
	}
	int map(int buf, u64 iova) { return fd.map_file_at(ioas, buf, 0, kPage, iova); }
	// How many domains have the page
	long mapped() const { return fake::device_mappings(vdev.pfn, 1); }

	static constexpr u8 kMemory = 2;
	Slice &first = slice();
	bool open = true;
	std::vector<int> bufs;
	Fd fd;
	u32 ioas = fd.ioas();
	Bound user{fd, machine.new_device()};
};

TEST_F(EduExport, WrongUse)
{
	EXPECT_EQ(error_of(first.export_memory(PD_REGION_BAR2, 0, kPage, 0)), -22);
	EXPECT_EQ(error_of(first.export_memory(PD_REGION_ROM, 0, kPage, 0)), -19);
	EXPECT_EQ(error_of(first.export_memory(PD_REGION_BAR0, kPage, kPage, 0)), -22);
	EXPECT_EQ(error_of(first.export_memory(PD_REGION_BAR0, 0, 2 * kPage, 0)), -22);
	EXPECT_EQ(error_of(first.export_memory(PD_REGION_BAR0, 0, 0, 0)), -22);
	EXPECT_EQ(error_of(first.export_memory(PD_REGION_BAR0, 0x800, 0x800, 0)), -22);
	for (auto [nth, error] : {std::pair{1, -12}, {2, -12}, {3, -24}}) {
		fake::arm(fake::Fault::kAlloc, nth);
		EXPECT_EQ(get(), error) << nth;
		EXPECT_TRUE(fake::fired());
		fake::disarm();
	}
	first.request(0);
	EXPECT_EQ(get(), -19);
}

// What one slice does to its dma-bufs is nothing to another one's.
TEST_F(EduExport, OthersKeepTheirs)
{
	vfio_siov_device other;
	ASSERT_EQ(user.attach(ioas), 0);
	ASSERT_EQ(set_command(first, kMemory), 0);
	const int mine = get(), theirs = siov_export(&other, vdev.pfn * kPage, kPage, 0, true);
	ASSERT_GT(theirs, 0);
	bufs.push_back(theirs);
	ASSERT_EQ(map(mine, 0x100000), 0);
	ASSERT_EQ(map(theirs, 0x200000), 0);
	siov_allow_exports(&other, false);
	EXPECT_EQ(mapped(), 1);
	EXPECT_EQ(map(theirs, 0x300000), -19);
	EXPECT_EQ(map(mine, 0x300000), 0);
	siov_allow_exports(&other, true);
	ASSERT_EQ(map(theirs, 0x400000), 0);
	EXPECT_EQ(mapped(), 3);
	siov_end_exports(&other);
	EXPECT_EQ(mapped(), 2);
	siov_allow_exports(&other, true);
	EXPECT_EQ(map(theirs, 0x500000), -19);
	EXPECT_EQ(map(mine, 0x500000), 0);
}

TEST_F(EduExport, ThereWhileMemoryIsEnabled)
{
	ASSERT_EQ(user.attach(ioas), 0);
	const int buf = get();
	ASSERT_GT(buf, 0);
	EXPECT_EQ(map(buf, 0x100000), -19);
	ASSERT_EQ(set_command(first, kMemory), 0);
	ASSERT_EQ(map(buf, 0x100000), 0);
	EXPECT_EQ(mapped(), 1);
	ASSERT_EQ(set_command(first, 0), 0);
	EXPECT_EQ(mapped(), 0);
	ASSERT_EQ(set_command(first, kMemory), 0);
	EXPECT_EQ(mapped(), 0);
	ASSERT_EQ(map(buf, 0x200000), 0);
	EXPECT_EQ(mapped(), 1);
	long meanwhile = -1;
	vdev.on_flush = [&] { meanwhile = mapped(); };
	ASSERT_TRUE(first.reset());
	vdev.on_flush = nullptr;
	EXPECT_EQ(meanwhile, 0) << "before the page is what it will be";
	EXPECT_EQ(mapped(), 0);
	ASSERT_EQ(map(buf, 0x280000), 0) << "given back";
	ASSERT_TRUE(first.reset());
	ASSERT_EQ(set_command(first, 0), 0);
	ASSERT_TRUE(first.reset());
	EXPECT_EQ(map(buf, 0x290000), -19) << "disabled before and after";
	ASSERT_EQ(set_command(first, kMemory), 0);
	ASSERT_EQ(map(get(), 0x300000), 0);
	EXPECT_EQ(mapped(), 1);
	first.close();
	open = false;
	EXPECT_EQ(mapped(), 0);
	EXPECT_EQ(map(buf, 0x400000), -19);
	// the next owner's
	ASSERT_TRUE(first.open());
	open = true;
	ASSERT_EQ(set_command(first, kMemory), 0);
	EXPECT_EQ(map(buf, 0x400000), -19);
	ASSERT_EQ(map(get(), 0x400000), 0);
	EXPECT_EQ(mapped(), 1);
	first.request(0);
	EXPECT_EQ(mapped(), 0) << "taken back";
	EXPECT_EQ(map(buf, 0x500000), -19);
}

} // namespace
} // namespace test
