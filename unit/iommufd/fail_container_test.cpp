// SPDX-License-Identifier: GPL-2.0-only
// Every step of VFIO's container calls failed in turn; see support/failures.hpp.
#include "iommufd/vfio_uapi.hpp"
#include "support/failures.hpp"

namespace test {

namespace {

using fake::Fault;
namespace vfio = iommufd::vfio;

constexpr u64 kIova = 0x100000;
constexpr Expected kFault{.error = -14};
// The lookup of the IOAS; a charge; a pin
constexpr Expected kNoIoas{.error = -19};
constexpr Expected kNoIoasNorPins{.error = -19, .or_errors = {-12, -14}, .at_least = 3};

// A container with a device in its IOAS, and 40 scattered pages of memory.
struct ContainerScenario : Scenario {
	unsigned long type = vfio::kType1v2;
	u64 va = 0;
	std::unique_ptr<Bound> dev;

	void setup() override
	{
		u32 ioas = 0;
		ASSERT_EQ(iommufd_vfio_compat_ioas_create(fd.ctx()), 0);
		ASSERT_EQ(iommufd_vfio_compat_ioas_get_id(fd.ctx(), &ioas), 0);
		ASSERT_EQ(value(vfio::kSetIommu, type), 0);
		dev = std::make_unique<Bound>(fd, machine.new_device());
		ASSERT_EQ(dev->attach(ioas), 0);
		va = machine.memory(40, {.run = 1});
	}
	int value(unsigned cmd, unsigned long arg) const
	{
		return static_cast<int>(iommufd_cxx_ioctl(fd.get()->private_data, cmd, arg));
	}
	int map() const
	{
		vfio::MapDma cmd{sizeof(cmd), vfio::kMapRead | vfio::kMapWrite, va, kIova, 40 * kPage};
		return fd.raw(vfio::kMapDma, &cmd, sizeof(cmd));
	}
	int unmap(u64 iova, u64 size) const
	{
		vfio::UnmapDma cmd{sizeof(cmd), 0, iova, size};
		return fd.raw(vfio::kUnmapDma, &cmd, sizeof(cmd));
	}
};

struct MapDma : ContainerScenario {
	int run() override { return map(); }
};

struct Mapped : ContainerScenario {
	void setup() override
	{
		ContainerScenario::setup();
		ASSERT_EQ(map(), 0);
	}
};

struct UnmapDma : Mapped {
	int run() override { return unmap(kIova, 40 * kPage); }
};

// In the middle, which takes two cuts.
struct UnmapPart : Mapped {
	UnmapPart() { type = vfio::kType1; }
	int run() override { return unmap(kIova + 3 * kPage, 5 * kPage); }
};

struct GetInfo : ContainerScenario {
	int run() override
	{
		u8 bytes[128] = {};
		vfio::Info info{sizeof(bytes), 0, 0, 0, 0};
		memcpy(bytes, &info, sizeof(info));
		return fd.raw(vfio::kGetInfo, bytes, sizeof(bytes));
	}
};

// A call that takes a number and returns one, which success must not change.
struct Number : ContainerScenario {
	unsigned cmd;
	unsigned long arg;
	int want;
	Number(unsigned c, unsigned long a, int w) : cmd(c), arg(a), want(w) {}
	int run() override
	{
		int rc = value(cmd, arg);
		return rc == want ? 0 : rc;
	}
};

struct CreateIoas : Scenario {
	int run() override { return iommufd_vfio_compat_ioas_create(fd.ctx()); }
};

} // namespace

TEST(FailContainer, MapDma)
{
	fail_each<MapDma>(Fault::kAlloc, {.may_survive = true, .at_least = 4});
	fail_each<MapDma>(Fault::kGup, {.error = -14, .at_least = 40});
	fail_each<MapDma>(Fault::kMap, {.at_least = 40});
	fail_each<MapDma>(Fault::kUserCopy, kFault);
	fail_each<MapDma>(Fault::kHook, kNoIoasNorPins);
}

// Nothing of it needs memory that it cannot do without.
TEST(FailContainer, UnmapDma)
{
	fail_each<UnmapDma>(Fault::kAlloc, {.error = 0, .may_survive = true});
	fail_each<UnmapDma>(Fault::kHook, kNoIoas);
}

// The copy of the result comes too late to take anything back.
TEST(FailContainer, UnmapUserCopies)
{
	for (unsigned nth : {1u, 2u}) {
		UnmapDma s;
		s.setup();
		fake::arm(Fault::kUserCopy, nth);
		EXPECT_EQ(s.run(), -14);
		fake::disarm();
		EXPECT_EQ(fake::pins_total(), nth == 1 ? 40 : 0);
		check_consistency(s.fd.context());
	}
}

// Where the second cut fails the first one stays. It moves nothing, and is no obstacle to the same call again.
TEST(FailContainer, UnmapPart)
{
	unsigned failed = 0;
	for (unsigned nth = 1;; nth++) {
		SCOPED_TRACE(nth);
		UnmapPart s;
		s.setup();
		iommu_domain *domain = fake::domains().back();
		const std::string before = fake::describe(*domain);
		fake::arm(Fault::kAlloc, nth);
		const int rc = s.run();
		fake::disarm();
		if (rc) {
			EXPECT_EQ(rc, -12);
			EXPECT_EQ(fake::describe(*domain), before);
			EXPECT_EQ(fake::pins_total(), 40);
			check_consistency(s.fd.context());
			EXPECT_EQ(s.run(), 0);
			failed++;
		}
		EXPECT_EQ(fake::pins_total(), 35);
		check_consistency(s.fd.context());
		if (!fake::fired())
			break;
	}
	EXPECT_EQ(failed, 4u) << "two new areas for each of the cuts";
	fail_each<UnmapPart>(Fault::kHook, kNoIoas);
}

TEST(FailContainer, GetInfo)
{
	fail_each<GetInfo>(Fault::kUserCopy, {.error = -14, .at_least = 5});
	fail_each<GetInfo>(Fault::kHook, kNoIoas);
}

TEST(FailContainer, Numbers)
{
	fail_each<Number>(Fault::kHook, kNoIoas, vfio::kSetIommu, vfio::kType1v2, 0);
	fail_each<Number>(Fault::kHook, kNoIoas, vfio::kCheckExtension, vfio::kDmaCoherent, 1);
	// These ask for nothing that could fail.
	for (Fault kind : {Fault::kAlloc, Fault::kUserCopy, Fault::kHook}) {
		fail_each<Number>(kind, {.at_least = 0}, vfio::kGetApiVersion, 0ul, 0);
		fail_each<Number>(kind, {.at_least = 0}, vfio::kCheckExtension, vfio::kUnmapAll, 1);
	}
}

TEST(FailContainer, CreateIoas)
{
	fail_each<CreateIoas>(Fault::kAlloc, {.at_least = 2});
	fail_each<CreateIoas>(Fault::kHook, {});
}

} // namespace test
