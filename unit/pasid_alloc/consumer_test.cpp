// SPDX-License-Identifier: GPL-2.0-only
// A consumer's PASIDs: what it gets, finds and gives back, what it is refused, and what is left at its end.
#include "pasid_alloc/fixture.hpp"

namespace test {

class PasidConsumer : public PasidWorld {};

TEST_F(PasidConsumer, LowestFirstAndReused)
{
	Consumer c(&pasid_device());
	ASSERT_EQ(c.error(), 0) << fake::last_rejection();
	for (int want : {1, 2, 3})
		EXPECT_EQ(c.alloc(), want);
	EXPECT_EQ(c.free(2), 0);
	EXPECT_EQ(c.alloc(), 2);
	EXPECT_EQ(c.alloc(2, 3), kNoSpace);
	EXPECT_EQ(c.alloc(2, 4), 4);
	c.free_all();
}

TEST_F(PasidConsumer, FindsWhatIsLive)
{
	Consumer c(&pasid_device());
	Owner a, b;
	ASSERT_EQ(c.alloc(1, 9, &a), 1);
	ASSERT_EQ(c.alloc(1, 9, &b), 2);
	EXPECT_EQ(c.find(1), &a);
	EXPECT_EQ(c.find(2), &b);
	for (unsigned none : {0u, 3u, kLastPasid, kLastPasid + 1, ~0u})
		EXPECT_EQ(c.find(none), nullptr);
	EXPECT_EQ(c.free(1), 0);
	EXPECT_EQ(c.find(1), nullptr);
	EXPECT_EQ(c.find(2), &b);
	EXPECT_EQ(c.free(2), 0);
}

TEST_F(PasidConsumer, FreeOfUnknownIsRefused)
{
	Consumer c(&pasid_device()), other(&pasid_device());
	ASSERT_EQ(c.alloc(), 1);
	ASSERT_EQ(other.alloc(), 2);
	for (unsigned unknown : {0u, 2u, 3u, kLastPasid, ~0u})
		EXPECT_EQ(c.free(unknown), kNoEntry);
	EXPECT_EQ(fake::last_rejection(), "iommu_pasid_free: -2: the PASID is not allocated");
	EXPECT_EQ(c.free(1), 0);
	EXPECT_EQ(c.free(1), kNoEntry);
	EXPECT_NE(other.find(2), nullptr);
	other.free_all();
}

TEST_F(PasidConsumer, BadParameters)
{
	Consumer c(&pasid_device(255));
	char bytes[8];
	struct {
		unsigned min, max;
		void *owner;
		int error;
		const char *why;
	} const kBad[] = {
		{0, 5, nullptr, kInvalid, "PASID 0 is none"},
		{0, 0, nullptr, kInvalid, "PASID 0 is none"},
		{6, 5, nullptr, kInvalid, "min is above max"},
		{1, 5, reinterpret_cast<char *>((reinterpret_cast<std::uintptr_t>(bytes) & ~3ul) + 5), kInvalid,
		 "the private data are null or not aligned"},
		{256, 300, nullptr, kNoSpace, "the range is beyond the hardware's"},
		{kLastPasid + 1, ~0u, nullptr, kNoSpace, "the range is beyond the hardware's"},
	};
	for (const auto &bad : kBad) {
		EXPECT_EQ(c.alloc(bad.min, bad.max, bad.owner), bad.error);
		EXPECT_EQ(fake::last_rejection(), "iommu_pasid_alloc: " + std::to_string(bad.error) + ": " + bad.why);
	}
	unsigned untouched = 7;
	EXPECT_EQ(iommu_pasid_alloc(c.get(), 1, 5, nullptr, &untouched), kInvalid);
	EXPECT_EQ(untouched, 7u);
	EXPECT_EQ(c.alloc(255, ~0u), 255);
	EXPECT_TRUE(c.live() == std::vector{255u});
	EXPECT_EQ(c.alloc(255, ~0u), kNoSpace);
	c.free_all();
}

TEST_F(PasidConsumer, InitRefused)
{
	EXPECT_EQ(Consumer(&pasid_device(), nullptr).error(), kInvalid);
	EXPECT_EQ(Consumer(&pasid_device(), "").error(), kInvalid);
	Hardware broken{.error = -71}, wider{.limit = {{0, 5}}}, beyond{.limit = {{1, 256}}}, none{.limit = {{9, 8}}};
	EXPECT_EQ(Consumer(&pasid_device(255), "x", &broken).error(), -71);
	EXPECT_EQ(Consumer(&pasid_device(255), "x", &wider).error(), kInvalid);
	EXPECT_EQ(Consumer(&pasid_device(255), "x", &beyond).error(), kInvalid);
	EXPECT_EQ(fake::last_rejection(), "iommu_pasid_init: -22: the driver's limit() widens the range");
	EXPECT_EQ(Consumer(&pasid_device(255), "x", &none).error(), kNoSpace);
	EXPECT_TRUE(fake::pasid_log().empty());
}

TEST_F(PasidConsumer, HardwareLimits)
{
	Hardware hardware{.limit = {{10, 12}}};
	Consumer c(&pasid_device(1000), "x", &hardware);
	EXPECT_TRUE(hardware.offered == (std::pair{1u, 1000u}));
	for (int want : {10, 11, 12, kNoSpace})
		EXPECT_EQ(c.alloc(), want);
	EXPECT_EQ(c.alloc(1, 9), kNoSpace);
	EXPECT_EQ(c.alloc(13, 20), kNoSpace);
	c.free_all();
}

TEST_F(PasidConsumer, WithoutPasidsPrivate)
{
	Hardware hardware;
	Consumer a(nullptr, "first"), b(&machine.new_device(), "second", &hardware);
	EXPECT_TRUE(hardware.offered == (std::pair{1u, kLastPasid}));
	EXPECT_TRUE(fake::logged(fake::Level::kInfo) ==
		    (std::vector<std::string>{"first: private", "second: private"}));
	for (Consumer *c : {&a, &b}) {
		EXPECT_EQ(c->alloc(), 1);
		EXPECT_EQ(c->alloc(kLastPasid), static_cast<int>(kLastPasid));
		EXPECT_EQ(c->alloc(kLastPasid), kNoSpace);
		EXPECT_EQ(c->alloc(), 2);
	}
	EXPECT_TRUE(taken.empty()) << "a private PASID is none of the kernel's";
	a.free_all();
	EXPECT_NE(b.find(1), nullptr);
	b.free_all();
	Consumer host(&pasid_device(), "third");
	EXPECT_EQ(fake::logged(fake::Level::kInfo).size(), 2u) << "only who has a private space is told so";
}

TEST_F(PasidConsumer, ForEach)
{
	Consumer c(&pasid_device());
	for (unsigned i = 0; i < 5; i++)
		c.alloc(100 * i + 1);
	EXPECT_TRUE(c.live() == (std::vector{1u, 101u, 201u, 301u, 401u}));
	std::pair<Consumer *, std::vector<unsigned>> state{&c, {}};
	auto free_until = [](unsigned pasid, void *owner, void *arg) {
		auto &[consumer, seen] = *static_cast<decltype(state) *>(arg);
		EXPECT_EQ(owner, &consumer->owner);
		EXPECT_EQ(fake::locks_held(), 0u);
		seen.push_back(pasid);
		EXPECT_EQ(consumer->free(pasid), 0);
		return pasid == 201 ? 42 : 0;
	};
	EXPECT_EQ(iommu_pasid_for_each(c.get(), free_until, &state), 42);
	EXPECT_TRUE(state.second == (std::vector{1u, 101u, 201u}));
	EXPECT_TRUE(c.live() == (std::vector{301u, 401u}));
	c.free_all();

	Consumer all(nullptr);
	EXPECT_EQ(all.alloc(kLastPasid), static_cast<int>(kLastPasid));
	EXPECT_TRUE(all.live() == std::vector{kLastPasid});
	all.free_all();
}

TEST_F(PasidConsumer, LeaksAreReportedWithTheirOwners)
{
	Consumer c(&pasid_device(), "siov");
	Owner slices[20];
	for (int i = 0; i < 20; i++) {
		slices[i].name = "slice " + std::string(1, static_cast<char>('a' + i));
		ASSERT_GT(c.alloc(700, kLastPasid, &slices[i]), 0);
	}
	EXPECT_EQ(c.exit(), 20u);
	const auto warnings = fake::logged(fake::Level::kWarning);
	ASSERT_EQ(warnings.size(), 17u) << "the number, and 16 owners";
	EXPECT_EQ(warnings[0], "siov: 20");
	for (unsigned i = 0; i < 16; i++)
		EXPECT_EQ(warnings[1 + i], "siov: " + slices[i].name);
	EXPECT_EQ(fake::logged(fake::Level::kDebug).front(), "siov: 700");
	EXPECT_TRUE(taken.empty()) << "leaked PASIDs are given back";
	Consumer clean(&pasid_device(), "siov");
	EXPECT_EQ(clean.exit(), 0u);
	EXPECT_EQ(fake::logged(fake::Level::kWarning).size(), 17u) << "nothing leaked, nothing said";
}

TEST_F(PasidConsumer, LeakWithoutADescription)
{
	int owner;
	unsigned pasid;
	auto *c = iommu_pasid_init(&pasid_device(), "a name that is longer than 31 characters", nullptr, nullptr);
	ASSERT_EQ(iommu_pasid_alloc(c, 1, 1, &owner, &pasid), 0);
	EXPECT_EQ(iommu_pasid_exit(c), 1u);
	const auto warnings = fake::logged(fake::Level::kWarning);
	ASSERT_EQ(warnings.size(), 2u);
	EXPECT_EQ(warnings[0], "a name that is longer than 31 c: 1");
	EXPECT_EQ(warnings[1], "a name that is longer than 31 c: somebody (the driver does not describe its owners)");

	static const iommu_pasid_ops kUnterminated{
		nullptr, [](void *, void *, char *text, unsigned long size) { memset(text, 'x', size); }};
	c = iommu_pasid_init(&pasid_device(), "n", &kUnterminated, nullptr);
	ASSERT_EQ(iommu_pasid_alloc(c, 1, 1, &owner, &pasid), 0);
	EXPECT_EQ(iommu_pasid_exit(c), 1u);
	EXPECT_EQ(fake::logged(fake::Level::kWarning).back(), "n: " + std::string(95, 'x'));
}

} // namespace test
