// SPDX-License-Identifier: GPL-2.0-only
// Page requests of PASIDs: to the queue of the HWPT that the PASID is at, whenever they come.
#include "support/slice.hpp"

namespace test {
namespace {

struct PasidFaultTest : World {
	PasidFaultTest() { EXPECT_EQ(slice.attach(with_a), 0) << fake::last_rejection(); }

	static device &with_pasids(device &dev)
	{
		dev.max_pasids = 1 << 20;
		return dev;
	}

	// The answers since the last time.
	static std::string answers()
	{
		std::string text;
		for (const fake::Response &r : fake::take_responses())
			text += std::to_string(r.group_id) + (r.success ? "y" : "n");
		return text;
	}
	void ask(u32 group, u32 pasid = 7, unsigned count = 1, bool last = true)
	{
		fake::raise_pasid_faults(dev, pasid, group, count, last);
	}
	// The groups in the queue.
	static std::string groups(const Queue &queue)
	{
		std::string text;
		for (const iommu_hwpt_pgfault &f : queue.read())
			text += std::to_string(f.grpid);
		return text;
	}

	iommu_group &group = fake::new_group();
	device &dev = with_pasids(fake::new_device(group));
	Fd fd;
	u32 ioas = fd.ioas();
	Queue a{fd}, b{fd};
	Slice slice{fd, dev, 7};
	u32 with_a = a.hwpt(slice.id(), ioas), with_b = b.hwpt(slice.id(), ioas);
};

TEST_F(PasidFaultTest, HideTheDefaultPasidAlone)
{
	u32 pt = with_a;
	ASSERT_EQ(iommufd_device_attach_pasid(slice.idev(), 9, &pt), 0);
	ask(1);
	ask(2, 9);
	auto read = a.read();
	ASSERT_EQ(read.size(), 2u);
	EXPECT_EQ(read[0].pasid, 0u);
	EXPECT_EQ(read[0].flags, u32{IOMMU_PGFAULT_FLAGS_LAST_PAGE});
	EXPECT_EQ(read[1].pasid, 9u);
	EXPECT_EQ(read[1].flags, u32{IOMMU_PGFAULT_FLAGS_LAST_PAGE | IOMMU_PGFAULT_FLAGS_PASID_VALID});
	EXPECT_EQ(read[0].dev_id, slice.id());
	EXPECT_EQ(read[1].dev_id, slice.id());
}

TEST_F(PasidFaultTest, ReplaceInOneStepRefusesWhatTheOldQueueHas)
{
	OneStep driver;
	driver.during = [&] {
		ask(3);
		return 0;
	};
	ask(1);
	EXPECT_EQ(groups(a), "1");
	ask(2);
	ASSERT_EQ(slice.replace(with_b), 0);
	EXPECT_EQ(answers(), "2n3n1n") << "waiting ones, then the one that was read";
	ask(4);
	EXPECT_EQ(groups(a), "");
	EXPECT_EQ(groups(b), "4");
}

// What comes while the new domain is tried stays with the old queue.
TEST_F(PasidFaultTest, ReplaceInOneStepThatFails)
{
	OneStep driver;
	driver.during = [&] {
		ask(3);
		return -5;
	};
	ask(1);
	EXPECT_EQ(slice.replace(with_b), -5);
	EXPECT_EQ(answers(), "");
	EXPECT_EQ(groups(b), "");
	EXPECT_EQ(groups(a), "13");
	slice.unbind();
	EXPECT_EQ(answers(), "1n3n");
}

TEST_F(PasidFaultTest, ReplaceInTwoSteps)
{
	ask(1);
	ASSERT_EQ(slice.replace(with_b), 0);
	EXPECT_EQ(answers(), "1n");
	ask(2);
	EXPECT_EQ(groups(b), "2");
	// Back and forth, refused and taken back: the requests of the queue that stays stay.
	iommu_domain *now = group.pasids[7].domain;
	dev.suits = [&](const iommu_domain &d) { return &d == now ? 0 : -5; };
	ask(3);
	EXPECT_EQ(slice.replace(with_a), -5);
	EXPECT_EQ(answers(), "");
	ask(4);
	EXPECT_EQ(groups(b), "34");
	EXPECT_EQ(groups(a), "");
}

TEST_F(PasidFaultTest, AHwptWithoutAQueueRefuses)
{
	u32 plain = 0;
	Slice other(fd, dev, 8);
	ASSERT_EQ(fd.hwpt(slice.id(), ioas, plain), 0);
	for (bool one_step : {false, true}) {
		std::optional<OneStep> driver;
		if (one_step)
			driver.emplace();
		ASSERT_EQ(slice.replace(plain), 0);
		EXPECT_TRUE(dev.iopf) << "the kernel still finds the inlet";
		ask(1);
		EXPECT_EQ(answers(), "1n");
		EXPECT_EQ(group.pasids[7].domain->fault_queue, nullptr);
		ASSERT_EQ(slice.replace(with_b), 0);
		ask(2);
		EXPECT_EQ(groups(b), "2");
		slice.detach();
		EXPECT_FALSE(dev.iopf);
		EXPECT_EQ(answers(), "2n");
		ASSERT_EQ(slice.attach(with_a), 0);
	}
}

TEST_F(PasidFaultTest, FirstFaultQueueInOneStep)
{
	OneStep driver;
	Slice other(fd, dev, 8);
	ASSERT_EQ(other.attach(ioas), 0);
	dev.suits = [&](const iommu_domain &d) { return d.fault_queue ? -5 : 0; };
	EXPECT_EQ(other.replace(with_b), -5);
	dev.suits = nullptr;
	ASSERT_EQ(other.replace(with_b), 0);
	ask(1, 8);
	EXPECT_EQ(groups(b), "1");
}

TEST_F(PasidFaultTest, EnabledOncePerParent)
{
	Fd second;
	const u32 ioas2 = second.ioas();
	Slice far(second, dev, 8);
	Queue queue(second);
	ASSERT_EQ(far.attach(queue.hwpt(far.id(), ioas2)), 0);
	slice.unbind();
	EXPECT_TRUE(dev.iopf);
	ask(1, 8);
	EXPECT_EQ(groups(queue), "1");
	far.unbind();
	EXPECT_FALSE(dev.iopf);
}

TEST_F(PasidFaultTest, FirstPartsAreForgottenWithThePasid)
{
	Slice keeps_them_on(fd, dev, 8);
	ASSERT_EQ(keeps_them_on.attach(with_b), 0);
	ask(5, 7, 2, false);
	ask(5, 8, 1, false);
	EXPECT_EQ(fake::partial_faults(), 3u);
	slice.unbind();
	EXPECT_EQ(fake::partial_faults(), 1u);
	Slice heir(fd, dev, 7);
	ASSERT_EQ(heir.attach(with_b), 0);
	ask(5);
	EXPECT_EQ(groups(b), "5") << "without the other slice's";
}

// A response that fails would switch them off for all functions.
TEST_F(PasidFaultTest, NotOfAVirtualFunction)
{
	device &vf = with_pasids(machine.new_device());
	vf.virtual_function = true;
	Slice other(fd, vf, 8);
	const u32 hwpt = a.hwpt(other.id(), ioas);
	EXPECT_EQ(other.attach(hwpt), -22);
	EXPECT_FALSE(vf.iopf);
	ASSERT_EQ(other.attach(ioas), 0);
	EXPECT_EQ(other.replace(hwpt), -22);
	EXPECT_FALSE(vf.iopf);
}

// Who answers is the same.
TEST_F(PasidFaultTest, RequestsStayWithTheirQueue)
{
	const u32 elsewhere = a.hwpt(slice.id(), fd.ioas());
	for (bool one_step : {false, true}) {
		std::optional<OneStep> driver;
		if (one_step)
			driver.emplace();
		ask(1);
		ASSERT_EQ(slice.replace(one_step ? with_a : elsewhere), 0);
		EXPECT_EQ(answers(), "");
		EXPECT_EQ(groups(a), "1");
	}
	slice.unbind();
	EXPECT_EQ(answers(), "1n1n");
}

TEST_F(PasidFaultTest, EnabledByAReplace)
{
	device &second = with_pasids(machine.new_device());
	for (bool one_step : {false, true}) {
		std::optional<OneStep> driver;
		if (one_step)
			driver.emplace();
		Slice other(fd, second, 8);
		const u32 hwpt = b.hwpt(other.id(), ioas);
		ASSERT_EQ(other.attach(ioas), 0);
		EXPECT_FALSE(second.iopf);
		ASSERT_EQ(other.replace(hwpt), 0);
		EXPECT_TRUE(second.iopf);
		const PasidEntry &entry = second.group->pasids[8];
		EXPECT_NE(entry.named, entry.domain) << "the inlet";
		other.unbind();
		EXPECT_FALSE(second.iopf);
	}
}

} // namespace
} // namespace test
