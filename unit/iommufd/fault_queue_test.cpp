// SPDX-License-Identifier: GPL-2.0-only
// Fault queues and nested HWPTs: page requests on their way to user space and back, whatever happens meanwhile.
#include "support/failures.hpp"

namespace test {

namespace {

using Response = iommu_hwpt_page_response;
constexpr u64 kRecord = sizeof(iommu_hwpt_pgfault);

// A parent HWPT, a fault queue, and nested HWPTs on demand.
struct Nest {
	const Fd &fd;
	Machine &machine;
	u32 ioas = 0, parent = 0, queue_id = 0;
	int queue_fd = -1;
	device *raw = nullptr;
	std::unique_ptr<Bound> dev{};

	void setup()
	{
		raw = &machine.new_device();
		ioas = fd.ioas();
		dev = std::make_unique<Bound>(fd, *raw);
		ASSERT_EQ(fd.hwpt(dev->id(), ioas, parent, IOMMU_HWPT_ALLOC_NEST_PARENT), 0);
		ASSERT_EQ(make_queue(), 0);
	}
	int make_queue()
	{
		iommu_fault_alloc cmd{};
		int rc = fd.call(IOMMU_FAULT_QUEUE_ALLOC, cmd);
		if (!rc)
			queue_id = cmd.out_fault_id, queue_fd = static_cast<int>(cmd.out_fault_fd);
		return rc;
	}
	int nested(u32 &out, bool faults = true, u32 flags = 0, u32 type = 7)
	{
		u64 data = 0;
		fake::Reachable r(&data, sizeof(data));
		const iommu_hwpt_alloc cmd{.flags = flags | (faults ? IOMMU_HWPT_FAULT_ID_VALID : 0),
					   .dev_id = dev->id(),
					   .pt_id = parent,
					   .data_type = type,
					   .data_len = type ? u32(sizeof(data)) : 0,
					   .data_uptr = reinterpret_cast<u64>(&data),
					   .fault_id = queue_id};
		return fd.call_for(IOMMU_HWPT_ALLOC, cmd, &iommu_hwpt_alloc::out_hwpt_id, out);
	}
	int paging(u32 &out, u32 flags = 0)
	{
		const iommu_hwpt_alloc cmd{.flags = flags | IOMMU_HWPT_FAULT_ID_VALID,
					   .dev_id = dev->id(),
					   .pt_id = ioas,
					   .fault_id = queue_id};
		return fd.call_for(IOMMU_HWPT_ALLOC, cmd, &iommu_hwpt_alloc::out_hwpt_id, out);
	}
	void *queue() const { return fake::file_at(queue_fd)->queue; }
	// read() with room for so many records.
	long read(std::vector<iommu_hwpt_pgfault> &out, u32 room) const
	{
		out.assign(room + 1, {});
		fake::Reachable r(out.data(), room * kRecord);
		long rc = iommufd_cxx_queue_read(queue(), reinterpret_cast<u64>(out.data()), room * kRecord);
		EXPECT_EQ(fake::locks_held(), 0u);
		out.resize(rc > 0 ? rc / kRecord : 0);
		return rc;
	}
	long write(std::vector<Response> responses) const
	{
		fake::Reachable r(responses.data(), responses.size() * sizeof(Response), fake::Reachable::kReadOnly);
		return iommufd_cxx_queue_write(queue(), reinterpret_cast<u64>(responses.data()),
					       responses.size() * sizeof(Response));
	}
	bool readable() const { return iommufd_cxx_queue_poll(queue(), fake::file_at(queue_fd), nullptr); }
};

class FaultQueueTest : public World {
protected:
	Fd fd;
	Nest n{fd, machine};
	u32 hwpt = 0;
	std::vector<iommu_hwpt_pgfault> out;

	void SetUp() override
	{
		n.setup();
		ASSERT_EQ(n.nested(hwpt), 0) << fake::last_rejection();
		ASSERT_EQ(n.dev->attach(hwpt), 0);
	}
	void raise(unsigned group, unsigned count) { fake::raise_faults(*n.raw, group, count); }
	// One group is with the user, one waits.
	void raise_in_both_places()
	{
		raise(1, 2);
		ASSERT_EQ(n.read(out, 2), long(2 * kRecord));
		raise(2, 3);
	}
	void expect_dropped()
	{
		auto answers = fake::take_responses();
		ASSERT_EQ(answers.size(), 2u);
		EXPECT_FALSE(answers[0].success || answers[1].success);
		EXPECT_EQ(answers[0].group_id + answers[1].group_id, 3u);
	}
};

using NestedTest = FaultQueueTest;

} // namespace

TEST_F(FaultQueueTest, ReadAndRespond)
{
	EXPECT_FALSE(n.readable());
	EXPECT_EQ(n.read(out, 4), 0);
	raise(5, 2);
	EXPECT_TRUE(n.readable());
	ASSERT_EQ(n.read(out, 4), long(2 * kRecord));
	EXPECT_FALSE(n.readable());
	EXPECT_EQ(out[0].dev_id, n.dev->id());
	EXPECT_EQ(out[0].grpid, 5u);
	EXPECT_EQ(out[0].addr, 0x1000u);
	EXPECT_EQ(out[1].addr, 0x2000u);
	EXPECT_EQ(out[0].flags, 0u);
	EXPECT_EQ(out[1].flags, u32(IOMMU_PGFAULT_FLAGS_LAST_PAGE));
	EXPECT_EQ(out[0].cookie, out[1].cookie);
	EXPECT_EQ(fake::unanswered(), 1u);
	EXPECT_EQ(n.write({{out[0].cookie, IOMMUFD_PAGE_RESP_SUCCESS}}), 8);
	auto answers = fake::take_responses();
	ASSERT_EQ(answers.size(), 1u);
	EXPECT_TRUE(answers[0].success);
	EXPECT_EQ(n.write({{out[0].cookie, IOMMUFD_PAGE_RESP_SUCCESS}}), -22) << "answered twice";
}

TEST_F(FaultQueueTest, WholeGroupsOnly)
{
	raise(1, 3);
	raise(2, 2);
	raise(3, 1);
	EXPECT_EQ(n.read(out, 2), -22) << "the first group is larger";
	EXPECT_EQ(n.read(out, 0), -22);
	ASSERT_EQ(n.read(out, 4), long(3 * kRecord));
	EXPECT_EQ(out[2].grpid, 1u);
	ASSERT_EQ(n.read(out, 3), long(3 * kRecord));
	EXPECT_EQ(out[1].grpid, 2u);
	EXPECT_EQ(out[2].grpid, 3u);
	EXPECT_NE(out[1].cookie, out[2].cookie);
	EXPECT_EQ(fake::unanswered(), 3u);
}

TEST_F(FaultQueueTest, OddSizes)
{
	raise(1, 1);
	EXPECT_EQ(iommufd_cxx_queue_read(n.queue(), 0, kRecord - 1), -29);
	EXPECT_EQ(iommufd_cxx_queue_write(n.queue(), 0, 7), -29);
	EXPECT_EQ(iommufd_cxx_queue_write(n.queue(), 0, 8), -14);
	EXPECT_EQ(iommufd_cxx_queue_write(n.queue(), 0, 0), 0);
}

// The second of three records cannot be written: the group waits again, with another cookie or the same.
TEST_F(FaultQueueTest, FaultInTheMiddlePutsTheGroupBack)
{
	raise(1, 3);
	raise(2, 1);
	for (unsigned nth = 1; nth <= 3; nth++) {
		fake::arm(fake::Fault::kUserCopy, nth);
		EXPECT_EQ(n.read(out, 4), -14);
		fake::disarm();
		EXPECT_TRUE(n.readable());
	}
	fake::arm(fake::Fault::kAlloc, 1); // the cookie
	EXPECT_EQ(n.read(out, 4), -12);
	fake::disarm();
	// The fourth copy is the second group's.
	fake::arm(fake::Fault::kUserCopy, 4);
	EXPECT_EQ(n.read(out, 4), long(3 * kRecord));
	fake::disarm();
	EXPECT_EQ(out[0].grpid, 1u);
	ASSERT_EQ(n.read(out, 4), long(kRecord));
	EXPECT_EQ(out[0].grpid, 2u);
}

TEST_F(FaultQueueTest, BadResponses)
{
	raise(1, 1);
	EXPECT_EQ(n.write({{1, 0}}), -22) << "not read yet";
	ASSERT_EQ(n.read(out, 1), long(kRecord));
	const u32 cookie = out[0].cookie;
	EXPECT_EQ(n.write({{cookie, 2}}), -22);
	EXPECT_EQ(n.write({{cookie + 1, 0}}), -22);
	EXPECT_EQ(n.write({{0, 0}}), -22);
	EXPECT_EQ(n.write({{~0u, 0}}), -22);
	EXPECT_EQ(fake::unanswered(), 1u);
	// What comes behind a bad one is not looked at; what was before it counts.
	EXPECT_EQ(n.write({{cookie, 1}, {cookie, 0}, {cookie, 0}}), 8);
	auto answers = fake::take_responses();
	ASSERT_EQ(answers.size(), 1u);
	EXPECT_FALSE(answers[0].success);
}

TEST_F(FaultQueueTest, DetachAnswersInBothPlaces)
{
	raise_in_both_places();
	n.dev->detach();
	expect_dropped();
	EXPECT_FALSE(n.raw->iopf);
	EXPECT_EQ(n.write({{out[0].cookie, 0}}), -22) << "its HWPT is gone";
	EXPECT_FALSE(n.readable());
}

TEST_F(FaultQueueTest, ReplaceAnswersInBothPlaces)
{
	u32 other = 0, plain = 0;
	ASSERT_EQ(n.nested(other), 0);
	ASSERT_EQ(n.nested(plain, false), 0);
	raise_in_both_places();
	ASSERT_EQ(n.dev->replace(other), 0);
	expect_dropped();
	EXPECT_TRUE(n.raw->iopf);
	raise_in_both_places();
	ASSERT_EQ(n.dev->replace(plain), 0);
	expect_dropped();
	EXPECT_FALSE(n.raw->iopf);
	ASSERT_EQ(n.dev->replace(hwpt), 0);
	EXPECT_TRUE(n.raw->iopf);
	raise_in_both_places();
	ASSERT_EQ(n.dev->replace(n.ioas), 0);
	expect_dropped();
	EXPECT_FALSE(n.raw->iopf);
}

// A replace that fails changes nothing: the groups are still to be answered.
TEST_F(FaultQueueTest, FailedReplaceAnswersNothing)
{
	u32 other = 0;
	ASSERT_EQ(n.nested(other), 0);
	raise_in_both_places();
	fake::arm(fake::Fault::kAttach, 1);
	EXPECT_EQ(n.dev->replace(other), -12);
	fake::disarm();
	EXPECT_EQ(fake::unanswered(), 2u);
	EXPECT_EQ(n.write({{out[0].cookie, 0}}), 8);
}

// Only what came by way of the attachment that ends is dropped.
TEST_F(FaultQueueTest, OthersGroupsStay)
{
	device &d = machine.new_device();
	Bound second(fd, d);
	ASSERT_EQ(second.attach(hwpt), 0);
	raise_in_both_places();
	fake::raise_faults(d, 9, 1);
	n.dev->detach();
	expect_dropped();
	ASSERT_EQ(n.read(out, 1), long(kRecord));
	EXPECT_EQ(out[0].grpid, 9u);
	EXPECT_EQ(out[0].dev_id, second.id());
	EXPECT_EQ(n.write({{out[0].cookie, 0}}), 8);
}

// Whoever stays in a group speaks for it.
TEST_F(FaultQueueTest, ReporterLeaves)
{
	device &d = fake::new_device(*n.raw->group);
	Bound second(fd, d);
	ASSERT_EQ(second.attach(hwpt), 0);
	raise(1, 1);
	n.dev->detach();
	EXPECT_EQ(fake::unanswered(), 1u) << "the group is still attached";
	ASSERT_EQ(n.read(out, 1), long(kRecord));
	EXPECT_EQ(out[0].dev_id, second.id());
	EXPECT_EQ(n.write({{out[0].cookie, 0}}), 8);
}

TEST_F(FaultQueueTest, VirtualFunction)
{
	device &d = machine.new_device();
	d.virtual_function = true;
	Bound vf(fd, d);
	EXPECT_EQ(vf.attach(hwpt), -22);
	ASSERT_EQ(vf.attach(n.ioas), 0);
	EXPECT_EQ(vf.replace(hwpt), -22);
	EXPECT_FALSE(d.iopf);
}

TEST_F(FaultQueueTest, EnablingFails)
{
	device &d = machine.new_device();
	d.iopf_error = -95;
	Bound b(fd, d);
	EXPECT_EQ(b.attach(hwpt), -95);
	// One of a group of two: the other's is switched off again.
	device &good = fake::new_device(*d.group);
	Bound g(fd, good);
	ASSERT_EQ(g.attach(n.ioas), 0);
	u32 automatic = n.ioas;
	ASSERT_EQ(b.attach(automatic), 0);
	EXPECT_EQ(g.replace(hwpt), -95);
	EXPECT_FALSE(good.iopf);
}

TEST_F(FaultQueueTest, DestroyWhileInUse)
{
	EXPECT_EQ(fd.destroy(n.queue_id), -16);
	n.dev->detach();
	ASSERT_EQ(fd.destroy(hwpt), 0);
	EXPECT_EQ(fd.destroy(n.queue_id), -16) << "its file is open";
	fake::close_fd(n.queue_fd);
	EXPECT_EQ(fd.destroy(n.queue_id), 0);
}

// The file first: the HWPT still has the queue, and what arrives is answered at the latest with the detach.
TEST_F(FaultQueueTest, FileClosedFirst)
{
	raise_in_both_places();
	fake::close_fd(n.queue_fd);
	raise(7, 1);
	EXPECT_EQ(fd.destroy(n.queue_id), -16);
	n.dev->detach();
	EXPECT_EQ(fake::take_responses().size(), 3u);
	ASSERT_EQ(fd.destroy(hwpt), 0);
	EXPECT_EQ(fd.destroy(n.queue_id), 0);
}

// The iommufd first: the queue's file keeps it open.
TEST_F(FaultQueueTest, IommufdClosedFirst)
{
	n.dev.reset();
	fd.close();
	EXPECT_EQ(fake::open_files(), 2u);
	EXPECT_EQ(n.read(out, 1), 0);
	fake::close_fd(n.queue_fd);
	EXPECT_EQ(fake::open_files(), 0u);
}

TEST_F(FaultQueueTest, AllocArguments)
{
	iommu_fault_alloc cmd{};
	cmd.flags = 1;
	EXPECT_EQ(fd.call(IOMMU_FAULT_QUEUE_ALLOC, cmd), -95);
	u32 out_id = 0;
	n.queue_id = 77;
	EXPECT_EQ(n.nested(out_id), -2);
	n.queue_id = n.ioas;
	EXPECT_EQ(n.nested(out_id), -2);
	EXPECT_EQ(n.paging(out_id), -2);
}

TEST_F(FaultQueueTest, PagingHwptsTakeAQueueButNoParents)
{
	u32 hwpt = 0;
	EXPECT_EQ(n.paging(hwpt, IOMMU_HWPT_ALLOC_NEST_PARENT), -95);
	n.raw->can_alloc_user = false;
	EXPECT_EQ(n.paging(hwpt), -95);
	n.raw->can_alloc_user = true;
	ASSERT_EQ(n.paging(hwpt), 0);
	EXPECT_EQ(fake::domains().back()->flags, 0u) << "the driver does not hear of it";
	ASSERT_EQ(n.dev->replace(hwpt), 0);
	fake::raise_faults(*n.raw, 3, 1, 0x5000);
	std::vector<iommu_hwpt_pgfault> out;
	ASSERT_EQ(n.read(out, 1), kRecord);
	EXPECT_EQ(out[0].addr, 0x5000u);
	EXPECT_EQ(out[0].dev_id, n.dev->id());
	n.dev->detach();
	EXPECT_FALSE(n.raw->iopf);
	EXPECT_EQ(fake::take_responses().size(), 1u);
}

TEST_F(NestedTest, CreateErrors)
{
	u32 id = 0;
	EXPECT_EQ(n.nested(id, false, IOMMU_HWPT_ALLOC_NEST_PARENT), -95);
	EXPECT_EQ(n.nested(id, false, IOMMU_HWPT_ALLOC_DIRTY_TRACKING), -95);
	EXPECT_EQ(n.nested(id, false, 0, IOMMU_HWPT_DATA_NONE), -95);
	n.raw->driver = 1;
	EXPECT_EQ(n.nested(id), -22);
	n.raw->driver = 0;
	n.raw->can_alloc_user = false;
	EXPECT_EQ(n.nested(id), -95);
	n.raw->can_alloc_user = true;
	n.raw->nested_is_paging = true;
	{
		fake::ExpectWarnings warnings;
		EXPECT_EQ(n.nested(id), -22);
		EXPECT_EQ(warnings.count(), 1u);
	}
	n.raw->nested_is_paging = false;
	// On another nested one, on one that is no parent, on an automatic one.
	const u32 parent = std::exchange(n.parent, hwpt);
	EXPECT_EQ(n.nested(id), -22);
	ASSERT_EQ(fd.hwpt(n.dev->id(), n.ioas, n.parent), 0);
	EXPECT_EQ(n.nested(id), -22);
	u32 automatic = 0;
	Bound other(fd, machine.new_device());
	ASSERT_EQ(other.attach(n.ioas, &automatic), 0);
	n.parent = automatic;
	EXPECT_EQ(n.nested(id), -22);
	n.parent = parent;
	EXPECT_EQ(n.nested(id), 0) << fake::last_rejection();
}

TEST_F(NestedTest, ParentIsHeld)
{
	EXPECT_EQ(fd.destroy(n.parent), -16);
	n.dev->detach();
	EXPECT_EQ(fd.destroy(n.parent), -16);
	ASSERT_EQ(fd.destroy(hwpt), 0);
	EXPECT_EQ(fd.destroy(n.parent), 0);
}

TEST_F(NestedTest, DeviceRegionsAreInTheParentsIoas)
{
	const u64 va = memory(1);
	device &d = machine.new_device();
	d.resv = {{0x5000, 0x1000, KX_RESV_PLAIN}};
	Bound b(fd, d);
	ASSERT_EQ(b.attach(hwpt), 0);
	EXPECT_EQ(fd.map_at(n.ioas, va, kPage, 0x5000), -22);
	// Between nested and paging in the same IOAS the region stays.
	ASSERT_EQ(b.replace(n.parent), 0);
	EXPECT_EQ(fd.map_at(n.ioas, va, kPage, 0x5000), -22);
	ASSERT_EQ(b.replace(hwpt), 0);
	EXPECT_EQ(fd.map_at(n.ioas, va, kPage, 0x5000), -22);
	b.detach();
	EXPECT_EQ(fd.map_at(n.ioas, va, kPage, 0x5000), 0);
}

TEST_F(NestedTest, InvalidateTellsHowMany)
{
	iommu_domain *domain = n.raw->group->domain;
	auto result = [&](auto change, u32 want) {
		iommu_hwpt_invalidate cmd{};
		cmd.hwpt_id = hwpt;
		cmd.data_uptr = 0x1000;
		cmd.data_type = 7;
		cmd.entry_len = 16;
		cmd.entry_num = 5;
		change(cmd);
		int rc = fd.call(IOMMU_HWPT_INVALIDATE, cmd);
		EXPECT_EQ(cmd.entry_num, want);
		return rc;
	};
	EXPECT_EQ(result([](auto &) {}, 5), 0);
	EXPECT_EQ(domain->invalidated, 5u);
	EXPECT_EQ(result([](auto &c) { c.entry_num = 0, c.entry_len = 0, c.data_uptr = 0; }, 0), 0)
		<< "asks for the type";
	EXPECT_EQ(result([](auto &c) { c.data_type = 8; }, 0), -22);
	EXPECT_EQ(result([](auto &c) { c.entry_num = 0, c.data_type = 8; }, 0), -22);
	EXPECT_EQ(result([](auto &c) { c.__reserved = 1; }, 0), -95);
	EXPECT_EQ(result([](auto &c) { c.data_uptr = 0; }, 0), -22);
	EXPECT_EQ(result([](auto &c) { c.entry_len = 0; }, 0), -22);
	EXPECT_EQ(result([](auto &c) { c.entry_len = 4097; }, 0), -22);
	EXPECT_EQ(result([](auto &c) { c.entry_num = (1 << 19) + 1; }, 0), -22);
	EXPECT_EQ(result([](auto &c) { c.hwpt_id = 77; }, 0), -2);
	EXPECT_EQ(result([&](auto &c) { c.hwpt_id = n.parent; }, 0), -22);
	EXPECT_EQ(result([&](auto &c) { c.hwpt_id = n.ioas; }, 0), -22);
	domain->invalidate_good = 3;
	domain->invalidate_error = -5;
	EXPECT_EQ(result([](auto &) {}, 3), -5);
}

namespace {

struct QueueAlloc : Scenario {
	int run() override
	{
		iommu_fault_alloc cmd{};
		return fd.call(IOMMU_FAULT_QUEUE_ALLOC, cmd);
	}
};

struct NestScenario : Scenario {
	Nest n{fd, machine};
	u32 hwpt = 0, id = 0;
	void setup() override
	{
		n.setup();
		ASSERT_EQ(n.nested(hwpt), 0);
	}
};

struct Invalidate : NestScenario {
	int run() override
	{
		iommu_hwpt_invalidate cmd{};
		cmd.hwpt_id = hwpt;
		cmd.data_uptr = 0x1000;
		cmd.data_type = 7;
		cmd.entry_len = 16;
		cmd.entry_num = 5;
		return fd.call(IOMMU_HWPT_INVALIDATE, cmd);
	}
};

struct NestedAlloc : NestScenario {
	int run() override { return n.nested(id); }
};
struct Attach : NestScenario {
	int run() override { return n.dev->attach(hwpt); }
};
struct Replace : NestScenario {
	void setup() override
	{
		NestScenario::setup();
		ASSERT_EQ(n.dev->attach(n.parent), 0);
	}
	int run() override { return n.dev->replace(hwpt); }
};

} // namespace

using fake::Fault;

TEST(FailFaultQueue, Alloc)
{
	fail_each<QueueAlloc>(Fault::kAlloc, {.at_least = 4});
	fail_each<QueueAlloc>(Fault::kUserCopy, {.error = -14, .at_least = 2});
}

TEST(FailFaultQueue, NestedAlloc)
{
	fail_each<NestedAlloc>(Fault::kAlloc, {.at_least = 3});
	fail_each<NestedAlloc>(Fault::kUserCopy, {.error = -14, .at_least = 3});
}

TEST(FailFaultQueue, Invalidate)
{
	fail_each<Invalidate>(Fault::kAlloc, {});
	fail_each<Invalidate>(Fault::kUserCopy, {.error = -14, .at_least = 3});
	fail_each<Invalidate>(Fault::kHook, {.error = -2});
}

TEST(FailFaultQueue, Attach)
{
	fail_each<Attach>(Fault::kAlloc, {.at_least = 3});
	fail_each<Attach>(Fault::kAttach, {});
}

TEST(FailFaultQueue, Replace)
{
	fail_each<Replace>(Fault::kAlloc, {.at_least = 3});
	fail_each<Replace>(Fault::kAttach, {});
}

} // namespace test
