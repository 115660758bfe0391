// SPDX-License-Identifier: GPL-2.0-only
// Memory that is locked in place for hardware that uses it by its physical address: what may not be unmapped meanwhile,
// and what may.
#include "iommufd/vfio_uapi.hpp"
#include "support/failures.hpp"
#include "support/peek.hpp"

namespace test {

namespace {

namespace vfio = iommufd::vfio;

constexpr u64 kAt = 0x100000;

base::IovaRange range_at(u64 start, u64 length) { return {base::Iova(start), base::Iova(start + length - 1)}; }

using HeldIoas = iommufd::Result<iommufd::Lease<iommufd::Ioas>>;
HeldIoas ioas_of(const Fd &fd, u32 id) { return fd.context().objects().get<iommufd::Ioas>(iommufd::ObjectId(id)); }

int lock(const Fd &fd, u32 ioas, u64 start, u64 length, u64 *pa = nullptr)
{
	HeldIoas held = ioas_of(fd, ioas);
	if (!held)
		return held.error().to_errno();
	auto at = (*held)->table().lock_memory(range_at(start, length));
	if (!at)
		return at.error().to_errno();
	if (pa)
		*pa = at->raw();
	return 0;
}

void unlock(const Fd &fd, u32 ioas, u64 start, u64 length)
{
	HeldIoas held = ioas_of(fd, ioas);
	(*held)->table().unlock_memory(range_at(start, length));
}

u64 pa_of(fake::Process &process, u64 va)
{
	return fake::pfn_of_page(fake::page_at(process.mm, va)) * kPage + va % kPage;
}

// With and without a domain, from which the addresses can be read.
class LockMemory : public ::testing::WithParamInterface<bool>, public World {
protected:
	Fd fd;
	u32 ioas = fd.ioas();
	std::unique_ptr<Bound> dev;

	void SetUp() override
	{
		if (!GetParam())
			return;
		dev = std::make_unique<Bound>(fd, machine.new_device());
		ASSERT_EQ(dev->attach(ioas), 0);
	}
	int lock(u64 start, u64 length, u64 *pa = nullptr) { return test::lock(fd, ioas, start, length, pa); }
	void unlock(u64 start, u64 length) { test::unlock(fd, ioas, start, length); }
};
INSTANTIATE_TEST_SUITE_P(, LockMemory, ::testing::Bool());

TEST_P(LockMemory, StaysMappedUntilUnlocked)
{
	const u64 va = memory(8);
	u64 pa = 0;
	ASSERT_EQ(fd.map_at(ioas, va, 8 * kPage, kAt), 0);
	ASSERT_EQ(lock(kAt + kPage, 2 * kPage, &pa), 0) << fake::last_rejection();
	EXPECT_EQ(pa, pa_of(process, va + kPage));
	if (!dev) {
		EXPECT_EQ(fake::pins_total(), 2);
	}
	EXPECT_EQ(fd.unmap(ioas, kAt, 8 * kPage), -16);
	EXPECT_EQ(fd.unmap_all(ioas), -16);
	EXPECT_EQ(fd.unmap(ioas, kAt, 4 * kPage), -16);
	unlock(kAt + kPage, 2 * kPage);
	// A part is as wrong as ever.
	EXPECT_EQ(fd.unmap(ioas, kAt, 4 * kPage), -2);
	EXPECT_EQ(fd.unmap(ioas, kAt, 8 * kPage), 0);
	EXPECT_EQ(fake::pins_total(), 0);
}

TEST_P(LockMemory, UnmapAllTakesWhatComesBefore)
{
	ASSERT_EQ(fd.map_at(ioas, memory(1), kPage, kAt - kPage), 0);
	ASSERT_EQ(fd.map_at(ioas, memory(1), kPage, kAt), 0);
	ASSERT_EQ(fd.map_at(ioas, memory(1), kPage, kAt + kPage), 0);
	ASSERT_EQ(lock(kAt, kPage), 0);
	EXPECT_EQ(fd.unmap_all(ioas), -16);
	EXPECT_EQ(fd.unmap(ioas, kAt - kPage, kPage), -2);
	EXPECT_EQ(fd.unmap(ioas, kAt + kPage, kPage), 0);
	unlock(kAt, kPage);
}

TEST_P(LockMemory, SeveralLocksOnOneArea)
{
	ASSERT_EQ(fd.map_at(ioas, memory(4), 4 * kPage, kAt), 0);
	ASSERT_EQ(lock(kAt, 2 * kPage), 0);
	ASSERT_EQ(lock(kAt, 2 * kPage), 0);
	ASSERT_EQ(lock(kAt + kPage, 3 * kPage), 0);
	unlock(kAt, 2 * kPage);
	EXPECT_EQ(fd.unmap_all(ioas), -16);
	unlock(kAt + kPage, 3 * kPage);
	EXPECT_EQ(fd.unmap_all(ioas), -16);
	unlock(kAt, 2 * kPage);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
}

TEST_P(LockMemory, ACopyIsFreeToGo)
{
	u64 iova = 0x800000;
	const u64 va = memory(2);
	ASSERT_EQ(fd.map_at(ioas, va, 2 * kPage, kAt), 0);
	const u32 other = fd.ioas();
	ASSERT_EQ(fd.copy(other, ioas, kAt, 2 * kPage, iova), 0);
	ASSERT_EQ(lock(kAt, 2 * kPage), 0);
	EXPECT_EQ(fd.unmap_all(other), 0);
	EXPECT_EQ(fake::page_at(process.mm, va)->pins, 1);
	unlock(kAt, 2 * kPage);
}

TEST_P(LockMemory, ALockedCopyKeepsTheMemory)
{
	u64 iova = 0x800000;
	const u64 va = memory(2);
	ASSERT_EQ(fd.map_at(ioas, va, 2 * kPage, kAt), 0);
	const u32 other = fd.ioas();
	ASSERT_EQ(fd.copy(other, ioas, kAt, 2 * kPage, iova), 0);
	ASSERT_EQ(test::lock(fd, other, iova, 2 * kPage), 0);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(fake::page_at(process.mm, va)->pins, 1);
	EXPECT_EQ(fd.unmap_all(other), -16);
	test::unlock(fd, other, iova, 2 * kPage);
	EXPECT_EQ(fd.unmap_all(other), 0);
}

TEST_P(LockMemory, MustBeOnePiece)
{
	ASSERT_EQ(fd.map_at(ioas, memory(6, {.run = 2}), 6 * kPage, kAt), 0);
	const std::string before = describe_all({&fd.context()});
	EXPECT_EQ(lock(kAt, 3 * kPage), -14);
	EXPECT_EQ(lock(kAt + kPage, 2 * kPage), -14);
	EXPECT_EQ(describe_all({&fd.context()}), before);
	ASSERT_EQ(lock(kAt + 2 * kPage, 2 * kPage), 0);
	unlock(kAt + 2 * kPage, 2 * kPage);
	EXPECT_EQ(describe_all({&fd.context()}), before);
}

TEST_P(LockMemory, LongMemoryIsPinnedInSteps)
{
	const u64 whole = memory(1100), broken = memory(1100, {.run = 700});
	u64 pa = 0;
	ASSERT_EQ(fd.map_at(ioas, whole, 1100 * kPage, kAt), 0);
	ASSERT_EQ(fd.map_at(ioas, broken, 1100 * kPage, 0x10000000), 0);
	const std::string before = describe_all({&fd.context()});
	ASSERT_EQ(lock(kAt, 1100 * kPage, &pa), 0);
	EXPECT_EQ(pa, pa_of(process, whole));
	EXPECT_EQ(fd.unmap(ioas, kAt, 1100 * kPage), -16);
	unlock(kAt, 1100 * kPage);
	EXPECT_EQ(describe_all({&fd.context()}), before);
	EXPECT_EQ(lock(0x10000000, 1100 * kPage), -14);
	EXPECT_EQ(describe_all({&fd.context()}), before);
	ASSERT_EQ(lock(0x10000000, 700 * kPage), 0);
	unlock(0x10000000, 700 * kPage);
	EXPECT_EQ(describe_all({&fd.context()}), before);
}

TEST_P(LockMemory, AcrossAreas)
{
	const u64 va = memory(4), elsewhere = memory(1);
	u64 pa = 0;
	ASSERT_EQ(fd.map_at(ioas, va, kPage, kAt), 0);
	ASSERT_EQ(fd.map_at(ioas, va + kPage, 2 * kPage, kAt + kPage), 0);
	ASSERT_EQ(fd.map_at(ioas, elsewhere, kPage, kAt + 3 * kPage), 0);
	const std::string before = describe_all({&fd.context()});
	EXPECT_EQ(lock(kAt, 4 * kPage), -14);
	EXPECT_EQ(describe_all({&fd.context()}), before);
	ASSERT_EQ(lock(kAt, 3 * kPage, &pa), 0);
	EXPECT_EQ(pa, pa_of(process, va));
	EXPECT_EQ(fd.unmap(ioas, kAt, kPage), -16);
	EXPECT_EQ(fd.unmap(ioas, kAt + kPage, 2 * kPage), -16);
	EXPECT_EQ(fd.unmap(ioas, kAt + 3 * kPage, kPage), 0);
	unlock(kAt, 3 * kPage);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
}

TEST_P(LockMemory, Refused)
{
	const u64 va = memory(4);
	ASSERT_EQ(fd.map_at(ioas, va, 2 * kPage, kAt), 0);
	ASSERT_EQ(fd.map_at(ioas, va, kPage, kAt + 3 * kPage, kRead), 0);
	const std::string before = describe_all({&fd.context()});
	EXPECT_EQ(lock(0x5000, kPage), -2);
	EXPECT_EQ(lock(kAt, 3 * kPage), -2);
	// Nothing is pinned for a range that nobody could map.
	fake::arm(fake::Fault::kGup, 1);
	EXPECT_EQ(lock(kAt, 1ull << 50), -2);
	EXPECT_FALSE(fake::fired());
	fake::disarm();
	EXPECT_EQ(lock(kAt + 3 * kPage, kPage), -1);
	EXPECT_EQ(describe_all({&fd.context()}), before);
}

// Bytes, not pages: the address is that of the first byte.
TEST_P(LockMemory, BytesWithinPages)
{
	const u64 va = memory(3);
	u64 pa = 0;
	ASSERT_EQ(fd.map_at(ioas, va, 3 * kPage, kAt), 0);
	ASSERT_EQ(lock(kAt + 0xff0, 0x20, &pa), 0);
	EXPECT_EQ(pa, pa_of(process, va + 0xff0));
	EXPECT_EQ(fd.unmap_all(ioas), -16);
	unlock(kAt + 0xff0, 0x20);
}

TEST(LockMemoryUnaligned, TheMemorysOffsetCounts)
{
	Machine machine;
	Fd fd;
	const u32 ioas = fd.ioas();
	const u64 va = machine.memory(3);
	u64 pa = 0;
	ASSERT_EQ(fd.map_at(ioas, va + 0x800, 2 * kPage, kAt), 0);
	ASSERT_EQ(lock(fd, ioas, kAt + 0x900, kPage, &pa), 0);
	EXPECT_EQ(pa, pa_of(machine.process, va + 0x1100));
	unlock(fd, ioas, kAt + 0x900, kPage);
}

TEST_P(LockMemory, BesideAKernelDriversPins)
{
	ASSERT_EQ(fd.map_at(ioas, memory(4), 4 * kPage, kAt), 0);
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(driver.pin(kAt, 4 * kPage), 0);
	ASSERT_EQ(lock(kAt, 4 * kPage), 0);
	// Nobody is asked to let go of what stays anyway.
	EXPECT_EQ(fd.unmap_all(ioas), -16);
	EXPECT_EQ(driver.told, 0u);
	unlock(kAt, 4 * kPage);
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(driver.told, 1u);
}

// An unmap has closed the area and waits for a driver: too late for a lock.
TEST_P(LockMemory, NotOfAnAreaThatIsBeingUnmapped)
{
	ASSERT_EQ(fd.map_at(ioas, memory(4), 4 * kPage, kAt), 0);
	Driver driver(fd);
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(driver.pin(kAt, kPage), 0);
	int error = 0;
	driver.on_unmap = [&](u64, u64) {
		// The end of the access tells once more.
		if (!error) {
			error = lock(kAt, kPage);
			driver.unpin(kAt, kPage);
		}
	};
	EXPECT_EQ(fd.unmap_all(ioas), 0);
	EXPECT_EQ(error, -2);
}

TEST(LockMemoryContainer, NeitherUnmapDmaNorACut)
{
	Machine machine;
	Fd fd{true};
	ASSERT_EQ(iommufd_vfio_compat_ioas_create(fd.ctx()), 0);
	u32 ioas = 0;
	ASSERT_EQ(iommufd_vfio_compat_ioas_get_id(fd.ctx(), &ioas), 0);
	ASSERT_EQ(iommufd_cxx_ioctl(fd.get()->private_data, vfio::kSetIommu, vfio::kType1), 0);
	vfio::MapDma map{sizeof(map), 3, machine.memory(4), kAt, 4 * kPage};
	ASSERT_EQ(fd.raw(vfio::kMapDma, &map, sizeof(map)), 0);
	ASSERT_EQ(lock(fd, ioas, kAt, kPage), 0);
	for (u64 length : {4 * kPage, 2 * kPage, kPage}) {
		vfio::UnmapDma unmap{sizeof(unmap), 0, kAt, length};
		EXPECT_EQ(fd.raw(vfio::kUnmapDma, &unmap, sizeof(unmap)), -16) << length;
	}
	unlock(fd, ioas, kAt, kPage);
	vfio::UnmapDma unmap{sizeof(unmap), 0, kAt, 4 * kPage};
	EXPECT_EQ(fd.raw(vfio::kUnmapDma, &unmap, sizeof(unmap)), 0);
}

struct LockScenario : Scenario {
	u32 ioas = 0;
	std::unique_ptr<Bound> dev;
	explicit LockScenario(bool with_domain = false)
	{
		if (with_domain)
			dev = std::make_unique<Bound>(fd, machine.new_device());
	}
	void setup() override
	{
		ioas = fd.ioas();
		if (dev) {
			ASSERT_EQ(dev->attach(ioas), 0);
		}
		const u64 va = machine.memory(1040);
		ASSERT_EQ(fd.map_at(ioas, va, 520 * kPage, kAt), 0);
		ASSERT_EQ(fd.map_at(ioas, va + 520 * kPage, 520 * kPage, kAt + 520 * kPage), 0);
	}
	int run() override { return lock(fd, ioas, kAt, 1040 * kPage); }
	~LockScenario() override { unlock(fd, ioas, kAt, 1040 * kPage); }
};

TEST(LockMemoryFailures, EachStep)
{
	fail_each<LockScenario>(fake::Fault::kAlloc, {.error = -12, .may_survive = true, .at_least = 4});
	fail_each<LockScenario>(fake::Fault::kAlloc, {.error = -12, .may_survive = true, .at_least = 4}, true);
	fail_each<LockScenario>(fake::Fault::kGup, {.error = -14, .at_least = 1000});
	fail_each<LockScenario>(fake::Fault::kHook, {.error = -12, .or_errors = {-14, -2}, .at_least = 2});
}

} // namespace

} // namespace test
