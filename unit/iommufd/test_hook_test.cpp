// SPDX-License-Identifier: GPL-2.0-only
// The hook for a test module, and the objects and looks inside that it offers.
#include <atomic>
#include <semaphore>
#include <thread>

#include "fake/module.hpp"
#include "iommufd/test_hook.hpp"
#include "support/failures.hpp"

namespace test {

namespace {

constexpr unsigned kTestCmd = _IO(IOMMUFD_TYPE, IOMMUFD_CMD_BASE + 32);

module mock;
bool failing;
iommufd_ctx *called_on;
unsigned called_size;
int destroyed;

long serve(iommufd_ctx *ictx, unsigned long, unsigned size)
{
	called_on = ictx;
	called_size = size;
	return 1234;
}
bool nothing_is_mock(device *) { return false; }
bool everything_is_mock(device *) { return true; }
bool fails_now() { return failing; }
void on_destroy(void *data) { destroyed += *static_cast<int *>(data); }

struct Hook : iommufd_test_hook {
	explicit Hook(bool (*is_mock_device)(device *) = nothing_is_mock)
		: iommufd_test_hook{&mock, serve, is_mock_device, fails_now, false}
	{
		failing = false;
		destroyed = 0;
		EXPECT_EQ(iommufd_test_register(this), 0);
	}
	~Hook() { iommufd_test_unregister(this); }
};

class TestHook : public World {
protected:
	Fd fd;
	int data = 1;
	~TestHook() override { EXPECT_EQ(mock.refs, 0) << "the test module could not be unloaded"; }
};

} // namespace

TEST_F(TestHook, Ioctl)
{
	u32 size = 40;
	EXPECT_EQ(fd.raw(kTestCmd, &size, 4), -25) << "nobody serves it";
	{
		Hook hook;
		EXPECT_EQ(fd.raw(kTestCmd, &size, 4), 1234);
		EXPECT_EQ(called_on, fd.ctx());
		EXPECT_EQ(called_size, 40u);
		EXPECT_EQ(fd.raw(kTestCmd, &size, 0), -14);
	}
	EXPECT_EQ(fd.raw(kTestCmd, &size, 4), -25);
}

TEST_F(TestHook, AnswersAs6_12)
{
	iommu_hwpt_invalidate cmd{};
	cmd.hwpt_id = fd.ioas();
	EXPECT_EQ(fd.call(IOMMU_HWPT_INVALIDATE, cmd), -22);
	Hook hook;
	EXPECT_EQ(fd.call(IOMMU_HWPT_INVALIDATE, cmd), -22);
	hook.as_6_12 = true;
	EXPECT_EQ(fd.call(IOMMU_HWPT_INVALIDATE, cmd), -2);
}

TEST_F(TestHook, OnlyOne)
{
	Hook hook;
	iommufd_test_hook other{&mock, serve, nothing_is_mock, nullptr, false};
	EXPECT_EQ(iommufd_test_register(&other), -16);
	fake::ExpectWarnings warnings;
	iommufd_test_unregister(&other);
	EXPECT_EQ(warnings.count(), 1u);
	u32 size = 4;
	EXPECT_EQ(fd.raw(kTestCmd, &size, 4), 1234) << "the first one is still there";
}

namespace {

std::binary_semaphore entered{0}, may_leave{0};
std::atomic<bool> left_hook;

bool stays_inside()
{
	entered.release();
	may_leave.acquire();
	left_hook = true;
	return true;
}

} // namespace

// The test module may go as soon as unregistering returns, so no other thread can be in it.
TEST_F(TestHook, UnregisteringWaitsForCalls)
{
	iommufd_test_hook slow{&mock, serve, nothing_is_mock, stays_inside, false};
	ASSERT_EQ(iommufd_test_register(&slow), 0);
	std::thread other([] { EXPECT_TRUE(iommufd::injected_failure()); });
	entered.acquire();
	const unsigned before = fake::waits();
	fake::while_waiting([] {
		EXPECT_FALSE(left_hook);
		EXPECT_FALSE(iommufd::injected_failure()) << "who comes now finds no hook";
		may_leave.release();
	});
	iommufd_test_unregister(&slow);
	EXPECT_TRUE(left_hook);
	EXPECT_GT(fake::waits(), before);
	if (fake::waits() == before)
		may_leave.release();
	other.join();
}

TEST_F(TestHook, MockDevices)
{
	device &d = machine.new_device();
	d.group->isolated = false;
	{
		Bound b(fd, d);
		EXPECT_EQ(b.error(), -1);
	}
	Hook hook(everything_is_mock);
	Bound b(fd, d);
	ASSERT_EQ(b.error(), 0) << "its MSIs need no isolation";
	EXPECT_EQ(fd.get()->refs, 1) << "it does not keep the fd open";
}

TEST_F(TestHook, InjectedFailures)
{
	Hook hook;
	const u32 ioas = fd.ioas();
	failing = true;
	EXPECT_EQ(fd.unmap_all(ioas), -2);
	failing = false;
	EXPECT_EQ(fd.unmap_all(ioas), 0);
}

TEST_F(TestHook, Objects)
{
	Hook hook;
	iommufd_test_object *object = nullptr, *found = nullptr;
	void *got = nullptr;
	unsigned id = 0;
	ASSERT_EQ(iommufd_test_object_alloc(fd.ctx(), &data, on_destroy, &id, &object), 0);
	EXPECT_EQ(mock.refs, 1);
	EXPECT_EQ(iommufd_test_object_get(fd.ctx(), id, &got, &found), -2) << "nobody can see it yet";
	iommufd_test_object_publish(fd.ctx(), object);
	ASSERT_EQ(iommufd_test_object_get(fd.ctx(), id, &got, &found), 0);
	EXPECT_EQ(got, &data);
	EXPECT_EQ(fd.destroy(id), -16);
	iommufd_test_object_put(fd.ctx(), found);
	EXPECT_EQ(destroyed, 0);
	EXPECT_EQ(fd.destroy(id), 0);
	EXPECT_EQ(destroyed, 1);
	EXPECT_EQ(mock.refs, 0);
	// Given up: nothing to destroy.
	ASSERT_EQ(iommufd_test_object_alloc(fd.ctx(), &data, on_destroy, &id, &object), 0);
	iommufd_test_object_abort(fd.ctx(), object);
	EXPECT_EQ(destroyed, 1);
	// The fd closes.
	ASSERT_EQ(iommufd_test_object_alloc(fd.ctx(), &data, on_destroy, &id, &object), 0);
	iommufd_test_object_publish(fd.ctx(), object);
	EXPECT_EQ(iommufd_test_object_get(fd.ctx(), fd.ioas(), &got, &found), -2) << "of another kind";
	fd.close();
	EXPECT_EQ(destroyed, 2);
}

TEST_F(TestHook, LooksInside)
{
	const u32 ioas = fd.ioas();
	device &d = machine.new_device();
	Bound b(fd, d);
	u32 hwpt = 0;
	ASSERT_EQ(fd.hwpt(b.id(), ioas, hwpt), 0);
	iommu_domain *domain = nullptr;
	device *dev = nullptr;
	void *kept = nullptr;
	EXPECT_EQ(iommufd_test_hwpt_domain(fd.ctx(), 77, false, &domain, &kept), -2);
	EXPECT_EQ(iommufd_test_hwpt_domain(fd.ctx(), ioas, false, &domain, &kept), -2);
	EXPECT_EQ(iommufd_test_hwpt_domain(fd.ctx(), hwpt, true, &domain, &kept), -2);
	ASSERT_EQ(iommufd_test_hwpt_domain(fd.ctx(), hwpt, false, &domain, &kept), 0);
	EXPECT_EQ(domain, fake::domains().back());
	EXPECT_EQ(fd.destroy(hwpt), -16);
	iommufd_test_put(fd.ctx(), kept);
	EXPECT_EQ(fd.destroy(hwpt), 0);
	EXPECT_EQ(iommufd_test_device(fd.ctx(), ioas, &dev, &kept), -2);
	ASSERT_EQ(iommufd_test_device(fd.ctx(), b.id(), &dev, &kept), 0);
	EXPECT_EQ(dev, &d);
	iommufd_test_put(fd.ctx(), kept);
}

TEST_F(TestHook, ReservedRanges)
{
	const u32 ioas = fd.ioas();
	const u64 va = memory(2);
	EXPECT_EQ(iommufd_test_add_reserved(fd.ctx(), 77, 0x1000, 0x1000), -2);
	EXPECT_EQ(iommufd_test_add_reserved(fd.ctx(), ioas, 0x1000, 0), -22);
	EXPECT_EQ(iommufd_test_add_reserved(fd.ctx(), ioas, -4096, 8192), -75);
	EXPECT_EQ(iommufd_test_add_reserved(fd.ctx(), ioas, 0x1000, 0x1000), 0);
	EXPECT_EQ(fd.map_at(ioas, va, kPage, 0x1000), -22);
	ASSERT_EQ(fd.map_at(ioas, va, kPage, 0x4000), 0);
	EXPECT_EQ(iommufd_test_add_reserved(fd.ctx(), ioas, 0x4000, 0x1000), -98);
}

TEST_F(TestHook, SyzAddresses)
{
	const u32 ioas = fd.ioas();
	iommufd_access_ops ops{};
	unsigned id = 0;
	iommufd_access *access = iommufd_access_create(fd.ctx(), &ops, nullptr, &id);
	EXPECT_EQ(iommufd_test_syz_iova(access, 0), 0u) << "no IOAS";
	ASSERT_EQ(iommufd_access_attach(access, ioas), 0);
	EXPECT_EQ(iommufd_test_syz_iova(access, 0), 0u) << "no area";
	ASSERT_EQ(fd.map_at(ioas, memory(1), kPage, 0x4000), 0);
	ASSERT_EQ(fd.map_at(ioas, memory(1), kPage, 0x8000), 0);
	EXPECT_EQ(iommufd_test_syz_iova(access, 0), 0x4000u);
	EXPECT_EQ(iommufd_test_syz_iova(access, (5ul << 32) | 1), 0x8005u);
	EXPECT_EQ(iommufd_test_syz_iova(access, 2), 0u);
	iommufd_access_destroy(access);
}

// Whatever the limit is, mapping works.
TEST_F(TestHook, MemoryLimit)
{
	const u32 ioas = fd.ioas();
	Bound b(fd, machine.new_device());
	ASSERT_EQ(b.attach(ioas), 0);
	for (unsigned bytes : {0u, 8u, 16u, 64u, 1024u}) {
		iommufd_test_set_memory_limit(bytes);
		ASSERT_EQ(fd.map_at(ioas, memory(100, {.run = 1}), 100 * kPage, 0x100000), 0) << bytes;
		check_consistency(fd.context());
		ASSERT_EQ(fd.unmap_all(ioas), 0);
	}
}

namespace {

struct TestObject : Scenario {
	int data = 1;
	Hook hook;
	iommufd_test_object *object = nullptr;
	int run() override
	{
		unsigned id;
		int rc = iommufd_test_object_alloc(fd.ctx(), &data, on_destroy, &id, &object);
		if (!rc)
			iommufd_test_object_publish(fd.ctx(), object);
		EXPECT_EQ(destroyed, 0) << "data is the caller's when there is no object";
		return rc;
	}
	~TestObject() override { fd.close(); }
};

} // namespace

TEST(FailTestHook, Object) { fail_each<TestObject>(fake::Fault::kAlloc, {.at_least = 2}); }

} // namespace test
